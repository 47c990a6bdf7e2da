"""What happens to the store while it is shown: a version is deleted, the store goes, it may not be read."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch
    from wbtable.artifacts.store import Store
    from wbtable.viewer.server import Server

ROWS = 30_000
expect.set_options(timeout=harness.PATIENCE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad-store") / "store"


@pytest.fixture(scope="module")
def store(folder: Path) -> Store:
    """Make a store with an artifact of two versions."""
    made = wbtable.create_store(folder)
    _commit(made, "other")
    return made


def _commit(store: Store, name: str) -> None:
    for version in range(2):
        draft = wbtable.Artifact(name, type="rows")
        rows = [[i, f"{name} {version}"] for i in range(ROWS)]
        draft.add(wbtable.Table(columns=["id", "text"], data=rows), "rows")
        store.commit(draft, project="p")


@pytest.fixture
def doomed(store: Store) -> str:
    """Make an artifact of two versions, another one when the test runs again; return its name."""
    name = f"doomed-{len(store.artifacts('p'))}"
    _commit(store, name)
    return name


@pytest.fixture
def server(page: Page, serve: Servers, store: Store, watch: Watch) -> Server:
    """Serve it, and enter; what the browser says of what is not there is no complaint."""
    watch.allow("status of 404")
    found = serve.server(store.url)
    harness.enter(page, found.url)
    return found


def _table(name: str, version: str) -> str:
    place = {"project": "p", "artifact": name, "version": version, "path": "rows.table.json"}
    return f"/?source={quote(json.dumps({'kind': 'table', 'tables': [place]}))}"


def test_a_version_that_is_deleted_while_it_is_shown(page: Page, server: Server, store: Store, doomed: str) -> None:
    harness.open_table(page, f"{server.origin}{_table(doomed, 'v0')}&filter={quote('id >= 0')}")
    harness.wait_rows(page)
    store.artifact(f"p/{doomed}:v0").delete(delete_aliases=True)
    store.gc(dt.timedelta(0), dry_run=False)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/api/rows") else None)
    page.locator(".grid").focus()
    page.keyboard.press("ControlOrMeta+End")
    state = page.get_by_role("alert")
    expect(state.get_by_role("heading")).to_have_text(f"{doomed}:v0 is not there")
    expect(state).to_contain_text(f"p/{doomed}:v0 was deleted")
    expect(state.get_by_role("button", name="Show v1")).to_be_visible()
    # What cannot be read is not asked for again and again.
    assert len(asked) < 8
    # The rest of the page goes on: its versions, and the one that is there, with what was done to the rows.
    state.get_by_role("button", name="Show v1").click()
    harness.wait_rows(page)
    assert harness.cells(page, "text", 1) == [f"{doomed} 1"]
    assert harness.row_count(page) == ROWS
    expect(page.locator(".pills")).to_contain_text("id >= 0")
    # The address of the one that is gone says the same.
    page.goto(f"{server.origin}{_table(doomed, 'v0')}")
    expect(state.get_by_role("heading")).to_have_text(f"{doomed}:v0 is not there")
    state.get_by_role("link", name=f"Versions of {doomed}").click()
    expect(page.get_by_role("heading", name=doomed)).to_be_visible()


def test_a_store_that_goes_while_it_is_shown(page: Page, server: Server, folder: Path) -> None:
    page.goto(server.origin)
    expect(page.get_by_role("link", name="p", exact=True).first).to_be_visible()
    away = folder.with_name("away")
    folder.rename(away)
    try:
        page.reload()
        state = page.get_by_role("alert")
        expect(state).to_contain_text("Projects cannot be read")
        expect(state).to_contain_text(f"{folder}: there is no store here")
        page.goto(f"{server.origin}{_table('other', 'v1')}")
        expect(state).to_contain_text(f"{folder}: there is no store here")
        # Of what was there nothing is said to be missing: all of it is.
        for address, what in (("artifact=other", "Versions"), ("run=run", "The run"), ("tab=runs", "The project")):
            page.goto(f"{server.origin}/?project=p&{address}")
            expect(state).to_contain_text(f"{what} cannot be read")
            expect(state).to_contain_text(f"{folder}: there is no store here")
    finally:
        away.rename(folder)
    state.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("link", name="Artifacts")).to_be_visible()


def test_an_address_whose_table_is_not_in_its_version(page: Page, server: Server) -> None:
    """What is missing is the table: the version is there, and the way leads to what it holds."""
    at = {"project": "p", "artifact": "other", "version": "v1"}
    tables = [{**at, "path": "rows.table.json"}, {**at, "path": "row's.table.json"}]
    for source in ({"kind": "table", "tables": tables[1:]}, {"kind": "compare", "tables": tables}):
        page.goto(f"{server.origin}/?source={quote(json.dumps(source))}")
        state = page.get_by_role("alert")
        expect(state.get_by_role("heading")).to_have_text("row's is not there")
        expect(state).to_contain_text('there is no table "row\'s.table.json" in p/other:v1')
        state.get_by_role("link", name="Tables of other:v1").click()
        expect(page.get_by_role("region", name="rows.table.json", exact=True)).to_contain_text("other 1")


@pytest.mark.parametrize("address", ["", "/?project=p&artifact=other", "/?project=p&run=run"])
def test_a_store_that_went_before_anything_of_it_was_opened(
    page: Page, serve: Servers, watch: Watch, tmp_path: Path, address: str
) -> None:
    """Each page says so once, and goes on when the store is there again."""
    watch.allow("status of 404")
    folder = tmp_path / "store"
    made = wbtable.create_store(folder)
    with wbtable.init(project="p", id="run", store=made):
        _commit(made, "other")
    server = serve.server(folder)
    away = folder.rename(folder.with_name("away"))
    page.goto(server.url)
    page.goto(f"{server.origin}{address or _table('other', 'v1')}")
    state = page.get_by_role("main")
    expect(state).to_contain_text("there is no store here")
    assert state.inner_text().count(str(folder)) == 1
    away.rename(folder)
    state.get_by_role("button", name="Try again").click()
    expect(state).to_contain_text("process" if "run=" in address else "other 1")
    expect(state).not_to_contain_text("there is no store here")


def test_a_version_that_cannot_be_read(page: Page, server: Server, folder: Path, watch: Watch) -> None:
    """A record that is damaged hides nothing else."""
    watch.allow("status of 422")
    page.goto(server.origin)
    expect(page.get_by_role("link", name="p", exact=True).first).to_be_visible()
    [record] = folder.rglob("artifacts/other/versions/*0.json*")
    held = record.read_bytes()
    record.chmod(0o600)
    record.write_bytes(b"{ damaged")
    try:
        page.goto(f"{server.origin}{_table('other', 'v0')}")
        expect(page.get_by_role("alert")).to_contain_text("This view cannot be shown")
        # And hides nothing else.
        page.goto(f"{server.origin}/?project=p&artifact=other")
        expect(page.get_by_role("link", name="v1").first).to_be_visible()
        harness.open_table(page, f"{server.origin}{_table('other', 'v1')}")
        assert harness.cells(page, "text", 1) == ["other 1"]
    finally:
        record.write_bytes(held)
