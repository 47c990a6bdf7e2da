"""Worker processes: where queries of strangers run, bounded in time and memory.

A query's text is never trusted to end, nor to fit into memory: the grammar bounds what it can ask for, and a worker
what it can use. Each worker runs one task at a time. A task that is cancelled, or past its deadline, is interrupted;
where it goes on for half a second more, its process is killed and another one started.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self, cast

from wbtable.errors import CancelledError, LimitError, UsageError, WbtableError
from wbtable.query.worker_frames import ARROW, END, ERROR, PROGRESS, READY, VALUE, Frame, error_from_json, read_frame
from wbtable.query.worker_memory import resident_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    Task = Callable[..., Any] | str
    """What a worker runs: a function of a module, or ``module:function``."""

GRACE: Final = 0.5
"""Seconds between interrupting a task and killing its process."""
_TICK: Final = 0.02
_START: Final = 60.0
_WATCH: Final = 0.2
_WAITING_FRAMES: Final = 16
_CODE: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); from wbtable.query.worker_process import main; main()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the tasks of a worker may use.

    Attributes:
        deadline: seconds of a task.
        memory_limit: bytes that the engine may use before it spills; the process may use about three times that.
        threads: threads of the engine.
        result_bytes: the largest answer.
        background: whether the process runs at low priority.

    """

    deadline: float
    memory_limit: int = 1 << 30
    threads: int = 0
    result_bytes: int = 256 << 20
    background: bool = False

    def __post_init__(self) -> None:
        """Refuse limits within which nothing can run."""
        if self.deadline <= 0 or self.memory_limit < 1 << 20 or self.threads < 0 or self.result_bytes < 1:
            raise UsageError(f"expected a deadline over 0 s, memory of at least 1 MB and a result, found {self}")


INTERACTIVE: Final = Limits(deadline=10.0)
BACKGROUND: Final = Limits(deadline=600.0, background=True)


class DeadlineError(LimitError):
    """A task took longer than it may."""


class _Running:
    """A process that was started, and what it says."""

    def __init__(self, limits: Limits) -> None:
        settings = {
            "memory_limit": limits.memory_limit,
            "threads": limits.threads or os.cpu_count() or 1,
            "background": limits.background,
        }
        command = [sys.executable, "-c", _CODE, json.dumps(settings), json.dumps(sys.path)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
        self.frames: queue.Queue[Frame | None] = queue.Queue(_WAITING_FRAMES)
        self.stopped = threading.Event()
        self.ready = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        frame: Frame | None = None
        while not self.stopped.is_set():
            with contextlib.suppress(OSError, ValueError):
                frame = read_frame(cast("BinaryIO", self.process.stdout))
            while not self.stopped.is_set():
                try:
                    self.frames.put(frame, timeout=_WATCH)
                    break
                except queue.Full:
                    continue
            if frame is None:
                return
            frame = None

    def order(self, order: dict[str, Any]) -> None:
        """Send an order.

        Raises:
            OSError: the process is gone.

        """
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def stop(self) -> None:
        """Kill the process and close its pipes."""
        self.stopped.set()
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()


@dataclass(slots=True)
class _Progress:
    """A task under way, seen from the parent."""

    number: int
    ends: float
    asked: float | None = None
    """When it was asked to stop."""
    late: bool = False
    size: int = 0
    error: Exception | None = None
    value: Any = None


class Worker:
    """One process that runs one task at a time; further callers wait. It starts with the first task.

    Safe to use from several threads. Close it, or leave it to the end of the program.

    Attributes:
        limits: what a task may use.

    """

    def __init__(self, limits: Limits = INTERACTIVE, *, watch_memory: bool | None = None) -> None:
        """Prepare a worker.

        Args:
            limits: what a task may use.
            watch_memory: whether this process watches the worker's memory and kills it beyond three times the limit;
                None: where the system cannot bound it.

        """
        self.limits = limits
        self._watch = not sys.platform.startswith("linux") if watch_memory is None else watch_memory
        self._guard = threading.Lock()
        self._running: _Running | None = None
        self._numbers = itertools.count(1)

    def start(self) -> None:
        """Start the process, if it is not running, without waiting until it is ready."""
        with self._guard:
            self._process()

    def _process(self) -> _Running:
        if self._running is None or self._running.process.poll() is not None:
            if self._running is not None:
                self._running.stop()
            self._running = _Running(self.limits)
        return self._running

    def _restart(self) -> None:
        """Replace the process; the next is warm when it is needed. A worker that was closed meanwhile stays so."""
        if self._running is not None:
            self._running.stop()
            self._running = _Running(self.limits)

    def close(self) -> None:
        """End the process; a task that is running fails."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    @property
    def pid(self) -> int | None:
        """The id of the process, None if there is none."""
        return None if self._running is None else self._running.process.pid

    def run(
        self,
        function: Task,
        /,
        *,
        cancelled: threading.Event | None = None,
        progress: Callable[[float], object] | None = None,
        **arguments: Any,
    ) -> Any:
        """Run a function in the worker and return what it returns.

        Args:
            function: a function of a module, or its name as ``module:function``, which spares this process to load it;
                it gets a `Control` first.
            cancelled: set it, from any thread, to cancel.
            progress: is called with the part that is done, from 0 to 1.
            **arguments: what else the function gets, as JSON has it.

        Returns:
            An Arrow table for anything with Arrow's C stream, else a JSON value.

        Raises:
            CancelledError: it was cancelled.
            LimitError: it took longer, or more memory, or gave a larger result, than it may.
            WbtableError: what the function raised.

        """
        name = function if isinstance(function, str) else f"{function.__module__}:{function.__qualname__}"
        with self._guard:
            if cancelled is not None and cancelled.is_set():
                raise CancelledError("the query was cancelled")
            running = self._process()
            self._wait_ready(running)
            task = _Progress(number=next(self._numbers), ends=time.monotonic() + self.limits.deadline)
            pieces: list[bytes] = []
            try:
                running.order({"task": task.number, "function": name, "arguments": arguments})
                self._follow(running, task, pieces, cancelled, progress)
            except (OSError, ValueError, _LostError):  # ValueError: its pipes were closed
                self._restart()
                raise self._lost(running) from None
            except BaseException:
                self._restart()
                raise
        if task.error is not None:
            raise task.error
        return _table(pieces) if pieces else task.value

    def _wait_ready(self, running: _Running) -> None:
        if running.ready:
            return
        frame: Frame | None = None
        ends = time.monotonic() + _START
        # A worker may be closed while it starts: who waits for it goes at once.
        while time.monotonic() < ends and not running.stopped.is_set():
            with contextlib.suppress(queue.Empty):
                frame = running.frames.get(timeout=_TICK)
                break
        if frame is None or frame.kind != READY:
            running.stop()
            self._running = None
            raise WbtableError(f"the query worker did not start (exit code {running.process.returncode})")
        running.ready = True

    def _follow(
        self,
        running: _Running,
        task: _Progress,
        pieces: list[bytes],
        cancelled: threading.Event | None,
        progress: Callable[[float], object] | None,
    ) -> None:
        """Read what the process says until the task ends."""
        watched = 0.0
        while True:
            now = time.monotonic()
            self._hurry(running, task, now, cancelled)
            if self._watch and now - watched > _WATCH:
                watched = now
                self._weigh(running)
            try:
                frame = running.frames.get(timeout=_TICK)
            except queue.Empty:
                continue
            if frame is None:
                raise _LostError
            if frame.task != task.number:
                continue
            if frame.kind == END:
                if task.asked is not None and task.error is None:
                    # It ended in the moment between; the answer is whole, but nobody wants it, or it came too late.
                    task.error = self._stopped(task)
                elif task.late and isinstance(task.error, CancelledError):
                    task.error = self._stopped(task)
                return
            self._take(task, frame, pieces, progress)

    def _take(
        self, task: _Progress, frame: Frame, pieces: list[bytes], progress: Callable[[float], object] | None
    ) -> None:
        if frame.kind == PROGRESS and progress is not None:
            progress(float(frame.json()))
        elif frame.kind == ERROR:
            task.error = error_from_json(frame.json())
        elif frame.kind == VALUE:
            task.value = frame.json()
        elif frame.kind == ARROW:
            task.size += len(frame.data)
            if task.size > self.limits.result_bytes:
                raise LimitError(
                    f"the result is larger than {self.limits.result_bytes >> 20} MB: ask for a window of it, or for "
                    "fewer columns, or export it to a file"
                )
            pieces.append(frame.data)

    def _hurry(self, running: _Running, task: _Progress, now: float, cancelled: threading.Event | None) -> None:
        """Interrupt a task that is cancelled or late; give up on one that does not stop."""
        if task.asked is None:
            task.late = now > task.ends
            if task.late or (cancelled is not None and cancelled.is_set()):
                task.asked = now
                running.order({"cancel": task.number})
        elif now - task.asked > GRACE:
            raise self._stopped(task)

    def _stopped(self, task: _Progress) -> WbtableError:
        if not task.late:
            return CancelledError("the query was cancelled")
        return DeadlineError(
            f"the query took longer than the {self.limits.deadline:g} s that it may: filter first, ask for fewer "
            "groups or columns, or raise the limit"
        )

    def _weigh(self, running: _Running) -> None:
        found = resident_bytes(running.process.pid)
        if found is not None and found > 3 * self.limits.memory_limit + (256 << 20):
            raise LimitError(self._too_large())

    def _too_large(self) -> str:
        return (
            f"the query needs more than the {self.limits.memory_limit >> 20} MB of memory that it may use: ask for "
            "fewer rows, columns or groups, or raise the limit"
        )

    def _lost(self, running: _Running) -> WbtableError:
        """Say why the process is gone: most often because memory was refused in a place that cannot go on."""
        code = running.process.returncode
        return LimitError(f"{self._too_large()} (the worker ended with exit code {code}; another one is started)")


class _LostError(Exception):
    """The process is gone."""


def _table(pieces: list[bytes]) -> pa.Table:
    import pyarrow as pa

    return pa.ipc.open_stream(pa.py_buffer(pieces[0] if len(pieces) == 1 else b"".join(pieces))).read_all()


class Workers:
    """The two workers of a server: one for what somebody waits for, one of low priority for what may take long.

    Attributes:
        interactive: has a deadline of 10 seconds.
        background: has a deadline of 10 minutes, and low priority.

    """

    def __init__(self, interactive: Limits = INTERACTIVE, background: Limits = BACKGROUND) -> None:
        """Prepare both; each starts with its first task, or with :meth:`start`."""
        self.interactive = Worker(interactive)
        self.background = Worker(background)

    def start(self) -> None:
        """Start both, without waiting."""
        self.interactive.start()
        self.background.start()

    def close(self) -> None:
        """End both."""
        self.interactive.close()
        self.background.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End both."""
        self.close()
