"""axe finds nothing on the pages and in their states, light and dark."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tests.page.axe import check

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch

TABLE = "fashion-mnist/baseline:latest"


def _table(page: Page) -> None:
    harness.wait_rows(page)


def _filtered(page: Page) -> None:
    harness.filter_rows(page, "guess != truth")


def _no_match(page: Page) -> None:
    harness.filter_rows(page, "truth > 1000")
    expect(page.locator(".grid-state")).to_contain_text("No row matches")


def _menu(page: Page) -> None:
    harness.go_to_cell(page, -1, "truth")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()


def _keys(page: Page) -> None:
    page.locator(".grid").focus()
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_be_visible()


def _columns(page: Page) -> None:
    page.get_by_role("button", name="Columns", exact=True).click()
    expect(page.locator("aside, .panel").first).to_be_visible()


def _detail(page: Page) -> None:
    harness.go_to_cell(page, 0, "guess")
    page.keyboard.press("Enter")
    expect(page.locator("aside, .panel").first).to_be_visible()


def _groups(page: Page) -> None:
    harness.go_to_cell(page, -1, "truth")
    page.keyboard.press("g")
    harness.wait_until(page, "new URLSearchParams(location.search).has('group')")
    harness.wait_idle(page)


def _compare(page: Page) -> None:
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".picks")).to_be_visible()


def _views(page: Page) -> None:
    page.get_by_role("button", name="Views", exact=True).click()
    expect(page.get_by_role("menu")).to_be_visible()


def _share(page: Page) -> None:
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator("dialog[open]")).to_be_visible()


def _image(page: Page) -> None:
    harness.go_to_cell(page, 0, "image")
    page.keyboard.press(" ")
    expect(page.locator("dialog[open]")).to_be_visible()


STATES: dict[str, Callable[[Page], None]] = {
    "table": _table,
    "filtered": _filtered,
    "no match": _no_match,
    "menu": _menu,
    "keys": _keys,
    "columns": _columns,
    "detail": _detail,
    "groups": _groups,
    "compare": _compare,
    "views": _views,
    "share": _share,
    "image": _image,
}
SIDES = [
    {"project": "fashion-mnist", "artifact": "baseline", "version": version, "path": "predictions.table.json"}
    for version in ("v0", "v1")
]


def _compared(mode: str) -> str:
    return "/?source=" + quote(json.dumps({"kind": "compare", "tables": SIDES, "key": ["id"], "mode": mode}))


PAGES = {
    "merged": _compared("join"),
    "side by side": _compared("side_by_side"),
    "reports": "/?project=fashion-mnist&tab=reports",
    "store": "/",
    "project": "/?project=fashion-mnist",
    "artifact": "/?project=fashion-mnist&artifact=baseline&version=v0",
    "files": "/?project=fashion-mnist&artifact=baseline&version=v0&tab=files",
    "lineage": "/?project=fashion-mnist&artifact=baseline&version=v0&tab=lineage",
    "artifacts": "/?project=fashion-mnist&tab=artifacts",
    "views": "/?project=fashion-mnist&tab=views",
}


@pytest.mark.parametrize("state", STATES)
def test_states_of_a_table(page: Page, serve: Servers, demo: Path, state: str) -> None:
    harness.open_table(page, serve(TABLE, store=demo))
    STATES[state](page)
    check(page)


@pytest.mark.parametrize("name", PAGES)
def test_pages_of_the_workspace(page: Page, serve: Servers, demo: Path, name: str) -> None:
    server = serve.server(None, store=demo)
    harness.enter(page, server.url)
    page.goto(f"{server.origin}{PAGES[name]}")
    page.wait_for_load_state("networkidle")
    check(page)


def test_a_table_without_rows(page: Page, serve: Servers) -> None:
    harness.enter(page, serve(wbtable.Table(columns=["a", "b"])))
    expect(page.locator(".grid-state")).to_contain_text("no rows")
    check(page)


def test_what_is_said_to_somebody_without_a_token(page: Page, serve: Servers, demo: Path, watch: Watch) -> None:
    watch.allow("401")
    harness.enter(page, serve.server(None, store=demo).origin)
    check(page)
