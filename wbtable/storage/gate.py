"""A bound on how many bytes are on their way at once."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ByteGate:
    """Lets at most so many bytes through at a time; what is larger than that passes alone."""

    def __init__(self, most: int) -> None:
        """Let `most` bytes through at a time."""
        self._most = most
        self._inside = 0
        self._change = Condition()

    @contextmanager
    def hold(self, size: int) -> Iterator[None]:
        """Wait until there is room for `size` bytes, and hold it within the block."""
        with self._change:
            self._change.wait_for(lambda: not self._inside or self._inside + size <= self._most)
            self._inside += size
        try:
            yield
        finally:
            with self._change:
                self._inside -= size
                self._change.notify_all()
