from __future__ import annotations

import shutil
import warnings
from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import create_store
from wbtable.errors import AlreadyExistsError, ConflictError, NotFoundError, StorageError, UsageError
from wbtable.runs import globals as current
from wbtable.runs.console import RunWarning
from wbtable.runs.init import init
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store


def values(table: Any, key: str) -> list[Any]:
    found: list[Any] = table[key].to_pylist()
    return found


def test_config_given_as_something_odd(store: Store) -> None:
    with pytest.raises(UsageError, match="config"):
        init(store=store, config=3)


def test_a_second_init_finishes_the_first(store: Store) -> None:
    first = init(project="p", store=store)
    assert init(project="p", store=store, reinit="return_previous") is first
    second = init(project="p", store=store)
    assert second is not first
    third = init(project="p", store=store, reinit="create_new")
    assert current.current() is third
    third.finish()
    assert current.current() is second
    second.finish()
    assert [info.state for info in store.runs("p")] == ["finished"] * 3


def test_an_exception_in_the_block_makes_the_run_failed(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), init(project="p", store=store):
        _ = 1 / 0
    assert store.runs("p")[0].state == "failed"


def test_disabled_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with init(mode="disabled", config={"a": 1}) as run:
        run.log({"loss": 1.0, "t": Table(columns=["a"], data=[[1]])})
        draft = Artifact("d")
        assert run.log_artifact(draft) is draft  # type: ignore[comparison-overlap]
        assert run.summary["loss"] == 1.0
        assert run.history().num_rows == 0
        assert wbtable.run is run
    assert not (tmp_path / ".wbtable").exists()


def test_a_disabled_run_uses_versions_of_the_store_that_it_was_given(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = create_store(tmp_path / "other")
    monkeypatch.setenv("WBTABLE_STORE", other.url)
    for one in (store, other):
        one.commit(Artifact("data", description=one.url), project="p")
    for given in (store, store.url):
        with init(project="p", store=given, mode="disabled") as run:
            assert run.use_artifact("data").description == store.url
    with init(project="p", mode="disabled") as run:
        assert run.use_artifact("data").description == other.url
    assert store.runs("p") == []


def test_disabled_by_the_environment(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBTABLE_MODE", "disabled")
    with init(project="p", store=store) as run:
        assert run.disabled
    assert store.runs("p") == []


def test_the_default_store_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with init(project="p") as run:
        pass
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert run.path in said.err
    assert "wbtable --store" in said.err
    assert (tmp_path / ".wbtable" / "wbtable.json").is_file()


def test_a_store_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        init(store=tmp_path / "none")


@pytest.mark.parametrize(
    "bad",
    [
        {"project": ""},
        {"project": "a/b"},
        {"project": "x" * 300},
        {"project": "a\x00"},
        {"project": 3},
        {"id": "a:b"},
        {"id": "x" * 100},
        {"name": "\ud800"},
        {"mode": "sometimes"},
        {"resume": "perhaps"},
        {"reinit": "never"},
        {"no_such_argument": 1},
        {"tags": [3]},
    ],
)
def test_bad_arguments(store: Store, bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        init(**{"store": store, **bad})
    assert current.current() is None


def test_arguments_without_meaning_warn_once(store: Store) -> None:
    with pytest.warns(RunWarning, match="entity"):
        init(store=store, entity="me").finish()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        init(store=store, entity="me", dir=None).finish()


def test_an_id_is_taken_once(store: Store) -> None:
    # RUN-1
    init(project="p", id="mine", store=store).finish()
    with pytest.raises(AlreadyExistsError, match="resume"):
        init(project="p", id="mine", store=store)
    init(project="q", id="mine", store=store).finish()


def test_resume(store: Store) -> None:
    # RUN-1, RUN-4
    with pytest.raises(NotFoundError):
        init(project="p", id="r", store=store, resume="must")
    with init(project="p", id="r", store=store, resume="allow", config={"a": 1, "b": 1}, name="first") as run:
        run.log({"x": 0})
        run.log({"x": 1})
        run.history()
        run.log({"x": 2})
        with pytest.raises(ConflictError, match="is running"):
            init(project="p", id="r", store=store, resume="must", reinit="create_new")
    with init(project="p", id="r", store=store, resume="must", config={"b": 2}) as again:
        assert again.resumed
        assert again.step == 3
        assert again.summary["x"] == 2
        again.log({"x": 3})
        assert values(again.history(), "x") == [0, 1, 2, 3]
    [found] = store.runs("p")
    assert (found.state, found.start.attempt, found.name) == ("finished", 1, "first")
    assert found.config == {"a": 1, "b": 2}
    assert values(found.history(), "x") == [0, 1, 2, 3]


def test_without_a_run() -> None:
    assert wbtable.run is None
    for name in ("log", "log_artifact", "use_artifact"):
        with pytest.raises(UsageError, match=r"init\(\) first"):
            getattr(wbtable, name)({})
    with pytest.raises(UsageError, match=r"init\(\) first"):
        wbtable.config["a"] = 1
    with pytest.raises(UsageError, match=r"init\(\) first"):
        _ = wbtable.summary.loss
    with pytest.raises(UsageError, match=r"init\(\) first"):
        wbtable.config.update({})
    assert "init" in repr(wbtable.config)


def test_the_module_means_the_current_run(store: Store) -> None:
    run = wbtable.init(project="p", store=store, config={"a": 1})
    wbtable.log({"x": 1})
    wbtable.config.b = 2
    wbtable.summary["best"] = 3
    assert wbtable.run is run
    assert dict(run.config) == {"a": 1, "b": 2}
    assert dict(run.summary) == {"x": 1, "best": 3}
    wbtable.finish()
    assert wbtable.run is None


def test_what_is_said_of_a_run_can_be_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = wbtable.create_store(tmp_path / "my store")
    with init(project="p", id="r 1", store=store):
        said = capsys.readouterr().err
    assert f"(look: wbtable --store '{tmp_path}/my store' show 'p/r 1')" in said


def test_no_run_begins_in_a_store_that_vanished(tmp_path: Path) -> None:
    store = wbtable.create_store(tmp_path / "gone")
    shutil.rmtree(store.url)
    with pytest.raises(StorageError, match="the store is gone"):
        init(project="p", store=store)
    assert not (tmp_path / "gone").exists()


def test_what_makes_no_sense_does_not_end_the_run_that_is_open(store: Store, tmp_path: Path) -> None:
    run = init(project="p", store=store)
    wrong: list[dict[str, Any]] = [{"project": ""}, {"id": "a/b"}, {"mode": "x"}, {"resume": "x"}, {"config": 3}]
    for arguments in wrong:
        with pytest.raises(UsageError):
            init(**{"store": store, **arguments})
    with pytest.raises(NotFoundError):
        init(store=tmp_path / "none")
    assert wbtable.run is run
    assert run.is_open


def test_a_run_that_must_be_there_needs_an_id(store: Store) -> None:
    with pytest.raises(NotFoundError, match=r"no run without an id to resume in .*: give id=$"):
        init(project="p", store=store, resume="must")
