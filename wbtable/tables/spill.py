"""Where a table that is being filled keeps the bytes of its media: in memory, and beyond a bound in temporary packs."""

from __future__ import annotations

import hashlib
import os
import weakref
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, cast

from wbtable.errors import NotFoundError
from wbtable.storage.temporary import remove_folder, temporary_folder
from wbtable.storage.workers import run_all, workers
from wbtable.tables.prefetch import is_ahead

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wbtable.media.payload import Payload
    from wbtable.storage.objects import ObjectStore

MAX_MEMORY = 128 << 20
"""Bytes of blobs that a table keeps in memory."""
MAX_BORROWED = 384 << 20
"""Bytes of blobs that it leaves in Arrow buffers, which whoever gave them may hold anyway."""
_RUN_BYTES = 1 << 20


class TableBlobs:
    """The blobs of one table that is being filled; reads and keeps them by digest.

    The cells that it makes have no location: only content type, size and checksum.
    """

    __slots__ = ("__weakref__", "_borrowed", "_guard", "_has_files", "_memory", "_size", "_spilled", "_store")

    def __init__(self) -> None:
        """Start with no blob."""
        self._memory: dict[str, bytes | memoryview | Payload] = {}
        self._spilled: dict[str, dict[str, object]] = {}
        self._store: ObjectStore | None = None
        self._size = self._borrowed = 0
        self._has_files = False
        self._guard = Lock()

    def put_many(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        """Keep the bytes of each payload, once for each digest; return the FILE group of each.

        Raises:
            UsageError: a file changed since it was added.

        """
        sizes = [payload.size for payload in payloads]
        runs = run_all(_digest_payloads, _runs(payloads, sizes))
        files: list[dict[str, object]] = []
        with self._guard:
            for payload, digest in zip(payloads, [digest for run in runs for digest in run], strict=True):
                checksum = f"SHA-256:{digest}"
                self._keep(checksum, payload if payload.path is not None else cast("bytes", payload.data))
                files.append(
                    {
                        "uri": None,
                        "offset": None,
                        "size": payload.size,
                        "content_type": payload.content_type,
                        "checksum": checksum,
                    }
                )
            if self._size > MAX_MEMORY:
                self._spill()
        return files

    def put_views(self, views: Sequence[memoryview]) -> Callable[[], list[str]]:
        """Keep buffers without copying them; they must not change any more.

        Returns:
            What waits until they are hashed and kept, and returns the checksum of each.

        """
        if is_ahead():
            futures = None
        else:
            futures = [workers().submit(_digest_views, run) for run in _runs(views, [view.nbytes for view in views])]

        def finish() -> list[str]:
            runs = [_digest_views(views)] if futures is None else [future.result() for future in futures]
            checksums = [f"SHA-256:{digest}" for run in runs for digest in run]
            with self._guard:
                memory, spilled = self._memory, self._spilled
                for checksum, view in zip(checksums, views, strict=True):
                    if checksum not in memory and checksum not in spilled:
                        memory[checksum] = view
                        self._borrowed += view.nbytes
                if self._borrowed > MAX_BORROWED:
                    self._spill()
            return checksums

        return finish

    def _keep(self, checksum: str, data: bytes | memoryview | Payload) -> None:
        if checksum in self._memory or checksum in self._spilled:
            return
        self._memory[checksum] = data
        if isinstance(data, bytes):
            self._size += len(data)
        elif isinstance(data, memoryview):
            self._borrowed += data.nbytes
        else:
            self._has_files = True

    def _spill(self) -> None:
        from wbtable.storage.local_backend import LocalBackend
        from wbtable.storage.objects import ObjectStore
        from wbtable.storage.packs import PackWriter

        if self._store is None:
            folder = temporary_folder()
            weakref.finalize(self, remove_folder, folder, os.getpid())
            self._store = ObjectStore(LocalBackend(folder))
        inline = {key: data for key, data in self._memory.items() if isinstance(data, (bytes, memoryview))}
        writer = PackWriter(self._store)
        placed = writer.add_many(list(inline.values()))
        writer.seal()
        for key, place in zip(inline, placed, strict=True):
            self._spilled[key] = {
                "uri": writer.uri(place.container),
                "offset": place.offset,
                "size": place.size,
                "checksum": key,
            }
            del self._memory[key]
        self._size = self._borrowed = 0

    @property
    def has_files(self) -> bool:
        """Whether some blob may still be in a file of the user's."""
        return self._has_files

    def file_payload(self, checksum: str) -> Payload | None:
        """Return the file that holds a blob, if it is a large one that was not read yet."""
        found = self._memory.get(checksum)
        return None if found is None or isinstance(found, (bytes, memoryview)) else found

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
        found = self.borrow([cast("str", file.get("checksum")) for file in files])
        return [data if isinstance(data, bytes) else bytes(data) for data in found]

    def borrow(self, checksums: Sequence[str]) -> list[bytes | memoryview]:
        """Return the bytes of blobs by their checksums, in their order, without copying those that are in memory.

        Raises:
            NotFoundError: some are not kept here.

        """
        out: list[Any]
        far: list[tuple[int, dict[str, object]]] = []
        with self._guard:
            out = list(map(self._memory.get, checksums))
            for i in [i for i, found in enumerate(out) if found is None]:
                key = checksums[i]
                if key in self._spilled:
                    far.append((i, self._spilled[key]))
                else:
                    msg = f"the blob {key} is not part of this table"
                    raise NotFoundError(msg)
        if far and self._store is not None:
            for (i, _), data in zip(far, self._store.read_blobs([file for _, file in far]), strict=True):
                out[i] = data
        if set(map(type, out)) <= {bytes, memoryview}:
            return out
        return [data if isinstance(data, (bytes, memoryview)) else data.read() for data in out]


_T = TypeVar("_T")


def _runs(items: Sequence[_T], sizes: Sequence[int]) -> list[Sequence[_T]]:
    """Cut items into runs that are each worth a task of its own."""
    runs: list[Sequence[_T]] = []
    start = total = 0
    for i, size in enumerate(sizes):
        total += size + 500
        if total > _RUN_BYTES:
            runs.append(items[start : i + 1])
            start, total = i + 1, 0
    if start < len(items):
        runs.append(items[start:])
    return runs


def _digest_payloads(payloads: Sequence[Payload]) -> list[str]:
    return [hashlib.sha256(payload.read()).hexdigest() for payload in payloads]


def _digest_views(views: Sequence[memoryview]) -> list[str]:
    # Hashing lets other threads run. With nothing but it in the loop they seldom wait for each other.
    return [one.hexdigest() for one in list(map(hashlib.sha256, views))]
