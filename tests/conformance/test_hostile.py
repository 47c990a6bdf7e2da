"""Whole stores that are wrong in one place, every digest right: each way of reading says so in our own errors."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wbtable
from tests.conformance.independent import canonical, check_of, content_digest, key_of
from tests.conformance.independent_writer import NOW, ROOT, Writer, arrays, column, sealed
from wbtable.artifacts import tables
from wbtable.format import table_manifest
from wbtable.format.log_entry import LogEntry
from wbtable.format.table_manifest import TableManifest

if TYPE_CHECKING:
    from pathlib import Path

READS: dict[str, Callable[[wbtable.Table], object]] = {
    "arrow": lambda table: table.to_arrow(),
    "pandas": lambda table: table.to_pandas(),
    "polars": lambda table: table.to_polars(),
    "rows": lambda table: list(table.iterrows()),
    "scan": lambda table: list(table.scan()),
    "take": lambda table: table.take([1, 0]),
    "view": lambda table: table.view().where("n >= 0").to_arrow(),
    "summaries": lambda table: table.view().where("n >= 0").summaries(),
}

NUMBER = column("n", "number", dtype="int64")


def _store(root: Path, columns: list[dict[str, Any]], rows: list[list[Any]], **more: Any) -> wbtable.Store:
    writer = Writer(root)
    table, manifest = writer.table(columns, [writer.fragment(columns, arrays(columns, rows))], **more)
    writer.version("p", "a", [writer.entry("t.table.json", table, manifest)], [table])
    return wbtable.Store(str(root))


def _table(root: Path, columns: list[dict[str, Any]], rows: list[list[Any]], **more: Any) -> wbtable.Table:
    found = _store(root, columns, rows, **more).artifact("p/a:v0").get("t")
    assert isinstance(found, wbtable.Table)
    return found


def _outcome(read: Callable[[wbtable.Table], object], table: wbtable.Table) -> str:
    try:
        read(table)
    except wbtable.WbtableError as error:
        return f"{type(error).__name__}: {error}"
    return "read"


def test_text_that_is_no_decimal(tmp_path: Path) -> None:
    """TYPE-3: what stands for a decimal of more than 38 digits."""
    decimal = {"name": "d", "type": {"kind": "decimal", "precision": 50, "scale": 2}}
    writer = Writer(tmp_path / "store")
    values = [pa.array([1, 2]), pa.array(["1.00", "x"])]
    fragment = writer.fragment([NUMBER, column("d", "string")], values)
    table, manifest = writer.table([NUMBER, decimal], [fragment])
    writer.version("p", "a", [writer.entry("t.table.json", table, manifest)], [table])
    found = wbtable.Store(str(tmp_path / "store")).artifact("p/a:v0").get("t")
    assert isinstance(found, wbtable.Table)
    for name in ("arrow", "pandas", "rows", "scan", "take"):
        assert "FormatError: expected decimals as text" in _outcome(READS[name], found), name


def test_a_zone_that_this_machine_does_not_know(tmp_path: Path) -> None:
    """TYPE-4: another one may know it, so it is no damage; the instants can be read."""
    columns = [NUMBER, column("t", "timestamp", unit="us", zone="No/Where")]
    table = _table(tmp_path / "store", columns, [[1, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)], [2, None]])
    for name in ("pandas", "polars", "rows"):
        found = _outcome(READS[name], table)
        assert found.startswith("UnsupportedError"), name
        assert "No/Where" in found
        assert "to_arrow" in found
    assert table.to_arrow()["t"].type == pa.timestamp("us", "No/Where")


@pytest.mark.parametrize("edge", ["1e999", "x", "", "9" * 5000])
def test_edges_that_are_no_numbers(tmp_path: Path, edge: str) -> None:
    """SUM-7, SUM-8."""
    summary = {"count": 2, "nulls": 0, "min": "1", "max": "2", "histogram": {"edges": ["1", edge], "counts": [2]}}
    table = _table(tmp_path / "store", [NUMBER], [[1], [2]], summaries=[summary])
    assert "FormatError: expected numbers" in _outcome(READS["summaries"], table)
    assert _outcome(READS["view"], table) == "read"


def test_pages_of_a_fragment_that_are_no_pages(tmp_path: Path) -> None:
    """FRAG-7, ENGINE-2: a fragment whose checks are right and whose first page is noise."""
    writer = Writer(tmp_path / "store")
    out = io.BytesIO()
    pq.write_table(pa.table({"n": [1, 2]}), out)
    data = bytearray(out.getvalue())
    data[4:12] = b"\xff" * 8
    table, manifest = writer.table([NUMBER], [writer.fragment([NUMBER], [pa.array([1, 2])], data=bytes(data))])
    writer.version("p", "a", [writer.entry("t.table.json", table, manifest)], [table])
    found = wbtable.Store(str(tmp_path / "store")).artifact("p/a:v0").get("t")
    assert isinstance(found, wbtable.Table)
    for name, read in READS.items():
        assert _outcome(read, found).startswith("FormatError"), name


def test_a_collector_does_not_choose_between_two_refs(tmp_path: Path) -> None:
    """GC-5, DOC-1: of a key that stands twice one reader sees the first and another the last."""
    writer = Writer(tmp_path / "store")
    table, manifest = writer.table([NUMBER], [writer.fragment([NUMBER], [pa.array([1])])])
    text = canonical(manifest)
    twice = writer.put("table+json", text[:-1] + b',"refs":[]}')
    writer.version("p", "a", [writer.entry("t.table.json", twice, manifest)], [twice])
    store = wbtable.Store(str(tmp_path / "store"))
    with pytest.raises(wbtable.FormatError, match=r"nothing was deleted.*'refs' stands twice"):
        store.gc(grace=dt.timedelta(0), dry_run=False)
    (fragment,) = manifest["refs"]
    assert (tmp_path / "store" / key_of(fragment)).exists()
    assert table != twice


def test_defaults_and_fields_of_newer_writers_do_not_change_the_content_digest(tmp_path: Path) -> None:
    """TABLE-11."""
    plain = [
        column("i", "image"),
        column("s", "struct", fields=[{"name": "a", "type": {"kind": "string"}}]),
        column("t", "timestamp", unit="s"),
    ]
    written = [
        column("i", "image", boxes=False, masks=False, classes={}, box_labels={}, mask_labels={}),
        column("s", "struct", fields=[{"name": "a", "type": {"kind": "string"}, "new": 1}], absent=False),
        column("t", "timestamp", unit="s", zone=None) | {"new": 1},
    ]
    key = {"column": "s", "table": "t.table.json", "table_column": "x"}
    _, manifest = Writer(tmp_path / "store").table(plain, [], foreign_keys=[key])
    more = manifest | {"columns": written, "foreign_keys": [key | {"new": 1}]}
    assert content_digest(more) != manifest["content_digest"]
    assert str(TableManifest.from_json(more).content_digest) == manifest["content_digest"]


@pytest.mark.parametrize("number", [0.0, 1.0, "0", True, -1])
def test_integers_have_one_form(number: object) -> None:
    """DOC-9: 1.0 is what a document with 1.0 or 1e0 reads as."""
    entry = {**ROOT, "kind": "wbtable.alias", "id": "1" * 32, "created_at": NOW, "value": number}
    entry["check"] = check_of(entry)
    with pytest.raises(wbtable.FormatError, match="alias"):
        LogEntry.from_json(entry, "alias", "entry")


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-24T12:00:00Z",
        "2026-11-24T12:00:00.000Z",
        "2026-11-24T12:00:00.000000+00:00",
        "2026-11-24 12:00:00.000000Z",
        "2026-11-24T12:00:60.000000Z",
        "20261124T120000.000000Z",
    ],
)
def test_times_have_one_form(time: str) -> None:
    """DOC-10."""
    entry = {**ROOT, "kind": "wbtable.alias", "id": "1" * 32, "created_at": time, "value": 0}
    with pytest.raises(wbtable.FormatError, match="created_at: expected a time like"):
        LogEntry.from_json(sealed(entry), "alias", "entry")


Change = Callable[[dict[str, Any], dict[str, Any]], object]
IMAGES = [NUMBER, column("i", "image")]


def _pictures(root: Path, change: Change, *, listed: bool = True) -> wbtable.Store:
    """Write a table of two pictures in a pack, the second of whose cells was changed, given another pack."""
    writer = Writer(root)
    pack, files = writer.pack([b"one", b"other"])
    further, _ = writer.pack([b"one", b"other", b""])
    change(files[1], further)
    rows = [[at, {"file": file}] for at, file in enumerate(files)]
    fragment = writer.fragment(IMAGES, arrays(IMAGES, rows), containers=[pack] if listed else [])
    table, manifest = writer.table(IMAGES, [fragment])
    writer.version("p", "a", [writer.entry("t.table.json", table, manifest)], [table])
    return wbtable.Store(str(root))


CELLS: dict[str, Change] = {
    "no uri": lambda file, _: file.update(uri=None),
    "a path": lambda file, _: file.update(uri="../../etc/passwd"),
    "a pack that refs lacks": lambda file, further: file.update(uri=key_of(further).replace("objects", "..")),
    "another place": lambda file, _: file.update(offset=2),
    "no place": lambda file, _: file.update(offset=None),
    "a negative size": lambda file, _: file.update(size=-1),
    "too long": lambda file, _: file.update(size=2**62),
    "no size": lambda file, _: file.update(size=None),
    "another digest": lambda file, _: file.update(checksum="SHA-256:" + "0" * 64),
    "no digest": lambda file, _: file.update(checksum=None),
    "no hexadecimal digits": lambda file, _: file.update(checksum="SHA-256:x"),
}


@pytest.mark.parametrize("wrong", CELLS)
def test_verification_finds_cells_that_name_what_is_not_there(tmp_path: Path, wrong: str) -> None:
    """VERIFY-7, FILE-2, DOC-6."""
    report = _pictures(tmp_path / "store", CELLS[wrong]).verify()
    (damage,) = report.damaged
    assert damage.where == "p/a:v0: t.table.json"
    assert 'fragments[0], column "i"' in damage.problem


def test_verification_finds_a_pack_that_a_collector_would_take(tmp_path: Path) -> None:
    """VERIFY-7, DOC-6."""
    report = _pictures(tmp_path / "store", lambda *_: None, listed=False).verify()
    assert [("containers list" in damage.problem) for damage in report.damaged] == [True]


@pytest.mark.parametrize(("change", "is_right"), [(lambda *_: None, True), (CELLS["another place"], False)])
def test_a_table_is_noted_as_whole_once_its_cells_are(tmp_path: Path, change: Change, is_right: bool) -> None:
    """VERIFY-5, VERIFY-7: one whose cells are wrong is looked at again."""
    store = _pictures(tmp_path / "store", change)
    entry = store.artifact("p/a:v0").find("t")
    assert entry is not None
    table = store.objects.key(entry.descriptor().digest, entry.media_type)
    assert [store.verify(resume=tmp_path / "notes").ok for _ in range(2)] == [is_right] * 2
    assert (table in (tmp_path / "notes").read_text("utf-8").splitlines()) == is_right


@pytest.mark.parametrize("page", [2, 128])
def test_blobs_of_fragments_in_pages_are_not_unused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    """GC-7: the manifest's own refs name no pack where all fragments stand in pages."""
    monkeypatch.setattr(table_manifest, "PAGE_FRAGMENTS", page)
    monkeypatch.setattr("wbtable.tables.writer.PAGE_FRAGMENTS", page)
    store = wbtable.create_store(str(tmp_path / "store"))
    table = wbtable.Table(columns=["i"], data=[[wbtable.Image(np.zeros((2, 2), np.uint8))]], log_mode="INCREMENTAL")
    with wbtable.init(project="p", store=store) as run:
        run.log({"t": table})
        table.add_data(wbtable.Image(np.ones((2, 2), np.uint8)))
        run.log({"t": table})
    report = store.gc(packs=True)
    assert report.partly_dead_bytes == 0
    store.verify().raise_if_damaged()


def test_a_blob_whose_cell_gives_no_offset_is_not_unused(tmp_path: Path) -> None:
    """GC-7, PACK-8: an absent offset is 0."""
    writer = Writer(tmp_path / "store")
    pack, (file,) = writer.pack([b"one"])
    rows = [[1, {"file": file | {"offset": None}}]]
    table, manifest = writer.table(IMAGES, [writer.fragment(IMAGES, arrays(IMAGES, rows), containers=[pack])])
    writer.version("p", "a", [writer.entry("t.table.json", table, manifest)], [table])
    store = wbtable.Store(str(tmp_path / "store"))
    store.verify().raise_if_damaged()
    assert store.gc(packs=True).partly_dead_bytes == 0


LEAF = "t.table.json"


def _document(root: Path, kind: str, documents: dict[str, dict[str, Any]]) -> wbtable.Store:
    """Write a table, and joined or partitioned tables of it."""
    writer = Writer(root)
    table, manifest = writer.table([NUMBER], [writer.fragment([NUMBER], [pa.array([1])])])
    entries, refs = [writer.entry(LEAF, table, manifest)], [table]
    for path, fields in documents.items():
        descriptor = writer.put(f"{kind}+json", canonical({**ROOT, "kind": f"wbtable.{kind}", "refs": [], **fields}))
        entries.append({"path": path, **descriptor})
        refs.append(descriptor)
    writer.version("p", "a", entries, refs)
    return wbtable.Store(str(root))


def _joined(side: str, key: str = "n") -> dict[str, Any]:
    return {"sides": [{"path": side}, {"path": LEAF}], "keys": [[key, "n"]], "how": "outer"}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        (_joined("x.joined-table.json"), "32 deep"),
        (_joined(LEAF, "m"), "x.joined-table.json: side 0 has no key column 'm'"),
        (_joined("../t.table.json"), r"x.joined-table.json.sides\[0\]: the path"),
        (_joined(LEAF) | {"how": "cross"}, "expected one of outer"),
        (
            _joined(LEAF) | {"sides": [{"path": 5}, {"path": LEAF}]},
            r"^x.joined-table.json.sides\[0\].path: exp",
        ),
    ],
)
def test_joined_tables_that_cannot_be(tmp_path: Path, fields: dict[str, Any], wrong: str) -> None:
    """JOIN-2, JOIN-5, JOIN-8."""
    store = _document(tmp_path / "store", "joined-table", {"x.joined-table.json": fields})
    with pytest.raises(wbtable.FormatError, match=wrong):
        store.artifact("p/a:v0").get("x")


def test_a_document_that_is_none_is_damage(tmp_path: Path) -> None:
    """VERIFY-2."""
    document = {"x.joined-table.json": _joined(LEAF) | {"keys": [[1, 2]]}}
    report = _document(tmp_path / "store", "joined-table", document).verify()
    assert [damage.where for damage in report.damaged] == ["p/a:v0: x.joined-table.json"]


def test_tables_of_tables_do_not_multiply_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JOIN-8: thirty small documents, each of which names the one before twice, lead to a thousand million tables."""
    monkeypatch.setattr(tables, "_MAX_TABLES", 1000)
    paths = [LEAF, *(f"p{at:02}.partitioned-table.json" for at in range(30))]
    documents = {path: {"parts": [{"path": before}] * 2} for before, path in pairwise(paths)}
    version = _document(tmp_path / "store", "partitioned-table", documents).artifact("p/a:v0")
    with pytest.raises(wbtable.FormatError, match="lead to more than 1,000 tables"):
        version.get("p29")
    few = version.get("p07")
    assert isinstance(few, wbtable.PartitionedTable)
    assert len(few) == 256
