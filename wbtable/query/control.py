"""Cancelling a query from another thread, and hearing how far it is."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Protocol

from wbtable.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable


class Control(Protocol):
    """What a running query looks at: whether it is still wanted, and what it may use.

    Attributes:
        memory_limit: the bytes that the engine may use before it spills; 0: a part of the machine's.
        threads: the threads that it may use; 0: one a core.

    """

    memory_limit: int
    threads: int

    @property
    def cancelled(self) -> bool:
        """Whether nobody wants the answer any more."""

    def on_cancel(self, interrupt: Callable[[], object]) -> None:
        """Call `interrupt` from another thread when the query is cancelled, at once if it is already."""

    def check(self) -> None:
        """Raise CancelledError if the query was cancelled."""

    def progress(self, done: float) -> None:
        """Hear which part of the work, from 0 to 1, is done."""


class QueryControl:
    """The control of queries in this process.

    Attributes:
        memory_limit: as in `Control`.
        threads: as in `Control`.

    """

    def __init__(
        self, memory_limit: int = 0, threads: int = 0, on_progress: Callable[[float], object] | None = None
    ) -> None:
        """Start a control; `on_progress` is called from another thread."""
        self.memory_limit = memory_limit
        self.threads = threads
        self._on_progress = on_progress
        self._guard = threading.Lock()
        self._interrupts: list[Callable[[], object]] = []
        self._cancelled = False

    @property
    def wants_progress(self) -> bool:
        """Whether anybody listens."""
        return self._on_progress is not None

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def on_cancel(self, interrupt: Callable[[], object]) -> None:
        """See `Control.on_cancel`."""
        with self._guard:
            self._interrupts = [found for found in self._interrupts if not getattr(found, "is_over", False)]
            self._interrupts.append(interrupt)
            late = self._cancelled
        if late:
            interrupt()

    def cancel(self) -> None:
        """Interrupt what runs, and refuse what has not begun."""
        with self._guard:
            self._cancelled = True
            found = list(self._interrupts)
        for interrupt in found:
            with contextlib.suppress(Exception):  # it may have ended by now
                interrupt()

    def check(self) -> None:
        """Raise if the query was cancelled.

        Raises:
            CancelledError: it was.

        """
        if self._cancelled:
            msg = "the query was cancelled"
            raise CancelledError(msg)

    def progress(self, done: float) -> None:
        """See `Control.progress`."""
        if self._on_progress is not None:
            self._on_progress(done)


class Share:
    """The control of a part of a query's work: says how far the whole is.

    Attributes:
        memory_limit: as in `Control`.
        threads: as in `Control`.

    """

    def __init__(self, whole: Control, start: float, end: float, *, watched: bool = True) -> None:
        """Let the work from `start` to `end` of `whole` be controlled.

        Args:
            whole: controls all of it.
            start: the part that is done before.
            end: the part that is done afterwards.
            watched: whether the engine says how far it is; else who uses it knows better.

        """
        self.memory_limit = whole.memory_limit
        self.threads = whole.threads
        self._whole = whole
        self._start = start
        self._size = end - start
        self._watched = watched

    @property
    def wants_progress(self) -> bool:
        """Whether anybody listens."""
        return self._watched and getattr(self._whole, "wants_progress", True)

    @property
    def cancelled(self) -> bool:
        """See `Control.cancelled`."""
        return self._whole.cancelled

    def on_cancel(self, interrupt: Callable[[], object]) -> None:
        """See `Control.on_cancel`."""
        self._whole.on_cancel(interrupt)

    def check(self) -> None:
        """See `Control.check`."""
        self._whole.check()

    def progress(self, done: float) -> None:
        """Say which part of this work is done."""
        self._whole.progress(self._start + self._size * done)
