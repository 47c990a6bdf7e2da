"""What the grid does while it is scrolled: as little as shows, and nothing moves that should stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.page import harness
from tests.page.made_table import long

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers

NOTCH = 90
"""Pixels of a turn of the wheel."""
LEFTS = """() => { const left = (node) => node.getBoundingClientRect().left;
  const grid = left(document.querySelector('.grid'));
  return [...document.querySelectorAll('.grid .rownum')].map((cell) => left(cell) - grid); }"""
WATCH = """() => { window.made = [];
  const note = (changes) => { for (const change of changes) for (const node of change.addedNodes) {
    if (change.target.closest('.row [role=gridcell]')) window.made.push(node.nodeName + ' ' + node.textContent); } };
  new MutationObserver(note).observe(document.querySelector('.grid-body'), { childList: true, subtree: true }); }"""
STILL = "() => document.querySelector('.grid-body').classList.contains('is-still')"


@pytest.fixture
def scrolled(page: Page, serve: Servers, tmp_path: Path) -> Page:
    """Show a long table in a window that is narrower than its columns."""
    page.set_viewport_size({"width": 400, "height": 740})
    harness.open_table(page, serve(str(long(tmp_path))))
    page.mouse.move(200, 400)
    return page


def _roll(page: Page, turns: int) -> None:
    """Turn the wheel down, each turn in a frame of its own."""
    for _ in range(turns):
        before = page.evaluate("document.querySelector('.grid').scrollTop")
        page.mouse.wheel(0, NOTCH)
        harness.wait_until(page, "(before) => document.querySelector('.grid').scrollTop !== before", before)


def test_row_numbers_stay_at_the_left_while_rows_go_up_and_aside(scrolled: Page) -> None:
    page = scrolled
    grid = page.locator(".grid")
    assert grid.evaluate("(grid) => grid.scrollWidth - grid.clientWidth") > 60
    for left in (0, 40):
        grid.evaluate("(grid, left) => { grid.scrollLeft = left; }", left)
        _roll(page, 12)
        assert set(page.evaluate(LEFTS)) == {0}
        expect(page.locator(".grid-body.is-still")).to_have_count(0, timeout=harness.PATIENCE)
        assert set(page.evaluate(LEFTS)) == {0}


def test_row_numbers_stay_when_rows_go_aside_in_the_midst_of_it(scrolled: Page) -> None:
    page = scrolled
    page.evaluate(
        """() => { const grid = document.querySelector('.grid');
          window.rolling = setInterval(() => { grid.scrollTop += 30; }, 16); }"""
    )
    harness.wait_until(page, STILL)
    page.evaluate("() => { document.querySelector('.grid').scrollLeft = 50; }")
    harness.wait_until(page, f"() => ({LEFTS})().every((left) => left === 0)")
    harness.wait_until(page, STILL)
    assert set(page.evaluate(LEFTS)) == {0}
    page.evaluate("() => clearInterval(window.rolling)")
    harness.wait_until(page, f"() => !({STILL})()")
    assert set(page.evaluate(LEFTS)) == {0}


def test_cells_that_wait_and_cells_of_one_line_are_drawn_without_new_nodes(scrolled: Page) -> None:
    page = scrolled
    grid = page.locator(".grid")
    # Away from the ends, there are as many rows wherever one goes.
    grid.evaluate("(grid) => { grid.scrollTop = 100_000; }")
    harness.wait_until(page, "() => !!document.querySelector('.row[data-row=\"3571\"]')")
    harness.wait_rows(page)
    _roll(page, 12)
    page.evaluate(WATCH)
    page.route("**/api/rows", lambda _: None)
    grid.evaluate("(grid) => { grid.scrollTop = 400_000; }")
    waiting = page.locator('.row .cell[aria-busy="true"]')
    expect(waiting.first).to_be_visible(timeout=harness.PATIENCE)
    _roll(page, 12)
    expect(waiting.first).to_be_visible()
    page.unroute("**/api/rows")
    grid.evaluate("(grid) => { grid.scrollTop = 200_000; }")
    harness.wait_until(page, "() => !!document.querySelector('.row[data-row=\"7142\"]')")
    _roll(page, 12)
    harness.wait_rows(page)
    numbers = [int(text) for text in harness.cells(page, "n")]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] > 7142
    assert page.evaluate("made") == []


def test_the_foot_says_which_rows_show_once_scrolling_ends(scrolled: Page) -> None:
    page = scrolled
    _roll(page, 12)
    harness.wait_rows(page)
    first = int(harness.cells(page, "n")[0])
    expect(page.locator(".status [role=status]").first).to_contain_text(
        f"rows {first + 1:,}\N{EN DASH}", timeout=harness.PATIENCE
    )
