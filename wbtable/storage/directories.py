"""Directories whose entries are not durable yet (spec: 03-store-layout, LOCAL-3).

One fsync makes all the new entries of a directory durable, so it is left until something relies on them:
the creation of a record, or a `sync`. What is pending is kept per folder of this process, because
a commit relies on objects that another backend object for the same folder has put.
"""

from __future__ import annotations

import os
from threading import Lock


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

    def flush(self) -> None:
        """Return once every entry noted before the call is durable.

        Raises:
            OSError: a directory could not be synced; it and the rest stay noted.

        """
        # The lock is held throughout: who comes second must wait for the entries that the first is syncing.
        with self._flushing:
            with self._guard:
                todo, self._pending = list(self._pending), {}
            for i, directory in enumerate(todo):
                try:
                    _fsync_directory(directory)
                except FileNotFoundError:
                    continue
                except OSError:
                    for left in todo[i:]:
                        self.add(left)
                    raise


def _fsync_directory(directory: str) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


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
