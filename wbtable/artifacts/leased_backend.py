"""A backend for one writer: small objects wait until their keys are recorded together (spec: LEASE-2)."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.parallel import each
from wbtable.errors import FormatError
from wbtable.format.layout import OBJECTS
from wbtable.storage.local_files import remove
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from wbtable.artifacts.lease import Lease
    from wbtable.storage.backend import Backend
    from wbtable.storage.key_info import KeyInfo

SMALL: Final = 1 << 20
"""Objects of up to so many bytes wait for others, so that one request records the keys of all of them."""

MOST_WAITING: Final = 16 << 20
_PREFIX: Final = OBJECTS + "/"


class LeasedBackend:
    """Passes calls on, but puts no object before its key is recorded in a lease. Safe to use from several threads.

    Attributes:
        inner: where everything goes.
        lease: where the keys of objects are recorded.
        url: see `Backend`.
        unsafe_single_writer: see `Backend`.

    """

    def __init__(self, inner: Backend, lease: Lease) -> None:
        """Write nothing yet."""
        self.inner = inner
        self.lease = lease
        self.url = inner.url
        self.unsafe_single_writer = inner.unsafe_single_writer
        self._lock = threading.RLock()
        self._waiting: dict[str, bytes] = {}
        self._bytes = 0
        self._own: set[str] = set()
        self._temporaries: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        """Return what a backend has beyond the protocol."""
        return getattr(self.inner, name)

    # What is leased.

    def own(self) -> frozenset[str]:
        """Return the keys of the objects that this writer put, or is about to."""
        with self._lock:
            return frozenset(self._own)

    def flush(self, reused: Iterable[str] = ()) -> None:
        """Record what waits, and keys that are used again, by one request; then put what waits.

        Raises:
            ConflictError: a collection that dooms one of the keys does not end.

        """
        with self._lock:
            waiting = dict(self._waiting)
        again = list(reused)
        if not waiting and not again:
            return
        self.lease.record([*waiting, *again])
        self._put_all(waiting)
        with self._lock:
            for key, data in waiting.items():
                if self._waiting.pop(key, None) is not None:
                    self._bytes -= len(data)

    def put(self, key: str, data: bytes) -> None:
        """See `Backend.put`: a small object waits for `flush`."""
        if not key.startswith(_PREFIX):
            self.inner.put(key, data)
            return
        with self._lock:
            self._own.add(key)
            if len(data) <= SMALL:
                if key not in self._waiting:
                    self._waiting[key] = bytes(data)
                    self._bytes += len(data)
                full = self._bytes > MOST_WAITING
        if len(data) > SMALL:
            self.lease.record([key])
            self.inner.put(key, data)
        elif full:
            self.flush()

    def put_file(self, key: str, path: Path) -> None:
        """See `Backend.put_file`: a small file waits for `flush`, in memory."""
        with explained(f"read {path}"):
            size = os.stat(path).st_size
        if size <= SMALL and key.startswith(_PREFIX):
            try:
                with explained(f"read {path}"), open(path, "rb") as file:
                    data = file.read()
                self.put(key, data)
            finally:
                self._take(path)
            return
        with self._lock:
            self._own.add(key)
            self._temporaries.discard(os.fspath(path))
        self.lease.record([key])
        self.inner.put_file(key, path)

    def replace(self, key: str, data: bytes) -> None:
        """See `Backend.replace`."""
        if key.startswith(_PREFIX):
            with self._lock:
                self._own.add(key)
            self.lease.record([key])
        self.inner.replace(key, data)

    # What waits is there for its writer.

    def get(self, key: str) -> bytes:
        """See `Backend.get`."""
        found = self._find(key)
        return self.inner.get(key) if found is None else found

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """See `Backend.get_range`."""
        found = self._find(key)
        if found is None:
            return self.inner.get_range(key, offset, size)
        if offset < 0 or size < 0 or offset + size > len(found):
            msg = f"expected {size} bytes at {offset}, found {len(found)} bytes in all: it is cut short"
            raise FormatError(msg, place=f"{key} in {self.url}")
        return found[offset : offset + size]

    def get_tail(self, key: str, size: int) -> bytes:
        """See `Backend.get_tail`."""
        found = self._find(key)
        if found is None:
            return self.inner.get_tail(key, size)
        return found[max(0, len(found) - size) :]

    def get_ranges(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        """See `Backend.get_ranges`."""
        with self._lock:
            own = any(key in self._waiting for key, _, _ in ranges)
        if not own:
            return self.inner.get_ranges(ranges)
        return [self.get_range(*item) for item in ranges]

    def size(self, key: str) -> int | None:
        """See `Backend.size`."""
        found = self._find(key)
        return self.inner.size(key) if found is None else len(found)

    def local_path(self, key: str) -> Path | None:
        """See `Backend.local_path`; what waits is put first, so that it can be opened."""
        if self._find(key) is not None and self.inner.local_path(key) is not None:
            self.flush()
        return self.inner.local_path(key)

    # The rest passes through.

    def create(self, key: str, data: bytes) -> None:
        """See `Backend.create`."""
        self.inner.create(key, data)

    def list(self, prefix: str) -> Iterator[str]:
        """See `Backend.list`."""
        return self.inner.list(prefix)

    def scan(self, prefix: str) -> Iterator[KeyInfo]:
        """See `Backend.scan`."""
        return self.inner.scan(prefix)

    def modified(self, key: str) -> float | None:
        """See `Backend.modified`."""
        return self.inner.modified(key)

    def delete(self, keys: Iterable[str]) -> None:
        """See `Backend.delete`."""
        self.inner.delete(keys)

    def sync(self) -> None:
        """See `Backend.sync`."""
        self.inner.sync()

    def temporary(self) -> Path:
        """See `Backend.temporary`."""
        path = self.inner.temporary()
        with self._lock:
            self._temporaries.add(os.fspath(path))
        return path

    # How.

    def _take(self, path: Path) -> None:
        """Remove a file of `temporary` whose bytes wait in memory: nobody moves it away any more."""
        with self._lock:
            own = os.fspath(path) in self._temporaries
            self._temporaries.discard(os.fspath(path))
        if own:
            remove(os.fspath(path))

    def _find(self, key: str) -> bytes | None:
        with self._lock:
            return self._waiting.get(key)

    def _put_all(self, objects: dict[str, bytes]) -> None:
        """Put objects: what refers to others comes last (COMMIT-1)."""
        documents = [key for key in objects if ".json" in key]
        plain = [key for key in objects if ".json" not in key]
        put_many = getattr(self.inner, "put_many", None)
        if put_many is not None:
            put_many({key: objects[key] for key in (*plain, *documents)})
            return
        for keys in (plain, documents):
            each(self.inner, lambda key: self.inner.put(key, objects[key]), keys)
