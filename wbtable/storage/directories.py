"""Directories whose entries are not durable yet (spec: 03-store-layout, LOCAL-3).

One fsync makes all the new entries of a directory durable, so it is left until something relies on them:
the creation of a record, or a `sync`. What is pending is kept per folder of this process, because
a commit relies on objects that another backend object for the same folder has put.
"""

from __future__ import annotations

import contextlib
import os
import time
from threading import Lock
from typing import TYPE_CHECKING, Final

from wbtable.storage.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Sequence


class DirtyDirectories:
    """The directories below one root that have entries which are not durable yet."""

    __slots__ = ("_flushing", "_guard", "_pending")

    def __init__(self) -> None:
        """Start with none."""
        self._pending: dict[str, None] = {}
        self.renew_locks()

    def renew_locks(self) -> None:
        """Replace the locks: after a fork, threads that do not exist here may hold them."""
        self._guard = Lock()
        self._flushing = Lock()

    def add(self, directory: str) -> None:
        """Note that a directory has a new entry."""
        with self._guard:
            self._pending[directory] = None

    def flush(self, *files: int) -> None:
        """Return once every entry noted before the call is durable, and some open files are.

        They are synced side by side: a disk makes several durable in the time of one.

        Raises:
            OSError: something could not be synced; the directories stay noted.

        """
        # The lock is held throughout: who comes second must wait for the entries that the first is syncing.
        with self._flushing:
            with self._guard:
                todo, self._pending = list(self._pending), {}
            try:
                sync_all([*files, *todo])
            except BaseException:
                for directory in todo:
                    self.add(directory)
                raise


def _sync(what: int | str) -> None:
    """Sync an open file, or a directory if it is still there."""
    if isinstance(what, int):
        os.fsync(what)
        return
    try:
        fd = os.open(what, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sync_all(items: Sequence[int | str]) -> None:
    """Sync open files, and directories that are still there: side by side where the disk takes its time."""
    global _seconds  # noqa: PLW0603 - a guess of how long the next takes, which threads need not agree on
    for item in items:
        if isinstance(item, int):
            _begin_writing(item)
    for i, item in enumerate(items):
        start = time.perf_counter()
        left = len(items) - i
        if _seconds > _SLOW and left > 1:
            run_all(_sync, items[i:], waits=True)
            _seconds = (time.perf_counter() - start) / left
            return
        _sync(item)
        took = time.perf_counter() - start
        # The first one takes the others with it: what is to be known is how long those take nevertheless.
        if i or took > _VERY_SLOW:
            _seconds = took


def _begin_writing(fd: int) -> None:
    """Have the system begin to write a file, and return at once.

    A file system with a journal gives a file its place only then. If that is done for all files before the first is
    synced, its journal is written once and not once for each.
    """
    if hasattr(os, "posix_fadvise"):
        with contextlib.suppress(OSError):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


_SLOW: Final = 2e-4
"""Seconds: to wake a thread takes as long as a faster sync."""
_VERY_SLOW: Final = 1e-3
_seconds = 0.0


_REGISTRY: dict[str, DirtyDirectories] = {}
_REGISTRY_GUARD = Lock()


def dirty_directories(root: str) -> DirtyDirectories:
    """Return this process's one record for a root."""
    with _REGISTRY_GUARD:
        return _REGISTRY.setdefault(os.path.realpath(root), DirtyDirectories())


def _renew_locks() -> None:
    global _REGISTRY_GUARD  # noqa: PLW0603 - a lock cannot be released by another thread
    _REGISTRY_GUARD = Lock()
    for record in _REGISTRY.values():
        record.renew_locks()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)
