"""Times in tables: as wide as they are, in rows, groups, comparisons, and where the first rows are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers

LAST = {"s": 1735419528, "ms": 1735419528888, "us": 1735419528888888, "ns": 1735419528888888888}
CUT = "(node) => node.scrollWidth - node.clientWidth"


def _times(rows: int = 3) -> pa.Table:
    kinds = {f"{unit}{zone or ''}"[:5]: pa.timestamp(unit, tz=zone) for unit in LAST for zone in (None, "Asia/Tokyo")}
    return pa.table({name: pa.array([LAST[kind.unit]] * rows, kind) for name, kind in kinds.items()})


@pytest.fixture
def server(serve: Servers, tmp_path: Path) -> str:
    """Serve a store with two versions of a table of times; return the address."""
    store = wbtable.create_store(tmp_path / "store")
    for rows in (2, 3):
        path = tmp_path / f"{rows}.parquet"
        pq.write_table(_times(rows), path)
        draft = wbtable.Artifact("times", type="dataset")
        draft.add(wbtable.read_parquet(path), "times")
        store.commit(draft, project="p")
    return serve(store.url)


@pytest.mark.parametrize("query", ["", '&group=["sAsia","nsAsi"]'])
def test_times_show_whole_where_nobody_says_how_wide_they_are(page: Page, server: str, query: str) -> None:
    page.set_viewport_size({"width": 2400, "height": 700})
    harness.enter(page, server)
    at = '{"project":"p","artifact":"times","version":"v1","path":"times.table.json"}'
    harness.open_table(page, f'{server.split("#", maxsplit=1)[0]}?source={{"kind":"table","tables":[{at}]}}{query}')
    names = ["sAsia", "nsAsi"] if query else _times().column_names
    assert not query or harness.columns(page)[:2] == names
    for name in names:
        text = harness.cell(page, 0, name).locator(".t")
        assert text.evaluate(CUT) == 0, f"{name}: {text.inner_text()}"


def test_times_stand_on_one_line_where_first_rows_are_listed(page: Page, server: str) -> None:
    harness.enter(page, server)
    page.goto(f"{server.split('#', maxsplit=1)[0]}?project=p&artifact=times")
    cells = page.get_by_role("region", name="Rows of times.table.json").locator("tbody tr").first.locator("td")
    expect(cells).to_have_count(8, timeout=harness.PATIENCE)
    for node in cells.all():
        assert node.locator(".t").evaluate("(node) => node.getClientRects().length && node.offsetHeight") < 24


def test_times_of_two_versions_show_whole_beside_each_other(page: Page, server: str) -> None:
    page.set_viewport_size({"width": 3000, "height": 700})
    harness.enter(page, server)
    at = ",".join(f'{{"project":"p","artifact":"times","version":"v{n}","path":"times.table.json"}}' for n in (0, 1))
    source = f'{{"kind":"compare","mode":"join","key":["s"],"tables":[{at}]}}'
    harness.open_table(page, f"{server.split('#', maxsplit=1)[0]}?source={source}")
    found = page.locator(".grid .row").first.locator(".pair-cell .t").all()
    assert len(found) >= len(LAST)
    for node in found:
        assert node.evaluate(CUT) == 0, node.inner_text()
