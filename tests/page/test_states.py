"""What goes wrong while the page is shown: it says so, and goes on where it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from playwright.sync_api import expect

import wbtable
from tests.page import harness

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch

BIG = 2**63 - 1
NAMES = ["<b>bold</b>", "😀 emoji", "שם עברי", "a\tb\nc", "x" * 300, '`quoted` "name"']


def test_a_server_that_goes_and_comes_back(page: Page, serve: Servers, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "Failed to fetch")
    harness.open_table(page, serve(wbtable.Table(columns=["a"], data=[[row] for row in range(50_000)])))
    page.context.set_offline(True)
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    expect(page.get_by_role("alert").first).to_contain_text("does not answer", timeout=harness.PATIENCE)
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").first.click()
    harness.wait_rows(page)
    expect(page.get_by_text("does not answer")).to_have_count(0)


def test_odd_names_are_shown_as_they_are(page: Page, serve: Servers) -> None:
    harness.open_table(page, serve(wbtable.Table(columns=NAMES, data=[[row] * len(NAMES) for row in range(3)])))
    text = page.locator(".grid-head").inner_text()
    for name in ("<b>bold</b>", "😀 emoji", "שם עברי"):
        assert name in text
    assert page.locator(".grid-head b").count() == 0


def test_whole_numbers_keep_all_digits(page: Page, serve: Servers) -> None:
    harness.open_table(page, serve(wbtable.Table(columns=["n"], data=[[BIG], [-BIG], [2**53 + 1]])))
    shown = [text.replace(",", "") for text in harness.cells(page, "n")]
    assert shown == [str(BIG), str(-BIG), str(2**53 + 1)]


def test_columns_of_nulls_alone_and_no_rows_are_usable(page: Page, serve: Servers) -> None:
    nulls = wbtable.Table.from_arrow(pa.table({"n": pa.array([None, None], pa.float64()), "t": pa.nulls(2)}))
    harness.open_table(page, serve(nulls))
    harness.wait_rows(page)
    assert harness.row_count(page) == 2
    expect(harness.cell(page, 1, "n")).to_have_text("null", timeout=harness.PATIENCE)
    expect(harness.cell(page, 1, "t")).to_have_text("null", timeout=harness.PATIENCE)
    harness.enter(page, serve(wbtable.Table(columns=["a", "b"])))
    expect(page.locator(".grid-state")).to_contain_text("no rows", timeout=harness.PATIENCE)
