"""Progress on stderr, shown only on a terminal and only for what takes longer than half a second."""

from __future__ import annotations

import sys
import time
from threading import Lock
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

DELAY: Final = 0.5
_EVERY: Final = 0.1


class Progress:
    """Counts what is done; a context manager. Safe to advance from several threads."""

    __slots__ = ("_done", "_lock", "_next", "_shown", "_stream", "_total", "_unit", "_what")

    def __init__(self, what: str, unit: str, total: int | None = None) -> None:
        """Say what is done (``reading``), to what (``files``), and how many there are if that is known."""
        self._what, self._unit, self._total = what, unit, total
        self._done = 0
        self._shown = False
        self._lock = Lock()
        self._stream = sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None
        self._next = time.monotonic() + DELAY

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and self._stream is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def advance(self, count: int = 1) -> None:
        """Count `count` more."""
        if self._stream is None:
            return
        with self._lock:
            self._done += count
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + _EVERY
            self._shown = True
            of = "" if self._total is None else f" of {self._total:,}"
            self._stream.write(f"\r\x1b[Kwbtable: {self._what} {self._done:,}{of} {self._unit}")
            self._stream.flush()
