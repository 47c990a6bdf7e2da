"""Scenes of media: in their cells, and over the whole page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playwright.sync_api import expect

from tests.page import harness
from tests.page.media_table import columns
from tools.screenshots.stage import FURTHER, Scenes, Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCENES: Final = Scenes()
_READY: Final = """() => [...document.querySelectorAll('.grid .thumb:not(.is-broken) .pic:not(.is-bare) img')]
  .every((image) => image.naturalWidth > 0)"""


def _open(stage: Stage, page: Page, row: int, column: str) -> None:
    stage.show(page, stage.server(str(stage.media)))
    harness.wait_rows(page)
    harness.go_to_cell(page, row, columns().index(column))
    harness.wait_rows(page)
    page.keyboard.press("Space")
    expect(page.locator("dialog.lightbox")).to_be_visible()


def _seen(page: Page) -> None:
    page.wait_for_function(
        "() => [...document.querySelectorAll('.lightbox img')].every((image) => image.naturalWidth > 0)"
    )


@SCENES(FURTHER[0], FURTHER[2])
def media(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server(str(stage.media)), height="l")
    harness.wait_rows(page)
    page.wait_for_function(_READY)


@SCENES()
def media_further(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server(str(stage.media)), height="l")
    harness.wait_rows(page)
    page.locator(".grid").evaluate("(grid) => grid.scrollLeft = grid.scrollWidth")
    expect(harness.cell(page, 0, columns().index("lost")).locator(".thumb.is-broken")).to_contain_text("missing")
    expect(harness.cell(page, 0, columns().index("damaged")).locator(".thumb.is-broken")).to_contain_text("damaged")
    harness.wait_rows(page)


@SCENES(*FURTHER)
def image(stage: Stage, page: Page) -> None:
    _open(stage, page, 2, "picture")
    expect(page.locator(".sheet canvas.mask")).to_be_attached()
    _seen(page)


@SCENES()
def image_compared(stage: Stage, page: Page) -> None:
    _open(stage, page, 2, "picture")
    page.get_by_label("Compare with").select_option(label="other")
    expect(page.locator(".stage-pic")).to_have_count(2)
    page.get_by_role("button", name="Slider").click()
    _seen(page)


@SCENES()
def image_missing(stage: Stage, page: Page) -> None:
    _open(stage, page, 0, "lost")
    expect(page.locator("dialog.lightbox [role=alert]")).to_be_visible()


@SCENES()
def street(stage: Stage, page: Page) -> None:
    stage.table(page, "street-scenes/context:latest")
    harness.go_to_cell(page, 4, "image")
    harness.press(page, "Space")
    expect(page.locator(".sheet canvas.mask").first).to_be_attached()
    _seen(page)


@SCENES()
def sound(stage: Stage, page: Page) -> None:
    # In its cell it plays by the key that shows pictures large: its whole shape stands in the row's panel.
    stage.show(page, stage.server(str(stage.media)))
    harness.wait_rows(page)
    harness.go_to_cell(page, 0, columns().index("sound"))
    page.keyboard.press("Enter")
    wave = page.locator(".panel").get_by_role("slider", name="Place in tone 220 Hz")
    wave.scroll_into_view_if_needed()
    expect(wave.locator("svg").first).to_be_attached()
    wave.press("ArrowRight")


@SCENES()
def songs(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server("songs/synth_summary:latest", store=stage.demo))
    harness.wait_rows(page)
    page.wait_for_function("() => document.querySelectorAll('.grid .wave svg').length > 3")


@SCENES()
def video(stage: Stage, page: Page) -> None:
    _open(stage, page, 1, "clip")
    page.locator("dialog.lightbox video").evaluate(
        """async (node) => { node.muted = true; await node.play(); node.pause(); node.currentTime = 1;
          await new Promise((done) => (node.onseeked = done)); }"""
    )


@SCENES()
def walks(stage: Stage, page: Page) -> None:
    stage.table(page, "grid-world/walks:latest", group=["level"])


@SCENES(FURTHER[3])
def point_cloud(stage: Stage, page: Page) -> None:
    _open(stage, page, 4, "thing")
    expect(page.locator("dialog.lightbox")).to_contain_text("1,500 points")


@SCENES()
def mesh(stage: Stage, page: Page) -> None:
    _open(stage, page, 2, "thing")
    expect(page.locator("dialog.lightbox")).to_contain_text("corners")


@SCENES()
def array(stage: Stage, page: Page) -> None:
    _open(stage, page, 0, "heat")
    expect(page.locator("dialog.lightbox canvas").first).to_be_visible()


@SCENES()
def histogram(stage: Stage, page: Page) -> None:
    _open(stage, page, 0, "counts")
    expect(page.locator(".histogram-large svg")).to_be_visible()


@SCENES()
def text_difference(stage: Stage, page: Page) -> None:
    _open(stage, page, 0, "before")
    page.get_by_label("Compare with").select_option(label="after")
    expect(page.locator(".diff del").first).to_be_visible()


@SCENES()
def figure(stage: Stage, page: Page) -> None:
    _open(stage, page, 1, "figure")


@SCENES()
def document(stage: Stage, page: Page) -> None:
    _open(stage, page, 1, "page")
    expect(page.frame_locator("dialog.lightbox iframe").get_by_text("did not run")).to_be_visible()


@SCENES()
def molecule(stage: Stage, page: Page) -> None:
    _open(stage, page, 1, "molecule")
