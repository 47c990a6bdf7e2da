"""The keyboard alone does what the mouse does: move, ask, arrange, take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.page import harness
from tests.page.made_table import ROWS, made

if TYPE_CHECKING:
    from playwright.sync_api import Page


DATA = made()


def test_the_grid_has_the_keyboard_from_the_beginning(shown: Page) -> None:
    harness.press(shown, "ArrowRight", "ArrowDown", "ArrowDown")
    expect(harness.cell(shown, 1, "word")).to_be_focused(timeout=harness.PATIENCE)
    harness.press(shown, "Control+End")
    expect(harness.cell(shown, ROWS - 1, "day")).to_be_focused(timeout=harness.PATIENCE)
    expect(harness.cell(shown, ROWS - 1, "day")).not_to_have_attribute("aria-busy", "true", timeout=harness.PATIENCE)
    harness.press(shown, "Control+Home")
    expect(harness.cell(shown, 0, "n")).to_be_focused()
    harness.press(shown, "ArrowUp")
    expect(shown.locator(".hcell:focus")).to_contain_text("n")


def test_one_cell_alone_is_in_the_order_of_tabs(shown: Page) -> None:
    harness.go_to_cell(shown, 2, "kind")
    assert shown.locator(".grid [data-column][tabindex='0']").count() == 1
    shown.keyboard.press("Shift+Tab")
    assert shown.evaluate(
        "document.activeElement.closest('.toolbar') !== null || document.activeElement.matches('.grid')"
    )


def test_sort_by_letters(shown: Page) -> None:
    harness.go_to_cell(shown, -1, "kind")
    shown.keyboard.press("d")
    expect(shown.locator(".pill.is-sort")).to_have_count(1)
    harness.go_to_cell(shown, -1, "n")
    shown.keyboard.press("Shift+D")
    expect(shown.locator(".pill.is-sort")).to_have_count(2)
    harness.wait_rows(shown)
    order = sorted(range(ROWS), key=lambda i: (-DATA["kind"][i], -i))
    assert harness.cells(shown, "n", 4) == [str(i) for i in order[:4]]


def test_values_of_a_column_filter(shown: Page) -> None:
    harness.go_to_cell(shown, -1, "word")
    shown.keyboard.press("f")
    panel = shown.locator("aside.panel")
    expect(panel.locator(".value").first).to_be_visible(timeout=harness.PATIENCE)
    panel.locator(".value", has_text="fig").locator(".top-line").focus()
    shown.keyboard.press("Enter")
    harness.wait_until(shown, "() => /fig/.test(location.search)")
    harness.wait_rows(shown)
    assert harness.row_count(shown) == DATA["word"].count("fig")
    shown.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(shown.locator(".hcell:focus")).to_contain_text("word")


def test_a_range_is_written(shown: Page) -> None:
    harness.go_to_cell(shown, -1, "score")
    shown.keyboard.press("f")
    expect(shown.get_by_role("textbox", name="From")).to_be_focused(timeout=harness.PATIENCE)
    shown.keyboard.insert_text(".25")
    shown.keyboard.press("Tab")
    shown.keyboard.insert_text("0.75")
    shown.keyboard.press("Enter")
    harness.wait_until(shown, "() => /score/.test(location.search)")
    assert harness.row_count(shown) == sum(s is not None and 0.25 <= s <= 0.75 for s in DATA["score"])


def test_columns_move_hide_pin_and_widen(shown: Page) -> None:
    harness.go_to_cell(shown, -1, "word")
    shown.keyboard.press("Alt+ArrowRight")
    harness.wait_until(shown, "() => new URLSearchParams(location.search).has('columns')")
    assert harness.columns(shown)[:3] == ["n", "score", "word"]
    expect(shown.locator(".hcell:focus")).to_contain_text("word")
    width = shown.locator(".hcell:focus").evaluate("(cell) => cell.offsetWidth")
    shown.keyboard.press("+")
    harness.wait_until(shown, "() => /width/.test(location.search)")
    expect(shown.locator(".hcell:focus")).to_have_css("width", f"{width + 24}px")
    shown.keyboard.press("p")
    expect(shown.locator(".hrow .pins .hcell")).to_contain_text("word")
    harness.go_to_cell(shown, -1, "score")
    shown.keyboard.press("x")
    expect(shown.locator(".hcell", has_text="score")).to_have_count(0)


def test_rows_are_selected_with_shift(shown: Page) -> None:
    harness.go_to_cell(shown, 4, "n")
    harness.press(shown, "Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowUp")
    expect(shown.locator(".status .chosen")).to_contain_text("2 rows selected")
    shown.keyboard.press("ControlOrMeta+a")
    expect(shown.locator(".status .chosen")).to_contain_text(f"{ROWS} rows selected")
    shown.keyboard.press("Escape")
    expect(shown.locator(".status .chosen")).to_have_count(0)


def test_menus_open_walk_and_give_the_keyboard_back(shown: Page) -> None:
    harness.go_to_cell(shown, -1, "kind")
    shown.keyboard.press("Alt+ArrowDown")
    menu = shown.get_by_role("menu", name="Column kind")
    expect(menu).to_be_visible()
    harness.press(shown, "ArrowDown", "ArrowDown", "Escape")
    expect(menu).to_have_count(0)
    expect(shown.locator(".hcell:focus")).to_contain_text("kind")
    harness.press(shown, "ArrowDown", "m")
    expect(shown.get_by_role("menu", name="Cell of kind")).to_be_visible()
    harness.press(shown, "Escape")
    expect(harness.cell(shown, 0, "kind")).to_be_focused()


def test_a_header_drawn_anew_under_its_menu_has_the_keyboard_after(shown: Page) -> None:
    harness.go_to_cell(shown, -1, "kind")
    shown.keyboard.press("Alt+ArrowDown")
    menu = shown.get_by_role("menu", name="Column kind")
    expect(menu).to_be_visible()
    shown.evaluate("document.querySelector('.hcell').dataset.old = 'true'")
    shown.set_viewport_size({"width": 700, "height": 600})
    expect(shown.locator(".hcell[data-old]")).to_have_count(0)
    expect(menu).to_be_visible()
    shown.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(shown.locator(".hcell:focus")).to_contain_text("kind")


def test_heights_and_the_sheet_of_keys(shown: Page) -> None:
    for key, height in (("2", 56), ("3", 128), ("4", 256), ("1", 28)):
        shown.keyboard.press(key)
        expect(shown.locator(".grid .row").first).to_have_css("height", f"{height - 1}px")
    shown.keyboard.press("?")
    sheet = shown.get_by_role("dialog", name="Keyboard")
    expect(sheet).to_be_visible()
    shown.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_groups_are_made_looked_into_and_left(shown: Page) -> None:
    harness.go_to_cell(shown, -1, "kind")
    shown.keyboard.press("g")
    expect(shown.locator(".pill.is-group")).to_be_visible(timeout=harness.PATIENCE)
    harness.wait_rows(shown)
    harness.go_to_cell(shown, 1, "count")
    shown.keyboard.press("e")
    harness.wait_until(shown, "() => !new URLSearchParams(location.search).has('group')")
    harness.wait_rows(shown)
    assert harness.row_count(shown) == DATA["kind"].count(1)
    shown.keyboard.press("ControlOrMeta+z")
    expect(shown.locator(".pill.is-group")).to_be_visible(timeout=harness.PATIENCE)
