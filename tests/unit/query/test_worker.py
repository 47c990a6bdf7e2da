from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.unit.query import worker_tasks
from wbtable.errors import CancelledError, LimitError, NotFoundError, UsageError, WbtableError
from wbtable.query.worker import GRACE, Limits, Worker, Workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker(Limits(deadline=30.0, threads=1)) as found:
        yield found


def cancel_after(seconds: float) -> threading.Event:
    event = threading.Event()
    threading.Timer(seconds, event.set).start()
    return event


def test_values_and_tables_come_back(worker: Worker) -> None:
    found = worker.run(worker_tasks.add, a=2, b=3)
    assert found == {"sum": 5, "pid": worker.pid}
    assert worker.run(worker_tasks.table, rows=3) == pa.table({"a": [0, 1, 2]})
    assert worker.run(worker_tasks.table, rows=0) == pa.table({"a": pa.array([], pa.int64())})
    assert worker.run(worker_tasks.table, rows=500_000).num_rows == 500_000


def test_a_tiny_query_takes_under_25_ms(worker: Worker) -> None:
    worker.run(worker_tasks.kept_sql, text="SELECT 1 AS a")
    seconds = []
    for _ in range(30):
        start = time.perf_counter()
        assert worker.run(worker_tasks.kept_sql, text="SELECT 41 + 1 AS a")["a"].to_pylist() == [42]
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.025


def test_errors_come_back_as_what_they_are(worker: Worker) -> None:
    with pytest.raises(NotFoundError, match="no such thing") as caught:
        worker.run(worker_tasks.fail, how="ours")
    assert caught.value.place == 'column "a"'
    with pytest.raises(WbtableError, match="ZeroDivisionError: by zero"):
        worker.run(worker_tasks.fail, how="other")
    assert worker.run(worker_tasks.add, a=1, b=1)["sum"] == 2


def test_a_query_is_cancelled_and_the_process_lives(worker: Worker) -> None:
    worker.run(worker_tasks.add, a=1, b=1)
    before = worker.pid
    said: list[float] = []
    start = time.monotonic()
    with pytest.raises(CancelledError):
        worker.run(worker_tasks.slow_sql, cancelled=cancel_after(0.3), progress=said.append)
    assert time.monotonic() - start < 10
    assert said == [0.25]
    assert worker.run(worker_tasks.add, a=1, b=1)["pid"] == worker.pid
    assert worker.pid == before


def test_what_does_not_listen_is_killed_and_replaced(worker: Worker) -> None:
    before = worker.run(worker_tasks.add, a=1, b=1)["pid"]
    start = time.monotonic()
    with pytest.raises(CancelledError):
        worker.run(worker_tasks.deaf, cancelled=cancel_after(0.1))
    assert GRACE <= time.monotonic() - start < 10
    assert worker.run(worker_tasks.add, a=1, b=1)["pid"] != before


def test_a_task_that_is_cancelled_before_it_starts_does_not_run(worker: Worker) -> None:
    event = threading.Event()
    event.set()
    with pytest.raises(CancelledError):
        worker.run(worker_tasks.add, cancelled=event, a=1, b=1)


def test_a_worker_that_dies_is_replaced(worker: Worker) -> None:
    before = worker.run(worker_tasks.add, a=1, b=1)["pid"]
    with pytest.raises(LimitError, match="another one is started"):
        worker.run(worker_tasks.fail, how="die")
    assert worker.run(worker_tasks.add, a=1, b=1)["pid"] != before


def test_the_deadline_ends_a_query() -> None:
    with Worker(Limits(deadline=0.3, threads=1)) as hasty:
        with pytest.raises(LimitError, match=r"longer than the 0\.3 s"):
            hasty.run(worker_tasks.slow_sql)
        with pytest.raises(LimitError, match=r"longer than the 0\.3 s"):
            hasty.run(worker_tasks.deaf)
        assert hasty.run(worker_tasks.add, a=1, b=1)["sum"] == 2


def test_memory_is_bounded_and_a_normal_query_lives() -> None:
    with Worker(Limits(deadline=60.0, threads=1, memory_limit=128 << 20)) as small:
        found = small.run(worker_tasks.sql, text="SELECT count(DISTINCT range) AS n FROM range(500000)")
        assert found["n"].to_pylist() == [500_000]
        with pytest.raises(LimitError, match="128 MB of memory"):
            small.run(worker_tasks.sql, text="SELECT unnest(range(3000000000)) AS a")
        if sys.platform.startswith("linux"):
            with pytest.raises(LimitError, match="128 MB of memory"):
                small.run(worker_tasks.allocate, size=2 << 30)
        assert small.run(worker_tasks.add, a=1, b=1)["sum"] == 2


def test_files_that_are_mapped_do_not_count_as_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(2 << 30)
    with Worker(Limits(deadline=60.0, threads=1, memory_limit=64 << 20)) as small:
        assert small.run(worker_tasks.map_file, path=str(path)) == 2 << 30


def test_where_the_system_does_not_bound_memory_the_parent_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    with Worker(Limits(deadline=60.0, threads=1, memory_limit=64 << 20), watch_memory=True) as watched:
        monkeypatch.setattr("wbtable.query.worker.resident_bytes", lambda pid: 1 << 40 if pid == watched.pid else None)
        with pytest.raises(LimitError, match="64 MB of memory"):
            watched.run(worker_tasks.deaf)
        monkeypatch.undo()
        assert watched.run(worker_tasks.add, a=1, b=1)["sum"] == 2


def test_a_result_is_bounded() -> None:
    with Worker(Limits(deadline=60.0, threads=1, result_bytes=1 << 20)) as modest:
        with pytest.raises(LimitError, match="larger than 1 MB"):
            modest.run(worker_tasks.table, rows=1_000_000)
        assert modest.run(worker_tasks.table, rows=10).num_rows == 10


def test_callers_take_turns(worker: Worker) -> None:
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(worker.run(worker_tasks.add, a=n, b=0)["sum"]))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(8))


def test_both_workers_run_side_by_side_and_end() -> None:
    with Workers(Limits(deadline=30.0, threads=1), Limits(deadline=30.0, threads=1, background=True)) as both:
        both.start()
        event = threading.Event()

        def long() -> None:
            with contextlib.suppress(CancelledError):
                both.background.run(worker_tasks.slow_sql, cancelled=event)

        thread = threading.Thread(target=long)
        thread.start()
        assert both.interactive.run(worker_tasks.add, a=1, b=1)["sum"] == 2
        event.set()
        thread.join()
        processes = [both.interactive._running, both.background._running]
    assert all(found is not None and found.process.poll() is not None for found in processes)


def test_limits_within_which_nothing_runs_are_refused() -> None:
    for wrong in ({"deadline": 0.0}, {"deadline": 1.0, "memory_limit": 1}, {"deadline": 1.0, "threads": -1}):
        with pytest.raises(UsageError, match="deadline"):
            Limits(**wrong)  # type: ignore[arg-type]


def test_a_worker_that_is_closed_while_it_starts_keeps_nobody_waiting() -> None:
    worker = Worker()
    found: list[BaseException] = []

    def ask() -> None:
        try:
            worker.run(worker_tasks.add, a=1, b=2)
        except WbtableError as error:
            found.append(error)

    waiting = threading.Thread(target=ask)
    waiting.start()
    while worker.pid is None:
        pass
    worker.close()
    waiting.join(20)
    assert not waiting.is_alive()
    assert len(found) == 1
    assert worker.pid is None
