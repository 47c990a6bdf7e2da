"""``wbtable report``."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import wbtable
from wbtable.artifacts.saved import new_id
from wbtable.cli.app import cli
from wbtable.format.report import MarkdownPanel, Report, TablePanel

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def store(tmp_path: Path) -> str:
    made = wbtable.create_store(tmp_path / "store")
    draft = wbtable.Artifact("songs", type="dataset")
    draft.add(wbtable.Table(columns=["title", "plays"], data=[["tide", 3], ["moor", 1]]), "songs")
    table = made.commit(draft, project="music").get("songs")
    view = made.save_view(table.view(filter="plays > 2"), "played").spec
    panels = (MarkdownPanel(id="a", text="Most are **quiet**.\n"), TablePanel(id="b", view=view, title="Played"))
    report = Report(
        id=new_id(), created_at=dt.datetime.now(dt.UTC), panels=panels, title="All songs", description="Heard."
    )
    made.save_report(report, "songs", "music")
    return made.url


def _run(store: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["report", *arguments, "--store", store])


def test_reports_are_listed(store: str) -> None:
    assert "All songs" in _run(store).output
    [found] = json.loads(_run(store, "music", "--json").output)
    assert (found["name"], found["title"], found["panels"], found["number"]) == ("songs", "All songs", 2, 0)
    wbtable.Store(store).commit(wbtable.Artifact("empty"), project="other")
    assert json.loads(_run(store, "other", "--json").output) == []


def test_a_report_is_read_as_text(store: str) -> None:
    text = _run(store, "music", "songs").output
    assert text.startswith("All songs\n\nHeard.\n")
    assert "Most are **quiet**." in text
    assert "[Played: music/songs:v0 · songs.table.json · where plays > 2]" in text
    assert json.loads(_run(store, "music", "songs", "--json").output)["title"] == "All songs"


def test_a_report_becomes_a_file(store: str, tmp_path: Path) -> None:
    """REPORT-6."""
    file = tmp_path / "report.html"
    result = _run(store, "music", "songs", "-o", str(file), "--json")
    assert json.loads(result.output) == {"file": str(file), "number": 0, "left_out": []}
    assert file.read_text("utf-8").startswith("<!doctype html>")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_what_is_not_there_is_said(store: str, tmp_path: Path) -> None:
    missing = _run(store, "music", "other")
    assert missing.exit_code == 3
    assert "there is no report 'other'" in missing.output
    assert _run(store, "music", "-o", str(tmp_path / "x.html")).exit_code == 2
    assert _run(store, "music", "songs", "--overwrite").exit_code == 2
    for arguments, said in (
        (("musik",), "there is no project 'musik' in"),
        (("films",), "there is 'music'"),
        (("songs",), "'songs' is a report of the project 'music': name both"),
        (("films", "songs"), "there is 'music'"),
        (("music", "other"), "there is no report 'other' in the project 'music'; there is 'songs'"),
        (("music", "songs", "--number", "3"), "no report 'songs' of number 3; its newest is 0"),
        (("music", "songs", "-o", str(tmp_path / "none" / "x.html")), "there is no folder"),
    ):
        result = _run(store, *arguments)
        assert result.exit_code == 3
        assert said in result.output
    assert "did you mean 'music'" in _run(store, "musik").output


def test_a_file_is_replaced_where_it_is_said(store: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("precious")
    result = _run(store, "music", "songs", "-o", str(file))
    assert result.exit_code == 4
    assert "--overwrite" in result.output
    assert file.read_text() == "precious"
    assert _run(store, "music", "songs", "-o", str(file), "--overwrite").exit_code == 0
    assert file.read_text("utf-8").startswith("<!doctype html>")
