"""Views that are kept: by name, with what happened meanwhile; of panels; shared as link, command and Python."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.page import harness
from tests.page.report_store import PROJECT, SOURCE, make_store
from wbtable.viewer import panel_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Page

    from tests.page.harness import Servers, Watch
    from wbtable.artifacts.saved import NamedView
    from wbtable.artifacts.store import Store
    from wbtable.viewer.server import Server

MISTAKES = "guess != truth"
expect.set_options(timeout=harness.PATIENCE)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return make_store(tmp_path_factory.mktemp("views") / "store")


@pytest.fixture
def opened(page: Page, serve: Servers, store: Store) -> Callable[..., str]:
    """Open the store's table; return the server's origin."""

    def open_it(query: str = "", *, read_only: bool = False) -> str:
        server = read_only_server(serve, store) if read_only else serve.server(store.url)
        harness.enter(page, server.url)
        harness.open_table(page, f"{server.origin}/?source={quote(json.dumps(SOURCE))}{query}")
        return server.origin

    return open_it


def read_only_server(serve: Servers, store: Store) -> Server:
    """Return the module's server that only reads."""
    for found in serve.running:
        if found.state.read_only:
            return found
    return serve.server(store.url, read_only=True)


def named(store: Store, name: str) -> NamedView:
    """Return a view by its name."""
    return next(found for found in store.views(PROJECT) if found.name == name)


def _views(page: Page) -> None:
    page.locator(".btn.views").click()
    expect(page.get_by_role("menu", name="Views")).to_be_visible()


def _dialog(page: Page, title: str) -> Any:
    found = page.get_by_role("dialog", name=title)
    expect(found).to_be_visible()
    return found


def _save_as(page: Page, name: str) -> None:
    _views(page)
    harness.choose(page, "Save this view…")
    dialog = _dialog(page, "Save this view")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator(".view-name")).to_have_text(name)


def test_a_view_is_saved_changed_saved_again_and_opened(page: Page, opened: Callable[..., str], store: Store) -> None:
    """VIEW-8: by the keyboard; the address holds what is changed, the name what was saved."""
    origin = opened(f"&filter={quote(MISTAKES)}")
    rows = harness.row_count(page)
    _save_as(page, "wrong ones")
    assert named(store, "wrong ones").spec.filter == MISTAKES
    expect(page.locator(".btn.views .changed")).to_have_count(0)
    harness.filter_rows(page, f"{MISTAKES} and score > 0.5")
    expect(page.locator(".btn.views .changed")).to_be_visible()
    _views(page)
    harness.choose(page, "Save “wrong ones”")
    expect(page.locator(".btn.views .changed")).to_have_count(0)
    assert named(store, "wrong ones").number == 1
    # The address of a name shows the newest, whatever the address was before.
    harness.open_table(page, f"{origin}/?named={quote(json.dumps({'project': PROJECT, 'name': 'wrong ones'}))}")
    assert harness.row_count(page) < rows
    assert "score > 0.5" in harness.query_of(page).replace("+", " ").replace("%3E", ">")
    # From the project's page, too.
    page.goto(f"{origin}/?project={PROJECT}&tab=views")
    page.get_by_role("link", name="wrong ones").click()
    harness.wait_rows(page)
    expect(page.locator(".view-name")).to_have_text("wrong ones")
    assert len(named(store, "wrong ones").open()) == harness.row_count(page)


def test_somebody_saved_meanwhile(page: Page, opened: Callable[..., str], store: Store, watch: Watch) -> None:
    """VIEW-8: nothing is overwritten unseen; theirs can be looked at, and both are kept."""
    watch.allow("409")
    opened(f"&filter={quote(MISTAKES)}")
    _save_as(page, "ours")
    theirs = named(store, "ours").spec.with_(filter='truth == "bag"')
    store.save_view(theirs, "ours")
    harness.filter_rows(page, "score > 0.9")
    _views(page)
    harness.choose(page, "Save “ours”")
    dialog = _dialog(page, "Somebody saved this view meanwhile")
    expect(dialog.get_by_text('where truth == "bag"')).to_be_visible()
    dialog.get_by_role("button", name="Look at theirs").click()
    harness.wait_until(page, "() => new URLSearchParams(location.search).get('filter') === 'truth == \"bag\"'")
    harness.wait_rows(page)
    page.go_back()
    harness.wait_until(page, "() => new URLSearchParams(location.search).get('filter') === 'score > 0.9'")
    # Back at mine, whose name still says what I saw.
    _views(page)
    harness.choose(page, "Save “ours”")
    dialog = _dialog(page, "Somebody saved this view meanwhile")
    save = dialog.get_by_role("button", name="Save mine as the newest")
    expect(save).to_be_enabled()
    save.click()
    expect(dialog).to_have_count(0)
    found = named(store, "ours")
    assert (found.number, found.spec.filter) == (2, "score > 0.9")


def test_a_conflict_is_saved_under_another_name(
    page: Page, opened: Callable[..., str], store: Store, watch: Watch
) -> None:
    watch.allow("409")
    opened(f"&filter={quote(MISTAKES)}")
    _save_as(page, "mine")
    store.save_view(named(store, "mine").spec.with_(filter="id > 3"), "mine")
    harness.filter_rows(page, "score > 0.9")
    _views(page)
    harness.choose(page, "Save “mine”")
    dialog = _dialog(page, "Somebody saved this view meanwhile")
    dialog.get_by_label("Another name").fill("mine too")
    dialog.get_by_role("button", name="Save under another name").click()
    expect(page.locator(".view-name")).to_have_text("mine too")
    assert (named(store, "mine").spec.filter, named(store, "mine too").spec.filter) == ("id > 3", "score > 0.9")
    # A name that is taken is no conflict to be resolved: another is asked for.
    _views(page)
    harness.choose(page, "Save under another name…")
    dialog = _dialog(page, "Save this view")
    dialog.get_by_label("Name").fill("mine")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is a view “mine” already")


def test_a_view_is_renamed_and_described(page: Page, opened: Callable[..., str], store: Store) -> None:
    """VIEW-8: the log keeps its name, people see the title; what is changed meanwhile is not saved with it."""
    opened(f"&filter={quote(MISTAKES)}")
    _save_as(page, "wrong")
    harness.filter_rows(page, "score > 0.9")
    _views(page)
    harness.choose(page, "Name and description…")
    dialog = _dialog(page, "Name and description")
    dialog.get_by_label("Name").fill("What the model gets wrong")
    dialog.get_by_label("What it is for").fill("For the paper")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".view-name")).to_have_text("What the model gets wrong")
    found = named(store, "wrong")
    assert (found.name, found.title, found.description) == ("wrong", "What the model gets wrong", "For the paper")
    assert found.spec.filter == MISTAKES
    expect(page.locator(".btn.views .changed")).to_be_visible()
    _views(page)
    harness.choose(page, "Back to what was saved")
    harness.wait_until(page, f"() => new URLSearchParams(location.search).get('filter') === '{MISTAKES}'")


def test_a_server_that_only_reads_says_what_to_do(page: Page, opened: Callable[..., str], watch: Watch) -> None:
    watch.allow("409")
    opened(read_only=True)
    _views(page)
    harness.choose(page, "Save this view…")
    dialog = _dialog(page, "Save this view")
    page.keyboard.type("mine")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("--read-only")


def test_a_shared_view_is_a_link_a_command_and_python(
    page: Page, opened: Callable[..., str], store: Store, context: BrowserContext, serve: Servers
) -> None:
    """VIEW-2, VIEW-7: link and command pin the version, and show the same rows in another server and program."""
    place = {**SOURCE["tables"][0], "version": "latest"}  # type: ignore[dict-item]
    opened()
    source = quote(json.dumps({"kind": "table", "tables": [place]}))
    page.goto(f"{page.url.partition('?')[0]}?source={source}&filter={quote(MISTAKES)}&height=%22l%22")
    harness.wait_rows(page)
    rows = harness.row_count(page)
    page.get_by_role("button", name="Share").click()
    dialog = _dialog(page, "Share this view")
    link = dialog.get_by_label("Link", exact=True).input_value()
    query = parse_qs(urlsplit(link).query)
    assert json.loads(query["source"][0])["tables"][0]["version"] == "v1"
    command = dialog.get_by_label("Command", exact=True).inner_text()
    words = shlex.split(command)
    assert words[:2] == ["wbtable", "view"]
    python = dialog.get_by_label("Python", exact=True).inner_text()
    done = subprocess.run(
        [sys.executable, "-c", f"{python}\nprint(len(view))"], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) == rows
    # The command's view, in a server of its own, which knows nothing of this one.
    from wbtable.query.view_link import view_of_link

    view = view_of_link(words[words.index("--view") + 1]).to_json()
    other = serve.server(words[2], view=view)
    fresh = context.new_page()
    harness.open_table(fresh, other.url)
    assert harness.row_count(fresh) == rows
    expect(fresh.locator(".pills")).to_contain_text(MISTAKES)
    assert fresh.locator(".grid .row").first.bounding_box()["height"] > 100  # type: ignore[index]


def test_a_panel_stays_as_it_was_left(page: Page, opened: Callable[..., str], store: Store) -> None:
    """VIEW-11: kept for the user in the store; the address of the panel alone brings it back; Reset resets it."""
    origin = opened("&panel=one")
    with page.expect_response(lambda answer: answer.url.endswith("/api/state") and answer.request.method == "POST"):
        harness.filter_rows(page, MISTAKES)
    kept = panel_state.read_state(store, PROJECT, "one")
    assert kept is not None
    assert (kept["filter"], "source" in kept) == (MISTAKES, False)
    harness.open_table(page, f"{origin}/?source={quote(json.dumps(SOURCE))}&panel=one")
    expect(page.locator(".pills")).to_contain_text(MISTAKES)
    # Another panel of the same table, and the artifact itself, begin with nothing.
    for query in ("&panel=other", ""):
        harness.open_table(page, f"{origin}/?source={quote(json.dumps(SOURCE))}{query}")
        assert harness.row_count(page) == 24
    # What the address says beats what was kept.
    harness.open_table(page, f"{origin}/?source={quote(json.dumps(SOURCE))}&panel=one&filter=id+%3E+20")
    assert harness.row_count(page) == 3


def test_a_store_that_only_reads_leaves_it_to_the_browser(
    page: Page, opened: Callable[..., str], store: Store, watch: Watch
) -> None:
    """VIEW-11: the browser remembers where the store may not."""
    watch.allow("409")
    origin = opened("&panel=two", read_only=True)
    harness.filter_rows(page, MISTAKES)
    harness.wait_until(page, "() => Object.keys(localStorage).some((key) => key.startsWith('wbtable-panel:'))")
    assert panel_state.read_state(store, PROJECT, "two") is None
    harness.open_table(page, f"{origin}/?source={quote(json.dumps(SOURCE))}&panel=two")
    expect(page.locator(".pills")).to_contain_text(MISTAKES)


def test_a_deleted_version_is_still_shown_by_its_view(page: Page, opened: Callable[..., str], store: Store) -> None:
    """VIEW-9: what was saved keeps its rows."""
    import datetime as dt

    origin = opened(f"&filter={quote(MISTAKES)}")
    rows = harness.row_count(page)
    _save_as(page, "kept")
    # What this page may still be asking of the version is none of this.
    page.goto("about:blank")
    store.artifact(f"{PROJECT}/predictions:v0").delete(delete_aliases=True)
    store.gc(dt.timedelta(0), dry_run=False)
    harness.open_table(page, f"{origin}/?named={quote(json.dumps({'project': PROJECT, 'name': 'kept'}))}")
    assert harness.row_count(page) == rows
