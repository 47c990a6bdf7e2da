"""Rows deep in a sorted view: the page says that it sorts and how far it is, waits, and shows them; or ends it."""

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
    from playwright.sync_api import Page

    from tests.page.harness import Servers
    from wbtable.viewer.server import Server

ROWS = 60_000


@contextmanager
def standing_still(server: Server) -> Iterator[None]:
    """Let nothing be ordered meanwhile."""
    worker = server.state.jobs._workers["orders"]
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
    harness.wait_until(page, "!!document.querySelector('.grid-head [aria-sort=\"ascending\"]')")
    harness.wait_rows(page)
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    page.locator(".status .busy", has_text="Sorting").wait_for()


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
    harness.wait_until(page, "!document.querySelector('.state')")
    harness.wait_rows(page)
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    harness.wait_until(page, f"!!document.querySelector('.grid .row[data-row=\"{ROWS - 1}\"]')")
    harness.wait_rows(page)
    assert harness.cells(page, "b")[-1].replace(",", "") == str(ROWS - 1)
