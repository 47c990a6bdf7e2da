"""Runs as the page has them: known between questions, as rows, as curves (RUN-3, RUN-4, RUN-10)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from tests.page.workspace_store import START, add_run, damage, learning
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import NotFoundError
from wbtable.format.layout import object_key
from wbtable.format.run_history import Row, make_segment, write_segment
from wbtable.format.run_record import Process, RunStart
from wbtable.runs.compaction import compact
from wbtable.storage.objects import ObjectStore
from wbtable.viewer import run_rows
from wbtable.viewer.run_histories import Histories, curve
from wbtable.viewer.run_index import RunIndex

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.format.documents import Json
    from wbtable.runs.files import RunFiles


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return create_store(tmp_path / "store")


def _index(store: Store) -> RunIndex:
    return RunIndex(lambda: store)


def _again(files: RunFiles) -> None:
    """Resume a run."""
    process = Process(host="elsewhere", pid=2)
    files.start(RunStart(project="p", id=files.id, attempt=1, created_at=START, name="again", process=process))


def _values(curve: Json | None, name: str) -> list[float]:
    assert curve is not None
    return [math.nan if value is None else float(value) for value in curve[name]]


def _noted(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list of the keys that are read from now on."""
    read: list[str] = []
    get = store.backend.get

    def noting(key: str) -> bytes:
        read.append(key)
        return get(key)

    monkeypatch.setattr(store.backend, "get", noting)
    return read


# What is known of runs.


def test_runs_are_known_the_newest_first_and_the_damaged_last(store: Store) -> None:
    for i, name in enumerate("cab"):
        add_run(store, "p", name, number=i)
    damage(store, "runs/a/attempts")
    index = _index(store)
    found = index.runs("p")
    assert [run.id for run in found] == ["b", "c", "a"]
    assert found[2].info is None
    assert "attempts" in str(found[2].error)
    assert index.runs("nothing") == []
    with pytest.raises(NotFoundError):
        index.one("p", "zzz")


def test_what_ended_is_read_once_unless_it_is_resumed(store: Store) -> None:
    files = add_run(store, "p", "a")
    add_run(store, "p", "b", exit_code=None)
    index = _index(store)
    before = {run.id: run for run in index.runs("p")}
    after = {run.id: run for run in index.runs("p", fresh=0)}
    assert after["a"] is before["a"]
    assert after["b"] is not before["b"]
    _again(files)
    resumed = {run.id: run for run in index.runs("p", fresh=0)}["a"].info
    assert resumed is not None
    assert (resumed.name, resumed.start.attempt) == ("again", 1)


def test_an_answer_stands_for_a_moment(store: Store) -> None:
    add_run(store, "p", "a")
    index = _index(store)
    assert len(index.runs("p", fresh=3600)) == 1
    add_run(store, "p", "b")
    assert len(index.runs("p", fresh=3600)) == 1
    assert len(index.runs("p", fresh=0)) == 2


# Rows.


def test_config_and_summary_become_columns_that_filters_name(store: Store) -> None:
    config = {"lr": 0.1, "optimizer": {"name": "adam", "odd key": 1}, "in": 2, "empty": {}}
    add_run(store, "p", "a", config=config, rows=[{"val/acc": 0.5, "a.b": 1}])
    info = _index(store).runs("p")[0].info
    assert info is not None
    found = run_rows.values_of(info)
    assert found["config.lr"] == 0.1
    assert found["config.optimizer.name"] == "adam"
    assert found["config.optimizer.`odd key`"] == 1
    assert found["config.`in`"] == 2
    assert found["config.empty"] == {}
    assert found["summary.`val/acc`"] == 0.5
    assert found["summary.a.b"] == 1
    from wbtable.runs.filtering import matching

    for name in found:
        if name != "config.empty":
            assert matching([info], f"{name} is not null") == [info], name


def test_rows_are_sorted_windowed_and_say_what_differs(store: Store) -> None:
    for i, value in enumerate([3.0, math.nan, 1.0, None, 2.0]):
        add_run(store, "p", f"r{i}", number=i, config={"same": 1, "i": i}, summary={"x": value} if value else {})
    known = _index(store).runs("p")
    window = run_rows.window(known, [{"expression": "summary.x", "order": "asc"}], 0, 4, ["summary.x"])
    assert [row["run"] for row in window["runs"]] == ["r2", "r4", "r0", "r1"]
    assert window["runs"][3]["values"] == {"summary.x": "NaN"}
    assert (window["matched"], window["states"]) == (5, {"finished": 5})
    falling = run_rows.window(known, [{"expression": "summary.x", "order": "desc"}], 0, 9, [])
    assert [row["run"] for row in falling["runs"]] == ["r1", "r0", "r4", "r2", "r3"]
    assert {column["name"]: column["differs"] for column in window["columns"]} == {
        "config.i": True, "config.same": False, "summary.x": True,
    }  # fmt: skip
    by_name = run_rows.window(known, [{"expression": "name"}], 1, 2, [])
    assert [row["run"] for row in by_name["runs"]] == ["r1", "r2"]


def test_values_of_several_kinds_have_an_order(store: Store) -> None:
    for i, value in enumerate(["b", 2, True, "A", [1], 1.5]):
        add_run(store, "p", f"r{i}", number=i, config={"x": value})
    known = _index(store).runs("p")
    window = run_rows.window(known, [{"expression": "config.x"}], 0, 9, None)
    assert [row["values"]["config.x"] for row in window["runs"]] == [True, 1.5, 2, "A", "b", [1]]
    assert window["columns"][0]["kind"] == "mixed"


def test_long_values_differ_and_are_sorted_wherever_they_do(store: Store) -> None:
    """The first thousand characters alone were looked at."""
    for i, end in enumerate([[2], [1]]):
        add_run(store, "p", f"r{i}", number=i, config={"list": [10] * 500 + end, "text": "x" * 2000 + str(end)})
    window = run_rows.window(_index(store).runs("p"), [{"expression": "config.list"}], 0, 9, [])
    assert [column["differs"] for column in window["columns"]] == [True, True]
    assert [row["run"] for row in window["runs"]] == ["r1", "r0"]


def test_what_is_no_number_comes_behind_infinity(store: Store) -> None:
    for i, value in enumerate([math.nan, math.inf, 1.0, math.nan, math.inf, -math.inf]):
        add_run(store, "p", f"r{i}", number=i, summary={"x": value})
    window = run_rows.window(_index(store).runs("p"), [{"expression": "summary.x"}], 0, 9, ["summary.x"])
    values = [row["values"]["summary.x"] for row in window["runs"]]
    assert values == ["-Infinity", 1.0, "Infinity", "Infinity", "NaN", "NaN"]


def test_tables_are_named_and_long_texts_cut(store: Store) -> None:
    table = {"_type": "table", "artifact": "p/t:v0", "path": "t.table.json", "more": "x" * 9000}
    assert run_rows.shown(table) == {"table": {"artifact": "p/t:v0", "path": "t.table.json"}}
    assert run_rows.shown("x" * 1000) == {"cut": "x" * 300, "size": 1000}
    assert run_rows.table_reference('{"_type":"table","artifact":1,"path":"t"}') is None
    assert run_rows.table_reference("{" * 100_000) is None
    assert run_rows.kind_of(table) == "table"
    assert store.projects() == []


# Curves.


def test_a_curve_has_the_rows_of_its_key(store: Store) -> None:
    add_run(store, "p", "a", rows=learning(0.1, steps=30), segments=4)
    history = Histories(lambda: store).read("p", "a")
    found = curve(history, "val/acc", "_step", START.timestamp(), 100)
    assert found is not None
    assert (found["x"], found["rows"], found["sampled"]) == ([9.0, 19.0, 29.0], 3, False)
    times = curve(history, "val/acc", "_runtime", START.timestamp(), 100)
    assert _values(times, "x") == [9.0, 19.0, 29.0]
    over = curve(history, "val/acc", "epoch", START.timestamp(), 100)
    assert _values(over, "x") == [0.0, 1.0, 2.0]
    assert curve(history, "nothing", "_step", 0.0, 100) is None
    assert curve(history, "loss", "nothing", 0.0, 100) is None


def test_many_rows_become_means_between_the_first_and_the_last(store: Store) -> None:
    values = [math.sin(i / 50) for i in range(1000)]
    add_run(store, "p", "a", rows=[{"x": value} for value in values])
    found = curve(Histories(lambda: store).read("p", "a"), "x", "_step", 0.0, 100)
    assert found is not None
    assert found["sampled"]
    x, y, low, high = (np.array(_values(found, name)) for name in ("x", "y", "low", "high"))
    assert (len(x), x[0], x[-1], y[0], y[-1]) == (100, 0.0, 999.0, values[0], values[-1])
    assert bool(((low <= y) & (y <= high)).all())
    assert bool((np.diff(x) > 0).all())
    assert min(low) == min(values)
    assert max(high) == max(values)
    # Each row counts once: the means, weighted by their rows, have the mean of all.
    starts = np.concatenate([[0], np.linspace(1, 999, 99).astype(int), [1000]])
    assert float(np.average(y, weights=np.diff(starts))) == pytest.approx(float(np.mean(values)))


def test_what_is_not_finite_is_a_gap_and_counted(store: Store) -> None:
    add_run(store, "p", "a", rows=[{"x": 1.0}, {"x": math.nan}, {"x": math.inf}, {"x": 2.0}])
    found = curve(Histories(lambda: store).read("p", "a"), "x", "_step", 0.0, 100)
    assert found is not None
    assert (found["y"], found["not_finite"]) == ([1.0, None, None, 2.0], 2)


def test_a_step_that_was_logged_again_counts_once(store: Store) -> None:
    """RUN-4: of several rows of one step the last value holds."""
    files = add_run(store, "p", "a", rows=[{"x": 1.0}, {"x": 2.0}], exit_code=None)
    files.add_segment(write_segment(make_segment([Row(0, 10, ("x",), (9.0,)), Row(2, 20, ("x",), (3.0,))])))
    found = curve(Histories(lambda: store).read("p", "a"), "x", "_step", 0.0, 100)
    assert found is not None
    assert (found["x"], found["y"]) == ([0.0, 1.0, 2.0], [9.0, 2.0, 3.0])


def test_a_run_that_goes_on_is_read_from_where_it_was(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    files = add_run(store, "p", "a", rows=learning(0.1, 10), segments=5, exit_code=None)
    histories = Histories(lambda: store)
    assert len(_values(curve(histories.read("p", "a"), "loss", "_step", 0.0, 99), "x")) == 10
    files.add_segment(write_segment(make_segment([Row(10, 10, ("loss", "new"), (0.0, 1.0))])))
    read = _noted(store, monkeypatch)
    found = curve(histories.read("p", "a"), "loss", "_step", 0.0, 99)
    assert _values(found, "x")[-1] == 10.0
    assert [key.rpartition("/")[2] for key in read if key.endswith(".parquet")] == [
        f"{5:020}.parquet",
        f"{6:020}.parquet",
    ]


def test_a_compacted_history_is_read_instead_of_its_segments(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    files = add_run(store, "p", "a", rows=learning(0.1, 10), segments=5, exit_code=None)
    made = compact(files, ObjectStore(store.backend))
    from wbtable.format.run_record import RunFinish

    finish = RunFinish(
        attempt=0, finished_at=START, exit_code=0, next_step=10, segments=made.segments, history=made.history,
        refs=made.refs,
    )  # fmt: skip
    files.finish(finish)
    read = _noted(store, monkeypatch)
    history = Histories(lambda: store).read("p", "a")
    assert len(_values(curve(history, "loss", "_step", 0.0, 99), "x")) == 10
    assert [key for key in read if "/history/" in key] == [f"projects/p/runs/a/history/{5:020}.parquet"]
    monkeypatch.undo()
    assert made.history is not None
    damage(store, object_key(made.history.digest, made.history.media_type))
    again = Histories(lambda: store).read("p", "a")
    assert len(_values(curve(again, "loss", "_step", 0.0, 99), "x")) == 10
    assert "its segments are" in again.problems[0]


def test_a_damaged_segment_leaves_the_others(store: Store) -> None:
    add_run(store, "p", "a", rows=learning(0.1, 10), segments=5)
    damage(store, f"history/{2:020}")
    history = Histories(lambda: store).read("p", "a")
    assert _values(curve(history, "loss", "_step", 0.0, 99), "x") == [0, 1, 2, 3, 6, 7, 8, 9]
    assert f"{2:020}" in history.problems[0]


def test_tables_and_what_else_was_logged_are_known(store: Store) -> None:
    """RUN-10: a table stands in a history by the version and the path that hold it."""
    table = {"_type": "table", "artifact": "p/t:v0", "path": "t.table.json"}
    add_run(store, "p", "a", rows=[{"t": table, "s": "text", "m": [1, 2], "b": True}, {"t": table}])
    history = Histories(lambda: store).read("p", "a")
    assert [(one["step"], one["artifact"]) for one in history.tables["t"]] == [(0, "p/t:v0"), (1, "p/t:v0")]
    assert set(history.others) == {"s", "m", "b"}
    assert history.numbers == {}


def test_numbers_are_drawn_whatever_else_was_logged_under_their_name(store: Store) -> None:
    """RUN-3: a key of several types is stored as any, in a segment or once the run has ended."""
    rows: list[Json] = [{"x": 1.0}, {"x": "n/a"}, {"x": True}, {"x": 2}, {"x": math.nan}, {"x": 2**60}]
    add_run(store, "p", "a", rows=rows, segments=1)
    history = Histories(lambda: store).read("p", "a")
    found = curve(history, "x", "_step", 0.0, 100)
    assert found is not None
    assert (found["x"], found["y"]) == ([0.0, 3.0, 4.0, 5.0], [1.0, 2.0, None, 2.0**60])
    assert history.others == {"x": "any"}


def test_a_key_without_a_number_in_its_segment_is_nothing_to_draw_over(store: Store) -> None:
    files = add_run(store, "p", "a", rows=[{"x": 1.0}], exit_code=None)
    one = make_segment([Row(1, 10, ("y",), (1.0,))])
    nothing = one.table.set_column(one.table.num_columns - 1, "y", pa.array([None], pa.float64()))
    files.add_segment(write_segment(replace(one, table=nothing)))
    history = Histories(lambda: store).read("p", "a")
    assert curve(history, "y", "_step", 0.0, 100) is None
    assert curve(history, "x", "y", 0.0, 100) is None


def test_a_table_that_was_logged_again_at_its_step_counts_once(store: Store) -> None:
    """RUN-4: of several rows of one step the last value holds."""
    table = {"_type": "table", "path": "t.table.json"}
    files = add_run(store, "p", "a", rows=[{"t": table | {"artifact": f"p/t:v{i}"}} for i in range(2)], exit_code=None)
    files.add_segment(write_segment(make_segment([Row(0, 10, ("t",), (table | {"artifact": "p/t:v2"},))])))
    history = Histories(lambda: store).read("p", "a")
    assert [(one["step"], one["artifact"]) for one in history.tables["t"]] == [(0, "p/t:v2"), (1, "p/t:v1")]


def test_histories_that_are_kept_are_bounded(store: Store) -> None:
    for i in range(4):
        add_run(store, "p", f"r{i}", rows=[{"x": 1.0}] * 100)
    histories = Histories(lambda: store, max_bytes=5000)
    found = [histories.read("p", f"r{i}") for i in range(4)]
    assert histories.read("p", "r3") is found[3]
    assert histories.read("p", "r0") is not found[0]
