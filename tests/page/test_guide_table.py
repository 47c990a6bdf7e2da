"""The guide's questions about one table: six actions at most by mouse, and by keyboard alone; Python's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tests.page.guide_steps import MOST, Actions

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers

TABLE = "fashion-mnist/baseline:latest"
SCORES = ", ".join(f"score_{digit}" for digit in range(10))
CONFIDENCE = f"greatest({SCORES})"
LOOPS = "score_0 + score_6 + score_8 + score_9"


@pytest.fixture
def done(page: Page, serve: Servers, demo: Path) -> Actions:
    """Open the table of predictions."""
    harness.open_table(page, serve(TABLE, store=demo))
    return Actions(page)


@pytest.fixture
def table(demo: Path) -> Any:
    """Open the same in Python."""
    return wbtable.Store(demo).artifact(TABLE).only_table()


def editing(page: Page) -> None:
    expect(page.locator(".panel .cm-content")).to_be_focused(timeout=harness.PATIENCE)


def computed(page: Page, name: str) -> None:
    """Wait until a column is there, and sorted."""
    expect(page.locator(".hcell", has=page.get_by_text(name, exact=True))).to_be_visible(timeout=harness.PATIENCE)
    harness.wait_rows(page)


def sorted_down(page: Page, name: str) -> None:
    expect(page.locator(".hcell[aria-sort=descending]", has=page.get_by_text(name, exact=True))).to_be_visible(
        timeout=harness.PATIENCE
    )
    harness.wait_rows(page)


def _precision(done: Actions, table: Any) -> None:
    page = done.page
    rows = table.view(group="guess", cells={"column": "avg(guess == truth)"}, sort="column desc").to_arrow()
    harness.wait_first(page, "guess", [str(key) for key in rows["guess"].to_pylist()])
    values = [float(text) for text in harness.cells(page, "column")]
    assert values == pytest.approx(rows["column"].to_pylist()[: len(values)], rel=1e-5)
    assert len(values) >= 5
    assert harness.row_count(page) == rows.num_rows
    assert done.number <= MOST


def test_precision_per_class_by_mouse(done: Actions, table: Any) -> None:
    done.menu("guess")
    done.item("Group by this")
    harness.wait_rows(done.page)
    done.menu("count")
    done.item("Insert column right")
    editing(done.page)
    done.write("avg(guess == truth)")
    computed(done.page, "column")
    done.click(done.page.get_by_role("button", name="Descending"))
    sorted_down(done.page, "column")
    _precision(done, table)


def test_precision_per_class_by_keyboard(done: Actions, table: Any) -> None:
    done.walk("ArrowRight", harness.column_index(done.page, "guess"))
    done.press("g")
    expect(done.page.locator(".pill.is-group")).to_be_visible(timeout=harness.PATIENCE)
    harness.wait_rows(done.page)
    done.press("i")
    editing(done.page)
    done.write("avg(guess == truth)")
    done.press("Enter")
    computed(done.page, "column")
    expect(done.page.locator(".hcell:focus", has=done.page.get_by_text("column", exact=True))).to_be_visible()
    done.press("d")
    sorted_down(done.page, "column")
    _precision(done, table)


def _mistakes(done: Actions, table: Any) -> None:
    page = done.page
    rows = table.view(derive={"column": CONFIDENCE}, filter="guess != truth", sort="column desc").to_arrow(
        columns=["id", "column"]
    )
    harness.wait_first(page, "id", [str(key) for key in rows["id"].to_pylist()])
    values = [float(text) for text in harness.cells(page, "column")]
    assert values == pytest.approx(rows["column"].to_pylist()[: len(values)], rel=1e-5)
    assert harness.row_count(page) == rows.num_rows
    assert done.number <= MOST


def test_the_most_confident_mistakes_by_mouse(done: Actions, table: Any) -> None:
    done.click(done.page.locator(".filter .field"))
    expect(done.page.locator(".filter .cm-content")).to_be_focused(timeout=harness.PATIENCE)
    done.write("guess != truth", "Enter")
    harness.wait_until(done.page, "() => new URLSearchParams(location.search).has('filter')")
    harness.wait_rows(done.page)
    done.menu("truth")
    done.item("Insert column left")
    editing(done.page)
    done.write(CONFIDENCE)
    computed(done.page, "column")
    done.click(done.page.get_by_role("button", name="Descending"))
    sorted_down(done.page, "column")
    _mistakes(done, table)


def test_the_most_confident_mistakes_by_keyboard(done: Actions, table: Any) -> None:
    done.press("/")
    expect(done.page.locator(".filter .cm-content")).to_be_focused(timeout=harness.PATIENCE)
    done.write("guess != truth", "Enter")
    harness.wait_until(done.page, "() => new URLSearchParams(location.search).has('filter')")
    harness.wait_rows(done.page)
    done.press("i")
    editing(done.page)
    done.write(CONFIDENCE)
    done.press("Enter")
    computed(done.page, "column")
    expect(done.page.locator(".hcell:focus", has=done.page.get_by_text("column", exact=True))).to_be_visible()
    done.press("d")
    sorted_down(done.page, "column")
    _mistakes(done, table)


def _distribution(done: Actions, table: Any) -> None:
    page = done.page
    expect(page.locator(".pill.is-group")).to_be_visible(timeout=harness.PATIENCE)
    harness.wait_rows(page)
    rows = table.to_arrow(columns=["guess", "truth"]).to_pylist()
    keys = harness.cells(page, "guess")
    assert keys == [str(key) for key in sorted({row["guess"] for row in rows})][: len(keys)]
    index = harness.column_index(page, "truth")
    for place, key in enumerate(keys):
        found = page.locator(f'.grid .row[data-row="{place}"] [data-column="{index}"] svg').get_attribute("data-counts")
        truths = [row["truth"] for row in rows if str(row["guess"]) == key]
        # One bar a value, the same bars down the column.
        assert found == str([truths.count(digit) for digit in range(10)]).replace(" ", "")
    assert done.number <= MOST


def test_the_distribution_of_truths_by_mouse(done: Actions, table: Any) -> None:
    done.menu("guess")
    done.item("Group by this")
    _distribution(done, table)


def test_the_distribution_of_truths_by_keyboard(done: Actions, table: Any) -> None:
    done.walk("ArrowRight", harness.column_index(done.page, "guess"))
    done.press("g")
    _distribution(done, table)


def _loops(done: Actions, table: Any) -> None:
    page = done.page
    computed(page, "closed_loop_score")
    rows = table.view(derive={"closed_loop_score": LOOPS}).to_arrow(columns=["closed_loop_score"])
    values = [float(text) for text in harness.cells(page, "closed_loop_score")]
    assert values == pytest.approx(rows["closed_loop_score"].to_pylist()[: len(values)], rel=1e-4)
    assert done.number <= MOST


def test_a_computed_column_by_mouse(done: Actions, table: Any) -> None:
    done.menu("truth")
    done.item("Insert column right")
    editing(done.page)
    done.write(LOOPS)
    done.click(done.page.locator("#column-name"))
    done.page.keyboard.press("ControlOrMeta+a")
    done.write("closed_loop_score")
    computed(done.page, "closed_loop_score")
    done.click(done.page.get_by_role("button", name="Done"))
    names = harness.columns(done.page)
    assert names[names.index("truth") + 1] == "closed_loop_score"
    _loops(done, table)


def test_a_computed_column_by_keyboard(done: Actions, table: Any) -> None:
    done.press("i")
    editing(done.page)
    done.write(LOOPS)
    done.press("Tab")
    expect(done.page.locator("#column-name")).to_be_focused()
    done.page.keyboard.press("ControlOrMeta+a")
    done.write("closed_loop_score", "Enter")
    _loops(done, table)
    assert harness.columns(done.page)[1] == "closed_loop_score"
