"""Tasks are taken in order of urgency."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from wbtable.tables.turns import Turns


def test_what_is_urgent_comes_first() -> None:
    turns, begun, held, done = Turns(), Event(), Event(), list[str]()

    def wait() -> None:
        begun.set()
        held.wait(30)

    with ThreadPoolExecutor(1) as pool:
        blocked = turns.submit(pool, wait)
        begun.wait(30)
        later = [turns.submit_later(pool, done.append, name) for name in ("c", "d")]
        urgent = [turns.submit(pool, done.append, name) for name in ("a", "b")]
        held.set()
    assert [future.result() for future in (blocked, *urgent, *later)] == [None] * 5
    assert done == ["a", "b", "c", "d"]


def test_errors_and_results_are_the_futures() -> None:
    turns = Turns()
    with ThreadPoolExecutor(1) as pool:
        good, bad = turns.submit(pool, divmod, 7, 2), turns.submit_later(pool, divmod, 7, 0)
    assert good.result() == (3, 1)
    with pytest.raises(ZeroDivisionError):
        bad.result()


def test_what_was_cancelled_is_not_begun() -> None:
    turns, begun, held, done = Turns(), Event(), Event(), list[str]()

    def wait() -> None:
        begun.set()
        held.wait(30)

    with ThreadPoolExecutor(1) as pool:
        turns.submit(pool, wait)
        begun.wait(30)
        cancelled: Future[None] = turns.submit(pool, done.append, "cancelled")
        turns.submit_later(pool, done.append, "kept")
        assert cancelled.cancel()
        held.set()
    assert done == ["kept"]
