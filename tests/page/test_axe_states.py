"""axe finds nothing in what opens over and beside the pages, in what is empty, and in what went wrong.

Each test walks through states of one page: a page that is opened anew costs more than all that is looked at in it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tests.page.axe import check
from tests.page.media_table import columns, write_media
from tests.page.report_store import PROJECT, SOURCE, make_store
from wbtable.viewer.reports import save_report

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.page.harness import Servers, Watch
    from wbtable.artifacts.store import Store
    from wbtable.viewer.server import Server

PLACE: dict[str, Any] = {"project": PROJECT, "artifact": "predictions", "version": "v0", "path": "test.table.json"}
TEXT = "# What is wrong\n\nSome **words**, a [link](https://example.org), `code`.\n\n- one\n- two\n\n> said\n"
PANELS: list[dict[str, Any]] = [
    {"id": "text", "kind": "markdown", "text": TEXT},
    {"id": "rows", "kind": "table", "title": "Mistakes", "rows": 5, "view": {"source": SOURCE, "filter": "id > 3"}},
    {"id": "groups", "kind": "table", "title": "Guesses", "view": {"source": SOURCE, "group": ["guess"]}},
    {"id": "lost", "kind": "table", "title": "Lost", "view": {"source": SOURCE, "filter": "unknown > 3"}},
]
MAP = {"name": "count", "display": "heatmap"}
expect.set_options(timeout=harness.PATIENCE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = make_store(tmp_path_factory.mktemp("axe") / "store")
    save_report(made, PROJECT, "first", {"title": "First", "description": "What it is", "panels": PANELS}, -1)
    save_report(made, PROJECT, "empty", {"title": "Empty", "panels": []}, -1)
    return made


@pytest.fixture
def server(page: Page, serve: Servers, store: Store) -> Server:
    found = serve.server(store.url)
    harness.enter(page, found.url)
    return found


def _table(server: Server, source: Any = SOURCE, **view: str) -> str:
    return f"{server.origin}/?{urlencode({'source': json.dumps(source), **view}, quote_via=quote)}"


def _pick(page: Page, button: str, label: str, dialog: str) -> None:
    """Choose in a menu of the bar, look at the dialog that it opens, and close it."""
    page.get_by_role("button", name=button, exact=True).click()
    harness.choose(page, label)
    expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def _panel(page: Page) -> Locator:
    found = page.locator("aside.panel")
    expect(found).to_be_visible()
    return found


def test_what_opens_beside_a_table(page: Page, server: Server) -> None:
    harness.open_table(page, _table(server))
    harness.go_to_cell(page, -1, "score")
    page.keyboard.press("i")
    expect(_panel(page).locator(".cm-content, textarea, input").first).to_be_visible()
    check(page)
    page.get_by_role("button", name="Discard").click()
    harness.column_menu(page, "score", "Column settings")
    _panel(page)
    check(page)
    page.keyboard.press("Escape")
    for column in ("score", "note"):
        harness.go_to_cell(page, -1, column)
        page.keyboard.press("f")
        expect(_panel(page).locator(".values .value").first).to_be_visible()
        check(page)
        page.keyboard.press("Escape")
    harness.go_to_cell(page, 3, "image")
    page.keyboard.press("Enter")
    expect(_panel(page).locator("dl.detail img")).to_be_visible()
    check(page)


def test_what_opens_over_a_table(page: Page, server: Server) -> None:
    harness.open_table(page, _table(server))
    _pick(page, "Views", "Save this view…", "Save this view")
    _pick(page, "More", "Add to report…", "Add to report")
    _pick(page, "More", "Share panel…", "Share panel")
    page.keyboard.press("ControlOrMeta+j")
    expect(page.locator("#jump-row")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("menu", name="More")).to_be_visible()
    check(page)


def test_a_view_with_a_name(page: Page, server: Server) -> None:
    harness.open_table(page, _table(server, filter="id > 3"))
    page.get_by_role("button", name="Views", exact=True).click()
    harness.choose(page, "Save this view…")
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    expect(page.locator(".view-name")).to_have_text("mine")
    page.locator(".btn.views").click()
    expect(page.get_by_role("menu", name="Views")).to_be_visible()
    check(page)
    harness.choose(page, "Name and description…")
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page)


def test_what_somebody_saved_meanwhile(page: Page, server: Server, store: Store, watch: Watch) -> None:
    """The dialogs in which nothing is overwritten unseen, of a view and of a report."""
    watch.allow("409")
    harness.open_table(page, _table(server, filter="id > 3"))
    page.get_by_role("button", name="Views", exact=True).click()
    harness.choose(page, "Save this view…")
    page.keyboard.type("ours")
    page.keyboard.press("Enter")
    expect(page.locator(".view-name")).to_have_text("ours")
    expect(page.get_by_role("dialog")).to_have_count(0)  # while it closes, keys are still its own
    theirs = next(view for view in store.views(PROJECT) if view.name == "ours")
    store.save_view(theirs.spec.with_(filter="id > 5"), "ours")
    harness.filter_rows(page, "score > 0.2")
    page.locator(".btn.views").click()
    harness.choose(page, "Save “ours”")
    _met(page, "view")
    page.keyboard.press("Escape")
    page.locator(".btn.views").click()
    harness.choose(page, "Save under another name…")
    page.keyboard.type("ours")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("already")
    check(page)
    text = {"title": "Shared", "panels": PANELS[:1]}
    save_report(store, PROJECT, "shared", text, -1)
    page.goto(f"{server.origin}/?{urlencode({'project': PROJECT, 'report': 'shared'})}")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("textbox", name="Markdown").fill("Mine")
    save_report(store, PROJECT, "shared", {**text, "title": "Theirs"}, 0)
    page.get_by_role("button", name="Save", exact=True).click()
    _met(page, "report")


def _met(page: Page, what: str) -> None:
    """Look at the dialog of a conflict, once it has read what somebody else saved."""
    dialog = page.get_by_role("dialog", name=f"Somebody saved this {what} meanwhile")
    expect(dialog.get_by_role("button", name="Save mine as the newest")).to_be_enabled()
    check(page)


def test_groups_and_their_map(page: Page, server: Server) -> None:
    harness.open_table(page, _table(server, group=json.dumps(["guess", "truth"])))
    page.get_by_role("button", name="More", exact=True).click()
    harness.choose(page, "Filter groups…")
    _panel(page)
    check(page)
    page.keyboard.press("Escape")
    harness.go_to_cell(page, 0, 0)
    page.keyboard.press("Enter")
    _panel(page)
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Heat map").click()
    expect(page.locator(".heat-map button").first).to_be_visible()
    check(page)


@pytest.mark.parametrize("mode", ["join", "side_by_side"])
def test_comparisons(page: Page, server: Server, mode: str) -> None:
    tables = [PLACE, {**PLACE, "version": "v1"}]
    harness.enter(page, _table(server, {"kind": "compare", "tables": tables, "key": ["id"], "mode": mode}))
    harness.wait_rows(page)
    check(page)
    if mode == "join":
        page.locator(".grid").focus()
        page.keyboard.press("w")
        expect(_panel(page).locator(".difference").first).to_be_visible()
        check(page)
        page.keyboard.press("Escape")
        harness.go_to_cell(page, 0, 1)
        page.keyboard.press("Enter")
        expect(_panel(page).locator("dl.detail")).to_be_visible()
    else:
        groups = {"group": json.dumps(["guess", "truth"]), "columns": json.dumps([MAP])}
        page.goto(_table(server, {"kind": "compare", "tables": tables, "key": ["id"], "mode": mode}, **groups))
        expect(page.locator(".side-pane .heat-map")).to_have_count(2)
        check(page)
        page.get_by_role("button", name="List", exact=True).click()
        expect(page.locator(".side-pane .heat-map")).to_have_count(0)
        harness.wait_rows(page)
        page.locator(".side-pane").last.locator(".grid").focus()
        harness.press(page, "ArrowDown", "Enter")
    check(page)


def test_reports_read_written_and_sent(page: Page, server: Server, watch: Watch) -> None:
    watch.allow("status of 400")  # one of its panels is of a column that there is not
    page.goto(f"{server.origin}/?{urlencode({'project': PROJECT, 'report': 'first'})}")
    expect(page.get_by_role("region", name="Rows of Guesses").locator("tbody tr").first).to_be_visible()
    expect(page.get_by_role("region", name="Rows of Mistakes").locator("tbody tr").first).to_be_visible()
    check(page)
    page.get_by_role("button", name="Menu of Mistakes").click()
    expect(page.get_by_role("menu")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("dialog", name="Export the report")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_role("textbox", name="Markdown")).to_be_visible()
    check(page)
    page.get_by_role("button", name="+ Table").last.click()
    expect(page.get_by_role("dialog", name="Add table panel")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Markdown").fill("Other words")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog", name="Leave without saving?")).to_be_visible()
    check(page)
    page.goto(f"{server.origin}/?{urlencode({'project': PROJECT, 'report': 'empty'})}")
    expect(page.get_by_role("heading", name="The report is empty")).to_be_visible()
    check(page)


def test_media_over_the_page(
    page: Page, serve: Servers, watch: Watch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    watch.allow("status of 4", "Blocked script execution", "GL Driver Message", "Automatic fallback to software")
    harness.open_table(page, serve(str(write_media(tmp_path_factory.mktemp("media"), 1))))
    box = page.locator("dialog.lightbox")
    for column, shown in (
        ("picture", ".layer li"),
        ("clip", "video"),
        ("page", "iframe"),
        ("thing", "canvas"),
        ("heat", "canvas"),
        ("counts", ".histogram-large svg"),
        ("before", ".lines pre"),
        ("damaged", "[role=alert]"),
    ):
        harness.go_to_cell(page, 0, columns().index(column))
        harness.wait_rows(page)
        page.keyboard.press("Space")
        expect(box.locator(shown).first).to_be_visible()
        check(page)
        if column in {"picture", "before"}:
            box.get_by_label("Compare with").select_option(index=1)
            expect(box.locator(".modes")).to_be_visible()
            check(page)
        page.keyboard.press("Escape")
        expect(box).to_have_count(0)


def test_what_is_empty(page: Page, serve: Servers, server: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    harness.open_table(page, _table(server, group=json.dumps(["guess"])))
    page.goto(_table(server, group=json.dumps(["guess"]), having="count() > 1000"))
    expect(page.locator(".grid-state")).to_contain_text("No group is left")
    check(page)
    for tab in ("views", "runs"):
        page.goto(f"{server.origin}/?{urlencode({'project': PROJECT, 'tab': tab})}")
        expect(page.locator("main")).to_be_visible()
        page.wait_for_load_state("networkidle")
        check(page)
    empty = wbtable.create_store(tmp_path_factory.mktemp("axe-empty") / "store")
    harness.enter(page, serve(empty.url))
    expect(page.get_by_role("heading", name="This store is empty")).to_be_visible()
    check(page)


def test_what_went_wrong(page: Page, server: Server, watch: Watch) -> None:
    watch.allow("status of 4", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "Failed to fetch")
    alert = page.get_by_role("alert").first
    for address in (
        _table(server, filter="unknown > 3"),
        _table(server, {"kind": "table", "tables": [{**PLACE, "version": "v7"}]}),
        f"{server.origin}/?project=none",
        f"{server.origin}/?{urlencode({'project': PROJECT, 'report': 'none'})}",
        f"{server.origin}/?{urlencode({'project': PROJECT, 'artifact': 'predictions', 'version': 'v7'})}",
        f"{server.origin}/?{urlencode({'project': PROJECT, 'run': 'none'})}",
    ):
        page.goto(address)
        expect(page.locator(".state").first).to_be_visible()
        check(page)
    harness.open_table(page, _table(server))
    page.context.set_offline(offline=True)
    harness.head(page, "id").locator(".more").click()
    harness.choose(page, "Sort descending")
    expect(alert).to_contain_text("does not answer")
    check(page)
    page.context.set_offline(offline=False)
