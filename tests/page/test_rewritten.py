"""Rows that became others while they are shown: a file that is written anew, runs that go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq
from playwright.sync_api import expect

import wbtable
from tests.page import harness

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers

ROWS = 5


def _written(path: Path, name: str) -> None:
    """Write a file in another's place, as programs do that write one."""
    beside = path.with_name(f"{name}.new")
    pq.write_table(pa.table({"n": list(range(ROWS)), "word": [f"{name} {i}" for i in range(ROWS)]}), beside)
    beside.replace(path)


def _compute(page: Page, expression: str) -> None:
    """Change the expression of a computed column."""
    harness.column_menu(page, "twice", "Column settings")
    field = page.locator(".panel .cm-content")
    expect(field).to_be_visible(timeout=harness.PATIENCE)
    field.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(expression)


def test_a_file_that_is_written_anew_while_a_column_is_computed(page: Page, serve: Servers, tmp_path: Path) -> None:
    """All that shows is of the file as it is: no row is half of the one and half of the other."""
    path = tmp_path / "rows.parquet"
    _written(path, "old")
    derive = [{"name": "twice", "expression": "n * 2"}, {"name": "said", "expression": "word"}]
    url = serve(path)
    harness.enter(page, url)
    harness.open_table(page, f"{url.split('#')[0]}?derive={quote(json.dumps(derive))}&pins=[1]")
    assert harness.cells(page, "word", 1) == ["old 0"]
    pinned = page.locator(".prows .row")
    harness.wait_until(page, "() => document.querySelector('.prows .row')?.textContent.includes('old 1')")
    _written(path, "new")
    _compute(page, "n * 3")
    harness.wait_cells(page, "twice", [str(3 * i) for i in range(ROWS)])
    harness.wait_cells(page, "word", [f"new {i}" for i in range(ROWS)])
    harness.wait_cells(page, "said", [f"new {i}" for i in range(ROWS)])
    harness.wait_until(page, "() => document.querySelector('.prows .row')?.textContent.includes('new 1')")
    assert "old" not in pinned.inner_text()


def test_a_run_that_goes_on_while_a_column_is_computed(page: Page, serve: Servers, tmp_path: Path) -> None:
    """Rows that came meanwhile are there, in the order in which they are."""
    store = wbtable.create_store(tmp_path / "store")
    _run(store, "a")
    url = serve(store.url)
    harness.enter(page, url)
    source = {"kind": "union", "project": "p", "run_key": "t", "runs": []}
    derive = [{"name": "twice", "expression": "n * 2"}]
    address = f"{url.split('#')[0]}?source={quote(json.dumps(source))}&derive={quote(json.dumps(derive))}"
    harness.open_table(page, address)
    assert harness.row_count(page) == ROWS
    _run(store, "b")
    _compute(page, "n * 3")
    harness.wait_cells(page, "twice", [str(3 * i) for i in range(ROWS)] * 2)
    assert sorted(harness.cells(page, "word")) == sorted(f"{run} {i}" for run in "ab" for i in range(ROWS))


def _run(store: wbtable.Store, name: str) -> None:
    with wbtable.init(project="p", id=name, store=store) as run:
        run.log({"t": wbtable.Table(columns=["n", "word"], data=[[i, f"{name} {i}"] for i in range(ROWS)])})
