"""Scenes of one table: its rows, what is opened beside them, groups, states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tools.screenshots.stage import FURTHER, Scenes, Stage

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

SCENES: Final = Scenes()
_SCORES: Final = ", ".join(f"score_{digit}" for digit in range(10))
_LOOPS: Final = {"name": "closed_loop_score", "expression": "score_0 + score_6 + score_8 + score_9", "beside": "truth"}
_CONFIDENCE: Final = {"name": "confidence", "expression": f"greatest({_SCORES})", "side": "left", "beside": "score_0"}
_MISTAKES: Final = "guess != truth"
_BY_GUESS: Final = [{"name": "precision", "expression": "avg(guess == truth)"}]


@SCENES(*FURTHER)
def table(stage: Stage, page: Page) -> None:
    stage.table(page)


@SCENES()
def table_of_large_rows(stage: Stage, page: Page) -> None:
    stage.table(page, height="xl")


@SCENES()
def keys(stage: Stage, page: Page) -> None:
    stage.table(page)
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_be_visible()


@SCENES()
def column_menu(stage: Stage, page: Page) -> None:
    stage.table(page)
    harness.head(page, "guess").locator(".more").click()
    expect(page.get_by_role("menu")).to_be_visible()


@SCENES()
def cell_menu(stage: Stage, page: Page) -> None:
    stage.table(page)
    harness.cell(page, 2, "guess").click(button="right")
    expect(page.get_by_role("menu")).to_be_visible()


@SCENES()
def more_menu(stage: Stage, page: Page) -> None:
    stage.table(page, filter=_MISTAKES)
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("menu")).to_be_visible()


@SCENES()
def filter_pills(stage: Stage, page: Page) -> None:
    stage.table(page, filter=f"{_MISTAKES} and score_0 < 0.2", off=["id < 100"], sort=[{"expression": "truth"}])


@SCENES()
def filter_autocomplete(stage: Stage, page: Page) -> None:
    stage.table(page)
    page.keyboard.press("/")
    expect(page.locator(".toolbar .cm-content")).to_be_focused()
    page.keyboard.type("guess != truth and sco")
    expect(page.locator(".cm-tooltip-autocomplete")).to_be_visible()


@SCENES(FURTHER[2], FURTHER[3])
def filter_error(stage: Stage, page: Page) -> None:
    stage.table(page, filter=_MISTAKES)
    page.keyboard.press("/")
    expect(page.locator(".toolbar .cm-content")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text("guess != trth and score_0 > 0.5")
    expect(page.locator(".toolbar .wrong")).to_be_visible()


@SCENES(FURTHER[2])
def computed_column(stage: Stage, page: Page) -> None:
    stage.table(page)
    harness.head(page, "truth").locator(".more").click()
    harness.choose(page, "Insert column right")
    expect(page.locator(".panel .cm-content")).to_be_focused()
    page.keyboard.insert_text(_LOOPS["expression"])
    page.locator("#column-name").fill(_LOOPS["name"])
    expect(page.locator(".hcell", has=page.get_by_text(_LOOPS["name"], exact=True))).to_be_visible()
    harness.wait_rows(page)


@SCENES()
def computed_column_error(stage: Stage, page: Page) -> None:
    stage.table(page)
    harness.head(page, "truth").locator(".more").click()
    harness.choose(page, "Insert column right")
    expect(page.locator(".panel .cm-content")).to_be_focused()
    page.keyboard.insert_text("score_0 + image")
    expect(page.locator(".panel .wrong")).to_be_visible()


@SCENES()
def column_settings(stage: Stage, page: Page) -> None:
    stage.table(page)
    harness.head(page, "score_1").locator(".name").click()
    expect(page.locator("#column-display")).to_be_visible()


@SCENES()
def columns(stage: Stage, page: Page) -> None:
    stage.table(page)
    page.get_by_role("button", name="Columns", exact=True).click()
    expect(page.locator(".collist li").first).to_be_visible()


@SCENES(FURTHER[0], FURTHER[2])
def row_panel(stage: Stage, page: Page) -> None:
    stage.table(page)
    harness.go_to_cell(page, 3, "guess")
    page.keyboard.press("Enter")
    expect(page.locator(".panel img").first).to_be_visible()


@SCENES()
def selected_and_pinned_rows(stage: Stage, page: Page) -> None:
    stage.table(page, pins=[4, 9])
    harness.go_to_cell(page, 2, "guess")
    harness.press(page, "Shift+ArrowDown", "Shift+ArrowDown")
    expect(page.locator(".chosen")).to_be_visible()


@SCENES(*FURTHER)
def grouped(stage: Stage, page: Page) -> None:
    stage.table(page, group=["guess"])


@SCENES()
def precision(stage: Stage, page: Page) -> None:
    order = [{"expression": "precision", "order": "desc"}]
    stage.table(page, group=["guess"], cells=_BY_GUESS, sort=order)


@SCENES(FURTHER[0], FURTHER[3])
def heat_map(stage: Stage, page: Page) -> None:
    stage.table(page, group=["truth", "guess"], columns=[{"name": "count", "display": "heatmap"}])
    expect(page.locator(".heat").first).to_be_visible()


@SCENES()
def most_confident_mistakes(stage: Stage, page: Page) -> None:
    stage.table(
        page, filter=_MISTAKES, derive=[_CONFIDENCE], sort=[{"expression": "confidence", "order": "desc"}], height="l"
    )


@SCENES()
def share(stage: Stage, page: Page) -> None:
    stage.table(page, filter=_MISTAKES)
    page.get_by_role("button", name="Share", exact=True).click()
    expect(page.locator("dialog[open]")).to_be_visible()


@SCENES()
def views(stage: Stage, page: Page) -> None:
    version = wbtable.Store(stage.demo).artifact("fashion-mnist/baseline:latest")
    saved = version.only_table().view(filter=_MISTAKES, sort="truth")
    store = wbtable.Store(stage.demo)
    if not any(view.name == "mistakes" for view in store.views("fashion-mnist")):
        store.save_view(saved, "mistakes")
    stage.show(page, stage.server(None, store=stage.demo), named={"project": "fashion-mnist", "name": "mistakes"})
    harness.wait_rows(page)
    page.locator(".btn.views").click()
    expect(page.get_by_role("menu")).to_be_visible()


@SCENES()
def save_a_view(stage: Stage, page: Page) -> None:
    stage.table(page, filter=_MISTAKES)
    page.locator(".btn.views").click()
    harness.choose(page, "Save this view…")
    expect(page.get_by_role("dialog")).to_be_visible()


# States.


@SCENES(FURTHER[2])
def no_match(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server("fashion-mnist/baseline:latest", store=stage.demo), filter="truth > 10 and id < 5")
    expect(page.locator(".grid-state")).to_contain_text("No row matches")


@SCENES()
def no_rows(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server(wbtable.Table(columns=["id", "guess", "truth"])))
    expect(page.locator(".grid-state")).to_contain_text("no rows")


@SCENES()
def error(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server("fashion-mnist/baseline:latest", store=stage.demo), filter="guess != trth")
    expect(page.locator(".grid-state [role=alert]")).to_be_visible()


def _never(route: Route) -> None:
    """Leave a request without an answer."""


@SCENES(held=1)
def loading(stage: Stage, page: Page) -> None:
    page.route("**/api/view", _never)
    server = stage.server("fashion-mnist/baseline:latest", store=stage.demo)
    page.goto(server.url)
    expect(page.locator(".grid-wait")).to_be_visible()


@SCENES(FURTHER[2], held=9)
def slow(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server(str(stage.rows)))
    harness.wait_rows(page)
    page.route("**/api/count", _never)
    page.route("**/api/rows", _never)
    # Not in the middle: that is the name in a low window, and the histogram in others.
    harness.head(page, "half").locator(".sorter").click()
    page.keyboard.press("/")
    page.keyboard.insert_text("turned % 7 == 3")
    page.keyboard.press("Enter")
    expect(page.locator(".busy")).to_be_visible()


@SCENES()
def many_rows(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server(str(stage.rows)))
    harness.wait_rows(page)
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    harness.wait_rows(page)


@SCENES()
def server_gone(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server(str(stage.rows)))
    harness.wait_rows(page)
    page.context.set_offline(True)
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    expect(page.get_by_role("alert").first).to_contain_text("does not answer")


@SCENES()
def without_a_token(stage: Stage, page: Page) -> None:
    harness.enter(page, stage.server(None, store=stage.demo).origin)


@SCENES()
def odd_names(stage: Stage, page: Page) -> None:
    names = ["<b>bold</b>", "😀 emoji", "שם עברי", "a\tb\nc", "x" * 300, '`quoted` "name"']
    stage.show(page, stage.server(wbtable.Table(columns=names, data=[[2**63 - 1] * len(names) for _ in range(9)])))
    harness.wait_rows(page)
