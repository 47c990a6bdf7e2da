"""Reading the blobs of media cells (spec: 05-tables, FILE-n)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, TypeGuard, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import FormatError, NotFoundError
from wbtable.media.base import BlobReader  # noqa: TC001 - other modules take it from here
from wbtable.storage.objects import ObjectStore
from wbtable.storage.ranges import runs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


@runtime_checkable
class ArrowBlobReader(Protocol):
    """A blob reader that has a columnar way; an :class:`~wbtable.storage.objects.ObjectStore` is one."""

    def read_blobs_arrow(self, files: pa.Array, describe: Callable[[int], str] | None = None) -> pa.Array:
        """Return the bytes of a FILE column's blobs as large_binary, null where a cell is null."""


class NoBlobs:
    """Reads nothing: for tables without media."""

    __slots__ = ()

    def read(self, file: Mapping[str, object]) -> bytes:
        """Refuse.

        Raises:
            NotFoundError: always.

        """
        msg = f"there is no store to read the blob {file.get('checksum')} from"
        raise NotFoundError(msg)

    def read_many(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        """Refuse, unless nothing is asked.

        Raises:
            NotFoundError: something is asked.

        """
        return [self.read(file) for file in files]


def is_local(blobs: BlobReader) -> TypeGuard[ObjectStore]:
    """Whether blobs are read from a disk of this machine, with nothing to wait for but the processor."""
    return isinstance(blobs, ObjectStore) and blobs.backend.local_path("") is not None


class JoinedBlobs:
    """Reads each blob from the first of several readers that has it.

    Which of them answers makes no difference: the digest says what the bytes are. Where a pack was found is remembered.
    """

    __slots__ = ("_found", "_readers")

    def __init__(self, readers: Sequence[BlobReader]) -> None:
        """Ask `readers` in order."""
        self._readers = tuple(readers)
        self._found: dict[object, int] = {}

    @property
    def readers(self) -> tuple[BlobReader, ...]:
        """The readers, in the order in which they are asked."""
        return self._readers

    def read(self, file: Mapping[str, object]) -> bytes:
        """Return the bytes of one blob.

        Raises:
            NotFoundError: no reader has it.

        """
        uri = file.get("uri")
        known = self._found.get(uri)
        missing: NotFoundError | FormatError | None = None
        for i in [*([known] if known is not None else []), *range(len(self._readers))]:
            try:
                data = self._readers[i].read(file)
            except NotFoundError as error:
                missing = error
            except FormatError as error:
                # A cell of a table that is being filled has no location: a store cannot place it.
                if uri is not None:
                    raise
                missing = missing or error
            else:
                if uri is not None:
                    self._found[uri] = i
                return data
        raise missing or NotFoundError("there is no store to read from")

    def read_many(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        """Return the bytes of several blobs, in the order asked."""
        out: list[bytes] = [b""] * len(files)
        groups: dict[int, list[int]] = {}
        for at, file in enumerate(files):
            known = self._found.get(file.get("uri"))
            if known is None:
                out[at] = self.read(file)
            else:
                groups.setdefault(known, []).append(at)
        for reader, places in groups.items():
            try:
                found = self._readers[reader].read_many([files[at] for at in places])
            except NotFoundError:
                found = [self.read(files[at]) for at in places]
            for at, data in zip(places, found, strict=True):
                out[at] = data
        return out


def join_blobs(readers: Sequence[BlobReader]) -> BlobReader:
    """Return one reader for what any of `readers` has."""
    flat: list[BlobReader] = []
    for reader in readers:
        for one in reader.readers if isinstance(reader, JoinedBlobs) else (reader,):
            if not isinstance(one, NoBlobs) and not any(_same(one, other) for other in flat):
                flat.append(one)
    if not flat:
        return NoBlobs()
    return flat[0] if len(flat) == 1 else JoinedBlobs(flat)


def _same(one: BlobReader, other: BlobReader) -> bool:
    """Whether two readers read the same place, as far as can be told."""
    if one is other:
        return True
    if not isinstance(one, ObjectStore) or not isinstance(other, ObjectStore):
        return False
    return (one.backend.url, one.prefix) == (other.backend.url, other.prefix)


def read_files(blobs: BlobReader, files: pa.StructArray, describe: Callable[[int], str]) -> pa.Array:
    """Return the bytes of a FILE column's blobs as large_binary, null where a cell is null.

    Args:
        blobs: reads them.
        files: the FILE groups.
        describe: says where a row of `files` stands, for the messages.

    Raises:
        DigestMismatchError: a blob is not what its digest says.
        NotFoundError: an object is missing.

    """
    if isinstance(blobs, ArrowBlobReader):
        return blobs.read_blobs_arrow(files, describe)
    cells = files.to_pylist()
    found = iter(blobs.read_many([cell for cell in cells if cell is not None]))
    return pa.array([None if cell is None else next(found) for cell in cells], pa.large_binary())


def stream_cells(
    batches: Iterable[pa.RecordBatch], name: str, blobs: BlobReader
) -> Iterator[list[memoryview | None]] | None:
    """Yield the bytes of a column of media from a disk of this machine, some cells at a time; None for another place.

    Args:
        batches: the rows in physical form; the column is their first.
        name: the column's, for messages.
        blobs: reads them.

    """
    return blobs.stream_blobs(_files(batches, name)) if is_local(blobs) else None


def _files(batches: Iterable[pa.RecordBatch], name: str) -> Iterator[tuple[pa.StructArray, Callable[[int], str]]]:
    start = 0
    for batch in batches:
        cells = batch.column(0)
        yield cells.flatten()[cells.type.get_field_index("file")], cell_place(name, start)
        start += batch.num_rows


def cell_place(name: str, start: int) -> Callable[[int], str]:
    """Return what says where a cell of a batch stands; `start` is the number of the batch's first row."""
    return lambda row: f'column "{name}", row {start + row}'


def views_of(array: pa.LargeBinaryArray) -> Iterator[memoryview | None]:
    """Yield each value of an array of bytes as a read-only view of its memory, None where it is null."""
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1].tolist()
    whole = memoryview(data if data is not None else b"").cast("B").toreadonly()
    places = pairwise(bounds)
    if array.null_count:
        valid = array.is_valid().to_pylist()
        yield from (whole[start:end] if there else None for (start, end), there in zip(places, valid, strict=True))
    else:
        yield from (whole[start:end] for start, end in places)


def by_size(files: pa.StructArray, limit: int) -> Iterator[tuple[int, int]]:
    """Yield runs ``(start, rows)`` of a FILE column whose blobs have at most `limit` bytes together.

    A single blob larger than `limit` is a run of its own.
    """
    sizes = pc.fill_null(pc.struct_field(files, "size"), 0).to_numpy(zero_copy_only=False)
    yield from runs_of(np.maximum(sizes, 0), limit)
