"""How much the cache holds, counted by all processes together, and what goes when it is too much."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KEEP: Final = 0.9


class Usage:
    """A counter beside the entries, under a lock of the system that dies with its process.

    It may be wrong after a crash; each eviction looks at what is really there, and counts anew.
    """

    def __init__(self, root: Path, limit: int) -> None:
        """Count what is below `root`, and keep it below `limit` bytes."""
        self._root = root
        self._limit = limit
        self._file = root / "usage"

    def add(self, size: int) -> None:
        """Count bytes that were added; evict what was not used for longest if they are too many (CACHE-4)."""
        with contextlib.suppress(OSError):
            fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                with contextlib.suppress(ImportError):  # without locks it may be wrong, as after a crash
                    import fcntl

                    fcntl.flock(fd, fcntl.LOCK_EX)
                text = os.pread(fd, 32, 0)
                known = text.isdigit()
                used = int(text) + size if known else self._limit + 1
                if used > self._limit:
                    used = self._evict()
                os.ftruncate(fd, 0)
                os.pwrite(fd, str(used).encode(), 0)
            finally:
                os.close(fd)

    def scan(self) -> Iterator[tuple[float, int, str]]:
        """Yield time of last use, size and path of each entry."""
        for first in _folders(os.fspath(self._root)):
            for folder in _folders(first):
                with contextlib.suppress(OSError), os.scandir(folder) as items:
                    for item in items:
                        with contextlib.suppress(OSError):
                            found = item.stat(follow_symlinks=False)
                            yield found.st_mtime, found.st_size, item.path

    def _evict(self) -> int:
        """Remove the entries that were not used for longest; return how many bytes are left."""
        entries = sorted(self.scan())
        used = sum(size for _, size, _ in entries)
        if used <= self._limit:
            return used
        for _, size, path in entries:
            if used <= self._limit * _KEEP:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
                used -= size
            # Only an empty one goes.
            with contextlib.suppress(OSError):
                os.rmdir(os.path.dirname(path))
        return used


def _folders(path: str) -> Iterator[str]:
    with contextlib.suppress(OSError), os.scandir(path) as items:
        for item in items:
            if item.is_dir(follow_symlinks=False):
                yield item.path
