"""Named views, and what panels looked like: in the store (VIEW-8, VIEW-9, VIEW-11)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.errors import ConflictError, DigestMismatchError, FormatError, NotFoundError, StorageError, UsageError
from wbtable.format import documents, layout
from wbtable.format.saved_view import SavedView
from wbtable.format.view_source import TablePlace, ViewSource
from wbtable.format.view_spec import ViewSpec
from wbtable.viewer import panel_state, reports, saved
from wbtable.viewer.answers import BadRequestError

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store

PLACE = TablePlace(project="p", artifact="a", version="v0", path="t.table.json")


def _view(text: str) -> ViewSpec:
    return ViewSpec(source=ViewSource(kind="table", tables=(PLACE,)), filter=text)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = wbtable.create_store(tmp_path / "store")
    draft = wbtable.Artifact("a", type="dataset")
    draft.add(wbtable.Table(columns=["a"], data=[[1], [2], [3]]), "t")
    made.commit(draft, project="p")
    return made


def test_a_view_is_saved_read_and_listed(store: Store) -> None:
    """VIEW-8: the newest entry counts, older ones stay."""
    assert saved.save_view(store, "p", "wrong 8s é", _view("a > 1"), -1) == 0
    assert saved.save_view(store, "p", "wrong 8s é", _view("a > 2"), 0, title="Eights", description="why") == 1
    found = saved.read_view(store, "p", "wrong 8s é")
    assert (found["number"], found["view"]["filter"]) == (1, "a > 2")
    assert (found["title"], found["description"]) == ("Eights", "why")
    assert saved.read_view(store, "p", "wrong 8s é", 0)["view"]["filter"] == "a > 1"
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


def test_a_lost_race_is_a_conflict(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """VIEW-8: whose file is there is asked, whatever the answer was."""
    create = store.backend.create

    def other_first(key: str, data: bytes) -> None:
        other = SavedView(id="0" * 32, created_at=dt.datetime.now(dt.UTC), view=_view("a > 9"))
        create(key, documents.canonical(other.to_json()))
        create(key, data)

    monkeypatch.setattr(store.backend, "create", other_first)
    with pytest.raises(ConflictError, match="somebody else"):
        saved.save_view(store, "p", "v", _view("a > 1"), -1)


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


def test_a_view_that_is_too_long_is_refused(store: Store) -> None:
    """VIEW-8."""
    long = _view("a > 1").with_(extra={"off": [f"a == {i} and {'true and ' * 1000}true" for i in range(120)]})
    with pytest.raises(UsageError, match="at most 1048576 bytes"):
        saved.save_view(store, "p", "v", long, -1)


@pytest.mark.parametrize("title", ["two\nlines", "long" * 100])
def test_a_title_that_is_none_is_the_writers_fault_not_the_stores(store: Store, title: str) -> None:
    """VIEW-8, REPORT-1: one line of at most 200 characters."""
    with pytest.raises(BadRequestError, match="1 to 200 characters in one line"):
        saved.save_view(store, "p", "v", _view("a > 1"), -1, title=title)
    panels = {"panels": [{"id": "a", "kind": "markdown", "text": "hello"}]}
    with pytest.raises(BadRequestError, match="1 to 200 characters in one line"):
        reports.add_panels(store, "p", "r", panels, new=True, title=title)
    assert (saved.view_names(store, "p"), reports.report_names(store, "p")) == ([], [])


def test_what_a_panel_looked_like_is_kept_for_each_user(store: Store) -> None:
    """VIEW-11: without a source, replaced in place, unreadable is none."""
    assert panel_state.read_state(store, "p", "run r key k", "ada") is None
    panel_state.save_state(store, "p", "run r key k", _view("a > 1"), "ada")
    panel_state.save_state(store, "p", "run r key k", _view("a > 2"), "ada")
    found = panel_state.read_state(store, "p", "run r key k", "ada")
    assert found is not None
    assert (found["filter"], found.get("source")) == ("a > 2", None)
    assert panel_state.read_state(store, "p", "run r key k", "Bob") is None
    assert panel_state.read_state(store, "p", "other", "ada") is None
    key = layout.state_key("p", "ada", "run r key k")
    store.backend.replace(key, store.backend.get(key).replace(b"a > 2", b"a > 3"))
    assert panel_state.read_state(store, "p", "run r key k", "ada") is None
    assert panel_state.user_name()


def test_collections_and_copies_leave_states_alone(store: Store, tmp_path: Path) -> None:
    """VIEW-11, GC-5: a collector knows the folder."""
    panel_state.save_state(store, "p", "x", _view("a > 1"), "ada")
    store.gc(dt.timedelta(0), dry_run=False)
    assert panel_state.read_state(store, "p", "x", "ada") is not None
    target = wbtable.create_store(tmp_path / "other")
    store.copy_to(target)
    assert panel_state.read_state(target, "p", "x", "ada") is None
