"""Scenes of a store: comparisons, runs, artifacts, reports and their export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import expect

import wbtable
from tests.page import harness
from tools.screenshots.stage import FURTHER, Scenes, Stage
from wbtable.viewer.reports import save_report

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCENES: Final = Scenes()
_TWO: Final = ("fashion-mnist/baseline:v0", "fashion-mnist/baseline:v4")
_REPORT: Final = "What the baseline gets wrong"
_TEXT: Final = """# Mistakes

After five epochs most mistakes are **shirts**: they are guessed to be pullovers, coats and T-shirts, which
look alike at 28 by 28 pixels.

- Rows with a mistake are below, the first of them with every picture.
- Precision by class stands further down.
"""


# Comparisons.


@SCENES(*FURTHER)
def merged(stage: Stage, page: Page) -> None:
    stage.compare(page, *_TWO)
    # A low window shows it on demand.
    expect(page.locator(".tally")).to_be_attached()
    harness.wait_rows(page)


@SCENES()
def merged_changed(stage: Stage, page: Page) -> None:
    stage.compare(page, *_TWO, filter="0.guess != 1.guess", height="m")
    harness.wait_rows(page)
    page.locator(".grid").focus()
    page.keyboard.press("w")
    expect(page.locator(".difference-of").first).to_be_visible()


@SCENES()
def merged_groups(stage: Stage, page: Page) -> None:
    stage.compare(page, *_TWO, group=["0.truth"])
    harness.wait_rows(page)


@SCENES(FURTHER[0], FURTHER[1], FURTHER[2])
def side_by_side(stage: Stage, page: Page) -> None:
    first = [*({"name": name} for name in ("guess", "count", "truth", "image")), {"name": "id", "visible": False}]
    stage.compare(page, *_TWO, mode="side_by_side", group=["guess"], columns=first)
    _sides(page)


@SCENES(FURTHER[2])
def side_by_side_maps(stage: Stage, page: Page) -> None:
    columns = [{"name": "count", "display": "heatmap"}]
    stage.compare(page, *_TWO, mode="side_by_side", group=["truth", "guess"], columns=columns)
    expect(page.locator(".side-pane .heat-map")).to_have_count(2)


@SCENES()
def side_by_side_mistakes(stage: Stage, page: Page) -> None:
    stage.compare(page, *_TWO, mode="side_by_side", filter="guess != truth")
    _sides(page)


def _sides(page: Page) -> None:
    page.wait_for_function(
        """() => { const panes = [...document.querySelectorAll('.side-pane')];
          return panes.length > 1 && panes.every((pane) => pane.querySelector('.grid').ariaBusy === 'false'
            && pane.querySelector('.row .cell') && !pane.querySelector('.row .cell[aria-busy=true]')); }"""
    )


@SCENES()
def compare_picker(stage: Stage, page: Page) -> None:
    stage.table(page)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".pick").first).to_be_visible()


@SCENES()
def streets_compared(stage: Stage, page: Page) -> None:
    stage.compare(page, "street-scenes/colour:latest", "street-scenes/context:latest", height="l")
    expect(page.locator(".tally")).to_be_visible()
    harness.wait_rows(page)


# A store: its projects, runs, artifacts.


def _store(stage: Stage, page: Page, **where: str) -> None:
    stage.show(page, stage.server(None, store=stage.workspace), **where)
    expect(page.locator("main")).to_be_visible()


@SCENES(*FURTHER)
def projects(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server(None, store=stage.demo), projects="all")


@SCENES()
def empty_store(stage: Stage, page: Page) -> None:
    stage.show(page, stage.server(None, store=stage.empty))
    expect(page.get_by_role("heading", name="This store is empty")).to_be_visible()


@SCENES(*FURTHER)
def runs(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits")
    expect(page.locator(".uplot").nth(3)).to_be_visible()


@SCENES()
def runs_in_a_table(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", show="table")


@SCENES()
def runs_grouped(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", group="group")


@SCENES()
def runs_differences(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", show="differences")


@SCENES()
def runs_tables(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", show="tables")


@SCENES()
def run(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", run="run000")


@SCENES(FURTHER[0], FURTHER[2])
def artifacts(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", tab="artifacts")


@SCENES(FURTHER[2])
def artifact(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", artifact="model")


@SCENES()
def artifact_files(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", artifact="pictures", tab="files")


@SCENES()
def lineage(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", artifact="model", version="v2", tab="lineage")


@SCENES()
def artifact_missing(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", artifact="modle")


@SCENES()
def no_reports(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", tab="reports")


@SCENES()
def no_views(stage: Stage, page: Page) -> None:
    _store(stage, page, project="digits", tab="views")


# Reports.


def _report(stage: Stage) -> str:
    """Save the report once; return its name."""
    store = wbtable.Store(stage.demo)
    if any(found.name == "mistakes" for found in store.reports("fashion-mnist")):
        return "mistakes"
    source = {
        "kind": "table",
        "tables": [
            {"project": "fashion-mnist", "artifact": "baseline", "version": "latest", "path": "predictions.table.json"}
        ],
    }
    by_class = {
        "source": source,
        "group": ["guess"],
        "cells": [{"name": "precision", "expression": "avg(guess == truth)"}],
        "columns": [{"name": name} for name in ("guess", "count", "precision", "image", "truth")],
    }
    first = ["id", "image", "guess", "truth"]
    rows = {"source": source, "filter": "guess != truth", "columns": [{"name": name} for name in first]}
    panels: list[dict[str, Any]] = [
        {"id": "text", "kind": "markdown", "text": _TEXT},
        {"id": "rows", "kind": "table", "title": "Mistakes", "rows": 6, "view": rows},
        {"id": "groups", "kind": "table", "title": "Precision", "view": by_class},
    ]
    save_report(store, "fashion-mnist", "mistakes", {"title": _REPORT, "panels": panels}, -1)
    return "mistakes"


def _open_report(stage: Stage, page: Page) -> None:
    name = _report(stage)
    stage.show(page, stage.server(None, store=stage.demo), project="fashion-mnist", report=name)
    expect(page.locator("article.report tbody tr").nth(8)).to_be_visible()


@SCENES(*FURTHER, whole=True)
def report(stage: Stage, page: Page) -> None:
    _open_report(stage, page)


@SCENES()
def report_editing(stage: Stage, page: Page) -> None:
    _open_report(stage, page)
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Markdown").first).to_be_visible()


@SCENES()
def report_export(stage: Stage, page: Page) -> None:
    _open_report(stage, page)
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("button", name="Make the file")).to_be_visible()


@SCENES(FURTHER[0], FURTHER[2], FURTHER[3], whole=True)
def report_exported(stage: Stage, page: Page) -> None:
    path = stage.folder / "mistakes.html"
    if not path.exists():
        _open_report(stage, page)
        page.get_by_role("button", name="Export").click()
        with page.expect_download(timeout=harness.PATIENCE) as download:
            page.get_by_role("button", name="Make the file").click()
        download.value.save_as(path)
    page.goto(path.as_uri())
    expect(page.locator(".report-table tbody tr").first).to_be_visible()


@SCENES()
def reports(stage: Stage, page: Page) -> None:
    _report(stage)
    stage.show(page, stage.server(None, store=stage.demo), project="fashion-mnist", tab="reports")
