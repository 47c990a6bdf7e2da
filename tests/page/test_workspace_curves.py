"""What curves draw of odd values, and the list of runs in a narrow window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.page import harness, workspace_store
from tests.page.test_workspace import panel, show
from wbtable.artifacts.store import create_store

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers

DRAWN = """(canvas) => {
  const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const found = new Set();
  for (let i = 0; i < data.length; i += 4)
    if (data[i + 3] > 100 && data[i + 2] - data[i] > 60) found.add((i / 4) % width);
  return [...found].sort((a, b) => a - b).filter((x, i, all) => !i || x - all[i - 1] > 1).length; }"""
"""How many groups of columns of a canvas have something in the run's blue."""


def test_values_between_others_that_are_not_finite_are_marked(page: Page, serve: Servers, tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    rows = [{"odd": math.nan if i % 2 else float(i), "even": float(i)} for i in range(20)]
    workspace_store.add_run(store, "p", "run", rows=rows)
    show(page, serve.server(None, store=store.url), "/?project=p")
    expect(panel(page, "odd")).to_contain_text("10 not finite, not drawn")
    for key, groups in (("odd", 10), ("even", 1)):
        canvas = panel(page, key).locator("canvas")
        expect(canvas).to_be_visible()
        assert canvas.evaluate(DRAWN) == groups


def test_runs_can_be_filtered_in_a_narrow_window(page: Page, serve: Servers, tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    workspace_store.add_run(store, "p", "run", rows=[{"loss": 1.0}])
    page.set_viewport_size({"width": 380, "height": 640})
    show(page, serve.server(None, store=store.url), "/?project=p")
    field = page.get_by_role("combobox", name="Filter runs")
    expect(field).to_be_visible()
    assert harness.box_of(field)["width"] > 250
