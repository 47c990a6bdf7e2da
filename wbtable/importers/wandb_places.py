"""Where on this machine W&B's client may have put the files that its records name."""

from __future__ import annotations

import base64
import binascii
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wbtable.errors import NotFoundError, UsageError
from wbtable.importers.wandb_files import regular

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.importers.wandb_files import ManifestEntry


class Places:
    """Finds local files of run folders; reads nothing outside of W&B's own folders and those that the user named.

    A path in a record is somebody else's word: it is followed only where it leads into one of these folders.
    """

    def __init__(self, run_folder: Path, files_from: Sequence[Path]) -> None:
        """Know the folders for one run.

        Args:
            run_folder: the folder of its ``run-*.wandb``.
            files_from: folders that the user named.

        """
        self._staging = [folder / "artifacts" / "staging" for folder in _data_folders()]
        self._cache = [folder / "artifacts" / "obj" for folder in _cache_folders()]
        self._named = list(files_from)
        self._roots = [run_folder, run_folder.parent, *self._staging, *self._cache, *self._named]

    def locate(self, entry: ManifestEntry) -> Path:
        """Return the local file of a manifest's entry; its content is not checked here.

        Raises:
            UsageError: it is outside of the folders that may be read.
            NotFoundError: it is nowhere.

        """
        refused: UsageError | None = None
        for candidate in self._candidates(entry):
            try:
                return regular(candidate, self._roots)
            except NotFoundError:
                continue
            except UsageError as error:
                refused = refused or error
        if refused is not None:
            raise refused
        msg = f"its file {entry.local_path or entry.path!r:.300} is gone, and is not in W&B's staging area or cache"
        raise NotFoundError(msg, place=entry.path)

    def file(self, path: str) -> Path:
        """Return a file that a record names by its full path.

        Raises:
            UsageError: it is outside of the folders that may be read.
            NotFoundError: there is none.

        """
        return regular(Path(path), self._roots)

    def _candidates(self, entry: ManifestEntry) -> list[Path]:
        out: list[Path] = []
        if entry.local_path:
            out.append(Path(entry.local_path))
            name = Path(entry.local_path).name
            out += [folder / name for folder in (*self._staging, *self._named) if name not in {"", ".", ".."}]
        try:
            digest = base64.b64decode(entry.digest, validate=True).hex()
        except binascii.Error:
            digest = ""
        if len(digest) > 2:
            out += [folder / entry.algorithm.lower() / digest[:2] / digest[2:] for folder in self._cache]
        parts = [part for part in entry.path.split("/") if part not in {"", ".", ".."}]
        if parts:
            out += [folder.joinpath(*parts) for folder in self._named]
        return out


def _data_folders() -> list[Path]:
    named = os.environ.get("WANDB_DATA_DIR")
    home = Path.home()
    usual = (
        home / "Library/Application Support/wandb"
        if sys.platform == "darwin"
        else _xdg("XDG_DATA_HOME", ".local/share")
    )
    return [*([Path(named)] if named else []), usual]


def _cache_folders() -> list[Path]:
    named = os.environ.get("WANDB_CACHE_DIR")
    home = Path.home()
    usual = home / "Library/Caches/wandb" if sys.platform == "darwin" else _xdg("XDG_CACHE_HOME", ".cache")
    return [*([Path(named)] if named else []), usual]


def _xdg(variable: str, usual: str) -> Path:
    named = os.environ.get(variable)
    return (Path(named) if named else Path.home() / usual) / "wandb"
