"""Named views and reports in Python: what they keep, and how they are collected, verified and copied."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.artifacts.saved import new_id, report_log, view_log
from wbtable.errors import ConflictError, FormatError, NotFoundError, UsageError
from wbtable.format import layout
from wbtable.format.digest import ARTIFACT, TABLE
from wbtable.format.report import MarkdownPanel, Report, TablePanel
from wbtable.format.view_source import TablePlace, ViewSource
from wbtable.format.view_spec import ViewSpec

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store

NONE = dt.timedelta(0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = wbtable.create_store(tmp_path / "store")
    songs = wbtable.Table(columns=["id", "title"], data=[[1, "tide"], [2, "moor"], [3, "fen"]])
    plays = wbtable.Table(columns=["id", "plays"], data=[[1, 10], [2, 30]])
    draft = wbtable.Artifact("songs", type="dataset")
    draft.add(songs, "songs")
    draft.add(plays, "plays")
    draft.add(wbtable.JoinedTable(songs, plays, "id"), "both")
    made.commit(draft, project="music")
    return made


def _place(version: str = "v0", path: str = "songs.table.json") -> TablePlace:
    return TablePlace(project="music", artifact="songs", version=version, path=path)


def _report(*views: ViewSpec) -> Report:
    panels = [TablePanel(id=f"p{i}", view=view) for i, view in enumerate(views)]
    text = MarkdownPanel(id="text", text="# Songs")
    return Report(id=new_id(), created_at=dt.datetime.now(dt.UTC), panels=(text, *panels))


def test_a_view_of_a_version_is_saved_and_read_back(store: Store) -> None:
    """VIEW-8, VIEW-9: the view of a version's table knows its place, and is pinned."""
    table = store.artifact("music/songs:latest").get("songs")
    saved = store.save_view(table.view(filter="id > 1", sort="id desc").select("title"), "late songs")
    assert (saved.project, saved.name, saved.number) == ("music", "late songs", 0)
    [found] = store.views("music")
    assert found == saved
    [place] = found.spec.source.tables if found.spec.source else ()
    assert (place.version, place.table.media_type if place.table else None) == ("v0", TABLE)
    assert found.open().to_arrow().to_pydict() == {"title": ["fen", "moor"]}
    assert [one.name for one in store.views()] == ["late songs"]


def test_saving_again_makes_a_number_and_says_what_it_is_called(store: Store) -> None:
    """VIEW-8: title and description come from the newest entry."""
    table = store.artifact("music/songs:v0").get("songs")
    store.save_view(table.view(filter="id > 1"), "v")
    again = store.save_view(table, "v", title="All of them", description="for listening")
    assert (again.number, again.title, again.description, again.spec.filter) == (
        1,
        "All of them",
        "for listening",
        None,
    )
    with pytest.raises(ConflictError, match="somebody else"):
        store.save_view(table, "v", seen=0)


def test_a_joined_table_is_a_place_too(store: Store) -> None:
    """VIEW-9: what a joined table needs is found from the artifact's manifest."""
    joined = store.artifact("music/songs:v0").get("both")
    saved = store.save_view(joined.view(sort="title"), "joined")
    assert saved.spec.refs[0].media_type == ARTIFACT
    store.delete_artifact("music/songs", delete_aliases=True)
    store.gc(NONE, dry_run=False)
    assert saved.open().to_arrow().column("0.title").to_pylist() == ["fen", "moor", "tide"]


def test_rows_that_are_in_no_version_are_refused(store: Store) -> None:
    table = wbtable.Table(columns=["a"], data=[[1]])
    with pytest.raises(UsageError, match="in no version"):
        store.save_view(table.view(), "v", project="music")
    with pytest.raises(NotFoundError):
        store.save_view(table.view(), "v", source={"kind": "table", "tables": [_place("v9").to_json()]})


def test_what_a_view_shows_outlives_its_version(store: Store) -> None:
    """VIEW-9, GC-3: the table is kept, not the rest of the version."""
    version = store.artifact("music/songs:v0")
    other = version.find_descriptor("plays.table.json")
    assert other is not None
    store.save_view(version.get("songs").view(filter="id > 2"), "v")
    version.delete(delete_aliases=True)
    store.gc(NONE, dry_run=False)
    assert store.verify().ok
    assert store.views("music")[0].open().to_arrow().to_pydict() == {"id": [3], "title": ["fen"]}
    assert store.backend.size(layout.object_key(other.digest, TABLE)) is None


def test_a_view_that_follows_an_alias_keeps_nothing(store: Store) -> None:
    """VIEW-9."""
    spec = ViewSpec(source=ViewSource(kind="table", tables=(_place("latest"),)))
    saved = store.save_view(spec, "newest")
    assert saved.spec.refs == ()
    draft = store.artifact("music/songs:latest").new_draft()
    draft.remove("songs")
    draft.add(wbtable.Table(columns=["id"], data=[[9]]), "songs")
    store.commit(draft, project="music")
    assert saved.open().to_arrow().to_pydict() == {"id": [9]}


def test_a_report_pins_what_it_shows(store: Store) -> None:
    """REPORT-3, REPORT-5: an alias becomes the version that it names, and the table is kept."""
    spec = ViewSpec(source=ViewSource(kind="table", tables=(_place("latest"),)), filter="id > 1")
    with pytest.raises(FormatError, match="a version like v3"):
        _report(spec)
    saved = store.save_report(_report(ViewSpec(source=ViewSource(kind="table", tables=(_place(),)))), "songs", "music")
    panel = saved.report.panels[1]
    assert isinstance(panel, TablePanel)
    assert [ref.media_type for ref in saved.report.refs] == [TABLE]
    assert store.reports("music") == store.reports() == [saved]
    store.delete_artifact("music/songs", delete_aliases=True)
    store.gc(NONE, dry_run=False)
    assert store.verify().ok
    again = store.save_report(saved.report, "songs", "music")
    assert again.number == 1
    assert again.report.refs == saved.report.refs
    with pytest.raises(ConflictError, match="the report 'songs' was saved by somebody else"):
        store.save_report(saved.report, "songs", "music", seen=0)


def test_what_is_gone_cannot_be_kept(store: Store) -> None:
    """LEASE-6: what no version leads to is tested before it is referred to."""
    version = store.artifact("music/songs:v0")
    table = version.find_descriptor("songs.table.json")
    assert table is not None
    place = TablePlace(project="music", artifact="songs", version="v0", path="songs.table.json", table=table)
    version.delete(delete_aliases=True)
    spec = ViewSpec(source=ViewSource(kind="table", tables=(place,)))
    store.save_view(spec, "kept in time")
    store.gc(NONE, dry_run=False)
    store.backend.delete([layout.log_key(layout.view_log("music", "kept in time"), 0)])
    store.gc(NONE, dry_run=False)
    with pytest.raises((NotFoundError, FormatError)):
        store.save_view(spec, "too late")


def test_damage_is_reported_with_the_name(store: Store) -> None:
    """VERIFY-4."""
    version = store.artifact("music/songs:v0")
    saved = store.save_view(version.get("songs"), "v")
    store.save_report(_report(saved.spec), "r", "music")
    version.delete(delete_aliases=True)
    store.gc(NONE, dry_run=False)
    key = layout.object_key(saved.spec.refs[0].digest, TABLE)
    store.backend.delete([key])
    report = store.verify()
    assert {"view music/v, number 0", "report music/r, number 0"} <= {found.where for found in report.damaged}
    data = store.backend.get(layout.log_key(layout.report_log("music", "r"), 0))
    store.backend.delete([layout.log_key(layout.report_log("music", "r"), 0)])
    store.backend.create(layout.log_key(layout.report_log("music", "r"), 0), data.replace(b"Songs", b"Sings"))
    assert any("report music/r" in found.where and "check" in found.problem for found in store.verify().damaged)


def test_copies_bring_views_and_reports_with_what_they_keep(store: Store, tmp_path: Path) -> None:
    """COPY-4."""
    version = store.artifact("music/songs:v0")
    saved = store.save_view(version.get("songs").view(filter="id > 2"), "v")
    store.save_report(_report(saved.spec), "r", "music")
    version.delete(delete_aliases=True)
    target = wbtable.create_store(tmp_path / "other")
    store.copy_to(target)
    assert target.views("music")[0].open().to_arrow().to_pydict() == {"id": [3], "title": ["fen"]}
    assert target.reports("music")[0].report == store.reports("music")[0].report
    assert target.verify().ok
    target.gc(NONE, dry_run=False)
    assert len(target.views("music")[0].open()) == 1
    assert view_log(target, "music", "v").newest() == report_log(target, "music", "r").newest() == 0
