"""What is written into a report and not saved: no way out of the page loses it without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.page import harness
from tests.page.report_store import PROJECT, make_store
from wbtable.viewer.reports import save_report

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers
    from wbtable.viewer.server import Server

WORDS = "much that is worth keeping"
expect.set_options(timeout=harness.PATIENCE)


@pytest.fixture
def server(serve: Servers, tmp_path: Path) -> Server:
    """Serve a store with a report."""
    store = make_store(tmp_path / "store")
    save_report(store, PROJECT, "found", {"panels": [{"id": "text", "kind": "markdown", "text": "little"}]}, -1)
    return serve.server(store.url)


@pytest.mark.parametrize("way", ["link", "back"])
def test_leaving_a_report_that_is_not_saved_asks_first(page: Page, server: Server, way: str) -> None:
    harness.enter(page, server.url)
    page.goto(f"{server.origin}/?project={PROJECT}&tab=reports")
    page.get_by_role("link", name="found").click()
    page.get_by_role("button", name="Edit").click()
    text = page.locator("[data-editing=text] textarea")
    text.fill(WORDS)
    dialog = page.get_by_role("dialog", name="Leave without saving?")

    def leave() -> None:
        if way == "back":
            page.go_back()
        else:
            page.get_by_role("banner").get_by_role("link", name=PROJECT, exact=True).click()
        expect(dialog).to_be_visible()

    leave()
    dialog.get_by_role("button", name="Go on editing").click()
    expect(text).to_have_value(WORDS)
    assert "report=found" in harness.query_of(page)
    leave()
    dialog.get_by_role("button", name="Leave what I changed").click()
    expect(page.get_by_role("link", name="found")).to_be_visible()
    # Nothing asks where nothing is unsaved.
    page.get_by_role("link", name="found").click()
    expect(page.locator("article.report")).to_contain_text("little")
    page.go_back()
    expect(page.get_by_role("link", name="found")).to_be_visible()
