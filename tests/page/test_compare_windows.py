"""Comparisons in windows that are low, and as maps: what both sides show is told apart, and rows stay in sight."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tests.page.compare_store import PROJECT, compare_store
from tests.page.test_compare import compared, place, show

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.page.harness import Servers

MAP = [{"name": "count", "display": "heatmap"}]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the store."""
    folder = tmp_path_factory.mktemp("windows") / "store"
    compare_store(folder)
    return folder


def _cells(pane: Locator) -> dict[str, tuple[str, str]]:
    """Return what each cell of a map says, and its shade, by the values that it is of."""
    found: dict[str, list[str]] = pane.locator(".heat-map td button").evaluate_all(
        """(cells) => Object.fromEntries(cells.map((cell) =>
          [cell.ariaLabel.split(':')[0], [cell.innerText, cell.style.getPropertyValue('--heat-part')]]))"""
    )
    return {name: (text, shade) for name, (text, shade) in found.items()}


def test_maps_side_by_side_have_one_scale(page: Page, serve: Servers, store: Path) -> None:
    """BARS-1: equal numbers have equal shades, and each pair of values its place, on both sides."""
    tables = (place("rows", "v0"), place("rows", "v1"))
    source = compared(*tables, mode="side_by_side")
    show(page, serve, store, source, group=["score > 8.0", "id % 4 == 0"], columns=MAP)
    panes = page.locator(".side-pane")
    expect(panes.locator(".heat-map")).to_have_count(2)
    opened = wbtable.Store(store)
    wanted = []
    for version in ("v0", "v1"):
        rows = opened.artifact(f"{PROJECT}/rows:{version}").only_table().to_arrow(["id", "score"]).to_pylist()
        wanted.append(Counter((row["score"] > 8, row["id"] % 4 == 0) for row in rows))
    most = max(max(counts.values()) for counts in wanted)
    # The second side comes later than the first: only then is the scale of both known.
    expect(panes.nth(0).locator(".heat-scale")).to_have_text(f"0{most}")
    expect(panes.nth(1).locator(".heat-scale")).to_have_text(f"0{most}")
    sides = [_cells(panes.nth(side)) for side in (0, 1)]
    assert list(sides[0]) == list(sides[1])
    for counts, cells in zip(wanted, sides, strict=True):
        found = {name: int(text) for name, (text, _) in cells.items() if text}
        assert sorted(found.values()) == sorted(counts.values())
        assert {shade for text, shade in cells.values() if text} == {
            f"{round(100 * n / most)}%" for n in counts.values()
        }
    # A cell leads to its rows, in tandem on both sides.
    panes.nth(1).get_by_role("button", name="score > 8.0 true, id % 4 == 0 true: ").click()
    harness.wait_until(page, "() => !new URLSearchParams(location.search).has('group')")
    for side, counts in enumerate(wanted):
        expect(panes.nth(side).locator("[data-rows]")).to_have_attribute("data-rows", str(counts[True, True]))


def test_a_low_window_shows_rows_and_the_way_to_the_rest(page: Page, serve: Servers, store: Path) -> None:
    """As zoom to 200 % makes it: half as high, half as wide."""
    page.set_viewport_size({"width": 640, "height": 400})
    merged_low = page.locator(".compare")
    show(page, serve, store, compared(place("rows", "v0"), place("rows", "v1")))
    harness.wait_rows(page)
    fold = page.get_by_role("button", name="Merged · ")
    expect(fold).to_have_attribute("aria-expanded", "false")
    harness.wait_until(
        page,
        """() => { const [low, high] = [document.querySelector('.grid-head').getBoundingClientRect().bottom,
            document.querySelector('.status').getBoundingClientRect().top];
          return [...document.querySelectorAll('.grid-body > .row')].map((row) => row.getBoundingClientRect())
            .filter((box) => box.top >= low - 1 && box.bottom <= high + 1).length >= 3; }""",
    )
    expect(merged_low.locator(".tally")).to_be_hidden()
    fold.focus()
    page.keyboard.press("Enter")
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(merged_low.locator(".tally")).to_be_visible()
    expect(page.get_by_role("radio", name="Side by side")).to_be_visible()
    # A window that has room shows all of it, without the way there.
    page.keyboard.press("Enter")
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(fold).to_be_hidden()
    expect(merged_low.locator(".tally")).to_be_visible()
