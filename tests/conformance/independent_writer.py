"""Writes a store by what `spec/` says: a pack, fragments, a table manifest, an artifact manifest, a version."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import zstandard

from tests.conformance.independent import (
    MAGIC,
    OURS,
    Json,
    artifact_digest,
    canonical,
    check_of,
    content_digest,
    escaped,
    fingerprint,
    key_of,
    physical,
    sha,
    total,
    xxh3,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROOT: Json = {"format": "0.1", "features": {"reader": [], "writer": []}}
NOW = "2026-11-24T12:00:00.000000Z"


def sealed(document: Json) -> Json:
    """Return a document with its check (DOC-8)."""
    return {**document, "check": check_of(document)}


def sorted_refs(descriptors: Sequence[Json]) -> list[Json]:
    """Return each descriptor once, in order of digest (DOC-6)."""
    found = {one["digest"]: one for one in descriptors}
    return [found[digest] for digest in sorted(found)]


@dataclass(slots=True)
class Made:
    """A fragment as a manifest lists it, and what its cells name."""

    listed: Json
    containers: list[Json] = field(default_factory=list)


class Writer:
    """Puts things below a root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        header = {
            "kind": "wbtable.store",
            "algorithm": "SHA-256",
            "probe": {"exclusive_create": True},
            "refs": [],
            "unsafe_single_writer": False,
        }
        self._write("wbtable.json", canonical(ROOT | header))

    def _write(self, key: str, data: bytes) -> None:
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(data)

    def put(self, kind: str, content: bytes, name: str = "") -> Json:
        """Put an object; return its descriptor (LAYOUT-1, DOC-4)."""
        descriptor = {"media_type": OURS + kind, "digest": name or sha(content), "size": len(content)}
        key = key_of(descriptor)
        self._write(key, zstandard.ZstdCompressor().compress(content) if key.endswith(".zst") else content)
        return descriptor

    def pack(self, blobs: Sequence[bytes]) -> tuple[Json, list[Json]]:
        """Put a pack; return its descriptor, and for each blob a FILE group (PACK-3 to PACK-5, FILE-2)."""
        trailer, files, place = b"", [], 0
        for blob in blobs:
            trailer += sha256(blob).digest() + struct.pack("<QQ", place, len(blob))
            files.append({"offset": place, "size": len(blob), "content_type": "image/png", "checksum": sha(blob)})
            place += len(blob)
        trailer += struct.pack("<II", len(blobs), 1) + MAGIC
        pack = self.put("pack", b"".join(blobs) + trailer, sha(trailer))
        uri = key_of(pack).replace("objects", "..")
        return pack, [{"uri": uri, **file} for file in files]

    def fragment(
        self,
        columns: Sequence[Json],
        values: Sequence[pa.Array],
        names: Sequence[str] = (),
        containers: Sequence[Json] = (),
        data: bytes = b"",
    ) -> Made:
        """Put a fragment (FRAG-1, FRAG-6, TABLE-4); with `names` or `data` it is a wrong one."""
        if not data:
            out = io.BytesIO()
            given = list(names) or [column["name"] for column in columns]
            table = pa.Table.from_arrays(list(values), given)
            pq.write_table(table, out, write_page_checksum=True, write_page_index=True)
            data = out.getvalue()
        (length,) = struct.unpack("<I", data[-8:-4])
        facts = []
        for column, found in zip(columns, values, strict=True):
            fact: Json = {"nulls": found.null_count, "fingerprint": fingerprint(found, column["type"])}
            if pa.types.is_integer(found.type):
                fact |= {"min": str(pc.min(found)), "max": str(pc.max(found))}
            facts.append(fact)
        listed = {
            "file": self.put("fragment+parquet", data),
            "rows": len(values[0]),
            "xxh3": xxh3(data),
            "footer_length": length,
            "footer_xxh3": xxh3(data[-8 - length : -8]),
            "columns": facts,
        }
        return Made(listed, list(containers))

    def table(self, columns: Sequence[Json], fragments: Sequence[Made], **more: Any) -> tuple[Json, Json]:
        """Put a table manifest, its optional fields left out; return its descriptor and itself (TABLE-1, TABLE-6)."""
        refs = sorted_refs([one for made in fragments for one in (made.listed["file"], *made.containers)])
        at = {ref["digest"]: place for place, ref in enumerate(refs)}
        tail = [
            {**made.listed, "containers": sorted(at[one["digest"]] for one in made.containers)} for made in fragments
        ]
        rows = sum(one["rows"] for one in tail)
        manifest = {
            **ROOT,
            "kind": "wbtable.table",
            "columns": list(columns),
            "rows": rows,
            "log_mode": "IMMUTABLE",
            "tail": tail,
            "refs": refs,
            **more,
        }
        manifest["content_digest"] = content_digest(manifest)
        return self.put("table+json", canonical(manifest)), manifest

    def entry(self, path: str, table: Json, manifest: Json) -> Json:
        """Return the entry of a table (ART-3)."""
        data_size = sum(ref["size"] for ref in manifest["refs"])
        return {"path": path, **table, "content_digest": manifest["content_digest"], "data_size": data_size}

    def version(self, project: str, name: str, entries: list[Json], refs: Sequence[Json], **more: Any) -> Json:
        """Commit version 0 of an artifact; return its record (COMMIT-0)."""
        entries = sorted(entries, key=lambda entry: entry["path"].encode())
        manifest = {
            **ROOT,
            "kind": "wbtable.artifact",
            "entries": entries,
            "count": len(entries),
            "size": total(entries),
            "digest": artifact_digest(entries),
            "refs": sorted_refs(refs),
            **more,
        }
        descriptor = self.put("artifact+json", canonical(manifest))
        record = sealed(
            {
                **ROOT,
                "kind": "wbtable.version",
                "refs": [descriptor],
                "commit_id": "0" * 32,
                "project": project,
                "name": name,
                "version": 0,
                "parent": None,
                "artifact_type": "dataset",
                "metadata": {"lr": 0.1},
                "digest": manifest["digest"],
                "manifest": descriptor,
                "created_at": NOW,
            }
        )
        self._write(f"projects/{escaped(project)}/artifacts/{escaped(name)}/versions/{0:020}.json", canonical(record))
        return record

    def alias(self, project: str, name: str, alias: str) -> None:
        """Have an alias name version 0 (LOG-1, LOG-2)."""
        entry = sealed({**ROOT, "kind": "wbtable.alias", "id": "1" * 32, "created_at": NOW, "value": 0})
        folder = f"projects/{escaped(project)}/artifacts/{escaped(name)}/aliases/{escaped(alias)}"
        self._write(f"{folder}/{0:020}.json", canonical(entry))


def column(name: str, kind: str, **more: Any) -> Json:
    """Return a column of a manifest."""
    return {"name": name, "type": {"kind": kind, **more}}


def arrays(columns: Sequence[Json], rows: Sequence[Sequence[Any]]) -> list[pa.Array]:
    """Return rows as columns of the physical types (page 06)."""
    return [pa.array([row[at] for row in rows], physical(one["type"])) for at, one in enumerate(columns)]
