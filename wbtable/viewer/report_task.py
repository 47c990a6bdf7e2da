"""Exporting a report: rows first, then media by what they weigh, at most 50 MB (spec: 18-reports, REPORT-7)."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.saved import report_log
from wbtable.errors import NotFoundError, WbtableError
from wbtable.format.report import MarkdownPanel, TablePanel
from wbtable.storage.here import path_here
from wbtable.storage.os_errors import explained
from wbtable.viewer import report_html
from wbtable.viewer.open_tasks import opener as kept_opener
from wbtable.viewer.report_blobs import ELSEWHERE, ReportBlobs, counted
from wbtable.viewer.report_rows import Embedded, panel_tables
from wbtable.viewer.report_unions import gone_tables, gone_words
from wbtable.viewer.sources import Opener, Places

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.query.worker_process import Control

MAX_BYTES: Final = 50_000_000
"""The most bytes of rows and media in a file (REPORT-7)."""
_ROWS: Final = 10


def export(control: Control, places: Json, project: str, name: str, number: int | None, folder: str) -> Json:
    """Write a report into a folder of the server's own; return the file's path, and what is not in it."""
    path = Path(folder) / "report.html"
    notes = _write(kept_opener(places), project, name, number, path, control.progress)
    return {"path": str(path), "left_out": len(notes), "notes": notes}


def export_report(
    store: Store, project: str, name: str, path: str | os.PathLike[str], number: int | None = None
) -> list[str]:
    """Write a report as one HTML file, which needs no server and no network; return what is not in it.

    Args:
        store: where the report is.
        project: its project.
        name: its name.
        path: the file; it appears whole or not at all.
        number: which entry of it; None for the newest.

    Raises:
        NotFoundError: there is no such report, or no folder for the file.
        StorageError: the file cannot be written.
        UsageError: it is a URL.

    """
    opener = Opener(Places(store=store.url, opened={}), store=store)
    target = path_here(path)
    around = target.absolute().parent
    if not around.is_dir():
        raise NotFoundError(f"there is no folder {str(around)!r:.200}")
    with explained(f"write {target}"), tempfile.TemporaryDirectory(prefix=".report-", dir=around) as folder:
        made = Path(folder) / "report.html"
        notes = _write(opener, project, name, number, made, lambda _: None)
        made.replace(target)
    return notes


def _write(
    opener: Opener, project: str, name: str, number: int | None, path: Path, progress: Callable[[float], object]
) -> list[str]:
    found_number, report = report_log(opener.store(), project, name).read(number)
    embedded = Embedded(left=MAX_BYTES)
    panels = []
    tables = sum(isinstance(panel, TablePanel) for panel in report.panels)
    for panel in report.panels:
        # Rows may take half of the file, so that there is room for what they show.
        share = min(embedded.left, MAX_BYTES // 2 // max(1, tables))
        panels.append(_panel(opener, panel, embedded, share))
        progress(0.5 * len(panels) / len(report.panels))
    blobs = ReportBlobs(opener, embedded.left, MAX_BYTES)
    blobs.take_images(report)
    order = sorted(embedded.wanted.values(), key=lambda wanted: wanted.turn)
    for i, wanted in enumerate(order):
        blobs.take(wanted)
        progress(0.5 + 0.5 * (i + 1) / len(order))
    notes = blobs.notes()
    if embedded.others:
        notes.append(f"{counted(embedded.others, 'scene')} of Babylon: only named, for nothing draws it. {ELSEWHERE}")
    if embedded.cut:
        notes.append(f"{counted(embedded.cut, 'long text')} shortened: what is cut says how long it is. {ELSEWHERE}")
    shown = {
        "title": report.title or name,
        "description": report.description,
        "project": project,
        "name": name,
        "number": found_number,
        "created_at": report.created_at.astimezone(dt.UTC).isoformat(),
        "panels": panels,
        "notes": notes,
    }
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for part in report_html.page(shown, blobs.taken, scenes=blobs.has_scenes, figures=blobs.has_figures):
            file.write(part)
    # A panel that cannot be shown at all is the most that a file leaves out.
    lost = [panel["text"] for panel in panels if panel["kind"] == "other"]
    return [*notes, *lost, *(note for panel in panels for table in panel.get("tables", ()) for note in table["notes"])]


def _panel(opener: Opener, panel: Any, embedded: Embedded, share: int) -> Json:
    if isinstance(panel, MarkdownPanel):
        return {"id": panel.id, "kind": "markdown", "text": panel.text}
    if not isinstance(panel, TablePanel):
        text = f"A panel of the kind {panel.fields.get('kind')!r:.60}, which this version cannot show."
        return {"id": panel.id, "kind": "other", "text": text}
    title = panel.title or source_title(panel)
    try:
        tables = panel_tables(opener, panel, embedded, share)
        lost = _gone(opener, panel)
    except WbtableError as error:
        text = f"{title}: this view cannot be shown: {_reason(opener, panel, error)}"
        return {"id": panel.id, "kind": "other", "text": text}
    if lost is not None:
        tables[0]["notes"].append(lost)
    return {
        "id": panel.id,
        "kind": "table",
        "title": title,
        "source": source_words(panel),
        "rows": panel.rows or _ROWS,
        "tables": tables,
    }


def _gone(opener: Opener, panel: TablePanel) -> str | None:
    source = panel.view.source
    return gone_words(gone_tables(opener.store(), source)) if source is not None and source.kind == "union" else None


def _reason(opener: Opener, panel: TablePanel, error: WbtableError) -> str:
    """Return why a panel cannot be shown; of lost logged tables the error says that there were none."""
    lost = None
    if isinstance(error, NotFoundError):
        with contextlib.suppress(WbtableError):
            lost = _gone(opener, panel)
    return lost or f"{error!s:.500}"


def source_title(panel: TablePanel) -> str:
    """Return what a panel without a title is called: as its table, or what its tables were logged under."""
    source = panel.view.source
    assert source is not None
    if source.kind == "union":
        return str(source.run_key)
    return str(source.tables[0].path).removesuffix(".table.json")


def source_words(panel: TablePanel) -> str:
    """Return where the rows of a panel are from."""
    source = panel.view.source
    assert source is not None
    if source.kind == "union":
        runs = f"{len(source.runs)} runs" if source.runs else "all runs"
        return f"{source.run_key}, logged by {runs} of {source.project}"
    names = [f"{one.project}/{one.artifact}:{str(one.version)[:20]} · {one.path}" for one in source.tables]
    return " compared with ".join(names)
