"""Columns of every type, and the same values cut and encoded in other ways."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import strategies as st

from wbtable.format.file_cell import FILE_TYPE
from wbtable.format.types import (
    BinaryType,
    BooleanType,
    ColumnType,
    DateType,
    DecimalType,
    DurationType,
    Field,
    HistogramType,
    ImageType,
    ListType,
    MapType,
    NdarrayType,
    NullType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
    TimeType,
)

_MOMENT = dt.datetime(2024, 2, 29, 12, 30, 1, 5, tzinfo=dt.UTC)
_FILE = {"uri": "../ab/x.pack", "offset": 3, "size": 9, "content_type": "image/png", "checksum": "SHA-256:00"}

COLUMNS: list[tuple[ColumnType, list[Any]]] = [
    (NullType(), [None, None, None]),
    (NumberType(dtype="int8"), [1, None, -3, 127]),
    (NumberType(dtype="uint16"), [1, None, 65535]),
    (NumberType(dtype="int32"), [1, None, -3]),
    (NumberType(dtype="uint64"), [2**64 - 1, None, 0]),
    (NumberType(dtype="int64"), [2**63 - 1, None, -(2**63)]),
    (NumberType(dtype="float16"), [np.float16(1.5), None, np.float16(float("inf"))]),
    (NumberType(dtype="float32"), [0.5, None, float("nan"), -0.0]),
    (NumberType(dtype="float64"), [1e300, None, float("-inf"), 0.1]),
    (BooleanType(), [True, None, False, True, True, True, True, True, True]),
    (StringType(), ["", None, "ñ", "a" * 70, "😀" * 20]),
    (BinaryType(), [b"", None, b"\x00\xff"]),
    (DateType(), [dt.date(1969, 1, 1), None, dt.date(2024, 2, 29)]),
    (TimestampType(unit="us", zone="Europe/Berlin"), [_MOMENT, None]),
    (TimestampType(unit="ns"), [_MOMENT.replace(tzinfo=None), None]),
    (TimeType(unit="ms"), [dt.time(1, 2, 3), None]),
    (DurationType(unit="us"), [dt.timedelta(days=-1), None]),
    (DecimalType(precision=10, scale=2), [Decimal("1.20"), None, Decimal("-99999999.99")]),
    (ListType(item=NumberType(dtype="int64")), [[1, None], None, [], [3]]),
    (ListType(item=ListType(item=StringType())), [[["a"], None], None, [], [[None, "bc"]]]),
    (MapType(key=StringType(), item=NumberType(dtype="float64")), [[("a", 1.0)], None, [], [("b", None), ("c", 2.0)]]),
    (
        StructType(fields=(Field(name="x", type=NumberType(dtype="int64")), Field(name="y", type=StringType()))),
        [{"x": 1, "y": "a"}, None, {"x": None, "y": None}],
    ),
    (NdarrayType(dtype="float32", shape=(2,)), [[1.0, 2.0], None, [3.0, 4.0]]),
    (HistogramType(), [{"counts": [1.0], "bins": [0.0, 1.0]}, None]),
    (ImageType(), [{"file": _FILE, "width": 3, "height": 4, "caption": None, "grouping": None}, None]),
]
"""A type, and values of it in physical form."""


def arrays() -> st.SearchStrategy[tuple[ColumnType, pa.Array]]:
    """Return a strategy of a type and values of it, repeated at random."""

    def make(case: tuple[ColumnType, list[Any]]) -> st.SearchStrategy[tuple[ColumnType, pa.Array]]:
        kind, values = case
        array = pa.array(values, kind.arrow())
        places = st.lists(st.integers(0, len(values) - 1), max_size=40)
        return places.map(lambda chosen: (kind, array.take(pa.array(chosen, pa.int64()))))

    return st.sampled_from(COLUMNS).flatmap(make)


def sliced(array: pa.Array) -> pa.Array:
    """Return equal values that begin inside their buffers."""
    return pa.concat_arrays([array, array, array]).slice(len(array), len(array))


def chunked(array: pa.Array, cuts: list[int]) -> pa.ChunkedArray:
    """Return equal values in chunks, some of them empty."""
    edges = [0, *sorted(min(cut, len(array)) for cut in cuts), len(array)]
    pieces = [array.slice(a, b - a) for a, b in itertools.pairwise(edges)]
    return pa.chunked_array([sliced(piece) for piece in pieces], array.type)


def encoded(array: pa.Array) -> list[pa.Array]:
    """Return equal values in the other encodings that Arrow has for their type."""
    kind = array.type
    out: list[pa.Array] = []
    if not pa.types.is_nested(kind) and not pa.types.is_null(kind):
        out.append(array.dictionary_encode())
        if not pa.types.is_float16(kind):
            out.append(pc.run_end_encode(array))
    if pa.types.is_string(kind):
        out += [array.cast(pa.large_string()), array.cast(pa.string_view())]
    if pa.types.is_binary(kind):
        out += [array.cast(pa.large_binary()), array.cast(pa.binary_view())]
    if pa.types.is_list(kind):
        out.append(array.cast(pa.large_list(kind.value_type)))
    return out


def hidden_below_nulls() -> list[tuple[ColumnType, pa.Array, pa.Array]]:
    """Return a type, values, and the same values with something else lying under a null."""
    missing = pa.array([False, True, False])
    plain = ListType(item=NumberType(dtype="int64"))
    offsets = pa.array([0, 1, 3, 4], pa.int32())
    strings = pa.StringArray.from_buffers(
        3, offsets.buffers()[1], pa.py_buffer(b"abcd"), pa.array([True, False, True]).buffers()[1], 1
    )
    return [
        (StringType(), pa.array(["a", None, "d"]), strings),
        (plain, pa.array([[1], None, [4]]), pa.ListArray.from_arrays(offsets, pa.array([1, 2, 3, 4]), mask=missing)),
        (
            NumberType(dtype="int64"),
            pa.array([1, None, 3]),
            pa.Array.from_buffers(
                pa.int64(), 3, [pa.array([True, False, True]).buffers()[1], pa.array([1, 2, 3]).buffers()[1]]
            ),
        ),
        (
            StructType(fields=(Field(name="x", type=NumberType(dtype="int64")),)),
            pa.array([{"x": 1}, None, {"x": 3}]),
            pa.StructArray.from_arrays([pa.array([1, 2, 3])], ["x"], mask=missing),
        ),
    ]


def file_type() -> pa.DataType:
    """Return the FILE group."""
    return FILE_TYPE
