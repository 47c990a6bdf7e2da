"""What is in the store, as the page lists it (ENDPOINTS.md, "The store")."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from wbtable.artifacts.reading import file_cell
from wbtable.artifacts.tables import DOCUMENTS
from wbtable.errors import FormatError
from wbtable.format.types import type_from_json
from wbtable.runs.reading import RunInfo, list_runs
from wbtable.runs.union import logged_tables
from wbtable.tables.view_files import plain
from wbtable.viewer.cells import encode_plain, reference
from wbtable.viewer.saved import view_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version
    from wbtable.format.documents import Json
    from wbtable.format.entry import Entry

MAX_FILES: Final = 1_000
MAX_POINTS: Final = 10_000
_STEPS: Final = ("_step", "_timestamp", "_runtime")


def projects(store: Store) -> list[Json]:
    """Return the projects."""
    from wbtable.runs.reading import run_ids

    return [
        {
            "name": name,
            "artifacts": len(list(store.artifact_names(name))),
            "runs": len(run_ids(store, name)),
            "views": view_names(store, name),
        }
        for name in store.projects()
    ]


def head(version: Version) -> Json:
    """Return what lists show of a version."""
    return {
        "project": version.project,
        "artifact": version.name,
        "version": version.version,
        "name": version.qualified_name,
        "type": version.type,
        "created_at": version.created_at.isoformat(),
        "aliases": list(version.aliases),
        "tags": list(version.tags),
        "size": version.size,
        "files": version.file_count,
    }


def version(store: Store, project: str, artifact: str, name: str) -> Json:
    """Return everything about a version but its files."""
    found = store.artifact(f"{project}/{artifact}:{name}")
    return {
        **head(found),
        "description": found.description,
        "metadata": plain(found.metadata),
        "digest": found.digest,
        "logged_by": _text(found.logged_by()),
        "used_by": [_text(item) for item in found.used_by()],
        "parents": [_text(item) for item in found.parents()],
        "tables": [entry.path for entry in found.contents if _is_table(entry)],
    }


def _text(value: object) -> Any:
    if value is None or isinstance(value, str):
        return value
    return getattr(value, "qualified_name", None) or getattr(value, "path", None) or str(value)


def _is_table(entry: Entry) -> bool:
    return entry.media_type in DOCUMENTS and entry.reference is None


def files(store: Store, project: str, artifact: str, name: str, offset: int, count: int, prefix: str) -> Json:
    """Return some files of a version."""
    found = store.artifact(f"{project}/{artifact}:{name}")
    entries = [entry for entry in found.contents if entry.path.startswith(prefix)]
    return {
        "total": len(entries),
        "files": [_file(entry) for entry in entries[offset : offset + min(count, MAX_FILES)]],
    }


def _file(entry: Entry) -> Json:
    shown: Json | None = None
    is_blob = entry.reference is None and not _is_table(entry) and entry.digest is not None
    if is_blob:
        shown = {
            "kind": _media_kind(entry),
            "ref": reference(file_cell(entry)),
            "digest": str(entry.digest),
            "size": entry.size,
            "content_type": entry.media_type,
        }
    return {
        "path": entry.path,
        "size": entry.total_size if entry.data_size else entry.size,
        "digest": None if entry.digest is None else str(entry.digest),
        "media_type": entry.media_type,
        "reference": None if entry.reference is None else entry.reference.uri,
        "media": shown,
        "table": _is_table(entry),
    }


def _media_kind(entry: Entry) -> str:
    """Return the kind of a media value, ``file`` for any other file."""
    if entry.media is None:
        return "file"
    try:
        facts = json.loads(entry.media)
        return type_from_json(facts["type"], entry.path).kind
    except (ValueError, KeyError, TypeError, FormatError):
        return "file"


def run_head(run: RunInfo) -> Json:
    """Return what lists show of a run."""
    summary = run.summary
    return {
        "project": run.project,
        "run": run.id,
        "name": run.name,
        "state": run.state,
        "created_at": run.created_at.isoformat(),
        "updated_at": run.updated_at.isoformat(),
        "finished_at": None if run.finished_at is None else run.finished_at.isoformat(),
        "group": run.start.group,
        "job_type": run.start.job_type,
        "tags": list(run.start.tags),
        "config": _values(run.config),
        "summary": _values(summary),
        "tables": [key for key, value in summary.items() if _is_table_reference(value)],
    }


def _values(found: dict[str, Any]) -> Json:
    return {str(key): encode_plain(value) for key, value in found.items()}


def _is_table_reference(value: object) -> bool:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return False
    return isinstance(value, dict) and value.get("_type") == "table"


def runs(store: Store, project: str) -> list[Json]:
    """Return the runs of a project, the newest first."""
    return [run_head(run) for run in reversed(list_runs(store, project))]


def run(store: Store, project: str, run_id: str) -> Json:
    """Return everything about a run but its history."""
    found = RunInfo(store, project, run_id)
    shown = run_head(found)
    keys = found.history().column_names
    tables = []
    for key in keys:
        steps = [] if key in _STEPS else logged_tables([found], key)
        if steps:
            listed = [{"step": one.step, "artifact": one.artifact, "path": one.path} for one in steps]
            tables.append({"key": key, "steps": listed})
    return {
        **shown,
        "tables_logged": tables,
        "notes": found.start.notes,
        "environment": _values(dict(found.start.environment)),
        "logged": found.logged(),
        "used": found.used(),
        "next_step": found.next_step,
    }


def history(store: Store, project: str, run_ids: Sequence[str], keys: Sequence[str] | None, points: int) -> Json:
    """Return what runs logged, thinned to some points a run."""
    out, seen = [], dict[str, None]()
    for run_id in run_ids:
        found = RunInfo(store, project, run_id).history()
        names = [name for name in found.column_names if name not in _STEPS and (keys is None or name in keys)]
        if keys is None:
            names = [name for name in names if _is_number(found.schema.field(name).type)]
        seen |= dict.fromkeys(names)
        rows = found.num_rows
        kept = found
        if rows > points:
            # The first and the last stay, and the rest evenly between them.
            kept = found.take(pa.array(np.unique(np.linspace(0, rows - 1, points).astype(np.int64))))
        times = kept["_timestamp"].cast(pa.int64()).to_pylist()
        out.append(
            {
                "run": run_id,
                "rows": rows,
                "sampled": kept.num_rows < rows,
                "step": kept["_step"].to_pylist(),
                "time": [None if time is None else time / 1e6 for time in times],
                "columns": {name: [encode_plain(value) for value in kept[name].to_pylist()] for name in names},
            }
        )
    return {"keys": list(seen), "runs": out}


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


__all__ = ["files", "head", "history", "projects", "run", "run_head", "runs", "version"]
