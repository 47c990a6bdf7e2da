"""A remote backend, its immutable objects read through a cache on this machine (spec: 03-store-layout, CACHE-n)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from wbtable.storage.cache_files import ObjectCache
from wbtable.storage.ranges import coalesce, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from wbtable.storage.backend import Backend
    from wbtable.storage.key_info import KeyInfo

_GAP = 64 << 10


class CachedBackend:
    """Reads objects from the cache where it has them; whether one exists, only the place itself says.

    Attributes:
        direct: the place itself.
        cache: the cache.
        url: see `Backend`.

    """

    def __init__(self, direct: Backend, cache: ObjectCache) -> None:
        """Read `direct` through `cache`."""
        self.direct = direct
        self.cache = cache
        self.url = direct.url

    def __repr__(self) -> str:
        """Show the place."""
        return f"CachedBackend({self.direct!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        """Open it anew where it is unpickled; processes share the cache's folder, not its memory."""
        return _reopen, (self.direct, self.cache.root, self.cache.limit)

    def __getattr__(self, name: str) -> Any:
        """Return what the place has beyond the protocol."""
        if name == "direct":
            raise AttributeError(name)
        return getattr(self.direct, name)

    @property
    def unsafe_single_writer(self) -> bool:
        """See `Backend`."""
        return self.direct.unsafe_single_writer

    @unsafe_single_writer.setter
    def unsafe_single_writer(self, value: bool) -> None:
        self.direct.unsafe_single_writer = value

    def _name(self, key: str) -> str | None:
        """Return under which name the cache has an object of this place; None if it keeps no such key (CACHE-1).

        Each place has its own: parts of an object are checked against accidents alone, so what one place made up would
        be believed where another is read.
        """
        if self.cache.name_of(key) is None:
            return None
        name = hashlib.sha256(f"{self.url.rstrip('/')}\0{key}".encode("utf-8", "surrogatepass")).hexdigest()
        return f"{name[:2]}/{name[2:]}"

    # Read through the cache.

    def get(self, key: str) -> bytes:
        """See `Backend.get`."""
        name = self._name(key)
        if name is None:
            return self.direct.get(key)
        found = self.cache.whole(name)
        if found is None:
            found = self.direct.get(key)
            self.cache.put_whole(name, found)
        return found

    def get_tail(self, key: str, size: int) -> bytes:
        """See `Backend.get_tail`."""
        name = self._name(key)
        if name is None:
            return self.direct.get_tail(key, size)
        found = self.cache.tail(name, size)
        if found is None:
            found = self.direct.get_tail(key, size)
            if len(found) < size:
                self.cache.put_whole(name, found)
            else:
                self.cache.put_tail(name, found)
        return found

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """See `Backend.get_range`."""
        return self.get_ranges([(key, offset, size)])[0]

    def get_ranges(self, ranges: Sequence[tuple[str, int, int]]) -> list[bytes]:
        """See `Backend.get_ranges`: what is missing is read together, and kept as it was read."""
        out: list[bytes | None] = []
        names: list[str | None] = []
        for key, offset, size in ranges:
            name = self._name(key)
            names.append(name)
            out.append(None if name is None else self.cache.range(name, offset, size))
        missing = [i for i, data in enumerate(out) if data is None]
        if missing:
            wanted = [ranges[i] for i in missing]
            runs = coalesce(wanted, _GAP)
            found = self.direct.get_ranges([(run.key, run.offset, run.size) for run in runs])
            kept = [(self._name(run.key), run.offset, data) for run, data in zip(runs, found, strict=True)]
            self.cache.put_ranges([(name, offset, data) for name, offset, data in kept if name is not None])
            for i, data in zip(missing, cut(wanted, runs, found), strict=True):
                out[i] = data
        return [data if data is not None else b"" for data in out]

    def forget(self, key: str) -> None:
        """Read an object anew at its next use: what was read of it was damaged."""
        name = self._name(key)
        if name is not None:
            self.cache.forget(name)

    # The rest passes through; what is written here is not what the cache may still have.

    def create(self, key: str, data: bytes) -> None:
        """See `Backend.create`."""
        self.direct.create(key, data)

    def put(self, key: str, data: bytes) -> None:
        """See `Backend.put`."""
        self.direct.put(key, data)

    def put_file(self, key: str, path: Path) -> None:
        """See `Backend.put_file`."""
        self.direct.put_file(key, path)

    def replace(self, key: str, data: bytes) -> None:
        """See `Backend.replace`."""
        self.forget(key)
        self.direct.replace(key, data)

    def size(self, key: str) -> int | None:
        """See `Backend.size`."""
        return self.direct.size(key)

    def list(self, prefix: str) -> Iterator[str]:
        """See `Backend.list`."""
        return self.direct.list(prefix)

    def scan(self, prefix: str) -> Iterator[KeyInfo]:
        """See `Backend.scan`."""
        return self.direct.scan(prefix)

    def modified(self, key: str) -> float | None:
        """See `Backend.modified`."""
        return self.direct.modified(key)

    def delete(self, keys: Iterable[str]) -> None:
        """See `Backend.delete`."""
        gone = list(keys)
        for key in gone:
            self.forget(key)
        self.direct.delete(gone)

    def sync(self) -> None:
        """See `Backend.sync`."""
        self.direct.sync()

    def temporary(self) -> Path:
        """See `Backend.temporary`."""
        return self.direct.temporary()

    def local_path(self, key: str) -> Path | None:
        """See `Backend.local_path`."""
        return self.direct.local_path(key)


def _reopen(direct: Backend, root: Path, limit: int) -> CachedBackend:
    return CachedBackend(direct, ObjectCache(root, limit))
