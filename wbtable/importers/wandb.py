"""``import_wandb``: what W&B wrote to this machine's disks, into a store. W&B itself is not needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wbtable.artifacts.store import resolve_store
from wbtable.errors import NotFoundError, UsageError
from wbtable.importers.wandb_artifact import TABLE
from wbtable.importers.wandb_files import MANIFEST
from wbtable.importers.wandb_importer import Importer
from wbtable.importers.wandb_manifest import name_and_version
from wbtable.importers.wandb_run import import_runs
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wbtable.artifacts.store import Store
    from wbtable.importers.report import Report

RUN_SUFFIX: Final = ".wandb"
DEFAULT_TYPE: Final = "dataset"
_DEEPEST: Final = 6


def import_wandb(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    store: Store | str | os.PathLike[str] | None = None,
    *,
    project: str | None = None,
    name: str | None = None,
    type: str = DEFAULT_TYPE,
    files_from: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    fetch: bool = False,
) -> Report:
    """Import what W&B wrote: tables, artifacts and run folders, found by what they are.

    Import the same again, also after an interruption, and only what is missing is added.

    Args:
        paths: ``*.table.json`` files; folders of artifacts, with ``wandb_manifest.json`` or as downloaded; run folders
            (``offline-run-…``, ``run-…``) or their ``run-*.wandb``; or any folder above those, such as ``wandb/``. One
            path may stand by itself.
        store: the store; None for the default one, which is made if it does not exist.
        project: the project; None for that of the runs, and ``uncategorized`` for what has none.
        name: the artifact's name, where just one artifact or table is imported; None for what its folder is called.
        type: the type of artifacts of which no file says it.
        files_from: further folders from which the files that run folders refer to may be read; those of W&B's own
            staging area and those beside the run are known.
        fetch: whether media that are only referred to by ``http(s)://`` are fetched; else they are kept as references.

    Returns:
        What came over and what did not, item by item.

    Raises:
        UsageError: an argument is wrong.
        NotFoundError: a path does not exist.
        StorageError: the store fails.

    """
    importer = Importer(resolve_store(store, create=True), project=project, kind=type, files_from=_paths(files_from))
    importer.fetch = fetch
    artifacts: list[Path] = []
    runs: list[Path] = []
    for given in _paths(paths):
        for found in _sources(given):
            (runs if found.suffix == RUN_SUFFIX else artifacts).append(found)
    if name is not None and (len(artifacts) != 1 or runs):
        msg = f"name= is for one artifact or table, found {len(artifacts)} of them and {len(runs)} runs"
        raise UsageError(msg)
    try:
        for path in sorted(artifacts, key=_in_order):
            importer.add_folder(path, name)
        import_runs(importer, runs)
    finally:
        importer.close()
    return importer.report


def _paths(given: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[Path]:
    return [Path(given)] if isinstance(given, (str, os.PathLike)) else [Path(path) for path in given]


def _in_order(path: Path) -> tuple[str, int]:
    """Versions of one artifact one after another, so that they get the numbers that they had."""
    name, version = name_and_version(path.resolve().name)
    return str(path.parent / name), -1 if version is None else int(version[1:])


def _sources(path: Path, depth: int = 0) -> Iterator[Path]:
    """Yield the tables, artifact folders and run files that a path means.

    Raises:
        NotFoundError: there is nothing at the path, or nothing of W&B in it.
        UsageError: it is a file of another kind.

    """
    if not path.exists():
        msg = f"there is no {str(path)!r}"
        raise NotFoundError(msg)
    if path.is_file():
        if path.name.endswith((TABLE, RUN_SUFFIX)):
            yield path
            return
        if path.name == MANIFEST:
            yield path.parent
            return
        msg = f"expected a *.table.json, a run-*.wandb or a folder, found {str(path)!r}"
        raise UsageError(msg)
    with explained(f"look for what W&B wrote below {path}"):
        found = list(_below(path, depth))
    if not found:
        msg = f"there is nothing of W&B in {str(path)!r}: no run-*.wandb, no {MANIFEST}, no *.table.json"
        raise NotFoundError(msg)
    yield from found


def _below(folder: Path, depth: int) -> Iterator[Path]:
    logs = sorted(folder.glob("*" + RUN_SUFFIX))
    if logs:
        yield from logs
        return
    if (folder / MANIFEST).is_file() or name_and_version(folder.name)[1] is not None or any(folder.glob("*" + TABLE)):
        yield folder
        return
    if depth < _DEEPEST:
        for inner in sorted(folder.iterdir()):
            if inner.is_dir() and not inner.is_symlink():
                yield from _below(inner, depth + 1)
