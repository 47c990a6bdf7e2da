"""What was saved before under a name: looked at and restored, by the keyboard; and unions whose tables are gone."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tests.page.axe import check
from tests.page.report_store import PROJECT, SOURCE, make_store
from wbtable.artifacts.saved import report_log, view_log
from wbtable.viewer.reports import save_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch
    from wbtable.artifacts.store import Store
    from wbtable.viewer.server import Server

FILTERS = ("id > 3", "id > 20", 'truth == "bag"')
expect.set_options(timeout=harness.PATIENCE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("numbers") / "store")


@pytest.fixture
def server(page: Page, serve: Servers, store: Store) -> Server:
    found = next((one for one in serve.running if not one.state.read_only), None) or serve.server(store.url)
    harness.enter(page, found.url)
    return found


def _focused_enter(page: Page, role: Any, name: str) -> None:
    """Do what a button or entry does by the keyboard."""
    page.get_by_role(role, name=name).focus()
    page.keyboard.press("Enter")


def _menu(page: Page, label: str) -> None:
    page.locator(".btn.views").focus()
    page.keyboard.press("Enter")
    harness.choose(page, label)


def _filter(page: Page, text: str) -> None:
    harness.wait_until(page, "(text) => new URLSearchParams(location.search).get('filter') === text", text)
    harness.wait_rows(page)


def test_an_older_view_is_looked_at_and_restored(page: Page, server: Server, store: Store) -> None:
    """VIEW-8: nothing is taken out of the log: what is restored is saved once more."""
    table = store.artifact(f"{PROJECT}/predictions:v0").get("test")
    for text in FILTERS:
        store.save_view(table.view(filter=text), "mine", source=SOURCE)
    named = quote(json.dumps({"project": PROJECT, "name": "mine"}))
    harness.open_table(page, f"{server.origin}/?named={named}")
    _filter(page, FILTERS[2])
    expect(page.locator(".old-number")).to_have_count(0)
    _menu(page, "What was saved before…")
    dialog = page.get_by_role("dialog", name="What was saved of “mine”")
    expect(dialog.get_by_role("listitem")).to_have_count(3)
    expect(dialog.get_by_role("listitem").last).to_contain_text(f"where {FILTERS[0]}")
    expect(dialog.get_by_role("button", name="Look at number 3")).to_be_disabled()
    check(page)
    _focused_enter(page, "button", "Look at number 1")
    _filter(page, FILTERS[0])
    expect(page.locator(".old-number")).to_have_text("number 1 of 3")
    check(page)
    # Its address says so too, and Back leads to the newest.
    page.reload()
    _filter(page, FILTERS[0])
    expect(page.locator(".old-number")).to_have_text("number 1 of 3")
    _menu(page, "Show the newest, number 3")
    _filter(page, FILTERS[2])
    expect(page.locator(".old-number")).to_have_count(0)
    page.go_back()
    _filter(page, FILTERS[0])
    expect(page.locator(".old-number")).to_have_text("number 1 of 3")
    assert view_log(store, PROJECT, "mine").newest() == 2
    _menu(page, "Restore number 1 as the newest")
    expect(page.locator(".old-number")).to_have_count(0)
    found = view_log(store, PROJECT, "mine").read()
    assert (found[0], found[1].view.filter) == (3, FILTERS[0])


def test_somebody_saves_a_view_before_it_is_restored(page: Page, server: Server, store: Store, watch: Watch) -> None:
    """VIEW-8: nothing is overwritten unseen."""
    watch.allow("409")
    table = store.artifact(f"{PROJECT}/predictions:v0").get("test")
    for text in FILTERS[:2]:
        store.save_view(table.view(filter=text), "busy", source=SOURCE)
    named = quote(json.dumps({"project": PROJECT, "name": "busy"}))
    harness.open_table(page, f"{server.origin}/?named={named}")
    _menu(page, "What was saved before…")
    dialog = page.get_by_role("dialog", name="What was saved of “busy”")
    expect(dialog.get_by_role("listitem")).to_have_count(2)
    store.save_view(table.view(filter=FILTERS[2]), "busy", source=SOURCE)
    _focused_enter(page, "button", "Restore number 1 as the newest")
    expect(dialog.get_by_role("alert")).to_contain_text("Somebody saved it meanwhile")
    assert view_log(store, PROJECT, "busy").newest() == 2


def _text(text: str) -> dict[str, Any]:
    return {"title": "Told", "panels": [{"id": "text", "kind": "markdown", "text": text}]}


def test_an_older_report_is_read_and_restored(page: Page, server: Server, store: Store) -> None:
    """REPORT-1: read only, with its neighbours beside it."""
    for number, text in enumerate(("# One", "# Two", "# Three")):
        save_report(store, PROJECT, "told", _text(text), number - 1)
    page.goto(f"{server.origin}/?{urlencode({'project': PROJECT, 'report': 'told'})}")
    heading = page.locator(".prose h2")
    expect(heading).to_have_text("Three")
    _focused_enter(page, "button", "History")
    dialog = page.get_by_role("dialog", name="What was saved of “Told”")
    expect(dialog.get_by_role("listitem")).to_have_count(3)
    _focused_enter(page, "button", "Look at number 2")
    expect(heading).to_have_text("Two")
    bar = page.get_by_role("region", name="An older state of the report")
    expect(bar.get_by_role("status")).to_have_text("Number 2 of 3: what the report said then.")
    check(page)
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)
    expect(page.get_by_role("button", name="Export")).to_be_enabled()
    _focused_enter(page, "button", "The one before")
    expect(heading).to_have_text("One")
    expect(bar.get_by_role("button", name="The one before")).to_be_disabled()
    page.reload()
    expect(heading).to_have_text("One")
    page.go_back()
    expect(heading).to_have_text("Two")
    _focused_enter(page, "button", "Restore as the newest")
    expect(bar).to_have_count(0)
    expect(page.locator(".report-head").get_by_text("number 4")).to_be_visible()
    expect(heading).to_have_text("Two")
    assert report_log(store, PROJECT, "told").newest() == 3


def test_a_server_that_only_reads_lets_look_but_not_restore(
    page: Page, serve: Servers, store: Store, server: Server
) -> None:
    del server
    for number, text in enumerate(("# One", "# Two")):
        save_report(store, PROJECT, "kept", _text(text), number - 1)
    other = serve.server(store.url, read_only=True)
    harness.enter(page, other.url)
    page.goto(f"{other.origin}/?{urlencode({'project': PROJECT, 'report': 'kept', 'number': '0'})}")
    expect(page.locator(".prose h2")).to_have_text("One")
    expect(page.get_by_role("button", name="Restore as the newest")).to_be_disabled()
    _focused_enter(page, "button", "Show the newest")
    expect(page.locator(".prose h2")).to_have_text("Two")


def test_a_union_says_which_of_its_tables_are_gone(page: Page, serve: Servers, tmp_path: Path) -> None:
    """REPORT-3: a report keeps the runs of a union, not what they logged; in the page and in the file."""
    store = wbtable.create_store(tmp_path / "store")
    for name in ("one", "two"):
        with wbtable.init(project=PROJECT, id=name, store=store.url) as run:
            run.log({"scores": wbtable.Table(columns=["x"], data=[[1], [2]])})
    source = {"kind": "union", "project": PROJECT, "run_key": "scores", "runs": ["one", "two"]}
    panels = [{"id": "u", "kind": "table", "title": "Both", "view": {"source": source}}]
    save_report(store, PROJECT, "union", {"panels": panels}, -1)
    server = serve.server(store.url)
    harness.enter(page, server.url)
    address = f"{server.origin}/?{urlencode({'project': PROJECT, 'report': 'union'})}"
    page.goto(address)
    rows = page.get_by_role("region", name="Rows of Both")
    expect(rows.locator("tbody tr")).to_have_count(4)
    expect(page.locator(".panel-table .source")).to_contain_text("the report keeps none of it")
    expect(page.locator(".gone")).to_have_count(0)
    [gone] = [one for one in store.artifacts(PROJECT) if "one" in one.name]
    store.delete_artifact(f"{PROJECT}/{gone.name}", delete_aliases=True)
    store.gc(dt.timedelta(0), dry_run=False)
    page.goto(address)
    expect(rows.locator("tbody tr")).to_have_count(2)
    expect(page.get_by_role("alert")).to_contain_text(
        f"1 of 2 logged tables are gone, and with them their rows: {PROJECT}/{gone.name}:v0"
    )
    from wbtable.viewer.report_task import export_report

    [note] = export_report(store, PROJECT, "union", tmp_path / "report.html")
    assert note.startswith("1 of 2 logged tables are gone")
