"""Media that are damaged, very large, or of very many classes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.page import harness
from tests.page.bad_media import CLASSES, KINDS, SIDE, write_bad_media

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.page.harness import Servers, Watch

GROWTH = 160 << 20
"""Bytes that the server may take while the large picture, 201 MB of pixels, is shown."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the table, and damage it."""
    return write_bad_media(tmp_path_factory.mktemp("bad-media"))


@pytest.fixture
def table(page: Page, serve: Servers, folder: Path, watch: Watch) -> Page:
    """Show it; what browsers say of damaged files, silent frames and software that draws is no complaint."""
    watch.allow("status of 422", "Blocked script execution", "GL Driver Message", "Automatic fallback to software")
    expect.set_options(timeout=harness.PATIENCE)
    page.set_viewport_size({"width": 1900, "height": 800})
    harness.open_table(page, serve(str(folder)))
    return page


def _over_the_page(page: Page, row: int, column: str) -> Locator:
    harness.go_to_cell(page, row, column)
    harness.wait_rows(page)
    page.keyboard.press("Space")
    box = page.locator("dialog.lightbox")
    expect(box).to_be_visible(timeout=harness.PATIENCE)
    return box


@pytest.mark.parametrize("height", ["1", "3"])
def test_damaged_media_say_so_in_their_cell_and_others_are_shown(table: Page, height: str) -> None:
    table.keyboard.press(height)
    harness.wait_rows(table)
    for column in ("broken", *KINDS):
        damaged = harness.cell(table, 0, column)
        expect(damaged).to_contain_text("damaged")
        # In words, whatever the pointer is: what is wrong with it.
        expect(damaged.locator("[title*=damaged]").first).to_be_attached()
        expect(harness.cell(table, 1, column)).not_to_contain_text("damaged")
    for column in ("broken", "picture", "clip"):
        shown = harness.cell(table, 1, column).locator(".pic img")
        expect(shown).to_have_js_property("complete", value=True)
        expect(shown).not_to_have_js_property("naturalWidth", 0)
    expect(harness.cell(table, 1, "sound").locator(".wave svg").first).to_be_attached(timeout=harness.PATIENCE)


def test_damaged_media_say_so_over_the_page(table: Page) -> None:
    for column in ("broken", "picture", "page", "thing", "figure", "molecule"):
        box = _over_the_page(table, 0, column)
        expect(box.locator(".view")).to_contain_text("damaged")
        # From there on to the next, which is not.
        table.keyboard.press("ArrowRight")
        expect(box.get_by_role("status").first).to_contain_text("row 2 of 2")
        expect(box.locator(".view")).not_to_contain_text("damaged")
        table.keyboard.press("Escape")
        expect(box).to_have_count(0)


@pytest.mark.parametrize("column", ["clip", "sound"])
def test_keys_lead_on_from_a_damaged_player_and_back(table: Page, column: str) -> None:
    if column == "sound":
        # Its key plays it where it stands: over the page it comes from the row's detail.
        harness.go_to_cell(table, 0, "id")
        table.keyboard.press("Enter")
        table.locator("aside.panel .raw:has(.player) + .media-more").get_by_role("button").click()
        box = table.locator("dialog.lightbox")
    else:
        box = _over_the_page(table, 0, column)
    said = box.get_by_role("status").first
    expect(box.locator(".view")).to_contain_text("damaged")
    # What a player has use for leads on where there is none: the keyboard is in the box, not lost with the player.
    expect(box.locator(":focus")).to_have_count(1)
    expect(box.locator("video, [role=slider]")).to_have_count(0)
    table.keyboard.press("ArrowRight")
    expect(said).to_contain_text("row 2 of 2")
    expect(box.locator(".view")).not_to_contain_text("damaged")
    expect(box.locator("video:focus, .wave[role=slider]:focus")).to_have_count(1)
    # Opened by its key the first was to play; the next waits.
    assert box.locator("video").evaluate_all("(all) => all.every((one) => one.paused)")
    table.keyboard.press("PageUp")
    expect(said).to_contain_text("row 1 of 2")
    expect(box.locator(".view")).to_contain_text("damaged")
    box.get_by_role("button", name="Next").click()
    expect(said).to_contain_text("row 2 of 2")


def test_a_player_that_fails_twice_keeps_the_keyboard(table: Page) -> None:
    """Its picture and itself, in either order: what said so first stands, and has the keyboard."""
    said = table.evaluate(
        """async () => {
          const { videoNode } = await import('/static/js/media_video.js');
          const real = window.fetch;
          const told = JSON.stringify({ error: { code: 'damaged', message: 'expected other bytes' } });
          window.fetch = async () => new Response(told, { status: 422 });
          try {
            const box = videoNode({ kind: 'video', ref: 'none', content_type: 'video/mp4' }, { name: 'clip' }, 0, true);
            const player = box.querySelector('video');
            document.body.append(box);
            player.focus();
            const failed = async () => {
              player.dispatchEvent(new Event('error'));
              for (let i = 0; i < 3; i += 1) await new Promise((done) => setTimeout(done));
              const notes = [...box.querySelectorAll('.unshown')];
              return [notes.length, notes[0] === document.activeElement, notes[0]?.textContent];
            };
            return [await failed(), await failed()];
          } finally { window.fetch = real; }
        }"""
    )
    assert said == [[1, True, "⚠expected other bytes"]] * 2


def test_what_left_the_screen_while_its_failure_was_read_says_why_when_it_is_back(table: Page) -> None:
    """A failure that was read half is none that is remembered, and what is asked for again does not end with it."""
    words = table.evaluate(
        """async () => {
          const { load, reasonOf } = await import('/static/js/media_load.js');
          const real = window.fetch;
          const told = JSON.stringify({ error: { code: 'damaged', message: 'expected other bytes' } });
          let asked = 0, begun;
          const reading = new Promise((done) => (begun = done));
          window.fetch = async (url, options) => {
            // What the page itself asks meanwhile is none of this.
            if (!['/blob/half', '/blob/other'].includes(url)) return real(url, options);
            asked += 1;
            if (asked > 1) return new Response(told, { status: 422 });
            const { signal } = options;
            const left = (fail) => signal.addEventListener('abort', () => fail(new DOMException('', 'AbortError')));
            return { ok: false, status: 422, text: () => new Promise((_, fail) => (left(fail), begun())) };
          };
          const why = (error) => (error.name === 'AbortError' ? 'left' : reasonOf(error).word);
          const word = (promise) => promise.then(() => 'shown', why);
          const owners = [0, 1, 2].map(() => document.body.appendChild(document.createElement('i')));
          try {
            const first = word(load('/blob/half', owners[0]));
            await reading;
            owners[0].remove();
            const other = word(load('/blob/other', owners[1]));
            // Behind what that has begun: the first is no longer wanted.
            await new Promise((done) => setTimeout(done));
            const second = word(load('/blob/half', owners[2]));
            return [await first, await other, await second, await word(load('/blob/half', owners[2])), asked];
          } finally { window.fetch = real; for (const one of owners) one.remove(); }
        }"""
    )
    assert words == ["left", "damaged", "damaged", "damaged", 3]


def _peak() -> int:
    """Return the most memory that this process, which serves, had since it was reset."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) << 10


def test_a_picture_of_eight_thousand_pixels_a_side_is_shown_whole(table: Page) -> None:
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    before = _peak()
    small = harness.cell(table, 0, "huge").locator(".pic img")
    expect(small).to_have_js_property("complete", value=True)
    harness.wait_until(table, "() => document.querySelector('.row[data-row=\"0\"] .pic img').naturalWidth > 0")
    assert small.evaluate("(image) => image.naturalWidth") <= 512
    box = _over_the_page(table, 0, "huge")
    harness.wait_until(table, f"() => document.querySelector('.stage-pic img')?.naturalWidth === {SIDE}")
    expect(box.locator(".stage-note")).to_be_hidden(timeout=harness.PATIENCE)
    expect(box.locator("dl.facts")).to_contain_text(re.compile("8,192 . 8,192 pixels"))
    # Its pixels are there one by one: the red corner, and black beside it.
    stage = box.locator(".stage-pic")
    area = stage.bounding_box()
    assert area is not None
    middle = (area["x"] + area["width"] / 2, area["y"] + area["height"] / 2)
    for shift, colour in ((-9, "rgb 255 0 0"), (9, "grey 0")):
        table.mouse.move(middle[0] + shift, middle[1] + shift)
        expect(box.locator(".reading")).to_contain_text(colour)
    # It is decoded by a worker and by the browser, never by the server.
    assert _peak() - before < GROWTH


def test_very_many_classes_are_listed_found_and_switched(table: Page, watch: Watch) -> None:
    watch.allow("willReadFrequently")  # it is this test that reads the canvas again and again
    box = _over_the_page(table, 0, "many")
    layer = box.locator(".layer")
    found = layer.get_by_role("searchbox", name="Find a class of model")
    expect(found).to_have_attribute("placeholder", f"Find among {CLASSES} classes")
    expect(layer.locator("li")).to_have_count(300)
    expect(layer).to_contain_text(f"The first 300 of {CLASSES} are listed: search for others.")
    found.fill(f"number {CLASSES}")
    expect(layer.locator("li")).to_have_count(1)
    colours = "() => { const mask = document.querySelector('.sheet canvas.mask'); const { data } = \
        mask.getContext('2d').getImageData(0, 0, mask.width, 1); let seen = 0; \
        for (let i = 3; i < data.length; i += 4) if (data[i]) seen += 1; return seen; }"
    harness.wait_until(table, f"() => ({colours})() === {CLASSES}")
    layer.get_by_role("button", name=f"Show class number {CLASSES} only").click()
    harness.wait_until(table, f"() => ({colours})() === 1")
    found.fill("")
    layer.get_by_role("button", name="all", exact=True).click()
    harness.wait_until(table, f"() => ({colours})() === {CLASSES}")
    layer.get_by_role("checkbox", name="class number 7 #7", exact=True).uncheck()
    harness.wait_until(table, f"() => ({colours})() === {CLASSES - 1}")
    table.keyboard.press("Escape")
    expect(box).to_have_count(0)
    # In the detail of the row the first are listed, and how many more there are.
    harness.go_to_cell(table, 0, "many")
    table.keyboard.press("Enter")
    legend = table.locator("aside.panel").get_by_role("group", name="Classes that show").first
    expect(legend.get_by_role("button")).to_have_count(25)
    legend.get_by_role("button", name=f"{CLASSES - 24} more").click()
    expect(legend.get_by_role("button")).to_have_count(CLASSES)
    expect(legend.get_by_role("button", name="class number 7", exact=True)).to_have_attribute("aria-pressed", "false")
