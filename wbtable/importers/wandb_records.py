"""Artifact records in a run's log, as artifacts."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import FormatError
from wbtable.importers.wandb_artifact import WandbArtifact
from wbtable.importers.wandb_files import ArtifactFiles, ManifestEntry, manifest_digest

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.importers.report import Report
    from wbtable.importers.wandb_places import Places

_MAX_LINE: Final = 1 << 20
_MAX_ENTRIES: Final = 20_000_000


def artifact_of(record: dict[str, Any], place: str, places: Places, follow: Any, report: Report) -> WandbArtifact:
    """Return the artifact that a record describes.

    Args:
        record: the record.
        place: what the report calls the run.
        places: finds the files on this machine.
        follow: finds what a reference to another W&B artifact means.
        report: is added to.

    Raises:
        FormatError: it has no name, or its manifest is damaged.
        WbtableError: the manifest's file cannot be read.

    """
    name, kind = record.get("name"), record.get("type")
    if not isinstance(name, str) or not name or not isinstance(kind, str):
        msg = f"expected an artifact with a name and a type, found {name!r:.80} and {kind!r:.80}"
        raise FormatError(msg, place=place)
    source = f"{place}/{name}"
    manifest = record.get("manifest", {})
    if manifest.get("manifest_file_path"):
        entries = _from_file(places.file(manifest["manifest_file_path"]), source)
    else:
        entries = {}
        for found in manifest.get("contents", []):
            entry = _entry(found)
            entries[entry.path] = entry
    algorithm = "XXH128" if "XXH" in record.get("digest_algorithm", "") else "MD5"
    digest = manifest_digest(entries.values(), algorithm)
    said = record.get("digest") or digest
    if said != digest:
        report.add("artifact", source, "changed", f"its record says the digest {said:.80}, its manifest has {digest}")
    return WandbArtifact(
        source=source,
        name=name,
        type=kind,
        digest=digest,
        files=ArtifactFiles(entries, places.locate, follow),
        project=record.get("project"),
        description=record.get("description") or None,
        metadata=_metadata(record, source, report),
        aliases=[alias for alias in record.get("aliases", []) if alias != "latest"],
        tags=record.get("tags", []),
        ttl=record.get("ttl_duration_seconds", 0) if record.get("ttl_duration_seconds", 0) > 0 else None,
        client_id=record.get("client_id"),
    )


def _entry(found: dict[str, Any]) -> ManifestEntry:
    extra = {item.get("key"): _json(item.get("value_json", "null")) for item in found.get("extra", [])}
    value = {"digest": found.get("digest", ""), "ref": found.get("ref"), "extra": extra}
    if "local_path" in found and not found.get("ref"):
        value["size"] = found.get("size", 0)
    path = found.get("path", "")
    return _with_local(ManifestEntry.from_json(path, value, "manifest"), found.get("local_path"))


def _with_local(entry: ManifestEntry, local: Any) -> ManifestEntry:
    from dataclasses import replace

    return replace(entry, local_path=local) if isinstance(local, str) and local else entry


def _from_file(file: Path, place: str) -> dict[str, ManifestEntry]:
    """Read the manifest that W&B puts beside a record where it is large: JSON Lines, compressed."""
    out: dict[str, ManifestEntry] = {}
    try:
        with gzip.open(file, "rb") as stream:
            while line := stream.readline(_MAX_LINE):
                value = json.loads(line)
                entry = ManifestEntry.from_json(str(value.get("path")), value, place)
                out[entry.path] = _with_local(entry, value.get("local_path"))
                if len(out) > _MAX_ENTRIES:
                    msg = f"expected at most {_MAX_ENTRIES:,} entries"
                    raise FormatError(msg, place=place)
    except (OSError, EOFError, zlib.error, ValueError, AttributeError, RecursionError) as error:
        msg = f"expected a manifest as JSON Lines, compressed: {error}"
        raise FormatError(msg, place=str(file)) from None
    return out


def _metadata(record: dict[str, Any], source: str, report: Report) -> dict[str, Any]:
    text = record.get("metadata")
    if not text:
        return {}
    value = _json(text)
    if isinstance(value, dict):
        return value
    report.add("metadata", source, "kept", "it is no JSON object, and stands under the key 'text'")
    return {"text": text}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
