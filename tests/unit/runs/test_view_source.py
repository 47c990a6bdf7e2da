"""Documents of views name their rows, and workers read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from wbtable.errors import NotFoundError, UsageError
from wbtable.format.view_spec import ViewSpec
from wbtable.query.worker import Limits, Worker
from wbtable.runs.view_source import open_views, view_window

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store


@pytest.fixture
def filled(store: Store) -> Store:
    for epoch in range(2):
        with wbtable.init(project="p", name=f"run{epoch}", id=f"run{epoch}", store=store) as run:
            table = wbtable.Table(columns=["id", "x"], data=[[i, i * (1 + epoch)] for i in range(5)])
            artifact = wbtable.Artifact("numbers", type="t")
            artifact.add(table, "t")
            run.log_artifact(artifact)
            run.log({"val": table})
    return store


def place(version: str = "v0", **other: str) -> dict[str, str]:
    return {"project": "p", "artifact": "numbers", "version": version, "path": "t.table.json"} | other


def rows(store: Store, source: dict[str, Any], urls: bool = False, **spec: Any) -> list[list[dict[str, Any]]]:
    document = ViewSpec(**spec).to_json() | {"source": source}
    return [view.to_arrow().to_pylist() for view in open_views(store, ViewSpec.from_json(document), urls=urls)]


# VIEW-2: a table, a comparison, the union of a key's tables over runs.
def test_documents_name_their_rows(filled: Store, tmp_path: Path) -> None:
    assert rows(filled, {"kind": "table", "tables": [place()]}, filter="x > 3") == [[{"id": 4, "x": 4}]]
    both = [place("v0"), place("v1")]
    [changed] = rows(filled, {"kind": "compare", "tables": both, "key": ["id"]}, filter="0.x != 1.x and id < 2")
    assert changed == [{"id": 1, "0.x": 1, "1.x": 2, "_change": "changed"}]
    [suggested] = rows(filled, {"kind": "compare", "tables": both, "how": "inner"})
    assert len(suggested) == 5
    [concat] = rows(filled, {"kind": "compare", "tables": both, "mode": "concat"}, filter="x == 4")
    assert [(row["_table"], row["id"]) for row in concat] == [(0, 4), (1, 2)]
    sides = rows(filled, {"kind": "compare", "tables": both, "mode": "side_by_side"}, filter="x == 4")
    assert sides == [[{"id": 4, "x": 4}], [{"id": 2, "x": 4}]]
    union = {"kind": "union", "project": "p", "run_key": "val"}
    assert [row["run"] for row in rows(filled, union, filter="x == 4")[0]] == ["run0", "run1"]
    assert [row["run"] for row in rows(filled, union | {"runs": ["run1"]}, filter="x == 4")[0]] == ["run1"]
    wbtable.Table(columns=["a"], data=[[1]]).write(str(tmp_path / "alone"))
    url = {"kind": "table", "tables": [{"url": str(tmp_path / "alone")}]}
    assert rows(filled, url, urls=True) == [[{"a": 1}]]
    with pytest.raises(UsageError, match="outside of the store"):
        rows(filled, url)


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "table", "tables": [place()]},
        {"kind": "compare", "tables": [place("v0"), place("v1")], "key": ["id"], "how": "inner"},
        {"kind": "compare", "tables": [place("v0"), place("v1")], "mode": "concat"},
        {"kind": "union", "project": "p", "run_key": "val"},
        {"kind": "union", "project": "p", "run_key": "val", "runs": ["run1"]},
    ],
)
def test_the_code_of_a_view_opens_its_rows(filled: Store, source: dict[str, Any]) -> None:
    [view] = open_views(filled, ViewSpec.from_json(ViewSpec(filter="id > 1").to_json() | {"source": source}))
    names: dict[str, Any] = {}
    exec(view.where("id < 9").to_python(), names)
    assert names["view"].to_arrow().equals(view.to_arrow())
    base = view.base
    assert base is not None
    assert f"wbtable.Store({filled.url!r})" in base.view(spec=view.spec).to_python()
    assert len(view)


def test_the_code_of_a_view_without_a_store_opens_the_default_one(
    filled: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = ViewSpec.from_json(ViewSpec().to_json() | {"source": {"kind": "table", "tables": [place()]}})
    code = wbtable.Table(columns=["id"]).view(spec=spec).to_python()
    assert "wbtable.Store()." in code
    names: dict[str, Any] = {}
    monkeypatch.setenv("WBTABLE_STORE", filled.url)
    exec(code, names)
    assert len(names["view"]) == 5
    monkeypatch.delenv("WBTABLE_STORE")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    with pytest.raises(NotFoundError):
        wbtable.Store()
    wbtable.create_store(".wbtable")
    monkeypatch.chdir(tmp_path / "below")
    assert wbtable.Store().url == str(tmp_path / ".wbtable")


def test_rows_that_are_not_there(filled: Store) -> None:
    with pytest.raises(NotFoundError, match="no table"):
        rows(filled, {"kind": "table", "tables": [place(path="other.table.json")]})
    with pytest.raises(NotFoundError):
        rows(filled, {"kind": "table", "tables": [place("v9")]})
    with pytest.raises(UsageError, match="no source"):
        open_views(filled, ViewSpec())


def test_a_worker_gives_windows_of_views(filled: Store) -> None:
    spec = ViewSpec(filter="x > 1").to_json() | {"source": {"kind": "table", "tables": [place()]}}
    with Worker(Limits(deadline=60.0, threads=1)) as worker:
        found = worker.run(view_window, store=filled.url, spec=spec, offset=1, count=2)
        assert found.to_pydict() == {"id": [3, 4], "x": [3, 4]}
        with pytest.raises(UsageError, match="xx"):
            worker.run(view_window, store=filled.url, spec=spec | {"filter": "xx > 1"})
        with pytest.raises(UsageError, match="side from 0 to 0"):
            worker.run(view_window, store=filled.url, spec=spec, side=1)
