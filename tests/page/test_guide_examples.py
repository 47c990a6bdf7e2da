"""The guide's questions about the further examples: each in at most six actions by mouse and again by keyboard alone.

Street scenes with masks of two models, prompts completed by two text models, films of a robot that learns. The answers
are Python's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

import wbtable
from examples import streets
from tests.page import harness
from tests.page.examples_store import examples_store
from tests.page.guide_steps import (
    MOST,
    Actions,
    compare_by_keyboard,
    compare_by_mouse,
    grouped,
    near,
    opening,
    same,
    scroll_to,
)
from tests.page.test_guide_table import computed, editing, sorted_down

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.page.harness import Servers

COLOUR, CONTEXT = (f"street-scenes/{name}:v0" for name in streets.MODELS)
SMALL, DOUBLED = "text-models/small:v0", "text-models/doubled:v0"
WALKS = "grid-world/walks:v2"
MISSED = (
    'mask_pixels(image, "ground_truth", "car") - mask_overlap(image, "ground_truth", "car", image, "prediction", "car")'
)
FEW = "success and level >= 3"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the examples."""
    return examples_store(tmp_path_factory.mktemp("examples") / "store")


@pytest.fixture
def opened(page: Page, serve: Servers, store: Path) -> Callable[[str], Actions]:
    """Open a table, and count what is done from then on."""
    return opening(page, serve, store)


def _table(store: Path, name: str) -> Any:
    return wbtable.Store(store).artifact(name).only_table()


# Which scenes have the most pixels that are false positives of sidewalk?


def _false_sidewalk(done: Actions, store: Path) -> None:
    name = "false_positive_sidewalk"
    sorted_down(done.page, name)
    rows = _table(store, COLOUR).view(sort=f"{name} desc").to_arrow(columns=["scene", name])
    same(done.page, "scene", rows["scene"].to_pylist())
    same(done.page, name, rows[name].to_pylist())
    assert done.number <= MOST


def test_false_positive_sidewalk_by_mouse(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(COLOUR)
    done.menu("false_positive_sidewalk")
    done.item("Sort descending")
    _false_sidewalk(done, store)


def test_false_positive_sidewalk_by_keyboard(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(COLOUR)
    done.walk("ArrowRight", streets.COLUMNS.index("false_positive_sidewalk"))
    done.press("d")
    _false_sidewalk(done, store)


# Which pixels of cars are missed, by the masks themselves?


def _missed_cars(done: Actions, store: Path) -> None:
    sorted_down(done.page, "column")
    rows = _table(store, CONTEXT).view(derive={"column": MISSED}, sort="column desc").to_arrow(
        columns=["scene", "column", "false_negative_car"]
    )  # fmt: skip
    assert rows["column"].to_pylist() == rows["false_negative_car"].to_pylist()
    same(done.page, "scene", rows["scene"].to_pylist())
    same(done.page, "column", rows["column"].to_pylist())
    assert done.number <= MOST


def test_missed_cars_of_the_masks_by_mouse(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(CONTEXT)
    done.menu("image")
    done.item("Insert column right")
    editing(done.page)
    done.write(MISSED)
    computed(done.page, "column")
    done.click(done.page.get_by_role("button", name="Descending"))
    _missed_cars(done, store)


def test_missed_cars_of_the_masks_by_keyboard(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(CONTEXT)
    done.press("i")
    editing(done.page)
    done.write(MISSED)
    done.press("Enter")
    computed(done.page, "column")
    expect(done.page.locator(".hcell:focus", has_text="column")).to_be_visible(timeout=harness.PATIENCE)
    done.press("d")
    _missed_cars(done, store)


# Where does the second model miss the most pixels of cars, and what did the first miss there?


def _both_miss(done: Actions, store: Path) -> None:
    name = "false_negative_car"
    harness.wait_until(done.page, "() => location.search.includes('sort=')")
    both = wbtable.compare([_table(store, COLOUR), _table(store, CONTEXT)], key="scene")
    rows = both.view(sort=f"1.{name} desc").to_arrow(columns=["scene", f"0.{name}", f"1.{name}"])
    harness.wait_rows(done.page)
    for row in range(2):
        lines = harness.cell(done.page, row, name).locator(".side-line .t")
        expect(lines).to_have_text([str(rows[f"{side}.{name}"][row]) for side in range(2)], timeout=harness.PATIENCE)
    for kind in ("added", "removed", "changed", "equal"):
        expect(done.page.locator(f".tally-of.is-{kind} b")).to_have_text(str(getattr(both.counts, kind)))
    assert done.number <= MOST


def test_missed_cars_of_both_models_by_mouse(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(COLOUR)
    compare_by_mouse(done, "context:v0")
    scroll_to(done, "false_negative_car")
    done.menu("false_negative_car")
    done.item("Sort by ◆ 1 descending")
    _both_miss(done, store)


def test_missed_cars_of_both_models_by_keyboard(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(COLOUR)
    compare_by_keyboard(done, "context:v0")
    # One column more than the tables have says what happened to a row.
    done.walk("ArrowRight", streets.COLUMNS.index("false_negative_car") + 1)
    expect(done.page.locator(".hcell:focus", has_text="false_negative_car")).to_be_visible(timeout=harness.PATIENCE)
    done.press("h")
    expect(done.page.get_by_role("menu")).to_be_visible()
    done.walk("ArrowDown", 3)
    done.press("Enter")
    _both_miss(done, store)


# By how much do the two models' wrong pixels differ, class by class?


def _by_class(done: Actions, store: Path) -> None:
    page = done.page
    expect(page.locator(".difference-of").first).to_be_visible(timeout=harness.PATIENCE)
    both = wbtable.compare([_table(store, COLOUR), _table(store, CONTEXT)], key="scene")
    wanted = {change.name for change in both.changes if change.changed and change.name.startswith("false_")}
    seen = set()
    for item in page.locator(".differences > li", has=page.locator(".difference-of")).all():
        name = item.locator(".n").inner_text()
        [difference] = both.differences(name)
        assert float(item.locator(".difference-of b").inner_text()) == pytest.approx(difference.mean, rel=1e-3)
        seen.add(name)
    assert wanted <= seen
    # The pictures are the same, what is drawn over them is not: both show.
    marks = harness.cell(page, 0, "image").locator(".media-side > .mark")
    expect(marks).to_have_text(["●", "◆"], timeout=harness.PATIENCE)
    assert {"false_positive_sidewalk", "false_negative_car"} <= wanted
    assert done.number <= MOST


def test_wrong_pixels_of_each_class_by_mouse(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(COLOUR)
    compare_by_mouse(done, "context:v0")
    done.click(done.page.get_by_role("button", name="columns differ"))
    _by_class(done, store)


def test_wrong_pixels_of_each_class_by_keyboard(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(COLOUR)
    compare_by_keyboard(done, "context:v0")
    done.press("w")
    _by_class(done, store)


# Which text model is more certain of what it writes?


def _certain(done: Actions, store: Path) -> None:
    page = done.page
    harness.wait_until(page, "() => location.search.includes('avg%28bits_per_character%29')")
    both = wbtable.compare([_table(store, SMALL), _table(store, DOUBLED)], mode="concat")
    rows = both.view(group="_table", cells={"bits": "avg(bits_per_character)"}, sort="_table").to_arrow()
    keys = harness.cells(page, "_table")
    assert len(keys) == 2
    assert [name in text for name, text in zip(("small", "doubled"), keys, strict=True)] == [True, True]
    assert harness.row_count(page) == rows.num_rows
    name = next(column for column in harness.columns(page) if column in {"column", "bits_per_character"})
    near(harness.cells(page, name), rows["bits"].to_pylist())
    assert done.number <= MOST


def test_the_more_certain_text_model_by_mouse(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(SMALL)
    compare_by_mouse(done, "doubled:v0", "one after another")
    done.menu("_table")
    done.item("Group by this")
    grouped(done, "_table")
    harness.wait_rows(done.page)
    done.click(harness.head(done.page, "bits_per_character").locator(".name"))
    done.number += 1
    done.page.locator("#column-display").select_option("one:avg")
    _certain(done, store)


def test_the_more_certain_text_model_by_keyboard(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(SMALL)
    compare_by_keyboard(done, "doubled:v0", "one after another")
    done.walk("ArrowRight", harness.column_index(done.page, "_table"))
    done.press("g")
    grouped(done, "_table")
    harness.wait_rows(done.page)
    done.press("i")
    editing(done.page)
    done.write("avg(bits_per_character)", "Enter")
    computed(done.page, "column")
    expect(done.page.locator(".hcell:focus", has_text="column")).to_be_visible(timeout=harness.PATIENCE)
    _certain(done, store)


# What do both models make of each prompt?


def _beside(done: Actions, store: Path) -> None:
    page = done.page
    expect(page.locator(".side-pane")).to_have_count(2)
    for side, name in enumerate((SMALL, DOUBLED)):
        pane = page.locator(".side-pane").nth(side)
        rows = _table(store, name).to_arrow(columns=["prompt", "completion"]).to_pylist()
        prompts = sorted({row["prompt"] for row in rows})
        expect(pane.locator("[data-rows]")).to_have_text(f"{len(prompts)} groups", timeout=harness.PATIENCE)
        for place, prompt in enumerate(prompts[:2]):
            row = pane.locator(f'.row[data-row="{place}"]')
            expect(row).to_contain_text(prompt, timeout=harness.PATIENCE)
            for completion in (found["completion"] for found in rows if found["prompt"] == prompt):
                expect(row).to_contain_text(completion.strip()[:20], timeout=harness.PATIENCE)
    assert done.number <= MOST


def test_completions_of_each_prompt_by_mouse(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(SMALL)
    compare_by_mouse(done, "doubled:v0", "one after another")
    done.click(done.page.get_by_role("radio", name="Side by side"))
    head = done.page.locator(".side-pane.side-0 .hcell", has=done.page.get_by_text("prompt", exact=True))
    done.click(head.locator(".more"))
    done.item("Group by this")
    grouped(done, "prompt")
    _beside(done, store)


def test_completions_of_each_prompt_by_keyboard(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(SMALL)
    compare_by_keyboard(done, "doubled:v0", "one after another")
    done.press("b")
    expect(done.page.locator(".side-pane")).to_have_count(2)
    expect(done.page.locator(".side-pane .row .cell[role=gridcell]").first).to_be_visible(timeout=harness.PATIENCE)
    done.press("Home")
    done.press("g")
    grouped(done, "prompt")
    _beside(done, store)


# How often does the robot succeed, level by level?


def _success(done: Actions, store: Path) -> None:
    rows = _table(store, WALKS).view(group="level", cells={"column": "avg(success)"}, sort="level").to_arrow()
    same(done.page, "level", rows["level"].to_pylist())
    near(harness.cells(done.page, "column"), rows["column"].to_pylist())
    assert harness.row_count(done.page) == rows.num_rows == 5
    assert done.number <= MOST


def test_success_by_level_by_mouse(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(WALKS)
    done.menu("level")
    done.item("Group by this")
    harness.wait_rows(done.page)
    done.menu("count")
    done.item("Insert column right")
    editing(done.page)
    done.write("avg(success)")
    computed(done.page, "column")
    _success(done, store)


def test_success_by_level_by_keyboard(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(WALKS)
    done.walk("ArrowRight", harness.column_index(done.page, "level"))
    done.press("g")
    grouped(done, "level")
    harness.wait_rows(done.page)
    done.press("i")
    editing(done.page)
    done.write("avg(success)", "Enter")
    computed(done.page, "column")
    expect(done.page.locator(".hcell:focus", has_text="column")).to_be_visible(timeout=harness.PATIENCE)
    _success(done, store)


# The few walks that succeed on the higher levels, the best first: watch it play.


def _watched(done: Actions, store: Path) -> None:
    page = done.page
    rows = _table(store, WALKS).view(filter=FEW, sort="reward desc").to_arrow(columns=["episode", "reward"])
    assert harness.row_count(page) == rows.num_rows >= 2
    same(page, "episode", rows["episode"].to_pylist())
    near(harness.cells(page, "reward"), rows["reward"].to_pylist())
    expect(page.locator("dialog.lightbox [role=status]").first).to_contain_text(f"row 1 of {rows.num_rows}")
    expect(page.locator("dialog.lightbox video")).to_be_focused(timeout=harness.PATIENCE)
    # It plays: what opened it said so.
    assert done.number <= MOST
    harness.wait_until(
        page, "() => { const film = document.querySelector('dialog.lightbox video'); return film.currentTime > 0; }"
    )


def test_the_few_successes_are_watched_by_mouse(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(WALKS)
    done.click(done.page.locator(".filter .field"))
    expect(done.page.locator(".filter .cm-content")).to_be_focused(timeout=harness.PATIENCE)
    done.write(FEW, "Enter")
    harness.wait_until(done.page, "() => new URLSearchParams(location.search).has('filter')")
    harness.wait_rows(done.page)
    done.menu("reward")
    done.item("Sort descending")
    sorted_down(done.page, "reward")
    done.click(harness.cell(done.page, 0, "video").locator("button").first)
    _watched(done, store)


def test_the_few_successes_are_watched_by_keyboard(opened: Callable[[str], Actions], store: Path) -> None:
    done = opened(WALKS)
    done.press("/")
    expect(done.page.locator(".filter .cm-content")).to_be_focused(timeout=harness.PATIENCE)
    done.write(FEW, "Enter")
    harness.wait_until(done.page, "() => new URLSearchParams(location.search).has('filter')")
    harness.wait_rows(done.page)
    done.walk("ArrowRight", harness.column_index(done.page, "reward"))
    done.press("d")
    sorted_down(done.page, "reward")
    done.page.keyboard.press("ArrowDown")  # the walk to the cell begins: one place
    done.walk("ArrowRight", 2)
    done.press("Space")
    _watched(done, store)
