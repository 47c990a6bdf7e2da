"""Names that every object of JavaScript has are names like others: of scores, layers, columns and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch

NAMES = ("constructor", "__proto__", "toString")


def _picture(row: int) -> wbtable.Image:
    """Return a picture with layers, classes and scores of such names; of the labels, one layer has none."""
    boxes = {
        layer: {
            "box_data": [
                {
                    "position": {"minX": 0.1 * i, "maxX": 0.1 * i + 0.2, "minY": 0.2, "maxY": 0.8},
                    "class_id": 1,
                    "scores": dict.fromkeys(NAMES, 0.5 + i / 10 + row / 100),
                }
                for i in range(2)
            ],
            "class_labels": {1: "valueOf"},
        }
        for layer in NAMES
    }
    return wbtable.Image(np.full((40, 60, 3), 40 * row, np.uint8), boxes=boxes)


@pytest.fixture
def table(page: Page, serve: Servers, watch: Watch, tmp_path: Path) -> Page:
    del watch  # it refuses any complaint of the page
    rows = [[row, _picture(row), f"c{row}", f"p{row}"] for row in range(3)]
    wbtable.Table(columns=["id", "image", "constructor", "__proto__"], data=rows).write(str(tmp_path), "t")
    harness.open_table(page, serve(str(tmp_path)))
    return page


def test_columns_have_their_values(table: Page) -> None:
    for column, letter in (("constructor", "c"), ("__proto__", "p")):
        assert harness.cells(table, column, 3) == [f"{letter}{row}" for row in range(3)]


def test_the_detail_of_a_row_has_them(table: Page) -> None:
    harness.go_to_cell(table, 1, "id")
    table.keyboard.press("Enter")
    panel = table.locator(".side, .panel, aside").filter(has_text="__proto__").first
    for text in ("c1", "p1"):
        expect(panel).to_contain_text(text)


def test_scores_and_layers_are_listed(table: Page) -> None:
    """A score of such a name was an error, and no list was shown."""
    harness.go_to_cell(table, 1, "image")
    harness.wait_rows(table)
    table.keyboard.press("Space")
    box = table.locator("dialog.lightbox")
    expect(box).to_be_visible()
    for layer in NAMES:
        expect(box.get_by_role("checkbox", name=layer)).to_be_checked()
        for name in NAMES:
            slider = box.get_by_role("slider", name=f"Least {name} of {layer}")
            expect(slider).to_have_value("0.51")
    expect(box.locator(".overlays")).to_contain_text("valueOf")
    expect(box.locator(".overlays")).not_to_contain_text("class 1")
