"""The page docs/viewer-guide.md, done as it is written: each thing that it names is there, and does what it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.architecture.repository import ROOT
from tests.page import harness
from tests.page.test_guide_table import computed, editing, sorted_down

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers

GUIDE = (ROOT / "docs/viewer-guide.md").read_text("utf-8")
CODE = re.findall(r"^    (\S.*)$", GUIDE, re.MULTILINE)
"""What the guide says to write, from top to bottom."""
expect.set_options(timeout=harness.PATIENCE)


def test_everything_to_write_is_in_the_order_of_the_story() -> None:
    mistakes, confidence, precision, loops = CODE
    assert mistakes == "guess != truth"
    assert (confidence[:9], precision[:3], loops[:7]) == ("greatest(", "avg", "score_0")


def test_pictures_are_there_and_small() -> None:
    pictures = re.findall(r"\]\((pictures/\S+)\)", GUIDE)
    assert len(pictures) >= 6
    assert [name for name in pictures if (ROOT / "docs" / name).stat().st_size > 80_000] == []
    assert {f"pictures/{path.name}" for path in (ROOT / "docs/pictures").iterdir()} == set(pictures)


def test_one_table(page: Page, serve: Servers, demo: Path) -> None:
    harness.enter(page, serve(None, store=demo))
    page.get_by_role("link", name="fashion-mnist", exact=True).click()
    page.get_by_role("navigation", name="Parts of the project").get_by_role("link", name="Artifacts").click()
    page.get_by_role("link", name="baseline", exact=True).click()
    page.get_by_role("link", name="Open the table").click()
    harness.wait_rows(page)
    _look(page)
    _filter(page)
    _insert(page, "score_0", "Insert column left", CODE[1], "confidence")
    page.get_by_role("button", name="Descending").click()
    sorted_down(page, "confidence")
    page.get_by_role("button", name="Done").click()
    _group(page)
    for key in ("guess", "truth"):
        page.get_by_role("button", name=f"Remove group {key}").click()
        expect(page.get_by_role("button", name=f"Remove group {key}")).to_have_count(0)
    harness.wait_rows(page)
    _insert(page, "truth", "Insert column right", CODE[3], "closed_loop_score")
    page.get_by_role("button", name="Undo").click()
    harness.wait_until(page, "() => !location.search.includes('closed_loop_score')")


def _look(page: Page) -> None:
    harness.cell(page, 0, "image").locator("button").first.click()
    box = page.locator("dialog.lightbox")
    expect(box).to_contain_text("row 1 of")
    page.keyboard.press("ArrowRight")
    expect(box).to_contain_text("row 2 of")
    page.keyboard.press("Escape")
    harness.cell(page, 1, "guess").hover()
    page.locator('.row[data-row="1"] .peek').click()
    expect(page.locator(".panel h2")).to_have_text("Row 2")
    page.locator(".panel").get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Row height").click()
    harness.choose(page, "Medium rows")


def _filter(page: Page) -> None:
    page.locator(".filter .field").click()
    expect(page.locator(".filter .cm-content")).to_be_focused()
    page.keyboard.insert_text(CODE[0])
    page.keyboard.press("Enter")
    pill = page.get_by_role("switch", name=f"Filter {CODE[0]}")
    for checked in ("true", "false", "true"):
        expect(pill).to_have_attribute("aria-checked", checked)
        pill.click()
    expect(pill).to_have_attribute("aria-checked", "false")
    pill.click()
    harness.wait_rows(page)


def _insert(page: Page, beside: str, where: str, expression: str, name: str = "") -> None:
    harness.head(page, beside).locator(".more").click()
    harness.choose(page, where)
    editing(page)
    page.keyboard.insert_text(expression)
    if name:
        page.locator("#column-name").fill(name)
    computed(page, name or "column")


def _group(page: Page) -> None:
    page.get_by_role("button", name=f"Remove filter {CODE[0]}").click()
    page.get_by_role("button", name="Remove sort confidence").click()
    harness.wait_rows(page)
    harness.head(page, "guess").locator(".more").click()
    harness.choose(page, "Group by this")
    expect(page.locator(".pill.is-group")).to_be_visible()
    harness.wait_rows(page)
    expect(harness.cell(page, 0, "truth").locator("svg")).to_be_visible()
    _insert(page, "count", "Insert column right", CODE[2])
    page.get_by_role("button", name="Descending").click()
    sorted_down(page, "column")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Group", exact=True).click()
    harness.choose(page, "truth")
    page.get_by_role("button", name="Heat map").click()
    expect(page.get_by_text("a cell leads to its rows")).to_be_visible()


def test_two_versions(page: Page, serve: Servers, demo: Path) -> None:
    harness.open_table(page, serve("fashion-mnist/baseline:latest", store=demo))
    page.get_by_role("slider", name="Version, the table").fill("0")
    harness.wait_until(page, "() => location.search.includes('%22v0%22')")
    harness.wait_rows(page)
    page.get_by_role("button", name="Compare", exact=True).click()
    page.locator(".pick", has_text="baseline:v4").click()
    expect(page.locator(".compare")).to_contain_text("suggested")
    harness.wait_rows(page)
    page.get_by_role("button", name="columns differ").click()
    expect(page.locator(".difference-of").first).to_be_visible()
    page.locator(".panel").get_by_role("button", name="Close").click()
    harness.filter_rows(page, "0.guess == 0.truth and 1.guess != 1.truth")
    harness.filter_rows(page, "")
    page.get_by_role("radio", name="Side by side").click()
    expect(page.locator(".side-pane")).to_have_count(2)
    expect(page.get_by_label("In tandem")).to_be_checked()
    page.get_by_role("button", name="Group", exact=True).click()
    harness.choose(page, "guess")
    for side in range(2):
        expect(page.locator(".side-pane [data-rows]").nth(side)).to_contain_text("groups")
