"""Steps that the guide's questions share, by mouse and by keyboard, and how what shows is compared with Python's.

An action is a click, a key, a text that is written, or a walk with the arrow keys to one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect

from tests.page import harness

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.page.harness import Servers

MOST: Final = 6
MERGED: Final = "suggested"
"""What the page says of a comparison whose key it found."""


class Actions:
    """What somebody does, counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.number = 0

    def click(self, target: Locator) -> None:
        self.number += 1
        target.click()

    def menu(self, column: str) -> None:
        self.click(harness.head(self.page, column).locator(".more"))

    def item(self, label: str) -> None:
        self.click(self.page.locator(".menu [role^=menuitem]").filter(has_text=label).first)

    def write(self, text: str, then: str | None = None) -> None:
        self.number += 1
        self.page.keyboard.insert_text(text)
        if then is not None:
            self.page.keyboard.press(then)

    def press(self, key: str) -> None:
        self.number += 1
        self.page.keyboard.press(key)

    def walk(self, key: str, times: int) -> None:
        self.number += 1
        for _ in range(times):
            self.page.keyboard.press(key)


def opening(page: Page, serve: Servers, store: Path) -> Callable[[str], Actions]:
    """Return what opens a table of a store, and counts what is done from then on."""

    def opened(name: str) -> Actions:
        harness.open_table(page, serve(name, store=store))
        return Actions(page)

    return opened


def compare_by_mouse(done: Actions, name: str, shows: str = MERGED) -> None:
    done.click(done.page.get_by_role("button", name="Compare", exact=True))
    done.click(done.page.locator(".pick", has_text=name))
    comparison_says(done.page, shows)


def compare_by_keyboard(done: Actions, name: str, shows: str = MERGED) -> None:
    done.press("v")
    expect(done.page.locator(".picks input")).to_be_focused(timeout=harness.PATIENCE)
    expect(done.page.locator(".pick", has_text=name).first).to_be_visible(timeout=harness.PATIENCE)
    done.write(name)
    expect(done.page.locator(".pick").first).to_contain_text(name, timeout=harness.PATIENCE)
    done.page.keyboard.press("Enter")
    comparison_says(done.page, shows)


def comparison_says(page: Page, what: str) -> None:
    expect(page.locator(".compare")).to_contain_text(what, timeout=harness.PATIENCE)
    if what == MERGED:
        # The rows that changed are counted meanwhile.
        expect(page.locator(".tally")).to_be_visible(timeout=harness.PATIENCE)
    harness.wait_rows(page)


def scroll_to(done: Actions, column: str) -> None:
    """Scroll sideways, as a mouse does, until a column's head is there."""
    done.number += 1
    grid = done.page.locator(".grid").bounding_box()
    assert grid is not None
    done.page.mouse.move(grid["x"] + grid["width"] / 2, grid["y"] + grid["height"] / 2)
    shown = done.page.locator(".hcell", has=done.page.get_by_text(column, exact=True))
    for _ in range(40):
        found = shown.bounding_box() if shown.count() else None
        if found is not None and found["x"] + found["width"] < grid["x"] + grid["width"]:
            return
        before = done.page.evaluate("document.querySelector('.grid').scrollLeft")
        done.page.mouse.wheel(300, 0)
        harness.wait_until(done.page, "(x) => document.querySelector('.grid').scrollLeft !== x", before)
        harness.wait_rows(done.page)


def grouped(done: Actions, key: str) -> None:
    harness.wait_until(done.page, "(key) => location.search.includes('group=') && location.search.includes(key)", key)
    expect(done.page.locator(".pill.is-group")).to_be_visible(timeout=harness.PATIENCE)


def same(page: Page, column: str, wanted: Sequence[object], at_least: int = 2) -> None:
    """Assert that a column shows the beginning of what Python has."""
    assert harness.wait_first(page, column, [str(value) for value in wanted]) >= at_least


def near(shown: Sequence[str], wanted: Sequence[float], at_least: int = 2) -> None:
    values = [float(text) for text in shown]
    assert values == pytest.approx(wanted[: len(values)], rel=1e-5)
    assert len(values) >= at_least
