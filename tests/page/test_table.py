"""The rows of a table: sorted, filtered, pinned, selected, copied, exported; every state says what to do."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.page import harness
from tests.page.made_table import ROWS, long, made, wide

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch

DATA = made()


def _filter(page: Page) -> str:
    return str(page.evaluate("new URLSearchParams(location.search).get('filter') ?? ''"))


def _expect_filter(page: Page, text: str) -> None:
    harness.wait_until(page, "(text) => (new URLSearchParams(location.search).get('filter') ?? '') === text", text)
    harness.wait_idle(page)


def _menu(page: Page, column: str, *labels: str) -> None:
    for label in labels:
        harness.head(page, column).locator(".more").click()
        harness.choose(page, label)
        harness.wait_rows(page)


def test_several_sort_keys_from_the_menus_of_headers(shown: Page) -> None:
    _menu(shown, "kind", "Sort descending")
    _menu(shown, "score", "Then ascending")
    order = sorted(
        range(ROWS),
        key=lambda i: (-DATA["kind"][i], DATA["score"][i] is None, DATA["score"][i] or 0, i),
    )
    harness.wait_first(shown, "n", [str(i) for i in order])
    assert shown.locator(".pill.is-sort").count() == 2
    assert harness.head(shown, "score").get_attribute("aria-sort") == "ascending"
    # Off again from the pill.
    shown.get_by_role("button", name="Remove sort score").click()
    harness.wait_rows(shown)
    order = sorted(range(ROWS), key=lambda i: (-DATA["kind"][i], i))
    assert harness.cells(shown, "n", 5) == [str(i) for i in order[:5]]


def test_an_error_marks_the_place_and_says_what_may_be_meant(shown: Page) -> None:
    shown.keyboard.press("/")
    expect(shown.locator(".filter .cm-content")).to_be_focused(timeout=harness.PATIENCE)
    shown.keyboard.insert_text("scor > 0.5")
    shown.keyboard.press("Enter")
    wrong = shown.locator(".filter .wrong")
    expect(wrong).to_contain_text("score", timeout=harness.PATIENCE)
    expect(wrong.locator("mark")).to_have_text("scor")
    assert _filter(shown) == ""


def test_an_address_with_a_wrong_filter_shows_where_it_is_wrong(
    page: Page, serve: Servers, file: Path, watch: Watch
) -> None:
    watch.allow("400")
    harness.open_table(page, serve(file))
    page.goto(f"{page.url.split('?')[0]}?filter=scor%20%3E%200.5%20and%20n%20%3E%203")
    state = page.locator(".grid-state [role=alert]")
    expect(state.locator("mark")).to_have_text("scor", timeout=harness.PATIENCE)
    state.get_by_role("button", name="Remove the filter").click()
    harness.wait_rows(page)
    assert harness.row_count(page) == ROWS


def test_no_match_offers_to_take_each_condition_away(shown: Page) -> None:
    harness.filter_rows(shown, "n < 10 and n > 20")
    state = shown.locator(".grid-state")
    expect(state).to_contain_text("No row matches")
    assert harness.status(shown).startswith("0 rows")
    # Nothing is said of values that are not there: no ends, no number of them.
    head = harness.head(shown, "n")
    expect(head.locator(".hfacts")).to_have_text("int64")
    expect(head.locator(".hextent")).to_have_text("")
    state.get_by_role("button", name="n > 20").click()
    harness.wait_rows(shown)
    assert harness.row_count(shown) == 10


def test_pills_switch_off_and_on_and_are_edited(shown: Page) -> None:
    harness.filter_rows(shown, "kind == 1 and right")
    both = sum(k == 1 and r for k, r in zip(DATA["kind"], DATA["right"], strict=True))
    assert harness.row_count(shown) == both
    switch = shown.get_by_role("switch", name="Filter right")
    switch.click()
    _expect_filter(shown, "kind == 1")
    assert harness.row_count(shown) == DATA["kind"].count(1)
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    _expect_filter(shown, "kind == 1 and right")
    shown.get_by_role("button", name="Edit filter kind == 1").click()
    field = shown.locator(".pill.is-edited .cm-content")
    expect(field).to_be_focused(timeout=harness.PATIENCE)
    shown.keyboard.press("ControlOrMeta+a")
    shown.keyboard.insert_text("kind == 2")
    shown.keyboard.press("Enter")
    _expect_filter(shown, "kind == 2 and right")


def test_a_cell_keeps_or_leaves_out_its_value(shown: Page) -> None:
    harness.cell(shown, 1, "word").click(button="right")
    harness.choose(shown, "Only this value")
    _expect_filter(shown, 'word == "apple"')
    assert harness.row_count(shown) == DATA["word"].count("apple")
    harness.cell(shown, 0, "big").click(button="right")
    harness.choose(shown, "Exclude this value")
    # An integer that no double holds is written exactly.
    _expect_filter(shown, f'word == "apple" and big != {DATA["big"][1]}')
    assert harness.row_count(shown) == DATA["word"].count("apple") - 1


def test_the_header_filters_by_bars_drags_and_values(shown: Page) -> None:
    head = harness.head(shown, "score")
    expect(head.locator(".hfacts")).to_contain_text("null", timeout=harness.PATIENCE)
    bars = head.locator(".hsummary svg")
    expect(bars).to_be_visible(timeout=harness.PATIENCE)
    box = bars.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    shown.mouse.move(box["x"] + 2, middle)
    shown.mouse.down()
    shown.mouse.move(box["x"] + box["width"] * 0.5 - 2, middle, steps=4)
    shown.mouse.up()
    harness.wait_until(shown, "() => /score/.test(location.search)")
    assert harness.row_count(shown) == sum(s is not None and s < 0.5 for s in DATA["score"])
    harness.head(shown, "word").locator(".top-line", has_text="pear").click()
    harness.wait_until(shown, "() => /pear/.test(location.search)")
    assert harness.row_count(shown) == sum(
        s is not None and s < 0.5 and w == "pear" for s, w in zip(DATA["score"], DATA["word"], strict=True)
    )


def test_undo_redo_and_reset(shown: Page) -> None:
    harness.filter_rows(shown, "kind == 1")
    harness.filter_rows(shown, "kind == 2")
    shown.keyboard.press("ControlOrMeta+z")
    _expect_filter(shown, "kind == 1")
    shown.keyboard.press("ControlOrMeta+Shift+z")
    _expect_filter(shown, "kind == 2")
    shown.get_by_role("button", name="Undo").click()
    _expect_filter(shown, "kind == 1")
    shown.get_by_role("button", name="More", exact=True).click()
    harness.choose(shown, "Reset the view")
    _expect_filter(shown, "")
    assert harness.row_count(shown) == ROWS
    shown.go_back()
    _expect_filter(shown, "kind == 1")


def test_pinned_rows_stay_whatever_is_filtered(shown: Page) -> None:
    harness.go_to_cell(shown, 2, "n")
    shown.keyboard.press("p")
    pinned = shown.locator(".row.is-pinned")
    expect(pinned).to_have_count(1, timeout=harness.PATIENCE)
    expect(pinned.locator(".cell").nth(1)).to_have_text("2")
    harness.filter_rows(shown, "n > 100")
    expect(pinned.locator(".cell").nth(1)).to_have_text("2")
    shown.reload()
    harness.wait_rows(shown)
    expect(pinned.locator(".cell").nth(1)).to_have_text("2", timeout=harness.PATIENCE)
    pinned.get_by_role("button", name=re.compile("Unpin row")).click()
    expect(pinned).to_have_count(0)


def test_selected_rows_are_copied_with_their_header(shown: Page) -> None:
    shown.context.grant_permissions(["clipboard-read", "clipboard-write"])
    numbers = shown.locator(".row .rownum .t")
    numbers.nth(1).click()
    numbers.nth(3).click(modifiers=["Shift"])
    expect(shown.locator(".status .chosen")).to_contain_text("3 rows selected")
    shown.keyboard.press("ControlOrMeta+c")
    expect(shown.locator(".toast")).to_contain_text("3 rows copied", timeout=harness.PATIENCE)
    lines = list(csv.reader(shown.evaluate("navigator.clipboard.readText()").splitlines(), delimiter="\t"))
    assert lines[0] == list(DATA)
    assert [line[0] for line in lines[1:]] == ["1", "2", "3"]
    assert [line[5] for line in lines[1:]] == [str(DATA["big"][i]) for i in (1, 2, 3)]


def test_the_view_is_exported_and_copied_as_python(shown: Page, tmp_path: Path) -> None:
    shown.context.grant_permissions(["clipboard-read", "clipboard-write"])
    harness.filter_rows(shown, "kind == 1")
    with shown.expect_download() as waits:
        shown.get_by_role("button", name="More", exact=True).click()
        harness.choose(shown, "Export as CSV")
    target = tmp_path / "view.csv"
    waits.value.save_as(target)
    with target.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["n"] for row in rows] == [str(i) for i in range(ROWS) if DATA["kind"][i] == 1]
    shown.get_by_role("button", name="More", exact=True).click()
    harness.choose(shown, "Copy as Python")
    expect(shown.locator(".toast")).to_have_text("Python copied", timeout=harness.PATIENCE)
    assert "kind == 1" in shown.evaluate("navigator.clipboard.readText()")


def test_a_row_is_reached_by_number_and_seen_in_detail(shown: Page) -> None:
    shown.keyboard.press("ControlOrMeta+j")
    shown.locator("#jump-row").fill("500")
    shown.keyboard.press("Enter")
    expect(harness.cell(shown, 499, "n")).to_have_text("499", timeout=harness.PATIENCE)
    shown.keyboard.press("Enter")
    panel = shown.locator("aside.panel")
    expect(panel).to_contain_text("Row 500", timeout=harness.PATIENCE)
    panel.get_by_role("button", name="Next", exact=True).click()
    expect(panel).to_contain_text("Row 501")
    panel.get_by_role("button", name="Previous", exact=True).click()
    expect(panel).to_contain_text("Row 500")


def test_a_server_that_is_gone_is_said_and_found_again(shown: Page, watch: Watch) -> None:
    watch.allow("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
    shown.context.set_offline(offline=True)
    harness.head(shown, "kind").locator(".more").click()
    harness.choose(shown, "Sort descending")
    expect(shown.locator(".banner.error")).to_contain_text("does not answer", timeout=harness.PATIENCE)
    shown.context.set_offline(offline=False)
    # It is asked for by itself, and what was wanted is shown.
    expect(shown.locator(".banner.error")).to_have_count(0, timeout=harness.PATIENCE)
    expect(harness.cell(shown, 0, "n")).to_have_text("2", timeout=harness.PATIENCE)
    assert harness.cells(shown, "n", 2) == ["2", "5"]


COUNT_WINDOWS = """
window.windows = { flying: 0, most: 0 };
const real = window.fetch;
window.fetch = (address, options) => {
  const answer = real(address, options);
  if (!String(address).includes("/api/rows")) return answer;
  windows.flying += 1;
  windows.most = Math.max(windows.most, windows.flying);
  let over = false;
  const ended = () => { if (!over) windows.flying -= 1; over = true; };
  options?.signal?.addEventListener("abort", ended);
  return answer.then((found) => {
    const read = found.json.bind(found);
    found.json = () => read().finally(ended);
    return found;
  }, (error) => { ended(); throw error; });
};
"""
"""Counts as the page does: what it gave up is over, whenever the network says so."""


def test_at_most_two_windows_are_asked_for_at_once(page: Page, serve: Servers, tmp_path: Path) -> None:
    page.add_init_script(COUNT_WINDOWS)
    harness.open_table(page, serve(long(tmp_path)))
    grid = page.locator(".grid")
    for part in range(1, 12):
        grid.evaluate("(grid, part) => { grid.scrollTop = grid.scrollHeight * part / 12; }", part)
        page.mouse.move(400, 400)
        page.mouse.wheel(0, 900)
    harness.wait_rows(page)
    assert 1 <= page.evaluate("windows.most") <= 2
    numbers = [int(text) for text in harness.cells(page, "n")]
    assert numbers[0] > 100_000
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert page.locator(".grid .row").count() < 60


def test_twelve_thousand_columns(page: Page, serve: Servers, tmp_path: Path) -> None:
    harness.open_table(page, serve(wide(tmp_path)))
    assert page.locator(".grid .hcell").count() < 40
    page.keyboard.press("c")
    page.get_by_placeholder("Find a column").fill("column_11777")
    page.keyboard.press("Enter")
    expect(page.locator(".hcell:focus")).to_contain_text("column_11777", timeout=harness.PATIENCE)
    harness.wait_rows(page)
    assert harness.cells(page, "column_11777") == ["11777", "11778", "11779"]
    # A row in detail shows as many as are quick, says so, and shows more.
    harness.press(page, "ArrowDown", "Enter")
    panel = page.locator("aside.panel")
    expect(panel).to_contain_text("The first 300 of 12,000 columns.", timeout=harness.PATIENCE)
    panel.get_by_role("button", name="Show 300 more").click()
    expect(panel).to_contain_text("The first 600 of 12,000 columns.", timeout=harness.PATIENCE)
    expect(panel.locator("dl.detail > div")).to_have_count(600, timeout=harness.PATIENCE)
