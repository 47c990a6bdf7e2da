from __future__ import annotations

import datetime as dt
import itertools
import math
import random
from decimal import Decimal
from functools import cache, reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.format.arrow_cases import COLUMNS, arrays, chunked, encoded
from wbtable.errors import FormatError, UsageError
from wbtable.format.extremes import Extremes, sample_type, summary_kind
from wbtable.format.schema import Schema
from wbtable.format.sketch import SAMPLE, TableSketch, sample_positions, sketch_rows
from wbtable.format.sketch_file import SKETCH_SCHEMA, read_sketch, write_sketch
from wbtable.format.smallest import SMALLEST, Smallest, distinct_estimate
from wbtable.format.summary import summaries
from wbtable.format.types import BinaryType, BooleanType, ColumnType, DateType, DecimalType, NumberType, StringType
from wbtable.format.value_text import cut, cut_key, cut_sample

MANY = 5000


def _table(kind: ColumnType, values: Any, rows: int | None = None) -> tuple[pa.Table, Schema]:
    array = values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values, kind.arrow())
    return pa.table({"c": array}), Schema.of([("c", kind)])


def _sketch(kind: ColumnType, values: Any, first_row: int = 0) -> TableSketch:
    table, schema = _table(kind, values)
    return sketch_rows(table, schema, first_row)


def _extremes(kind: ColumnType, values: Any) -> Extremes:
    return _sketch(kind, values).columns[0].extremes


@cache
def _wide() -> tuple[pa.Table, Schema]:
    """Return several thousand rows of every kind of summary."""
    draw = random.Random(7)
    floats = [draw.choice([None, float("nan"), float("inf"), draw.gauss(0, 1)]) for _ in range(MANY)]
    columns: list[tuple[str, ColumnType, list[Any]]] = [
        ("id", NumberType(dtype="int64"), list(range(MANY))),
        ("guess", NumberType(dtype="int8"), [draw.randrange(10) for _ in range(MANY)]),
        ("score", NumberType(dtype="float32"), floats),
        ("text", StringType(), [draw.choice([None, "short", "é" * draw.randrange(60)]) for _ in range(MANY)]),
        ("flag", BooleanType(), [draw.choice([None, True, False]) for _ in range(MANY)]),
        ("money", DecimalType(precision=9, scale=2), [Decimal(draw.randrange(10**6)) / 100 for _ in range(MANY)]),
        ("day", DateType(), [dt.date(2024, 1, 1) + dt.timedelta(days=draw.randrange(40)) for _ in range(MANY)]),
        ("raw", BinaryType(), [draw.randbytes(draw.randrange(9)) for _ in range(MANY)]),
    ]
    schema = Schema.of([(name, kind) for name, kind, _ in columns])
    return pa.table([pa.array(values, kind.arrow()) for _, kind, values in columns], schema.arrow()), schema


def _same(one: TableSketch, other: TableSketch) -> bool:
    return write_sketch(one) == write_sketch(other)


# Facts


def test_floats() -> None:
    # SUM-1, SUM-2
    found = _extremes(NumberType(dtype="float64"), [1.5, None, float("nan"), float("-inf"), -2.0, float("inf")])
    assert found == Extremes(
        count=6,
        nulls=1,
        nan=1,
        positive_infinity=1,
        negative_infinity=1,
        least=float("-inf"),
        greatest=float("inf"),
        finite_least=-2.0,
        finite_greatest=1.5,
    )


def test_minus_zero_is_zero() -> None:
    # SUM-2, SUM-3
    found = _sketch(NumberType(dtype="float64"), [-0.0, 0.0])
    assert str(found.columns[0].extremes.least) == "0.0"
    assert distinct_estimate(found.columns[0].hashes) == (1, True)


def test_only_nan_has_no_extremes() -> None:
    found = _extremes(NumberType(dtype="float32"), [float("nan")] * 2)
    assert (found.nan, found.least, found.finite_least) == (2, None, None)


def test_lengths() -> None:
    # SUM-1
    found = _extremes(BinaryType(), [b"abc", None, b""])
    assert (found.least, found.greatest, found.nulls) == (0, 3, 1)


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=lambda case: str(case)[:30])
def test_every_type_is_summarised(kind: ColumnType, values: list[Any]) -> None:
    # SUM-1
    found = _extremes(kind, values)
    assert (found.count, found.nulls) == (len(values), values.count(None))


# Cut strings


@given(st.lists(st.text(alphabet="a\u00e9\u20ac\U0001f600", min_size=58, max_size=70), min_size=2, max_size=2))
def test_cutting_keeps_the_order(texts: list[str]) -> None:
    # SUM-2
    low, high = sorted(texts, key=str.encode)
    keys = [cut_key(text, was_cut=was_cut) for text, was_cut in (cut(low), cut(high))]
    assert keys[0] <= keys[1]
    assert all(len(cut(text)[0].encode()) <= 64 for text in texts)


def test_a_cut_end_compares_as_the_longer_string_that_it_is() -> None:
    # SUM-2: the four bytes of the second do not fit, so it is cut to what the first begins with
    first, second = "a" * 61 + "bc", "a" * 61 + "😀"
    assert cut(second) == ("a" * 61, True)
    merged = _sketch(StringType(), [first]).merge(_sketch(StringType(), [second], 1)).columns[0].extremes
    assert (merged.least, merged.least_cut) == (first, False)
    assert (merged.greatest, merged.greatest_cut) == ("a" * 61, True)
    assert merged == _extremes(StringType(), [first, second])


@given(st.lists(st.text(alphabet="abé", min_size=6, max_size=20), min_size=1, max_size=20), st.integers(1, 40))
def test_string_extremes_of_many_rows(texts: list[str], repeats: int) -> None:
    # SUM-2: more rows than are compared one by one
    found = _extremes(StringType(), [None, *texts * repeats * 10])
    assert (found.least, found.greatest) == (min(texts, key=str.encode), max(texts, key=str.encode))


def test_sampled_strings_that_were_cut_stay_different() -> None:
    # SUM-6
    long = ["x" * 70 + end for end in "ab"]
    found = cut_sample(pa.array([*long, "x" * 64, None])).to_pylist()
    assert found == [*("x" * 64 + xxhash.xxh3_64_hexdigest(text.encode()) for text in long), "x" * 64, None]


# Distinct values


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=lambda case: str(case)[:30])
def test_hashes_are_those_of_the_library(kind: ColumnType, values: list[Any]) -> None:
    # SUM-3
    if summary_kind(kind) in {"sizes", "counts"}:
        return
    array = pa.array(values, kind.arrow())
    found = _sketch(kind, array).columns[0].hashes.tolist()
    assert found == sorted({xxhash.xxh3_64_intdigest(raw) for raw in _bytes_of(kind, array)})


def _bytes_of(kind: ColumnType, array: pa.Array) -> list[bytes]:
    known = array.drop_null()
    if isinstance(kind, BooleanType):
        return [bytes([value]) for value in known.to_pylist()]
    if isinstance(kind, StringType):
        return [value.encode() for value in known.to_pylist()]
    if summary_kind(kind) == "float":
        numbers = known.to_numpy()
        return [(number + number.dtype.type(0)).tobytes() for number in numbers if number == number]  # noqa: PLR0124
    width = known.type.byte_width
    raw = known.buffers()[1].to_pybytes()[known.offset * width : (known.offset + len(known)) * width]
    return [raw[at : at + width] for at in range(0, len(raw), width)]


@pytest.mark.parametrize("different", [0, 1, 10, SMALLEST - 1])
def test_few_distinct_values_are_counted_exactly(different: int) -> None:
    # SUM-4
    found = _sketch(NumberType(dtype="int64"), [*range(different)] * 3)
    assert distinct_estimate(found.columns[0].hashes) == (different, True)


@pytest.mark.parametrize("different", [2_000, 100_000])
@pytest.mark.parametrize("repeats", [1, 7])
def test_many_distinct_values_are_estimated(different: int, repeats: int) -> None:
    # SUM-4: within four standard errors
    values = np.random.default_rng(5).permutation(np.repeat(np.arange(different), repeats))
    count, exact = distinct_estimate(_sketch(NumberType(dtype="int64"), pa.array(values)).columns[0].hashes)
    assert not exact
    assert abs(count / different - 1) < 0.13


@pytest.mark.parametrize("order", ["repeating first", "different first", "mixed"])
def test_the_way_to_the_smallest_hashes_does_not_matter(order: str) -> None:
    # SUM-3: both ways of the collector, and changes between them
    repeating, different = np.zeros(200_000, np.int64), np.arange(200_000)
    parts = {
        "repeating first": [repeating, different],
        "different first": [different, repeating],
        "mixed": [different[:90_000], repeating, different[90_000:]],
    }
    smallest = Smallest()
    smallest.add(pa.array(np.concatenate(parts[order])))
    expected = sorted(xxhash.xxh3_64_intdigest(int(n).to_bytes(8, "little")) for n in different)[:SMALLEST]
    assert smallest.hashes().tolist() == expected


# Sample


@pytest.mark.parametrize("rows", [1, SAMPLE, SAMPLE + 1, 40_000])
@pytest.mark.parametrize("first", [0, 123_456, 2**32 - 20_000, 2**40 + 3])
def test_sampled_positions_hash_smallest(first: int, rows: int) -> None:
    # SUM-5
    every = range(first, first + rows)
    expected = sorted(every, key=lambda at: xxhash.xxh3_64_intdigest(at.to_bytes(8, "little")))[:SAMPLE]
    assert sample_positions(first, rows).tolist() == sorted(expected)


def test_the_sample_is_of_the_positions() -> None:
    # SUM-5
    table, schema = _wide()
    found = sketch_rows(table, schema, 0)
    assert found.columns[0].sample.to_pylist() == found.positions.tolist()


# Merging


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, MANY - 1), max_size=4), st.randoms(use_true_random=False))
def test_merging_in_any_order_gives_what_one_pass_gives(cuts: list[int], draw: random.Random) -> None:
    table, schema = _wide()
    edges = [0, *sorted(set(cuts)), MANY]
    parts = [sketch_rows(table.slice(a, b - a), schema, a) for a, b in itertools.pairwise(edges)]
    draw.shuffle(parts)
    while len(parts) > 1:
        at = draw.randrange(len(parts) - 1)
        parts[at : at + 2] = [parts[at].merge(parts[at + 1])]
    assert _same(parts[0], sketch_rows(table, schema, 0))


def test_an_empty_sketch_changes_nothing() -> None:
    table, schema = _wide()
    empty, whole = TableSketch.empty(schema), sketch_rows(table, schema, 0)
    assert _same(empty.merge(whole), whole)
    assert _same(whole.merge(empty), whole)
    assert _same(sketch_rows(table.slice(0, 0), schema, 0), empty)


def test_sketches_of_other_types_do_not_merge() -> None:
    narrow, wide = (_sketch(NumberType(dtype=name), [1]) for name in ("int32", "int64"))
    with pytest.raises(UsageError, match="expected a sketch of the columns"):
        narrow.merge(wide)


@given(arrays(), st.lists(st.integers(0, 40), max_size=3))
def test_chunks_and_encodings_do_not_matter(case: tuple[ColumnType, pa.Array], cuts: list[int]) -> None:
    kind, array = case
    expected = _sketch(kind, array)
    for other in [array, *encoded(array)]:
        assert _same(_sketch(kind, chunked(other, cuts)), expected)


# The sketch object


def test_the_object_reads_back() -> None:
    # SUM-9
    table, schema = _wide()
    sketch = sketch_rows(table, schema, 0)
    data = write_sketch(sketch)
    found = read_sketch(data, schema)
    assert write_sketch(found) == data
    assert summaries(found) == summaries(sketch)
    assert [column.sample.type for column in found.columns] == [sample_type(column.type) for column in schema]


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=lambda case: str(case)[:30])
def test_objects_of_every_type_read_back(kind: ColumnType, values: list[Any]) -> None:
    # SUM-7, SUM-9
    sketch = _sketch(kind, values)
    data = write_sketch(sketch)
    found = read_sketch(data, sketch.schema)
    assert write_sketch(found) == data
    assert str(found.columns[0].sample.to_pylist()) == str(sketch.columns[0].sample.to_pylist())
    assert found.columns[0].extremes == sketch.columns[0].extremes


def test_an_append_is_merged_from_the_object() -> None:
    table, schema = _wide()
    base = read_sketch(write_sketch(sketch_rows(table.slice(0, 3000), schema, 0)), schema)
    parts = [base, sketch_rows(table.slice(3000), schema, 3000)]
    assert _same(reduce(TableSketch.merge, parts), sketch_rows(table, schema, 0))


def _objects() -> list[tuple[str, dict[str, Any], str]]:
    hashes = np.array([1, 2], "<u8")
    return [
        ("another column", {"name": ["d"]}, "the columns"),
        ("a count too many", {"nulls": [4]}, "counts from 0"),
        ("a negative count", {"nan": [-1]}, "counts from 0"),
        ("no count", {"nulls": [None]}, "counts from 0"),
        ("no flag", {"least_cut": [None]}, "true or false"),
        ("no number", {"least": ["x"]}, "expected values of type int64"),
        ("hashes cut short", {"kmv": [b"1234567"]}, "ascending hashes"),
        ("hashes out of order", {"kmv": [hashes[::-1].tobytes()]}, "ascending hashes"),
        ("no hashes", {"kmv": [None]}, "ascending hashes"),
        ("too many hashes", {"kmv": [np.arange(SMALLEST + 1, dtype="<u8").tobytes()]}, "ascending hashes"),
        ("no positions", {"positions": [None]}, "the same positions"),
        ("positions out of order", {"positions": [[1, 0, 2]]}, "ascending positions"),
        ("a position outside", {"positions": [[0, 1, 3]]}, "ascending positions"),
        ("too few positions", {"positions": [[0, 1]]}, "ascending positions"),
        ("too small a sample", {"sample": [["1"]]}, "a sample of 3"),
        ("no sample", {"sample": [None]}, "a sample of 3"),
        ("no number in the sample", {"sample": [["1", "2", "x"]]}, "expected values of type int64"),
    ]


@pytest.mark.parametrize(("what", "change", "message"), _objects(), ids=[case[0] for case in _objects()])
def test_objects_that_do_not_fit_are_refused(what: str, change: dict[str, Any], message: str) -> None:
    # SUM-9
    sketch = _sketch(NumberType(dtype="int64"), [1, 2, 3])
    columns = pq.read_table(pa.BufferReader(write_sketch(sketch))).to_pydict() | change
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, SKETCH_SCHEMA), sink)
    with pytest.raises(FormatError, match=message):
        read_sketch(bytes(sink.getvalue()), sketch.schema)


def test_other_files_are_no_sketch() -> None:
    # SUM-9
    schema = Schema.of([("c", StringType())])
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"name": ["c"]}), sink)
    for data in (b"", b"PAR1", bytes(sink.getvalue())):
        with pytest.raises(FormatError, match="sketch: expected"):
            read_sketch(data, schema)


def test_flipped_bits_are_found_or_harmless() -> None:
    # SUM-9: page checksums cover the data, a damaged footer does not parse or does not fit
    sketch = _sketch(StringType(), ["a", "b", None])
    data = write_sketch(sketch)
    draw = random.Random(1)
    for _ in range(300):
        at, bit = draw.randrange(len(data)), draw.randrange(8)
        damaged = bytearray(data)
        damaged[at] ^= 1 << bit
        try:
            found = read_sketch(bytes(damaged), sketch.schema)
        except FormatError:
            continue
        assert write_sketch(found) == data


@pytest.mark.parametrize("name", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
@pytest.mark.parametrize("end", ["min", "max"])
def test_integers_that_lie_close_hash_as_any_others(name: str, end: str) -> None:
    """SUM-3: distinct values are found by flags, and hashed as they are; at either end of the type nothing wraps."""
    info = np.iinfo(name)
    span = min(3000, int(info.max) - int(info.min))
    least = int(info.min) if end == "min" else int(info.max) - span
    values = [least + (i * 7) % (span + 1) for i in range(2 * span + 5)]
    kind = NumberType(dtype=name)
    close = _sketch(kind, pa.array([None, *values], kind.arrow())).columns[0].hashes
    plain = Smallest()
    plain.add(pa.array(values, kind.arrow()))
    assert close.tolist() == plain.hashes().tolist()


@pytest.mark.parametrize(
    "values", [[0.5, 1.5], [-0.0, 0.0, 1.0], [-1.0, 2.0], [-2.5, -1.0], [float("nan"), 1.0], [float("inf"), 1.0]]
)
def test_floats_hash_as_their_equals(values: list[float]) -> None:
    """SUM-3: -0.0 is 0.0, NaN has no hash; the way for positive floats gives the same."""
    kind = NumberType(dtype="float32")
    expected = sorted({xxhash.xxh3_64_intdigest(np.float32(v + 0.0).tobytes()) for v in values if not math.isnan(v)})
    assert _sketch(kind, values).columns[0].hashes.tolist() == expected


@pytest.mark.parametrize(("name", "values"), [("int8", [-128, 100]), ("int16", [-30_000, 0, 35])])
def test_integers_further_apart_than_their_type_is_wide(name: str, values: list[int]) -> None:
    """SUM-3: the difference of two int8 may be none, and the greatest of few int16 is not found among flags."""
    kind = NumberType(dtype=name)
    expected = sorted(xxhash.xxh3_64_intdigest(np.array(v, name).tobytes()) for v in values)
    assert _sketch(kind, values * 20_000).columns[0].hashes.tolist() == expected
