"""What is drawn fits where it stands, and shows in the colours that the system forces."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import wbtable
from tests.page import harness, workspace_store
from tests.page.compare_store import PROJECT, compare_store
from tests.page.made_table import long
from tests.page.media_table import columns, write_media
from wbtable.artifacts.store import create_store

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, FloatRect, Locator, Page, ViewportSize

    from tests.page.harness import Servers, Watch

LOW: ViewportSize = {"width": 640, "height": 400}
"""A window of 1280 by 800 at a zoom of 200 %."""
NARROW: ViewportSize = {"width": 400, "height": 740}
LONG = "a_name_that_a_program_made_and_nobody_shortened_" * 4


def address(url: str, **query: Any) -> str:
    """Return an address with the parts of a view in it."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
    return url.replace("/#", f"/?{urlencode(texts)}#")


def is_whole(node: Locator) -> bool:
    """Whether all of a node's text has room in it."""
    return bool(node.evaluate("(node) => node.scrollWidth <= node.clientWidth"))


def style(node: Locator, name: str) -> str:
    """Return a property of a node's style as it is computed."""
    return str(node.evaluate("(node, name) => getComputedStyle(node)[name]", name))


def test_row_numbers_are_whole_in_a_long_table(page: Page, serve: Servers, tmp_path: Path) -> None:
    harness.open_table(page, serve(str(long(tmp_path, rows=1_200_000))))
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    harness.wait_rows(page)
    number = page.locator(".row .rownum", has_text="1200000")
    expect(number).to_be_visible()
    assert is_whole(number.locator(".t"))


def test_a_name_has_the_room_of_the_signs_until_they_show(page: Page, serve: Servers, demo: Path) -> None:
    harness.open_table(page, serve("fashion-mnist/baseline:latest", store=demo))
    head = harness.head(page, "image")
    assert is_whole(head.locator(".name > span").last)
    head.hover()
    expect(head.locator(".more")).to_have_css("opacity", "1")


def test_pictures_of_groups_are_whole_in_low_rows(page: Page, serve: Servers, demo: Path) -> None:
    harness.open_table(page, address(serve("fashion-mnist/baseline:latest", store=demo), group=["guess"], height='"m"'))
    shown = harness.cell(page, 0, "image")
    expect(shown.locator(".thumb img").first).to_be_visible()
    room, pictures = shown.locator(".objects").bounding_box(), shown.locator(".thumb").all()
    assert room is not None
    assert len(pictures) == 5
    for picture in pictures:
        box = picture.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= room["y"] + room["height"]


def test_a_list_of_narrow_pictures_shows_those_that_fit(
    page: Page, serve: Servers, tmp_path: Path, watch: Watch
) -> None:
    watch.allow("Blocked script execution")
    media = write_media(tmp_path / "media")
    harness.open_table(page, address(serve(str(media)), height='"l"'))
    frames = harness.cell(page, 0, columns().index("frames"))
    expect(frames.locator(".thumb")).to_have_count(2)
    expect(frames.locator(".more-of")).to_have_count(0)


def test_an_error_and_what_to_do_fit_a_low_window(page: Page, serve: Servers, file: Path, watch: Watch) -> None:
    watch.allow("400")
    page.set_viewport_size(LOW)
    harness.enter(page, address(serve(str(file)), filter="nn > 1"))
    card, foot = page.locator(".grid-state [role=alert]"), page.locator(".status")
    expect(card).to_be_visible(timeout=harness.PATIENCE)
    button, below = card.get_by_role("button").last.bounding_box(), foot.bounding_box()
    assert button is not None
    assert below is not None
    assert button["y"] + button["height"] <= below["y"]


def test_words_of_a_menu_begin_below_each_other(shown: Page) -> None:
    page = shown
    harness.head(page, "n").hover()
    harness.head(page, "n").locator(".more").click()
    lefts = page.locator(".menu .label").evaluate_all(
        "(nodes) => nodes.map((node) => node.getBoundingClientRect().left)"
    )
    assert len(lefts) > 5
    assert len(set(lefts)) == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_forced_colours_show_what_is_chosen(page: Page, serve: Servers, file: Path, theme: str) -> None:
    page.emulate_media(forced_colors="active", color_scheme="dark" if theme == "dark" else "light")
    harness.open_table(page, serve(str(file)))
    harness.head(page, "n").hover()
    harness.head(page, "n").locator(".more").click()
    first, second = page.get_by_role("menu").locator("button").all()[:2]
    expect(first).to_be_focused()
    assert style(first, "backgroundColor") != style(second, "backgroundColor")
    page.keyboard.press("Escape")
    harness.go_to_cell(page, 1, "n")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".chosen")).to_be_visible()
    chosen, other = (page.locator(f'.row[data-row="{row}"] .rownum') for row in (1, 4))
    assert style(chosen, "backgroundColor") != style(other, "backgroundColor")
    page.keyboard.press("/")
    expect(page.locator(".toolbar .cm-content")).to_be_focused()
    assert style(page.locator(".toolbar .field"), "outlineStyle") == "solid"


def is_inside(page: Page, node: Locator) -> bool:
    """Whether a node lies within the window from left to right."""
    box, size = node.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    return box["x"] >= 0 and box["x"] + box["width"] <= size["width"]


def test_the_panel_of_a_column_with_a_long_name_can_be_closed(page: Page, serve: Servers) -> None:
    harness.open_table(page, serve(wbtable.Table(columns=["id", LONG], data=[[1, 2]])))
    harness.head(page, LONG).locator(".name").click()
    panel = page.locator(".panel")
    expect(panel.get_by_role("heading")).to_contain_text(LONG)
    close = panel.get_by_role("button", name="Close")
    assert is_inside(page, close)
    close.click()
    expect(panel).to_have_count(0)


def test_projects_and_runs_with_long_names_fit_a_narrow_window(page: Page, serve: Servers, tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    workspace_store.add_run(store, LONG[:120], "one", name=LONG, rows=[{"loss": 1.0}])
    page.set_viewport_size(NARROW)
    harness.enter(page, serve(None, store=store.url))
    expect(page.locator(".project .recent a").first).to_be_visible()
    for link in page.locator(".project a").all():
        assert is_inside(page, link)


def test_the_sheet_of_keys_fits_a_narrow_window(page: Page, serve: Servers, file: Path) -> None:
    page.set_viewport_size(NARROW)
    harness.open_table(page, serve(str(file)))
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    for key in page.locator("#keys kbd").all():
        assert is_inside(page, key)


def test_numbers_without_room_end_with_a_sign_and_others_cost_no_clip(page: Page, serve: Servers, file: Path) -> None:
    harness.open_table(page, address(serve(file), columns=[{"name": "big", "width": 80}, {"name": "n"}]))
    cut, whole = (harness.cell(page, 1, name).locator(".t") for name in ("big", "n"))
    assert style(cut, "overflowX") == "hidden"
    assert style(cut, "textOverflow") == "ellipsis"
    assert not is_whole(cut)
    assert style(whole, "overflowX") == "visible"


def test_text_takes_the_room_of_a_very_wide_window(page: Page, serve: Servers, file: Path) -> None:
    page.set_viewport_size({"width": 3840, "height": 1200})
    harness.open_table(page, serve(file))
    usual, grown = (box_width(harness.head(page, name)) for name in ("n", "word"))
    assert usual == 140
    assert 190 < grown <= 420
    # A panel beside the rows takes none of it away, and a width that somebody chose stays.
    harness.head(page, "n").locator(".name").click()
    expect(page.locator(".panel")).to_be_visible()
    assert box_width(harness.head(page, "word")) == grown
    harness.go_to_cell(page, 0, "word")
    page.keyboard.press("+")
    harness.wait_until(page, f"() => document.querySelector('.hcell[data-column=\"1\"]').offsetWidth === {grown + 24}")
    assert box_width(harness.head(page, "note")) == grown
    note = harness.column_index(page, "note")
    page.set_viewport_size({"width": 1280, "height": 800})
    harness.go_to_cell(page, -1, note)
    harness.wait_until(page, "(at) => document.querySelector(`.hcell[data-column='${at}']`)?.offsetWidth === 190", note)
    harness.go_to_cell(page, -1, 0)
    assert box_width(harness.head(page, "word")) == grown + 24


def box_width(node: Locator) -> float:
    """Return how wide something is."""
    return harness.box_of(node)["width"]


def test_sides_of_a_comparison_lie_beside_what_unfolds_it(page: Page, serve: Servers, tmp_path: Path) -> None:
    compare_store(tmp_path / "store")
    tables = [
        {"project": PROJECT, "artifact": "rows", "version": version, "path": "table.table.json"}
        for version in ("v0", "v1")
    ]
    page.set_viewport_size(LOW)
    url = serve(f"{PROJECT}/rows:v0", store=tmp_path / "store")
    harness.open_table(page, address(url, source={"kind": "compare", "tables": tables, "key": ["id"], "mode": "join"}))
    fold = page.locator(".compare-fold")
    expect(fold).to_contain_text("changed", timeout=harness.PATIENCE)
    ends = [box["x"] + box["width"] for box in map(harness.box_of, page.locator(".side-chip").all())]
    assert len(ends) == 2
    assert max(ends) <= harness.box_of(fold)["x"]
    assert all(is_whole(name) for name in page.locator(".side-name").all())


POINTS = """(index) => [...document.querySelectorAll(`.row [data-column="${index}"] .t`)].flatMap((node) => {
  const text = node.firstChild, range = document.createRange(), at = text.data.indexOf('.');
  if (!/^[-\\d]/.test(text.data)) return [];
  range.setStart(text, at < 0 ? text.length - 1 : at);
  range.setEnd(text, at < 0 ? text.length : at + 1);
  const box = range.getBoundingClientRect();
  return [at < 0 ? box.right : box.left]; })"""


def test_points_of_numbers_stand_below_each_other_and_say_no_more_digits(page: Page, serve: Servers) -> None:
    numbers = [0.1, 12.34, -5.0, 0.678901, float("nan"), 1e-7]
    harness.open_table(page, serve(wbtable.Table(columns=["x"], data=[[number] for number in numbers])))
    found = page.evaluate(POINTS, 0)
    assert len(found) == 5
    assert max(found) - min(found) < 2
    assert harness.cells(page, "x") == ["0.1", "12.34", "-5", "0.678901", "NaN", "1.0000e-7"]
    # Where there is no room for all places, the number has it.
    harness.go_to_cell(page, 0, "x")
    harness.press(page, "-", "-", "-")
    harness.wait_until(page, "() => document.querySelector('.hcell').offsetWidth === 68")
    assert all(is_whole(harness.cell(page, row, "x").locator(".t")) for row in (0, 1, 2))


def test_the_line_below_a_row_is_whole_on_screens_of_other_dots(browser: Browser, serve: Servers, file: Path) -> None:
    context = browser.new_context(device_scale_factor=1.5, viewport={"width": 1000, "height": 600})
    page = context.new_page()
    harness.open_table(page, serve(file))
    for row in page.locator(".grid-body > .row").all()[:3]:
        box = row.bounding_box()
        assert box is not None
        around: FloatRect = {"x": box["x"], "y": box["y"] + box["height"] - 4, "width": 300, "height": 6}
        picture = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=around))).convert("L"))
        darkest = picture.min(axis=0)
        # Left of what is written and between two columns.
        assert darkest[3] < picture.max()
        assert darkest[3] == darkest[-3]
    context.close()
