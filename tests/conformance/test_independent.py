"""The specification is enough: a reader and a writer made from its words alone share a store with this library."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pyarrow as pa
import pytest
import zstandard

import wbtable
from tests.conformance.independent_reader import Walk
from tests.conformance.independent_writer import Writer, arrays, column
from wbtable.format.table_manifest import TableManifest
from wbtable.tables.reader import TableReader
from wbtable.tables.save import widened, write_source
from wbtable.tables.source import ConcatSource

if TYPE_CHECKING:
    from pathlib import Path

APPENDS = 131
"""More than a page of the fragment list has (TABLE-5)."""
MANY = 4_200
"""More entries than the manifest itself holds (ART-4)."""


def _pixels(value: int) -> Any:
    return np.full((3, 3, 3), value, np.uint8)


def _png(value: int) -> bytes:
    out = io.BytesIO()
    PIL.Image.fromarray(_pixels(value)).save(out, "PNG")
    return out.getvalue()


def _tables(draft: wbtable.Artifact) -> None:
    songs = wbtable.Table(columns=["id", "picture", "facts", "when", "words", "maybe"], allow_mixed_types=True)
    for i in range(5):
        facts = {"a": i} if i % 2 else {"a": i, "b": [1.5, None]}
        when = dt.datetime(2026, 1, 1 + i, tzinfo=dt.UTC)
        songs.add_data(i, wbtable.Image(_pixels(i), caption=f"é{i}"), facts, when, {1: "one", i: "x"}, None)
    songs.set_pk("id")
    draft.add(songs, "songs")
    seconds = pa.table({"id": pa.array(range(3), pa.int16()), "at": pa.array(range(3), pa.timestamp("s"))})
    draft.add(wbtable.Table.from_arrow(seconds), "parts/0")
    draft.add(wbtable.Table(columns=["vector", 7], data=[[np.arange(4.0), True]]), "parts/1")
    draft.add(wbtable.PartitionedTable("parts"), "whole")
    plays = wbtable.Table(columns=["id", "n"], data=[[1, 2**70], [3, 4]])
    draft.add(plays, "plays")
    draft.add(wbtable.JoinedTable(songs, plays, "id"), "both")
    draft.add(wbtable.Image(_pixels(9)), "picture")


def _add_a_column(store: wbtable.Store, version: wbtable.Version, walk: Walk) -> None:
    """Append rows with a further column: the fragments before lack it (TABLE-7)."""
    entry = version.find("plays")
    assert entry is not None
    before = TableManifest.from_json(store.objects.get_document(entry.descriptor()))
    rows = wbtable.Table(columns=["id", "n", "new"], data=[[5, 6, "x"]]).snapshot().source
    wide = widened(before.schema, rows.schema)
    descriptor, _ = write_source(ConcatSource([TableReader(store.objects, before), rows], wide), store.objects)
    walk.table(descriptor.to_json())


def test_an_independent_reader_checks_all_that_is_written(tmp_path: Path) -> None:
    """DIGEST-5, PACK-11, DOC-3, DOC-8, TABLE-3, TABLE-6, TABLE-10, FRAG-6, FP-1, FP-9, ART-6, ART-9, PAGE-4, RUN-3."""
    store = wbtable.create_store(str(tmp_path / "store"))
    (tmp_path / "many").mkdir()
    for i in range(MANY):
        (tmp_path / "many" / f"{i:05}.txt").write_bytes(b"%d" % i)
    run = wbtable.init(project="Projet é", id="run", store=store, config={"big": 2**70})
    run.log({"loss": 0.5, "picture": wbtable.Image(_pixels(1)), "word": "x", "mixed": 1})
    run.log({"mixed": "two"})
    draft = wbtable.Artifact("Things", type="dataset", metadata={"inf": float("inf")})
    _tables(draft)
    draft.add_reference("s3://bucket/far", name="far.bin", checksum=False)
    first = run.log_artifact(draft, aliases=["best", "A b"])
    more = first.new_draft()
    table = first.get("parts/0")
    table.extend(first.get("parts/0"))
    more.add(table, "longer")
    run.log_artifact(more, aliases=["best"])
    first.remove_aliases(["A b"])
    grown = wbtable.Table(columns=["k", "late"], log_mode="INCREMENTAL")
    for i in range(APPENDS):
        grown.add_data(i, None if i < APPENDS - 1 else 0.5)
        run.log({"grown": grown})
    files = wbtable.Artifact("files", type="dataset")
    files.add_dir(str(tmp_path / "many"))
    run.log_artifact(files)
    run.finish()

    walk = Walk(tmp_path / "store")
    _add_a_column(store, first, walk)
    assert len(walk.artifact("Projet é", "Things")) == 2
    assert (walk.alias("Projet é", "Things", "best"), walk.alias("Projet é", "Things", "A b")) == (1, None)
    assert len(walk.artifact("Projet é", "run-run-grown")) == APPENDS
    walk.artifact("Projet é", "files")
    assert walk.run("Projet é", "run")["summary"]["mixed"] == "two"
    seen = walk.seen
    assert seen.kinds >= {"table", "joined-table", "partitioned-table", "image"}
    assert min(seen.pages, seen.entry_pages, seen.blobs, seen.narrower, seen.shorter) > 0
    assert seen.fragments > APPENDS


COLUMNS = [
    column("id", "number", dtype="int64"),
    column("text", "string"),
    column("picture", "image"),
    column("x", "list", item={"kind": "number", "dtype": "float32"}),
    column("any", "any"),
]


def _written(root: Path, **more: Any) -> Writer:
    """Write a store of one version of a table of two fragments, and a file."""
    writer = Writer(root)
    blobs = [_png(i) for i in range(4)]
    pack, files = writer.pack([*blobs, b"hello\n"])
    rows = [
        [i, None if i == 1 else f"s{i}", {"file": files[i], "width": 3, "height": 3}, [0.5, None], json.dumps(i)]
        for i in range(4)
    ]
    fragments = [writer.fragment(COLUMNS, arrays(COLUMNS, part), containers=[pack]) for part in (rows[:3], rows[3:])]
    table, manifest = writer.table(COLUMNS, fragments, **more)
    text = {"path": "é/hello.txt", "media_type": "text/plain", "digest": files[4]["checksum"], "size": 6}
    entries = [
        writer.entry("t.table.json", table, manifest),
        text | {"pack": pack["digest"], "offset": files[4]["offset"]},
    ]
    writer.version("Mine", "things", entries, [table, pack], ours="kept")
    writer.alias("Mine", "things", "best")
    return writer


def _documents(root: Path, kind: str) -> list[dict[str, Any]]:
    frames = [path.read_bytes() for path in root.rglob("*.zst")]
    found = [json.loads(zstandard.ZstdDecompressor().decompress(frame)) for frame in frames]
    return [document for document in found if document["kind"] == kind]


def test_what_an_independent_writer_stores_is_read_appended_to_and_collected(tmp_path: Path) -> None:
    """TABLE-1, TABLE-4, ART-3, COMMIT-0, LOG-2, FILE-2, GC-2; DOC-5: fields that are not known stay."""
    root = tmp_path / "store"
    _written(root, ours={"kept": [1]})
    store = wbtable.Store(str(root))
    store.verify().raise_if_damaged()
    version = store.artifact("Mine/things:best")
    table = version.get("t")
    assert table.to_pandas()["text"].tolist()[0] == "s0"
    assert [row[2].to_numpy()[0, 0, 0] for _, row in table.iterrows()] == [0, 1, 2, 3]
    assert table.view().where("id >= 2").to_arrow(["any"])["any"].to_pylist() == ["2", "3"]
    file = version.get("é/hello.txt")
    assert file is not None
    draft = version.new_draft()
    table.extend(version.get("t"))
    draft.remove("t.table.json")
    draft.add(table, "t")
    again = store.commit(draft)
    assert len(again.get("t")) == 8
    version.delete(delete_aliases=True)
    store.gc(grace=dt.timedelta(0), dry_run=False)
    store.verify().raise_if_damaged()
    walk = Walk(root)
    assert len(_documents(root, "wbtable.table")) == 1
    assert all(document["ours"] for kind in ("table", "artifact") for document in _documents(root, f"wbtable.{kind}"))
    assert walk.seen.fragments == 0


PLAIN = [column("id", "number", dtype="int64"), column("x", "number", dtype="float32")]


def _table_of(root: Path, values: list[pa.Array], names: list[str]) -> wbtable.Table:
    writer = Writer(root)
    table, manifest = writer.table(PLAIN, [writer.fragment(PLAIN, values, names)])
    writer.version("p", "a", [writer.entry("t.table.json", table, manifest)], [table])
    found = wbtable.Store(str(root)).artifact("p/a:v0").get("t")
    assert isinstance(found, wbtable.Table)
    return found


@pytest.mark.parametrize("names", [["ID", "x"], ["x", "id"], ["id", "id"]])
def test_columns_of_a_fragment_that_are_called_otherwise_are_refused(tmp_path: Path, names: list[str]) -> None:
    """TABLE-7: they are read by name, and were null."""
    table = _table_of(tmp_path / "store", [pa.array([1, 2]), pa.array([0.5, 1.5], pa.float32())], names)
    for read in (table.to_arrow, table.view().where("id > 0").to_arrow):
        with pytest.raises(wbtable.FormatError, match=r"fragments\[0\].*expected the columns \['id', 'x'\], found"):
            read()


@pytest.mark.parametrize(
    ("numbers", "floats", "wrong"),
    [
        (pa.array([1.5, 2.0]), pa.array([0.5, 1.5], pa.float32()), '"id", row 0: expected int64, found 1.5'),
        (pa.array([1.0, 2.0**63]), pa.array([0.5, 1.5], pa.float32()), '"id", row 1: expected int64'),
        (pa.array([1, 2]), pa.array([0.5, 0.1]), '"x", row 1: expected float32, found 0.1'),
        (pa.array([1, 2]), pa.array([0.5, 1e300]), '"x", row 1: expected float32, found 1e\\+300'),
    ],
)
def test_floats_that_the_manifests_type_does_not_hold_are_refused(
    tmp_path: Path, numbers: pa.Array, floats: pa.Array, wrong: str
) -> None:
    """TABLE-7, ENGINE-3: Arrow and DuckDB round in silence."""
    table = _table_of(tmp_path / "store", [numbers, floats], [])
    for read in (table.to_arrow, table.view().where("id > 0").to_arrow):
        with pytest.raises(wbtable.FormatError, match=wrong):
            read()


def test_floats_that_the_manifests_type_holds_are_read(tmp_path: Path) -> None:
    """TABLE-7."""
    values = [pa.array([1.0, None]), pa.array([float("nan"), -0.0])]
    table = _table_of(tmp_path / "store", values, [])
    assert table.to_arrow(["id"])["id"].to_pylist() == [1, None]
    assert [str(value) for value in table["x"].to_pylist()] == ["nan", "-0.0"]
    assert table.view().where("id is null").to_arrow(["x"])["x"].to_pylist() == [0.0]
