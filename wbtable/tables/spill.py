"""Where a table that is being filled keeps the bytes of its media: in memory, and beyond a bound in temporary packs."""

from __future__ import annotations

import hashlib
import os
import weakref
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from wbtable.errors import NotFoundError, WbtableError
from wbtable.storage.hashing import hash_all
from wbtable.storage.pieces import Pieces
from wbtable.storage.ranges import runs_of
from wbtable.storage.seen import UNKNOWN, SeenBlobs, digests_of, first_of_equals
from wbtable.storage.temporary import remove_folder, temporary_folder
from wbtable.storage.workers import run_all
from wbtable.tables.checksums import checksum_of, raw_of
from wbtable.tables.prefetch import is_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wbtable.media.payload import Payload
    from wbtable.storage.objects import ObjectStore
    from wbtable.storage.seen import Digests, Ints

MAX_MEMORY = 64 << 20
"""Bytes of blobs that a table keeps in memory."""
MAX_BORROWED = 384 << 20
"""Bytes of blobs that it leaves in Arrow buffers, which whoever gave them may hold anyway."""
_RUN_BYTES = 4 << 20
_RUN_BLOBS = 512
"""A run has at most so many bytes, and so many blobs: each counts as the part of the bytes that it is of them."""


class Slices(NamedTuple):
    """Ranges of a buffer, which must not change any more.

    Attributes:
        buffer: bytes.
        starts: where each range starts, int64.
        sizes: its length in bytes, int64.

    """

    buffer: memoryview
    starts: Ints
    sizes: Ints


class TableBlobs:
    """The blobs of one table that is being filled; reads and keeps them by digest.

    The cells that it makes have no location: only content type, size and checksum.
    """

    __slots__ = (
        "__weakref__",
        "_borrowed",
        "_borrowed_size",
        "_buffers",
        "_guard",
        "_has_files",
        "_memory",
        "_size",
        "_spilled",
        "_spilled_uris",
        "_store",
    )

    def __init__(self) -> None:
        """Start with no blob."""
        self._memory: dict[bytes, bytes | Payload] = {}
        # Places in what was borrowed are the number of a buffer, start and size; in what was spilled that of a URI.
        self._borrowed, self._spilled = SeenBlobs(), SeenBlobs()
        self._buffers: list[memoryview] = []
        self._spilled_uris: list[str] = []
        self._store: ObjectStore | None = None
        self._size = self._borrowed_size = 0
        self._has_files = False
        self._guard = Lock()

    @classmethod
    def of_bytes(cls, raws: Sequence[bytes], contents: Sequence[bytes]) -> TableBlobs:
        """Keep blobs by their raw digests."""
        blobs = cls()
        blobs._memory.update(zip(raws, contents, strict=True))
        blobs._size = sum(map(len, contents))
        if blobs._size > MAX_MEMORY:
            blobs._spill()
        return blobs

    def __reduce__(self) -> tuple[Any, ...]:
        """Give the bytes away: they are read from files and temporary packs, which another process may not find."""
        with self._guard:
            known = [*self._borrowed.columns()[0].tolist(), *self._memory, *self._spilled.columns()[0].tolist()]
        raws = list(dict.fromkeys(known))
        return TableBlobs.of_bytes, (raws, self.borrow(digests_of(raws)).to_bytes())

    def put_many(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        """Keep the bytes of each payload, once for each digest; return the FILE group of each.

        Raises:
            UsageError: a file changed since it was added.

        """
        sizes = np.fromiter((payload.size for payload in payloads), np.int64, len(payloads))
        runs = [payloads[start : start + rows] for start, rows in _runs(sizes)]
        raws = [raw for run in run_all(_digest_payloads, runs) for raw in run]
        digests = digests_of(raws)
        with self._guard:
            kept = (self._borrowed.find(digests)[:, 0] != UNKNOWN) | (self._spilled.find(digests)[:, 0] != UNKNOWN)
            for payload, raw, is_kept in zip(payloads, raws, kept.tolist(), strict=True):
                if not is_kept and raw not in self._memory:
                    self._keep(raw, payload)
            if self._size > MAX_MEMORY:
                self._spill()
        return [
            {
                "uri": None,
                "offset": None,
                "size": payload.size,
                "content_type": payload.content_type,
                "checksum": checksum_of(raw),
            }
            for payload, raw in zip(payloads, raws, strict=True)
        ]

    def put_slices(self, slices: Sequence[Slices]) -> list[Digests]:
        """Keep ranges of buffers without copying them; return the raw digests of each.

        All are hashed before anything else is done: hashing takes the interpreter's lock behind each blob, and takes
        half as long again beside work that holds it.
        """
        # In runs even where one thread takes them all: a thousand views at once make Python look through all objects
        # that there are for garbage.
        runs = [
            (buffer, starts[start : start + rows], sizes[start : start + rows])
            for buffer, starts, sizes in slices
            for start, rows in _runs(sizes)
        ]
        raws = list(map(_digest_slices, runs)) if is_ahead() else run_all(_digest_slices, runs)
        digests, sizes = digests_of(raws), np.concatenate([one.sizes for one in slices])
        with self._guard:
            counts = [len(one.sizes) for one in slices]
            which = np.repeat(np.arange(len(slices)) + len(self._buffers), counts)
            starts = np.concatenate([one.starts for one in slices])
            self._buffers += [one.buffer for one in slices]
            self._borrowed.add_many(digests, np.stack([which, starts, sizes], axis=1))
            self._borrowed_size += int(sizes.sum())
            if self._borrowed_size > MAX_BORROWED:
                self._spill()
        return np.split(digests, np.cumsum(counts)[:-1])

    def _keep(self, raw: bytes, payload: Payload) -> None:
        if payload.path is not None:
            self._memory[raw] = payload
            self._has_files = True
        else:
            data = self._memory[raw] = cast("bytes", payload.data)
            self._size += len(data)

    def _spill(self) -> None:
        from wbtable.storage.local_backend import LocalBackend
        from wbtable.storage.objects import ObjectStore
        from wbtable.storage.packs import PackWriter

        if self._store is None:
            folder = temporary_folder()
            weakref.finalize(self, remove_folder, folder, os.getpid())
            self._store = ObjectStore(LocalBackend(folder))
        inline = {raw: data for raw, data in self._memory.items() if isinstance(data, bytes)}
        borrowed, places = self._borrowed.columns()
        order = np.lexsort((places[:, 1], places[:, 0]))  # as they lie in the buffers: neighbours are written as one
        digests = np.concatenate([digests_of(list(inline)), borrowed[order]])
        kept = Pieces.of(list(inline.values())).joined(Pieces(self._buffers, *places[order].T))
        once = np.flatnonzero(first_of_equals(digests) == np.arange(len(digests)))
        with PackWriter(self._store) as writer:
            placed = writer.add_new(digests[once], kept.take(once))
            writer.seal()
            uris = [writer.uri(i) for i in range(int(placed[:, 0].max(initial=-1)) + 1)]
            writer.abort()  # its threads end
        placed[:, 0] += len(self._spilled_uris)
        self._spilled.add_many(digests[once], placed)
        self._spilled_uris += uris
        for raw in inline:
            del self._memory[raw]
        self._borrowed, self._buffers = SeenBlobs(), []
        self._size = self._borrowed_size = 0

    @property
    def has_files(self) -> bool:
        """Whether some blob may still be in a file of the user's."""
        return self._has_files

    @property
    def has_spilled(self) -> bool:
        """Whether some blobs are in temporary packs."""
        return self._store is not None

    def file_payload(self, raw: bytes) -> Payload | None:
        """Return the file that holds the blob of a raw digest, if it is a large one that was not read yet."""
        found = self._memory.get(raw)
        return None if isinstance(found, bytes) else found

    def read(self, file: Mapping[str, object]) -> bytes:
        """Return the bytes that a FILE group names.

        Raises:
            NotFoundError: they are not kept here.

        """
        return self.read_many([file])[0]

    def read_many(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        """Return the bytes of many FILE groups, in their order.

        Raises:
            NotFoundError: some are not kept here.

        """
        return self.borrow(digests_of([_raw(file.get("checksum")) for file in files])).to_bytes()

    def borrow(self, digests: Digests) -> Pieces:
        """Return the bytes of blobs by their raw digests, in their order, without copying those that are in memory.

        Raises:
            NotFoundError: some are not kept here.

        """
        with self._guard:
            places = self._borrowed.find(digests)
            buffers = list(self._buffers)
            left = np.flatnonzero(places[:, 0] == UNKNOWN)
            held = list(map(self._memory.get, digests[left].tolist())) if len(left) else []
            far = left[[data is None for data in held]] if len(left) else left
            spilled = self._spilled.find(digests[far])
            uris = self._spilled_uris
        lost = np.flatnonzero(spilled[:, 0] == UNKNOWN)
        if len(lost):
            raise _not_here(checksum_of(digests[far[lost[0]]].tobytes()))
        found: dict[int, bytes | Payload] = {
            i: data for i, data in zip(left.tolist(), held, strict=True) if data is not None
        }
        if len(far) and self._store is not None:
            cells = [
                {"uri": uris[number], "offset": offset, "size": size, "checksum": checksum_of(digests[i].tobytes())}
                for i, (number, offset, size) in zip(far.tolist(), spilled.tolist(), strict=True)
            ]
            found.update(zip(far.tolist(), self._store.read_blobs(cells), strict=True))
        for i, data in found.items():
            content = data if isinstance(data, bytes) else data.read()
            places[i] = len(buffers), 0, len(content)
            buffers.append(memoryview(content))
        return Pieces(buffers, places[:, 0], places[:, 1], places[:, 2])


def _raw(checksum: object) -> bytes:
    try:
        return raw_of(cast("str", checksum))
    except WbtableError:
        raise _not_here(checksum) from None


def _not_here(checksum: object) -> NotFoundError:
    msg = f"the blob {checksum} is not part of this table"
    return NotFoundError(msg)


def _runs(sizes: Ints) -> Iterator[tuple[int, int]]:
    """Cut blobs into runs, start and number of each, that are each worth a task of its own."""
    return runs_of(sizes + _RUN_BYTES // _RUN_BLOBS, _RUN_BYTES)


def _digest_payloads(payloads: Sequence[Payload]) -> list[bytes]:
    return [hashlib.sha256(payload.read()).digest() for payload in payloads]


def _digest_slices(slices: tuple[memoryview, Ints, Ints]) -> bytes:
    """Return the raw SHA-256 of each range, one after the other."""
    buffer, starts, sizes = slices
    bounds = zip(starts.tolist(), (starts + sizes).tolist(), strict=True)
    return hash_all([buffer[start:end] for start, end in bounds])
