"""Stores that fail, and rows that come faster than they can be written."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.artifacts.store import Store
from wbtable.errors import DiskFullError, StorageError
from wbtable.runs import recorder as recorder_module
from wbtable.runs import run as run_module
from wbtable.runs import spool as spool_module
from wbtable.runs import uploads as uploads_module
from wbtable.runs.console import RunWarning
from wbtable.runs.init import init
from wbtable.runs.spool import Spool
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from wbtable.runs.run import Run


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
        with pytest.warns(RunWarning, match="does not take the history"):
            for i in range(1, 100):
                run.log({"a": i})
                assert run._recorder is not None
                run._recorder.flush()
        folder = run._recorder._spool.directory
        assert list(folder.glob("*.parquet"))
    with pytest.warns(RunWarning, match="takes the history again"):
        run._recorder._retry_at = 0
        run.finish()
    assert not folder.exists()
    assert store.runs("p")[0].history()["a"].to_pylist() == list(range(100))


@pytest.mark.usefixtures("impatient")
def test_what_a_store_never_takes_waits_in_a_folder(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # RUN-9
    run = init(project="p", store=store)
    with monkeypatch.context() as broken:
        break_store(run, broken, DiskFullError("no space left"))
        with pytest.warns(RunWarning) as said:
            run.log({"a": 1})
            run.finish()
        text = " ".join(str(warning.message) for warning in said)
    assert "no space left" in text
    assert run._recorder is not None
    assert str(run._recorder._spool.directory) in text
    assert len(list(run._recorder._spool.directory.glob("*.parquet"))) == 1


@pytest.mark.usefixtures("impatient")
def test_a_store_that_vanishes(store: Store) -> None:
    # RUN-9
    run = init(project="p", store=store)
    shutil.rmtree(store.url)
    with pytest.warns(RunWarning) as said:
        run.log({"a": 1})
        run.finish()
    assert "the store is gone" in " ".join(str(warning.message) for warning in said)
    assert not Path(store.url).exists()


@pytest.mark.usefixtures("impatient")
def test_a_table_that_the_store_does_not_take_waits_in_a_local_store(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # RUN-9
    run = init(project="p", store=store)
    with monkeypatch.context() as broken:
        break_store(run, broken, StorageError("no answer"))
        with pytest.warns(RunWarning) as said:
            run.log({"t": Table(columns=["a"], data=[[1]])})
            run._intake.uploads.drain()
            run.finish()
    waiting = Store(spool_module.spool_root("p", run.id) / "store")
    assert len(waiting.artifact(f"p/run-{run.id}-t")["t"]) == 1
    assert any("waits as" in str(warning.message) for warning in said)


def test_memory_is_bounded_when_rows_come_fast(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # RUN-9
    monkeypatch.setattr(recorder_module, "MAX_VALUES", 1000)
    run = init(project="p", store=store)
    most = 0
    for i in range(5000):
        run.log({"a": i, "b": 1.0})
        assert run._recorder is not None
        most = max(most, len(run._recorder._rows))
    run.finish()
    assert most <= 500
    assert rows(run) == 5000


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
    assert run._recorder is not None
    run._recorder.flush()
    [found] = store.runs("p")
    assert found.config == {"lr": 0.5}
    assert found.state == "running"
    assert found.updated_at >= found.created_at
