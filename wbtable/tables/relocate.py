"""Moving blobs into a store: the cells of a batch are given the places where their bytes went (FILE-2, FILE-3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.digest import BLOB, PACK, Descriptor, Digest
from wbtable.format.file_cell import FILE_TYPE, parse_uri
from wbtable.tables.spill import TableBlobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wbtable.media.base import BlobReader
    from wbtable.storage.hashing import Blob
    from wbtable.storage.objects import ObjectStore
    from wbtable.storage.packs import PackWriter

_MAX_READ = 64 << 20
"""Bytes of blobs in flight between two stores."""
_PENDING = "#"
_ALGORITHM = b"SHA-256:"
_CHECKSUM = len(_ALGORITHM) + 64
_DIGITS = b"0123456789abcdef"

Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


def holds_files(found: pa.DataType) -> bool:
    """Whether an Arrow type is, or nests, the FILE group."""
    if found == FILE_TYPE:
        return True
    return any(holds_files(found.field(i).type) for i in range(found.num_fields))


def map_files(array: pa.Array, change: Callable[[pa.StructArray], pa.StructArray]) -> pa.Array:
    """Return `array` with each FILE group in it, however deep, replaced by ``change`` of it."""
    found = array.type
    if not holds_files(found):
        return array
    if found == FILE_TYPE:
        return change(cast("pa.StructArray", array))
    if pa.types.is_struct(found):
        # Flattened: a group within a null cell is null too.
        children = [map_files(child, change) for child in array.flatten()]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(found), mask=mask)
    if pa.types.is_map(found):
        # A map is a list of entries; its items may be media. Flattened: entries under null maps are left out.
        flat = _entries(array).flatten()
        items = map_files(flat.field(1), change)
        return pa.MapArray.from_arrays(_compact_offsets(array), flat.field(0), items, type=found)
    values = map_files(array.flatten(), change)
    return pa.ListArray.from_arrays(_compact_offsets(array), values, type=found)


def _entries(array: pa.MapArray) -> pa.ListArray:
    whole = pa.StructArray.from_arrays([array.keys, array.items], names=["key", "value"])
    offsets = pa.array(np.array(array.offsets))  # a copy: beside a mask they may not be a slice
    return pa.ListArray.from_arrays(offsets, whole, mask=array.is_null() if array.null_count else None)


def _compact_offsets(array: pa.Array) -> pa.Array:
    """Return offsets that start at 0 and are null where the list is."""
    lengths = np.diff(np.asarray(array.offsets))
    mask = np.asarray(array.is_null()) if array.null_count else np.zeros(len(array), dtype=np.bool_)
    lengths[mask] = 0
    ends = np.zeros(len(array) + 1, dtype=np.int32)
    np.cumsum(lengths, out=ends[1:])
    return pa.array(ends, mask=np.append(mask, False) if mask.any() else None)


@dataclass(slots=True)
class Relocator:
    """Stores the blobs of batches and points their cells to them.

    A pack has no name before it is closed. Until then a cell's ``uri`` is ``#`` and the container's number:
    :meth:`resolve` puts the name in.

    Attributes:
        objects: where the blobs go.
        packs: what writes them.
        containers: the descriptors of what the cells name, by URI.

    """

    objects: ObjectStore
    packs: PackWriter
    containers: dict[str, Descriptor] = field(default_factory=dict)

    def move(self, batch: pa.RecordBatch, blobs: BlobReader) -> tuple[pa.RecordBatch, int]:
        """Store what `batch` names in `blobs`.

        Returns:
            The batch with new locations, and the highest number of a container that they name, -1 for none.

        """
        highest = -1

        def change(files: pa.StructArray) -> pa.StructArray:
            nonlocal highest
            if self.objects.is_same(blobs):
                self._note(files.field("uri"))
                return files
            moved, last = self._store(files, blobs)
            highest = max(highest, last)
            return moved

        arrays = [map_files(column, change) for column in batch.columns]
        return pa.RecordBatch.from_arrays(arrays, schema=batch.schema), highest

    def is_ready(self, highest: int) -> bool:
        """Whether every container up to one has its name."""
        return highest < 0 or all(map(self.packs.is_sealed, range(highest, -1, -1)))

    def resolve(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, set[str]]:
        """Return the batch with the names of all containers, and the URIs that it names."""
        used: set[str] = set()

        def change(files: pa.StructArray) -> pa.StructArray:
            uris = files.field("uri").dictionary_encode()
            names = [self._name(uri) for uri in uris.dictionary.to_pylist()]
            used.update(names)
            fields = [files.field(i) for i in range(files.type.num_fields)]
            fields[0] = pa.DictionaryArray.from_arrays(uris.indices, pa.array(names, pa.string())).dictionary_decode()
            mask = files.is_null() if files.null_count else None
            return pa.StructArray.from_arrays(fields, fields=list(FILE_TYPE), mask=mask)

        arrays = [map_files(column, change) for column in batch.columns]
        return pa.RecordBatch.from_arrays(arrays, schema=batch.schema), used

    def _name(self, uri: str) -> str:
        if not uri.startswith(_PENDING):
            return uri
        number = int(uri[1:])
        name = self.packs.uri(number)
        self.containers[name] = self.packs.descriptor(number)
        return name

    def _note(self, uris: pa.Array) -> None:
        """Note the containers of cells that stay where they are."""
        for uri in uris.unique().to_pylist():
            if uri is not None and uri not in self.containers:
                digest, packed = parse_uri(uri)
                media_type = PACK if packed else BLOB
                size = self.objects.backend.size(self.objects.key(digest, media_type))
                if size is None:
                    msg = f"the object {uri} that media cells name is missing"
                    raise FormatError(msg)
                self.containers[uri] = Descriptor(media_type=media_type, digest=digest, size=size)

    def _store(self, files: pa.StructArray, blobs: BlobReader) -> tuple[pa.StructArray, int]:
        valid = np.flatnonzero(np.asarray(files.is_valid()))
        present = files.take(pa.array(valid)) if len(valid) < len(files) else files
        checksums, raws = _checksums(present.field("checksum"))
        sizes = present.field("size").to_pylist()
        found = self.packs.find(raws, sizes)
        unknown = [i for i, place in enumerate(found) if place is None]
        places = np.zeros((len(found), 3), np.int64)
        if len(unknown) < len(found):
            known = [i for i, place in enumerate(found) if place is not None]
            places[known] = [place for place in found if place is not None]
        missing = dict(zip((raws[i] for i in reversed(unknown)), reversed(unknown), strict=True))  # the first of equals
        for run in _runs(sorted(missing.values()), sizes):
            places[run] = self._copy(run, present, checksums, raws, blobs)
        if len(missing) < len(unknown):
            places[unknown] = places[[missing[raws[i]] for i in unknown]]
        containers = np.ascontiguousarray(places[:, 0])
        return _located(files, valid, containers, places[:, 1]), int(containers.max(initial=-1))

    def _copy(
        self, run: list[int], files: pa.StructArray, checksums: list[str], raws: list[bytes], blobs: BlobReader
    ) -> Ints:
        """Store the blobs of some cells; return container, offset and size of each."""
        if not isinstance(blobs, TableBlobs):
            data: Sequence[Blob] = blobs.read_many(files.take(pa.array(run)).to_pylist())
            return self.packs.add_new([raws[i] for i in run], data)
        if not blobs.has_files:
            return self.packs.add_new([raws[i] for i in run], blobs.borrow([checksums[i] for i in run]))
        payloads = {i: payload for i in run if (payload := blobs.file_payload(checksums[i])) is not None}
        out = np.empty((len(run), 3), np.int64)
        for at, i in enumerate(run):
            if i in payloads:  # a large file, streamed
                (placed,) = self.packs.add_many([payloads[i]])
                out[at] = placed.container, placed.offset, placed.size
            else:
                out[at] = self.packs.add_new([raws[i]], blobs.borrow([checksums[i]]))[0]
        return out


def _checksums(texts: pa.StringArray) -> tuple[list[str], list[bytes]]:
    """Return checksums, and the raw SHA-256 that each names: all at once where all are written as they should be.

    Raises:
        FormatError: one names none.

    """
    rows = len(texts)
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + rows + 1] if rows else None
    if offsets is not None and not texts.null_count and (np.diff(offsets) == _CHECKSUM).all():
        data = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]].reshape(rows, _CHECKSUM)
        digits = data[:, len(_ALGORITHM) :].tobytes()
        if (data[:, : len(_ALGORITHM)] == np.frombuffer(_ALGORITHM, np.uint8)).all() and not digits.translate(
            None, _DIGITS
        ):
            raw, text = bytes.fromhex(digits.decode()), data.tobytes().decode()
            return (
                [text[at : at + _CHECKSUM] for at in range(0, len(text), _CHECKSUM)],
                [raw[at : at + 32] for at in range(0, len(raw), 32)],
            )
    found = texts.to_pylist()
    return found, [raw_of(checksum) for checksum in found]


def raw_of(checksum: str) -> bytes:
    """Return the raw SHA-256 that a cell's checksum names.

    Raises:
        FormatError: it names none.

    """
    return Digest.parse(checksum, "file.checksum").raw if len(checksum or "") != 72 else _raw(checksum)


def _raw(checksum: str) -> bytes:
    try:
        if checksum.startswith("SHA-256:"):
            return bytes.fromhex(checksum[8:])
    except ValueError:
        pass
    return Digest.parse(checksum, "file.checksum").raw


def _runs(positions: list[int], sizes: list[int]) -> Iterable[list[int]]:
    if positions and sum(sizes) <= _MAX_READ:
        yield positions
        return
    run: list[int] = []
    total = 0
    for i in positions:
        if run and total + sizes[i] > _MAX_READ:
            yield run
            run, total = [], 0
        run.append(i)
        total += sizes[i]
    if run:
        yield run


def _located(files: pa.StructArray, valid: Ints, containers: Ints, offsets: Ints) -> pa.StructArray:
    """Return the FILE groups with pending URIs and offsets."""
    rows = len(files)
    mask = None
    first = int(containers.min(initial=0))
    indices, where = (containers - first).astype(np.int32), np.ascontiguousarray(offsets)
    if len(valid) < rows:
        mask = np.ones(rows, dtype=np.bool_)
        mask[valid] = False
        indices, where = _spread(indices, valid, rows), _spread(where, valid, rows)
    names = pa.array([f"{_PENDING}{first + i}" for i in range(int(indices.max(initial=0)) + 1)], pa.string())
    uris = pa.DictionaryArray.from_arrays(pa.array(indices, mask=mask), names).dictionary_decode()
    fields = [uris, pa.array(where, mask=mask), *(files.field(i) for i in range(2, files.type.num_fields))]
    return pa.StructArray.from_arrays(fields, fields=list(FILE_TYPE), mask=None if mask is None else pa.array(mask))


def _spread(values: np.ndarray, valid: Ints, rows: int) -> np.ndarray:
    """Return an array of `rows` with the values where they belong, and 0 elsewhere."""
    out = np.zeros(rows, values.dtype)
    out[valid] = values
    return out
