"""Queries that run: in workers, ended when nobody waits any more."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import LimitError, WbtableError
from wbtable.query.worker import BACKGROUND, INTERACTIVE, Limits, Worker
from wbtable.viewer.prepare import load, load_rest, prepare
from wbtable.viewer.task_names import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from wbtable.format.documents import Json
    from wbtable.query.worker import Task

MEDIA: Final = Limits(deadline=30.0, memory_limit=512 << 20, threads=1)
"""What decoding one blob may take."""
ORDERS: Final = Limits(deadline=6 * 3600.0, background=True)
"""What finding an order may take: who waits sees how far it is, and may cancel it."""
RUNS: Final = Limits(deadline=60.0, threads=1)
"""What picking runs by an expression may take: those of a distant store are read first."""
MAX_WAITING: Final = 256
"""The most queries that run or wait."""
QUIET: Final = 3.0
"""Seconds after which what is not needed for the first rows is started, if nobody has asked for rows."""
SOON: Final = 0.3
"""Seconds after the first rows until the worker that gave them loads what else it may be asked: the browser draws."""
IDLE: Final = 2.0
"""Seconds without rows until the other workers start: each takes most of a second of a processor."""
_LATER: Final = ("background", "summaries")
_PREFIX: Final = "\0"


class Running:
    """A query that runs, or waits for its turn."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.started = time.monotonic()
        self.done: float | None = None

    def progress(self, done: float) -> None:
        """Hear how far it is."""
        self.done = done


class Jobs:
    """The workers of a server, and what they are doing."""

    def __init__(
        self, interactive: Limits | None = None, background: Limits = BACKGROUND, media: Limits = MEDIA
    ) -> None:
        """Prepare the workers: the first starts with `begin`, the next after the first rows, the others when asked."""
        self._workers = {
            "interactive": Worker(INTERACTIVE if interactive is None else interactive),
            "background": Worker(background),
            "summaries": Worker(background),
            "export": Worker(background),
            "media": Worker(media),
            "orders": Worker(ORDERS),
            "runs": Worker(RUNS),
        }
        # A thread waits for a worker; those that wait for their turn must not hold up the others' kinds.
        self._threads = {kind: ThreadPoolExecutor(16, thread_name_prefix=f"wbtable-{kind}") for kind in self._workers}
        self._guard = threading.Lock()
        self._running: dict[str, Running] = {_PREFIX: Running()}
        self._unnamed = 0
        self._rest: list[tuple[float, Callable[[], object]]] = []
        self._timer: threading.Timer | None = None
        self._is_closed = False

    def begin(self) -> None:
        """Start the worker that somebody will wait for first, and let it load its code."""
        self._workers["interactive"].start()
        self._threads["interactive"].submit(self._prepare, "interactive", load)

    def start(self, places: Json, source: Json | None = None, then: Callable[[], object] | None = None) -> None:
        """Let the worker that somebody waits for open what is shown first; the others wait until it has.

        Each worker takes most of a second of a processor to start: together they would hold up the browser.

        Args:
            places: what may be opened.
            source: what is shown first.
            then: what else can wait until the first rows are there; called in a thread.

        """

        def more() -> None:
            self._threads["interactive"].submit(self._prepare, "interactive", load_rest)

        def others() -> None:
            for kind in _LATER:
                self._workers[kind].start()
                if self._is_closed:
                    # It ended meanwhile, and knew nothing of this process.
                    self._workers[kind].close()
                    return
                self._threads[kind].submit(self._prepare, kind, prepare, places=places, source=source)
            if then is not None:
                then()

        self._threads["interactive"].submit(self._prepare, "interactive", prepare, places=places, source=source)
        with self._guard:
            self._rest = [(SOON, more), (IDLE, others)]
            self._go_on_in(QUIET)

    def _go_on_in(self, seconds: float) -> None:
        """Do the next part of the rest in a while; the caller holds the guard."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, self._go_on)
        self._timer.daemon = True
        self._timer.start()

    def _go_on(self) -> None:
        with self._guard:
            if not self._rest:
                return
            _, part = self._rest.pop(0)
            if self._rest:
                self._go_on_in(self._rest[0][0])
        with contextlib.suppress(RuntimeError):  # the server ends
            part()

    def _prepare(self, kind: str, task: Task, **arguments: Any) -> None:
        with contextlib.suppress(WbtableError):
            self._workers[kind].run(task, cancelled=self._running[_PREFIX].cancelled, **arguments)

    def cancel_all(self) -> None:
        """End what runs or waits, and prepare nothing more."""
        with self._guard:
            self._is_closed = True
            self._rest = []
            if self._timer is not None:
                self._timer.cancel()
            for running in self._running.values():
                running.cancelled.set()

    def close(self) -> None:
        """End everything."""
        self.cancel_all()
        for worker in self._workers.values():
            worker.close()
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    def submit(self, kind: str, function: Callable[..., Any], *given: Any) -> None:
        """Have a thread of a kind of worker call a function, which waits for that worker.

        Raises:
            LimitError: the server ends.

        """
        try:
            self._threads[kind].submit(function, *given)
        except RuntimeError:
            raise LimitError("the server ends") from None

    def work(
        self,
        kind: str,
        function: Task,
        cancelled: threading.Event,
        progress: Callable[[float], object],
        **arguments: Any,
    ) -> Any:
        """Run a task in a worker, whoever waits for it, until it ends or is cancelled; errors as in `run`."""
        return self._workers[kind].run(function, cancelled=cancelled, progress=progress, **arguments)

    def cancel(self, session: str, query: str) -> bool:
        """End a query by its name; return whether there was one."""
        with self._guard:
            running = self._running.get(f"{session}{_PREFIX}{query}")
        if running is not None:
            running.cancelled.set()
        return running is not None

    def progress(self, session: str, query: str) -> dict[str, Any]:
        """Return how far a query is."""
        with self._guard:
            running = self._running.get(f"{session}{_PREFIX}{query}")
        if running is None:
            return {"running": False, "done": None, "seconds": 0.0}
        return {"running": True, "done": running.done, "seconds": round(time.monotonic() - running.started, 3)}

    async def run(self, request: Request, kind: str, function: Task, query: str | None = None, **arguments: Any) -> Any:
        """Run a task in a worker until it ends, is cancelled, or the client goes.

        Raises:
            LimitError: too much waits already.
            WbtableError: what the task raised.

        """
        key, running = self._enter(request, query)
        waits: asyncio.Future[Any] = asyncio.get_running_loop().run_in_executor(
            self._threads[kind],
            functools.partial(
                self._workers[kind].run,
                function,
                cancelled=running.cancelled,
                progress=running.progress,
                **arguments,
            ),
        )
        waits.add_done_callback(heard)
        watch = asyncio.create_task(gone(request))
        try:
            await asyncio.wait({waits, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not waits.done():
                running.cancelled.set()
            return await waits
        finally:
            running.cancelled.set()
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
            with self._guard:
                self._running.pop(key, None)
                if function == ROWS and self._rest:
                    self._go_on_in(self._rest[0][0])

    def _enter(self, request: Request, query: str | None) -> tuple[str, Running]:
        running = Running()
        with self._guard:
            if len(self._running) >= MAX_WAITING:
                raise LimitError(f"{MAX_WAITING} queries run or wait already: try again in a moment")
            self._unnamed += 1
            name = query if query is not None else f"{_PREFIX}{self._unnamed}"
            key = f"{session_of(request)}{_PREFIX}{name}"
            if key in self._running:
                key = f"{key}{_PREFIX}{self._unnamed}"
            self._running[key] = running
        return key, running


def session_of(request: Request) -> str:
    """Return what tells sessions apart."""
    return str(request.scope.get("wbtable.session") or "")


async def gone(request: Request) -> None:
    """Wait until the client goes; its request has been read whole."""
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            return


def heard(waits: asyncio.Future[Any]) -> None:
    """Look at an error that nobody waits for any more, so that it is not logged as one that was overlooked."""
    if not waits.cancelled():
        waits.exception()
