"""Reports in the page: written, changed by two at once, read; and the file, which needs nobody."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import expect

from tests.page import harness
from tests.page.report_store import HOSTILE, PROJECT, ROWS, SOURCE, make_store
from wbtable.artifacts.saved import report_log
from wbtable.format.report import MarkdownPanel, Report, TablePanel
from wbtable.viewer.reports import save_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

    from tests.page.harness import Servers, Watch
    from wbtable.artifacts.store import Store
    from wbtable.viewer.server import Server

TEXT = f"""# What is wrong

[site](https://example.org/a), [run](javascript:alert(1)), [data](data:text/html,x), [tab](java\tscript:alert(1)),
[file](file:///etc/passwd), [odd](JaVaScRiPt&colon;alert(1)), [top](#what-is-wrong)

{HOSTILE}

![away](https://example.org/track.png) ![near](/api/open) `<b>code</b>`
"""
VIEW: dict[str, Any] = {
    "source": SOURCE,
    "filter": "guess != truth",
    "sort": [{"expression": "score", "order": "desc"}],
    "off": ["truth == 'bag'"],
}
GROUPS: dict[str, Any] = {
    "source": SOURCE,
    "group": ["guess"],
    "cells": [{"name": "precision", "expression": "avg(guess == truth)"}],
}
PANELS: list[dict[str, Any]] = [
    {"id": "text", "kind": "markdown", "text": TEXT},
    {"id": "rows", "kind": "table", "title": "Mistakes", "rows": 5, "view": VIEW},
    {"id": "groups", "kind": "table", "title": "Precision", "view": GROUPS},
]


expect.set_options(timeout=harness.PATIENCE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("reports") / "store")


@pytest.fixture(scope="module")
def server(serve: Servers, store: Store) -> Server:
    return serve.server(store.url)


def _save(store: Store, name: str, panels: list[dict[str, Any]] = PANELS, seen: int | None = None) -> int:
    """Save a report, behind what a run of the test before this one left; return its number."""
    log = report_log(store, PROJECT, name)
    save_report(
        store, PROJECT, name, {"title": f"The {name}", "panels": panels}, log.newest() if seen is None else seen
    )
    return log.newest()


def _newest(store: Store, name: str) -> Report:
    return report_log(store, PROJECT, name).read()[1]


def _open(page: Page, server: Server, name: str, **more: str) -> None:
    harness.enter(page, server.url)
    page.goto(f"{server.origin}/?{urlencode({'project': PROJECT, 'report': name, **more})}")
    expect(page.locator("article.report")).to_be_visible()


def _table(page: Page, title: str) -> Locator:
    """Return a table's panel once its rows are there."""
    found = page.get_by_role("region", name=f"Rows of {title}")
    expect(found.locator("tbody tr").first).to_be_visible(timeout=3 * harness.PATIENCE)
    expect(found).to_have_attribute("aria-busy", "false")
    return found


def _column(table: Locator, name: str) -> list[str]:
    """Return the texts of a column that shows."""
    expect(table).to_have_attribute("aria-busy", "false")
    heads = table.locator("thead th").all_inner_texts()
    at = next(i for i, text in enumerate(heads) if text.split()[0] == name)
    return [
        re.split(r"\n", text)[0].strip() for text in table.locator(f"tbody td:nth-child({at + 1})").all_inner_texts()
    ]


def _total(page: Page, title: str) -> int:
    foot = page.locator(".report-table", has=page.get_by_role("region", name=f"Rows of {title}")).locator(".foot")
    return int(foot.get_by_role("status").inner_text().rpartition(" of ")[2].split()[0])


def _inert(page: Page) -> None:
    """Assert that what the text tries comes to nothing: it is words, and links lead where links may."""
    assert page.evaluate("() => document.querySelectorAll('.prose script, .prose iframe, .prose img').length") == 0
    expect(page.locator(".prose").first).to_contain_text(HOSTILE)
    links = page.evaluate(
        "() => [...document.querySelectorAll('.prose a')].map((a) => [a.getAttribute('href'), a.rel, a.target])"
    )
    assert links == [["https://example.org/a", "noopener noreferrer nofollow", "_blank"], ["#what-is-wrong", "", ""]]
    expect(page.locator(".no-picture")).to_have_count(2)


def _interact(page: Page, rows: list[dict[str, Any]]) -> None:
    """Sort and filter the table of mistakes, against what Python says."""
    table = _table(page, "Mistakes")
    wrong = sorted((row for row in rows if row["guess"] != row["truth"]), key=lambda row: -row["score"])
    assert _total(page, "Mistakes") == len(wrong)
    assert _column(table, "id") == [str(row["id"]) for row in wrong[:5]]
    # By a header: ascending, then descending, then as it was.
    header = table.get_by_role("columnheader", name=re.compile("^id"))
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    expect(table).to_have_attribute("aria-busy", "false")
    assert _column(table, "id") == [str(i) for i in sorted(row["id"] for row in wrong)[:5]]
    # By pills: one of them on that was off, another one off.
    pills = page.get_by_role("group", name="What is done to the rows of Mistakes")
    pills.get_by_role("button", name="truth ==").click()
    expect(pills.get_by_role("button", name="truth ==")).to_have_attribute("aria-pressed", "true")
    expect(table).to_have_attribute("aria-busy", "false")
    bags = [row for row in wrong if row["truth"] == "bag"]
    assert _total(page, "Mistakes") == len(bags)
    pills.get_by_role("button", name="guess != truth").click()
    expect(pills.get_by_role("button", name="guess != truth")).to_have_attribute("aria-pressed", "false")
    expect(table).to_have_attribute("aria-busy", "false")
    assert _total(page, "Mistakes") == sum(row["truth"] == "bag" for row in rows)
    # By a condition of one's own, with the keyboard.
    pills.get_by_role("button", name="+ Filter").focus()
    page.keyboard.press("Enter")
    form = pills.get_by_role("form", name="A new filter")
    form.get_by_label("Column").select_option("score")
    form.get_by_label("Condition").select_option(">")
    form.get_by_label("Value").focus()
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")
    expect(form).to_have_count(0)
    expect(table).to_have_attribute("aria-busy", "false")
    assert _total(page, "Mistakes") == sum(row["truth"] == "bag" and row["score"] > 0.5 for row in rows)
    groups = _table(page, "Precision")
    found = dict(zip(_column(groups, "guess"), map(float, _column(groups, "precision")), strict=True))
    for name, value in found.items():
        guessed = [row for row in rows if row["guess"] == name]
        assert value == pytest.approx(sum(row["truth"] == name for row in guessed) / len(guessed), abs=1e-5)


def _rows(store: Store) -> list[dict[str, Any]]:
    table = store.artifact(f"{PROJECT}/predictions:v0").get("test")
    return table.to_arrow(columns=["id", "truth", "guess", "score"]).to_pylist()


def test_a_report_shows_its_text_and_its_tables(page: Page, server: Server, store: Store) -> None:
    """REPORT-2, REPORT-4: in the page its tables ask the server; HTML and foreign links are words."""
    number = _save(store, "shown")
    _open(page, server, "shown")
    expect(page.locator(".report-head h1")).to_have_text("The shown")
    _inert(page)
    _interact(page, _rows(store))
    # What readers do changes nothing for others.
    assert report_log(store, PROJECT, "shown").newest() == number


def test_the_file_works_without_anybody(
    page: Page, server: Server, store: Store, browser: Browser, tmp_path: Path
) -> None:
    """REPORT-4, REPORT-6, REPORT-7: from file://, offline, it sorts, filters, plays, and is inert."""
    _save(store, "filed")
    _open(page, server, "filed")
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog", name="Export the report")
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Make the file").click()
    assert download.value.suggested_filename == "filed.html"
    expect(dialog.get_by_role("status")).to_have_text("The file is made, with everything in it.")
    path = tmp_path / "report.html"
    download.value.save_as(path)
    context = browser.new_context(offline=True, reduced_motion="reduce")
    file = context.new_page()
    asked: list[str] = []
    refused: list[str] = []
    said: list[str] = []
    file.on("request", lambda request: asked.append(request.url))
    file.on("requestfailed", lambda request: refused.append(f"{request.url} {request.failure}"))
    file.on("console", lambda message: said.append(message.text))
    file.on("pageerror", lambda error: said.append(error.message))
    file.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
    file.goto(path.as_uri())
    expect(file.locator("h1")).to_have_text("The filed")
    _inert(file)
    _interact(file, _rows(store))
    # Pictures and sounds lie in it.
    file.wait_for_function(
        "() => [...document.querySelectorAll('.picture img')].some((image) => image.naturalWidth === 20)"
    )
    file.wait_for_function("() => [...document.querySelectorAll('audio')].every((audio) => audio.duration > 0.2)")
    played = file.evaluate(
        """async () => { const audio = document.querySelector('audio'); audio.muted = true; await audio.play();
          await new Promise((done) => (audio.onended = done)); return audio.currentTime; }"""
    )
    assert played == pytest.approx(0.3, abs=0.05)
    assert [url for url in asked if not url.startswith(("blob:", "data:", path.as_uri()))] == []
    # A script that somebody gets into the page is not run, and nothing is loaded from anywhere.
    run = """() => { const made = document.createElement('script'); made.textContent = 'window.__run = 1';
      document.body.append(made);
      const image = document.createElement('img'); image.src = 'https://example.org/x.png'; document.body.append(image);
      return window.__run ?? null; }"""
    assert file.evaluate(run) is None
    file.wait_for_function("() => document.querySelector('body > img:last-child')?.complete")
    assert refused == ["https://example.org/x.png csp"]
    assert [text for text in said if "Content Security Policy" not in text and "example.org" not in text] == []
    file.get_by_role("button", name="Light or dark").click()
    assert file.evaluate("() => document.documentElement.dataset.theme") in {"light", "dark"}
    context.close()


def test_a_report_is_written_by_the_keyboard(page: Page, server: Server, store: Store) -> None:
    """REPORT-1, REPORT-3: text, a table, their order; saved with the rows that it shows."""
    harness.enter(page, server.url)
    page.goto(f"{server.origin}/?project={PROJECT}&tab=reports")
    page.get_by_role("button", name="New report").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("The report is called")).to_be_focused()
    page.keyboard.type("by hand")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Description")).to_be_visible()
    page.get_by_role("button", name="+ Text").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Markdown")).to_be_focused()
    page.keyboard.type("# Found\n\nIt is **so**.")
    expect(page.locator(".md-preview strong")).to_have_text("so")
    page.get_by_role("button", name="+ Table").last.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Add table panel")
    dialog.get_by_label("View or artifact").select_option("apredictions")
    expect(dialog.get_by_label("Table", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Add", exact=True).click()
    _table(page, "test")
    page.get_by_role("button", name="Move test up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-editing] > section").first).to_have_class(re.compile("panel-table"))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".report-head").get_by_text("number 2")).to_be_visible()
    table, text = _newest(store, "by hand").panels
    assert isinstance(table, TablePanel)
    assert isinstance(text, MarkdownPanel)
    assert text.text == "# Found\n\nIt is **so**."
    assert table.view.source is not None
    assert table.view.source.tables[0].version == "v1"
    assert len(_newest(store, "by hand").refs) == 1


def test_a_picture_is_put_into_the_text(page: Page, server: Server, store: Store, tmp_path: Path) -> None:
    """REPORT-4: by digest."""
    _save(store, "pictured", PANELS[:1])
    _open(page, server, "pictured", edit="1")
    png = page.evaluate(
        """() => { const canvas = document.createElement('canvas'); canvas.width = canvas.height = 8;
          canvas.getContext('2d').fillRect(0, 0, 8, 8); return canvas.toDataURL('image/png').split(',')[1]; }"""
    )
    (tmp_path / "dot.png").write_bytes(base64.b64decode(png))
    page.locator("input[type=file]").set_input_files(tmp_path / "dot.png")
    expect(page.get_by_label("Markdown")).to_have_value(re.compile(r"!\[dot\]\(SHA-256:[0-9a-f]{64}\)"))
    expect(page.locator(".md-preview .prose img")).to_have_count(1)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".report-head").get_by_text("number 2")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.prose img')?.naturalWidth === 8")
    assert [image.media_type for image in _newest(store, "pictured").images] == ["image/png"]


def test_two_people_change_a_report(page: Page, server: Server, store: Store, watch: Watch) -> None:
    """REPORT-1: whoever comes second is told, and loses nothing."""
    watch.allow("409")
    _save(store, "shared", PANELS[:1])
    _open(page, server, "shared", edit="1")
    page.get_by_label("Title", exact=True).fill("Mine")
    _save(store, "shared", [{"id": "text", "kind": "markdown", "text": "theirs"}], seen=0)
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog", name="Somebody saved this report meanwhile")
    expect(dialog.get_by_text("“The shared”, 1 panel")).to_be_visible()
    dialog.get_by_role("button", name="Save mine as the newest").click()
    expect(page.locator(".report-head h1")).to_have_text("Mine")
    log = report_log(store, PROJECT, "shared")
    assert [log.read(number)[1].title for number in range(3)] == ["The shared", "The shared", "Mine"]
    assert log.read(1)[1].panels == (MarkdownPanel(id="text", text="theirs"),)


def test_what_is_not_saved_is_not_lost_by_accident(page: Page, server: Server, store: Store) -> None:
    _save(store, "careful", PANELS[:1])
    _open(page, server, "careful", edit="1")
    page.get_by_label("Markdown").fill("changed")
    page.get_by_role("button", name="Cancel").click()
    dialog = page.get_by_role("dialog", name="Leave without saving?")
    dialog.get_by_role("button", name="Go on editing").click()
    expect(page.get_by_label("Markdown")).to_have_value("changed")
    page.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Leave what I changed").click()
    expect(page.locator(".prose h2")).to_have_text("What is wrong")


def test_a_view_is_added_to_reports_from_its_table(page: Page, server: Server, store: Store) -> None:
    """REPORT-1: behind what is there, or in a new one; a table outside of the store is explained."""
    _save(store, "target", PANELS[:1])
    harness.enter(page, server.url)
    harness.open_table(page, f"{server.origin}/?source={quote(json.dumps(SOURCE))}&filter=id+%3E+3")
    page.get_by_role("button", name="More").click()
    harness.choose(page, "Add to report…")
    dialog = page.get_by_role("dialog", name="Add to report")
    dialog.get_by_label(f"Report of {PROJECT}").select_option("target")
    dialog.get_by_label("Title of the panel").fill("Late ones")
    dialog.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name="Open the report").click()
    _table(page, "Late ones")
    assert _total(page, "Late ones") == ROWS - 4
    # From a panel's own menu to a new report.
    page.get_by_role("button", name="Menu of Late ones").click()
    harness.choose(page, "Add to report…")
    dialog.get_by_label(f"Report of {PROJECT}").select_option("")
    dialog.get_by_label("The new report is called").fill("fresh one")
    dialog.get_by_role("button", name="Make the report").click()
    page.get_by_role("link", name="Open the report").click()
    _table(page, "Late ones")
    panel = _newest(store, "fresh one").panels[0]
    assert isinstance(panel, TablePanel)
    assert panel.view.filter == "id > 3"
    page.get_by_role("button", name="Menu of Late ones").click()
    harness.choose(page, "Share panel")
    expect(page.get_by_role("dialog", name="Share panel").get_by_label("Link", exact=True)).to_have_value(
        re.compile("id")
    )


def test_reports_are_listed_and_found(page: Page, server: Server, store: Store) -> None:
    _save(store, "alpha", PANELS[:1])
    _save(store, "beta", PANELS)
    harness.enter(page, server.url)
    page.goto(f"{server.origin}/?project={PROJECT}&tab=reports")
    page.get_by_label("Find a report").fill("beta")
    expect(page.locator(".links.kept li")).to_have_count(1)
    expect(page.locator(".links.kept")).to_contain_text("3 panels")
    page.get_by_role("link", name="The beta").click()
    _table(page, "Mistakes")
    page.go_back()
    expect(page.locator(".links.kept li")).to_have_count(1)


def test_a_report_whose_rows_are_gone_says_so(page: Page, serve: Servers, tmp_path: Path, watch: Watch) -> None:
    """REPORT-5: what somebody took out of the store by hand is lost, and said; the rest is shown."""
    watch.allow("40[0-9]", "422", "500")
    store = make_store(tmp_path / "store")
    _save(store, "hollow")
    store.backend.delete([key for key in store.backend.list("objects") if key.endswith((".parquet", ".json.zst"))])
    _open(page, serve.server(store.url), "hollow")
    expect(page.locator(".prose h2")).to_have_text("What is wrong")
    expect(page.locator(".report-table [role=alert], .state.lost").first).to_be_visible()


def test_a_server_that_only_reads_shows_reports(
    serve: Servers, store: Store, context: BrowserContext, server: Server
) -> None:
    del server
    _save(store, "read")
    other = serve.server(store.url, read_only=True)
    page = context.new_page()
    _open(page, other, "read", edit="1")
    _table(page, "Mistakes")
    expect(page.get_by_role("button", name="Edit")).to_be_disabled()
    expect(page.get_by_role("button", name="Export")).to_be_enabled()
