"""Which workers of a server start when: the one that somebody waits for first, the others once nobody asks for rows."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.viewer import jobs, prepare, task_names

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 20.0
LONG = 600.0


class Log:
    """What workers were told, in order; each is known by its place among them."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.made = 0
        self.ended = threading.Event()


class FakeWorker:
    def __init__(self, log: Log) -> None:
        self.log, self.kind = log, ["interactive", "background", "summaries"][log.made] if log.made < 3 else "other"
        log.made += 1

    def start(self) -> None:
        self.log.said.append(f"{self.kind} starts")

    def run(self, task: Any, **_arguments: Any) -> Any:
        self.log.said.append(f"{self.kind} {task if isinstance(task, str) else task.__name__}")
        return {}

    def close(self) -> None:
        self.log.said.append(f"{self.kind} ends")


class Request:
    scope: dict[str, Any] = {}  # noqa: RUF012 - never changed

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(LONG)
        return {"type": "http.disconnect"}


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    made = Log()
    monkeypatch.setattr(jobs, "Worker", lambda _limits: FakeWorker(made))
    for name in ("QUIET", "SOON", "IDLE"):
        monkeypatch.setattr(jobs, name, LONG)
    return made


@pytest.fixture
def made(log: Log) -> Iterator[jobs.Jobs]:
    found = jobs.Jobs()
    yield found
    found.close()
    assert "interactive ends" in log.said


def until(log: Log, wanted: str) -> None:
    end = time.monotonic() + PATIENCE
    while wanted not in log.said:
        assert time.monotonic() < end, log.said
        time.sleep(0.005)


def ask_rows(made: jobs.Jobs) -> None:
    asyncio.run(made.run(Request(), "interactive", task_names.ROWS))  # type: ignore[arg-type]


def test_one_worker_starts_and_opens_what_is_shown(log: Log, made: jobs.Jobs) -> None:
    made.begin()
    made.start({})
    until(log, f"interactive {prepare.prepare.__name__}")
    assert [word for word in log.said if word.endswith("starts")] == ["interactive starts"]


def test_the_rest_follows_the_first_rows(log: Log, made: jobs.Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SOON", 0.0)
    monkeypatch.setattr(jobs, "IDLE", 0.05)
    made.begin()
    made.start({}, then=log.ended.set)
    assert not log.ended.wait(0.2)
    ask_rows(made)
    assert log.ended.wait(PATIENCE)
    until(log, f"summaries {prepare.prepare.__name__}")
    order = [log.said.index(word) for word in ("interactive load_rest", "background starts", "summaries starts")]
    assert order == sorted(order)
    assert log.said.index(f"interactive {task_names.ROWS}") < order[0]
    ask_rows(made)
    assert log.said.count("background starts") == 1


def test_rows_that_are_asked_for_hold_the_others_up(log: Log, made: jobs.Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SOON", 0.0)
    made.begin()
    made.start({})
    ask_rows(made)
    until(log, "interactive load_rest")
    ask_rows(made)
    assert "background starts" not in log.said


def test_where_nobody_asks_all_start_in_the_end(log: Log, made: jobs.Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QUIET", "IDLE"):
        monkeypatch.setattr(jobs, name, 0.01)
    made.begin()
    made.start({}, then=log.ended.set)
    assert log.ended.wait(PATIENCE)
    assert "summaries starts" in log.said


def test_nothing_starts_after_the_end(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "QUIET", 0.05)
    found = jobs.Jobs()
    found.begin()
    found.start({}, then=log.ended.set)
    found.close()
    assert not log.ended.wait(0.3)
    assert "background starts" not in log.said


def test_what_is_loaded_before_it_is_asked_for() -> None:
    assert prepare.load(None) == {}  # type: ignore[arg-type]
    assert prepare.load_rest(None) == {}  # type: ignore[arg-type]
