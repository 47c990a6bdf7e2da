"""How the page begins: the token, the cookie, reloading, and what it says to somebody who may not enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.page import harness
from tests.page.demo import IMAGES

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch

TABLE = "fashion-mnist/baseline:latest"


def test_a_table_opens_and_shows_its_rows(page: Page, serve: Servers, demo: Path) -> None:
    harness.open_table(page, serve(TABLE, store=demo))
    assert harness.columns(page)[:4] == ["id", "image", "guess", "truth"]
    assert harness.row_count(page) == IMAGES
    assert harness.cells(page, "id", 3) == ["0", "1", "2"]


def test_the_token_leaves_the_address_and_a_reload_needs_none(page: Page, serve: Servers, demo: Path) -> None:
    harness.open_table(page, serve(TABLE, store=demo))
    assert "token" not in page.url
    assert page.evaluate("history.length") <= 2
    page.reload()
    harness.wait_rows(page)
    assert harness.row_count(page) == IMAGES


def test_the_cookie_is_for_the_server_alone(page: Page, serve: Servers, demo: Path) -> None:
    server = serve.server(TABLE, store=demo)
    harness.open_table(page, server.url)
    [cookie] = page.context.cookies()
    assert cookie["name"] == f"wbtable_{server.port}"
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert page.evaluate("document.cookie") == ""


def test_a_wrong_token_says_what_to_do(page: Page, serve: Servers, demo: Path, watch: Watch) -> None:
    watch.allow("401")
    server = serve.server(TABLE, store=demo)
    harness.enter(page, f"{server.origin}/#token=wrong")
    expect(page.get_by_role("alert")).to_contain_text("Open the whole address that “wbtable view” printed")
    assert "wrong" not in page.url


def test_without_a_token_nothing_shows(page: Page, serve: Servers, demo: Path, watch: Watch) -> None:
    watch.allow("401")
    harness.enter(page, serve.server(TABLE, store=demo).origin)
    expect(page.get_by_role("alert")).to_contain_text("needs its address again")
    expect(page.locator(".grid")).to_have_count(0)


def test_a_filter_by_keyboard_finds_the_mistakes(page: Page, serve: Servers, demo: Path) -> None:
    import wbtable

    harness.open_table(page, serve(TABLE, store=demo))
    harness.filter_rows(page, "guess != truth")
    rows = wbtable.Store(demo).artifact(TABLE).only_table().to_arrow(columns=["guess", "truth"])
    wrong = sum(a != b for a, b in zip(rows["guess"].to_pylist(), rows["truth"].to_pylist(), strict=True))
    assert harness.row_count(page) == wrong
    page.reload()
    harness.wait_rows(page)
    assert harness.row_count(page) == wrong
