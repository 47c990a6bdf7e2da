"""Writing files around the system's cache, once more is written than is likely to be read again soon.

A file that goes through the cache takes as much memory as it has bytes. Many gigabytes push out what other programs
keep there, count against the limit of a container, and on a virtual machine take memory that its host has to find
first, which may take ten times as long as the writing. Where the system or the file system does not offer it, files go
through the cache as ever.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.storage.hashing import Blob

CACHED_BYTES: Final = 16 << 20
"""So much of what one writer writes goes through the cache: a table with few images is looked at next."""
_ALIGNED: Final = max(4096, mmap.PAGESIZE)
"""What position, length and address of such a write must be multiples of; no disk asks for more."""
_BUFFER_BYTES: Final = 4 << 20
_FLAG: Final = getattr(os, "O_DIRECT", 0)


class AroundCache:
    """What the files of one writer share, which are written one after the other by one thread."""

    __slots__ = ("_buffer", "_is_offered", "_left")

    def __init__(self, cached: int = CACHED_BYTES) -> None:
        """Let the first `cached` bytes go through the cache."""
        self._left = cached
        self._is_offered = bool(_FLAG)
        self._buffer: mmap.mmap | None = None

    def note(self, size: int) -> None:
        """Hear of bytes that went through the cache."""
        self._left -= size

    def open(self, path: str | os.PathLike[str], plain: int, written: int) -> DirectFile | None:
        """Go on with a file around the cache; None if it is to go through it.

        Args:
            path: the file.
            plain: it, open for writing.
            written: how many bytes it has.

        """
        if self._left > 0 or not self._is_offered:
            return None
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | _FLAG)
        except OSError:  # what is wrong with the file itself, writing it tells
            self._is_offered = False
            return None
        if self._buffer is None:
            self._buffer = mmap.mmap(-1, _BUFFER_BYTES)
        return DirectFile(fd, plain, written, self._buffer)


class DirectFile:
    """The rest of a file, written in whole pages of the disk; the bytes at both ends go through the cache."""

    __slots__ = ("_array", "_buffer", "_fd", "_filled", "_head", "_offset", "_plain")

    def __init__(self, fd: int, plain: int, offset: int, buffer: mmap.mmap) -> None:
        """Go on at `offset`; see `AroundCache.open`."""
        self._fd, self._plain, self._offset = fd, plain, offset
        self._head = -offset % _ALIGNED
        self._buffer, self._filled = memoryview(buffer), 0
        self._array = np.frombuffer(buffer, np.uint8)

    def write(self, blocks: Sequence[Blob]) -> None:
        """Append blocks; some of them may be written by `end` only."""
        for block in blocks:
            view = memoryview(block).cast("B")
            if self._head:
                head = view[: self._head]
                self._write_plain(head)
                self._head -= len(head)
                view = view[len(head) :]
            while len(view):
                part = view[: len(self._buffer) - self._filled]
                end = self._filled + len(part)
                np.copyto(self._array[self._filled : end], np.frombuffer(part, np.uint8))  # without the lock
                self._filled = end
                view = view[len(part) :]
                if end == len(self._buffer):
                    self._flush(end)

    def end(self) -> None:
        """Write what is left, and close the file."""
        filled = self._filled
        whole = filled // _ALIGNED * _ALIGNED
        self._flush(whole)
        self._write_plain(self._buffer[whole:filled])
        self.close()

    def close(self) -> None:
        """Close the file, which is of no use if it was not ended."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = -1

    def _flush(self, size: int) -> None:
        done = 0
        if size:
            try:
                done = os.pwrite(self._fd, self._buffer[:size], self._offset)
            except OSError as error:
                if error.errno != errno.EINVAL:  # some file systems take the flag, and not the writes
                    raise
        self._offset += done
        self._filled = 0
        self._write_plain(self._buffer[done:size])

    def _write_plain(self, view: memoryview) -> None:
        while len(view):
            done = os.pwrite(self._plain, view, self._offset)
            self._offset += done
            view = view[done:]
