"""Open files, kept open for the next read: a bounded cache of descriptors."""

from __future__ import annotations

import contextlib
import os
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from collections.abc import Callable

_LIMIT = 64


class OpenFile:
    """One file, open for reading; closed when nobody holds it.

    Attributes:
        fd: its descriptor. Reads give the offset, so threads and forks may share it.
        size: its length in bytes when it was opened; objects never change.

    """

    __slots__ = ("fd", "size")

    def __init__(self, path: str) -> None:
        """Open a file.

        Raises:
            NotFoundError: it does not exist.
            StorageError: it cannot be opened.

        """
        self.fd = -1
        with explained(f"read {path}"):
            self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            self.size = os.fstat(self.fd).st_size

    def __del__(
        self,
        close: Callable[[int], None] = os.close,
        suppress: type[contextlib.suppress] = contextlib.suppress,
    ) -> None:
        """Close the file; what that needs is held here, for at the interpreter's end modules lose their names."""
        if self.fd >= 0:
            with suppress(OSError):
                close(self.fd)


class OpenFiles:
    """The files read last; an evicted one stays open as long as a reader holds it."""

    def __init__(self, limit: int = _LIMIT) -> None:
        """Keep at most `limit` files open."""
        self._limit = limit
        self._guard = Lock()
        self._files: OrderedDict[str, OpenFile] = OrderedDict()

    def get(self, path: str) -> OpenFile:
        """Return a file, opened now or before; hold it for as long as its descriptor is used."""
        with self._guard:
            file = self._files.get(path)
            if file is not None:
                self._files.move_to_end(path)
                return file
        file = OpenFile(path)
        with self._guard:
            file = self._files.setdefault(path, file)  # another thread may have been first
            self._files.move_to_end(path)
            while len(self._files) > self._limit:
                self._files.popitem(last=False)
        return file

    def forget(self, path: str) -> None:
        """Open a file anew at its next use: it was found damaged, and may be mended."""
        with self._guard:
            self._files.pop(path, None)
