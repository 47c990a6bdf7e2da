"""The end of the guide's story: save the view, make a report of it and the songs, export it, open the file, listen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from playwright.sync_api import expect

import wbtable
from tests.page import harness

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.page.harness import Servers

FASHION: Final = "fashion-mnist"
REPORT: Final = "What the baseline gets wrong"
MISTAKES: Final = "guess != truth"
SONGS: Final = {
    "kind": "table",
    "tables": [
        {
            "project": "songs",
            "artifact": "synth_summary",
            "version": "latest",
            "path": "synth_explore.joined-table.json",
        }
    ],
}
expect.set_options(timeout=harness.PATIENCE)


def test_from_a_view_to_a_file_that_is_listened_to(
    page: Page, browser: Browser, serve: Servers, demo: Path, tmp_path: Path
) -> None:
    """REPORT-6: mistakes and songs on one page, then in one file, which needs nobody."""
    store = wbtable.Store(demo)
    server = serve.server(f"{FASHION}/baseline:latest", store=demo)
    harness.open_table(page, server.url)
    harness.filter_rows(page, MISTAKES)
    mistakes = harness.row_count(page)
    _save_the_view(page)
    assert len(next(view for view in store.views(FASHION) if view.name == "mistakes").open()) == mistakes
    _make_a_report(page)
    harness.open_table(page, f"{server.origin}/?source={quote(json.dumps(SONGS))}")
    songs = harness.row_count(page)
    assert songs == len(store.artifact("songs/synth_summary:latest").get("synth_explore.joined-table.json"))
    _add_the_songs(page)
    path = tmp_path / "report.html"
    _write_and_export(page, path)
    context = browser.new_context(offline=True)
    file = context.new_page()
    asked: list[str] = []
    file.on("request", lambda request: asked.append(request.url))
    file.goto(path.as_uri())
    total = len(store.artifact(f"{FASHION}/baseline:latest").only_table())
    _read_the_file(file, mistakes, songs, total)
    assert [url for url in asked if not url.startswith(("blob:", "data:", path.as_uri()))] == []
    context.close()


def _save_the_view(page: Page) -> None:
    page.locator(".btn.views").click()
    harness.choose(page, "Save this view…")
    page.keyboard.insert_text("mistakes")
    page.keyboard.press("Enter")
    expect(page.locator(".view-name")).to_have_text("mistakes")


def _make_a_report(page: Page) -> None:
    page.get_by_role("button", name="More").click()
    harness.choose(page, "Share panel…")
    page.get_by_label("The new report is called").fill(REPORT)
    page.get_by_role("button", name="Make the report").click()
    page.get_by_role("link", name="Open the report").wait_for()


def _add_the_songs(page: Page) -> None:
    """Add the view of one project to the report of another."""
    page.get_by_role("button", name="More").click()
    harness.choose(page, "Add to report…")
    page.get_by_label("Project").select_option(FASHION)
    page.get_by_label(f"Report of {FASHION}").select_option(REPORT)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="Open the report").click()


def _write_and_export(page: Page, path: Path) -> None:
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="+ Text").first.click()
    page.get_by_label("Markdown").fill("# Mistakes\n\nMost are **shirts**.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".report-head").get_by_text("number 3")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Make the file").click()
    download.value.save_as(path)


def _read_the_file(file: Page, mistakes: int, songs: int, total: int) -> None:
    """Sort, filter and listen: what the filter left out is there, too."""
    expect(file.locator(".prose h2")).to_have_text("Mistakes")
    foots = file.locator(".report-table .foot [role=status]")
    expect(foots.nth(0)).to_contain_text(f" of {mistakes} rows")
    expect(foots.nth(1)).to_contain_text(f" of {songs} rows")
    file.get_by_role("button", name=MISTAKES).click()
    expect(foots.nth(0)).to_contain_text(f" of {total} rows")
    header = file.get_by_role("columnheader", name="truth").first
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    file.wait_for_function("() => [...document.querySelectorAll('audio')].some((audio) => audio.duration > 0)")
    moved = file.evaluate(
        """async () => { const audio = [...document.querySelectorAll('audio')].find((one) => one.duration > 0);
          audio.muted = true; await audio.play();
          await new Promise((done) => (audio.ontimeupdate = () => audio.currentTime > 0 && done())); audio.pause();
          return audio.currentTime; }"""
    )
    assert moved > 0
