"""What takes long behind the grid: the page says that it sorts, waits or ends it; summaries come after the rows."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.page import harness
from wbtable.viewer import ordering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest
    from playwright.sync_api import Page, Request

    from tests.page.harness import Servers
    from wbtable.viewer.server import Server

ROWS = 60_000


@contextmanager
def standing_still(server: Server, kind: str = "orders") -> Iterator[None]:
    """Let a worker do nothing meanwhile."""
    worker = server.state.jobs._workers[kind]
    worker.start()
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        if worker.pid == pid:  # one that is to end, and does not, is killed
            os.kill(pid, signal.SIGCONT)


def sort_to_the_end(page: Page, column: str) -> None:
    page.locator(f'.grid-head button[aria-label="Sort by {column}"]').click()
    harness.wait_until(page, "() => !!document.querySelector('.grid-head [aria-sort=\"ascending\"]')")
    harness.wait_rows(page)
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    page.locator(".status .busy", has_text="Sorting").wait_for()


def test_summaries_come_after_the_rows_one_after_the_other(page: Page, serve: Servers, tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2, 3], "b": [1.5, 2.5, 0.5], "c": [3, 2, 3]}), tmp_path / "few.parquet")
    server = serve.server(tmp_path / "few.parquet")
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if request.url.endswith("/api/summaries") else None)
    with standing_still(server, "summaries"):
        with page.expect_request("**/api/summaries"):
            harness.open_table(page, server.url)
        assert harness.cells(page, "a") == ["1", "2", "3"]
        assert page.locator(".grid-head svg").count() == 0
    harness.wait_until(page, "() => document.querySelectorAll('.grid-head [role=columnheader] svg').length >= 3")
    assert (asked[0].post_data_json or {})["columns"] == ["a"]


def test_the_page_waits_for_an_order_and_ends_it(
    page: Page, serve: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(ordering, "PATIENCE", 0.2)
    ids = np.arange(ROWS)
    pq.write_table(pa.table({"a": ids[::-1], "b": (ids * 7919) % ROWS}), tmp_path / "rows.parquet")
    server = serve.server(tmp_path / "rows.parquet")
    harness.open_table(page, server.url)
    with standing_still(server):
        sort_to_the_end(page, "a")
        assert page.locator(".state").count() == 0
    harness.wait_rows(page)
    page.locator(".status .busy").wait_for(state="detached")
    assert harness.cells(page, "a")[-1].replace(",", "") == str(ROWS - 1)
    with standing_still(server):
        sort_to_the_end(page, "b")
        page.locator(".status .busy button", has_text="Cancel").click()
        page.get_by_role("heading", name="Cancelled").wait_for()
    page.get_by_role("button", name="Try again").click()
    harness.wait_until(page, "() => !document.querySelector('.state')")
    harness.wait_rows(page)
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    harness.wait_until(page, f"() => !!document.querySelector('.grid .row[data-row=\"{ROWS - 1}\"]')")
    harness.wait_rows(page)
    assert harness.cells(page, "b")[-1].replace(",", "") == str(ROWS - 1)
