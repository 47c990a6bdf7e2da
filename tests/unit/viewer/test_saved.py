"""Named views: logs in the store (VIEW-8)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from wbtable.artifacts.store import Store, create_store
from wbtable.errors import ConflictError, DigestMismatchError, FormatError, NotFoundError, StorageError
from wbtable.format import documents, layout
from wbtable.format.saved_view import SavedView
from wbtable.format.view_source import TablePlace, ViewSource
from wbtable.format.view_spec import ViewSpec
from wbtable.viewer import saved

if TYPE_CHECKING:
    from pathlib import Path

PLACE = TablePlace(project="p", artifact="a", version="v0", path="t.table.json")


def _view(text: str) -> ViewSpec:
    return ViewSpec(source=ViewSource(kind="table", tables=(PLACE,)), filter=text)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return create_store(tmp_path / "store")


def test_a_view_is_saved_read_and_listed(store: Store) -> None:
    """VIEW-8: the newest entry counts."""
    assert saved.save_view(store, "p", "wrong 8s é", _view("a > 1"), -1) == 0
    assert saved.save_view(store, "p", "wrong 8s é", _view("a > 2"), 0) == 1
    found = saved.read_view(store, "p", "wrong 8s é")
    assert (found["number"], found["view"]["filter"]) == (1, "a > 2")
    assert [one["name"] for one in saved.list_views(store, "p")] == ["wrong 8s é"]
    with pytest.raises(NotFoundError):
        saved.read_view(store, "p", "other")


def test_nobody_is_overwritten_unseen(store: Store) -> None:
    """VIEW-8: who did not read the newest is refused."""
    saved.save_view(store, "p", "v", _view("a > 1"), -1)
    with pytest.raises(ConflictError, match="somebody else"):
        saved.save_view(store, "p", "v", _view("a > 2"), -1)
    assert saved.read_view(store, "p", "v")["view"]["filter"] == "a > 1"


def test_a_lost_answer_is_no_conflict(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOG-5: the file is read back after an error."""
    create = store.backend.create

    def applied_but_error(key: str, data: bytes) -> None:
        create(key, data)
        raise StorageError("the answer is lost")

    monkeypatch.setattr(store.backend, "create", applied_but_error)
    assert saved.save_view(store, "p", "v", _view("a > 1"), -1) == 0


def test_damage_is_found_and_named(store: Store) -> None:
    """VIEW-8, DOC-8."""
    saved.save_view(store, "p", "v", _view("a > 1"), -1)
    key = layout.log_key(layout.view_log("p", "v"), 0)
    data = store.backend.get(key).replace(b"a > 1", b"a > 7")
    store.backend.delete([key])
    store.backend.create(key, data)
    with pytest.raises(DigestMismatchError):
        saved.read_view(store, "p", "v")
    assert "error" in saved.list_views(store, "p")[0]


def test_only_what_is_in_the_store_is_saved() -> None:
    """VIEW-8: no url, and a source."""
    for view in (ViewSpec(), ViewSpec(source=ViewSource(kind="table", tables=(TablePlace(url="open:0"),)))):
        with pytest.raises(FormatError, match="source in the store"):
            SavedView(id="0" * 32, created_at=dt.datetime.now(dt.UTC), view=view)


def test_it_reads_as_it_was_written() -> None:
    """VIEW-8."""
    entry = SavedView(id="ab" * 16, created_at=dt.datetime(2024, 1, 2, tzinfo=dt.UTC), view=_view("a == 'é'"))
    text = documents.canonical(entry.to_json())
    assert SavedView.from_json(documents.parse(text, "x"), "x") == entry
