"""Every parser of stored bytes, each with samples that are right: what the fuzzer begins with."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import wbtable
from tests.architecture.repository import SPEC
from tests.faults.jobs import add_rows, add_text
from wbtable.artifacts.compose import compose
from wbtable.artifacts.store import create_store
from wbtable.format import documents
from wbtable.format.artifact_manifest import ArtifactManifest
from wbtable.format.collection import CollectionDocument, LeaseDocument
from wbtable.format.digest import FRAGMENT_PAGE, PACK, Descriptor, Digest
from wbtable.format.entry import Entry
from wbtable.format.entry_page import decode_page, page_lines, page_refs
from wbtable.format.entry_rows import EntryRows
from wbtable.format.joined_table import JoinedTableDocument
from wbtable.format.log_entry import LogEntry
from wbtable.format.pack import decode_columns, decode_trailer, trailer_size
from wbtable.format.partitioned_table import PartitionedTableDocument
from wbtable.format.report import Report
from wbtable.format.run_history import read_segment
from wbtable.format.run_record import RunFinish, RunLink, RunStart, RunSummary
from wbtable.format.saved_view import SavedView
from wbtable.format.seal import sealed
from wbtable.format.sketch_file import read_sketch
from wbtable.format.table_manifest import PageEntry, TableManifest, encode_page, page_content_digest, read_page
from wbtable.format.version_record import VersionRecord
from wbtable.storage.header import StoreHeader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version

MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class Parser:
    """A function of stored bytes.

    Attributes:
        parse: reads bytes; gives something, or raises one of wbtable's errors.
        samples: bytes that it reads.
        is_json: whether the bytes are a document, so that single values of it can be exchanged.

    """

    parse: Callable[[bytes], object]
    samples: tuple[bytes, ...]
    is_json: bool = True


def _document(read: Callable[[Any], object], data: bytes) -> object:
    return read(documents.parse(data, "sample", max_bytes=MOST))


def _resealed(read: Callable[[Any], object], data: bytes) -> object:
    """Read a document whose check is right whatever else is wrong: what a forger would write."""
    return read(sealed(documents.parse(data, "sample", max_bytes=MOST)))


def _log(kind: str) -> Callable[[bytes], object]:
    return partial(_resealed, partial(LogEntry.from_json, kind=kind, place="log"))


BY_KIND: dict[str, Callable[[bytes], object]] = {
    "wbtable.store": lambda data: StoreHeader.from_bytes(data, "header"),
    "wbtable.version": partial(_resealed, partial(VersionRecord.from_json, place="record")),
    "wbtable.alias": _log("alias"),
    "wbtable.tags": _log("tags"),
    "wbtable.description": _log("description"),
    "wbtable.ttl": _log("ttl"),
    "wbtable.deletion": _log("deletion"),
    "wbtable.lineage": _log("lineage"),
    "wbtable.run": partial(_document, RunStart.from_json),
    "wbtable.run-summary": partial(_document, RunSummary.from_json),
    "wbtable.run-finish": partial(_document, RunFinish.from_json),
    "wbtable.run-link": partial(_document, RunLink.from_json),
    "wbtable.artifact": partial(_document, ArtifactManifest.from_json),
    "wbtable.table": partial(_document, TableManifest.from_json),
    "wbtable.joined-table": partial(_document, JoinedTableDocument.from_json),
    "wbtable.partitioned-table": partial(_document, PartitionedTableDocument.from_json),
    "wbtable.lease": lambda data: LeaseDocument.from_bytes(data, "lease"),
    "wbtable.report": partial(_resealed, partial(Report.from_json, place="report")),
    "wbtable.view": partial(_resealed, partial(SavedView.from_json, place="view")),
    "wbtable.collection": lambda data: CollectionDocument.from_bytes(data, "collection"),
}
"""What reads a document of each kind."""


def build_parsers(folder: Path) -> dict[str, Parser]:
    """Write a store with documents of every kind, and return what reads each."""
    store = create_store(folder / "store")
    with wbtable.init(project="p", store=store) as run:
        draft = wbtable.Artifact("data", metadata={"k": [1, "v", 2.5], "when": dt.date(2026, 1, 2)}, description="d")
        images = wbtable.Table(columns=["n", "text", "image"])
        add_rows(images, 3, range(4))
        draft.add(images, "images")
        numbers = wbtable.Table(columns=["n", "x"], data=[[i, i / 7] for i in range(50)])
        numbers.set_pk("n")
        draft.add(numbers, "numbers")
        draft.add(wbtable.JoinedTable(images, numbers, "n"), "joined")
        draft.add(wbtable.PartitionedTable("parts"), "parted")
        add_text(draft, "readme.txt", "a text")
        run.log_artifact(draft, aliases=["best"], tags=["t"])
        run.log({"loss": 0.5})
    version = store.artifact("p/data")
    version.description = "later"
    version.record_run("p/other", "used", ["p/data:v0"])
    version.set_ttl_seconds(1000)
    other = version.new_draft()
    add_text(other, "more.txt", "more")
    store.commit(other).delete()
    return _documents(store, version) | _blocks(store, version) | _pages(store, version)


def _documents(store: Store, version: Version) -> dict[str, Parser]:
    """Return the parsers of JSON documents, by the kinds that were written."""
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    texts = [store.backend.get(key) for key in store.backend.list("projects") if key.endswith(".json")]
    texts += [store.objects.get(entry.descriptor()) for entry in version.contents if entry.path.endswith("table.json")]
    texts += [store.backend.get("wbtable.json"), store.objects.get(version.record.manifest)]
    texts.append(LeaseDocument(id="0" * 32, created_at=now, versions=("p/a:v0",), keys=("objects/ab/cd",)).to_bytes())
    texts.append(CollectionDocument(id="0" * 32, created_at=now, keys=("objects/ab/cd",)).to_bytes())
    texts += _saved()
    samples: dict[str, list[bytes]] = {}
    for text in texts:
        samples.setdefault(json.loads(text)["kind"], []).append(text)
    # A kind that is written and has no parser here would be a hole in the proof.
    return {kind: Parser(BY_KIND[kind], tuple(found[:4])) for kind, found in samples.items()}


def _saved() -> list[bytes]:
    """Return the specification's examples of what people keep: a view and a report."""
    pages = [(SPEC / name).read_text("utf-8") for name in ("16-views.md", "18-reports.md")]
    examples = [found for page in pages for found in re.findall(r"```json\n(.*)\n```", page)]
    return [text.encode() for text in examples if "check" in json.loads(text)]


def _blocks(store: Store, version: Version) -> dict[str, Parser]:
    """Return the parsers of what is no document."""
    objects = store.objects
    entry, other = version.find("numbers"), version.find("images")
    assert entry is not None
    assert other is not None
    text = objects.get(entry.descriptor())
    manifest = TableManifest.from_json(json.loads(text))
    assert manifest.sketch is not None
    (pack,) = TableManifest.from_json(objects.get_document(other.descriptor())).tail[0].containers
    trailer, size = objects.pack_trailer(pack.digest)

    def read_pack(data: bytes) -> object:
        trailer_size(data[-16:], size, "pack")
        decode_columns(data, size)
        return decode_trailer(data, size)

    segments = [key for key in store.backend.list("projects") if "/runs/" in key and key.endswith(".parquet")]
    return {
        "sketch": Parser(
            lambda data: read_sketch(data, manifest.schema), (objects.get(manifest.sketch),), is_json=False
        ),
        "pack trailer": Parser(read_pack, (trailer,), is_json=False),
        "zstd frame": Parser(
            lambda data: documents.decompress(data, len(text), "frame"), (documents.compress(text),), is_json=False
        ),
        "document": Parser(lambda data: documents.parse(data, "document"), (text,), is_json=False),
        "history segment": Parser(
            lambda data: read_segment(data, "segment"), tuple(map(store.backend.get, segments)), is_json=False
        ),
    }


def _pages(store: Store, version: Version) -> dict[str, Parser]:
    """Return the parsers of what only large tables and artifacts have."""
    entry = version.find("numbers")
    assert entry is not None
    fragments = [TableManifest.from_json(store.objects.get_document(entry.descriptor())).tail[0]] * 128
    page = encode_page(fragments)[0]
    line = PageEntry(
        page=Descriptor(media_type=FRAGMENT_PAGE, digest=Digest.of(page), size=len(page)),
        rows=sum(fragment.rows for fragment in fragments),
        content_digest=page_content_digest(fragments),
    )
    pack = Descriptor(media_type=PACK, digest=Digest.of(b"p"), size=10_000_000)
    entries: dict[str, Entry | None] = {
        path: Entry(path=path, media_type="a/b", digest=Digest.of(path.encode()), size=9, pack=pack.digest, offset=i)
        for i, path in enumerate(f"{i:05}.txt" for i in range(4200))
    }
    manifest = compose(store.objects, None, entries, {pack.digest: pack})[1]
    shortest = min(manifest.pages, key=lambda one: one.count)

    def read_entries(data: bytes) -> object:
        page_refs(data, "page")
        page_lines(data, shortest, "page")
        list(EntryRows(data, shortest, "page"))
        return decode_page(data, shortest, "page")

    paged = documents.canonical(manifest.to_json())
    return {
        "fragment page": Parser(partial(_document, lambda value: read_page(value, line, "page")), (page,)),
        "page of entries": Parser(read_entries, (store.objects.get(shortest.file),), is_json=False),
        "paged manifest": Parser(BY_KIND["wbtable.artifact"], (paged,)),
    }
