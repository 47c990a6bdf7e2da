"""What goes wrong while the page is shown: it says so, and goes on where it can."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyarrow as pa
from playwright.sync_api import expect

import wbtable
from tests.page import harness

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

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


def _extent(page: Page, column: int) -> Locator:
    """Return the least and the greatest value below the histogram of a column."""
    return page.locator(f'.grid-head [data-column="{column}"] .hextent')


def test_undo_brings_back_the_histogram_with_the_values(page: Page, serve: Servers) -> None:
    url = serve(wbtable.Table(columns=["n"], data=[[row] for row in range(100)]))
    address, token = url.split("#")
    derive = quote(json.dumps([{"name": "x", "expression": "n + 1"}]))
    harness.open_table(page, f"{address}?derive={derive}#{token}")
    expect(_extent(page, 1)).to_have_text("1100", timeout=harness.PATIENCE)
    harness.go_to_cell(page, -1, "x")
    page.keyboard.press("o")
    page.locator(".panel .cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text("n * 1000")
    expect(_extent(page, 1)).to_have_text("099000", timeout=harness.PATIENCE)
    page.get_by_role("button", name="Done").click()
    page.go_back()
    expect(_extent(page, 1)).to_have_text("1100", timeout=harness.PATIENCE)


def test_what_heads_say_is_of_the_rows_that_are_grouped(page: Page, serve: Servers) -> None:
    rows = [[row % 4, row % 10, row] for row in range(100)]
    harness.open_table(page, serve(wbtable.Table(columns=["group", "ten", "count"], data=rows)))
    expect(harness.head(page, "ten")).to_contain_text("10 distinct", timeout=harness.PATIENCE)
    expect(harness.head(page, "count")).to_contain_text("100 distinct", timeout=harness.PATIENCE)
    harness.go_to_cell(page, -1, "group")
    page.keyboard.press("g")
    harness.wait_until(page, "() => location.search.includes('group=')")
    harness.wait_idle(page)
    expect(harness.head(page, "ten")).to_contain_text("10 distinct", timeout=harness.PATIENCE)
    expect(harness.head(page, "count")).not_to_contain_text("distinct", timeout=harness.PATIENCE)
    harness.filter_rows(page, "ten == 3")
    expect(harness.head(page, "ten")).not_to_contain_text("distinct", timeout=harness.PATIENCE)


def test_histograms_come_once_the_server_answers_again(page: Page, serve: Servers, watch: Watch) -> None:
    watch.allow("ERR_FAILED", "status of 500")
    page.route("**/api/summaries", lambda route: route.abort())
    harness.open_table(page, serve(wbtable.Table(columns=["n"], data=[[row] for row in range(100)])))
    expect(page.get_by_role("alert").first).to_contain_text("does not answer", timeout=harness.PATIENCE)
    assert _extent(page, 0).count() == 0
    page.unroute("**/api/summaries")
    expect(_extent(page, 0)).to_have_text("099", timeout=harness.PATIENCE)


def test_a_filter_is_not_wrong_because_the_server_was_away(page: Page, serve: Servers, watch: Watch) -> None:
    watch.allow("ERR_FAILED")
    harness.open_table(page, serve(wbtable.Table(columns=["n"], data=[[row] for row in range(100)])))
    harness.filter_rows(page, "n > 10")
    page.route("**/api/**", lambda route: route.abort())
    field = page.locator(".toolbar .filter")
    field.locator(".cm-content").click()
    page.keyboard.press("End")
    page.keyboard.insert_text("0")
    page.keyboard.press("Enter")
    expect(field.get_by_role("alert")).to_contain_text("does not answer", timeout=harness.PATIENCE)
    page.unroute("**/api/**")
    expect(field.get_by_role("alert")).to_have_count(0, timeout=harness.PATIENCE)
    page.keyboard.press("Enter")
    expect(page.locator(".grid-state")).to_contain_text("No row matches", timeout=harness.PATIENCE)
