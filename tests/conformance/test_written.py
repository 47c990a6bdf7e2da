"""What the library writes is what the specification's schemas say, field by field."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zstandard
from jsonschema import ValidationError

import wbtable
from tests.architecture.repository import SCHEMAS
from tests.conformance.schemas import schema_names, validator
from wbtable.format import documents
from wbtable.format.digest import FRAGMENT, PACK, Descriptor, Digest
from wbtable.format.fragment import ColumnChunk, Fragment
from wbtable.format.table_manifest import PAGE_FRAGMENTS, encode_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SECRET = "token-7f3a9c"
MANY_ENTRIES = 4_200
"""More than fit the manifest itself (ART-4)."""


@dataclass(frozen=True)
class Written:
    """One document as it stands in a store."""

    key: str
    text: bytes
    value: dict[str, Any]


def _kinds(name: str) -> list[str]:
    kind = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")).get("properties", {}).get("kind", {})
    return [kind["const"]] if "const" in kind else kind.get("enum", [])


SCHEMA_OF = {kind: name for name in schema_names() for kind in _kinds(name)}


def _documents(root: Path) -> Iterator[Written]:
    for path in sorted(root.rglob("*.json*")):
        data = path.read_bytes()
        text = zstandard.ZstdDecompressor().decompress(data) if path.suffix == ".zst" else data
        yield Written(path.relative_to(root).as_posix(), text, json.loads(text))


def _tables(artifact: wbtable.Artifact) -> None:
    songs = wbtable.Table(columns=["song_id", "picture", "box"])
    pixels = np.zeros((4, 4, 3), np.uint8)
    box = {
        "position": {"minX": 0.1, "maxX": 0.5, "minY": 0.1, "maxY": 0.5}, "class_id": 1, "scores": {"acc": 0.5},
    }  # fmt: skip
    boxes = {"truth": {"box_data": [box], "class_labels": {1: "cat"}}}
    for i in range(5):
        songs.add_data(f"s{i}", wbtable.Image(pixels + i, caption="one"), wbtable.Image(pixels, boxes=boxes))
    songs.set_pk("song_id")
    plays = wbtable.Table(columns=["song_id", "facts"], data=[[f"s{i}", {"a": i, "b": [1.5]}] for i in range(3)])
    plays.set_fk("song_id", songs, "song_id")
    artifact.add(songs, "songs")
    artifact.add(plays, "plays")
    artifact.add(wbtable.JoinedTable(songs, plays, "song_id"), "both")
    for part in range(2):
        artifact.add(wbtable.Table(columns=["x"], data=[[part]]), f"parts/{part}")
    artifact.add(wbtable.PartitionedTable("parts"), "whole")
    artifact.add(wbtable.Image(pixels), "picture")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Written]:
    """Return every JSON document of a store in which each kind of thing was stored."""
    folder = tmp_path_factory.mktemp("conformance")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        _fill(folder)
    return list(_documents(folder / "store"))


def _fill(folder: Path) -> None:
    store = wbtable.create_store(str(folder / "store"))
    (folder / "many").mkdir()
    for i in range(MANY_ENTRIES):
        (folder / "many" / f"{i:05}.txt").write_bytes(b"%d" % i)
    run = wbtable.init(project="Project", store=store, config={"rate": 0.1, "big": 2**70, "nan": float("nan")})
    run.log({"loss": 0.5, "picture": wbtable.Image(np.zeros((2, 2), np.uint8))})
    run.log({"table": wbtable.Table(columns=["x"], data=[[1], [2]])})
    artifact = wbtable.Artifact("things", type="dataset", description="all", metadata={"when": 1.0})
    _tables(artifact)
    artifact.add_reference((folder / "many" / "00000.txt").as_uri(), "outside.txt")
    version = run.log_artifact(artifact, aliases=["best"], tags=["checked"])
    files = wbtable.Artifact("files", type="dataset")
    files.add_dir(str(folder / "many"))
    run.log_artifact(files)
    run.use_artifact("Project/things:best")
    version.remove_aliases(["best"])
    version.description = "changed"
    version.ttl = dt.timedelta(days=30)
    run.finish()
    store.artifact("Project/files:v0").delete()


def test_every_document_is_valid(written: list[Written]) -> None:
    wrong = {
        document.key: [f"{error.json_path}: {error.message[:200]}" for error in errors]
        for document in written
        if (errors := list(validator(SCHEMA_OF[document.value["kind"]], strict=True).iter_errors(document.value)))
    }
    assert wrong == {}


def test_every_document_is_canonical_and_named_by_its_digest(written: list[Written]) -> None:
    for document in written:
        assert documents.canonical(document.value) == document.text, document.key  # DOC-3
        folder, _, name = document.key.partition("/")
        if folder == "objects":
            assert Digest.of(document.text).hex == name.partition(".")[0].replace("/", "")  # DIGEST-2, LAYOUT-1


def test_refs_are_sorted_and_complete(written: list[Written]) -> None:
    def descriptors(value: object) -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            if value.keys() == {"media_type", "digest", "size"}:
                yield value["digest"], value["media_type"]
            for child in value.values():
                yield from descriptors(child)
        elif isinstance(value, list):
            for child in value:
                yield from descriptors(child)

    for document in written:
        refs = [ref["digest"] for ref in document.value.get("refs", [])]
        assert refs == sorted(set(refs)), document.key  # DOC-6
        rest = {key: value for key, value in document.value.items() if key != "refs"}
        assert {digest for digest, _ in descriptors(rest)} <= set(refs), document.key


def test_each_kind_was_written(written: list[Written]) -> None:
    # A fragment page needs 128 fragments, and a lease is there for as long as a commit takes: both below. A collection
    # is there for as long as it takes. Views and reports: test_view_spec.py and test_report.py in tests/unit/format/.
    absent = {"wbtable.collection", "wbtable.fragment-page", "wbtable.lease", "wbtable.report", "wbtable.view"}
    assert set(SCHEMA_OF) - {document.value["kind"] for document in written} <= absent


def test_a_fragment_page_is_valid() -> None:
    # TABLE-5
    chunk = ColumnChunk(nulls=0, fingerprint="0" * 32, least="1", greatest="2")
    fragments = [
        Fragment(
            file=Descriptor(media_type=FRAGMENT, digest=Digest.of(b"%d" % i), size=1000),
            rows=1,
            xxh3="1" * 32,
            footer_length=100,
            footer_xxh3="2" * 32,
            columns=(chunk,),
            containers=(Descriptor(media_type=PACK, digest=Digest.of(b"pack"), size=1000),),
        )
        for i in range(PAGE_FRAGMENTS)
    ]
    page = json.loads(encode_page(fragments)[0])
    validator("fragment-page", strict=True).validate(page)
    manifest = json.loads(encode_page(fragments[:1])[0])
    with pytest.raises(ValidationError):
        validator("fragment-page", strict=True).validate(manifest)


def test_a_lease_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # LEASE-1: caught as the commit ends it
    store = wbtable.create_store(str(tmp_path / "store"))
    seen: list[dict[str, Any]] = []
    delete = type(store.backend).delete

    def look(backend: Any, keys: Iterable[str]) -> None:
        found = list(keys)
        seen.extend(json.loads(backend.get(key)) for key in found if key.startswith("leases/"))
        delete(backend, found)

    monkeypatch.setattr(type(store.backend), "delete", look)
    artifact = wbtable.Artifact("data", type="dataset")
    artifact.add(wbtable.Table(columns=["x"], data=[[1]]), "table")
    with wbtable.init(project="p", store=store) as run:
        run.log_artifact(artifact)
    assert seen
    for lease in seen:
        validator("lease", strict=True).validate(lease)


def test_no_document_holds_a_secret_of_the_environment(written: list[Written]) -> None:
    assert [document.key for document in written if SECRET.encode() in document.text] == []  # SEC-3
