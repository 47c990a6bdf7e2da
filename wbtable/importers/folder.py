"""Folders of images, sound and other media as tables: labels from folders' names, or facts from a metadata file."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.local_files import walk
from wbtable.artifacts.progress import Progress
from wbtable.errors import FormatError, NotFoundError, UsageError, WbtableError
from wbtable.format.exact_json import EXACT_JSON
from wbtable.importers.metadata_csv import CAPTION, csv_rows
from wbtable.importers.wandb_files import inside
from wbtable.media import media_class
from wbtable.tables.files_out import FILE_NAME
from wbtable.tables.table import Table

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from wbtable.importers.report import Report

METADATA: Final = ("metadata.csv", "metadata.jsonl")
SPLITS: Final = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval"})
_KINDS: Final = {
    "image": "png jpg jpeg gif bmp webp tif tiff",
    "audio": "wav mp3 flac ogg oga opus aif aiff",
    "video": "mp4 webm mkv mov ogv avi",
    "html": "html htm",
    "object3d": "glb gltf obj stl babylon",
    "molecule": "pdb pqr mmcif mcif cif sdf sd gro mol2 mmtf",
}
_KIND_OF: Final = {f".{suffix}": kind for kind, suffixes in _KINDS.items() for suffix in suffixes.split()}
_MAX_LINE: Final = 16 << 20
_NO_FILE: Final = "\0"
"""Stands in the place of rows that have no file, as no path has it."""


@dataclass(slots=True)
class _Found:
    """What is in a folder.

    Attributes:
        media: path and kind of each media file.
        facts: what metadata files say, by the path of the file; of a row without a file by that of the file before it,
            NUL and a number.
        columns: the names of those facts, in the order in which they appear.
        main: the key that names the files of rows; None until a metadata file is read.
        others: the files that are neither.

    """

    media: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    columns: dict[str, None] = field(default_factory=dict)
    main: str | None = None
    others: list[str] = field(default_factory=list)


def read_folder(
    folder: str | os.PathLike[str], kind: str | None = None, *, label: str = "label", report: Report | None = None
) -> Table:
    """Return a table of the media files below a folder, in order of their paths.

    Its columns are the media under the name of their kind (``image``), their ``path`` below the folder, and the names
    of the folders that they are in as `label`; folders called ``train``, ``test`` and the like give the column
    ``split``. A ``metadata.csv`` or ``metadata.jsonl`` with the key ``file_name`` gives further columns instead of
    labels; a key such as ``mask_file_name`` a further column of media, ``mask``, or the first one where there is no
    ``file_name``. A row whose file is null has neither media nor path.

    Args:
        folder: the folder; links in it are followed while they stay inside.
        kind: image, audio, video, html, object3d or molecule; None where all files are of one kind. A GIF is an image,
            and a video where these are asked for.
        label: what the column of labels is called.
        report: is told of each file that is left out, and why; without it the first such file is an error.

    Raises:
        NotFoundError: there is no such folder, or no media in it.
        UsageError: there are media of several kinds and `kind` does not say which, or a file is not usable.
        FormatError: a metadata file is damaged.

    """
    root = Path(folder)
    if kind is not None and kind not in _KINDS:
        msg = f"expected a kind of media ({', '.join(_KINDS)}), found {kind!r:.40}"
        raise UsageError(msg)
    found = _look(root, report)
    kinds = {found.media[path] for path in found.facts if path in found.media} or set(found.media.values())
    if kind is None and len(kinds) > 1:
        msg = f"there are {', '.join(sorted(kinds))} files in it: say which are meant with kind="
        raise UsageError(msg, place=str(root))
    if kind is None and not kinds:
        msg = "there are no media files in it"
        raise NotFoundError(msg, place=str(root))
    return _Folder(root, kind or next(iter(kinds)), label, found, report).table()


def _kind_of(name: str) -> str | None:
    return "object3d" if name.lower().endswith(".pts.json") else _KIND_OF.get(PurePosixPath(name).suffix.lower())


def _look(root: Path, report: Report | None) -> _Found:
    found = _Found()
    metadata: list[str] = []

    def leave_out(path: str, error: WbtableError) -> None:
        if report is None:
            raise error
        report.add("file", f"{root}: {path}", "failed", error=error)

    with Progress("reading", "files") as progress:
        for path, _ in walk(str(root), leave_out):
            progress.advance()
            name = path.rpartition("/")[2]
            kind = _kind_of(name)
            if name in METADATA:
                metadata.append(path)
            elif kind is not None:
                found.media[path] = kind
            elif not name.startswith("."):
                found.others.append(path)
    for path in metadata:
        _take_facts(root, path, found)
    return found


def _take_facts(root: Path, path: str, found: _Found) -> None:
    """Add what a metadata file says."""
    base = path.rpartition("/")[0]
    where = f"{base}/" if base else ""
    for number, facts in _metadata(root / path):
        if found.main is None:
            found.main = _main_key(facts)
        name = facts.pop(found.main, "")
        if name is None:
            name, where = "", f"{where.partition(_NO_FILE)[0]}{_NO_FILE}{number:012d}"
        elif not isinstance(name, str) or not name:
            msg = f"expected the key {found.main!r} with the path of a file, found {name!r:.80}"
            raise FormatError(msg, place=f"{path}, line {number}")
        else:
            where = f"{base}/{name}" if base else name
        if where in found.facts:
            msg = f"the file {name!r:.200} comes twice"
            raise FormatError(msg, place=f"{path}, line {number}")
        found.facts[where] = {key: _beside(base, key, value) for key, value in facts.items()}
        found.columns.update(dict.fromkeys(facts))


def _main_key(facts: Mapping[str, Any]) -> str:
    """Return the key that names the files of rows: that of the first media column where none is called as its kind."""
    named = [key for key in facts if key.endswith(f"_{FILE_NAME}")]
    return named[0] if named and FILE_NAME not in facts else FILE_NAME


def _beside(base: str, key: str, value: Any) -> Any:
    """Return a value, the path of a further media file as one below the root."""
    return f"{base}/{value}" if base and key.endswith(f"_{FILE_NAME}") and isinstance(value, str) else value


def _metadata(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            if file.suffix == ".csv":
                yield from csv_rows(stream, str(file))
                return
            while line := stream.readline(_MAX_LINE):
                number += 1
                if not line.strip():
                    continue
                value = EXACT_JSON.decode(line)
                if not isinstance(value, dict):
                    msg = f"expected an object, found {type(value).__name__}"
                    raise FormatError(msg, place=f"{file}, line {number}")
                yield number, value
    except (ValueError, csv.Error, RecursionError) as error:
        if isinstance(error, WbtableError):
            raise
        msg = f"expected a metadata file: {error}"
        raise FormatError(msg, place=f"{file}, line {number}" if number else str(file)) from None


def _caption(facts: Mapping[str, Any], column: str) -> str | None:
    found = facts.get(column + CAPTION)
    return None if found is None else str(found)


class _Folder:
    """Makes the table of what was found."""

    def __init__(self, root: Path, kind: str, label: str, found: _Found, report: Report | None) -> None:
        self._root, self._kind, self._found, self._report = root, kind, found, report
        self._make: Any = media_class(kind)
        main = found.main or FILE_NAME
        self._name = kind if main == FILE_NAME else main.removesuffix(f"_{FILE_NAME}")
        self._labels = self._label_columns(label)
        self._more = [name for name in found.columns if name.endswith(f"_{FILE_NAME}")]
        taken = {self._name, "path", *self._labels}
        captions = {f"{name.removesuffix(f'_{FILE_NAME}')}{CAPTION}" for name in (self._name, *self._more)}
        self._facts = [name for name in found.columns if name not in self._more and name not in captions]
        clash = [name for name in self._facts if name in taken]
        if clash:
            msg = f"the metadata has a column {clash[0]!r}, which the table needs for itself"
            raise UsageError(msg, place=str(root))

    def _label_columns(self, label: str) -> list[str]:
        folders = [path.split("/")[:-1] for path in self._found.media]
        splits = bool(folders) and all(parts and parts[0].lower() in SPLITS for parts in folders)
        labels = not self._found.facts and any(len(parts) > splits for parts in folders)
        return [*(["split"] if splits else []), *([label] if labels else [])]

    def table(self) -> Table:
        names = [self._name, "path", *self._labels]
        names += [name.removesuffix(f"_{FILE_NAME}") for name in self._more]
        if len(set(names)) != len(names):
            msg = f"two columns would have one name: {names!r:.200}"
            raise UsageError(msg, place=str(self._root))
        table = Table(columns=[*names, *self._facts], allow_mixed_types=True)
        linked = {
            str(facts.get(name)) for facts in self._found.facts.values() for name in self._more if facts.get(name)
        }
        listed = sorted({*self._found.media, *self._found.facts} - (linked - self._found.facts.keys()))
        with Progress("importing", "files", len(listed)) as progress:
            for path in listed:
                progress.advance()
                kind = self._found.media.get(path, self._kind)
                if kind != self._kind and not (self._kind == "video" and path.lower().endswith(".gif")):
                    self._leave_out(path, UsageError(f"it is of kind {kind}, and {self._kind} was asked for"))
                    continue
                if self._found.facts and path not in self._found.facts:
                    self._leave_out(path, NotFoundError("the metadata does not name it"))
                    continue
                try:
                    table.add_data(*self._row(path, self._found.facts.get(path, {})))
                except WbtableError as error:
                    self._leave_out(path, error)
                    continue
                if _NO_FILE not in path:
                    self._tell("media", path, "imported")
        for path in self._found.others:
            self._tell("file", path, "failed", "it is no media file")
        return table

    def _row(self, path: str, facts: Mapping[str, Any]) -> list[Any]:
        row: list[Any] = [None, None]
        if _NO_FILE not in path:
            row = [self._make(inside(self._root, path), caption=_caption(facts, self._name)), path]
        parts: Sequence[str] = path.split("/")[:-1]
        if "split" in self._labels:
            row.append(parts[0] if parts else None)
            parts = parts[1:]
        if len(self._labels) > ("split" in self._labels):
            row.append("/".join(parts) or None)
        for name in self._more:
            other = facts.get(name)
            caption = _caption(facts, name.removesuffix(f"_{FILE_NAME}"))
            row.append(None if other is None else self._other(str(other), caption))
        return [*row, *(facts.get(name) for name in self._facts)]

    def _other(self, path: str, caption: str | None) -> Any:
        kind = _kind_of(path)
        if kind is None:
            msg = f"{path!r:.200} is no media file"
            raise UsageError(msg)
        make: Any = media_class(kind)
        return make(inside(self._root, path), caption=caption)

    def _leave_out(self, path: str, error: WbtableError) -> None:
        if self._report is None:
            raise type(error)(str(error), place=f"{self._root}: {path}")
        self._report.add("media", f"{self._root}: {path}", "failed", error=error)

    def _tell(self, kind: str, path: str, outcome: Any, detail: str | None = None) -> None:
        if self._report is not None:
            self._report.add(kind, f"{self._root}: {path}", outcome, detail)
