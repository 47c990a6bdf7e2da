"""Exporting the rows of a view to a file: the task of a worker of its own."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wbtable.errors import UsageError
from wbtable.viewer.open_tasks import open_view

if TYPE_CHECKING:
    from wbtable.format.documents import Json
    from wbtable.query.worker_process import Control

SUFFIXES: Final = {"csv": ".csv", "parquet": ".parquet", "jsonl": ".jsonl", "zip": ".zip"}
_NAME: Final = "view"


def export(control: Control, places: Json, view: Json, side: int, format: str, folder: str, formulas: bool) -> Json:
    """Write the rows of a view into a folder, and return the file's path.

    Args:
        control: the worker's.
        places: what may be opened.
        view: the document.
        side: which of several tables side by side.
        format: csv, parquet, jsonl, or zip: CSV and its media.
        folder: a folder of the server's own.
        formulas: whether CSV cells may begin like a formula.

    """
    if format not in SUFFIXES:
        raise UsageError(f"expected format as one of {', '.join(SUFFIXES)}, found {format!r:.40}")
    found, _ = open_view(control, places, view, side)
    path = Path(folder) / f"{_NAME}{SUFFIXES[format]}"
    if format == "parquet":
        found.write_parquet(path)
    elif format == "jsonl":
        found.write_jsonl(path)
    else:
        csv = path.with_suffix(".csv")
        found.write_csv(csv, "copy" if format == "zip" else "paths", formulas=formulas)
        if format == "zip":
            _zip(path, csv)
    return {"path": str(path), "size": path.stat().st_size}


def _zip(path: Path, csv: Path) -> None:
    """Put the rows and their media into one file; every name in it is made here, of digests."""
    media = csv.with_name(f"{csv.stem}_media")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as out:
        out.write(csv, csv.name)
        for file in sorted(media.iterdir()) if media.is_dir() else ():
            out.write(file, f"{media.name}/{file.name}", zipfile.ZIP_STORED)
