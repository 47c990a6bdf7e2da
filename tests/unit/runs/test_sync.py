"""What a store did not take waits on this machine, and is sent later: nothing is lost, nothing comes twice (RUN-9)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import wbtable
from wbtable.cli.app import cli
from wbtable.errors import StorageError
from wbtable.runs import run as run_module
from wbtable.runs import uploads
from wbtable.runs.spool import spool_root
from wbtable.runs.sync import sync, waiting

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> wbtable.Store:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(run_module, "PATIENCE", 0.0)
    monkeypatch.setattr(uploads, "RETRIES", ())
    return wbtable.create_store(tmp_path / "store")


def log_to_a_broken_store(store: wbtable.Store, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a script whose store takes the beginning and then nothing; return the run's id."""

    def refuse(*_: Any, **__: Any) -> None:
        msg = "no answer"
        raise StorageError(msg)

    run = wbtable.init(project="p", store=store, config={"lr": 1})
    run.log({"a": 0})
    run.history()
    with monkeypatch.context() as broken:
        for name in ("create", "create_file", "replace"):
            if hasattr(type(run.store.backend), name):  # type: ignore[union-attr]
                broken.setattr(type(run.store.backend), name, _only_for(store, refuse, name))  # type: ignore[union-attr]
        run.log({"a": 1})
        run.log({"t": wbtable.Table(columns=["n"], data=[[1], [2]])})
        run.log({"a": 3})
        run.finish(exit_code=4)
    return run.id


def _only_for(store: wbtable.Store, refuse: Any, name: str) -> Any:
    usual = getattr(type(store.backend), name)

    def call(self: Any, *args: Any, **more: Any) -> Any:
        return refuse() if self.url == store.url else usual(self, *args, **more)

    return call


def test_all_that_waited_is_sent_once(store: wbtable.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = log_to_a_broken_store(store, monkeypatch)
    (before,) = store.runs("p")
    assert before.exit_code is None
    assert [path.name for path in waiting()] == [run_id]
    (done,) = sync()
    assert (done.error, done.tables, done.finished, done.left) == (None, 1, True, 0)
    assert done.segments >= 1
    (run,) = store.runs("p")
    assert (run.state, run.exit_code, run.config, run.summary["a"]) == ("failed", 4, {"lr": 1}, 3)
    history = run.history()
    assert [value for value in history["a"].to_pylist() if value is not None] == [0, 1, 3]
    (cell,) = [json.loads(text) for text in history["t"].to_pylist() if text]
    assert store.artifact(cell["artifact"]).get(cell["path"]).get_column("n") == [1, 2]
    assert run.logged() == [cell["artifact"]]
    assert store.verify().ok
    assert list(waiting()) == []
    assert not spool_root("p", run_id).exists()
    assert sync() == []


def test_what_the_store_still_does_not_take_stays(store: wbtable.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = log_to_a_broken_store(store, monkeypatch)
    files = sorted(path.name for path in spool_root("p", run_id).iterdir())

    def refuse(url: str) -> wbtable.Store:
        raise StorageError(url)

    (done,) = sync(refuse)
    assert done.error == store.url
    assert sorted(path.name for path in spool_root("p", run_id).iterdir()) == files
    assert sync()[0].error is None


def test_the_command_says_what_it_sent(store: wbtable.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(cli, ["sync"]).stdout == "nothing waits on this machine\n"
    run_id = log_to_a_broken_store(store, monkeypatch)
    (spool_root("p", run_id) / "tables.jsonl").rename(spool_root("p", run_id) / "aside")
    (spool_root("p", run_id) / "tables.jsonl").write_text("nonsense\n")
    broken = CliRunner().invoke(cli, ["sync"])
    assert broken.exit_code == 7
    assert run_id in broken.stderr
    (spool_root("p", run_id) / "aside").rename(spool_root("p", run_id) / "tables.jsonl")
    result = CliRunner().invoke(cli, ["sync", "--json"])
    assert result.exit_code == 0
    (done,) = json.loads(result.stdout)
    assert (done["run"], done["tables"], done["finished"]) == (f"p/{run_id}", 1, True)
