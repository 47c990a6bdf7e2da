"""Artifacts in the page: by type, version by version, their files, where they come from; and views by name."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness, workspace_store
from tests.page.test_workspace import show
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import create_store

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch
    from wbtable.viewer.server import Server


@pytest.fixture(scope="module")
def server(serve: Servers, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Serve a store with three runs, their tables and models, pictures, and an artifact that is damaged."""
    store = workspace_store.workspace(tmp_path_factory.mktemp("artifacts") / "store", runs=3)
    draft = Artifact("album", type="dataset")
    draft.add(wbtable.Image([[[255, 0, 0]] * 4] * 4), "red")
    for i in range(120):
        with draft.new_file(f"notes/{i:03}.txt") as file:
            file.write(f"note {i}")
    with draft.new_file("a&b #1?.txt") as file:
        file.write("odd")
    store.commit(draft, project="digits")
    workspace_store.damage(store, "artifacts/run-run001-predictions/versions")
    return serve.server(None, store=store.url)


def test_artifacts_by_type_and_by_name(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits&tab=artifacts")
    listed = page.locator(".runs-table tbody th")
    expect(listed).to_have_text(["album", "model", "pictures", *(f"run-run00{i}-predictions" for i in range(3))])
    expect(page.locator("tr.is-damaged")).to_contain_text("run-run001-predictions")
    types = page.get_by_role("navigation", name="Types of artifacts")
    expect(types).to_contain_text(re.compile("cannot be read ?1"))
    types.get_by_role("button", name="model").click()
    expect(listed).to_have_text(["model"])
    types.get_by_role("button", name="All types").click()
    page.get_by_label("Find an artifact").fill("pict")
    expect(listed).to_have_text(["pictures"])
    page.get_by_role("link", name="pictures").click()
    expect(page.get_by_role("heading", name="v0")).to_be_visible()
    head = page.locator(".page-head")
    for text in ("latest", "clean", "checked", "dataset", "2 files"):
        expect(head).to_contain_text(text)
    expect(page.get_by_role("row", name="from.year 2020")).to_be_visible()
    head.get_by_role("link", name="Open the table").click()
    harness.wait_rows(page)
    assert harness.row_count(page) == 12


def test_versions_and_a_link_that_compares_two(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits&artifact=model")
    versions = page.get_by_role("navigation", name="Versions")
    expect(versions.locator("b")).to_have_text(["v2", "v1", "v0"])
    versions.get_by_role("link", name=re.compile("^v1")).click()
    expect(page.get_by_role("heading", name="v1", exact=True)).to_be_visible()
    link = versions.get_by_role("link", name="Compare v1 with v0")
    source = json.loads(parse_qs(urlsplit(str(link.get_attribute("href"))).query)["source"][0])
    assert source["kind"] == "compare"
    assert [table["version"] for table in source["tables"]] == ["v0", "v1"]
    assert {table["path"] for table in source["tables"]} == {"preview.table.json"}


def test_files_are_paged_searched_shown_and_saved(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits&artifact=album&tab=files")
    expect(page.get_by_role("navigation", name="Pages of files")).to_contain_text("100 of 122 files")
    page.get_by_role("button", name="Next page").click()
    expect(page.locator(".files tbody tr")).to_have_count(22)
    page.get_by_label("Files whose paths begin with…").fill("red")
    expect(page.locator(".files tbody tr")).to_have_count(1)
    thumb = page.locator(".files img")
    harness.wait_until(page, "() => document.querySelector('.files img')?.naturalWidth > 0")
    expect(thumb).to_be_visible()
    page.get_by_role("button", name=re.compile("^Show red")).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("red")
    page.keyboard.press("Escape")
    page.get_by_label("Files whose paths begin with…").fill("a&b #1?")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Save a&b #1?.txt").click()
    assert waiting.value.path().read_text() == "odd"
    page.get_by_label("Files whose paths begin with…").fill("zzz")
    expect(page.get_by_role("heading", name="No path begins so")).to_be_visible()


def test_lineage_leads_up_and_down(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits&artifact=pictures&tab=lineage&depth=1")
    below = page.locator(".columns-2 section").filter(has=page.get_by_role("heading", name="Led to"))
    expect(below.locator("li")).to_have_count(3)
    # One of the three logged a table whose record is damaged: what the version says of itself is there all the same.
    page.get_by_label("Follow").select_option("2")
    expect(page.locator(".problems")).to_contain_text("its lineage")
    expect(below.locator("li")).to_have_count(3)
    below.get_by_role("link", name="digits/run001").click()
    expect(page.get_by_role("heading", name="trial 1")).to_be_visible()
    page.go_back()
    page.goto(f"{server.origin}/?project=digits&artifact=model&version=v2&tab=lineage")
    above = page.locator(".columns-2 section").filter(has=page.get_by_role("heading", name="Comes from"))
    expect(above.locator("li")).to_have_text(
        [re.compile("made by.*digits/run002"), re.compile("used.*digits/pictures:v0")]
    )


def test_what_is_missing_or_damaged_says_so(page: Page, server: Server, watch: Watch) -> None:
    watch.allow("404", "422")
    show(page, server, "/?project=digits&artifact=modle")
    expect(page.get_by_role("heading", name="There is no such artifact")).to_be_visible()
    expect(page.locator(".state")).to_contain_text("did you mean 'digits/model'")
    page.goto(f"{server.origin}/?project=digits&artifact=model&version=v9")
    expect(page.get_by_role("alert")).to_contain_text("v9 is not there")
    page.get_by_role("link", name="Show v2").click()
    expect(page.get_by_role("heading", name="v2", exact=True)).to_be_visible()
    page.goto(f"{server.origin}/?project=digits&artifact=run-run001-predictions")
    expect(page.get_by_role("navigation", name="Versions")).to_contain_text("damaged")
    expect(page.get_by_role("alert")).to_contain_text("v0 cannot be read")


def test_an_artifact_with_hundreds_of_versions_is_paged(page: Page, serve: Servers, tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    for i in range(130):
        draft = Artifact("weights", type="model")
        with draft.new_file("w") as file:
            file.write(str(i))
        store.commit(draft, project="p")
    store.artifact("p/weights:v128").delete()
    server = serve.server(None, store=store.url)
    show(page, server, "/?project=p")
    page.get_by_role("link", name="weights").click()
    versions = page.get_by_role("navigation", name="Versions").locator("li b")
    expect(versions).to_have_count(100)
    expect(versions.nth(1)).to_have_text("v127")
    page.get_by_role("button", name="Older versions").click()
    expect(versions).to_have_count(129)
    expect(versions.last).to_have_text("v0")
    expect(page.get_by_role("button", name="Older versions")).to_have_count(0)
