"""What else is in a run folder of W&B: the user's files, system metrics, tables of which only a cut copy is left."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.local_files import walk
from wbtable.artifacts.names import RUN_TABLE
from wbtable.errors import WbtableError
from wbtable.importers.wandb_proto import decode
from wbtable.importers.wandb_run_log import parse_value, records, time_of
from wbtable.importers.wandb_table import read_table
from wbtable.runs.naming import table_artifact, table_entry
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from wbtable.artifacts.version import Version
    from wbtable.importers.report import Report
    from wbtable.importers.wandb_files import FolderFiles
    from wbtable.importers.wandb_run_log import RunLog

    Commit = Callable[[Artifact], Version]

FILES, SYSTEM = "files", "system-metrics"
RECORDS: Final = "wandb-records.jsonl"
_OUTPUT: Final = "output.log"


def keep_files(
    log: RunLog, run_id: str, folder: FolderFiles, allowed: Callable[[str], Path], commit: Commit, report: Report
) -> None:
    """Store the files of a run folder that the history does not hold, as the artifact ``run-<id>-files``.

    Args:
        log: the run's log.
        run_id: its id.
        folder: its files.
        allowed: returns the file that a link of W&B's ``save`` leads to, where it may be read.
        commit: stores a draft.
        report: is added to.

    """
    draft = Artifact(table_artifact(run_id, FILES), type="run_files")
    names: list[str] = []
    links: dict[str, WbtableError] = {}
    if folder.root.is_dir():
        for path, file in walk(str(folder.root), links.__setitem__):
            place = f"{folder.root}:{path}"
            if path in folder.used:
                report.add("media", place, "imported", target="the history")
                continue
            try:
                draft.add_file(file.path, path)
            except (WbtableError, OSError) as error:
                report.add("file", place, "failed", error=error)
                continue
            names.append(path)
    names += _add_links(links, folder, allowed, draft, report)
    if log.lines and _OUTPUT not in names:
        _write_output(log, draft)
        names.append(_OUTPUT)
    if log.kept and RECORDS not in names:
        with draft.new_file(RECORDS) as stream:
            for record in log.kept:
                stream.write(json.dumps(record) + "\n")
        names.append(RECORDS)
    if names:
        version = commit(draft)
        for name in names:
            report.add("file", f"{folder.root}:{name}", "imported", target=f"{version.qualified_name}:{name}")


def keep_late_links(
    run_id: str,
    folder: FolderFiles,
    allowed: Callable[[str], Path],
    before: Version | None,
    commit: Commit,
    report: Report,
) -> None:
    """Store what links in the folder of a run that is here lead to, where that may be read now and is not here yet.

    Arguments as `keep_files`; `before` is the version that has the run's files, None if there is none.
    """
    links: dict[str, WbtableError] = {}
    if folder.root.is_dir():
        for _ in walk(str(folder.root), links.__setitem__):
            pass
    missing = {path: error for path, error in links.items() if before is None or path not in before}
    if not missing:
        return
    draft = Artifact(table_artifact(run_id, FILES), type="run_files") if before is None else before.new_draft()
    names = _add_links(missing, folder, allowed, draft, report)
    if names:
        version = commit(draft)
        for name in names:
            report.add("file", f"{folder.root}:{name}", "imported", target=f"{version.qualified_name}:{name}")


def _add_links(
    links: Mapping[str, WbtableError],
    folder: FolderFiles,
    allowed: Callable[[str], Path],
    draft: Artifact,
    report: Report,
) -> list[str]:
    """Add the files that links lead to, out of the run's folder; return the paths of those that may be read."""
    names = []
    for path, refused in links.items():
        try:
            if not (folder.root / path).is_symlink():
                raise refused
            draft.add_file(allowed(str(folder.root / path)), path)
        except (WbtableError, OSError) as error:
            report.add("file", f"{folder.root}:{path}", "failed", error=error)
            continue
        names.append(path)
    return names


def _write_output(log: RunLog, draft: Artifact) -> None:
    with draft.new_file(_OUTPUT) as stream:
        for kind, data in records(log.file, _ignore):
            if kind == "output_raw":
                line = decode(data).get("output_raw", {}).get("line", "")
                stream.write(line.encode("utf-8", "backslashreplace").decode())


def keep_samples(log: RunLog, run_id: str, commit: Commit, report: Report) -> None:
    """Store the samples of system metrics as the table of the artifact ``run-<id>-system-metrics``."""
    if not log.samples:
        return
    names: dict[str, None] = {"_timestamp": None}
    rows: list[dict[str, Any]] = []
    for kind, data in records(log.file, _ignore):
        if kind == "stats":
            record = decode(data).get("stats", {})
            row: dict[str, Any] = {
                "_timestamp": time_of(record.get("timestamp")) or dt.datetime.fromtimestamp(0, dt.UTC)
            }
            for item in record.get("item", []):
                value = parse_value(item, _ignore)
                row[item.get("key", "")] = float(value) if type(value) is int else value
            names.update(dict.fromkeys(row))
            rows.append(row)
    table = Table(columns=list(names), allow_mixed_types=True)
    for row in rows:
        table.add_data(*[row.get(name) for name in names])
    draft = Artifact(table_artifact(run_id, SYSTEM), type="run_system_metrics")
    draft.add(table, SYSTEM)
    version = commit(draft)
    report.add(
        "table", f"{log.file}: system metrics", "imported", f"{len(rows):,} samples", target=version.qualified_name
    )


def reduced_table(
    key: str, value: dict[str, Any], run_id: str, folder: FolderFiles, commit: Commit, report: Report, place: str
) -> Version | None:
    """Store the copy of a table in a run's own folder, where its artifact is gone; None if there is none either.

    W&B cuts that copy to 10,000 rows and puts the name of the class in place of media, which the report says.
    """
    path = value.get("path")
    if not isinstance(path, str):
        return None
    source = f"{place}#{key}"
    try:
        found = read_table(folder.find(path), source, folder, report)
        draft = Artifact(table_artifact(run_id, key), type=RUN_TABLE)
        draft.add(found.table, table_entry(key))
        version = commit(draft)
    except (WbtableError, OSError) as error:
        folder.used.discard(path)
        report.add("table", source, "failed", error=error)
        return None
    detail = (
        f"its artifact is gone; the copy in the run's folder has {len(found.table):,} of"
        f" {value.get('nrows', 'an unknown number of')} rows, and names of classes in place of media"
    )
    report.add("table", source, "changed", detail, target=version.qualified_name)
    return version


def _ignore(_what: str) -> None:
    """Say nothing: the first pass said it."""
