"""Rows that wait until their table is planned (spec: 07, FRAG-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from wbtable.format.encoding import leaf_encodings
from wbtable.format.schema import Schema
from wbtable.format.types import NumberType, StringType
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.tables import first_rows
from wbtable.tables.blobs import NoBlobs
from wbtable.tables.open import table_of
from wbtable.tables.source import ArrowSource
from wbtable.tables.writer import TableBuilder

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = Schema.of([("i", NumberType(dtype="int64")), ("text", StringType())])
LONG = 1 << 18


def _batch(first: int) -> pa.RecordBatch:
    texts = [f"{i}" * (LONG // len(f"{i}")) for i in range(first, first + 4)]
    return pa.record_batch([pa.array(range(first, first + 4)), pa.array(texts)], schema=SCHEMA.arrow())


def test_long_rows_wait_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FRAG-2: a plan is made of 65,536 rows, of which memory may hold few; what is stored is the same."""
    objects = ObjectStore(open_backend(str(tmp_path / "store")))
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    with TableBuilder(objects, SCHEMA) as builder:
        for first in range(0, 120, 4):
            builder.add(_batch(first), NoBlobs())
        held = builder.finish()
    monkeypatch.setattr(first_rows, "MOST_HELD", 8 * LONG)
    before = pa.total_allocated_bytes()
    with TableBuilder(objects, SCHEMA) as builder:
        for first in range(0, 120, 4):
            builder.add(_batch(first), NoBlobs())
        assert pa.total_allocated_bytes() - before < 20 * LONG
        moved = builder.finish()
    assert moved.encode() == held.encode()
    assert table_of(objects, moved).get_column("i") == list(range(120))
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.stat().st_size > LONG] == []


def test_rows_that_stay_in_memory_are_not_copied_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table in memory is there anyway."""
    monkeypatch.setattr(first_rows, "MOST_HELD", LONG)
    monkeypatch.setattr(first_rows.FirstRows, "_mapped", lambda *_: pytest.fail("rows were moved"))
    table = pa.Table.from_batches([_batch(0), _batch(4)])
    with TableBuilder(ObjectStore(open_backend(str(tmp_path))), SCHEMA) as builder:
        builder.add_source(ArrowSource(table, SCHEMA, NoBlobs()))
        assert builder.finish().rows == 8


@pytest.mark.parametrize("values", ["distinct", "repeated", "shared", "few", "nulls", "empty"])
def test_long_values_in_pieces_are_encoded_as_in_one(values: str) -> None:
    """FRAG-4: how values arrived changes nothing; those in pieces are told apart by their hashes."""
    tail = "x" * 1100
    made: dict[str, list[str | None]] = {
        "distinct": [f"{i}{tail}" for i in range(4200)],
        "repeated": [f"{i % 40}{tail}" for i in range(4200)],
        "shared": [f"{tail}{i}" for i in range(4200)],
        "few": [f"{i}{tail}" for i in range(30)],
        "nulls": [None if i % 3 else f"{tail}{i}" for i in range(9000)],
        "empty": [None if i % 3 else "" if i % 2 else f"{tail * 7}{i}" for i in range(9000)],
    }
    whole = pa.array(made[values], pa.string())
    cut = pa.chunked_array([whole.slice(0, 7), whole.slice(7, 0), whole.slice(7)])
    assert leaf_encodings(pa.table({"c": cut})) == leaf_encodings(pa.table({"c": whole}))


def test_of_long_lists_the_first_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """FRAG-4: 65,536 floats are looked at; lists behind those are not put together with them."""
    lists = [pa.array([[float(i + j) for j in range(1 << 14)]]) for i in range(12)]
    whole = pa.concat_arrays(lists)
    seen: list[int] = []
    joined = pa.chunked_array

    def watched(chunks: list[pa.Array], kind: pa.DataType) -> pa.ChunkedArray:
        seen.append(len(chunks))
        return joined(chunks, kind)

    column = pa.table({"c": pa.chunked_array(lists)})
    monkeypatch.setattr("wbtable.format.encoding.pa.chunked_array", watched)
    assert leaf_encodings(column) == leaf_encodings(pa.table({"c": whole}))
    assert seen == [4]
