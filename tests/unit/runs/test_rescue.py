"""Artifacts and media that a store does not take wait here, and are sent by wait() or sync (RUN-9)."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from wbtable.errors import StorageError
from wbtable.runs import rescue, uploads
from wbtable.runs import run as run_module
from wbtable.runs.console import RunWarning
from wbtable.runs.spool import spool_root
from wbtable.runs.sync import sync, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> wbtable.Store:
    monkeypatch.setattr(run_module, "PATIENCE", 0.0)
    monkeypatch.setattr(uploads, "RETRIES", ())
    monkeypatch.setattr(rescue, "PAUSES", ())
    return wbtable.create_store(tmp_path / "remote")


@contextmanager
def broken(store: wbtable.Store) -> Iterator[None]:
    """Have a store refuse all that is written."""
    kind: Any = type(store.backend)

    def refusing(name: str) -> Any:
        usual = getattr(kind, name)

        def call(self: Any, *args: Any, **more: Any) -> Any:
            if self.url == store.url:
                raise StorageError("no answer")
            return usual(self, *args, **more)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for name in ("create", "put", "put_file", "replace"):
            patch.setattr(kind, name, refusing(name))
        yield


def draft() -> wbtable.Artifact:
    out = wbtable.Artifact("model", type="model", metadata={"epoch": 3}, description="best so far")
    rows = [[i, wbtable.Image(np.full((4, 4), i, np.uint8))] for i in range(3)]
    out.add(wbtable.Table(columns=["id", "image"], data=rows), "t")
    with out.new_file("weights.bin", mode="wb") as file:
        file.write(b"12345")
    return out


def check_sent(store: wbtable.Store, run_id: str) -> None:
    version = store.artifact("p/model:best")
    assert (version.qualified_name, version.tags, version.metadata) == ("p/model:v0", ["checked"], {"epoch": 3})
    assert (version.description, version.logged_by()) == ("best so far", f"p/{run_id}")
    assert [item.path for item in version.files()] == ["t.table.json", "weights.bin"]
    assert version["t"].take([2], media="bytes").num_rows == 1
    assert next(iter(store.runs("p"))).logged() == ["p/model:v0"]
    assert store.verify().ok
    assert not spool_root("p", run_id).exists()


def test_a_pending_version_reads_here_and_is_sent_by_sync(store: wbtable.Store) -> None:
    run = wbtable.init(project="p", store=store)
    made = draft()
    with broken(store):
        with pytest.warns(RunWarning, match="does not take 'model'"):
            version = run.log_artifact(made, aliases=["best"], tags=["checked"])
        assert (version.state, made.state) == ("pending", "pending")
        assert version["t"].get_column("id") == [0, 1, 2]
        with pytest.raises(StorageError):
            version.wait()
    run.finish()
    assert store.artifacts("p") == []
    (done,) = sync()
    assert (done.error, done.artifacts) == (None, 1)
    check_sent(store, run.id)
    assert list(waiting()) == []


def test_wait_sends_it(store: wbtable.Store) -> None:
    run = wbtable.init(project="p", store=store)
    with broken(store), pytest.warns(RunWarning):
        version = run.log_artifact(draft(), aliases=["best"], tags=["checked"])
    sent = version.wait(timeout=5)
    assert (sent.state, sent.store.url, version.state) == ("committed", store.url, "committed")
    assert version.wait() is sent
    run.finish()
    for path in spool_root("p", run.id).glob("store.json"):
        path.unlink()
        path.parent.rmdir()
    check_sent(store, run.id)


def test_media_wait_with_their_bytes(store: wbtable.Store) -> None:
    run = wbtable.init(project="p", store=store)
    run.log({"a": 0})
    run.history()
    with broken(store), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run.log({"picture": wbtable.Image(np.full((4, 4), 7, np.uint8))})
        run._intake.uploads.drain()
        run.log({"a": 2})
        run.finish()
    assert any("of step 1 wait in" in str(warning.message) for warning in said)
    (done,) = sync()
    assert (done.error, done.media, done.finished) == (None, 1, True)
    (info,) = store.runs("p")
    cells = info.history()["picture"].to_pylist()
    assert [cell is None for cell in cells] == [True, False, True]
    assert cells[1]["width"] == 4
    assert info.summary["picture"]["_type"] == "image"
    assert store.verify().ok
    assert not spool_root("p", run.id).exists()


def test_a_store_that_vanished_is_not_made_anew(store: wbtable.Store, tmp_path: Path) -> None:
    run = wbtable.init(project="p", store=store)
    run.history()
    (tmp_path / "remote").rename(tmp_path / "away")
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        assert run.log_artifact(draft(), aliases=["best"], tags=["checked"]).state == "pending"
        run.finish()
    assert not (tmp_path / "remote" / "projects" / "p" / "artifacts").exists()
    if (tmp_path / "remote").exists():
        (tmp_path / "remote").rename(tmp_path / "empty")
    (tmp_path / "away").rename(tmp_path / "remote")
    (done,) = sync()
    assert (done.error, done.artifacts, done.finished) == (None, 1, True)
    check_sent(store, run.id)


def test_a_draft_that_cannot_be_committed_anywhere_is_an_error(store: wbtable.Store, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a")
    made = wbtable.Artifact("model", type="model")
    made.add_file(file)
    file.unlink()
    with wbtable.init(project="p", store=store) as run, pytest.raises(wbtable.NotFoundError):
        run.log_artifact(made)


def test_one_tag_may_be_given_as_text(store: wbtable.Store) -> None:
    with wbtable.init(project="p", store=store) as run:
        version = run.log_artifact(wbtable.Artifact("a"), aliases="best", tags="first try")
    assert (version.tags, version.aliases) == (["first try"], ["latest", "best"])


def test_a_pending_version_becomes_the_one_that_was_sent(store: wbtable.Store) -> None:  # RUN-9
    run = wbtable.init(project="p", store=store)
    made = draft()
    with broken(store), pytest.warns(RunWarning):
        version = run.log_artifact(made, aliases=["best"], tags=["checked"])
    version.add_aliases(["later"])
    version.add_tags(["seen"])
    version.wait()
    assert sorted(version.aliases) == ["best", "later", "latest"]
    assert version.tags == ["checked", "seen"]
    assert version == store.artifact("p/model")
    assert version["weights.bin"].read() == made["weights.bin"].read() == b"12345"
    run.finish()


def test_wait_finds_what_sync_sent(store: wbtable.Store) -> None:  # RUN-9
    run = wbtable.init(project="p", store=store)
    with broken(store), pytest.warns(RunWarning):
        version = run.log_artifact(draft())
    run.finish()
    (done,) = sync()
    assert (done.error, done.artifacts) == (None, 1)
    assert version.wait().qualified_name == "p/model:v0"
    assert version["weights.bin"].read() == b"12345"
