"""Physical columns as Python values, and widened columns: exactly, or an error."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from tests.unit.tables.cases import CHANGED, SAME, check_identical
from tests.unit.tables.reading import stored
from wbtable.errors import ConflictError, FormatError
from wbtable.format.types import (
    AnyType,
    ClassesType,
    ColumnType,
    DecimalType,
    Field,
    IntegerType,
    ListType,
    MapType,
    NdarrayType,
    NullType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
    UuidType,
    unify,
)
from wbtable.tables.conform import conform
from wbtable.tables.encode import encode
from wbtable.tables.same import same_values
from wbtable.tables.stored_type import may_stay, stored_type
from wbtable.tables.table import Table
from wbtable.tables.values import to_python

if TYPE_CHECKING:
    from pathlib import Path

INT = NumberType(dtype="int64")
FLOAT = NumberType(dtype="float64")


def test_every_kind_comes_back_from_a_store_in_any_cut(tmp_path: Path) -> None:
    rows = max(map(len, SAME.values()))
    columns = {name: [*values, *[None] * (rows - len(values))] for name, values in SAME.items()}
    table = Table(columns=list(columns), data=[list(row) for row in zip(*columns.values(), strict=True)])
    found = stored(table, tmp_path / "t")
    for name, expected in columns.items():
        check_identical(found.get_column(name), expected)
    by_row = [row for _, row in found.iterrows()]
    for i, name in enumerate(columns):
        check_identical([row[i] for row in by_row], columns[name])
    source = found._source()
    picked = source.take(np.array([2, 0, 1]))
    for name, expected in columns.items():
        cells = picked.column(picked.schema.get_field_index(name))
        check_identical(to_python(cells, source.schema[name]), [expected[2], expected[0], expected[1]])
    assert found == table


@pytest.mark.parametrize("name", [*SAME, *CHANGED])
def test_each_kind_in_arrow_pandas_and_polars(name: str, tmp_path: Path) -> None:
    given, expected = (SAME[name], SAME[name]) if name in SAME else CHANGED[name]
    table = stored(Table(columns=["x"], data=[[value] for value in given]), tmp_path / "t")
    arrow = table.to_arrow()
    assert arrow.num_rows == len(expected)
    assert [value is None for value in expected] == arrow["x"].is_null().to_pylist()
    assert table.to_polars().height == len(expected)
    frame = table.to_pandas()
    assert frame.shape == (len(expected), 1)
    for one, other in zip(frame["x"], expected, strict=True):
        if other is None:
            assert one is None or pd.isna(one)
        elif isinstance(other, (int, str, bytes, decimal.Decimal, uuid.UUID, list, dict, np.ndarray)):
            assert same_values(one, other)


def test_pandas_keeps_none_apart_from_nan_and_integers_exact(tmp_path: Path) -> None:
    data = [[1.5, 2**53 + 1, True], [float("nan"), None, None], [None, 5, False]]
    frame = stored(Table(columns=["f", "i", "b"], data=data), tmp_path / "t").to_pandas()
    assert frame["f"].isna().tolist()[2] is True
    assert math.isnan(frame["f"].array._pa_array[1].as_py())
    assert frame["f"].array._pa_array[2].as_py() is None
    assert frame["i"].tolist()[0] == 2**53 + 1
    assert str(frame["i"].dtype) == "Int64"
    assert str(frame["b"].dtype) == "boolean"
    assert frame["b"].tolist()[:1] == [True]


def test_logical_arrow_types() -> None:
    table = Table(
        columns=["a", "u", "d", "z", "n"],
        data=[
            [
                np.ones((2, 3), np.float32),
                uuid.UUID(int=1),
                decimal.Decimal("9" * 50),
                dt.datetime.now(dt.UTC),
                [uuid.UUID(int=2)],
            ]
        ],
    )
    found = table.to_arrow().schema
    assert found.field("a").type == pa.fixed_shape_tensor(pa.float32(), [2, 3])
    assert found.field("u").type == pa.uuid()
    assert found.field("d").type == pa.decimal256(50, 0)
    assert found.field("z").type == pa.timestamp("us", "UTC")
    assert found.field("n").type == pa.list_(pa.uuid())
    assert table.to_arrow()["n"][0].as_py() == [uuid.UUID(int=2)]
    assert table["a"].combine_chunks().to_numpy_ndarray().shape == (1, 2, 3)


def test_arrays_may_be_written_to() -> None:
    table = Table(columns=["a", "r"], data=[[np.zeros(3), np.zeros(i)] for i in range(2)])
    for name in ("a", "r"):
        one, other = table.get_column(name)
        one += 1
        assert not other.any()
        assert not table.get_column(name)[0].any()


def test_nanoseconds_and_years_that_datetime_lacks() -> None:
    stamps = pa.array([1, None, -1], pa.timestamp("ns", "Europe/Berlin"))
    found = to_python(stamps, TimestampType(unit="ns", zone="Europe/Berlin"))
    assert found == [pd.Timestamp(1, unit="ns", tz="Europe/Berlin"), None, pd.Timestamp(-1, unit="ns", tz="UTC")]
    far = pa.array([10**15], pa.timestamp("s"))
    (value,) = to_python(far, TimestampType(unit="s"))
    assert np.datetime64(value, "s").astype(np.int64) == 10**15


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array(["x"]), UuidType()),
        (pa.array(["1.x"]), DecimalType(precision=40)),
        (pa.array(['{"$type":"nope","value":1}']), AnyType()),
        (pa.array(["{"]), AnyType()),
        (pa.array(["[" * 100_000]), AnyType()),
        (
            pa.array([{"dtype": "|O8", "shape": [1], "data": b"12345678"}], NdarrayType(dtype=None).arrow()),
            NdarrayType(dtype=None),
        ),
        (
            pa.array([{"dtype": "<f8", "shape": [2], "data": b"12345678"}], NdarrayType(dtype=None).arrow()),
            NdarrayType(dtype=None),
        ),
        (
            pa.array([{"shape": [3], "values": [1.0]}], NdarrayType(dtype="float64").arrow()),
            NdarrayType(dtype="float64"),
        ),
    ],
)  # fmt: skip
def test_cells_that_are_not_as_their_type_says_are_format_errors(array: pa.Array, kind: ColumnType) -> None:
    with pytest.raises(FormatError):
        to_python(array, kind)


_WIDENED: list[tuple[pa.Array, ColumnType, ColumnType, list[Any]]] = [
    (pa.array([1, None], pa.int8()), NumberType(dtype="int8"), INT, [1, None]),
    (pa.array([1, 2**53]), INT, FLOAT, [1.0, 2.0**53]),
    (pa.array([0.1], pa.float32()), NumberType(dtype="float32"), FLOAT, [float(np.float32(0.1))]),
    (pa.array([2**64 - 1], pa.uint64()), NumberType(dtype="uint64"), IntegerType(), [2**64 - 1]),
    (pa.nulls(2), NullType(), ListType(item=INT), [None, None]),
    (pa.array(["a", None]), StringType(), AnyType(), ["a", None]),
    (pa.array([1, 2]), INT, AnyType(), [1, 2]),
    (
        pa.array([[1], None, []], pa.list_(pa.int8())), ListType(item=NumberType(dtype="int8")),
        ListType(item=FLOAT), [[1.0], None, []],
    ),
    (
        pa.array([1], pa.timestamp("s")), TimestampType(unit="s"),
        TimestampType(unit="ns"), [pd.Timestamp("1970-01-01 00:00:01")],
    ),
    (
        pa.array([decimal.Decimal("1.5")], pa.decimal128(3, 1)), DecimalType(precision=3, scale=1),
        DecimalType(precision=50, scale=20), [decimal.Decimal("1.5")],
    ),
    (
        pa.array([[(1, 2)], None], pa.map_(pa.int64(), pa.int64())), MapType(key=INT, item=INT),
        MapType(key=INT, item=FLOAT), [{1: 2.0}, None],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("array", "have", "want", "expected"), _WIDENED)
def test_widened_columns_keep_their_values(
    array: pa.Array, have: ColumnType, want: ColumnType, expected: list[Any]
) -> None:
    for given, values in ((array, expected), (array.slice(1), expected[1:])):
        wide = conform(given, have, want, place="x")
        assert wide.type.equals(want.arrow())
        assert to_python(wide, want) == values


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("struct", "struct2"),
        ("array", "ragged_floats"),
        ("ragged", "mixed_arrays"),
        ("zero_d", "zero_size"),
    ],
)
def test_columns_of_tables_widen_to_what_holds_both(left: str, right: str) -> None:
    more = {
        **SAME,
        "struct2": [{"a": 1.5, "c": []}, {}, None],
        "ragged_floats": [np.ones((1, 2), np.float32), None, np.float32(2) * np.ones(3, np.float32)],
    }
    sources = [Table(columns=["x"], data=[[value] for value in more[name]])._source() for name in (left, right)]
    want = unify(*(source.schema["x"] for source in sources))
    for source, name in zip(sources, (left, right), strict=True):
        array = source.take(np.arange(source.num_rows))["x"].combine_chunks()
        wide = conform(array, source.schema["x"], want, place="x")
        assert wide.type.equals(want.arrow())
        assert same_values(to_python(wide, want), more[name])
        part = conform(array.slice(1, 2), source.schema["x"], want, place="x")
        assert same_values(to_python(part, want), more[name][1:3])


def test_what_does_not_widen_is_refused() -> None:
    with pytest.raises(ConflictError, match="column"):
        conform(pa.array(["1"]), StringType(), INT, place='column "n"', error=ConflictError)
    with pytest.raises(FormatError):
        conform(pa.array([1]), INT, StringType(), place="x")
    with pytest.raises(FormatError, match="out of bounds"):
        conform(pa.array([2**62], pa.timestamp("s")), TimestampType(unit="s"), TimestampType(unit="us"), place="x")


def test_the_stored_type_is_told_from_parquet() -> None:
    assert stored_type(pa.int32(), FLOAT, "x") == NumberType(dtype="int32")
    assert stored_type(pa.null(), StringType(), "x") == NullType()
    assert stored_type(pa.list_(pa.int8()), ListType(item=INT), "x") == ListType(item=NumberType(dtype="int8"))
    assert stored_type(pa.timestamp("s", "UTC"), TimestampType(zone="UTC"), "x") == TimestampType(unit="s", zone="UTC")
    with pytest.raises(FormatError):
        stored_type(pa.list_(pa.float32(), 4), NdarrayType(dtype="float32"), "x")


def test_a_fragment_stays_where_it_means_the_same() -> None:
    """TABLE-10: not where its bytes would mean another value."""
    assert may_stay(NullType(), StringType())
    assert may_stay(ListType(item=NullType()), ListType(item=INT))
    assert may_stay(ClassesType(classes=((1, "a"),)), ClassesType(classes=((1, "a"), (2, "b"))))
    assert not may_stay(NumberType(dtype="int8"), INT)
    assert not may_stay(INT, FLOAT)
    assert not may_stay(TimestampType(unit="s"), TimestampType(unit="ms"))
    assert not may_stay(DecimalType(precision=5, scale=1), DecimalType(precision=6, scale=2))
    assert not may_stay(StringType(), AnyType())
    assert not may_stay(NdarrayType(dtype="int8", shape=(2,)), NdarrayType(dtype="int8"))
    assert not may_stay(ListType(item=StringType()), ListType(item=AnyType()))
    fields = (Field(name="a", type=INT), Field(name="b", type=INT))
    assert not may_stay(StructType(fields=fields[1:]), StructType(fields=fields, absent=True))
    assert not may_stay(StructType(fields=fields), StructType(fields=fields, absent=True))


_NO_BLOBS: Any = None
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@drawn(st.lists(_JSON, max_size=8))
@settings(max_examples=60, deadline=None)
def test_mixed_cells_come_back(values: list[Any]) -> None:
    column = encode(values, AnyType(), _NO_BLOBS)
    assert same_values(to_python(column, AnyType()), values)


def test_equality_of_tables() -> None:
    def make(*cells: Any) -> Table:
        return Table(columns=["x"], data=[[cell] for cell in cells])

    assert make(1, 2) == make(1, 2)
    assert make(1, 2) == make(1.0, 2.0)
    assert make(float("nan"), None) == make(float("nan"), None)
    assert make(0.0) == make(-0.0)
    assert make(float("nan")) != make(0.0)
    assert make(1) != make(1, 1)
    assert make("a") != make(1)
    assert make(2**53 + 1) != make(float(2**53))
    assert make({"a": None}) != make({})
    assert Table(columns=["x"]) != Table(columns=["y"])
