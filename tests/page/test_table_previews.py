"""The first rows of tables where they are listed: in a version, under the keys of runs, in a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness, workspace_store
from tests.page.test_workspace import show
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import create_store

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch
    from wbtable.viewer.server import Server


@pytest.fixture(scope="module")
def server(serve: Servers, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Serve a store with two runs that logged a table each, and a version of many tables."""
    store = workspace_store.workspace(tmp_path_factory.mktemp("previews") / "store", runs=2)
    draft = Artifact("many", type="dataset")
    for i in range(14):
        draft.add(wbtable.Table(columns=["number", "text"], data=[[j, f"{i} {j}"] for j in range(7 + i)]), f"t{i:02}")
    store.commit(draft, project="digits")
    return serve.server(None, store=store.url)


def test_a_version_shows_the_first_rows_of_its_table(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits&artifact=pictures")
    rows = page.get_by_role("region", name="Rows of labels.table.json")
    expect(rows.locator("tbody tr")).to_have_count(5, timeout=harness.PATIENCE)
    of = page.get_by_role("region", name="labels.table.json", exact=True)
    expect(of).to_contain_text("1\N{EN DASH}5 of 12 rows")
    expect(of.get_by_role("button", name="+ Filter")).to_have_count(0)
    of.get_by_role("button", name=re.compile("^Next rows")).click()
    expect(of).to_contain_text("6\N{EN DASH}10 of 12 rows")
    of.get_by_role("link", name="labels.table.json").click()
    harness.wait_rows(page)
    assert harness.row_count(page) == 12


def test_rows_are_read_when_they_come_into_sight(page: Page, server: Server) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or "") if "/api/view" in request.url else None)
    show(page, server, "/?project=digits&artifact=many")
    first = page.get_by_role("region", name="Rows of t00.table.json")
    expect(first.locator("tbody tr")).to_have_count(5, timeout=harness.PATIENCE)
    last = page.get_by_role("region", name="t11.table.json", exact=True)
    expect(last).to_be_attached()
    assert not any("t11.table.json" in body for body in asked)
    last.scroll_into_view_if_needed()
    expect(last).to_contain_text("1\N{EN DASH}5 of 18 rows", timeout=harness.PATIENCE)
    # Of those behind twelve the names stand alone.
    expect(page.get_by_role("link", name="t13.table.json")).to_be_visible()
    expect(page.get_by_role("region", name="t13.table.json")).to_have_count(0)


def test_tables_of_runs_show_the_first_rows_of_all(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits&show=tables")
    rows = page.get_by_role("region", name="Rows of predictions")
    expect(rows.locator("tbody tr")).to_have_count(5, timeout=harness.PATIENCE)
    assert rows.locator("thead th").all_inner_texts()[:2] == ["run", "step"]
    expect(page.locator(".card")).to_contain_text("1\N{EN DASH}5 of 24 rows")
    page.goto(f"{server.origin}/?project=digits&run=run001&tab=tables")
    expect(page.locator(".card")).to_contain_text("1\N{EN DASH}5 of 12 rows", timeout=harness.PATIENCE)


def test_a_damaged_table_is_named_and_the_others_show(page: Page, serve: Servers, tmp_path: Path, watch: Watch) -> None:
    store = create_store(tmp_path / "store")
    draft = Artifact("two", type="dataset")
    for name in ("bad", "good"):
        draft.add(wbtable.Table(columns=["text"], data=[[f"{name} {i}"] for i in range(6)]), name)
    version = store.commit(draft, project="p")
    entry = version.contents.find("bad.table.json")
    assert entry is not None
    path = store.objects.local_path(entry.descriptor())
    assert path is not None
    workspace_store.damage(store, Path(path).relative_to(store.url).as_posix())
    begin, token = serve(None, store=store.url).split("#")
    watch.allow("422")
    page.goto(f"{begin}?project=p&artifact=two#{token}")
    bad = page.get_by_role("region", name="bad.table.json", exact=True)
    expect(bad.get_by_role("alert")).to_contain_text("damaged", timeout=harness.PATIENCE)
    expect(bad.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.get_by_role("region", name="good.table.json", exact=True)).to_contain_text("1\N{EN DASH}5 of 6 rows")
