"""Orders that are being found: questions for rows wait for them as long as somebody asks (ENDPOINTS.md, "Asking")."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import CancelledError, LimitError, StorageError
from wbtable.query.worker import DeadlineError
from wbtable.viewer import task_names as tasks
from wbtable.viewer.jobs import gone, heard, session_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from wbtable.format.documents import Json
    from wbtable.viewer.jobs import Jobs

PATIENCE: Final = 2.0
"""Seconds after which a question that waits is told how far it is."""
_MOST: Final = 32
_AGAIN: Final = 2.0
"""Seconds within which somebody who waits asks again."""
_PARTS: Final = ("source", "derive", "filter", "sort")


class _Order:
    """The order of a view that is being found.

    Attributes:
        session: who asked first.
        cancelled: set to end it.
        found: is done once the order is known.
        done: the part that is done.
        started: when it was asked for.
        waiting: how many questions wait.
        waited: when the last one went.
        is_slow: whether its first rows alone took longer than a question may.

    """

    def __init__(self, session: str) -> None:
        self.session = session
        self.cancelled = threading.Event()
        self.found: Future[None] = Future()
        self.done: float | None = None
        self.started = time.monotonic()
        self.waiting = 0
        self.waited = 0.0
        self.is_slow = False

    def progress(self, done: float) -> None:
        """Hear how far it is."""
        self.done = done

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for it."""
        return not self.found.done() and (self.waiting > 0 or time.monotonic() - self.waited < _AGAIN)


class Ordering:
    """What is being ordered: one view after another, in the worker of orders."""

    def __init__(self, jobs: Jobs) -> None:
        """Let `jobs` do the work."""
        self._jobs = jobs
        self._guard = threading.Lock()
        self._orders: dict[str, _Order] = {}

    async def rows(self, request: Request, arguments: Json, run: Callable[[], Awaitable[Any]]) -> Any:
        """Return what `run` finds of a view.

        Where that takes its order, which is not known, the order is found first; who asks is told after two seconds
        how far it is, in an answer that has ``ordering``, and asks again.

        Raises:
            CancelledError: somebody cancelled the order, or the client is gone.
            WbtableError: the order cannot be found, or `run` failed.

        """
        name = _name(arguments)
        order = self._get(name)
        if order is None or not order.is_slow or order.found.done():
            try:
                found = await run()
            except DeadlineError:
                if not _can(arguments["view"]):
                    raise
                order = self._start(request, name, arguments)
                order.is_slow = True
            else:
                if not _lacks(found):
                    return self._prepared(request, name, arguments, found)
        order = self._start(request, name, arguments)
        if not await self._wait(request, order):
            seconds = time.monotonic() - order.started
            return {tasks.ORDERING: {"done": order.done, "seconds": round(seconds, 1)}}
        found = await run()
        if _lacks(found):
            raise StorageError("the order of the rows was found but did not stay: is the cache folder on a full disk?")
        return self._prepared(request, name, arguments, found)

    def _prepared(self, request: Request, name: str, arguments: Json, found: Any) -> Any:
        """Return what was found, and have more of its view prepared if it says so."""
        if isinstance(found, dict) and found.pop(tasks.PREPARE, False):
            with contextlib.suppress(LimitError):  # it only saves time
                self._start(request, name, arguments)
        return found

    def cancel(self, arguments: Json) -> bool:
        """End what finds the order of a view; return whether anything did."""
        order = self._get(_name(arguments))
        if order is None or order.found.done():
            return False
        order.cancelled.set()
        return True

    def close(self) -> None:
        """End everything."""
        with self._guard:
            for order in self._orders.values():
                order.cancelled.set()

    def _get(self, name: str) -> _Order | None:
        with self._guard:
            return self._orders.get(name)

    def _start(self, request: Request, name: str, arguments: Json) -> _Order:
        """Return the order of a view that is being found; what the same visitor does not wait for any more gives way.

        Raises:
            LimitError: too much waits already.

        """
        session = session_of(request)
        with self._guard:
            order = self._orders.get(name)
            if order is not None and not order.cancelled.is_set():
                return order
            for other in self._orders.values():
                if other.session == session and not other.is_wanted:
                    other.cancelled.set()
            if len(self._orders) >= _MOST:
                raise LimitError(f"{_MOST} views are being ordered already: try again in a moment")
            order = self._orders[name] = _Order(session)
        self._jobs.submit("orders", self._work, name, order, arguments)
        return order

    def _work(self, name: str, order: _Order, arguments: Json) -> None:
        """Find an order, then decode the columns that show; runs in a thread."""
        given = {key: arguments[key] for key in ("places", "view", "side")}
        try:
            self._jobs.work("orders", tasks.FIND_ORDER, order.cancelled, order.progress, **given)
            order.found.set_result(None)
            columns = arguments.get("columns")
            self._jobs.work("orders", tasks.DECODE, order.cancelled, order.progress, **given, columns=columns)
        except BaseException as error:  # noqa: BLE001 - who waits hears of it; what comes afterwards only saves time
            self._end(name, order)
            if not order.found.done():
                order.found.set_exception(error)
        self._end(name, order)

    def _end(self, name: str, order: _Order) -> None:
        """Forget an order before anybody hears that it failed: who asks again has it found anew."""
        with self._guard:
            if self._orders.get(name) is order:
                del self._orders[name]

    async def _wait(self, request: Request, order: _Order) -> bool:
        """Wait for an order; return whether it is known.

        Raises:
            WbtableError: it cannot be found, or was cancelled.

        """
        waits = asyncio.wrap_future(order.found)
        waits.add_done_callback(heard)
        watch = asyncio.create_task(gone(request))
        order.waiting += 1
        try:
            # Only the question ends after a while, or with its client: the order is found all the same.
            await asyncio.wait({waits, watch}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if order.found.done():
                order.found.result()
                return True
            if watch.done():
                raise CancelledError("the query was cancelled")
            return False
        finally:
            order.waiting -= 1
            order.waited = time.monotonic() if not watch.done() else 0.0
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch


def _lacks(found: Any) -> bool:
    return isinstance(found, dict) and bool(found.get(tasks.ORDERING))


def _name(arguments: Json) -> str:
    view = {part: arguments["view"].get(part) for part in _PARTS}
    return json.dumps([view, arguments["side"]], sort_keys=True)


def _can(view: Json) -> bool:
    """Whether an order makes the rows of a view quicker to find."""
    return bool(view.get("sort") or view.get("filter")) and not view.get("group")
