"""Parts of the page that come later: one that cannot be loaded says so, and is asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from tests.page import harness

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch

PART = "**/js/values_panel.js"


def test_a_part_that_cannot_be_loaded_is_asked_for_again(
    page: Page, serve: Servers, watch: Watch, tmp_path: Path
) -> None:
    watch.allow("Failed to load resource")
    pq.write_table(pa.table({"kind": ["a", "b", "a"]}), tmp_path / "kinds.parquet")
    page.route(PART, lambda route: route.abort())
    harness.open_table(page, serve(tmp_path / "kinds.parquet"))
    harness.column_menu(page, "kind", "Filter by values…")
    wrong = page.get_by_role("alert").filter(has_text="cannot be loaded")
    wrong.wait_for()
    page.unroute(PART)
    wrong.get_by_role("button", name="Try again").click()
    page.get_by_text("Values of kind").wait_for()
    assert wrong.count() == 0
