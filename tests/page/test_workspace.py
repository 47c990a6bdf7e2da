"""The pages of a store: projects, runs beside their curves, what differs, their tables as one, one run."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness, workspace_store
from wbtable.artifacts.store import create_store
from wbtable.runs.filtering import matching
from wbtable.viewer.run_index import RunIndex

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.page.harness import Servers, Watch
    from wbtable.viewer.server import Server


expect.set_options(timeout=harness.PATIENCE)


LISTED = [i for i in range(11, -1, -1) if i != 5]
"""The numbers of the runs that can be read, the newest first."""


@pytest.fixture(scope="module")
def server(serve: Servers, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Serve a store with twelve runs: one failed, one damaged, and one more that crashed."""
    store = workspace_store.workspace(tmp_path_factory.mktemp("workspace") / "store")
    workspace_store.add_run(
        store, "digits", "gone", number=50, name="went away", rows=workspace_store.learning(0.05), exit_code=None
    )
    workspace_store.damage(store, "runs/run005/attempts")
    return serve.server(None, store=store.url)


def show(page: Page, server: Server, address: str) -> None:
    """Show a page of the store; return once it has what it begins with."""
    page.goto(f"{server.origin}{address}#token={server.state.sessions.token}")
    expect(page.locator("main")).to_be_visible()


def of(*ids: str) -> str:
    """Return chosen runs as the address has them."""
    return quote(json.dumps(ids))


def row(page: Page, name: str) -> Locator:
    """Return the row of a run in the list."""
    return page.locator(".runs-table tbody tr").filter(has=page.get_by_role("link", name=name, exact=True))


def panel(page: Page, key: str) -> Locator:
    """Return the panel of a curve."""
    return page.locator("article.curve").filter(has=page.get_by_role("heading", name=key, exact=True))


def test_the_first_page_says_what_is_there(page: Page, server: Server) -> None:
    harness.enter(page, server.url)
    project = page.locator(".project")
    expect(project.get_by_role("heading", name="digits")).to_be_visible()
    expect(project).to_contain_text("13 runs")
    expect(project).to_contain_text("14 artifacts")
    expect(project).to_contain_text("1 crashed")
    expect(project).to_contain_text("1 damaged")
    expect(project).to_contain_text("went away")
    project.get_by_role("link", name="digits", exact=True).click()
    expect(page.locator(".tabs [aria-current=page]")).to_have_text("Runs 13")
    page.go_back()
    expect(page.locator(".project")).to_be_visible()


def test_an_empty_store_says_what_to_do(page: Page, serve: Servers, tmp_path: Path) -> None:
    store = create_store(tmp_path / "empty")
    harness.enter(page, serve(None, store=store.url))
    expect(page.get_by_role("heading", name="This store is empty")).to_be_visible()
    expect(page.get_by_label("Python that logs a run", exact=True)).to_contain_text("wbtable.init(project=")
    workspace_store.add_run(store, "mine", "a", rows=[{"loss": 1.0}])
    page.get_by_role("button", name="Look again").click()
    expect(page.locator(".project")).to_contain_text("1 run")


def test_the_snippet_of_the_empty_store_runs(page: Page, serve: Servers, tmp_path: Path) -> None:
    store = create_store(tmp_path / "empty")
    harness.enter(page, serve(None, store=store.url))
    text = page.get_by_label("Python that logs a run", exact=True).inner_text()
    exec(compile(text, "snippet", "exec"), {})
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("link", name="my-project", exact=True).click()
    expect(panel(page, "loss").locator(".uplot")).to_be_visible()
    assert len(store.runs("my-project")) == 1


def test_runs_show_with_their_states_and_the_newest_are_drawn(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits")
    expect(page.locator(".status")).to_contain_text("13 runs")
    expect(page.locator(".runs-table tbody th")).to_have_text(["went away", *(f"trial {i}" for i in LISTED), "run005"])
    expect(row(page, "went away").locator(".run-state")).to_have_attribute(
        "title", re.compile("^Crashed: it was heard")
    )
    expect(row(page, "trial 3").locator(".run-state")).to_have_class(re.compile("is-failed"))
    damaged = page.locator("tr.is-damaged")
    expect(damaged).to_contain_text("run005")
    expect(damaged).to_contain_text("cannot be read")
    expect(page.locator(".status")).to_contain_text("10 chosen")
    for key in ("loss", "lr", "val/acc", "epoch"):
        expect(panel(page, key).locator(".uplot")).to_be_visible()


def test_choosing_by_box_changes_what_is_drawn_and_the_address(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits")
    page.get_by_role("button", name="Choose none").click()
    expect(page.get_by_role("heading", name="No run is chosen")).to_be_visible()
    for name in ("trial 1", "trial 2"):
        page.get_by_label(f"Choose {name}", exact=True).check()
    expect(panel(page, "loss").locator(".plot")).to_have_attribute("aria-label", re.compile("loss over step, 2 curves"))
    chosen = json.loads(parse_qs(urlsplit(page.url).query)["runs"][0])
    assert chosen == ["run001", "run002"]
    page.reload()
    expect(page.get_by_label("Choose trial 2", exact=True)).to_be_checked()
    expect(page.locator(".status")).to_contain_text("2 chosen")
    # What was chosen is there again without it in the address, until it is reset.
    page.goto(f"{server.origin}/?project=digits")
    expect(page.locator(".status")).to_contain_text("2 chosen")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".status")).to_contain_text("10 chosen")


def test_a_filter_by_keyboard_proposes_names_and_picks_runs(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits")
    expect(panel(page, "loss")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Filter runs")).to_be_focused()
    page.keyboard.type("config.opt")
    proposed = page.get_by_role("listbox", name="Names").get_by_role("option")
    expect(proposed).to_have_text(["config.optimizer.namestring"])
    harness.press(page, "ArrowDown", "Enter")
    page.keyboard.type('== "adam" and summary.loss < 0.5')
    harness.press(page, "Escape", "Enter")
    expect(page.locator(".status")).to_contain_text("2 runs of 13")
    expect(page.locator(".runs-table tbody th")).to_have_text(["trial 9", "trial 1"])
    assert _runs(server, 'config.optimizer.name == "adam" and summary.loss < 0.5') == ["run001", "run009"]


def _runs(server: Server, text: str) -> list[str]:
    """Return what Python finds; the damaged run is left out."""
    known = RunIndex(server.state.opener.store).runs("digits")
    return sorted(run.id for run in matching([run.info for run in known if run.info], text))


def test_a_wrong_filter_says_where_and_shows_all_runs(page: Page, server: Server, watch: Watch) -> None:
    watch.allow("400")
    show(page, server, f"/?project=digits&filter={quote('confg.lr > 1')}")
    alert = page.locator("#run-wrong")
    expect(alert).to_contain_text("did you mean 'config'")
    expect(alert.locator("mark")).to_have_text("confg.lr")
    expect(page.locator(".runs-table tbody tr")).to_have_count(13)
    page.get_by_role("button", name="Remove the filter").click()
    expect(alert).to_have_count(0)
    page.goto(f"{server.origin}/?project=digits&filter={quote('config.lrr > 1')}")
    expect(page.get_by_role("heading", name="No run matches")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="did you mean 'lr'")).to_be_visible()


def test_the_table_sorts_by_any_column(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits&show=table")
    head = page.get_by_role("columnheader", name="summary loss")
    values = {
        i: workspace_store.learning(workspace_store.RATES[i % 4], noise=0.01 * (i % 3))[-1]["loss"] for i in LISTED
    }
    rising = [f"trial {i}" for i in sorted(LISTED, key=lambda i: values[i])]
    head.get_by_role("button").click()
    # What has no value, or cannot be read, is last both ways.
    expect(page.locator(".runs-table tbody th")).to_have_text([*rising, "went away", "run005"])
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    expect(page.locator(".runs-table tbody th")).to_have_text([*rising[::-1], "went away", "run005"])
    expect(head).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name=re.compile("^Columns")).click()
    page.get_by_role("dialog").get_by_label(re.compile("^summary.loss")).uncheck()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(head).to_have_count(0)


def test_curves_have_numbers_beside_them_equal_to_pythons(page: Page, server: Server) -> None:
    show(page, server, f"/?project=digits&runs={of('run001')}")
    loss = panel(page, "loss")
    loss.get_by_role("button", name="Values of loss as a table").click()
    cells = loss.locator("tbody tr").first.locator("td, th").all_inner_texts()
    values = [value["loss"] for value in workspace_store.learning(0.03, noise=0.01)]
    assert cells[0].strip() == "trial 1"
    assert [float(cells[i]) for i in (1, 2)] == pytest.approx([values[0], values[-1]], rel=1e-5)
    assert float(cells[3]) == pytest.approx(min(values), rel=1e-5)
    assert cells[4] == f"step {values.index(min(values))}"
    assert cells[7] == "40"


def test_a_curve_is_read_by_the_keyboard(page: Page, server: Server) -> None:
    show(page, server, f"/?project=digits&runs={of('run000', 'run004')}")
    plot = panel(page, "loss").locator(".plot")
    expect(plot.locator(".uplot")).to_be_visible()
    plot.focus()
    harness.press(page, "Home", "ArrowRight")
    said = panel(page, "loss").get_by_role("status")
    expect(said).to_contain_text(re.compile(r"^step 1: trial \d 0\.\d+, trial \d 0\.\d+$"))
    harness.press(page, "End")
    expect(said).to_contain_text("step 39:")
    expect(panel(page, "loss").locator(".curve-tip")).to_contain_text("step 39")


def test_curves_are_smoothed_grouped_searched_and_drawn_over_other_axes(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits")
    expect(panel(page, "loss").locator(".uplot")).to_be_visible()
    page.get_by_label("Group by").select_option("config.optimizer.name")
    expect(page.get_by_role("list", name="Groups").get_by_role("listitem").first).to_have_text("adam (4)")
    page.get_by_role("slider").fill("0.9")
    harness.wait_until(page, "() => new URLSearchParams(location.search).get('smooth') === '0.9'")
    page.get_by_role("combobox", name="Over").select_option("epoch")
    expect(panel(page, "val/acc").locator(".plot")).to_have_attribute("aria-label", re.compile("over epoch"))
    page.get_by_role("combobox", name="Over").select_option("_runtime")
    page.get_by_role("button", name="Log scale").click()
    page.get_by_label("Find a curve").fill("val")
    expect(page.locator("article.curve")).to_have_count(1)
    page.get_by_role("button", name="Enlarge val/acc").click()
    expect(page.get_by_role("dialog").locator(".uplot")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Find a curve").fill("nothing")
    expect(page.get_by_role("heading", name="No curve has this in its name")).to_be_visible()


def test_what_differs_stands_side_by_side(page: Page, server: Server) -> None:
    show(page, server, f"/?project=digits&show=differences&runs={of('run000', 'run001', 'run004')}")
    table = page.locator("table.differences")
    expect(table.get_by_role("row", name=re.compile("^optimizer.name"))).to_contain_text("sgd")
    expect(table.get_by_role("row", name=re.compile("^seed"))).to_have_count(0)
    page.get_by_label("Only what differs").uncheck()
    expect(table.get_by_role("row", name=re.compile("^seed"))).to_be_visible()
    odd = table.locator("td.is-odd")
    expect(odd.filter(has_text="adam")).to_have_count(1)


def test_tables_of_runs_open_as_one_in_the_runs_colours(page: Page, server: Server) -> None:
    show(page, server, f"/?project=digits&show=tables&runs={of('run001', 'run002')}")
    page.get_by_label("Choose trial 4", exact=True).check()
    page.get_by_label("Choose trial 1", exact=True).uncheck()
    card = page.locator(".card").filter(has=page.get_by_role("heading", name="predictions"))
    expect(card).to_contain_text("in 2 of 2 chosen runs")
    colours = [str(dot.get_attribute("class")) for dot in card.locator(".chips .run-dot").all()]
    card.get_by_role("link", name="Open all 2 as one").click()
    harness.wait_rows(page)
    assert harness.row_count(page) == 24
    assert harness.columns(page)[:2] == ["run", "step"]
    marks = page.locator(".grid .run-mark")
    expect(marks.first).to_have_text("trial 2")
    shown = {str(dot.get_attribute("class")) for dot in page.locator(".grid .row .run-dot").all()}
    assert shown == set(colours)
    harness.filter_rows(page, 'run == "run004"')
    expect(marks.first).to_have_text("trial 4")
    # The way back leads to the same runs.
    page.get_by_role("link", name="2 runs").click()
    expect(page.locator(".status")).to_contain_text("2 chosen")


def test_one_run_says_everything_about_itself(page: Page, server: Server) -> None:
    show(page, server, "/?project=digits&run=run000")
    expect(page.get_by_role("heading", name="trial 0")).to_be_visible()
    head = page.locator(".page-head")
    for text in ("finished", "41 steps", "Group even", "first", "Long ago."):
        expect(head).to_contain_text(text)
    expect(page.get_by_role("row", name="optimizer.name sgd")).to_be_visible()
    expect(page.get_by_role("row", name="val/acc 0.98988")).to_be_visible()
    expect(page.get_by_role("row", name="command train.py")).to_be_visible()
    tabs = page.get_by_role("navigation", name="Parts of the run")
    tabs.get_by_role("link", name="Curves").click()
    expect(panel(page, "loss").locator(".uplot")).to_be_visible()
    tabs.get_by_role("link", name="Artifacts").click()
    expect(page.get_by_role("link", name="digits/pictures:v0")).to_be_visible()
    expect(page.get_by_role("link", name="digits/model:v0")).to_be_visible()
    tabs.get_by_role("link", name="Tables").click()
    expect(page.locator(".card")).to_contain_text("logged at step 40")
    page.locator(".card").get_by_role("link", name="Open", exact=True).click()
    harness.wait_rows(page)
    assert harness.row_count(page) == 12


def test_pictures_that_a_run_logged_are_looked_at_step_by_step(page: Page, serve: Servers, tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    for name in ("one", "other"):
        with wbtable.init(project="p", id=name, name=name, store=store) as run:
            for step in range(3):
                picture = np.full((8, 8, 3), 80 * step, np.uint8)
                run.log({"loss": 1 / (1 + step), "seen": wbtable.Image(picture, caption=f"{name} {step}")})
    begin, token = serve(None, store=store.url).split("#")
    page.goto(f"{begin}?project=p&run=one#{token}")
    page.get_by_role("link", name="seen image").click()
    harness.wait_rows(page)
    assert harness.columns(page) == ["run", "step", "seen"]
    assert harness.row_count(page) == 3
    expect(page.locator(".grid .row img").first).to_be_visible(timeout=harness.PATIENCE)
    page.goto(f"{begin}?project=p&show=tables#{token}")
    card = page.locator(".card").filter(has=page.get_by_role("heading", name="seen"))
    card.get_by_role("link", name="Open all 2 as one").click()
    harness.wait_rows(page)
    assert harness.row_count(page) == 6
    harness.filter_rows(page, "step == 2")
    assert harness.row_count(page) == 2


def test_runs_that_ended_badly_say_so(page: Page, server: Server, watch: Watch) -> None:
    show(page, server, "/?project=digits&run=gone")
    expect(page.get_by_role("note")).to_contain_text("did not say that it ended. What it had logged is here.")
    page.goto(f"{server.origin}/?project=digits&run=run003")
    expect(page.get_by_role("note")).to_contain_text("ended with an error (exit code 1)")
    watch.allow("422", "404")
    page.goto(f"{server.origin}/?project=digits&run=run005")
    expect(page.get_by_role("alert")).to_contain_text("The run cannot be read")
    page.goto(f"{server.origin}/?project=digits&run=none")
    expect(page.get_by_role("heading", name="There is no such run")).to_be_visible()
    page.goto(f"{server.origin}/?project=digts")
    expect(page.get_by_role("heading", name="There is no such project")).to_be_visible()


def test_names_of_a_hostile_store_are_text(page: Page, serve: Servers, tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    evil = '<img src=x onerror="document.title=1">'
    rows = [{evil: 1.0, "a`b": 2.0, "\u202eabc": 3.0}, {evil: 2.0, "a`b": float("nan"), "\u202eabc": float("inf")}]
    for i in range(2):
        config = {evil: {evil: evil * i}, "x y": i}
        workspace_store.add_run(
            store, "p&q=1#", f"r{i}", number=i, name=f"{evil} {i}", config=config, rows=rows, group=evil
        )
    server = serve.server(None, store=store.url)
    show(page, server, "/?projects=all")
    page.get_by_role("link", name="p&q=1#", exact=True).click()
    expect(page.locator("article.curve h3").first).to_have_text(evil)
    expect(panel(page, "a`b")).to_contain_text("2 not finite, not drawn")
    for shown in ("Table", "Differences"):
        page.get_by_role("button", name=shown, exact=True).click()
        expect(page.locator("th").filter(has_text="x y").first).to_be_visible()
    page.get_by_role("combobox", name="Filter runs").fill("config.`x y` == 1")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator(".status")).to_contain_text("1 run of 2")
    page.get_by_role("link", name=f"{evil} 1", exact=True).first.click()
    expect(page.locator(".page-head")).to_contain_text(evil)
    assert page.locator("img[src=x]").count() == 0
    assert "wbtable" in page.title()
