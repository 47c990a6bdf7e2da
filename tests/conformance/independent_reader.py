"""Walks a store from its logs to its blobs by what `spec/` says, and checks everything on the way."""

from __future__ import annotations

import io
import json
import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from tests.conformance.independent import (
    FACTS,
    OURS,
    Json,
    Objects,
    artifact_digest,
    canonical,
    check_of,
    content_digest,
    contents,
    escaped,
    fingerprint,
    key_of,
    parquet,
    physical,
    sha,
    total,
    trailer,
    xxh3,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

URI = re.compile(r"\.\./([0-9a-f]{2})/([0-9a-f]{62})(\.pack)?")


@dataclass(slots=True)
class Seen:
    """What was come across, so that a test can tell that it was looked at."""

    fragments: int = 0
    pages: int = 0
    entry_pages: int = 0
    blobs: int = 0
    narrower: int = 0
    shorter: int = 0
    kinds: set[str] = field(default_factory=set)


class Walk:
    """One pass over a store."""

    def __init__(self, root: Path) -> None:
        self.objects = Objects(root)
        self.seen = Seen()
        self._known: set[str] = set()
        header = self.objects.document((root / "wbtable.json").read_bytes(), "wbtable.store")
        assert header["algorithm"] == "SHA-256"

    def artifact(self, project: str, name: str) -> list[Json]:
        """Check all versions of an artifact; return their records (COMMIT-0)."""
        base = f"projects/{escaped(project)}/artifacts/{escaped(name)}"
        records = self.objects.log(f"{base}/versions", "wbtable.version")
        for number, record in enumerate(records):
            assert (record["project"], record["name"], record["version"]) == (project, name, number)
            before = records[number - 1] if number else None
            assert record["parent"] == (before and {"version": number - 1, "commit_id": before["commit_id"]})
            assert record["refs"] == [record["manifest"]]
            manifest = self.objects.named(record["manifest"], "wbtable.artifact")
            entries = self.entries(manifest)
            found = (artifact_digest(entries), len(entries), total(entries))
            assert found == (manifest["digest"], manifest["count"], manifest["size"])
            assert found == (record["digest"], record["count"], record["size"])
        return records

    def alias(self, project: str, name: str, alias: str) -> int | None:
        """Return the number that an alias names (LOG-2)."""
        folder = f"projects/{escaped(project)}/artifacts/{escaped(name)}/aliases/{escaped(alias)}"
        found: int | None = self.objects.log(folder, "wbtable.alias")[-1]["value"]
        return found

    def entries(self, manifest: Json) -> list[Json]:
        """Return the entries of an artifact, what they name checked (ART-1 to ART-10, PAGE-1 to PAGE-4)."""
        if "entries" in manifest:
            self._check_entries(manifest["entries"], manifest["refs"])
            inline: list[Json] = manifest["entries"]
            return inline
        assert {page["file"]["digest"] for page in manifest["pages"]} == {ref["digest"] for ref in manifest["refs"]}
        out = []
        for page in manifest["pages"]:
            data = self.objects.get(page["file"])
            entries = [_entry(row) for row in parquet(data).to_pylist()]
            assert (entries[0]["path"], entries[-1]["path"]) == (page["first"], page["last"])
            found = (len(entries), total(entries), artifact_digest(entries))
            assert found == (page["count"], page["size"], page["digest"])
            assert all(xxhash.xxh3_64_intdigest(entry["path"].encode()) % 4096 for entry in entries[:-1])
            refs = json.loads(pq.read_metadata(io.BytesIO(data)).metadata[b"wbtable"])["refs"]
            self._check_entries(entries, refs)
            out += entries
            self.seen.entry_pages += 1
        return out

    def _check_entries(self, entries: Sequence[Json], refs: Sequence[Json]) -> None:
        paths = [entry["path"].encode() for entry in entries]
        assert paths == sorted(set(paths))
        listed = {ref["digest"]: ref for ref in refs}
        used = set()
        packs: dict[str, Any] = {}
        for entry in entries:
            if "reference" in entry:
                continue
            name = entry.get("pack") or entry["digest"]
            used.add(name)
            if "pack" in entry:
                if name not in packs:
                    packs[name] = trailer(self.objects.get(listed[name]), name)
                assert packs[name][entry["offset"], entry["size"]] == entry["digest"]
            else:
                assert (listed[name]["size"], key_of(listed[name])) == (entry["size"], key_of(entry))
                self._content(entry)
            if "media" in entry:
                self._check_media(entry)
        assert used == set(listed)

    def _content(self, entry: Json) -> None:
        kind = entry["media_type"].removeprefix(OURS).removesuffix("+json")
        if kind == "table":
            assert self.table(entry)["content_digest"] == entry["content_digest"]
        elif kind in {"joined-table", "partitioned-table"}:
            self.objects.named(entry, f"wbtable.{kind}")
        else:
            self.objects.get(entry)
        self.seen.kinds.add(kind)

    def _check_media(self, entry: Json) -> None:
        media = json.loads(entry["media"])
        assert canonical(media).decode() == entry["media"]
        assert sha(canonical({**media, "checksum": entry["digest"]})) == entry["content_digest"]  # ART-9: no masks here
        self.seen.kinds.add(media["type"]["kind"])

    def table(self, descriptor: Json) -> Json:
        """Check a table, its fragments and their blobs (TABLE-1 to TABLE-10)."""
        manifest = self.objects.named(descriptor, "wbtable.table")
        if descriptor["digest"] in self._known:
            return manifest
        self._known.add(descriptor["digest"])
        columns, rows = manifest["columns"], 0
        used = {manifest["sketch"]["digest"]} if manifest.get("sketch") else set()
        for page in manifest.get("pages", []):
            document = self.objects.named(page["page"], "wbtable.fragment-page")
            fragments = document["fragments"]
            assert len(fragments) == 128
            assert sum(one["rows"] for one in fragments) == page["rows"]
            assert sha(canonical(contents(fragments))) == page["content_digest"]
            assert self._fragments(fragments, columns, document["refs"]) == {ref["digest"] for ref in document["refs"]}
            used.add(page["page"]["digest"])
            rows += page["rows"]
            self.seen.pages += 1
        used |= self._fragments(manifest["tail"], columns, manifest["refs"])
        assert used == {ref["digest"] for ref in manifest["refs"]}
        assert manifest["rows"] == rows + sum(one["rows"] for one in manifest["tail"])
        assert manifest["content_digest"] == content_digest(manifest)
        return manifest

    def _fragments(self, fragments: Sequence[Json], columns: Sequence[Json], refs: Sequence[Json]) -> set[str]:
        used = set()
        for fragment in fragments:
            named = [refs[at]["digest"] for at in fragment["containers"]]
            used |= {fragment["file"]["digest"], *named}
            once = fragment["file"]["digest"] + xxh3(canonical(list(columns)))
            if once not in self._known:
                self._known.add(once)
                assert self._fragment(fragment, columns) == set(named)
        return used

    def _fragment(self, fragment: Json, columns: Sequence[Json]) -> set[str]:
        """Check a fragment; return the containers that its cells name (FRAG-1, FRAG-6, FRAG-7)."""
        data = self.objects.get(fragment["file"])
        (length,) = struct.unpack("<I", data[-8:-4])
        footer = data[-8 - length : -8]
        assert (xxh3(data), length, xxh3(footer)) == tuple(
            fragment[name] for name in ("xxh3", "footer_length", "footer_xxh3")
        )
        table = parquet(data)
        described = fragment["columns"]
        assert table.num_rows == fragment["rows"]
        assert table.column_names == [column["name"] for column in columns[: len(described)]]
        self.seen.fragments += 1
        self.seen.shorter += len(described) < len(columns)
        files: list[Json] = []
        for column, facts, found in zip(columns, described, table.columns, strict=False):
            values = found.combine_chunks()
            own, kind = column["type"], physical(column["type"])
            if pa.types.is_null(values.type) and own["kind"] != "null":
                own = {"kind": "null"}  # TABLE-10, FP-9: the fingerprint is of what the column was
                self.seen.narrower += 1
            elif values.type != kind:
                values = values.cast(kind)  # FRAG-1: seconds stand as milliseconds
            assert facts["nulls"] == values.null_count
            assert facts["fingerprint"] == fingerprint(values, own)
            if own["kind"] in FACTS:
                files += [cell["file"] for cell in values.to_pylist() if cell is not None]
        return {self.blob(file) for file in files}

    def blob(self, file: Json) -> str:
        """Check the blob that a cell names; return the digest of the object that has it (FILE-2, FILE-3, PACK-10)."""
        found = URI.fullmatch(file["uri"])
        assert found is not None
        key = f"objects/{found[1]}/{found[2]}{found[3] or ''}"
        data = (self.objects.root / key).read_bytes()
        begin = file["offset"] or 0
        end = len(data) if file["size"] is None else begin + file["size"]
        assert 0 <= begin <= end <= len(data)
        assert sha(data[begin:end]) == file["checksum"]
        self.seen.blobs += 1
        return f"SHA-256:{found[1]}{found[2]}"

    def run(self, project: str, run: str) -> Json:
        """Check the records and the history of a run that ended; return its finish record (RUN-1 to RUN-6)."""
        base = f"projects/{escaped(project)}/runs/{escaped(run)}"
        assert len(self.objects.log(f"{base}/attempts", "wbtable.run")) == 1
        (finish,) = self.objects.log(f"{base}/finishes", "wbtable.run-finish")
        summary = self.objects.sealed(f"{base}/summary.json", "wbtable.run-summary")
        assert summary["summary"] == finish["summary"]
        for log in ("used", "logged"):
            self.objects.log(f"{base}/{log}", "wbtable.run-link")
        segments = [
            (self.objects.root / f"{base}/history/{at:020}.parquet").read_bytes() for at in range(finish["segments"])
        ]
        named = set()
        for data in segments:
            footer = json.loads(pq.read_metadata(io.BytesIO(data)).metadata[b"wbtable"])
            assert (footer["kind"], footer["check"]) == ("wbtable.history", check_of(footer))
            table = parquet(data)
            refs = {ref["digest"] for ref in footer["refs"]}
            for column in footer["columns"]:
                assert table[column["name"]].type == physical(column["type"])
                if column["type"]["kind"] in FACTS:
                    cells = [cell for cell in table[column["name"]].to_pylist() if cell is not None]
                    found = {self.blob(cell["file"]) for cell in cells}
                    assert found <= refs
                    named |= found
        assert named <= {ref["digest"] for ref in finish["refs"]}
        return finish


def _entry(row: Json) -> Json:
    """Return the entry of a row of a page (PAGE-2)."""
    digests = {"digest", "pack", "content_digest"}
    out = {name: value for name, value in row.items() if value is not None and name not in {"uri", "etag", "extra"}}
    out |= {name: "SHA-256:" + value.hex() for name, value in out.items() if name in digests}
    if row["uri"] is not None:
        out["reference"] = {"uri": row["uri"], **({} if row["etag"] is None else {"etag": row["etag"]})}
    return out | json.loads(row["extra"] or "{}")
