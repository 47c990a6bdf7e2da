"""Documents, meshes, figures and molecules in a report's file: what lies in it, and what it says of them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

import wbtable
from tests.page import media_table
from tests.unit.viewer.test_report_file import File
from wbtable.artifacts.saved import new_id
from wbtable.viewer import report_blobs, report_html, report_task
from wbtable.viewer.reports import save_report

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store

PLACE = {"project": "p", "artifact": "media", "version": "v0", "path": "media.table.json"}
AWAY = {"asset": {"version": "2.0"}, "buffers": [{"byteLength": 4, "uri": "https://example.org/mesh.bin"}]}
GAPS = '{"data": [{"type": "scatter", "y": [1, NaN, Infinity]}]}'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    made = wbtable.create_store(tmp_path_factory.mktemp("report-media") / "store")
    table = wbtable.Table(columns=["id", "page", "thing", "figure", "molecule"])
    away = wbtable.Object3D(io.BytesIO(json.dumps(AWAY).encode()), file_type="gltf")
    quiet = wbtable.Html("<p style='color:red'>no script; one of its words is script</p>")
    table.add_data(0, media_table.page(0), media_table.thing(0), media_table.figure(0), media_table.molecule(0))
    table.add_data(1, quiet, media_table.thing(5), wbtable.Plotly(json.loads(GAPS)), media_table.molecule(1))
    table.add_data(2, quiet, away, media_table.figure(2), media_table.molecule(2))
    draft = wbtable.Artifact("media", type="media")
    draft.add(table, "media")
    made.commit(draft, project="p")
    return made


def _made(store: Store, tmp_path: Path, columns: tuple[str, ...]) -> tuple[File, list[str]]:
    view = {"source": {"kind": "table", "tables": [PLACE]}, "columns": [{"name": name} for name in columns]}
    name = new_id()
    save_report(store, "p", name, {"panels": [{"id": "t", "kind": "table", "view": view}]}, -1)
    notes = report_task.export_report(store, "p", name, tmp_path / "report.html")
    return File((tmp_path / "report.html").read_text("utf-8")), notes


def test_documents_lie_in_it_as_text_and_their_scripts_are_said(store: Store, tmp_path: Path) -> None:
    """REPORT-8: nothing of them is markup of the file's own."""
    file, notes = _made(store, tmp_path, ("page", "molecule"))
    assert notes == [
        "1 document is shown without scripts, which no file runs. Open the report with wbtable view for them."
    ]
    pages = [cell["file"] for cell in file.table()["data"]["page"]]
    assert [b"The script did not run." in file.blobs[f"b-{name}"] for name in pages] == [True, False, False]
    assert file.blobs[f"b-{file.table()['data']['molecule'][0]['file']}"].startswith(b"HETATM")
    assert {"iframe", "h3"}.isdisjoint(file.tags)
    assert file.tags.count("p") == 1  # the file's own word to browsers that run no scripts
    assert all("ref" not in cell for cell in file.table()["data"]["page"])
    assert "m_three" not in file.code
    assert "parts.plotly = () =>" not in file.code


def test_meshes_bring_what_draws_them_and_never_what_is_outside(store: Store, tmp_path: Path) -> None:
    """REPORT-8."""
    file, notes = _made(store, tmp_path, ("thing",))
    assert len(file.blobs) == 1
    assert not any(b"example.org" in data for data in file.blobs.values())
    assert "m_report_scenes" in file.code
    assert "three.js authors" in file.code
    assert notes == [
        "1 object is missing from the store, damaged, or not what browsers show.",
        "1 scene is of Babylon: only named, for nothing draws it. Open the report with wbtable view for them.",
    ]


def test_figures_are_drawn_by_the_one_script_or_said_to_be_json(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REPORT-6, REPORT-8."""
    monkeypatch.setattr(report_html, "plotly_script", lambda: "window.Plotly = '</script><!-- drawn';")
    report_html.script.cache_clear()
    file, notes = _made(store, tmp_path, ("figure",))
    assert notes == []
    assert "m_report_parts.parts.plotly = () => {\nwindow.Plotly = '<\\/script><\\!-- drawn';" in file.code
    figures = [json.loads(file.blobs[f"b-{cell['file']}"]) for cell in file.table()["data"]["figure"]]
    assert figures[1]["data"][0]["y"] == [1, None, None]
    assert file.tags.count("script") == 2 + len(file.blobs)
    monkeypatch.setattr(report_blobs, "draws_figures", lambda: False)
    file, notes = _made(store, tmp_path, ("figure",))
    report_html.script.cache_clear()
    assert "parts.plotly = () =>" not in file.code
    [said] = notes
    assert said.startswith("3 figures are here as JSON: figures are drawn where plotly is installed")
