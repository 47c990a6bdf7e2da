"""Documents, meshes, figures and molecules in reports: in the page, and in a file that has nobody to ask."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness, media_table
from tests.page.axe import check
from wbtable.viewer.report_task import export_report
from wbtable.viewer.reports import save_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.page.harness import Servers, Watch
    from wbtable.artifacts.store import Store

PROJECT = "media"
SOURCE = {
    "kind": "table",
    "tables": [{"project": PROJECT, "artifact": "things", "version": "v0", "path": "things.table.json"}],
}
WIDE = "<script>window.ran = 1; document.body.textContent = 'it ran'</script>"
HOSTILE = f"""<style>h3 {{ color: rgb(1, 2, 3) }} @import "https://example.org/a.css";</style>
<meta http-equiv="refresh" content="0;url=https://example.org/"><base href="https://example.org/">
<h3 onclick="alert(1)">Looks</h3><p style="color: rgb(4, 5, 6)">and words</p>{WIDE}
<form name="querySelectorAll"><input name="style"></form><img src="https://example.org/x.png" onerror="alert(2)">
<iframe srcdoc="<script>alert(3)</script>"></iframe><a id="away" href="https://example.org/" target="_top">away</a>"""
SAID = ("Content Security Policy", "GL Driver Message", "Automatic fallback to software", "example.org", "strict CSP")

expect.set_options(timeout=harness.PATIENCE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = wbtable.create_store(tmp_path_factory.mktemp("report-media") / "store")
    table = wbtable.Table(columns=["id", "page", "thing", "figure", "molecule", "film"])
    for row in range(2):
        page = wbtable.Html(HOSTILE) if row == 0 else media_table.page(row)
        film = np.full((4, 3, 24, 32), 40 + 50 * row, np.uint8)
        film[:, 0] += np.arange(4, dtype=np.uint8)[:, None, None] * 30
        things = (make(row) for make in (media_table.thing, media_table.figure, media_table.molecule))
        table.add_data(row, page, *things, wbtable.Video(film, fps=4, format="gif"))
    draft = wbtable.Artifact("things", type="media")
    draft.add(table, "things")
    made.commit(draft, project=PROJECT)
    panels: list[dict[str, Any]] = [
        {"id": "rows", "kind": "table", "title": "Things", "view": {"source": SOURCE}},
        {"id": "groups", "kind": "table", "title": "Parts", "view": {"source": SOURCE, "group": ["id % 2"]}},
    ]
    save_report(made, PROJECT, "things", {"title": "Things", "panels": panels}, -1)
    return made


def _open(page: Page, name: str) -> Locator:
    page.get_by_role("region", name="Rows of Things").get_by_role("button", name=name).first.click()
    return page.get_by_role("dialog")


def _shown(page: Page) -> None:
    """Assert that a cell of each kind shows what it is, and all of it over the page, by the keyboard."""
    rows = page.get_by_role("region", name="Rows of Things")
    expect(rows.locator("tbody tr")).to_have_count(2)
    expect(rows.locator(".preview .still img")).to_have_count(2)
    expect(rows.frame_locator(".framed iframe >> nth=0").get_by_text("and words")).to_be_attached()
    box = _open(page, "Show HTML document")
    expect(box.frame_locator("iframe").get_by_role("heading", name="Looks")).to_be_visible()
    looks = box.frame_locator("iframe").locator("body")
    for what, colour in (("h3", "rgb(1, 2, 3)"), ("p", "rgb(4, 5, 6)")):
        expect(looks.locator(what)).to_have_css("color", colour)
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    box = _open(page, "Show a pyramid as obj")
    expect(box.locator(".scene")).to_contain_text("corners")
    expect(box.locator(".scene canvas")).to_be_visible()
    page.keyboard.press("Escape")
    box = _open(page, "Plotly figure")
    expect(box.frame_locator("iframe").get_by_text("Bars 0")).to_be_visible()
    page.keyboard.press("Escape")
    box = _open(page, "Show water")
    expect(box.locator("pre")).to_contain_text("HETATM")
    page.keyboard.press("Escape")
    expect(box).to_have_count(0)
    # A GIF stands still until somebody plays it.
    film = rows.locator(".r-film").first
    expect(film.locator("img")).to_have_count(0)
    play = film.get_by_role("button", name="Play")
    expect(play).to_be_enabled()
    play.click()
    expect(film.locator("img")).to_have_js_property("naturalWidth", 32)
    film.get_by_role("button", name="Stop").click()
    expect(film.locator("canvas")).to_be_visible()
    # Groups show the first of their documents and scenes, small, under names that stand over them.
    groups = page.get_by_role("region", name="Rows of Parts")
    groups.scroll_into_view_if_needed()
    expect(groups.locator("td .preview").first).to_be_visible()
    at = groups.get_by_role("columnheader", name="id", exact=True).locator(".name").bounding_box()
    bars = groups.locator("td.bars svg").first.bounding_box()
    assert at is not None
    assert bars is not None
    assert at["x"] <= bars["x"] < at["x"] + at["width"]


def test_a_report_shows_all_kinds_in_the_page(page: Page, serve: Servers, store: Store, watch: Watch) -> None:
    watch.allow(*SAID, "Blocked script execution", "Refused to execute")
    server = serve.server(store.url)
    harness.enter(page, server.url)
    page.goto(f"{server.origin}/?{urlencode({'project': PROJECT, 'report': 'things'})}")
    _shown(page)
    check(page)


def test_a_file_shows_all_kinds_and_runs_nothing_of_theirs(store: Store, browser: Browser, tmp_path: Path) -> None:
    """REPORT-6, REPORT-8: with nobody to ask."""
    notes = export_report(store, PROJECT, "things", tmp_path / "report.html")
    assert notes == [
        "2 documents are shown without scripts, which no file runs. Open the report with wbtable view for them."
    ]
    context = browser.new_context(offline=True, reduced_motion="reduce")
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(error.message))
    page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    page.on("requestfailed", lambda request: asked.append(f"{request.url} {request.failure}"))
    page.goto((tmp_path / "report.html").as_uri())
    expect(page.locator(".left-out")).to_have_text(notes)
    _shown(page)
    box = _open(page, "Show HTML document")
    frame = box.locator("iframe")
    expect(frame).to_have_attribute("sandbox", "allow-same-origin")
    inside = box.frame_locator("iframe")
    assert inside.locator("script, meta, base, iframe, style, [onclick], [onerror], [style='']").count() == 0
    # Where it would lead is said, and nothing leads there.
    expect(inside.locator("#away")).to_have_attribute("title", "https://example.org/")
    assert inside.locator("#away").get_attribute("href") is None
    assert page.evaluate("() => window.ran ?? null") is None
    page.keyboard.press("Escape")
    # The figure's frame has an origin of its own, and is not the report.
    box = _open(page, "Plotly figure")
    expect(box.locator("iframe")).to_have_attribute("sandbox", "allow-scripts")
    expect(box.frame_locator("iframe").locator("svg").first).to_be_visible()
    drawn = page.frames[-1]
    assert drawn.evaluate("() => [origin, document.querySelectorAll('.report-head').length]") == ["null", 0]
    assert [url for url in asked if not url.endswith(" csp")] == []
    assert [text for text in said if not any(part in text for part in SAID)] == []
    context.close()


def test_a_mesh_in_a_file_names_nothing_outside(tmp_path: Path) -> None:
    """REPORT-8."""
    made = wbtable.create_store(tmp_path / "store")
    away = {"asset": {"version": "2.0"}, "images": [{"uri": "https://example.org/x.png"}]}
    table = wbtable.Table(
        columns=["thing"], data=[[wbtable.Object3D(io.BytesIO(json.dumps(away).encode()), file_type="gltf")]]
    )
    draft = wbtable.Artifact("things", type="media")
    draft.add(table, "things")
    made.commit(draft, project=PROJECT)
    save_report(made, PROJECT, "away", {"panels": [{"id": "a", "kind": "table", "view": {"source": SOURCE}}]}, -1)
    export_report(made, PROJECT, "away", tmp_path / "report.html")
    assert "example.org" not in (tmp_path / "report.html").read_text("utf-8")
