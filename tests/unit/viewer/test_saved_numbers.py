"""Older numbers of views and reports: listed, read, and made the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from wbtable.artifacts.saved import report_log, view_log
from wbtable.errors import ConflictError, NotFoundError
from wbtable.format.view_spec import ViewSpec
from wbtable.viewer import reports, saved, saved_numbers

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store

PLACE = {"project": "p", "artifact": "rows", "version": "v0", "path": "rows.table.json"}
VIEW: dict[str, Any] = {"source": {"kind": "table", "tables": [PLACE]}}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = wbtable.create_store(tmp_path / "store")
    draft = wbtable.Artifact("rows", type="dataset")
    draft.add(wbtable.Table(columns=["id"], data=[[1], [2]]), "rows")
    made.commit(draft, project="p")
    return made


def _spec(text: str) -> ViewSpec:
    return saved_spec({**VIEW, "filter": text})


def saved_spec(value: dict[str, Any]) -> ViewSpec:
    whole = {"kind": "wbtable.view", "format": "0.1", "features": {"reader": [], "writer": []}, "refs": [], **value}
    return ViewSpec.from_json(whole)


def test_numbers_are_listed_part_by_part(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """VIEW-8: all that was saved is there, also behind one that is damaged."""
    monkeypatch.setattr(saved_numbers, "COUNT", 2)
    for number in range(3):
        saved.save_view(store, "p", "mine", _spec(f"id > {number}"), number - 1, title=f"Number {number}")
    found = saved_numbers.view_numbers(store, "p", "mine")
    assert [one["title"] for one in found["numbers"]] == ["Number 2", "Number 1"]
    assert (found["newest"], found["next"], found["numbers"][0]["view"]["filter"]) == (2, 1, "id > 2")
    [key] = [key for key in store.backend.list("projects/p/views/mine") if key.endswith("0.json")]
    store.backend.replace(key, b"{")
    found = saved_numbers.view_numbers(store, "p", "mine", found["next"])
    assert [(one["number"], "error" in one) for one in found["numbers"]] == [(0, True)]
    assert found["next"] is None
    with pytest.raises(NotFoundError, match="nothing is saved under the name 'other'"):
        saved_numbers.view_numbers(store, "p", "other")


def test_an_old_view_is_made_the_newest(store: Store) -> None:
    """VIEW-8, VIEW-9: as it was, also when its version is gone; nobody's is overwritten unseen."""
    saved.save_view(store, "p", "mine", _spec("id > 1"), -1, title="First", description="why")
    saved.save_view(store, "p", "mine", _spec("id > 2"), 0)
    store.delete_artifact("p/rows", delete_aliases=True)
    with pytest.raises(ConflictError):
        saved_numbers.restore_view(store, "p", "mine", 0, 0)
    assert saved_numbers.restore_view(store, "p", "mine", 0, 1) == 2
    log = view_log(store, "p", "mine")
    old, new = log.read(0)[1], log.read(2)[1]
    assert (new.view, new.title, new.description) == (old.view, "First", "why")
    assert new.id != old.id
    found = saved.read_view(store, "p", "mine", 1)
    assert (found["number"], found["newest"]) == (1, 2)


def test_an_old_report_is_made_the_newest(store: Store) -> None:
    """REPORT-1, REPORT-2: with panels of kinds that nobody here knows, and what they keep."""
    plot = {"id": "plot", "kind": "plot", "lines": [1, 2]}
    reports.save_report(store, "p", "r", {"title": "First", "panels": [plot]}, -1)
    reports.save_report(store, "p", "r", {"panels": [{"id": "t", "kind": "table", "view": VIEW}]}, 0)
    assert [one["panels"] for one in saved_numbers.report_numbers(store, "p", "r")["numbers"]] == [1, 1]
    assert saved_numbers.restore_report(store, "p", "r", 0, 1) == 2
    log = report_log(store, "p", "r")
    assert (log.read()[1].panels, log.read()[1].kept) == (log.read(0)[1].panels, log.read(0)[1].kept)
    found = reports.read_report(store, "p", "r", 1)
    assert (found["number"], found["newest"], found["title"]) == (1, 2, "r")
    with pytest.raises(NotFoundError):
        saved_numbers.restore_report(store, "p", "r", 7, 2)
