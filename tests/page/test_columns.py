"""Columns: written live, shown in many ways, named, moved, pinned, hidden and taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tests.page.made_table import made

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.page.harness import Servers

DATA = made()


def _settings(page: Page, column: str) -> Locator:
    harness.head(page, column).locator(".name").click()
    panel = page.locator("aside.panel")
    expect(panel).to_contain_text(f"Column {column}", timeout=harness.PATIENCE)
    return panel


def _expression(page: Page, text: str) -> None:
    field = page.locator(".panel .cm-content")
    expect(field).to_be_focused(timeout=harness.PATIENCE)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)


def test_a_column_shows_while_it_is_written_and_goes_when_discarded(shown: Page) -> None:
    harness.column_menu(shown, "n", "Insert column right")
    _expression(shown, "n + 1")
    expect(harness.cell(shown, 0, 1)).to_have_text("1", timeout=harness.PATIENCE)
    assert harness.columns(shown)[1] == "column"
    _expression(shown, "n + nn")
    expect(shown.locator(".panel .wrong")).to_contain_text("nn", timeout=harness.PATIENCE)
    # What is not right changes nothing.
    assert harness.cells(shown, 1, 2) == ["1", "2"]
    _expression(shown, "n * 10")
    expect(harness.cell(shown, 1, 1)).to_have_text("10", timeout=harness.PATIENCE)
    shown.get_by_role("button", name="Discard").click()
    harness.wait_rows(shown)
    assert harness.columns(shown) == list(DATA)[: len(harness.columns(shown))]


def test_large_integers_show_whole(page: Page, serve: Servers, tmp_path: Path) -> None:
    values = [-(2**63), 2**63 - 1, 12, 2**53 + 1]
    table = wbtable.Table(columns=["id", "n"], data=[[value, i] for i, value in enumerate(values)])
    table.write(str(tmp_path), "large")
    harness.open_table(page, serve(tmp_path))
    for row, value in enumerate(values):
        text = harness.cell(page, row, "id").locator(".t")
        assert text.inner_text().replace("\u2212", "-") == str(value)
        # What is cut by an ellipsis is wider than its box.
        assert text.evaluate("(node) => node.scrollWidth <= node.clientWidth")
    small = harness.head(page, "n").bounding_box()
    assert small is not None
    assert small["width"] == 140


def test_all_that_is_written_into_a_column_is_one_step(shown: Page) -> None:
    harness.column_menu(shown, "n", "Insert column left")
    _expression(shown, "n + 1")
    expect(harness.cell(shown, 0, 0)).to_have_text("1", timeout=harness.PATIENCE)
    _expression(shown, "n + 5")
    expect(harness.cell(shown, 0, 0)).to_have_text("5", timeout=harness.PATIENCE)
    shown.locator("#column-name").fill("five")
    shown.keyboard.press("Enter")
    expect(shown.locator(".hcell:focus")).to_contain_text("five", timeout=harness.PATIENCE)
    harness.wait_rows(shown)
    assert harness.columns(shown)[:2] == ["five", "n"]
    shown.keyboard.press("ControlOrMeta+z")
    harness.wait_until(shown, "() => !new URLSearchParams(location.search).has('derive')")
    harness.wait_rows(shown)
    assert harness.columns(shown)[0] == "n"


def test_a_column_of_the_table_takes_another_expression_and_its_own_again(shown: Page) -> None:
    panel = _settings(shown, "score")
    _focus(panel)
    _expression(shown, "score * 100")
    harness.wait_until(shown, "() => new URLSearchParams(location.search).has('derive')")
    harness.wait_rows(shown)
    assert [float(text) for text in harness.cells(shown, "score", 3)] == pytest.approx(
        [100 * score for score in DATA["score"][:3]]
    )
    panel.get_by_role("button", name="Restore").click()
    harness.wait_until(shown, "() => !new URLSearchParams(location.search).has('derive')")
    harness.wait_rows(shown)
    assert [float(text) for text in harness.cells(shown, "score", 3)] == pytest.approx(DATA["score"][:3])


def _focus(panel: Locator) -> None:
    panel.locator(".field").first.click()


def test_numbers_are_written_as_chosen(shown: Page) -> None:
    panel = _settings(shown, "score")
    panel.locator("#set-notation").select_option("percent")
    panel.locator("#set-digits").fill("0")
    expect(harness.cell(shown, 1, "score")).to_have_text("37 %", timeout=harness.PATIENCE)
    panel.locator("#column-display").select_option("bar")
    expect(harness.cell(shown, 1, "score").locator(".inbar")).to_be_attached(timeout=harness.PATIENCE)
    panel.locator("#column-label").fill("Marks")
    expect(shown.locator(".hcell .name", has_text="Marks")).to_be_visible(timeout=harness.PATIENCE)
    shown.reload()
    harness.wait_rows(shown)
    expect(shown.locator(".hcell .name", has_text="Marks")).to_be_visible()


def test_markdown_becomes_nodes_and_markup_in_it_stays_text(shown: Page) -> None:
    panel = _settings(shown, "note")
    panel.locator("#column-display").select_option("markdown")
    cell = harness.cell(shown, 0, "note")
    expect(cell.locator("strong")).to_have_text("bold", timeout=harness.PATIENCE)
    expect(cell).to_contain_text("<img src=x onerror=alert(1)>")
    assert cell.locator("img").count() == 0
    assert cell.locator("a").evaluate_all("(links) => links.map((link) => link.href)") == ["https://example.org/"]


def test_links_lead_only_where_they_may(shown: Page) -> None:
    _go_to(shown, "link")
    panel = _settings(shown, "link")
    panel.locator("#column-display").select_option("link")
    first = harness.cell(shown, 0, "link").locator("a")
    expect(first).to_have_attribute("href", "https://example.org/a", timeout=harness.PATIENCE)
    assert first.get_attribute("rel") == "noopener noreferrer"
    assert harness.cell(shown, 1, "link").locator("a").count() == 0
    expect(harness.cell(shown, 1, "link")).to_have_text("javascript:alert(1)")
    expect(harness.cell(shown, 2, "link").locator("a")).to_have_attribute("href", "mailto:me@example.org")


def test_text_as_json_lists_as_values_times_in_utc(shown: Page) -> None:
    shown.keyboard.press("3")
    panel = _settings(shown, "doc")
    panel.locator("#column-display").select_option("json")
    expect(harness.cell(shown, 1, "doc").locator(".t")).to_have_text(
        '{\n "a": 1,\n "b": [\n  1,\n  2\n ]\n}', timeout=harness.PATIENCE
    )
    panel.get_by_role("button", name="Done").click()
    _go_to(shown, "items")
    panel = _settings(shown, "items")
    panel.locator("#column-display").select_option("list")
    expect(harness.cell(shown, 3, "items").locator(".item")).to_have_text(["0", "1", "2"], timeout=harness.PATIENCE)
    panel.get_by_role("button", name="Done").click()
    _go_to(shown, "day")
    panel = _settings(shown, "day")
    panel.locator("#set-zone").select_option("utc")
    expect(harness.cell(shown, 1, "day")).to_have_text("2024-03-31 01:00:00 UTC", timeout=harness.PATIENCE)


def _go_to(page: Page, column: str) -> None:
    page.keyboard.press("c")
    page.get_by_placeholder("Find a column").fill(column)
    page.keyboard.press("Enter")
    expect(page.locator(".hcell:focus")).to_contain_text(column, timeout=harness.PATIENCE)
    harness.wait_rows(page)


def test_columns_are_hidden_shown_moved_pinned_and_made_wider(shown: Page) -> None:
    harness.column_menu(shown, "word", "Hide")
    expect(shown.locator(".hcell", has_text="word")).to_have_count(0)
    shown.get_by_role("button", name="Columns", exact=True).click()
    shown.locator(".collist li", has_text="word").get_by_role("checkbox").check()
    expect(shown.locator(".hcell .name", has_text="word")).to_be_visible()
    shown.locator("aside.panel").get_by_role("button", name="Close").click()
    harness.column_menu(shown, "score", "Move left")
    assert harness.columns(shown)[:3] == ["n", "score", "word"]
    harness.column_menu(shown, "kind", "Pin left")
    assert harness.columns(shown)[0] == "kind"
    source, target = harness.head(shown, "right"), harness.head(shown, "n")
    source.locator(".name").drag_to(target.locator(".hfacts"))
    expect(shown.locator(".hcell").nth(1)).to_contain_text("right", timeout=harness.PATIENCE)
    assert harness.columns(shown)[:3] == ["kind", "right", "n"]
    before = harness.box_of(harness.head(shown, "n"))
    handle = harness.box_of(harness.head(shown, "n").locator(".resize"))
    shown.mouse.move(handle["x"] + 3, handle["y"] + 20)
    shown.mouse.down()
    shown.mouse.move(handle["x"] + 63, handle["y"] + 20, steps=3)
    shown.mouse.up()
    harness.wait_until(shown, "() => /width/.test(location.search)")
    after = harness.box_of(harness.head(shown, "n"))
    assert after["width"] == pytest.approx(before["width"] + 60, abs=2)


def test_all_to_one_side_go(shown: Page) -> None:
    harness.column_menu(shown, "kind", "Remove all to the right")
    harness.wait_until(shown, "() => /visible/.test(location.search)")
    assert harness.columns(shown) == ["n", "word", "score", "kind"]
    harness.column_menu(shown, "score", "Remove all to the left")
    expect(shown.locator(".hcell")).to_have_count(2)
    assert harness.columns(shown) == ["score", "kind"]
    shown.keyboard.press("ControlOrMeta+z")
    expect(shown.locator(".hcell")).to_have_count(4)


def test_what_became_null_is_counted_at_the_foot(shown: Page) -> None:
    harness.filter_rows(shown, "1 / (n % 2) > 0")
    said = shown.locator(".status .warned")
    expect(said).to_have_text("⚠ division by zero: 300 rows", timeout=harness.PATIENCE)
    harness.filter_rows(shown, "n % 2 == 1")
    expect(said).to_have_count(0)
    harness.column_menu(shown, "n", "Insert column right")
    _expression(shown, "int(str(n / (n - 1)))")
    expect(said).to_have_text("⚠ 2 warnings", timeout=harness.PATIENCE)
    shown.get_by_role("button", name="Discard").click()
    expect(said).to_have_count(0)
    harness.column_menu(shown, "n", "Insert column right")
    _expression(shown, "1 / (n - 1)")
    expect(said).to_have_text("⚠ division by zero: 1 row", timeout=harness.PATIENCE)
    shown.locator(".panel").get_by_role("button", name="Close").click()
    said.click()
    item = shown.get_by_role("menuitem", name="1 row: division by zero in 1 / (n - 1)")
    expect(item).to_be_visible()
    # It leads to where the expression is written.
    item.click()
    expect(shown.locator("aside.panel")).to_contain_text("1 / (n - 1)", timeout=harness.PATIENCE)
