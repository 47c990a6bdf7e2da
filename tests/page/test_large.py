"""Ten million rows in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.page import harness

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers

ROWS = 10_000_000


def test_ten_million_rows_end_to_end(page: Page, serve: Servers, tmp_path: Path) -> None:
    path = tmp_path / "large.parquet"
    with pq.ParquetWriter(path, pa.schema({"id": pa.int64(), "k": pa.int8()}), compression="snappy") as writer:
        for start in range(0, ROWS, 1_000_000):
            ids = np.arange(start, start + 1_000_000)
            writer.write_table(pa.table({"id": ids, "k": (ids % 100).astype(np.int8)}))
    harness.open_table(page, serve(path))
    assert harness.row_count(page) == ROWS
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    harness.wait_until(page, f"() => !!document.querySelector('.grid .row[data-row=\"{ROWS - 1}\"]')")
    harness.wait_rows(page)
    assert harness.cells(page, "id")[-1].replace(",", "") == str(ROWS - 1)
    assert page.evaluate("document.querySelectorAll('.grid .row').length") < 100
    harness.filter_rows(page, "k == 42")
    assert harness.row_count(page) == ROWS // 100
