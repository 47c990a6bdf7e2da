from __future__ import annotations

import hashlib
import io
import random
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.format.arrow_cases import COLUMNS, arrays, chunked, encoded
from wbtable.errors import UsageError
from wbtable.format.digest import Digest
from wbtable.format.encoding import leaf_encodings
from wbtable.format.fingerprint import canonical_size, fingerprint
from wbtable.format.parquet import (
    PLANNED_ROWS,
    FragmentFacts,
    FragmentPlan,
    HashingSink,
    encode_fragment,
    plan_fragments,
    write_fragment,
)
from wbtable.format.schema import Schema
from wbtable.format.types import (
    BinaryType,
    ColumnType,
    Field,
    ImageType,
    ListType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
)

if TYPE_CHECKING:
    from pathlib import Path

INT = NumberType(dtype="int64")


def _every_type() -> tuple[pa.Table, Schema]:
    schema = Schema.of([(f"{i} {kind}", kind) for i, (kind, _) in enumerate(COLUMNS)])
    arrays = [pa.array((values * 4)[:8], kind.arrow()) for kind, values in COLUMNS]
    return pa.table(arrays, schema.arrow()), schema


def _scores(rows: int = 20_000) -> tuple[pa.Table, Schema]:
    draw = np.random.default_rng(0)
    schema = Schema.of(
        [("id", INT), ("guess", INT), ("score", NumberType(dtype="float32")), ("name", StringType()), ("any", INT)]
    )
    columns = [
        pa.array(np.arange(rows)),
        pa.array(draw.integers(0, 10, rows)),
        pa.array(draw.random(rows, np.float32) ** 4),
        pa.array([f"images/of/one/long/folder/{i:09}.png" for i in range(rows)]),
        pa.array(draw.integers(-(2**62), 2**62, rows)),
    ]
    return pa.table(columns, schema.arrow()), schema


def _write(table: pa.Table, schema: Schema, plan: FragmentPlan | None = None) -> tuple[bytes, FragmentFacts]:
    sink = io.BytesIO()
    facts = write_fragment(table, schema, plan or plan_fragments(schema, table), sink)
    return sink.getvalue(), facts


# The file


def test_every_type_comes_back() -> None:
    # FRAG-1, FRAG-4
    table, schema = _every_type()
    data, _ = _write(table, schema)
    found = pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
    assert found.schema.names == schema.names
    for column, before, after in zip(schema, table.columns, found.columns, strict=True):
        physical = after.cast(column.type.arrow())
        assert fingerprint(physical, column.type) == fingerprint(before, column.type), column.name


@settings(max_examples=50)
@given(arrays())
def test_no_encoding_changes_values(case: tuple[ColumnType, pa.Array]) -> None:
    # FRAG-4
    kind, array = case
    if not len(array):
        return
    schema = Schema.of([("c", kind)])
    many = pa.concat_arrays([array] * 50)  # enough that dictionaries pay
    data, _ = _write(pa.table([many], schema.arrow()), schema)
    found = pq.read_table(pa.BufferReader(data))["c"].cast(kind.arrow())
    assert fingerprint(found, kind) == fingerprint(many, kind)


def test_format_statistics_index_and_schema() -> None:
    # FRAG-1, FRAG-5
    table, schema = _scores()
    data, _ = _write(table, schema)
    metadata = pq.read_metadata(pa.BufferReader(data))
    assert metadata.format_version == "2.6"
    assert b"ARROW:schema" in metadata.metadata
    for i in range(metadata.num_columns):
        column = metadata.row_group(0).column(i)
        assert column.is_stats_set
        assert column.has_column_index
        assert column.has_offset_index
        assert column.compression in {"ZSTD", "UNCOMPRESSED"}


def test_columns_without_nulls_are_required(tmp_path: Path) -> None:
    # FRAG-1: and readers put such fragments together with others
    schema = Schema.of([("a", INT), ("s", StructType(fields=(Field(name="x", type=INT),)))])
    tables = [pa.table([pa.array([1, last]), [{"x": 1}, {"x": 2}]], schema.arrow()) for last in (2, None)]
    for i, table in enumerate(tables):
        (tmp_path / f"{i}.parquet").write_bytes(_write(table, schema)[0])
    levels = [
        [pq.read_metadata(tmp_path / f"{i}.parquet").schema.column(at).max_definition_level for at in (0, 1)]
        for i in (0, 1)
    ]
    assert levels == [[0, 2], [1, 2]]
    assert pl.read_parquet(tmp_path / "*.parquet")["a"].to_list() == [1, 2, 1, None]
    assert pq.read_table(tmp_path)["a"].to_pylist() == [1, 2, 1, None]
    with duckdb.connect() as connection:
        found = connection.sql(f"select a from '{tmp_path}/*.parquet'").to_arrow_table()
    assert found["a"].to_pylist() == [1, 2, 1, None]


def test_page_checksums_find_a_flipped_bit_in_each_page() -> None:
    # FRAG-5
    table, schema = _scores(3000)
    data, _ = _write(table, schema)
    metadata = pq.read_metadata(pa.BufferReader(data))
    for i in range(metadata.num_columns):
        column = metadata.row_group(0).column(i)
        damaged = bytearray(data)
        damaged[column.data_page_offset + column.total_compressed_size // 2] ^= 1
        with pytest.raises((OSError, ValueError)):
            pq.read_table(pa.BufferReader(bytes(damaged)), page_checksum_verification=True)


def _openable() -> tuple[pa.Table, Schema]:
    """Return the columns that the others are promised to open, with encodings of every kind."""
    table, schema = _scores(5000)
    more: list[tuple[str, ColumnType, list[Any]]] = [
        ("when", TimestampType(unit="us", zone="UTC"), [1_700_000_000_000_000 + i for i in range(5000)]),
        ("tags", ListType(item=StringType()), [["a", "b"], None, []] * 1666 + [["c"], [None]]),
        ("point", StructType(fields=(Field(name="x", type=INT),)), [{"x": 1}, None] * 2500),
        ("raw", BinaryType(), [b"\x00" * (i % 5) for i in range(5000)]),
    ]
    for name, kind, values in more:
        table = table.append_column(name, pa.array(values, kind.arrow()))
    return table, Schema.of([*((c.name, c.type) for c in schema), *((name, kind) for name, kind, _ in more)])


def test_duckdb_polars_and_pandas_open_it(tmp_path: Path) -> None:
    # FRAG-1
    table, schema = _openable()
    path = tmp_path / "f.parquet"
    with path.open("wb") as sink:
        write_fragment(table, schema, plan_fragments(schema, table), sink)
    expected = table.to_pylist()
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        assert connection.sql(f"from '{path}'").to_arrow_table().cast(schema.arrow()).to_pylist() == expected
    assert pl.read_parquet(path).to_arrow().cast(schema.arrow()).to_pylist() == expected
    frame = pd.read_parquet(path)
    assert frame["id"].tolist() == table["id"].to_pylist()
    assert frame["name"].tolist() == table["name"].to_pylist()
    assert frame["score"].to_numpy().tobytes() == table["score"].to_numpy().tobytes()


def test_every_type_opens_in_polars_and_duckdb(tmp_path: Path) -> None:
    # FRAG-1
    table, schema = _every_type()
    path = tmp_path / "f.parquet"
    with path.open("wb") as sink:
        write_fragment(table, schema, plan_fragments(schema, table), sink)
    assert pl.read_parquet(path).height == table.num_rows
    with duckdb.connect() as connection:
        assert connection.sql(f"from '{path}'").to_arrow_table().num_rows == table.num_rows


# Cuts


def test_the_size_of_a_row_is_that_of_its_canonical_form() -> None:
    # FRAG-3
    kind = BinaryType()
    schema = Schema.of([("c", kind)])
    for width, rows in ((8, 1 << 20), (115, 1 << 20), (130, 1 << 19), (1 << 20, 64), (1 << 27, 1)):
        values = pa.array([bytes(width)] * (8 if width < 1 << 20 else 1))
        assert plan_fragments(schema, pa.table({"c": values})).fragment_rows == rows
        size = canonical_size(values, kind) / len(values)
        assert rows * size <= 128 << 20 or rows == 1


def test_row_groups_are_small_where_rows_are_wide_or_media() -> None:
    # FRAG-8
    media = Schema.of([("c", ListType(item=ImageType()))])
    cases = [
        (Schema.of([("c", INT)]), pa.array([1]), 1 << 16),
        (media, pa.array([None], ListType(item=ImageType()).arrow()), 1 << 12),
        (Schema.of([("c", BinaryType())]), pa.array([bytes(1100)]), 1 << 12),
        (Schema.of([("c", BinaryType())]), pa.array([bytes(1 << 20)]), 64),
    ]
    for schema, values, rows in cases:
        assert plan_fragments(schema, pa.table({"c": values})).row_group_rows == rows


@given(arrays(), st.lists(st.integers(0, 40), max_size=4))
def test_the_plan_depends_on_values_alone(case: tuple[ColumnType, pa.Array], cuts: list[int]) -> None:
    # FRAG-2
    kind, array = case
    schema = Schema.of([("c", kind)])
    expected = plan_fragments(schema, pa.table({"c": array}))
    for other in [array, *encoded(array)]:
        assert plan_fragments(schema, pa.table({"c": chunked(other, cuts)})) == expected


def test_rows_behind_the_first_do_not_change_the_plan() -> None:
    # FRAG-2
    schema = Schema.of([("c", StringType())])
    first = pa.array(["x"] * PLANNED_ROWS)
    more = pa.concat_arrays([first, pa.array(["y" * 5000] * 1000)])
    assert plan_fragments(schema, pa.table({"c": more})) == plan_fragments(schema, pa.table({"c": first}))


def test_a_table_without_rows_has_a_plan() -> None:
    table, schema = _every_type()
    assert plan_fragments(schema, table.slice(0, 0)).fragment_rows == 1 << 20


@pytest.mark.parametrize(("fragment", "group"), [(0, 0), (1 << 21, 1 << 16), (100, 30), (10, 20)])
def test_plans_that_do_not_fit_are_refused(fragment: int, group: int) -> None:
    with pytest.raises(UsageError, match="row groups that divide"):
        FragmentPlan(fragment_rows=fragment, row_group_rows=group)


def test_row_groups_are_cut_as_planned() -> None:
    # FRAG-8
    table, schema = _scores(1000)
    data, _ = _write(table, schema, FragmentPlan(fragment_rows=1024, row_group_rows=256))
    metadata = pq.read_metadata(pa.BufferReader(data))
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [256, 256, 256, 232]


# Encodings


def _encoding(kind: ColumnType, values: Any) -> tuple[str, bool]:
    (found,) = leaf_encodings(pa.table({"c": pa.array(values, kind.arrow())}))
    return found.encoding, found.compressed


def test_encodings_are_chosen_from_the_values() -> None:
    draw = random.Random(0)
    noise = np.random.default_rng(0)
    floats = NumberType(dtype="float32")
    assert _encoding(INT, [1, 2] * 100) == ("DICTIONARY", True)
    assert _encoding(INT, range(5000)) == ("DELTA_BINARY_PACKED", True)
    assert _encoding(INT, [draw.getrandbits(63) for _ in range(5000)]) == ("PLAIN", True)
    assert _encoding(TimestampType(), range(0, 5 * 10**9, 10**6)) == ("DELTA_BINARY_PACKED", True)
    assert _encoding(floats, [0.5, 0.25] * 100) == ("DICTIONARY", True)
    assert _encoding(floats, np.linspace(0, 1, 10_000, dtype=np.float32)) == ("BYTE_STREAM_SPLIT", True)
    bits = noise.integers(0, 2**32, 10_000, np.uint32).view(np.float32)
    assert _encoding(floats, bits) == ("PLAIN", False)
    assert _encoding(StringType(), [f"{i}" for i in range(5000)]) == ("PLAIN", True)
    assert _encoding(StringType(), [f"/a/long/folder/of/images/{i}" for i in range(5000)]) == ("DELTA_BYTE_ARRAY", True)
    assert _encoding(StringType(), [draw.randbytes(20).hex() for _ in range(5000)]) == ("PLAIN", True)
    assert _encoding(StringType(), ["red", "green"] * 100) == ("DICTIONARY", True)


def test_few_values_are_stored_as_they_are_unless_they_repeat() -> None:
    """FRAG-4: below 4,096 values, trying takes longer than writing."""
    assert _encoding(INT, range(1000)) == ("PLAIN", True)
    assert _encoding(StringType(), [f"/a/long/folder/of/images/{i}" for i in range(1000)]) == ("PLAIN", True)
    assert _encoding(NumberType(dtype="float32"), np.linspace(0, 1, 1000, dtype=np.float32)) == ("PLAIN", False)


def test_the_encodings_are_those_of_the_file() -> None:
    table, schema = _scores()
    plan = plan_fragments(schema, table)
    metadata = pq.read_metadata(pa.BufferReader(_write(table, schema, plan)[0]))
    for i in range(metadata.num_columns):
        column = metadata.row_group(0).column(i)
        (leaf,) = [leaf for leaf in plan.leaves if leaf.path == column.path_in_schema]
        wanted = "RLE_DICTIONARY" if leaf.encoding == "DICTIONARY" else leaf.encoding
        assert wanted in column.encodings
        assert ("RLE_DICTIONARY" in column.encodings) == (leaf.encoding == "DICTIONARY")


def test_nested_leaves_have_paths_of_their_own() -> None:
    table, schema = _every_type()
    plan = plan_fragments(schema, table)
    metadata = pq.read_metadata(pa.BufferReader(_write(table, schema, plan)[0]))
    paths = [metadata.row_group(0).column(i).path_in_schema for i in range(metadata.num_columns)]
    assert sorted(leaf.path for leaf in plan.leaves) == sorted(paths)


def test_two_leaves_of_one_path() -> None:
    kind = StructType(fields=(Field(name="b", type=NumberType(dtype="float32")),))
    schema = Schema.of([("a", kind), ("a.b", StringType())])
    rows = [{"b": i / 1000} for i in range(1000)]
    table = pa.table([pa.array(rows, kind.arrow()), pa.array([f"{i}" for i in range(1000)])], schema.arrow())
    data, _ = _write(table, schema)
    assert pq.read_table(pa.BufferReader(data)).cast(table.schema).equals(table)


# Facts


def test_facts_are_those_of_the_file() -> None:
    # FRAG-6
    table, schema = _scores()
    data, facts = _write(table, schema)
    length = int.from_bytes(data[-8:-4], "little")
    assert facts == FragmentFacts(
        rows=table.num_rows,
        size=len(data),
        digest=Digest(hashlib.sha256(data).hexdigest()),
        xxh3=xxhash.xxh3_128_hexdigest(data),
        footer_length=length,
        footer_xxh3=xxhash.xxh3_128_hexdigest(data[-8 - length : -8]),
    )
    assert data[-4:] == b"PAR1"


@given(st.lists(st.integers(0, 200_000), max_size=12))
@settings(max_examples=30)
def test_pieces_of_any_size_are_hashed_in_order(sizes: list[int]) -> None:
    # FRAG-6
    whole = random.Random(0).randbytes(sum(sizes))
    out = io.BytesIO()
    sink = HashingSink(out)
    at = 0
    for size in sizes:
        assert sink.write(whole[at : at + size]) == size
        at += size
    facts = sink.finish(1)
    assert out.getvalue() == whole
    assert (facts.size, facts.digest.hex) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert facts.xxh3 == xxhash.xxh3_128_hexdigest(whole)


def test_batches_give_the_same_file_as_a_table() -> None:
    table, schema = _scores(3000)
    plan = plan_fragments(schema, table)
    sink = io.BytesIO()
    facts = write_fragment(table.to_batches(max_chunksize=700), schema, plan, sink)
    assert facts == _write(table, schema, plan)[1]


def test_a_small_file_in_memory_is_the_same_file() -> None:
    table, schema = _scores(3000)
    plan = plan_fragments(schema, table)
    sink = io.BytesIO()
    facts = write_fragment(table, schema, plan, sink)
    assert encode_fragment(table, schema, plan) == (sink.getvalue(), facts)


def test_bad_calls_say_what_is_wrong() -> None:
    table, schema = _scores(10)
    plan = FragmentPlan(fragment_rows=8, row_group_rows=8)
    with pytest.raises(UsageError, match="expected 1 to 8 rows in a fragment, found 10"):
        write_fragment(table, schema, plan, io.BytesIO())
    with pytest.raises(UsageError, match="found 0"):
        write_fragment(table.slice(0, 0), schema, plan, io.BytesIO())
    with pytest.raises(UsageError, match="expected columns"):
        write_fragment(table.slice(0, 3).rename_columns(list("abcde")), schema, plan, io.BytesIO())


class _Full(io.RawIOBase):
    def write(self, data: Any) -> int:
        raise OSError(28, "No space left on device")


def test_the_error_of_a_full_disk_comes_through_and_no_thread_stays() -> None:
    table, schema = _scores(2000)
    with pytest.raises(OSError, match="No space left"):
        write_fragment(table, schema, plan_fragments(schema, table), _Full())  # type: ignore[arg-type]
