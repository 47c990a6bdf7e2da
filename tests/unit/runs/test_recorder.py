"""Stores that fail, and rows that come faster than they can be written."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.artifacts.store import Store
from wbtable.errors import DiskFullError, StorageError
from wbtable.media.histogram import Histogram
from wbtable.runs import recorder as recorder_module
from wbtable.runs import run as run_module
from wbtable.runs import spool as spool_module
from wbtable.runs import uploads as uploads_module
from wbtable.runs.console import RunWarning
from wbtable.runs.init import init
from wbtable.runs.spool import Spool
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbtable.runs.recorder import Recorder
    from wbtable.runs.run import Run


@contextlib.contextmanager
def said() -> Iterator[list[str]]:
    """Collect the warnings of a block, those of other threads too."""
    found: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found.extend(str(warning.message) for warning in caught if warning.category is RunWarning)


def recorder_of(run: Run) -> Recorder:
    assert run._recorder is not None
    return run._recorder


def rows(run: Run) -> int:
    assert run.store is not None
    return int(run.store.runs(run.project)[0].history().num_rows)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "PATIENCE", 0.2)
    monkeypatch.setattr(uploads_module, "RETRIES", (0.01,))


def break_store(run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_args: Any) -> None:
        raise error

    assert run.store is not None
    for name in ("create", "replace", "put", "put_file"):
        monkeypatch.setattr(run.store.backend, name, fail)


def test_rows_are_in_the_store_within_a_second(store: Store) -> None:
    # RUN-3
    run = init(project="p", store=store)
    run.log({"a": 1})
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline and not list(store.backend.list(f"projects/p/runs/{run.id}/history")):
        time.sleep(0.01)
    assert rows(run) == 1
    assert store.runs("p")[0].state == "running"


def test_a_store_that_fails_never_stops_training_and_gets_all_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # RUN-9
    run = init(project="p", store=store)
    run.log({"a": 0})
    run.history()
    with monkeypatch.context() as broken:
        break_store(run, broken, StorageError("no answer"))
        with said() as found:
            for i in range(1, 100):
                run.log({"a": i})
                recorder_of(run).flush()
        assert ["does not take the history" in text for text in found] == [True]
        folder = recorder_of(run)._spool.directory
        assert list(folder.glob("*.parquet"))
    with said() as found:
        run.finish()
    assert ["takes the history again" in text for text in found] == [True]
    assert not folder.exists()
    assert store.runs("p")[0].history()["a"].to_pylist() == list(range(100))


@pytest.mark.usefixtures("impatient")
def test_what_a_store_never_takes_waits_in_a_folder(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # RUN-9
    run = init(project="p", store=store)
    with monkeypatch.context() as broken:
        break_store(run, broken, DiskFullError("no space left"))
        with said() as found:
            run.log({"a": 1})
            run.finish()
    folder = recorder_of(run)._spool.directory
    assert "no space left" in found[0]
    assert str(folder) in found[-1]
    assert len(list(folder.glob("*.parquet"))) == 1


@pytest.mark.usefixtures("impatient")
def test_a_store_that_vanishes(store: Store) -> None:
    # RUN-9
    run = init(project="p", store=store)
    shutil.rmtree(store.url)
    with said() as found:
        run.log({"a": 1})
        run.finish()
    assert "the store is gone" in found[0]
    assert not Path(store.url).exists()


@pytest.mark.usefixtures("impatient")
def test_a_table_that_the_store_does_not_take_waits_in_a_local_store(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # RUN-9
    run = init(project="p", store=store)
    with monkeypatch.context() as broken:
        break_store(run, broken, StorageError("no answer"))
        with said() as found:
            run.log({"t": Table(columns=["a"], data=[[1]])})
            run._intake.uploads.drain()
            run.finish()
    waiting = Store(spool_module.spool_root("p", run.id) / "store")
    assert len(waiting.artifact(f"p/run-{run.id}-t")["t"]) == 1
    assert any("waits as" in text for text in found)


def test_memory_is_bounded_when_rows_come_fast(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # RUN-9
    monkeypatch.setattr(recorder_module, "MAX_VALUES", 1000)
    run = init(project="p", store=store)
    most = 0
    for i in range(5000):
        run.log({"a": i, "b": 1.0})
        most = max(most, len(recorder_of(run)._rows))
    run.finish()
    assert most <= 500
    assert rows(run) == 5000


def test_tables_and_media_that_come_fast_wait_for_room_and_not_forever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # RUN-9; the thread that stores them needs the lock under which rows are taken.
    monkeypatch.setattr(uploads_module, "MAX_WAITING", 1)

    def work() -> None:
        with init(project="p", id="fast", store=store) as run:
            for i in range(20):
                run.log({"table": Table(columns=["x"], data=[[i]]), "histogram": Histogram([i])})

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    [found] = store.runs("p")
    assert found.history(["table"]).num_rows == 20


def test_the_spool_keeps_order_and_its_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # RUN-9
    monkeypatch.setattr(spool_module, "MAX_MEMORY", 100)
    monkeypatch.setattr(spool_module, "MAX_DISK", 200)
    spool = Spool(tmp_path / "spool")
    items = [bytes([i]) * 60 for i in range(8)]
    for item in items:
        spool.add(item)
    assert spool.on_disk
    assert spool.dropped == len(items) - len(spool)
    assert spool.dropped > 0
    found = []
    while len(spool):
        found.append(spool.first())
        spool.pop()
    assert found == sorted(found)
    assert found[0] == items[0]
    assert not (tmp_path / "spool").exists()


def test_a_summary_shows_life_and_config_while_the_run_goes_on(store: Store) -> None:
    # RUN-5
    run = init(project="p", store=store)
    run.config.lr = 0.5
    recorder_of(run).flush()
    [found] = store.runs("p")
    assert found.config == {"lr": 0.5}
    assert found.state == "running"
    assert found.updated_at >= found.created_at


def test_files_of_an_earlier_attempt_are_not_written_over(tmp_path: Path) -> None:  # RUN-9
    """A process in a container has the same number each time."""
    for data in (b"first", b"second"):
        spool = Spool(tmp_path / "spool")
        spool.add(data)
        spool.save()
    assert sorted(path.read_bytes() for path in (tmp_path / "spool").glob("*.parquet")) == [b"first", b"second"]


def test_the_end_of_a_run_does_not_hide_what_the_program_raised(
    store: Store, monkeypatch: pytest.MonkeyPatch, impatient: None
) -> None:
    def surprise(*_: object) -> None:
        msg = "surprise"
        raise ZeroDivisionError(msg)

    def train() -> None:
        with init(project="p", store=store) as run:
            run.log({"a": 1})
            monkeypatch.setattr(recorder_of(run).files.__class__, "write_summary", surprise)
            msg = "the program's own"
            raise ValueError(msg)

    with said() as messages, pytest.raises(ValueError, match="the program's own"):
        train()
    assert any("surprise" in message for message in messages)


def test_a_surprise_in_a_rescue_does_not_end_the_thread(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "RETRIES", ())

    def refuse() -> None:
        msg = "no answer"
        raise StorageError(msg)

    done: list[int] = []
    with said() as messages, init(project="p", store=store) as run:
        run._intake.uploads.add("a thing", refuse, lambda: done.append(1 // 0))
        run._intake.uploads.add("another", lambda: done.append(2), refuse)
        run._intake.uploads.drain()
    assert done == [2]
    assert any("a thing is lost" in message for message in messages)
