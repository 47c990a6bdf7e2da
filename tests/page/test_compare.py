"""Comparisons in the page: sides and keys, what is counted and shown of each row and column, tables side by side."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tests.page.compare_store import PROJECT, compare_store, table

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.page.harness import Servers


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the store."""
    folder = tmp_path_factory.mktemp("compare") / "store"
    compare_store(folder)
    return folder


def place(artifact: str, version: str, path: str = "table.table.json") -> dict[str, str]:
    """Return where a table is."""
    return {"project": PROJECT, "artifact": artifact, "version": version, "path": path}


def compared(*tables: dict[str, str], mode: str = "join", key: tuple[str, ...] = ("id",), how: str = "outer") -> Any:
    """Return the source of a comparison."""
    return {"kind": "compare", "tables": list(tables), "key": list(key), "mode": mode, "how": how}


def show(page: Page, serve: Servers, store: Path, source: Any, **parts: Any) -> None:
    """Open a source."""
    server = serve.server(f"{PROJECT}/rows:v0", store=store)
    harness.open_table(page, server.url)
    query = {"source": source, **parts}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
    page.goto(f"{server.origin}/?" + "&".join(f"{name}={quote(value)}" for name, value in texts.items()))


def merged(page: Page, serve: Servers, store: Path, artifact: str = "rows", **parts: Any) -> None:
    """Show two versions, merged."""
    show(page, serve, store, compared(place(artifact, "v0"), place(artifact, "v1")), **parts)
    expect(page.locator(".tally")).to_be_visible(timeout=harness.PATIENCE)
    harness.wait_rows(page)


def source_of(page: Page) -> Any:
    """Return the source that the address has."""
    return json.loads(parse_qs(urlsplit(page.url).query)["source"][0])


def sides(page: Page) -> Locator:
    """Return the tables side by side, once both are there."""
    harness.wait_until(
        page,
        """() => { const panes = [...document.querySelectorAll('.side-pane')];
          return panes.length > 1 && panes.every((pane) => pane.querySelector('[data-rows]').dataset.rows
            && pane.querySelector('.grid').ariaBusy === 'false' && pane.querySelector('.row .cell')
            && !pane.querySelector('.row .cell[aria-busy=true]')); }""",
    )
    return page.locator(".side-pane")


def python(store: Path, artifact: str = "rows", key: str = "id") -> Any:
    """Return the comparison of two versions."""
    opened = wbtable.Store(store)
    names = [f"{PROJECT}/{artifact}:{version}" for version in ("v0", "v1")]
    return wbtable.compare([opened.artifact(name).only_table() for name in names], key=key)


def test_rows_are_counted_and_each_count_shows_its_rows(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store)
    counts = python(store).counts
    for kind in ("added", "removed", "changed", "equal"):
        button = page.locator(f".tally-of.is-{kind}")
        expect(button.locator("b")).to_have_text(str(getattr(counts, kind)))
        button.click()
        harness.wait_until(page, "(text) => location.search.includes(text)", quote(f'"{kind}"', safe=""))
        assert harness.row_count(page) == getattr(counts, kind) > 0
        assert set(harness.cells(page, "_change")) == {f"{button.locator('.sign').inner_text()}{kind}"}
        button.click()
        harness.wait_until(page, "() => !location.search.includes('filter')")
        harness.wait_rows(page)


def test_only_changed_rows_is_in_the_address_and_back_undoes_it(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store)
    counts = python(store).counts
    box = page.get_by_label("Only changed rows")
    box.check()
    harness.wait_until(page, "() => location.search.includes('_change')")
    assert harness.row_count(page) == counts.added + counts.removed + counts.changed
    page.reload()
    expect(box).to_be_checked(timeout=harness.PATIENCE)
    assert harness.row_count(page) == counts.added + counts.removed + counts.changed
    page.go_back()
    expect(box).not_to_be_checked(timeout=harness.PATIENCE)
    assert harness.row_count(page) == counts.rows


def test_cells_show_both_values_and_mark_what_changed(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store)
    assert harness.columns(page)[:4] == ["id", "_change", "●◆score", "●◆text"]
    # Row 0 is on side 0 only: a row that a side lacks has no value there, which is not null.
    first = harness.cell(page, 0, "score")
    expect(first.locator(".side-line .t")).to_have_text(["0", "—"])
    expect(first).not_to_have_class(re.compile("is-changed"))
    # 2 is equal, 4 changed by a quarter.
    expect(harness.cell(page, 2, "score").locator(".is-same")).to_have_text("=1")
    changed = harness.cell(page, 4, "score")
    expect(changed).to_have_class(re.compile("is-changed"))
    expect(changed.locator(".side-line .t")).to_have_text(["2", "2.25"])
    expect(changed.locator(".delta")).to_have_text("Δ +0.25")
    expect(changed.locator(".mark")).to_have_text(["●", "◆"])


def test_columns_on_one_side_and_of_other_types_say_so(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store)
    expect(page.locator(".hcell", has_text="only_left").locator(".hfacts")).to_contain_text("only on side 0")
    retyped = page.locator(".hcell", has_text="kind").locator(".hfacts")
    expect(retyped).to_contain_text("retyped: int64 → string")
    kind = harness.cell(page, 2, "kind")
    expect(kind.locator(".side-line .t")).to_have_text(["2", "n2"])
    expect(kind).not_to_have_class(re.compile("is-changed"))
    page.keyboard.press("w")
    panel = page.locator(".panel")
    expect(panel.locator("li", has_text="kind")).to_contain_text("not comparable")
    expect(panel.locator("li", has_text="only_right")).to_contain_text("not on all sides")
    [score] = [change for change in python(store).changes if change.name == "score"]
    panel.locator("button.difference", has_text="score").click()
    harness.wait_until(page, "() => location.search.includes('1.score')")
    assert harness.row_count(page) == score.changed


def test_duplicates_and_nulls_among_the_keys_are_said(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store, "doubled")
    line = page.locator(".compare")
    expect(line).to_contain_text("● 1 row has the key of an earlier row")
    expect(line).to_contain_text("● 1 row has no key")
    expect(line).not_to_contain_text("suggested")


def test_texts_are_compared_on_demand(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store)
    harness.cell(page, 5, "text").click()
    page.keyboard.press(" ")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("del")).to_have_text("quick", timeout=harness.PATIENCE)
    expect(dialog.locator("ins")).to_have_text("slow")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_the_key_and_the_rows_are_chosen(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store)
    expect(page.locator(".compare")).to_contain_text("suggested", timeout=harness.PATIENCE)
    page.get_by_role("button", name="Rows all").click()
    harness.choose(page, "Rows on all sides (inner)")
    harness.wait_until(page, "() => location.search.includes('inner')")
    assert harness.row_count(page) == python(store).counts.changed + python(store).counts.equal
    page.locator(".compare").get_by_role("button", name="Key").click()
    harness.choose(page, "text")
    harness.wait_until(page, "() => location.search.includes('%22text%22')")
    assert source_of(page)["key"] == ["text"]
    by_text = python(store, key="text").counts
    assert by_text != python(store).counts
    expect(page.locator(".tally-of.is-removed b")).to_have_text(str(by_text.removed), timeout=harness.PATIENCE)
    page.go_back()
    page.go_back()
    harness.wait_until(page, "() => location.search.includes('outer')")
    assert harness.row_count(page) == python(store).counts.rows


def test_without_a_key_tables_stand_one_after_another(page: Page, serve: Servers, store: Path) -> None:
    show(page, serve, store, {"kind": "table", "tables": [place("rows", "v0")]})
    harness.wait_rows(page)
    page.get_by_role("button", name="Compare", exact=True).click()
    page.locator(".pick", has_text="keyless:v0").click()
    harness.wait_until(page, "() => location.search.includes('concat')")
    expect(page.locator(".compare")).to_contain_text("No column names the rows of all tables", timeout=harness.PATIENCE)
    assert harness.row_count(page) == 23
    assert harness.cells(page, "_table", 1) == ["●0rows:v0"]


def test_a_filter_stays_as_far_as_it_means_something(page: Page, serve: Servers, store: Path) -> None:
    show(page, serve, store, {"kind": "table", "tables": [place("rows", "v0")]}, sort=[{"expression": "score"}])
    harness.wait_rows(page)
    harness.filter_rows(page, "id > 3")
    page.keyboard.press("Escape")
    page.locator(".grid").focus()
    page.keyboard.press("v")
    page.locator(".pick", has_text="rows:v1").click()
    expect(page.locator(".tally")).to_be_visible(timeout=harness.PATIENCE)
    assert harness.row_count(page) == python(store).view(filter="id > 3").to_arrow(columns=["id"]).num_rows
    assert json.loads(parse_qs(urlsplit(page.url).query)["sort"][0]) == [{"expression": "0.score"}]
    page.locator(".tally-of.is-added").click()
    harness.wait_until(page, "() => location.search.includes('added')")
    page.get_by_label("Take away side 1, rows:v1").click()
    harness.wait_until(page, "() => !location.search.includes('%22mode%22')")
    assert parse_qs(urlsplit(page.url).query)["filter"] == ["id > 3"]
    assert harness.row_count(page) == 16


def test_sides_are_added_turned_and_taken_away(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store)
    page.get_by_role("button", name="+ Add").click()
    page.locator(".pick.run-of", has_text="steps").click()
    page.locator(".pick-list.inner .pick", has_text="step 1").click()
    expect(page.locator(".side-chip")).to_have_count(3, timeout=harness.PATIENCE)
    harness.wait_rows(page)
    expect(harness.cell(page, 2, "score").locator(".mark.same")).to_have_count(1)
    expect(page.locator(".side-chip.side-2")).to_contain_text("step 1")
    page.get_by_role("button", name="Turn the sides round").click()
    expect(page.locator(".side-chip.side-2")).to_contain_text("rows:v0")
    page.locator(".side-chip.side-0").get_by_role("button", name="Take away").click()
    expect(page.locator(".side-chip")).to_have_count(2)
    assert [one["version"] for one in source_of(page)["tables"]] == ["v1", "v0"]


def test_the_slider_steps_over_what_a_run_logged(page: Page, serve: Servers, store: Path) -> None:
    show(page, serve, store, {"kind": "table", "tables": [place("rows", "v0")]})
    harness.wait_rows(page)
    page.keyboard.press("v")
    page.locator(".pick.run-of", has_text="steps").click()
    page.locator(".pick-list.inner .pick", has_text="step 0").click()
    chip = page.locator(".side-chip.side-1")
    expect(chip).to_contain_text("step 0", timeout=harness.PATIENCE)
    chip.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(chip.locator(".step-label")).to_have_text("step 2")
    harness.wait_until(page, "() => decodeURIComponent(location.search).includes('\"v2\"')")
    harness.wait_rows(page)
    value = page.locator(".hcell", has_text="value").locator(".hextent span").last
    expect(value).to_have_text("15", timeout=harness.PATIENCE)


def test_one_table_steps_through_its_versions(page: Page, serve: Servers, store: Path) -> None:
    show(page, serve, store, {"kind": "table", "tables": [place("rows", "v0")]})
    harness.wait_rows(page)
    assert harness.row_count(page) == 20
    page.get_by_role("button", name="Later version, the table").click()
    harness.wait_until(page, "() => decodeURIComponent(location.search).includes('\"v1\"')")
    assert harness.row_count(page) == 23
    page.go_back()
    harness.wait_until(page, "() => decodeURIComponent(location.search).includes('\"v0\"')")
    assert harness.row_count(page) == 20


def test_names_of_sides_are_completed(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store)
    page.keyboard.press("/")
    expect(page.locator(".toolbar .cm-content")).to_be_focused(timeout=harness.PATIENCE)
    for text, offered in (("1.on", "only_right"), ("*.sc", "score"), ("sco", "score"), ("_change == ", '"added"')):
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(text)
        options = page.locator(".cm-tooltip-autocomplete li", has_text=offered)
        expect(options.first).to_be_visible(timeout=harness.PATIENCE)
        page.keyboard.press("Escape")


def test_grouped_cells_have_bars_of_both_sides_that_lead_to_their_rows(page: Page, serve: Servers, store: Path) -> None:
    merged(page, serve, store, group=["_change"])
    harness.wait_rows(page)
    cell = harness.cell(page, 1, "score")
    expect(cell.locator(".pair-bars path.side-0")).to_be_attached()
    expect(cell.locator(".pair-bars path.side-1")).to_be_attached()
    box = cell.locator("svg").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.42, box["y"] + box["height"] - 2)
    harness.wait_until(page, "() => /[01]\\.score/.test(location.search)")
    assert harness.row_count(page) > 0
    page.go_back()
    harness.wait_until(page, "() => location.search.includes('group')")


def test_side_by_side_in_tandem_or_each_for_itself(page: Page, serve: Servers, store: Path) -> None:
    show(page, serve, store, compared(place("rows", "v0"), place("rows", "v1"), mode="side_by_side"))
    panes = sides(page)
    panes.nth(1).locator(".cell[data-column]").first.click()
    harness.filter_rows(page, "id > 10")
    expect(panes.nth(0).locator("[data-rows]")).to_have_text("9 rows of 20")
    expect(panes.nth(1).locator("[data-rows]")).to_have_text("14 rows of 23")
    page.get_by_label("In tandem").uncheck()
    panes.nth(0).locator(".cell[data-column]").first.click()
    harness.filter_rows(page, "id > 18")
    expect(panes.nth(0).locator("[data-rows]")).to_have_text("1 row of 20")
    expect(panes.nth(1).locator("[data-rows]")).to_have_text("14 rows of 23")
    page.reload()
    panes = sides(page)
    expect(panes.nth(0).locator("[data-rows]")).to_have_text("1 row of 20")
    expect(panes.nth(1).locator("[data-rows]")).to_have_text("14 rows of 23")
    page.get_by_label("In tandem").check()
    expect(panes.nth(1).locator("[data-rows]")).to_have_text("6 rows of 23", timeout=harness.PATIENCE)


def test_tables_side_by_side_scroll_together_or_freely(page: Page, serve: Servers, demo: Path) -> None:
    server = serve.server("fashion-mnist/baseline:v0", store=demo)
    harness.open_table(page, server.url)
    tables = [
        {"project": "fashion-mnist", "artifact": "baseline", "version": v, "path": "predictions.table.json"}
        for v in ("v0", "v4")
    ]
    page.goto(f"{server.origin}/?source={quote(json.dumps(compared(*tables, mode='side_by_side')))}")
    panes = sides(page)
    tops = "() => [...document.querySelectorAll('.side-pane .grid')].map((grid) => grid.scrollTop)"
    panes.nth(1).locator(".grid").hover()
    page.mouse.wheel(0, 900)
    harness.wait_until(page, f"() => {{ const [a, b] = ({tops})(); return b > 500 && a === b; }}")
    page.get_by_label("Scroll together").uncheck()
    panes.nth(0).locator(".grid").hover()
    page.mouse.wheel(0, 900)
    harness.wait_until(page, f"() => {{ const [a, b] = ({tops})(); return a > b + 500; }}")
    page.get_by_role("button", name="▭").click()
    first, second = (panes.nth(side).bounding_box() for side in (0, 1))
    assert first is not None
    assert second is not None
    assert second["y"] >= first["y"] + first["height"] - 1
    assert second["width"] == first["width"]
    page.reload()
    sides(page)
    expect(page.get_by_label("Scroll together")).not_to_be_checked()
    expect(page.locator(".sides-stage.is-stacked")).to_have_count(1)


def test_tables_opened_beside_each_other_are_compared(page: Page, serve: Servers, tmp_path: Path) -> None:
    table(["id", "x"], [(1, 1.0), (2, 2.0)]).write(str(tmp_path / "one"), "one")
    table(["id", "x"], [(1, 1.0), (2, 3.0)]).write(str(tmp_path / "one"), "two")
    harness.open_table(page, serve(tmp_path / "one"))
    page.keyboard.press("v")
    page.locator(".pick", has_text="two").click()
    expect(page.locator(".tally-of.is-changed b")).to_have_text("1", timeout=harness.PATIENCE)
    assert [one["url"] for one in source_of(page)["tables"]] == ["open:0", "open:1"]
    harness.wait_rows(page)
    expect(harness.cell(page, 1, "x").locator(".side-line .t")).to_have_text(["2", "3"])


def test_what_cannot_be_compared_says_what_to_do(page: Page, serve: Servers, store: Path, watch: Any) -> None:
    watch.allow("404", "400")
    show(page, serve, store, compared(place("rows", "v0"), place("rows", "v9")))
    alert = page.get_by_role("alert").filter(has_text="v9").first
    expect(alert).to_be_visible(timeout=harness.PATIENCE)
    show(page, serve, store, compared(place("rows", "v0"), place("keyless", "v0"), key=()))
    page.get_by_role("button", name="Put them one after another").click(timeout=harness.PATIENCE)
    harness.wait_until(page, "() => location.search.includes('concat')")
    assert harness.row_count(page) == 23
