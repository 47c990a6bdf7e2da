"""Work that threads and their caller do ahead."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from wbtable.storage import work_ahead as module
from wbtable.storage.work_ahead import work_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator


def one(_item: int) -> int:
    return 1


def test_the_order_is_that_of_the_items() -> None:
    assert list(work_ahead(lambda item: item * item, range(1000), one, 7)) == [item * item for item in range(1000)]
    assert list(work_ahead(lambda item: item, iter(()), one, 7)) == []


def test_what_is_begun_ahead_is_bounded_by_its_weight() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(20):
            taken.append(item)
            yield item

    results = work_ahead(lambda item: item, items(), lambda _item: 10, 35)
    assert next(results) == 0
    assert len(taken) == 4  # the fourth is what goes beyond the room
    large = work_ahead(lambda item: item, range(20), lambda _item: 1 << 40, 1)
    assert list(large) == list(range(20))


def test_a_caller_works_where_no_thread_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CORES", 1)
    threads: set[int] = set()

    def work(item: int) -> int:
        threads.add(threading.get_ident())
        return item

    assert list(work_ahead(work, range(9), one, 3)) == list(range(9))
    assert threads == {threading.get_ident()}


def test_an_error_comes_in_its_turn_and_ends_the_work() -> None:
    done: list[int] = []

    def work(item: int) -> int:
        if item == 5:
            msg = "five"
            raise ValueError(msg)
        done.append(item)
        return item

    results = work_ahead(work, range(1000), one, 4)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="five"):
        next(results)
    assert list(results) == []
    assert max(done) < 12


def test_ctrl_c_is_not_kept_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CORES", 1)

    def work(item: int) -> int:
        if item == 1:
            raise KeyboardInterrupt
        return item

    results = work_ahead(work, range(10), one, 4)
    assert next(results) == 0
    with pytest.raises(KeyboardInterrupt):
        next(results)


def test_what_nobody_wants_any_more_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CORES", 1)
    done: list[int] = []

    def work(item: int) -> int:
        done.append(item)
        return item

    results = work_ahead(work, range(10), one, 4)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert done == [0]
