"""Folders that hold an artifact of W&B: with its manifest, or as it was downloaded, without."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.local_files import walk
from wbtable.errors import FormatError
from wbtable.format.paths import check_path
from wbtable.importers.wandb_artifact import WandbArtifact
from wbtable.importers.wandb_files import MANIFEST, ArtifactFiles, ManifestEntry, inside, manifest_digest

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.importers.report import Report

_NAMED = re.compile(r"(.+?)[:-](v[0-9]{1,15})", re.DOTALL)
_MAX_MANIFEST: Final = 1 << 30
_BLOCK: Final = 1 << 20


def name_and_version(folder: str) -> tuple[str, str | None]:
    """Return name and version that a folder's name says: ``dataset:v3``, or ``dataset-v3`` where ``:`` cannot be."""
    match = _NAMED.fullmatch(folder)
    return (match[1], match[2]) if match else (folder, None)


def read_entries(value: Any, place: str, report: Report | None = None) -> dict[str, ManifestEntry]:
    """Return the entries of a manifest; an entry that is none is reported, and the others are returned.

    Raises:
        FormatError: it is no manifest of W&B.

    """
    contents = value.get("contents") if isinstance(value, dict) else None
    if not isinstance(contents, dict) or value.get("version", 1) != 1:
        msg = "expected a W&B manifest of version 1 with contents"
        raise FormatError(msg, place=place)
    out = {}
    for path, found in contents.items():
        try:
            out[path] = ManifestEntry.from_json(path, found, place)
        except FormatError as error:
            if report is None:
                raise
            report.add("file", f"{place}:{path}", "failed", error=error)
    return out


def read_manifest(file: Path, report: Report) -> dict[str, ManifestEntry]:
    """Return the entries of a manifest's file.

    Raises:
        FormatError: it is no manifest, or damaged.

    """
    if file.stat().st_size > _MAX_MANIFEST:
        msg = f"expected at most {_MAX_MANIFEST:,} bytes"
        raise FormatError(msg, place=str(file))
    try:
        value = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        msg = f"expected JSON: {error}"
        raise FormatError(msg, place=str(file)) from None
    return read_entries(value, str(file), report)


def artifact_in(folder: Path, report: Report, follow: Any, name: str | None, kind: str) -> WandbArtifact:
    """Return the artifact in a folder.

    Args:
        folder: the folder.
        report: is added to.
        follow: finds what a reference to another W&B artifact means.
        name: the artifact's name; None for the folder's.
        kind: its type, which no file says.

    Raises:
        FormatError: its manifest is damaged.
        WbtableError: a file cannot be read.

    """
    found, version = name_and_version(folder.resolve().name)
    manifest = folder / MANIFEST
    if manifest.is_file():
        entries = read_manifest(manifest, report)
        files = ArtifactFiles(entries, lambda entry: inside(folder, entry.path), follow)
    else:
        files = _unlisted(folder, follow)
    algorithm = "XXH128" if any(entry.algorithm == "XXH128" for entry in files.entries.values()) else "MD5"
    return WandbArtifact(
        source=str(folder),
        name=name or found,
        type=kind,
        digest=manifest_digest(files.entries.values(), algorithm),
        files=files,
        version=version,
    )


def _unlisted(folder: Path, follow: Any) -> ArtifactFiles:
    """Return the files of a folder that has no manifest, with digests as a manifest would have them."""
    entries = {}
    for path, file in walk(str(folder)):
        check_path(path)
        hasher = hashlib.md5(usedforsecurity=False)
        with file.open() as stream:
            while block := stream.read(_BLOCK):
                hasher.update(block)
        digest = base64.b64encode(hasher.digest()).decode()
        entries[path] = ManifestEntry(path=path, digest=digest, size=file.size)
    return ArtifactFiles(entries, lambda entry: inside(folder, entry.path), follow)


def table_alone(file: Path, name: str | None, kind: str) -> WandbArtifact:
    """Return the artifact of one ``*.table.json``, with what lies beside it as its media."""
    folder = file.parent
    with file.open("rb") as stream:  # in blocks: a table may be larger than memory
        hashed = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
    digest = base64.b64encode(hashed.digest()).decode()
    entry = ManifestEntry(path=file.name, digest=digest, size=file.stat().st_size)
    files = _Beside({file.name: entry}, lambda found: inside(folder, found.path), lambda _uri: None)
    found, _ = name_and_version(file.name.removesuffix(".table.json"))
    return WandbArtifact(source=str(file), name=name or found, type=kind, digest=manifest_digest([entry]), files=files)


class _Beside(ArtifactFiles):
    """One table, and whatever its cells name beside it."""

    def find(self, path: str) -> Path:
        """Return the file of a path, listed or not."""
        if path in self.entries:
            return super().find(path)
        return self.locate(ManifestEntry(path=path, digest=""))
