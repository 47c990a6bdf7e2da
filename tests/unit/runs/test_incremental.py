"""Tables of log_mode INCREMENTAL (spec: 14-runs)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

import wbtable
from wbtable.tables.reader import TableReader

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.version import Version


def _fragments(version: Version) -> list[str]:
    source = version.get("preds")._source()
    assert isinstance(source, TableReader)
    return [str(fragment.file.digest) for fragment in source.fragments]


def test_each_log_stores_the_new_rows_only(tmp_path: Path) -> None:
    """RUN-11: fragments of rows logged before are named again; each step is readable alone and together."""
    store = wbtable.create_store(tmp_path / "store")
    table = wbtable.Table(columns=["step", "image", "x"], log_mode="INCREMENTAL")
    rng = np.random.default_rng(0)
    with wbtable.init(project="p", store=store) as run:
        for step in range(3):
            for i in range(20):
                table.add_data(step, wbtable.Image(rng.integers(0, 255, (8, 8), dtype=np.uint8)), i + 0.5)
            run.log({"preds": table})
    versions = store.versions(f"p/run-{run.id}-preds")
    assert [len(version.get("preds")) for version in versions] == [20, 40, 60]
    parts = [_fragments(version) for version in versions]
    assert parts[1][:1] == parts[0]
    assert parts[2][:2] == parts[1]
    assert [len(part) for part in parts] == [1, 2, 3]
    together = versions[-1].get("preds")
    assert together.log_mode == "INCREMENTAL"
    assert [row[2] for _, row in together.iterrows()] == [i + 0.5 for _ in range(3) for i in range(20)]
    (info,) = store.runs("p")
    logged = [cell for cell in info.history(["preds"]).column("preds").to_pylist() if cell is not None]
    assert len(logged) == 3
    increments = [info.summary["preds"]["increment"]]
    assert increments == [[40, 60]]
    alone = together.take(range(*increments[0]), columns=["step"])
    assert alone.column("step").to_pylist() == [2] * 20


def test_a_table_that_did_not_grow_makes_no_version(tmp_path: Path) -> None:
    """RUN-11: the same rows again are the same version."""
    store = wbtable.create_store(tmp_path / "store")
    table = wbtable.Table(columns=["a"], data=[[1], [2]], log_mode="INCREMENTAL")
    with wbtable.init(project="p", store=store) as run:
        run.log({"preds": table})
        run.log({"preds": table})
    assert len(store.versions(f"p/run-{run.id}-preds")) == 1


def test_the_key_stays_while_a_table_grows(tmp_path: Path) -> None:
    """TABLE-8, RUN-11."""
    store = wbtable.create_store(tmp_path / "store")
    table = wbtable.Table(columns=["id"], log_mode="INCREMENTAL")
    with wbtable.init(project="p", store=store) as run:
        for number in range(3):
            table.add_data(number)
            table.set_pk("id")
            run.log({"t": table})
    found = [version.get("t") for version in store.versions(f"p/run-{run.id}-t")]
    assert [(one.primary_key, len(one)) for one in found] == [("id", 1), ("id", 2), ("id", 3)]


def test_mutable_tables_are_stored_whole(tmp_path: Path) -> None:
    """RUN-10: what is logged again is the current content."""
    store = wbtable.create_store(tmp_path / "store")
    table = wbtable.Table(columns=["a"], data=[[1]], log_mode="MUTABLE")
    with wbtable.init(project="p", store=store) as run:
        run.log({"t": table})
        table.add_data(2)
        table.add_column("b", ["x", "y"])
        run.log({"t": table})
    first, second = store.versions(f"p/run-{run.id}-t")
    assert first.get("t").data == [[1]]
    assert second.get("t").data == [[1, "x"], [2, "y"]]


def test_a_column_that_widens_writes_rows_again_but_no_media(tmp_path: Path) -> None:
    """RUN-11, TABLE-10."""
    store = wbtable.create_store(tmp_path / "store")
    table = wbtable.Table(columns=["image", "x"], log_mode="INCREMENTAL")
    with wbtable.init(project="p", store=store) as run:
        for value in (1, 2, 2.5):
            table.add_data(wbtable.Image(np.full((8, 8), int(2 * value), np.uint8)), value)
            run.log({"preds": table})
    parts = [_fragments(version) for version in store.versions(f"p/run-{run.id}-preds")]
    assert parts[1][:1] == parts[0]
    assert parts[2] != parts[1]
    last = store.artifact(f"p/run-{run.id}-preds:latest").get("preds")
    assert [(image.to_numpy().max(), x) for _, (image, x) in last.iterrows()] == [(2, 1.0), (4, 2.0), (5, 2.5)]
    assert len(list((tmp_path / "store" / "objects").rglob("*.pack"))) == 3


def _attempt(store: wbtable.Store, rows: list[object], column: str = "a", key: str | None = None) -> None:
    table = wbtable.Table(columns=[column], log_mode="INCREMENTAL")
    with wbtable.init(project="p", id="r", resume="allow", store=store) as run:
        for row in rows:
            table.add_data(row)
            if key is not None:
                table.set_pk(key)
            run.log({"t": table})


def _last(store: wbtable.Store) -> tuple[list[object], list[int]]:
    (info,) = store.runs("p")
    return store.artifact("p/run-r-t:latest").only_table().get_column("a"), info.summary["t"]["increment"]


def test_a_run_that_is_resumed_goes_on_with_its_table(tmp_path: Path) -> None:
    """RUN-11: rows of the attempts before stay, though the table in memory is a new one."""
    store = wbtable.create_store(tmp_path / "store")
    _attempt(store, [1, 2])
    _attempt(store, [3, 4.5])
    _attempt(store, [5])
    assert _last(store) == ([1.0, 2.0, 3.0, 4.5, 5.0], [4, 5])
    cells = [json.loads(cell) for cell in store.runs("p")[0].history(["t"])["t"].to_pylist()]
    assert [(cell["increment"], cell["rows"]) for cell in cells] == [([i, i + 1], i + 1) for i in range(5)]
    assert [len(version.only_table()) for version in store.versions("p/run-r-t")] == [1, 2, 3, 4, 5]


def test_another_table_of_a_run_that_is_resumed_begins_anew(tmp_path: Path) -> None:
    """RUN-11: of other columns or types, or with a key that rows before have, it is no growth of the one before."""
    store = wbtable.create_store(tmp_path / "store")
    _attempt(store, [1, 2], "b")
    _attempt(store, ["x", "y"])
    assert _last(store) == (["x", "y"], [1, 2])
    _attempt(store, [7, 8], key="a")
    assert _last(store) == ([7, 8], [1, 2])
    _attempt(store, [9, 8, 10], key="a")
    assert _last(store) == ([9, 8, 10], [2, 3])
