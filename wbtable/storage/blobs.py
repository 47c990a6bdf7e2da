"""From FILE cells to bytes: grouped by object, joined, each digest checked (spec: 04-packs, PACK-8 to PACK-10)."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import wait
from dataclasses import dataclass
from itertools import repeat
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, WbtableError
from wbtable.format.digest import MAX_SIZE, Digest
from wbtable.format.file_cell import parse_uri
from wbtable.format.layout import suffixed_key
from wbtable.storage.ranges import coalesce
from wbtable.storage.workers import CORES, io_workers, run_all, workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    import numpy.typing as npt

    from wbtable.storage.backend import Backend
    from wbtable.storage.open_files import OpenFiles

    Ints = npt.NDArray[np.int64]

_PREFIX = b"SHA-256:"
_CHECKSUM_SIZE = 72
_REMOTE_GAP = 64 << 10
_LEAST_BLOCK = 256 << 10
_MOST_BLOCK = 8 << 20
_IOV = 512
_SHORT = 128 << 10
_TRUSTED = 256 << 20
_ROUND = 64 << 20
_SLOW = 0.0002


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlobRanges:
    """Which bytes a column of FILE cells names; nulls have size 0 and no container.

    Attributes:
        keys: the key of each container, under the root of the objects.
        container: for each row the number of its key, -1 for null.
        offset: where each blob begins in its container, in bytes.
        size: the length of each blob in bytes, -1 where the cell leaves it to the object.
        expected: the raw SHA-256 of each blob, (rows, 64) lowercase hex as uint8; zeros for null.

    """

    keys: list[str]
    container: Ints
    offset: Ints
    size: Ints
    expected: npt.NDArray[np.uint8]


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
    present = np.asarray(pc.is_valid(files).to_numpy(zero_copy_only=False), dtype=bool)
    uris = pc.dictionary_encode(fields["uri"])
    container = np.asarray(pc.fill_null(uris.indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    _refuse(present & (container < 0), "a uri", describe)
    keys = []
    for i, uri in enumerate(uris.dictionary.to_pylist()):
        try:
            digest, packed = parse_uri(uri)
        except FormatError as error:
            row = int(np.flatnonzero(container == i)[0])
            raise FormatError(str(error), place=describe(row)) from None
        keys.append(prefix + suffixed_key(digest, ".pack" if packed else ""))
    offset = np.asarray(pc.fill_null(fields["offset"], 0).to_numpy(zero_copy_only=False), dtype=np.int64)
    size = np.array(pc.fill_null(fields["size"], -1).to_numpy(zero_copy_only=False), dtype=np.int64)
    known = np.asarray(pc.is_valid(fields["size"]).to_numpy(zero_copy_only=False), dtype=bool)
    _refuse(present & ((offset < 0) | (offset > MAX_SIZE)), "an offset from 0 to 2^53 - 1", describe)
    _refuse(present & known & ((size < 0) | (size > MAX_SIZE)), "a size from 0 to 2^53 - 1", describe)
    size[~present] = 0
    expected = np.zeros((rows, 64), np.uint8)
    good = np.asarray(
        pc.fill_null(pc.equal(pc.binary_length(fields["checksum"]), _CHECKSUM_SIZE), False).to_numpy(
            zero_copy_only=False
        ),
        dtype=bool,
    )
    _refuse(present & ~good, "a checksum like SHA-256:<64 hex>", describe)
    texts = pc.cast(fields["checksum"], pa.large_binary()).filter(pa.array(good & present))
    where = np.flatnonzero(good & present)
    table = np.frombuffer(_joined(texts), np.uint8).reshape(-1, _CHECKSUM_SIZE)
    wrong = (table[:, :8] != np.frombuffer(_PREFIX, np.uint8)).any(axis=1)
    if wrong.any():
        msg = "expected a checksum like SHA-256:<64 hex>"
        raise FormatError(msg, place=describe(int(where[np.flatnonzero(wrong)[0]])))
    expected[where] = table[:, 8:]
    return BlobRanges(keys=keys, container=container, offset=offset, size=size, expected=expected)


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
    if _is_known(backend, ranges):
        size = ranges.size
    else:
        size = _bounded_sizes(ranges, _container_lengths(backend, open_files, ranges, describe), describe)
    starts = np.zeros(len(size) + 1, np.int64)
    np.cumsum(size, out=starts[1:])
    # Arrow's allocator keeps pages for the next read; fresh ones from the system cost as much as the reading.
    out = np.frombuffer(pa.allocate_buffer(int(starts[-1])), np.uint8)
    # By container, then offset: neighbours in a pack are read together.
    order = np.lexsort((ranges.offset, ranges.container))
    order = order[ranges.container[order] >= 0]
    if not len(order):
        return out, starts
    job = _Job(backend, open_files, ranges, size, starts, out, describe)
    if backend.local_path("") is not None:
        job.run(_blocks(order, size))
        return out, starts
    try:
        job.run_remote(order)
    except (FormatError, NotFoundError) as error:
        if not isinstance(error, DigestMismatchError):
            # Now is the time to ask for lengths: the message names the row.
            _bounded_sizes(ranges, _container_lengths(backend, open_files, ranges, describe), describe)
        raise
    return out, starts


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


def _blocks(order: Ints, size: Ints) -> list[Ints]:
    """Cut the rows, in the order of reading, into about equal work for the threads."""
    total = np.cumsum(size[order])
    block = max(_LEAST_BLOCK, min(_MOST_BLOCK, int(total[-1]) // (2 * CORES) + 1))
    cuts = np.searchsorted(total, np.arange(block, int(total[-1]), block))
    return [part for part in np.split(order, np.unique(cuts)) if len(part)]


class _Job:
    """What the threads share while they read one column."""

    def __init__(
        self,
        backend: Backend,
        open_files: OpenFiles,
        ranges: BlobRanges,
        size: Ints,
        starts: Ints,
        out: npt.NDArray[np.uint8],
        describe: Callable[[int], str],
    ) -> None:
        self.backend = backend
        self.open_files = open_files
        self.ranges = ranges
        self.size = size
        self.starts = starts
        self.out = out.data
        self.describe = describe

    def run(self, blocks: list[Ints]) -> None:
        """Read the blocks here and check them on all threads.

        Long reads go on while earlier blocks are checked. Many short ones do not: each gives the interpreter's
        lock away, and waiting to have it back takes longer than the read.
        """
        checks: list[tuple[Ints, Future[None]]] = []
        later: list[Ints] = []
        try:
            for rows in blocks:
                where = self.ranges.container[rows]
                parts = np.split(rows, np.flatnonzero(np.diff(where)) + 1)
                reads = sum([self._read(part) for part in parts])
                if CORES > 1 and len(blocks) > 1 and reads * _SHORT <= int(self.size[rows].sum()):
                    checks.append((rows, workers().submit(self._check, rows)))
                else:
                    later.append(rows)
            # Those that no thread has begun are done here too.
            later.extend([rows for rows, check in checks if check.cancel()])
            run_all(self._check, later)
        finally:
            wait([check for _, check in checks])
        for _, check in checks:
            if not check.cancelled():
                check.result()

    def run_remote(self, order: Ints) -> None:
        """Read the rows by as few rounds of requests as memory allows; check each round while the next is read."""
        total = np.cumsum(self.size[order])
        cuts = np.searchsorted(total, np.arange(_ROUND, int(total[-1]), _ROUND))
        checks: list[Future[None]] = []
        try:
            for rows in np.split(order, np.unique(cuts)):
                if not len(rows):
                    continue
                self._fetch(rows)
                # Small pieces, so that all threads have some.
                checks.extend(workers().submit(self._check, part) for part in _blocks(rows, self.size))
        finally:
            wait(checks)
        for check in checks:
            check.result()

    def _fetch(self, rows: Ints) -> None:
        keys, container = self.ranges.keys, self.ranges.container
        wanted = [(keys[int(container[i])], int(self.ranges.offset[i]), int(self.size[i])) for i in rows]
        runs = coalesce(wanted, _REMOTE_GAP)
        found = self.backend.get_ranges([(run.key, run.offset, run.size) for run in runs])
        for run, data in zip(runs, found, strict=True):
            for i in run.members:
                _, offset, size = wanted[i]
                at = int(self.starts[rows[i]])
                self.out[at : at + size] = data[offset - run.offset : offset - run.offset + size]

    def _read(self, rows: Ints) -> int:
        """Read rows of one container; return in how many reads."""
        key = self.ranges.keys[int(self.ranges.container[rows[0]])]
        return self._read_local(str(self.backend.local_path(key)), rows)

    def _read_local(self, path: str, rows: Ints) -> int:
        file = self.open_files.get(path)
        offsets, sizes, starts = self.ranges.offset[rows], self.size[rows], self.starts[rows]
        # A run lies side by side in the pack: one system call. A piece lies side by side in the result too.
        near = offsets[1:] == offsets[:-1] + sizes[:-1]
        together = near & (starts[1:] == starts[:-1] + sizes[:-1])
        pieces = np.concatenate([[0], np.flatnonzero(~together) + 1, [len(rows)]])
        begins, at = starts[pieces[:-1]].tolist(), offsets[pieces[:-1]].tolist()
        ends = (starts[pieces[1:] - 1] + sizes[pieces[1:] - 1]).tolist()
        # A new run starts where the pack has a gap, or where the system takes no more pieces at once.
        breaks = np.flatnonzero(~near[pieces[1:-1] - 1]) + 1
        if len(breaks) + 1 < len(begins):
            breaks = np.union1d(breaks, np.arange(_IOV, len(begins), _IOV))
        views = [self.out[begin:end] for begin, end in zip(begins, ends, strict=True)]
        firsts, lasts = [0, *breaks.tolist()], [*breaks.tolist(), len(views)]
        runs = [views[first:last] for first, last in zip(firsts, lasts, strict=True)]
        wheres = [at[first] for first in firsts]
        clock = perf_counter()
        got = [os.preadv(file.fd, runs[0], wheres[0])]
        if len(runs) > 1 and perf_counter() - clock > _SLOW:
            _read_ahead(file.fd, at, begins, ends)
        got.extend(map(os.preadv, repeat(file.fd), runs[1:], wheres[1:]))
        for i, run in enumerate(runs):
            if got[i] != sum(map(len, run)):
                self._read_slowly(file.fd, run, wheres[i], path)
        return len(runs)

    @staticmethod
    def _read_slowly(fd: int, views: list[memoryview], offset: int, path: str) -> None:
        """Read again, one by one: the system may give less than asked."""
        for view in views:
            left = view
            while left:
                got = os.preadv(fd, [left], offset)
                if not got:
                    msg = f"expected {len(left)} more bytes at {offset}: the file is cut short"
                    raise FormatError(msg, place=path)
                left, offset = left[got:], offset + got

    def _check(self, rows: Ints) -> None:
        """Hash the blobs of some rows, and refuse all if one is damaged (PACK-10)."""
        out = self.out
        bounds = zip(self.starts[rows].tolist(), (self.starts[rows] + self.size[rows]).tolist(), strict=True)
        # Hashing lets other threads run. With nothing but it in the loop they seldom wait for each other.
        hashes = list(map(hashlib.sha256, [out[start:end] for start, end in bounds]))
        found = b"".join([one.digest() for one in hashes]).hex().encode("ascii")
        wrong = (np.frombuffer(found, np.uint8).reshape(-1, 64) != self.ranges.expected[rows]).any(axis=1)
        if wrong.any():
            i = int(np.flatnonzero(wrong)[0])
            key = self.ranges.keys[int(self.ranges.container[rows[i]])]
            path = self.backend.local_path(key)
            if path is not None:
                self.open_files.forget(str(path))
            raise self._damaged(key, int(rows[i]), found[64 * i : 64 * i + 64].decode("ascii"))

    def _damaged(self, key: str, row: int, found: str) -> WbtableError:
        expected = self.ranges.expected[row].tobytes()
        offset, size = int(self.ranges.offset[row]), int(self.size[row])
        try:
            digest = Digest(expected.decode("ascii"))
        except (FormatError, UnicodeDecodeError):
            msg = f"expected a checksum like SHA-256:<64 lowercase hex>, found {expected!r}"
            return FormatError(msg, place=self.describe(row))
        msg = (
            f"the bytes are damaged: expected {digest}, found SHA-256:{found}"
            f" in {size} bytes at {offset} of {key} in {self.backend.url}"
        )
        return DigestMismatchError(msg, place=self.describe(row))


def _read_ahead(fd: int, offsets: list[int], begins: list[int], ends: list[int]) -> None:
    """Tell the system what will be read: a disk answers many requests at once faster than one by one."""
    if hasattr(os, "posix_fadvise"):
        for offset, begin, end in zip(offsets, begins, ends, strict=True):
            os.posix_fadvise(fd, offset, end - begin, os.POSIX_FADV_WILLNEED)
