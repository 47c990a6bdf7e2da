"""The guide's questions about several tables: each in at most six actions by mouse and again by keyboard alone.

The answers are Python's: `wbtable.compare`, and the joined table itself.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tests.page.guide_steps import MOST, Actions, compare_by_keyboard, compare_by_mouse, opening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers

FIRST = "fashion-mnist/baseline:v0"
LAST = "fashion-mnist/baseline:v4"
DOUBLE = "fashion-mnist/double:v4"
SONGS = "songs/synth_summary:latest"
WORSE = "0.guess == 0.truth and 1.guess != 1.truth"


@pytest.fixture
def opened(page: Page, serve: Servers, demo: Path) -> Callable[[str], Actions]:
    """Open a table, and count what is done from then on."""
    return opening(page, serve, demo)


def _merged(demo: Path, first: str, second: str) -> Any:
    store = wbtable.Store(demo)
    return wbtable.compare([store.artifact(first).only_table(), store.artifact(second).only_table()], key="id")


def _tallied(page: Page, counts: Any) -> None:
    for kind in ("added", "removed", "changed", "equal"):
        expect(page.locator(f".tally-of.is-{kind} b")).to_have_text(str(getattr(counts, kind)))


# Epochs 1 and 5, merged: which rows changed.


def _changed(done: Actions, demo: Path) -> None:
    page = done.page
    found = _merged(demo, FIRST, LAST)
    wanted = found.rows_changed_in("guess").to_arrow(columns=["id", "0.guess", "1.guess"])
    assert harness.row_count(page) == wanted.num_rows
    _tallied(page, found.counts)
    harness.wait_first(page, "id", [str(one) for one in wanted["id"].to_pylist()])
    for row in range(4):
        lines = harness.cell(page, row, "guess").locator(".side-line .t")
        expect(lines).to_have_text([str(wanted["0.guess"][row]), str(wanted["1.guess"][row])])
        expect(harness.cell(page, row, "guess")).to_have_class(re.compile(r"\bis-changed\b"))
    assert done.number <= MOST


def test_which_guesses_changed_by_mouse(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(FIRST)
    compare_by_mouse(done, "baseline:v4")
    done.click(harness.head(done.page, "guess").locator(".changed-of"))
    harness.wait_until(done.page, "() => location.search.includes('1.guess')")
    _changed(done, demo)


def test_which_guesses_changed_by_keyboard(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(FIRST)
    compare_by_keyboard(done, "baseline:v4")
    done.walk("ArrowRight", harness.column_index(done.page, "guess"))
    done.press("h")
    done.press("o")
    done.press("Enter")
    harness.wait_until(done.page, "() => location.search.includes('1.guess')")
    _changed(done, demo)


# Numeric differences at a glance: the greatest first, both values and the difference in the cell.


def _differences(done: Actions, demo: Path) -> None:
    page = done.page
    found = _merged(demo, FIRST, LAST)
    names = ["id", "0.score_1", "1.score_1"]
    rows = found.view(sort="abs(1.score_1 - 0.score_1) desc").to_arrow(columns=names)
    harness.wait_until(page, "() => new URLSearchParams(location.search).get('sort')?.includes('abs')")
    harness.wait_first(page, "id", [str(one) for one in rows["id"].to_pylist()])
    for row in range(3):
        cell = harness.cell(page, row, "score_1")
        before, after = rows["0.score_1"][row].as_py(), rows["1.score_1"][row].as_py()
        shown = [float(text) for text in cell.locator(".side-line .t").all_inner_texts()]
        assert shown == pytest.approx([before, after], rel=1e-5)
        delta = cell.locator(".delta").inner_text().removeprefix("Δ ").replace("\N{MINUS SIGN}", "-")
        assert float(delta) == pytest.approx(after - before, rel=1e-5)
        expect(cell.locator(".value-bars .side-0")).to_be_attached()
        expect(cell.locator(".value-bars .side-1")).to_be_attached()
    assert done.number <= MOST


def test_the_greatest_differences_by_mouse(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(FIRST)
    compare_by_mouse(done, "baseline:v4")
    done.menu("score_1")
    done.item("Sort by largest change first")
    _differences(done, demo)


def test_the_greatest_differences_by_keyboard(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(FIRST)
    compare_by_keyboard(done, "baseline:v4")
    done.walk("ArrowRight", harness.column_index(done.page, "score_1"))
    done.press("h")
    done.walk("ArrowDown", 4)
    done.press("Enter")
    _differences(done, demo)


def test_how_each_score_moved_in_the_panel(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(FIRST)
    compare_by_keyboard(done, "baseline:v4")
    done.press("w")
    page = done.page
    expect(page.locator(".difference-of").first).to_be_visible(timeout=harness.PATIENCE)
    found = _merged(demo, FIRST, LAST)
    changed = {change.name: change.changed for change in found.changes if change.changed}
    for item in page.locator(".differences > li").all():
        name = item.locator(".n").inner_text()
        assert item.locator(".num").inner_text().split()[0] == str(changed.pop(name))
        [difference] = found.differences(name)
        mean = float(item.locator(".difference-of b").inner_text())
        assert mean == pytest.approx(difference.mean, rel=1e-3)
    assert not changed
    assert page.locator(".equal-of").inner_text().split() == ["image", "truth"]


# Side by side, in tandem.


def _sides(done: Actions) -> None:
    expect(done.page.locator(".side-pane")).to_have_count(2)
    harness.wait_until(
        done.page,
        """() => [...document.querySelectorAll('.side-pane')].every((pane) =>
          pane.querySelector('[data-rows]').dataset.rows && pane.querySelector('.grid').ariaBusy === 'false'
          && pane.querySelector('.row .cell')
          && !pane.querySelector('.row .cell[aria-busy=true]'))""",
    )


def _shows(page: Page, side: int, name: str, texts: list[str]) -> int:
    """Return how many cells of a column show, once they are the first of `texts`: an address is drawn later."""
    found = page.wait_for_function(
        """([side, name, texts]) => {
          const grid = document.querySelectorAll('.side-pane')[side]?.querySelector('.grid');
          const head = [...(grid?.querySelectorAll('.hcell') ?? [])]
            .find((cell) => cell.querySelector('.name > span:last-of-type')?.textContent === name);
          if (!head) return 0;
          const shown = [...grid.querySelectorAll('.row')].sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .map((row) => row.querySelector(`[data-column="${head.dataset.column}"]`)?.textContent);
          return shown.every((text, i) => text === texts[i]) && shown.length; }""",
        arg=[side, name, texts],
        timeout=harness.PATIENCE,
    )
    return int(found.json_value())


def _in_tandem(done: Actions, demo: Path) -> None:
    _sides(done)
    store = wbtable.Store(demo)
    for side, name in enumerate((FIRST, LAST)):
        rows = store.artifact(name).only_table().view(group="guess").to_arrow()
        shown = _shows(done.page, side, "guess", [str(one) for one in rows["guess"].to_pylist()])
        _shows(done.page, side, "count", [str(one) for one in rows["count"].to_pylist()])
        assert done.page.locator(".side-pane").nth(side).locator(".cell.hist svg").count() >= shown
        expect(done.page.locator(".side-pane [data-rows]").nth(side)).to_have_text(f"{rows.num_rows} groups")
    assert done.number <= MOST


def test_side_by_side_in_tandem_by_mouse(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(FIRST)
    compare_by_mouse(done, "baseline:v4")
    done.click(done.page.get_by_role("radio", name="Side by side"))
    _sides(done)
    head = done.page.locator(".side-pane.side-1 .hcell", has=done.page.get_by_text("guess", exact=True))
    done.click(head.locator(".more"))
    done.item("Group by this")
    harness.wait_until(done.page, "() => location.search.includes('group')")
    expect(done.page.locator(".side-pane [data-rows]").first).to_contain_text("groups", timeout=harness.PATIENCE)
    _in_tandem(done, demo)


def test_side_by_side_in_tandem_by_keyboard(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(FIRST)
    compare_by_keyboard(done, "baseline:v4")
    done.press("b")
    _sides(done)
    done.walk("ArrowRight", 2)
    done.press("g")
    expect(done.page.locator(".side-pane [data-rows]").first).to_contain_text("groups", timeout=harness.PATIENCE)
    _in_tandem(done, demo)


def test_mistakes_of_both_side_by_side(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(FIRST)
    harness.filter_rows(done.page, "guess != truth")
    done.number += 2  # the key to the field, and the text
    harness.press(done.page, "Escape")
    done.page.locator(".grid").focus()
    compare_by_keyboard(done, "baseline:v4")
    done.press("b")
    _sides(done)
    store = wbtable.Store(demo)
    for side, name in enumerate((FIRST, LAST)):
        rows = store.artifact(name).only_table().view(filter="guess != truth").to_arrow(columns=["id"])
        expect(done.page.locator(".side-pane [data-rows]").nth(side)).to_have_text(f"{rows.num_rows} rows of 300")
        _shows(done.page, side, "id", [str(one) for one in rows["id"].to_pylist()])
    assert done.number <= MOST


# A baseline and a variant of double width.


def _worse(done: Actions, demo: Path) -> None:
    page = done.page
    harness.wait_until(page, "(text) => new URLSearchParams(location.search).get('filter') === text", WORSE)
    found = _merged(demo, LAST, DOUBLE)
    rows = found.view(filter=WORSE).to_arrow(columns=["id", "0.guess", "1.guess"])
    assert harness.row_count(page) == rows.num_rows > 0
    _tallied(page, found.counts)
    harness.wait_first(page, "id", [str(one) for one in rows["id"].to_pylist()])
    assert harness.cell(page, 0, "guess").locator(".side-line .t").all_inner_texts() == [
        str(rows["0.guess"][0]),
        str(rows["1.guess"][0]),
    ]
    assert done.number <= MOST


def test_what_the_double_width_lost_by_mouse(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(LAST)
    compare_by_mouse(done, "double:v4")
    done.click(done.page.locator(".toolbar .filter .field"))
    expect(done.page.locator(".toolbar .cm-content")).to_be_focused(timeout=harness.PATIENCE)
    done.write(WORSE, "Enter")
    _worse(done, demo)


def test_what_the_double_width_lost_by_keyboard(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(LAST)
    compare_by_keyboard(done, "double:v4")
    done.press("/")
    expect(done.page.locator(".toolbar .cm-content")).to_be_focused(timeout=harness.PATIENCE)
    done.write(WORSE, "Enter")
    _worse(done, demo)


# The songs, joined: listened to, by instrument.


def _listening(page: Page) -> None:
    """Keep what is played: a song of two seconds may be over before anybody looks."""
    page.evaluate(
        """() => { window.played = []; const play = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = function () { window.played.push(this); return play.call(this); }; }"""
    )


def _heard(done: Actions, demo: Path) -> None:
    page = done.page
    joined = wbtable.Store(demo).artifact(SONGS).get("synth_explore")
    wanted = Counter(joined.to_arrow(columns=["1.instrument"])["1.instrument"].to_pylist())
    keys = harness.cells(page, "1.instrument")
    counts = harness.cells(page, "count")
    assert dict(zip(keys, map(int, counts), strict=True)) == {"null" if k is None else k: n for k, n in wanted.items()}
    harness.wait_until(page, "() => window.played.some((one) => one.currentTime > 0 || one.ended)")
    # Both sides stand in the cell: the whistled song, and what was synthesised of it.
    marks = harness.cell(page, 0, "audio").locator(".mark").all_inner_texts()
    assert marks == ["●", "◆"]
    assert done.number <= MOST


def test_the_joined_songs_by_instrument_by_mouse(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(SONGS)
    expect(done.page.locator(".compare")).to_contain_text("joined on song_id")
    done.menu("1.instrument")
    done.item("Group by this")
    harness.wait_until(done.page, "() => location.search.includes('group')")
    harness.wait_rows(done.page)
    _listening(done.page)
    done.click(harness.cell(done.page, 0, "audio").locator(".stack-side").nth(1).locator(".play").first)
    _heard(done, demo)


def test_the_joined_songs_by_instrument_by_keyboard(opened: Callable[[str], Actions], demo: Path) -> None:
    done = opened(SONGS)
    done.walk("ArrowRight", harness.column_index(done.page, "1.instrument"))
    done.press("g")
    harness.wait_until(done.page, "() => location.search.includes('group')")
    harness.wait_rows(done.page)
    _listening(done.page)
    done.press("ArrowDown")
    done.press("End")
    # What groups hold comes behind their keys: nobody plays what is not drawn yet.
    expect(done.page.locator(".grid .row .cell:focus button").first).to_be_attached(timeout=harness.PATIENCE)
    done.press(" ")
    _heard(done, demo)
