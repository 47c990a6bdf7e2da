"""Many runs at once: picked by an expression, their histories as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from wbtable.errors import NotFoundError, UsageError
from wbtable.runs.console import RunWarning

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store


def make(store: Store, run_id: str, config: dict[str, Any], *accuracies: float, tags: tuple[str, ...] = ()) -> None:
    with wbtable.init(project="p", id=run_id, config=config, store=store, tags=tags) as run:
        for accuracy in accuracies:
            run.log({"val": {"acc": accuracy}})


@pytest.fixture
def runs(store: Store) -> Store:
    make(store, "a", {"lr": 0.1, "optimizer": {"name": "adam", "betas": [0.9, 0.99]}}, 0.5, 0.95, tags=("x",))
    make(store, "b", {"lr": 0.001, "optimizer": {"name": "sgd"}}, 0.99)
    make(store, "c", {"lr": 1}, 0.2, 0.3, 0.4)
    make(store, "d", {}, float("nan"))
    return store


def ids(store: Store, text: str) -> list[str]:
    return [run.id for run in store.runs("p", filter=text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("config.lr > 0.01 and summary.val.acc > 0.9", ["a"]),
        ("config.lr > 0.01", ["a", "c"]),
        ("config.lr is null", ["d"]),
        ('summary["val.acc"] >= 0.4', ["a", "b", "c"]),
        ("config.optimizer.name in ['adam', 'sgd']", ["a", "b"]),
        ('config.optimizer["name"] == "sgd" or steps == 3', ["b", "c"]),
        ("config.optimizer.betas[1] == 0.99", ["a"]),
        ("tags contains 'x'", ["a"]),
        ("state == 'finished' and not id between 'b' and 'c'", ["a", "d"]),
        ("exit_code == 0 and name like '_'", ["a", "b", "c", "d"]),
        ("created_at < date('2000-01-01')", []),
        ("true", ["a", "b", "c", "d"]),
    ],
)
def test_a_filter_picks_runs(runs: Store, text: str, found: list[str]) -> None:
    assert ids(runs, text) == found


def test_a_field_that_no_run_has_is_null_and_said(runs: Store) -> None:
    with pytest.warns(RunWarning, match="none of 4 runs has config.learning_rat"):
        assert ids(runs, "config.learning_rat > 0") == []
    with pytest.warns(RunWarning, match="'val.acc'"):
        assert len(ids(runs, "summary.val.ac is null")) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config.lr >", "expected a value"),
        ("lr > 1", "a run has no 'lr'"),
        ("sate == 'finished'", "did you mean 'state'"),
        ("config.lr > 'a'", "float64 does not compare with string"),
        ("config", "a run has no 'config'"),
        ("config.lr + 1", "true or false"),
        ("", "expected"),
    ],
)
def test_a_filter_that_is_none_says_why(runs: Store, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        runs.runs("p", filter=text)


def test_a_malformed_filter_is_an_error_without_runs_too(store: Store) -> None:
    with pytest.raises(UsageError):
        store.runs("none", filter="config.lr >")
    assert store.runs("none", filter="config.lr > 1") == []


def test_values_of_several_kinds_are_each_asked_as_they_are(runs: Store) -> None:
    make(runs, "e", {"lr": "auto"}, 0.95)
    with pytest.warns(RunWarning, match="cannot be asked of 1 runs, such as e"):
        assert ids(runs, "config.lr > 0.01") == ["a", "c"]
    with pytest.warns(RunWarning, match="cannot be asked of 4 runs, such as a"):
        assert ids(runs, "config.lr == 'auto'") == ["e"]
    assert ids(runs, "config.lr is not null") == ["a", "b", "c", "e"]


def test_runs_of_all_projects(runs: Store) -> None:
    with wbtable.init(project="q", id="other", store=runs):
        pass
    assert [run.path for run in runs.runs(filter="project == 'q' or id == 'a'")] == ["p/a", "q/other"]


def test_histories_of_many_runs_are_one_table(runs: Store) -> None:
    with wbtable.init(project="p", id="e", store=runs) as run:
        run.log({"val": {"acc": 1}, "text": "hello"})
    found = runs.runs("p").history()
    assert found.column_names == ["_run", "_step", "_timestamp", "_runtime", "val.acc", "text"]
    assert found["_run"].to_pylist() == ["a", "a", "b", "c", "c", "c", "d", "e"]
    assert found["_step"].to_pylist() == [0, 1, 0, 0, 1, 2, 0, 0]
    assert found["text"].to_pylist() == [None] * 7 + ["hello"]
    assert str(found.schema.field("val.acc").type) == "double"
    frame = runs.runs("p", filter="config.lr > 0").history(["val.acc"]).to_pandas()
    assert frame.groupby("_run")["val.acc"].max().to_dict() == {"a": 0.95, "b": 0.99, "c": 0.4}


def test_a_key_that_no_run_logged(runs: Store) -> None:
    with pytest.raises(NotFoundError, match=r"did you mean 'val\.acc'"):
        runs.runs("p").history(["val.ac"])
    assert runs.runs("none").history().num_rows == 0


def test_runs_as_a_table(runs: Store) -> None:
    table = runs.runs("p").table()
    assert table.get_column("id") == ["a", "b", "c", "d"]
    assert table.view(filter="`summary.val.acc` > 0.9", columns=["id"]).get_column("id") == ["a", "b"]
    assert repr(runs.runs("p")) == "<4 runs: p/a, p/b, p/c, …>"
