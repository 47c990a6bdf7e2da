"""Runs that go on while the page looks, logged by another process; and a project with hundreds of runs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.page import harness, workspace_store
from tests.page.test_workspace import panel, row, show
from wbtable.artifacts.store import create_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers, Watch
    from tests.page.workspace_store import LiveRun
    from wbtable.viewer.server import Server

MANY = 230


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Give a store with one run that ended."""
    store = create_store(tmp_path / "store")
    workspace_store.add_run(store, "p", "old", rows=[{"loss": 1.0}, {"loss": 0.5}])
    return tmp_path / "store"


@pytest.fixture
def live(place: Path) -> Iterator[LiveRun]:
    """Give a run in another process, which has logged nothing yet."""
    found = workspace_store.LiveRun(place, "p")
    yield found
    found.close()


LAST = """(value) => [...document.querySelectorAll('.values tbody tr')].find((row) => /goes on/.test(row.textContent))
  ?.querySelectorAll('td')[1].textContent === value"""
"""Whether this is the last value of the live run's loss, as the table beside the curve has it."""


def test_what_another_process_logs_shows_as_it_does(page: Page, serve: Servers, place: Path, live: LiveRun) -> None:
    server = serve.server(None, store=place)
    show(page, server, "/?project=p")
    live.say("log 0.9")
    expect(row(page, "goes on")).to_be_visible()
    expect(row(page, "goes on").locator(".run-state")).to_have_class(re.compile("is-running"))
    panel(page, "loss").get_by_role("button", name="Values of loss as a table").click()
    harness.wait_until(page, LAST, "0.9")
    live.say("log 0.25")
    harness.wait_until(page, LAST, "0.25")
    live.say("end")
    expect(row(page, "goes on").locator(".run-state")).to_have_class(re.compile("is-finished"))


def test_a_run_whose_process_dies_is_said_to_have_crashed(
    page: Page, serve: Servers, place: Path, live: LiveRun
) -> None:
    server = serve.server(None, store=place)
    show(page, server, "/?project=p")
    live.say("log 0.9")
    row(page, "goes on").get_by_role("link").click()
    expect(page.locator(".page-head .run-state")).to_have_class(re.compile("is-running"))
    live.say("crash")
    expect(page.locator(".page-head .run-state")).to_have_class(re.compile("is-crashed"))
    expect(page.get_by_role("note")).to_contain_text("did not say that it ended")


def test_two_pages_listen_by_one_stream(page: Page, serve: Servers, place: Path, live: LiveRun) -> None:
    server = serve.server(None, store=place)
    streams: list[str] = []
    page.context.on("request", lambda request: streams.append(request.url) if "/api/events" in request.url else None)
    show(page, server, "/?project=p")
    expect(page.locator(".status")).to_contain_text("Live")
    other = page.context.new_page()
    other.goto(f"{server.origin}/?project=p&show=table")
    expect(row(other, "old")).to_be_visible()
    live.say("log 0.9")
    expect(row(page, "goes on")).to_be_visible()
    expect(row(other, "goes on")).to_be_visible()
    assert len(streams) == 1
    # The page that listened closes: the other one listens.
    page.close()
    live.say("end")
    expect(row(other, "goes on").locator(".run-state")).to_have_class(re.compile("is-finished"))
    assert len(streams) == 2


def test_a_server_that_goes_away_keeps_what_is_shown(page: Page, serve: Servers, place: Path, watch: Watch) -> None:
    watch.allow("ERR_", "offline")
    server = serve.server(None, store=place)
    show(page, server, "/?project=p")
    expect(row(page, "old")).to_be_visible()
    page.context.set_offline(True)
    page.get_by_role("columnheader", name="Run").get_by_role("button").click()
    expect(page.locator(".status .wrong")).to_contain_text("does not answer")
    expect(row(page, "old")).to_be_visible()
    page.context.set_offline(False)
    page.locator(".status").get_by_role("button", name="Try again").click()
    expect(page.locator(".status .wrong")).to_have_count(0)


@pytest.fixture(scope="module")
def many(serve: Servers, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Serve a project with hundreds of runs."""
    store = create_store(tmp_path_factory.mktemp("many") / "store")
    for i in range(MANY):
        rows = [{f"metric {j}": float(i * j) for j in range(30)}]
        workspace_store.add_run(store, "many", f"r{i:03}", number=i, name=f"run {i}", config={"i": i}, rows=rows)
    return serve.server(None, store=store.url)


def test_many_runs_are_paged_and_many_curves_too(page: Page, many: Server) -> None:
    show(page, many, "/?project=many")
    foot = page.get_by_role("navigation", name="Pages of runs")
    expect(foot).to_contain_text(f"100 of {MANY} runs")
    foot.get_by_role("button", name="Last page").click()
    expect(page.locator(".runs-table tbody tr")).to_have_count(MANY - 200)
    expect(page.locator(".runs-table tbody th").last).to_have_text("run 0")
    curves = page.get_by_role("navigation", name="Pages of curves")
    expect(curves).to_contain_text("12 of 30 curves")
    curves.get_by_role("button", name="Last page").click()
    expect(page.locator("article.curve")).to_have_count(6)
    page.get_by_label("Choose all on this page").check()
    expect(page.locator(".status")).to_contain_text("40 chosen")


def test_no_more_runs_are_drawn_than_can_be(page: Page, many: Server) -> None:
    ids = json.dumps([f"r{i:03}" for i in range(MANY)])
    show(page, many, f"/?project=many&q={quote('metric 1')}&runs={quote(ids)}")
    expect(page.locator(".status")).to_contain_text("100 chosen (the most)")
    expect(panel(page, "metric 1").locator(".plot")).to_have_attribute("aria-label", re.compile("100 curves"))
