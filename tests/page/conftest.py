"""The page in Debian's Chromium, driven by Playwright; servers run in this process.

Browser and Playwright live as long as a module: while Playwright runs, its thread counts as one with a running event
loop, and other tests of this process start loops of their own.

Without Chromium or Playwright the tests are not collected, and the report says so; `make test-servers` installs the
first. In CI they are there.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.page.demo import demo_store
from tests.page.made_table import written
from wbtable.query.worker import INTERACTIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.page.harness import Servers, Watch

SIZE = (1280, 800)

HERE = Path(__file__).parent

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
INSTALLED = CHROMIUM is not None and importlib.util.find_spec("playwright") is not None
collect_ignore_glob = [] if INSTALLED or "CI" in os.environ else ["test_*.py"]


def pytest_report_header() -> str | None:
    """Say what is missing."""
    return None if INSTALLED else "page: not tested, because not installed (make test-servers): chromium or playwright"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test of the page one more run: browser, servers and workers share a machine that may be starved.

    The report lists which ran again (R); each is a race of the page or of its test, to be looked into.
    """
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """Give questions a minute, as the tests have it too: ten seconds are for people who wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wbtable.viewer.jobs.INTERACTIVE", replace(INTERACTIVE, deadline=60.0))
        yield


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    assert CHROMIUM is not None, "chromium is not on the PATH: make test-servers installs it"
    from playwright.sync_api import sync_playwright

    from tests.page.harness import FLAGS

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield found
        found.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Servers]:
    """Serve anything that `wbtable view` shows: `serve(target)` returns the address with its token."""
    from tests.page.harness import Servers

    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fail a test whose pages complain, throw, or ask anything of another origin."""
    from tests.page.harness import Watch

    found = Watch()
    yield found
    assert not found.found()


@pytest.fixture
def context(browser: Browser, watch: Watch, serve: Servers) -> Iterator[BrowserContext]:
    """Give a context of its own: no cookie, nothing stored. All servers of the module are its homes."""
    made = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, reduced_motion="reduce")
    made.set_default_timeout(60_000)
    watch.follow(made)
    for server in serve.running:
        watch.home(server.url)
    serve.started = watch.home
    yield made
    serve.started = None
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """Give a page of the context."""
    return context.new_page()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the demo's store: Fashion-MNIST predictions of two variants over five epochs, and songs with their join."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return demo_store(shared, tmp_path_factory.mktemp("demo") / "store")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the table of most kinds of columns."""
    return written(tmp_path_factory.mktemp("made"))


@pytest.fixture
def shown(page: Page, serve: Servers, file: Path) -> Page:
    """Show that table."""
    from tests.page import harness

    harness.open_table(page, serve(file))
    return page
