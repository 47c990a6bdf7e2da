"""Bytes of remote immutable objects on this machine (spec: 03-store-layout, CACHE-n).

Each entry is a file of its own, below a folder named like the object; its name says which bytes of the object it has,
and their XXH3-128. So entries need no index, processes need no common memory, and what a crash leaves is no entry.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import xxhash

from wbtable.storage.cache_folder import cache_root, cache_size
from wbtable.storage.cache_usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

FOLDER: Final = "objects"

_ENTRY = re.compile(r"(w|r|t)(\d+)-(\d+)-([0-9a-f]{32})")
_OBJECT = re.compile(r"(?:.*/)?objects/([0-9a-f]{2}/[0-9a-f]{62}[a-z.]*)", re.DOTALL)
_TOUCH: Final = 60.0
_LOOK_BACK: Final = 8
_MOST_CHECKED: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Entry:
    """One file of the cache: `size` bytes from `offset`, or the whole object, or the last `size` bytes."""

    offset: int
    size: int
    kind: str
    xxh3: str

    @property
    def name(self) -> str:
        return f"{self.kind}{self.offset}-{self.size}-{self.xxh3}"


class ObjectCache:
    """The entries in one folder. Safe to use from several threads and processes.

    Nothing here raises: a cache that cannot be read or written is one that has nothing.

    Attributes:
        root: the folder.
        limit: how many bytes it may have; what was not used for longest goes first.

    """

    def __init__(self, root: Path | None = None, limit: int | None = None) -> None:
        """Use a folder, which need not exist; None for that of this user, and its size."""
        self.root = cache_root() / FOLDER if root is None else root
        self.limit = cache_size() if limit is None else limit
        self._usage = Usage(self.root, self.limit)
        self._listed: dict[str, tuple[int, list[_Entry]]] = {}
        self._checked: dict[str, int] = {}

    @staticmethod
    def name_of(key: str) -> str | None:
        """Return the name of an immutable object by its key, None for any other key (CACHE-1)."""
        match = _OBJECT.fullmatch(key)
        return None if match is None else match[1]

    # Reading.

    def whole(self, name: str) -> bytes | None:
        """Return all of an object."""
        for entry in self._entries(name):
            if entry.kind == "w":
                return self._read(name, entry, 0, entry.size)
        return None

    def tail(self, name: str, size: int) -> bytes | None:
        """Return the last `size` bytes of an object, or all if there are fewer."""
        for entry in self._entries(name):
            if entry.kind == "w" or (entry.kind == "t" and entry.size >= size):
                taken = min(size, entry.size)
                return self._read(name, entry, entry.size - taken, taken)
        return None

    def range(self, name: str, offset: int, size: int) -> bytes | None:
        """Return `size` bytes from `offset`."""
        entries = self._entries(name)
        at = bisect_right(entries, offset, key=lambda entry: entry.offset)
        for entry in reversed(entries[max(0, at - _LOOK_BACK) : at]):
            if entry.kind != "t" and offset + size <= entry.offset + entry.size:
                return self._read(name, entry, offset - entry.offset, size)
        return None

    # Writing.

    def put_whole(self, name: str, data: bytes) -> None:
        """Keep all of an object."""
        self._put([(name, "w", 0, data)])

    def put_tail(self, name: str, data: bytes) -> None:
        """Keep the end of an object."""
        self._put([(name, "t", 0, data)])

    def put_ranges(self, found: Sequence[tuple[str, int, bytes]]) -> None:
        """Keep parts of objects: name, offset and bytes."""
        self._put([(name, "r", offset, data) for name, offset, data in found])

    def forget(self, name: str) -> None:
        """Drop an object: what was read of it was damaged."""
        self._listed.pop(name, None)
        with contextlib.suppress(OSError):
            shutil.rmtree(self.root / name)

    # All of it.

    def used(self) -> tuple[int, int]:
        """Return how many entries there are, and their bytes."""
        sizes = [size for _, size, _ in self._usage.scan()]
        return len(sizes), sum(sizes)

    def clear(self) -> int:
        """Drop everything; return how many bytes that were."""
        _, size = self.used()
        self._listed.clear()
        with contextlib.suppress(OSError):
            shutil.rmtree(self.root)
        return size

    # How.

    def _entries(self, name: str) -> list[_Entry]:
        """Return the entries of an object by offset; listed anew when the folder changed."""
        path = f"{self.root}/{name}"
        try:
            changed = os.stat(path).st_mtime_ns
            known = self._listed.get(name)
            if known is not None and known[0] == changed:
                return known[1]
            entries = sorted(_parse(os.listdir(path)))
        except OSError:
            return []
        self._listed[name] = (changed, entries)
        return entries

    def _read(self, name: str, entry: _Entry, start: int, size: int) -> bytes | None:
        """Return part of an entry, which is checked whole when this process first uses it (CACHE-3)."""
        path = f"{self.root}/{name}/{entry.name}"
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._listed.pop(name, None)
            return None
        try:
            found = os.fstat(fd)
            if found.st_size != entry.size:
                return self._drop(path)
            if self._checked.get(path) != found.st_ino:
                data = os.pread(fd, entry.size, 0)
                if len(data) != entry.size or xxhash.xxh3_128_hexdigest(data) != entry.xxh3:
                    return self._drop(path)
                if len(self._checked) >= _MOST_CHECKED:
                    self._checked.clear()
                self._checked[path] = found.st_ino
                data = data[start : start + size]
            else:
                data = os.pread(fd, size, start)
                if len(data) != size:
                    return self._drop(path)
            if time.time() - found.st_mtime > _TOUCH:
                os.utime(path)
            return data
        except OSError:
            return None
        finally:
            os.close(fd)

    @staticmethod
    def _drop(path: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(path)

    def _put(self, found: Sequence[tuple[str, str, int, bytes]]) -> None:
        added = 0
        for name, kind, offset, data in found:
            # One object must not drive out all others.
            if not data or len(data) > self.limit // 16:
                continue
            entry = _Entry(offset=offset, size=len(data), kind=kind, xxh3=xxhash.xxh3_128_hexdigest(data))
            if not self._write(f"{self.root}/{name}", entry, data):
                return
            added += len(data)
        if added:
            self._usage.add(added)

    @staticmethod
    def _write(folder: str, entry: _Entry, data: bytes) -> bool:
        """Write an entry so that it is seen whole or not at all; checked on use, it need not be synced (CACHE-2)."""
        temp = f"{folder}/.{secrets.token_hex(8)}"
        try:
            os.makedirs(folder, exist_ok=True)
            with open(temp, "xb") as file:
                file.write(data)
            os.replace(temp, f"{folder}/{entry.name}")
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temp)
            return False
        return True


def _parse(names: Sequence[str]) -> Iterator[_Entry]:
    for name in names:
        match = _ENTRY.fullmatch(name)
        if match is not None:
            yield _Entry(kind=match[1], offset=int(match[2]), size=int(match[3]), xxh3=match[4])
