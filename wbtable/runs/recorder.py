"""Takes rows from the training loop at once and writes them from a thread (spec: 14-runs, RUN-3, RUN-9).

The loop appends to a list under a lock; a thread turns the list into a Parquet segment at most a second later and
creates it in the store. A store that fails is warned of once, tried again, and never stops the loop.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from wbtable.errors import StorageError, WbtableError
from wbtable.format.layout import HEADER
from wbtable.format.run_history import Row, make_segment, write_segment
from wbtable.runs.console import warn
from wbtable.runs.files import is_transient
from wbtable.runs.spool import Spool, spool_root
from wbtable.storage.pool import begins

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.format.digest import Descriptor
    from wbtable.format.run_record import RunSummary
    from wbtable.runs.files import RunFiles

INTERVAL: Final = 0.7
"""Seconds that rows wait for others; with the time to write them it stays below one second (RUN-3)."""
HEARTBEAT: Final = 30.0
"""Seconds after which a quiet run shows that it lives (RUN-7)."""
MAX_VALUES: Final = 1 << 20
"""With so many values in memory the loop itself turns them into bytes: bounded, and without waiting for storage."""
_SLOWEST_RETRY: Final = 60.0


class Recorder:
    """Writes one run's rows and summary. Safe to use from several threads.

    Attributes:
        files: the run's files.
        owner: whether this process writes the summary; a forked child does not.
        drain: waits for jobs that will add rows.
        settled: is told how many leased rows segments have now.

    """

    def __init__(self, files: RunFiles, summarize: Callable[[], RunSummary], *, owner: bool = True) -> None:
        """Write nothing yet; the thread starts with the first row."""
        self.files = files
        self.owner = owner
        self._summarize = summarize
        self._spool = Spool(spool_root(files.project, files.id), files.backend.url)
        self.drain: Callable[[], None] = _nothing
        self.settled: Callable[[int], None] = _ignore
        self._header = files.backend.local_path(HEADER)
        self.reset()

    def reset(self) -> None:
        """Forget all rows and the thread: in a forked child they belong to the parent."""
        self._lock = threading.Lock()
        self._io = threading.Lock()
        self._encoding = threading.Lock()
        self._wake = threading.Event()
        self._awake = False
        self._rows: list[Row] = []
        self._refs: list[Descriptor] = []
        self._leased = 0
        self._encoded = 0
        self._values = 0
        self._dirty = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._failing = False
        self._retry_at = 0.0
        self._retry_after = 1.0
        self._beat = time.monotonic()
        self._spool = Spool(self._spool.directory, self.files.backend.url)

    # What the training loop calls.

    def add(self, row: Row, count: int) -> None:
        """Take a row of `count` values; it is written within a second."""
        with self._lock:
            self._rows.append(row)
            self._values += count
            if self._awake and self._values < MAX_VALUES:
                return
            full = self._values >= MAX_VALUES
        if full:
            self._encode()
        self._rouse()

    def add_cells(self, row: Row, refs: list[Descriptor], *, leased: bool = False) -> None:
        """Take a row whose cells name objects that are in the store, under a lease or not."""
        with self._lock:
            self._refs.extend(refs)
        self.add(row, len(row.values))
        # Behind the row: counted late, its lease only stays a little longer.
        with self._lock:
            self._leased += leased

    def touch(self) -> None:
        """Have the summary written within a second."""
        self._dirty = True
        if not self._awake:
            self._rouse()

    def _rouse(self) -> None:
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._stopping:
                    thread = threading.Thread(target=self._run, name="wbtable-run", daemon=True)
                    # Without one `finish` writes it all.
                    if begins(thread):
                        self._thread = thread
                    self._flush_at_the_end_of_a_child()
        self._awake = True
        self._wake.set()

    def _flush_at_the_end_of_a_child(self) -> None:
        """Have a child of multiprocessing write what waits before it ends: it skips atexit (RUN-9)."""
        util = sys.modules.get("multiprocessing.util")
        if not self.owner and util is not None:
            util.Finalize(None, self._end_child, exitpriority=10)

    def _end_child(self) -> None:
        self.drain()
        self.flush()

    # The thread.

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(HEARTBEAT)
            if self._stopping:
                return
            if self._wake.is_set():
                time.sleep(INTERVAL)
            if self._stopping:
                return
            self._wake.clear()
            self._awake = False
            try:
                self.flush()
            except Exception as error:  # noqa: BLE001 - the thread must outlive any surprise, and say so
                self._warn_failing(error)
            if self._failing:
                # Try again without waiting for a further row.
                self._wake.set()

    def flush(self) -> bool:
        """Write what was taken so far; return whether the store has all of it. Never raises for a failing store."""
        with self._io:
            self._encode()
            if self._failing and time.monotonic() < self._retry_at and not self._stopping:
                self._spool.save()
                return False
            try:
                self._send()
            except WbtableError as error:
                if not is_transient(error):
                    raise
                self._fail(error)
                return False
            except OSError as error:
                self._fail(error)
                return False
            self._recovered()
            return True

    def _encode(self) -> None:
        # Held until the bytes are queued, so that segments keep the order of their rows; never while storage works.
        with self._encoding:
            with self._lock:
                rows, self._rows = self._rows, []
                refs, self._refs = self._refs, []
                leased, self._leased = self._leased, 0
                self._values = 0
            if rows:
                self._dirty = True
                self._spool.add(write_segment(make_segment(rows, refs)))
            with self._lock:
                self._encoded += leased

    def _send(self) -> None:
        if self._header is not None and not self._header.exists():
            msg = f"the store is gone: {self._header} does not exist any more"
            raise StorageError(msg)
        with self._lock:
            leased = self._encoded
        while len(self._spool):
            self.files.add_segment(self._spool.first())
            self._spool.pop()
        with self._lock:
            self._encoded -= leased
        if leased:
            self.settled(leased)
        due = time.monotonic() - self._beat >= HEARTBEAT
        if self.owner and (self._dirty or due):
            self._dirty = False
            try:
                self.files.write_summary(self._summarize())
            except (WbtableError, OSError):
                self._dirty = True
                raise
            self._beat = time.monotonic()

    def _fail(self, error: BaseException) -> None:
        self._spool.save()
        self._retry_at = time.monotonic() + self._retry_after
        self._retry_after = min(self._retry_after * 2, _SLOWEST_RETRY)
        self._warn_failing(error)

    def _warn_failing(self, error: BaseException) -> None:
        if not self._failing:
            self._failing = True
            warn(f"run {self.files.id}: the store does not take the history, trying again while you go on: {error}")

    def _recovered(self) -> None:
        if self._failing:
            self._failing = False
            self._retry_after = 1.0
            warn(f"run {self.files.id}: the store takes the history again; nothing is missing")

    # The end.

    def close(self, patience: float) -> bool:
        """Write all, trying for `patience` seconds; stop the thread; return whether the store has all of it."""
        deadline = time.monotonic() + patience
        self._stopping = True
        self._wake.set()
        done = self._flush_at_the_end()
        while not done and time.monotonic() < deadline:
            time.sleep(min(0.5, patience))
            done = self._flush_at_the_end()
        if not done:
            with self._io:
                self._spool.save()
            lost = f"; {self._spool.dropped} segments found no room and are lost" if self._spool.dropped else ""
            warn(f"run {self.files.id}: {len(self._spool)} history segments wait in {self._spool.directory}{lost}")
        return done

    def _flush_at_the_end(self) -> bool:
        try:
            return self.flush()
        except Exception as error:  # noqa: BLE001 - the end of a run must not hide what the program itself raised
            self._warn_failing(error)
            return False


def _ignore(_count: int) -> None:
    """Tell nobody."""


def _nothing() -> None:
    """Wait for nothing."""
