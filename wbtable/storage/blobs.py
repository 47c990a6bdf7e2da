"""From FILE cells to bytes: grouped by object, joined, each digest checked (spec: 04-packs, PACK-8 to PACK-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import DigestMismatchError, FormatError, NotFoundError
from wbtable.format.digest import MAX_SIZE
from wbtable.format.file_cell import parse_uri
from wbtable.format.layout import suffixed_key
from wbtable.storage.blob_reads import BlobRanges, BlobReads
from wbtable.storage.workers import io_workers

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from wbtable.storage.backend import Backend
    from wbtable.storage.open_files import OpenFiles

    Ints = npt.NDArray[np.int64]

_PREFIX = b"SHA-256:"
_CHECKSUM_SIZE = 72
_TRUSTED = 256 << 20


def parse_files(files: pa.Array, prefix: str, describe: Callable[[int], str]) -> BlobRanges:
    """Read a FILE array strictly (PACK-8).

    Args:
        files: a struct array with the fields of `FILE_TYPE`.
        prefix: what stands before `objects/` in the keys.
        describe: says where a row stands, for the messages.

    Raises:
        FormatError: a cell's uri, offset, size or checksum is missing or impossible.

    """
    # Flattening pushes the validity of the struct down into its fields.
    fields = dict(zip([field.name for field in files.type], cast("Any", files).flatten(), strict=True))
    rows = len(files)
    present = _valid(files)
    uris = pc.dictionary_encode(fields["uri"])
    container = _integers(uris.indices, -1)
    _refuse(present & (container < 0), "a uri", describe)
    keys = []
    for i, uri in enumerate(uris.dictionary.to_pylist()):
        try:
            digest, packed = parse_uri(uri)
        except FormatError as error:
            row = int(np.flatnonzero(container == i)[0])
            raise FormatError(str(error), place=describe(row)) from None
        keys.append(prefix + suffixed_key(digest, ".pack" if packed else ""))
    offset, size, known = _integers(fields["offset"], 0), _integers(fields["size"], -1), _valid(fields["size"])
    _refuse(present & ((offset < 0) | (offset > MAX_SIZE)), "an offset from 0 to 2^53 - 1", describe)
    _refuse(present & known & ((size < 0) | (size > MAX_SIZE)), "a size from 0 to 2^53 - 1", describe)
    size[~present] = 0
    expected = np.zeros((rows, 64), np.uint8)
    good = _integers(pc.binary_length(fields["checksum"]), -1) == _CHECKSUM_SIZE
    _refuse(present & ~good, "a checksum like SHA-256:<64 hex>", describe)
    good &= present
    texts = pc.cast(fields["checksum"], pa.large_binary())
    texts = texts if good.all() else texts.filter(pa.array(good))
    where = np.flatnonzero(good)
    table = np.frombuffer(_joined(texts), np.uint8).reshape(-1, _CHECKSUM_SIZE)
    wrong = (table[:, :8] != np.frombuffer(_PREFIX, np.uint8)).any(axis=1)
    if wrong.any():
        msg = "expected a checksum like SHA-256:<64 hex>"
        raise FormatError(msg, place=describe(int(where[np.flatnonzero(wrong)[0]])))
    expected[where] = table[:, 8:]
    return BlobRanges(keys=keys, container=container, offset=offset, size=size, expected=expected)


def _valid(array: pa.Array) -> npt.NDArray[np.bool_]:
    if not array.null_count:
        return np.ones(len(array), np.bool_)
    return np.asarray(pc.is_valid(array).to_numpy(zero_copy_only=False), dtype=bool)


def _integers(array: pa.Array, missing: int) -> Ints:
    """Return integers as an array of its own, with a number for null."""
    whole = pc.fill_null(array, missing) if array.null_count else array
    return whole.to_numpy(zero_copy_only=False).astype(np.int64)


def _joined(array: pa.LargeBinaryArray) -> memoryview:
    """Return the values of an array without nulls, one after the other."""
    if not len(array):
        return memoryview(b"")
    bounds = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    return memoryview(array.buffers()[2])[int(bounds[0]) : int(bounds[-1])]


def _refuse(bad: npt.NDArray[np.bool_], expected: str, describe: Callable[[int], str]) -> None:
    if bad.any():
        msg = f"expected {expected} in the cell's file"
        raise FormatError(msg, place=describe(int(np.flatnonzero(bad)[0])))


def read_ranges(
    backend: Backend, open_files: OpenFiles, ranges: BlobRanges, describe: Callable[[int], str]
) -> tuple[npt.NDArray[np.uint8], Ints]:
    """Return the bytes of all rows one after the other, and where each begins (rows + 1 offsets).

    Raises:
        NotFoundError: a container does not exist.
        FormatError: a container is shorter than a cell says.
        DigestMismatchError: the bytes are not those that a cell names.

    """
    size = ranges.size if _is_known(backend, ranges) else sizes_of(backend, open_files, ranges, describe)
    starts = np.zeros(len(size) + 1, np.int64)
    np.cumsum(size, out=starts[1:])
    # Arrow's allocator keeps pages for the next read; fresh ones from the system cost as much as the reading.
    out = np.frombuffer(pa.allocate_buffer(int(starts[-1])), np.uint8)
    order = ranges.in_packs()
    if not len(order):
        return out, starts
    reads = BlobReads(backend, open_files, ranges, size, starts, out, describe)
    if backend.local_path("") is not None:
        reads.run(order)
        return out, starts
    try:
        reads.run_remote(order)
    except (FormatError, NotFoundError) as error:
        if not isinstance(error, DigestMismatchError):
            # Now is the time to ask for lengths: the message names the row.
            sizes_of(backend, open_files, ranges, describe)
        raise
    return out, starts


def sizes_of(backend: Backend, open_files: OpenFiles, ranges: BlobRanges, describe: Callable[[int], str]) -> Ints:
    """Return the size of each row's blob in bytes, none beyond the end of its container (PACK-9).

    Raises:
        NotFoundError: a container does not exist.
        FormatError: a container is shorter than a cell says.

    """
    return _bounded_sizes(ranges, _container_lengths(backend, open_files, ranges, describe), describe)


def _is_known(backend: Backend, ranges: BlobRanges) -> bool:
    """Whether the cells alone say what to read: then a remote place is not asked for lengths first.

    What they say may be anything, so they are believed for a bounded sum only.
    """
    if backend.local_path("") is not None or bool((ranges.size < 0).any()):
        return False
    return float(ranges.size.astype(np.float64).sum()) <= _TRUSTED


def _container_lengths(
    backend: Backend, open_files: OpenFiles, ranges: BlobRanges, describe: Callable[[int], str]
) -> Ints:
    lengths = np.zeros(len(ranges.keys), np.int64)

    def length(key: str) -> int | None:
        path = backend.local_path(key)
        try:
            return backend.size(key) if path is None else open_files.get(str(path)).size
        except NotFoundError:
            return None

    is_remote = len(ranges.keys) > 1 and backend.local_path("") is None
    for i, found in enumerate((io_workers().map if is_remote else map)(length, ranges.keys)):
        if found is None:
            key = ranges.keys[i]
            row = int(np.flatnonzero(ranges.container == i)[0])
            msg = f"the object {key} does not exist in {backend.url}"
            raise NotFoundError(msg, place=describe(row))
        lengths[i] = found
    return lengths


def _bounded_sizes(ranges: BlobRanges, lengths: Ints, describe: Callable[[int], str]) -> Ints:
    """Return the size of each row, none beyond the end of its container (PACK-9)."""
    if not len(lengths):
        return np.zeros(len(ranges.size), np.int64)
    room = np.where(ranges.container >= 0, lengths[ranges.container] - ranges.offset, 0)
    size = np.where(ranges.size < 0, room, ranges.size)
    bad = np.flatnonzero((room < 0) | (size > room))
    if bad.size:
        row = int(bad[0])
        which = int(ranges.container[row])
        msg = (
            f"expected {int(ranges.size[row])} bytes at {int(ranges.offset[row])} of {ranges.keys[which]},"
            f" found {int(lengths[which])} bytes in all: the object is cut short, or the cell is wrong"
        )
        raise FormatError(msg, place=describe(row))
    return size
