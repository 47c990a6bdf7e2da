"""Media in the page: each kind in its cell, in the detail, and over the whole page, by mouse and by keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.page import harness
from tests.page.media_table import ROWS, columns, picture, write_media

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.page.harness import Servers, Watch

BOX = "dialog.lightbox"
SHOWN = """() => { const { bottom, right } = document.querySelector('.grid').getBoundingClientRect();
  const isSeen = (node) => { const at = node.getBoundingClientRect(); return at.top < bottom && at.left < right; };
  const images = document.querySelectorAll('.grid .thumb:not(.is-broken) .pic:not(.is-bare) img');
  const waves = [...document.querySelectorAll('.grid .wave')].filter(isSeen);
  return [...images].every((image) => image.naturalWidth > 0)
    && waves.every((wave) => wave.querySelector('svg') || wave.classList.contains('is-broken')); }"""
MASK = "() => document.querySelector('.sheet canvas.mask')?.width === 160"
WIDTHS = "[...document.querySelectorAll('.grid .thumb')].map((node) => node.getBoundingClientRect().width)"
SHIFT = """window.shift = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; })
  .observe({ type: 'layout-shift', buffered: true });"""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the table with every kind of media."""
    return write_media(tmp_path_factory.mktemp("media"))


@pytest.fixture
def table(page: Page, serve: Servers, media: Path, watch: Watch) -> Page:
    """Open it; what browsers say of damaged files, silent frames and software that draws is no complaint."""
    watch.allow(
        r"status of (404|422)", "Blocked script execution", "GL Driver Message", "Automatic fallback to software"
    )
    expect.set_options(timeout=harness.PATIENCE)
    harness.open_table(page, serve(str(media)))
    return page


def _open(page: Page, row: int, column: str) -> Locator:
    """Show a cell over the whole page, by keys."""
    harness.go_to_cell(page, row, columns().index(column))
    harness.wait_rows(page)
    page.keyboard.press("Space")
    box = page.locator(BOX)
    expect(box).to_be_visible()
    return box


def _mask_ids(page: Page) -> list[list[int]]:
    """Return the colours that the mask over the page has, without what is transparent."""
    found = page.evaluate(
        """() => { const canvas = document.querySelector('.sheet canvas.mask');
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          for (let i = 0; i < data.length; i += 4) if (data[i + 3]) seen.add(data.slice(i, i + 3).join());
          return [...seen].sort().map((text) => text.split(',').map(Number)); }"""
    )
    return [list(each) for each in found]


def test_every_kind_shows_at_every_height(table: Page) -> None:
    for height in "1234":
        table.keyboard.press(height)
        harness.wait_rows(table)
        table.wait_for_function(SHOWN, timeout=harness.PATIENCE)
        for column in ("picture", "frames", "clip"):
            expect(harness.cell(table, 0, column).locator(".thumb img").first).to_be_attached()
        expect(harness.cell(table, 0, "sound").get_by_role("button", name="Play tone 220 Hz")).to_be_attached()
        small = harness.cell(table, 0, "picture").locator(".thumb").bounding_box()
        assert small is not None
        assert small["width"] / small["height"] == pytest.approx(160 / 120, rel=0.1)
    # Where there is room, documents are drawn; those that are seen.
    harness.go_to_cell(table, 0, "page")
    expect(harness.cell(table, 0, "page").locator("iframe")).to_be_attached(timeout=harness.PATIENCE)


def test_layout_does_not_shift_and_nothing_plays(page: Page, serve: Servers, media: Path, watch: Watch) -> None:
    watch.allow(r"status of (404|422)", "Blocked script execution")
    blobs = harness.requests_to(page, "/blob/")
    page.add_init_script(SHIFT)
    harness.open_table(page, serve(str(media)))
    before = page.evaluate(WIDTHS)
    page.wait_for_function(SHOWN, timeout=harness.PATIENCE)
    after = page.evaluate(WIDTHS)
    assert before == after
    assert page.evaluate("window.shift") < 0.1
    assert page.locator(".grid audio, .grid video").count() == 0
    # Neither a sound nor a video is loaded before somebody plays it; figures say their title.
    assert not [request.url for request in blobs if request.resource_type == "media"]


def test_damaged_and_missing_media_say_so(table: Page) -> None:
    table.locator(".grid").evaluate("(grid) => grid.scrollLeft = grid.scrollWidth")
    for column, word in (("damaged", "damaged"), ("lost", "missing")):
        broken = harness.cell(table, 0, columns().index(column)).locator(".thumb.is-broken")
        expect(broken).to_contain_text(word, timeout=harness.PATIENCE)
        assert word in (broken.get_attribute("aria-label") or "")
        assert len(broken.get_attribute("title") or "") > 15
    expect(harness.cell(table, 1, columns().index("damaged")).locator(".thumb img")).to_be_attached()
    box = _open(table, 0, "damaged")
    expect(box.get_by_role("alert")).to_contain_text("damaged", timeout=harness.PATIENCE)


def test_masks_have_classes_beyond_255_and_are_switched(table: Page) -> None:
    box = _open(table, 0, "picture")
    table.wait_for_function(MASK, timeout=harness.PATIENCE)
    assert len(_mask_ids(table)) == 5  # road, car, tree, lamp post 300, zebra crossing 1000; not what is unlabelled
    mask = box.get_by_role("group", name="model mask")
    expect(mask.get_by_text("lamp post")).to_be_visible()
    mask.get_by_label("zebra crossing").first.uncheck()
    assert len(_mask_ids(table)) == 4
    mask.get_by_label("unlabelled").first.check()
    assert len(_mask_ids(table)) == 5
    mask.get_by_role("button", name="Show lamp post only").click()
    assert len(_mask_ids(table)) == 1
    # It stands in the address, and so in a link; a reload shows the same.
    assert "masks%2Fmodel" in harness.query_of(table)
    table.reload()
    harness.wait_rows(table)
    _open(table, 1, "picture")
    table.wait_for_function(MASK, timeout=harness.PATIENCE)
    assert len(_mask_ids(table)) == 1


def test_boxes_go_by_their_scores(table: Page) -> None:
    box = _open(table, 0, "picture")
    labels = box.locator(".stage-boxes text")
    expect(labels).to_have_text(["car 0.4", "somebody 0.95", "car"], timeout=harness.PATIENCE)
    slider = box.get_by_role("slider", name="Least confidence of prediction")
    slider.focus()
    table.keyboard.press("End")
    expect(labels).to_have_text(["somebody 0.95", "car"])
    box.get_by_role("group", name="truth boxes").get_by_label("truth").uncheck()
    expect(labels).to_have_text(["somebody 0.95"])
    box.locator(".stage-pic").focus()
    table.keyboard.press("o")
    expect(labels).to_have_count(0)
    table.keyboard.press("o")
    table.keyboard.press("b")
    expect(box.locator(".stage-pic")).to_have_count(2)


def test_keys_go_from_row_to_row_zoom_and_read(table: Page) -> None:
    box = _open(table, 0, "picture")
    table.keyboard.press("ArrowRight")
    expect(box.locator("header [role=status]")).to_have_text(f"row 2 of {ROWS}")
    expect(box.get_by_role("heading", name="street 1")).to_be_visible()
    expect(box.get_by_role("button", name="Next")).to_be_enabled()
    table.wait_for_function(
        "() => document.querySelector('.sheet img')?.naturalWidth === 160", timeout=harness.PATIENCE
    )
    small = box.locator(".sheet").bounding_box()
    table.keyboard.press("+")
    table.keyboard.press("+")
    harness.wait_until(table, "() => new DOMMatrix(getComputedStyle(document.querySelector('.sheet')).transform).a > 8")
    large = box.locator(".sheet").bounding_box()
    assert small is not None
    assert large is not None
    assert large["width"] == pytest.approx(small["width"] * 2.25, rel=0.01)
    table.keyboard.press("Shift+ArrowDown")
    expect(box.locator(".reading")).to_contain_text("model: ")
    expect(box.locator(".reading")).to_contain_text("rgb")
    table.keyboard.press("0")
    assert box.locator(".sheet").bounding_box() == small
    table.keyboard.press("Escape")
    expect(box).to_have_count(0)
    expect(table.locator(".grid [data-column]:focus, .grid button:focus")).to_have_count(1)


def test_two_pictures_are_compared(table: Page) -> None:
    box = _open(table, 2, "picture")
    box.get_by_label("Compare with").select_option(label="other")
    expect(box.locator(".stage-pic")).to_have_count(2, timeout=harness.PATIENCE)
    table.wait_for_function(
        "() => [...document.querySelectorAll('.sheet img')].every((image) => image.naturalWidth === 160)",
        timeout=harness.PATIENCE,
    )
    box.locator(".stage-pic").first.focus()
    table.keyboard.press("+")
    one, two = (found["width"] for found in (box.locator(".sheet").nth(i).bounding_box() for i in (0, 1)) if found)
    assert one == two  # the zoom is one for both
    box.get_by_role("button", name="Slider").click()
    handle = box.get_by_role("slider", name="How much of picture shows")
    handle.focus()
    table.keyboard.press("PageUp")
    expect(handle).to_have_attribute("aria-valuenow", "60")
    table.keyboard.press("Home")
    expect(handle).to_have_attribute("aria-valuenow", "0")
    box.get_by_role("button", name="Difference").click()
    expect(box.locator(".pair-stage.is-difference")).to_be_visible()


def test_a_sound_plays_when_asked_and_is_sought_in_its_shape(table: Page) -> None:
    harness.go_to_cell(table, 0, "id")
    table.keyboard.press("Enter")
    wave = table.get_by_role("slider", name="Place in tone 220 Hz")
    wave.scroll_into_view_if_needed()
    expect(wave.locator("svg").first).to_be_attached(timeout=harness.PATIENCE)
    wave.focus()
    for _ in range(2):
        table.keyboard.press("ArrowRight")
    expect(wave).to_have_attribute("aria-valuenow", "1.00")
    table.keyboard.press("Space")
    # It plays to its end, and then stands at its beginning.
    expect(wave).to_have_attribute("aria-valuenow", "0.00")


def test_a_video_plays_by_its_key_and_by_its_sign(table: Page) -> None:
    box = _open(table, 0, "clip")
    expect(box.locator("video")).to_be_focused()
    harness.wait_until(table, "() => document.querySelector('dialog.lightbox video').currentTime > 0")
    table.keyboard.press("Escape")
    harness.cell(table, 2, "clip").locator("button").click()
    harness.wait_until(table, "() => document.querySelector('dialog.lightbox video').currentTime > 0")


def test_a_video_waits_for_its_player(table: Page) -> None:
    box = _open(table, 1, "clip")
    expect(box.locator("video")).to_be_focused()
    # Only what somebody asked for plays: not the one of the row that they went to.
    table.keyboard.press("PageDown")
    expect(box.locator("header [role=status]")).to_have_text(f"row 3 of {ROWS}")
    video = box.locator("video")
    expect(video).to_be_visible()
    assert video.evaluate("(node) => [node.paused, node.preload, node.readyState]") == [True, "none", 0]
    room = box.locator(".room").bounding_box()
    video.evaluate("(node) => { node.muted = true; return node.play(); }")
    assert box.locator(".room").bounding_box() == room
    assert video.evaluate("(node) => [node.videoWidth, node.videoHeight]") == [64, 48]


def test_a_document_runs_its_scripts_only_where_somebody_says_so(table: Page) -> None:
    box = _open(table, 0, "page")
    frame = box.frame_locator("iframe")
    expect(frame.get_by_text("The script did not run.")).to_be_visible(timeout=harness.PATIENCE)
    assert box.locator("iframe").get_attribute("sandbox") == ""
    box.get_by_label("Run the scripts of this column").check()
    expect(frame.get_by_text("The script ran.")).to_be_visible(timeout=harness.PATIENCE)
    assert box.locator("iframe").get_attribute("sandbox") == "allow-scripts"


@pytest.mark.parametrize(
    ("row", "said"), [(0, "corners"), (1, "corners"), (2, "corners"), (3, "corners"), (4, "1,500 points, 1 box")]
)
def test_scenes_are_drawn_and_turned_by_keys(table: Page, row: int, said: str) -> None:
    box = _open(table, row, "thing")
    scene = box.locator(".scene")
    expect(scene).to_contain_text(said, timeout=harness.PATIENCE)
    scene.focus()
    before = scene.screenshot()
    table.keyboard.press("ArrowLeft")
    table.keyboard.press("+")
    table.wait_for_function(DRAWN)
    assert scene.screenshot() != before
    if row == 4:
        expect(scene.get_by_text("car 0.90")).to_be_visible()
        scene.get_by_role("button", name="Boxes").click()
        expect(scene.get_by_text("car 0.90")).to_be_hidden()


def test_what_is_not_drawn_says_so(table: Page) -> None:
    box = _open(table, 5, "thing")
    expect(box.get_by_text("Scenes of Babylon are not drawn here")).to_be_visible()
    expect(box.get_by_role("link", name="Download")).to_have_attribute("download", "thing-6.babylon")


def test_molecules_figures_and_arrays(table: Page) -> None:
    box = _open(table, 0, "molecule")
    expect(box.locator("pre")).to_contain_text("HETATM    1  O   HOH A   1", timeout=harness.PATIENCE)
    table.keyboard.press("Escape")
    box = _open(table, 1, "figure")
    expect(box.frame_locator("iframe").get_by_text("Bars 1")).to_be_visible(timeout=harness.PATIENCE)
    table.keyboard.press("Escape")
    box = _open(table, 1, "cube")  # longer than what a window brings: read whole
    expect(box.get_by_role("img", name=re.compile("array of float32 .*, 1 to 6400"))).to_be_visible(
        timeout=harness.PATIENCE
    )
    table.keyboard.press("Escape")
    box = _open(table, 1, "counts")
    expect(box.locator(".histogram-large svg")).to_be_visible()


def test_two_texts_are_compared_word_by_word(table: Page) -> None:
    box = _open(table, 0, "before")
    expect(box.locator("pre")).to_have_text("The quick brown fox jumps over the lazy dog.")
    box.get_by_label("Compare with").select_option(label="after")
    expect(box.locator(".diff del")).to_have_text(["brown", "jumps"], timeout=harness.PATIENCE)
    expect(box.locator(".diff ins")).to_have_text(["red", "leaps"])
    box.get_by_role("button", name="Next").click()
    expect(box.get_by_text("before and after are equal.")).to_be_visible(timeout=harness.PATIENCE)


def test_a_download_has_the_stored_bytes(table: Page) -> None:
    box = _open(table, 3, "picture")
    with table.expect_download() as found:
        box.get_by_role("link", name="Download").click()
    assert found.value.suggested_filename == "picture-4.png"
    assert found.value.path().read_bytes() == picture(3).bytes
