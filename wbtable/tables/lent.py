"""Files in Python that Arrow's threads read ahead, until their owner takes them back."""

from __future__ import annotations

import contextlib
import io
from threading import RLock
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE: Final = 10.0
"""Seconds that the owner waits for a read that is under way; a distant place may take long."""


@contextlib.contextmanager
def lent(file: BinaryIO) -> Iterator[Lent]:
    """Give a file that nobody reads any more once the block has ended.

    What reads ahead goes on where rows are wanted no more, as behind an error. A thread that is in Python when the
    interpreter ends takes the whole process with it, as a crash.
    """
    held = Lent(file)
    try:
        yield held
    finally:
        held.take_back()


class Lent(io.RawIOBase):
    """A file as it is, at its end as soon as it was taken back; closing this leaves it open.

    Attributes:
        reading: held by each read, and by what a file around this one does with what was read.

    """

    def __init__(self, file: BinaryIO) -> None:
        """Read nothing yet."""
        super().__init__()
        self.reading = RLock()
        self._file, self._is_back = file, False

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Whether the file is."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to another place of the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return where in the file the next read begins."""
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        """Read from the file; nothing once it was taken back."""
        with self.reading:
            return b"" if self._is_back else self._file.read(size)

    def take_back(self) -> None:
        """Let no read begin, and wait for the one that is under way."""
        self._is_back = True
        if self.reading.acquire(timeout=PATIENCE):
            self.reading.release()
