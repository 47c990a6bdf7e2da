"""The document of a report, and what named views keep."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from wbtable.errors import DigestMismatchError, FormatError, UnsupportedError
from wbtable.format import documents
from wbtable.format.digest import ARTIFACT, PACK, TABLE, Descriptor, Digest
from wbtable.format.report import MAX_TEXT, MarkdownPanel, OtherPanel, Report, TablePanel
from wbtable.format.saved_view import SavedView
from wbtable.format.seal import sealed
from wbtable.format.view_source import TablePlace, ViewSource
from wbtable.format.view_spec import ViewSpec

KEPT = Descriptor(media_type=TABLE, digest=Digest("0f" * 32), size=10)
IMAGE = Descriptor(media_type="image/png", digest=Digest("1a" * 32), size=99)
WHEN = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def _view(version: str = "v3", table: Descriptor | None = KEPT) -> ViewSpec:
    place = TablePlace(project="p", artifact="a", version=version, path="t.table.json", table=table)
    return ViewSpec(source=ViewSource(kind="table", tables=(place,)), filter="a > 1")


def _report(**changes: Any) -> Report:
    given: dict[str, Any] = {
        "panels": (MarkdownPanel(id="a", text="# é"), TablePanel(id="b", view=_view(), title="T", rows=20)),
        "title": "Mistakes",
        "description": "long",
        "images": (IMAGE,),
    }
    return Report(id="ab" * 16, created_at=WHEN, **{**given, **changes})


def _read(document: dict[str, Any]) -> Report:
    return Report.from_json(documents.parse(documents.canonical(document), "r"), "r")


def test_a_report_reads_as_it_was_written() -> None:
    """REPORT-1, REPORT-5: what panels and images name stands in refs."""
    made = _report()
    found = _read(made.to_json())
    assert (found.panels, found.title, found.images, found.refs) == (made.panels, made.title, made.images, made.refs)
    assert [ref.digest for ref in found.refs] == [KEPT.digest, IMAGE.digest]


def test_objects_that_are_not_in_refs_are_refused() -> None:
    """DOC-6, REPORT-5."""
    document = _report().to_json()
    for refs in ([], [KEPT.to_json()], [IMAGE.to_json(), KEPT.to_json()]):
        with pytest.raises(FormatError, match="refs"):
            _read(sealed({**document, "refs": refs}))
    view = SavedView(id="ab" * 16, created_at=WHEN, view=_view())
    with pytest.raises(FormatError, match="each object"):
        SavedView.from_json(sealed({**view.to_json(), "refs": []}), "v")
    assert SavedView.from_json(view.to_json(), "v") == view


def test_panels_of_other_kinds_are_kept_with_what_they_keep() -> None:
    """REPORT-2."""
    other = Descriptor(media_type=PACK, digest=Digest("77" * 32), size=5)
    document = _report().to_json()
    panels = [*document["panels"], {"id": "c", "kind": "plot", "of": ["x"]}]
    refs = sorted([*document["refs"], other.to_json()], key=lambda ref: ref["digest"])
    found = _read(sealed({**document, "panels": panels, "refs": refs, "mood": "good"}))
    assert isinstance(found.panels[2], OtherPanel)
    again = _read(found.to_json())
    assert again.panels[2].to_json() == panels[2]
    assert other in again.refs
    assert again.extra == {"mood": "good"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: TablePanel(id="b", view=ViewSpec()), "source in the store"),
        (lambda: TablePanel(id="b", view=_view("latest", None)), "version like v3"),
        (lambda: TablePanel(id="b", view=_view(), rows=0), "rows from 1"),
        (lambda: TablePanel(id="b", view=_view(), title="x" * 201), "title"),
        (lambda: MarkdownPanel(id="B!", text=""), "panel's id"),
        (lambda: MarkdownPanel(id="b", text="x" * (MAX_TEXT + 1)), "at most 200000"),
        (lambda: _report(panels=[MarkdownPanel(id="a", text=""), MarkdownPanel(id="a", text="")]), "more than once"),
        (lambda: _report(panels=[MarkdownPanel(id=f"{i}", text="") for i in range(201)]), "at most 200 panels"),
        (lambda: _report(title="a\nb"), "one line"),
        (lambda: _report(images=(KEPT,)), "picture"),
        (lambda: TablePlace(url="open:0", table=KEPT), "manifest of a table"),
        (lambda: _view(table=IMAGE), "manifest of a table"),
    ],
)
def test_what_has_no_meaning_is_refused(make: Any, words: str) -> None:
    """REPORT-2, REPORT-3, REPORT-4, VIEW-9: with words that say what was expected."""
    with pytest.raises(FormatError, match=words):
        make()


def test_damage_and_newer_reports_are_told_apart() -> None:
    """DOC-8, REPORT-1."""
    document = _report().to_json()
    with pytest.raises(DigestMismatchError):
        _read({**document, "title": "Other"})
    with pytest.raises(UnsupportedError):
        _read(sealed({**document, "format": "9.0"}))
    with pytest.raises(FormatError, match="kind"):
        _read(sealed({**document, "kind": "wbtable.view"}))


def test_what_a_page_keeps_in_a_view_changes_no_rows() -> None:
    """VIEW-10: off and height are kept, and are no part of what is computed."""
    document = {**_view().to_json(), "off": ["b == 2"], "height": "l"}
    found = ViewSpec.from_json(document)
    assert found.to_json() == document
    assert found.with_(extra={}) == _view()


def test_an_artifact_manifest_may_keep_a_place() -> None:
    """VIEW-9: of a joined or partitioned table."""
    manifest = Descriptor(media_type=ARTIFACT, digest=Digest("2b" * 32), size=7)
    assert _view(table=manifest).refs == (manifest,)
