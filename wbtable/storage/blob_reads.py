"""Reading the blobs of one column and checking each digest, on all threads (spec: 04-packs, PACK-10)."""

from __future__ import annotations

import os
from concurrent.futures import wait
from dataclasses import dataclass
from itertools import pairwise, repeat
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from wbtable.errors import DigestMismatchError, FormatError, WbtableError
from wbtable.format.digest import Digest
from wbtable.storage.hashing import hash_all
from wbtable.storage.os_errors import explained
from wbtable.storage.ranges import coalesce
from wbtable.storage.workers import CORES, run_all, workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    import numpy.typing as npt

    from wbtable.storage.backend import Backend
    from wbtable.storage.open_files import OpenFiles

    Ints = npt.NDArray[np.int64]

_REMOTE_GAP = 64 << 10
_LEAST_BLOCK = 256 << 10
_MOST_BLOCK = 8 << 20
_IOV = 512
_SHORT = 128 << 10
_LONG_BLOCK = 1 << 20
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

    def rows(self, start: int, stop: int) -> BlobRanges:
        """Return what the rows [start, stop) name."""
        return BlobRanges(
            keys=self.keys,
            container=self.container[start:stop],
            offset=self.offset[start:stop],
            size=self.size[start:stop],
            expected=self.expected[start:stop],
        )

    def in_packs(self) -> Ints:
        """Return the rows that name something by container, then offset: neighbours in a pack are read together."""
        order = np.lexsort((self.offset, self.container))
        return order[self.container[order] >= 0]


def _blocks(order: Ints, size: Ints) -> list[Ints]:
    """Cut the rows, in the order of reading, into about equal work for the threads."""
    total = np.cumsum(size[order])
    block = max(_LEAST_BLOCK, min(_MOST_BLOCK, int(total[-1]) // (2 * CORES) + 1))
    cuts = np.searchsorted(total, np.arange(block, int(total[-1]), block))
    return [part for part in np.split(order, np.unique(cuts)) if len(part)]


class BlobReads:
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
        """Read rows of `ranges`, whose sizes are known now, into `out`, each from its start."""
        self.backend = backend
        self.open_files = open_files
        self.ranges = ranges
        self.size = size
        self.starts = starts
        self.out = out.data
        self.describe = describe

    def run(self, order: Ints) -> None:
        """Read rows of a local place and check them; `order` is that of the packs."""
        with explained(f"read blobs of {self.backend.url}"):
            if not self._run_long(order):
                self._run_short(_blocks(order, self.size))

    def run_here(self) -> list[memoryview | None]:
        """Read all rows of a local place and check them, on this thread alone.

        Return the bytes of each, a read-only view; None where a row names nothing.
        """
        order = self.ranges.in_packs()
        with explained(f"read blobs of {self.backend.url}"):
            for part in self._by_container(order):
                self._read(part)
        whole = self.out.toreadonly()
        bounds = self.starts.tolist()
        views = [whole[begin:end] for begin, end in pairwise(bounds)]
        self._compare(order, hash_all([views[i] for i in order.tolist()]))
        if len(order) == len(views):
            return list(views)
        there = (self.ranges.container >= 0).tolist()
        return [view if here else None for view, here in zip(views, there, strict=True)]

    def _by_container(self, rows: Ints) -> list[Ints]:
        where = self.ranges.container[rows]
        return np.split(rows, np.flatnonzero(np.diff(where)) + 1) if len(rows) else []

    def _run_long(self, order: Ints) -> bool:
        """Read and check rows that lie side by side in the packs, as those of a table in order do; else return False.

        Each thread reads a block and hashes it at once, while it is in the processor's cache. Between the hashes there
        is next to nothing to do, so that the threads seldom wait for the interpreter's lock.
        """
        where, size = self.ranges.container[order], self.size[order]
        offset, begin = self.ranges.offset[order], self.starts[order]
        end = begin + size
        cuts = np.flatnonzero(
            (where[1:] != where[:-1]) | (offset[1:] != offset[:-1] + size[:-1]) | (begin[1:] != end[:-1])
        )
        if (len(cuts) + 1) * _SHORT > int(size.sum()):
            return False
        total = np.cumsum(size)
        more = np.searchsorted(total, np.arange(_LONG_BLOCK, int(total[-1]), _LONG_BLOCK))
        stops = np.union1d(np.union1d(cuts, more) + 1, [len(order)])
        stops = stops[stops <= len(order)].tolist()
        paths = [str(self.backend.local_path(key)) for key in self.ranges.keys]
        begins, ends, offsets, numbers = begin.tolist(), end.tolist(), offset.tolist(), where.tolist()

        def work(rows: tuple[int, int]) -> bytes:
            first, last = rows
            path = paths[numbers[first]]
            file = self.open_files.get(path)
            view = self.out[begins[first] : ends[last - 1]]
            if view and os.preadv(file.fd, [view], offsets[first]) != len(view):
                self._read_slowly(file.fd, [view], offsets[first], path)
            return hash_all(self._views(begins[first:last], ends[first:last]))

        self._compare(order, b"".join(run_all(work, list(zip([0, *stops[:-1]], stops, strict=True)))))
        return True

    def _run_short(self, blocks: list[Ints]) -> None:
        """Read the blocks here and check them on all threads.

        Long reads go on while earlier blocks are checked. Many short ones do not: each gives the interpreter's
        lock away, and waiting to have it back takes longer than the read.
        """
        checks: list[tuple[Ints, Future[None]]] = []
        later: list[Ints] = []
        try:
            for rows in blocks:
                reads = sum([self._read(part) for part in self._by_container(rows)])
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
        views = self._views(self.starts[rows].tolist(), (self.starts[rows] + self.size[rows]).tolist())
        self._compare(rows, hash_all(views))

    def _views(self, begins: list[int], ends: list[int]) -> list[memoryview]:
        return [self.out[begin:end] for begin, end in zip(begins, ends, strict=True)]

    def _compare(self, rows: Ints, digests: bytes) -> None:
        """Refuse all rows if one has another digest than its cell says (PACK-10)."""
        found = digests.hex().encode("ascii")
        expected = self.ranges.expected[rows]
        if found != expected.tobytes():
            wrong = (np.frombuffer(found, np.uint8).reshape(-1, 64) != expected).any(axis=1)
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
