"""The tables of one key over many runs and steps, as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from tests.unit.query.test_join_query import check
from wbtable.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store


def log(store: Store, name: str, tables: list[Any], key: str = "val") -> str:
    with wbtable.init(project="p", name=name, store=store) as run:
        for table in tables:
            run.log({"loss": 0.5, key: table})
    return str(run.id)


def table(columns: list[str], *rows: list[Any]) -> wbtable.Table:
    return wbtable.Table(columns=columns, data=list(rows))


def rows_of(found: Any) -> list[list[Any]]:
    return [row for _, row in found.iterrows()]


# CMP-9: run and step stand before the columns of the tables, whose types widen.
def test_tables_of_one_key_over_runs_and_steps(store: Store) -> None:
    one = log(store, "one", [table(["id", "x"], [1, 1], [2, 2]), table(["id", "x"], [1, 3])])
    other = log(store, "other", [table(["id", "x", "y"], [1, 0.5, "a"])])
    log(store, "without", [table(["id"], [1])], key="test")
    found = store.run_tables("p", "val")
    assert found.columns == ["run", "step", "id", "x", "y"]
    assert rows_of(found) == [
        [one, 0, 1, 1.0, None],
        [one, 0, 2, 2.0, None],
        [one, 1, 1, 3.0, None],
        [other, 0, 1, 0.5, "a"],
    ]
    assert found.conflicts == ()
    assert found.parts == (f"run {one}, step 0", f"run {one}, step 1", f"run {other}, step 0")
    check(found)
    assert [row[2:4] for row in rows_of(store.run_tables("p", "val", last=True))] == [[1, 3.0], [1, 0.5]]
    assert [row[1] for row in rows_of(store.run_tables("p", "val", steps=[1]))] == [1]
    assert {row[0] for row in rows_of(store.run_tables("p", "val", runs=["other"]))} == {other}
    best = found.view(filter=f'run == "{one}"', sort="x desc", columns=["step", "x"]).to_arrow()
    assert best.to_pydict() == {"step": [1, 0, 0], "x": [3.0, 2.0, 1.0]}


# CMP-9: what is no table is a row of its own, in a column with the name of the key.
def test_values_of_one_key_over_runs_and_steps(store: Store) -> None:
    picture = np.zeros((4, 6, 3), np.uint8)
    with wbtable.init(project="p", name="pictures", store=store) as run:
        run.log({"loss": 0.5, "seen": wbtable.Image(picture, caption="first")})
        run.log({"loss": 0.25})
        run.log({"loss": 1, "seen": wbtable.Image(picture + 9, caption="second")})
    one = str(run.id)
    found = store.run_tables("p", "seen")
    assert found.columns == ["run", "step", "seen"]
    assert [(row[0], row[1], row[2].caption) for row in rows_of(found)] == [(one, 0, "first"), (one, 2, "second")]
    assert np.array_equal(rows_of(found)[1][2].to_numpy(), picture + 9)
    assert found.view(filter="step > 0 and seen.width == 6", columns=["step"]).to_arrow().to_pydict() == {"step": [2]}
    assert rows_of(store.run_tables("p", "loss")) == [[one, 0, 0.5], [one, 1, 0.25], [one, 2, 1.0]]
    assert rows_of(store.run_tables("p", "loss", last=True)) == [[one, 2, 1.0]]
    assert rows_of(store.run_tables("p", "loss", steps=[1])) == [[one, 1, 0.25]]
    with pytest.raises(NotFoundError, match="no run of 'p' logged anything under 'nothing'"):
        store.run_tables("p", "nothing")


def test_tables_and_values_of_one_key_stand_together(store: Store) -> None:
    with wbtable.init(project="p", store=store) as run:
        for value in (table(["id"], [7]), "words"):
            run.log({"mixed": value})
    found = store.run_tables("p", "mixed")
    assert found.columns == ["run", "step", "id", "mixed"]
    assert [row[1:] for row in rows_of(found)] == [[0, 7, None], [1, None, "words"]]
    assert [row[1:] for row in rows_of(store.run_tables("p", "mixed", last=True))] == [[1, "words"]]
    assert [row[1:] for row in rows_of(store.run_tables("p", "mixed", steps=[0], last=True))] == [[0, 7]]
    log(store, "turned", ["words", table(["id"], [8])], key="turned")
    assert [row[1:] for row in rows_of(store.run_tables("p", "turned", last=True))] == [[1, 8]]


# CMP-9: `run` and `step` always say where a row is from; what was logged under such a name is called otherwise.
def test_columns_that_are_called_run_and_step_are_there_under_other_names(store: Store) -> None:
    one = log(store, "one", [table(["id", "step", "run"], [1, 10, "a"])])
    other = log(store, "other", [table(["id", "step", "own_run"], [2, 0.5, "b"]), table(["id"], [3])])
    found = store.run_tables("p", "val")
    assert found.columns == ["run", "step", "id", "own_step", "own_own_run", "own_run"]
    assert rows_of(found) == [
        [one, 0, 1, 10.0, "a", None],
        [other, 0, 2, 0.5, None, "b"],
        [other, 1, 3, None, None, None],
    ]
    check(found)
    picked = found.view(filter="own_step > 1 and step == 0", columns=["run", "own_step", "own_own_run"])
    assert picked.to_arrow().to_pylist() == [{"run": one, "own_step": 10.0, "own_own_run": "a"}]
    assert found.take([2, 0], columns=["own_step", "id"]).to_pydict() == {"own_step": [None, 10.0], "id": [3, 1]}
    assert rows_of(store.run_tables("p", "val", last=True))[0] == [one, 0, 1, 10, "a"]
    third = log(store, "third", [3, 4], key="step")
    values = store.run_tables("p", "step")
    assert values.columns == ["run", "step", "own_step"]
    assert rows_of(values) == [[third, 0, 3], [third, 1, 4]]
    check(values)


def test_rows_of_an_incremental_table_are_there_once(store: Store) -> None:
    with wbtable.init(project="p", store=store) as run:
        grown = wbtable.Table(columns=["n"], log_mode="INCREMENTAL")
        for step in range(3):
            grown.add_data(step)
            run.log({"val": grown})
    assert rows_of(store.run_tables("p", "val")) == [[run.id, step, step] for step in range(3)]
    assert rows_of(store.run_tables("p", "val", last=True)) == [[run.id, 2, n] for n in range(3)]


def test_a_conflict_is_reported_per_column(store: Store) -> None:
    one = log(store, "one", [table(["a", "b"], [1, 1])])
    other = log(store, "other", [table(["a", "b"], ["x", 2])])
    found = store.run_tables("p", "val")
    assert rows_of(found) == [[one, 0, 1, 1], [other, 0, "x", 2]]
    (conflict,) = found.conflicts
    assert conflict.column == "a"
    assert conflict.types == (("int64", (f"run {one}, step 0",)), ("string", (f"run {other}, step 0",)))


def test_what_is_not_there(store: Store) -> None:
    log(store, "one", [table(["id"], [1])])
    with pytest.raises(NotFoundError, match="no run of 'p' logged anything under 'nothing'"):
        store.run_tables("p", "nothing")
    with pytest.raises(NotFoundError, match="there is no run 'two'"):
        store.run_tables("p", "val", runs=["two"])


def test_versions_that_were_deleted_are_left_out(store: Store) -> None:
    run = log(store, "one", [table(["id"], [1]), table(["id"], [2])])
    store.artifact(f"p/run-{run}-val:v0").delete()
    assert rows_of(store.run_tables("p", "val")) == [[run, 1, 2]]


def test_versions_are_compared(store: Store) -> None:
    for epoch in range(2):
        with wbtable.init(project="p", store=store) as run:
            artifact = wbtable.Artifact("predictions", type="predictions")
            artifact.add(table(["id", "guess"], [1, 1 + epoch], [2, 2]), "val")
            run.log_artifact(artifact)
    first = store.artifact("p/predictions:v0")
    for found in (first.compare("v1"), wbtable.compare([first, store.artifact("p/predictions:v1")])):
        assert (found.counts.changed, found.counts.equal) == (1, 1)
        assert found.by_position
    named = first.compare("p/predictions:v1", path="val", key="id", how="inner")
    assert named.columns == ["id", "0.guess", "1.guess", "_change"]
    two = wbtable.Artifact("two", type="t")
    two.add(table(["id"], [1]), "a")
    two.add(table(["id"], [1]), "b")
    version = store.commit(two, project="p")
    with pytest.raises(UsageError, match=r"a\.table\.json, b\.table\.json"):
        version.only_table()
    none = wbtable.Artifact("none", type="t")
    with none.new_file("readme.txt") as file:
        file.write("x")
    with pytest.raises(NotFoundError, match="no table"):
        store.commit(none, project="p").only_table()
