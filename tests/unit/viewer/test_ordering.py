"""Questions that wait for the order of their view: told how far it is, never given up, cancelled, superseded."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.errors import CancelledError, LimitError, StorageError
from wbtable.query.worker import DeadlineError
from wbtable.viewer import ordering, task_names
from wbtable.viewer.ordering import Ordering

if TYPE_CHECKING:
    from collections.abc import Callable

VIEW: dict[str, Any] = {"source": {}, "sort": [{"expression": "a"}]}
LACKS = {"ordering": True}


class Jobs:
    """A worker of orders whose work ends when the test says so."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.done: list[tuple[str, Any]] = []
        self.error: Exception | None = None
        self.threads: list[threading.Thread] = []
        self._one = threading.Lock()

    def submit(self, _kind: str, function: Callable[..., Any], *given: Any) -> None:
        thread = threading.Thread(target=function, args=given, daemon=True)
        self.threads.append(thread)
        thread.start()

    def work(
        self,
        _kind: str,
        function: str,
        cancelled: threading.Event,
        progress: Callable[[float], object],
        **arguments: Any,
    ) -> None:
        with self._one:
            progress(0.25)
            while not self.may_end.wait(0.01):
                if cancelled.is_set():
                    raise CancelledError("the query was cancelled")
            if self.error is not None:
                raise self.error
            self.done.append((function, arguments["view"]))

    def known(self) -> bool:
        return any(function == task_names.FIND_ORDER for function, _ in self.done)

    def join(self) -> None:
        self.may_end.set()
        for thread in self.threads:
            thread.join()


class Visitor:
    """A request of a session, whose client goes when the test says so."""

    def __init__(self, session: str = "one") -> None:
        self.scope = {"wbtable.session": session}
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, str]:
        await self.gone.wait()
        return {"type": "http.disconnect"}


def arguments(key: str = "a") -> dict[str, Any]:
    view = {**VIEW, "sort": [{"expression": key}]}
    return {"places": {}, "view": view, "side": 0, "columns": ["a"], "offset": 20_000, "count": 1}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "PATIENCE", 0.05)


async def rows_once_known(made: Ordering, rows: Callable[[], Any]) -> Any:
    """Ask as the page does."""
    while True:
        found = await made.rows(Visitor(), arguments(), rows)  # type: ignore[arg-type]
        if "ordering" not in found:
            return found


def asked(jobs: Jobs, run: Callable[[Ordering], Any]) -> Any:
    made = Ordering(jobs)  # type: ignore[arg-type]  # what it needs of them
    try:
        return asyncio.run(run(made))
    finally:
        jobs.join()


def test_a_question_is_told_how_far_the_order_is_until_it_is_known() -> None:
    jobs = Jobs()

    async def rows() -> Any:
        return {"rows": 1} if jobs.known() else dict(LACKS)

    async def run(made: Ordering) -> list[Any]:
        out: list[Any] = []
        while not out or "ordering" in out[-1]:
            out.append(await made.rows(Visitor(), arguments(), rows))  # type: ignore[arg-type]
            if len(out) == 3:
                jobs.may_end.set()
        return out

    found = asked(jobs, run)
    assert len(found) >= 4
    assert [one["ordering"]["done"] for one in found[:3]] == [0.25] * 3
    assert found[-1] == {"rows": 1}
    # Once the order is known, columns that show are decoded.
    assert [function for function, _ in jobs.done] == [task_names.FIND_ORDER, task_names.DECODE]


def test_first_rows_that_take_too_long_begin_the_order_at_once_and_are_not_tried_again_before_it_is_known() -> None:
    jobs = Jobs()
    tries = []

    async def rows() -> Any:
        tries.append(jobs.known())
        if not jobs.known():
            raise DeadlineError("the query took longer than the 10 s that it may")
        return {"rows": 1}

    async def run(made: Ordering) -> Any:
        for _ in range(3):
            assert "ordering" in await made.rows(Visitor(), arguments(), rows)  # type: ignore[arg-type]
        assert tries == [False]
        jobs.may_end.set()
        return await rows_once_known(made, rows)

    assert asked(jobs, run) == {"rows": 1}


def test_what_takes_too_long_without_an_order_fails() -> None:
    async def rows() -> Any:
        raise DeadlineError("the query took longer than the 10 s that it may")

    async def run(made: Ordering) -> None:
        views: list[dict[str, Any]] = [{"source": {}}, {**VIEW, "group": ["a"]}]
        for view in views:
            with pytest.raises(DeadlineError):
                await made.rows(Visitor(), {**arguments(), "view": view}, rows)  # type: ignore[arg-type]

    asked(Jobs(), run)


def test_first_rows_have_the_rest_prepared() -> None:
    jobs = Jobs()

    async def rows() -> Any:
        return {"rows": 1, "prepare": True}

    async def run(made: Ordering) -> Any:
        jobs.may_end.set()
        return await made.rows(Visitor(), arguments(), rows)  # type: ignore[arg-type]

    assert asked(jobs, run) == {"rows": 1}
    assert [function for function, _ in jobs.done] == [task_names.FIND_ORDER, task_names.DECODE]


def test_an_order_is_cancelled_and_found_anew_by_who_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs()

    async def rows() -> Any:
        return {"rows": 1} if jobs.known() else dict(LACKS)

    async def run(made: Ordering) -> Any:
        assert not made.cancel(arguments())
        assert "ordering" in await made.rows(Visitor(), arguments(), rows)  # type: ignore[arg-type]
        monkeypatch.setattr(ordering, "PATIENCE", 60.0)
        waits = asyncio.create_task(made.rows(Visitor(), arguments(), rows))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        assert made.cancel(arguments())
        with pytest.raises(CancelledError):
            await waits
        jobs.may_end.set()
        return await rows_once_known(made, rows)

    assert asked(jobs, run) == {"rows": 1}


def test_what_a_visitor_does_not_wait_for_gives_way_to_what_the_same_visitor_asks_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ordering, "_AGAIN", 0.0)
    jobs = Jobs()

    async def rows() -> Any:
        return dict(LACKS)

    async def run(made: Ordering) -> list[bool]:
        for session, key in (("one", "a"), ("two", "b"), ("one", "c")):
            assert "ordering" in await made.rows(Visitor(session), arguments(key), rows)  # type: ignore[arg-type]
        orders = made._orders
        return [name in orders and not orders[name].cancelled.is_set() for name in map(_name, "abc")]

    assert asked(jobs, run) == [False, True, True]


def _name(key: str) -> str:
    return ordering._name(arguments(key))


def test_who_goes_leaves_the_order_to_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "PATIENCE", 60.0)
    jobs = Jobs()

    async def rows() -> Any:
        return dict(LACKS)

    async def run(made: Ordering) -> None:
        visitor = Visitor()
        waits = asyncio.create_task(made.rows(visitor, arguments(), rows))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        visitor.gone.set()
        with pytest.raises(CancelledError):
            await waits
        assert not made._orders[_name("a")].cancelled.is_set()

    asked(jobs, run)
    assert jobs.known()


def test_an_order_that_cannot_be_found_or_kept_says_why() -> None:
    jobs = Jobs()
    jobs.error = LimitError("the query needs more memory than it may use")

    async def rows() -> Any:
        return dict(LACKS)

    async def run(made: Ordering) -> None:
        jobs.may_end.set()
        with pytest.raises(LimitError, match="more memory"):
            await rows_once_known(made, rows)
        jobs.error = None
        with pytest.raises(StorageError, match="cache folder"):
            await rows_once_known(made, rows)

    asked(jobs, run)


def test_many_views_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordering, "_MOST", 2)

    async def rows() -> Any:
        return dict(LACKS)

    async def run(made: Ordering) -> None:
        for session in ("one", "two"):
            await made.rows(Visitor(session), arguments(session), rows)  # type: ignore[arg-type]
        with pytest.raises(LimitError, match="already"):
            await made.rows(Visitor("three"), arguments("three"), rows)  # type: ignore[arg-type]

    asked(Jobs(), run)
