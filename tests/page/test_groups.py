"""Groups: counts, bars, pages; from each one click to its rows and one Back to the groups; two keys as a map."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tests.page.made_table import made, written
from wbtable.query.time_literals import read_duration

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.page.harness import Servers

DATA = made()
TABLE = "fashion-mnist/baseline:latest"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the table."""
    return written(tmp_path_factory.mktemp("made"))


@pytest.fixture
def grouped(page: Page, serve: Servers, file: Path) -> Page:
    """Show the table grouped by kind."""
    harness.open_table(page, serve(file))
    harness.column_menu(page, "kind", "Group by this")
    expect(page.locator(".pill.is-group")).to_be_visible(timeout=harness.PATIENCE)
    harness.wait_rows(page)
    return page


def _rows_of(page: Page, wanted: list[int]) -> None:
    harness.wait_until(page, "() => !new URLSearchParams(location.search).has('group')")
    harness.wait_rows(page)
    assert harness.row_count(page) == len(wanted)
    harness.wait_first(page, "n", [str(i) for i in wanted])


def _back(page: Page) -> None:
    page.go_back()
    harness.wait_until(page, "() => new URLSearchParams(location.search).has('group')")
    harness.wait_rows(page)


def test_keys_come_first_and_each_group_is_counted(grouped: Page) -> None:
    assert harness.columns(grouped)[:2] == ["kind", "count"]
    assert harness.cells(grouped, "kind") == ["0", "1", "2"]
    assert harness.cells(grouped, "count") == ["200", "200", "200"]


def test_a_number_a_bar_and_a_value_lead_to_their_rows_and_back_returns(grouped: Page) -> None:
    rows = [i for i, kind in enumerate(DATA["kind"]) if kind == 1]
    harness.cell(grouped, 1, "count").locator(".go").click()
    _rows_of(grouped, rows)
    _back(grouped)
    svg = harness.cell(grouped, 1, "score").locator("svg")
    box = svg.bounding_box()
    assert box is not None
    svg.click(position={"x": box["width"] / 40, "y": box["height"] - 4})
    _rows_of(grouped, [i for i in rows if DATA["score"][i] is not None and DATA["score"][i] < 0.05])
    _back(grouped)
    word = Counter(DATA["word"][i] for i in rows if DATA["word"][i] is not None).most_common(1)[0][0]
    harness.cell(grouped, 1, "word").locator("[data-bar]", has_text=word).click()
    _rows_of(grouped, [i for i in rows if DATA["word"][i] == word])
    _back(grouped)
    assert harness.cells(grouped, "kind") == ["0", "1", "2"]


def test_bars_are_in_the_menu_of_the_cell_for_the_keyboard(grouped: Page) -> None:
    harness.go_to_cell(grouped, 0, "right")
    grouped.keyboard.press("m")
    labels = harness.menu_labels(grouped)
    assert "Rows with right true" in labels
    harness.choose(grouped, "Rows with right false")
    _rows_of(grouped, [i for i, kind in enumerate(DATA["kind"]) if kind == 0 and not DATA["right"][i]])


def test_a_column_becomes_one_number_and_its_rows_again(grouped: Page) -> None:
    harness.head(grouped, "score").locator(".name").click()
    shown = grouped.locator("#column-display")
    shown.select_option("one:avg")
    harness.wait_until(grouped, "() => /avg/.test(location.search)")
    harness.wait_rows(grouped)
    wanted = []
    for kind in range(3):
        scores = [s for s, k in zip(DATA["score"], DATA["kind"], strict=True) if k == kind and s is not None]
        wanted.append(sum(scores) / len(scores))
    assert [float(text) for text in harness.cells(grouped, "score")] == pytest.approx(wanted, rel=1e-5)
    shown.select_option("")
    harness.wait_rows(grouped)
    expect(harness.cell(grouped, 0, "score").locator("svg")).to_be_visible(timeout=harness.PATIENCE)


def test_numbers_as_a_list_of_values_page_by_page(grouped: Page) -> None:
    harness.head(grouped, "n").locator(".name").click()
    grouped.locator("#column-display").select_option("page")
    grouped.locator("#set-size").select_option("3")
    harness.wait_rows(grouped)
    cell = harness.cell(grouped, 1, "n")
    expect(cell.locator(".item")).to_have_text(["1", "4", "7"], timeout=harness.PATIENCE)
    expect(cell.locator(".pager")).to_contain_text("3 of 200")
    cell.get_by_role("button", name="Next values").click()
    expect(cell.locator(".item")).to_have_text(["10", "13", "16"], timeout=harness.PATIENCE)
    harness.go_to_cell(grouped, 1, "n")
    grouped.keyboard.press("[")
    expect(cell.locator(".item")).to_have_text(["1", "4", "7"], timeout=harness.PATIENCE)


def test_groups_are_filtered(grouped: Page) -> None:
    grouped.get_by_role("button", name="More", exact=True).click()
    harness.choose(grouped, "Filter groups…")
    expect(grouped.locator(".panel .cm-content")).to_be_focused(timeout=harness.PATIENCE)
    grouped.keyboard.insert_text("sum(n) > 59800")
    grouped.keyboard.press("Enter")
    harness.wait_until(grouped, "() => new URLSearchParams(location.search).has('having')")
    harness.wait_rows(grouped)
    assert harness.cells(grouped, "kind") == [
        str(kind)
        for kind in range(3)
        if sum(n for n, k in zip(DATA["n"], DATA["kind"], strict=True) if k == kind) > 59800
    ]


def _map_cell(page: Page, row: object, column: object) -> Locator:
    return page.locator(f'.heat-map button[aria-label^="guess {row}, truth {column}:"]')


def test_two_keys_as_a_map_whose_cells_lead_to_rows(page: Page, serve: Servers, demo: Path) -> None:
    harness.open_table(page, serve(TABLE, store=demo))
    harness.column_menu(page, "guess", "Group by this")
    expect(page.locator(".pill.is-group")).to_have_count(1, timeout=harness.PATIENCE)
    harness.wait_rows(page)
    harness.column_menu(page, "truth", "Group by this too")
    expect(page.locator(".pill.is-group")).to_have_count(2, timeout=harness.PATIENCE)
    page.get_by_role("button", name="Heat map").click()
    rows = wbtable.Store(demo).artifact(TABLE).only_table().to_arrow(columns=["guess", "truth"]).to_pylist()
    pairs = Counter((row["guess"], row["truth"]) for row in rows)
    expect(page.locator(".heat-map button").first).to_be_visible(timeout=harness.PATIENCE)
    for (guess, truth), number in pairs.items():
        assert _map_cell(page, guess, truth).inner_text() == str(number)
    (guess, truth), number = next(item for item in pairs.most_common() if item[0][0] != item[0][1])
    _map_cell(page, guess, truth).click()
    harness.wait_until(page, "() => !new URLSearchParams(location.search).has('group')")
    harness.wait_rows(page)
    assert harness.row_count(page) == number
    assert set(harness.cells(page, "guess")) == {str(guess)}
    assert set(harness.cells(page, "truth")) == {str(truth)}
    page.go_back()
    expect(_map_cell(page, guess, truth)).to_be_visible(timeout=harness.PATIENCE)


def test_media_of_groups_are_paged_in_the_cell(page: Page, serve: Servers, demo: Path) -> None:
    harness.open_table(page, serve(TABLE, store=demo))
    harness.column_menu(page, "guess", "Group by this")
    expect(page.locator(".pill.is-group")).to_be_visible(timeout=harness.PATIENCE)
    harness.wait_rows(page)
    cell = harness.cell(page, 0, "image")
    expect(cell.locator(".thumb")).to_have_count(5, timeout=harness.PATIENCE)
    harness.head(page, "image").locator(".name").click()
    page.locator("#set-size").select_option("20")
    total = int(harness.cells(page, "count")[0])
    expect(cell.locator(".thumb")).to_have_count(min(20, total), timeout=harness.PATIENCE)
    # All of a page are there to be seen.
    box = cell.bounding_box()
    last = cell.locator(".thumb").last.bounding_box()
    assert box is not None
    assert last is not None
    assert last["y"] + last["height"] <= box["y"] + box["height"] + 1


def test_lengths_of_time_are_filtered_and_grouped_by(page: Page, serve: Servers, tmp_path: Path) -> None:
    """Those below zero too: the bars of a column, and a group's rows."""
    lengths = [dt.timedelta(hours=hours) for hours in (-30, -30, -1, 2, 5)]
    wbtable.Table(columns=["id", "x"], data=[list(row) for row in enumerate(lengths)]).write(str(tmp_path), "lengths")
    harness.open_table(page, serve(tmp_path))
    written_as = page.evaluate(
        """async (texts) => {
          const { edgeLiteral } = await import('/static/js/literals.js');
          return texts.map(([text, unit]) => edgeLiteral(text, { kind: 'duration', params: { unit } }));
        }""",
        [(text, unit) for text in ("-1", "0", str(2**63 - 1), str(-(2**63) + 1)) for unit in ("s", "ms", "us", "ns")],
    )
    found = [read_duration(text.removeprefix('duration("').removesuffix('")'), (0, 0)) for text in written_as]
    units = (10**9, 10**6, 10**3, 1)
    assert found == [count * unit for count in (-1, 0, 2**63 - 1, -(2**63) + 1) for unit in units]
    harness.column_menu(page, "x", "Group by this")
    harness.wait_rows(page)
    assert harness.cells(page, "count") == ["2", "1", "1", "1"]
    harness.go_to_cell(page, 0, "count")
    page.keyboard.press("e")
    harness.wait_until(page, "() => !new URLSearchParams(location.search).has('group')")
    harness.wait_rows(page)
    assert harness.cells(page, "id") == ["0", "1"]
