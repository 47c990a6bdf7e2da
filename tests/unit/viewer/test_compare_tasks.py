"""What the server says of tables that are compared and joined (ENDPOINTS.md, "Asking")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

import wbtable
from wbtable.errors import LimitError, NotFoundError, UsageError
from wbtable.viewer import language_tasks, tasks
from wbtable.viewer.sources import Places

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.query.worker_process import Control

CONTROL = cast("Control", None)
"""These tasks read little: nothing cancels them."""


@pytest.fixture
def places(tmp_path: Path) -> Any:
    """Give two versions of a table, and their join."""
    store = wbtable.create_store(tmp_path / "store")
    with wbtable.init(project="p", store=store) as run:
        versions = []
        for shift in (0.0, 0.5):
            table = wbtable.Table(columns=["id", "score", "name"])
            for number in range(4):
                table.add_data(number, number + (shift if number > 1 else 0), f"n{number}")
            artifact = wbtable.Artifact("rows", type="rows")
            artifact.add(table, "rows")
            versions.append(run.log_artifact(artifact))
        joined = wbtable.JoinedTable(versions[0].only_table(), versions[1].only_table(), "id", how="inner")
        artifact = wbtable.Artifact("join", type="rows")
        artifact.add(joined, "both")
        run.log_artifact(artifact)
    return Places(store=store.url, opened={}).to_json()


def place(version: str) -> Any:
    return {"project": "p", "artifact": "rows", "version": version, "path": "rows.table.json"}


def merged(**source: Any) -> Any:
    """Return the document of a comparison."""
    full = {"kind": "compare", "tables": [place("v0"), place("v1")], "key": ["id"], **source}
    return {"kind": "wbtable.view", "format": "0.1", "features": {"reader": [], "writer": []}, "source": full}


def test_cmp_8_differences_of_numbers_have_the_same_bins_on_all_sides(places: Any) -> None:
    """[CMP-8] Differences are those of Python; columns without numbers are left out."""
    found = language_tasks.differences(CONTROL, places, merged(), 0, None)["columns"]
    assert list(found) == ["score"]
    [difference] = found["score"]["differences"]
    assert (difference["side"], difference["count"], difference["differing"]) == (1, 4, 2)
    assert (difference["least"], difference["greatest"], difference["mean"]) == (0.0, 0.5, 0.25)
    before, after = found["score"]["histogram"]["counts"]
    assert sum(before) == sum(after) == 4
    assert len(found["score"]["histogram"]["edges"]) == len(before) + 1 == len(after) + 1


def test_differences_are_of_merged_tables_and_bounded(places: Any) -> None:
    for mode in ("concat", "side_by_side"):
        with pytest.raises(UsageError, match="merges tables"):
            language_tasks.differences(CONTROL, places, merged(mode=mode), 0, None)
    with pytest.raises(LimitError, match="at most 100 columns"):
        language_tasks.differences(CONTROL, places, merged(), 0, ["score"] * 101)


def test_a_joined_table_says_what_it_joins(places: Any) -> None:
    tables = [{"project": "p", "artifact": "join", "version": "v0", "path": "both.joined-table.json"}]
    found = tasks.view_info(CONTROL, places, merged(kind="table", tables=tables, key=[]), 0)
    assert found["join"] == {
        "how": "inner",
        "keys": [["id", "id"]],
        "tables": [{"version": f"p/rows:{version}", "path": "rows.table.json"} for version in ("v0", "v1")],
    }
    assert [column["side"] for column in found["columns"]] == [None, 0, 0, 1, 1]
    assert tasks.view_info(CONTROL, places, merged(), 0)["join"] is None


def test_columns_of_sides_are_completed_with_and_without_one(places: Any) -> None:
    def offered(text: str) -> list[str]:
        made = language_tasks.complete_expression(CONTROL, places, merged(), 0, text, len(text), "filter")
        return [one["text"] for one in made["completions"]]

    assert offered("sco")[:1] == ["score"]
    assert offered("1.sc") == ["score"]
    assert offered("*.na") == ["name"]
    assert offered("_change == ")[:4] == ['"equal"', '"changed"', '"added"', '"removed"']
    assert {"0.score", "1.score"} <= set(offered(""))


def test_tables_that_python_has_side_by_side_are_shown_so(tmp_path: Path) -> None:
    from wbtable.viewer.opening import open_thing

    tables = [wbtable.Table(columns=["id"], data=[[number]]) for number in range(3)]
    opening = open_thing(wbtable.compare(tables, mode="side_by_side"), tmp_path)
    assert [opened.id for opened in opening.opened] == ["open:0", "open:1", "open:2"]
    source = opening.start["source"]
    assert (source["kind"], source["mode"]) == ("compare", "side_by_side")
    assert source["tables"] == [{"url": f"open:{number}"} for number in range(3)]


def test_a_comparison_that_python_has_is_shown_as_one(tmp_path: Path) -> None:
    from wbtable.viewer.opening import open_thing

    tables = [wbtable.Table(columns=["id", "n"], data=[[1, 1], [2, number]]) for number in (2, 3)]
    merged = wbtable.compare(tables, key="id", how="inner")
    start = open_thing(merged, tmp_path / "all").start
    source = {"kind": "compare", "tables": [{"url": "open:0"}, {"url": "open:1"}], "key": ["id"], "mode": "join"}
    assert start == {"page": "table", "source": source | {"how": "inner"}}
    changed = open_thing(merged.only("changed"), tmp_path / "changed").start
    assert changed["source"] == start["source"] == changed["view"]["source"]
    assert changed["view"]["filter"] == '_change == "changed"'


def test_a_comparison_that_no_address_can_name_is_shown_as_its_rows(tmp_path: Path) -> None:
    from wbtable.viewer.opening import open_thing

    tables = [wbtable.Table(columns=[name, "n"], data=[[1, 1], [2, 2]]) for name in ("id", "number")]
    for place, shown in enumerate(
        (
            wbtable.compare(tables, key=[("id", "number")]),
            wbtable.compare(tables[:1] * 2, key="id", how="left"),
            wbtable.compare(tables[:1] * 2, key="id").rows_changed_in("n"),
        )
    ):
        opening = open_thing(shown, tmp_path / str(place))
        assert [opened.title for opened in opening.opened] == ["table"]
        assert opening.start["source"]["kind"] == "table"


@pytest.mark.parametrize("how", ["outer", "inner", "left", "right"])
def test_rows_of_a_join_stay_where_they_are(how: Any, tmp_path: Path) -> None:
    """[VIEW-10] What is pinned is found by its position, among all pairs and beyond one side's number of rows."""
    store = wbtable.create_store(tmp_path / "store")
    one = wbtable.Table(columns=["k", "v"], data=[[number % 7, number] for number in range(20)])
    other = wbtable.Table(columns=["k", "w"], data=[[number % 9, number] for number in range(15)])
    joined = wbtable.JoinedTable(one, other, "k", how)
    draft = wbtable.Artifact("join", type="rows")
    for name, table in (("one", one), ("other", other), ("both", joined)):
        draft.add(table, name)
    store.commit(draft, project="p")
    given = Places(store=store.url, opened={}).to_json()
    source: Any = {"kind": "table", "tables": [place("v0") | {"artifact": "join", "path": "both.joined-table.json"}]}
    view: Any = {"kind": "wbtable.view", "format": "0.1", "features": {"reader": [], "writer": []}, "source": source}
    view["sort"] = [{"expression": "0.v + 1.w", "order": "desc", "nulls": "first"}]
    total = len(joined)
    at = tasks.positions(CONTROL, given, view, 0, 0, total)["positions"]
    assert sorted(at) == list(range(total))
    assert joined.take(at).to_pylist() == joined.view(sort="0.v + 1.w desc nulls first").to_arrow().to_pylist()
    shown = tasks.rows(CONTROL, given, view, 0, 0, total, None)["columns"]
    del view["sort"]
    assert tasks.rows(CONTROL, given, view, 0, 0, total, None, at)["columns"] == shown
    assert tasks.positions(CONTROL, given, view, 0, 3, 2)["positions"] == [3, 4]
    with pytest.raises(NotFoundError):
        tasks.rows(CONTROL, given, view, 0, 0, 1, None, [total])
