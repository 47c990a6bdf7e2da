"""The process of a worker: runs one task after another until its parent closes the pipe.

It stands alone: it is started with the interpreter's command line, and imports what a task names.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import queue
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from wbtable.errors import CancelledError, LimitError, WbtableError
from wbtable.query.duck_library import duck
from wbtable.query.worker_frames import ARROW, END, ERROR, PROGRESS, READY, VALUE, error_to_json, write_frame

if TYPE_CHECKING:
    from collections.abc import Callable

_PER_THREAD: Final = 64 << 20
_PIECE: Final = 1 << 20
_FILES: Final = 1 << 14


class Control:
    """What a task is handed first: how it is interrupted, and how it says how far it is.

    Attributes:
        memory_limit: the bytes that the engine may use.
        threads: how many threads it may use.

    """

    def __init__(self, memory_limit: int, threads: int, say: Callable[[float], None]) -> None:
        """Start a task."""
        self.memory_limit = memory_limit
        self.threads = threads
        self._say = say
        self._guard = threading.Lock()
        self._interrupts: list[Callable[[], object]] = []
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        """Whether the parent wants no answer any more."""
        return self._cancelled

    def on_cancel(self, interrupt: Callable[[], object]) -> None:
        """Call `interrupt` from another thread when the task is cancelled, at once if it is already."""
        with self._guard:
            self._interrupts.append(interrupt)
            late = self._cancelled
        if late:
            interrupt()

    def cancel(self) -> None:
        """Interrupt the task."""
        with self._guard:
            self._cancelled = True
            found = list(self._interrupts)
        for interrupt in found:
            with contextlib.suppress(Exception):  # the connection may be closed by now
                interrupt()

    def check(self) -> None:
        """Raise if the task was cancelled.

        Raises:
            CancelledError: it was.

        """
        if self._cancelled:
            raise CancelledError("the query was cancelled")

    def progress(self, done: float) -> None:
        """Say which part of the work, from 0 to 1, is done."""
        self._say(done)


class _Framed(io.RawIOBase):
    """A file whose writes become frames."""

    def __init__(self, send: Callable[[bytes, bytes | memoryview], None]) -> None:
        self._send = send
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        view = memoryview(data).cast("B")
        self._waiting += view
        if len(self._waiting) >= _PIECE:
            self.empty()
        return len(view)

    def empty(self) -> None:
        if self._waiting:
            self._send(ARROW, bytes(self._waiting))
            self._waiting.clear()


def limit_memory(memory_limit: int, threads: int) -> int | None:
    """Bound this process's memory by what it has now and what a query may need; None where that cannot be.

    Files that are mapped to be read do not count (RLIMIT_DATA, not RLIMIT_AS): those of a hundred million rows are
    larger than what any query may use, and the system takes their pages back when it needs them.
    """
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text("ascii").split()[5])
    except (ImportError, OSError):
        return None
    limit = pages * resource.getpagesize() + 3 * memory_limit + threads * _PER_THREAD
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    return limit


def open_many_files() -> None:
    """Let this process have as many files open as the system lets it: mapped columns are one file a fragment."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _warm_up(threads: int) -> None:
    """Load what every query needs, so that the first is as quick as the others and the limit starts behind it."""
    import pyarrow as pa

    con = duck().connect(config={"threads": threads})
    con.sql("SELECT 1 AS a").to_arrow_table()
    con.close()
    pa.set_cpu_count(max(1, threads))


def _find(name: str) -> Callable[..., Any]:
    import importlib

    module, _, function = name.partition(":")
    return cast("Callable[..., Any]", getattr(importlib.import_module(module), function))


class Process:
    """The loop of the process."""

    def __init__(self, source: BinaryIO, sink: BinaryIO, settings: dict[str, Any]) -> None:
        """Serve the tasks that come from `source`, and answer on `sink`."""
        self._source = source
        self._sink = sink
        self._memory_limit = int(settings["memory_limit"])
        self._threads = int(settings["threads"])
        self._tasks: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._writing = threading.Lock()
        self._guard = threading.Lock()
        self._current: tuple[int, Control] | None = None
        self._gone: set[int] = set()

    def _send(self, kind: bytes, task: int, data: bytes | memoryview = b"") -> None:
        with self._writing:
            write_frame(self._sink, kind, task, data)

    def _listen(self) -> None:
        """Take orders; the end of the pipe is the end of the process, whatever it is doing."""
        for line in self._source:
            order = json.loads(line)
            if "cancel" in order:
                with self._guard:
                    self._gone.add(order["cancel"])
                    current = self._current
                if current is not None and current[0] == order["cancel"]:
                    current[1].cancel()
            else:
                self._tasks.put(order)
        os._exit(0)

    def serve(self) -> None:
        """Run tasks until the pipe ends."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._send(READY, 0, json.dumps({"pid": os.getpid()}).encode())
        while (order := self._tasks.get()) is not None:
            self._run(order)

    def _run(self, order: dict[str, Any]) -> None:
        number = int(order["task"])
        control = Control(
            self._memory_limit, self._threads, lambda done: self._send(PROGRESS, number, json.dumps(done).encode())
        )
        with self._guard:
            self._current = (number, control)
            if number in self._gone:
                control.cancel()
        try:
            control.check()
            self._answer(number, _find(order["function"])(control, **order["arguments"]))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
            self._send(ERROR, number, json.dumps(error_to_json(self._named(error, control))).encode())
        finally:
            with self._guard:
                self._current = None
                self._gone.discard(number)
        self._send(END, number)

    def _named(self, error: BaseException, control: Control) -> BaseException:
        if control.cancelled and not isinstance(error, CancelledError):
            return CancelledError("the query was cancelled")
        out_of_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException"
        if out_of_memory and not isinstance(error, WbtableError):
            return LimitError(
                f"the query needs more than the {self._memory_limit >> 20} MB of memory that it may use: ask for fewer "
                "rows, columns or groups, or raise the limit"
            )
        return error

    def _answer(self, number: int, result: Any) -> None:
        import pyarrow as pa

        if not hasattr(result, "__arrow_c_stream__"):
            self._send(VALUE, number, json.dumps(result).encode())
            return
        reader = pa.RecordBatchReader.from_stream(result)
        framed = _Framed(lambda kind, data: self._send(kind, number, data))
        with pa.ipc.new_stream(pa.PythonFile(framed, "w"), reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
        framed.empty()


def main() -> None:
    """Serve on standard input and output; what else is printed goes to standard error."""
    settings = json.loads(sys.argv[1])
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)
    if settings["background"] and hasattr(os, "nice"):
        os.nice(10)
    open_many_files()
    _warm_up(int(settings["threads"]))
    limit_memory(int(settings["memory_limit"]), int(settings["threads"]))
    Process(source, sink, settings).serve()
