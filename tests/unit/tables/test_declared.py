"""What a column was declared to be holds for rows, arrays and Arrow alike (spec: 06-types, TYPE-10)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import wbtable
from tests.unit.tables.cases import png
from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.types import DecimalType, ListType, MapType, NumberType, StringType, TimestampType


# TYPE-10: what a narrower type would make infinite is refused; what is infinite may be.
@pytest.mark.parametrize("narrow", ["float32", "float16"])
def test_numbers_beyond_the_range_of_a_declared_type(narrow: str) -> None:
    greatest = float(np.finfo(narrow).max)
    fine = [greatest, -greatest, None, float("inf"), float("-inf"), greatest * (1 + 1e-9)]
    wanted = [greatest, -greatest, None, float("inf"), float("-inf"), greatest]
    for beyond in (1e300, -greatest * 1.01):
        plain = pa.array([*fine, beyond])
        given = [plain, pa.chunked_array([plain[:3], plain[3:]]), plain.dictionary_encode(), pc.run_end_encode(plain)]
        for values in (*given, pa.StructArray.from_arrays([plain], ["s"])):
            kind = {"s": narrow} if pa.types.is_struct(values.type) else narrow
            with pytest.raises(TypeMismatchError, match=rf'column "x", row 6: .* beyond the range of {narrow}$'):
                wbtable.Table.from_arrow(pa.table({"x": values}), dtype={"x": kind})
        with pytest.raises(TypeMismatchError, match=rf'column "x": .* beyond the range of {narrow}$'):
            wbtable.Table.from_arrow(pa.table({"x": [[beyond]]}), dtype={"x": [narrow]})
        with pytest.raises(TypeMismatchError, match=rf'column "x", row 1: .* beyond the range of {narrow}$'):
            wbtable.Table(columns=["x"], data=np.array([[0.5], [beyond]]), dtype=narrow)
        rows = wbtable.Table(columns=["x"], data=[[value] for value in fine], dtype=narrow)
        for given_value in (beyond, np.float64(beyond), np.longdouble(beyond)):
            with pytest.raises(TypeMismatchError, match=rf'column "x", row 6: .* beyond the range of {narrow}$'):
                rows.add_data(given_value)
        rows.add_data(np.dtype(narrow).type(1))
        assert rows.to_arrow()["x"].to_pylist() == [*wanted, 1.0]
        whole = wbtable.Table.from_arrow(pa.table({"x": plain[:6]}), dtype={"x": narrow})
        assert whole.to_arrow()["x"].to_pylist() == wanted
    with pytest.raises(TypeMismatchError, match="beyond the range of float16"):
        wbtable.Table(columns=["x"], data=[[70_000]], dtype="float16")


def test_mixed_columns_have_no_nanoseconds() -> None:
    moments = pa.array([1_000, 1_001], pa.timestamp("ns"))
    with pytest.raises(TypeMismatchError, match=r'^column "x": timestamp\[ns\]: .*000001001'):
        wbtable.Table.from_arrow(pa.table({"x": moments}).to_reader(), dtype={"x": object})


def _rows(dtype: Any, *values: Any) -> wbtable.Table:
    return wbtable.Table(columns=["x"], data=[[value] for value in values], dtype={"x": dtype})


_TEXT, _BERLIN = StringType(), TimestampType(unit="s", zone="Europe/Berlin")
_ZONED = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_DAY = _ZONED.replace(tzinfo=None)
_FINE = _DAY.replace(microsecond=5)


# TYPE-10: Python has one width of numbers and one unit of times; what fits is kept as it was declared.
@pytest.mark.parametrize(
    ("dtype", "values", "kind"),
    [
        (["float32"], [[0.5, None], [1], None, np.array([2.5])], "list<float32>"),
        (["int8"], [[127], []], "list<int8>"),
        (["uint64"], [[2**64 - 1], [1]], "list<uint64>"),
        (
            {"a": "float32", "b": ["int16"]},
            [{"a": 1, "b": [1]}, {"a": None, "b": None}],
            "struct<a: float32, b: list<int16>>",
        ),
        (MapType(key=_TEXT, item=NumberType(dtype="float32")), [{"a": 0.5}, {"b": 1}], "map<string, float32>"),
        (TimestampType(unit="s"), [_DAY, None], "timestamp[s]"),
        ([TimestampType(unit="ms")], [[_DAY], [None]], "list<timestamp[ms]>"),
        (_BERLIN, [_ZONED], "timestamp[s, Europe/Berlin]"),
        (dict, [{"a": 1}, {"b": "x"}, {}], "struct<a: int64, b: string>"),
        (list, [[1], [2.5]], "list<float64>"),
        ([dict], [[{"a": 1}]], "list<struct<a: int64>>"),
    ],
    ids=str,
)
def test_rows_keep_what_was_declared(dtype: Any, values: list[Any], kind: str) -> None:
    table = _rows(dtype, *values)
    assert str(table.schema["x"]) == kind
    wanted = [value.tolist() if isinstance(value, np.ndarray) else value for value in values]
    assert [row[0] for row in table.data] == wanted


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (["int8"], [128]),
        (["int8"], [1.5]),
        ([int], [1.5]),
        (["float32"], [1e300]),
        ({"a": "float16"}, {"a": 1e300}),
        ({"a": int}, {"a": 1, "b": 2}),
        (MapType(key=_TEXT, item=NumberType(dtype="int8")), {"a": 300}),
    ],
    ids=str,
)
def test_rows_that_do_not_fit_are_refused(dtype: Any, value: Any) -> None:
    table = _rows(dtype)
    with pytest.raises(TypeMismatchError, match=r'^column "x", row 0: '):
        table.add_data(value)
    assert len(table) == 0
    if isinstance(dtype, MapType):
        return  # Arrow makes structs of dicts, whose keys are text
    arrow = pa.array([value])
    with pytest.raises(TypeMismatchError, match=r'^column "x"'):
        wbtable.Table.from_arrow(pa.table({"x": arrow}), dtype={"x": dtype})


def test_declared_digits_units_and_labels_grow() -> None:
    assert str(_rows(DecimalType(precision=5, scale=2), Decimal("1.555")).schema["x"]) == "decimal(6, 3)"
    moments = _rows(TimestampType(unit="s"), _DAY, _FINE, _DAY)
    assert str(moments.schema["x"]) == "timestamp[us]"
    assert moments.get_column("x") == [_DAY, _FINE, _DAY]
    nanosecond = pd.Timestamp("2020-01-01T00:00:00.000000001")
    for dtype, value in ((dt.datetime, nanosecond), ([dt.datetime], [nanosecond])):
        assert _rows(dtype, value).data == [[value]]
    assert str(_rows(dt.datetime, nanosecond.floor("us")).schema["x"]) == "timestamp[us]"
    exact = _rows(TimestampType(unit="ms"), np.datetime64("2020-01-01T00:00:00.000000000"), _DAY)
    assert str(exact.schema["x"]) == "timestamp[ms]"
    box = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1}
    boxed = wbtable.Image(png(), boxes={"a": {"box_data": [box]}})
    assert len(_rows([wbtable.Image], [wbtable.Image(png())], [boxed])) == 2


# TYPE-11: what a declaration leaves open is as it comes; what it does not name is not lost.
def test_declared_dicts_and_lists_of_arrow() -> None:
    nested = pa.table({"x": pa.array([{"a": 1, "b": [0.5]}, None])})
    assert str(wbtable.Table.from_arrow(nested, dtype={"x": dict}).schema["x"]) == "struct<a: int64, b: list<float64>>"
    open_list = wbtable.Table.from_arrow(nested, dtype={"x": {"a": int, "b": list}})
    assert str(open_list.schema["x"]) == "struct<a: int64, b: list<float64>>"
    assert open_list.data == [[{"a": 1, "b": [0.5]}], [None]]
    for dtype, values in (({"a": int}, nested["x"]), ([{"a": int}], pa.array([[{"a": 1, "b": 2}]]))):
        with pytest.raises(TypeMismatchError, match=r'^column "x": .*\'b\' would be lost'):
            wbtable.Table.from_arrow(pa.table({"x": values}), dtype={"x": dtype})
    narrow = wbtable.Table.from_arrow(pa.table({"x": [[1]]}), dtype={"x": ListType(item=NumberType(dtype="int8"))})
    assert str(narrow.schema["x"]) == "list<int8>"


# TYPE-3: decimals of many digits within maps come from Arrow, whose maps are pairs.
def test_long_decimals_within_maps_of_arrow() -> None:
    kind = pa.map_(pa.string(), pa.list_(pa.decimal256(60, 5)))
    number = Decimal(10**41).scaleb(-5)
    table = wbtable.Table.from_arrow(pa.table({"x": pa.array([[("a", [number, None])], [], None], kind)}))
    assert table.data == [[{"a": [number, None]}], [{}], [None]]
    twice = pa.array([[("a", [number]), ("a", [])]], kind)
    with pytest.raises(TypeMismatchError, match=r'^column "x": expected each key of a map once'):
        wbtable.Table.from_arrow(pa.table({"x": twice}))


def test_what_a_slice_leaves_out_and_nulls_hide_is_not_looked_at() -> None:
    lists, beyond = pa.array([[2**60], [1, None], None, []]), pa.array([[1e300], [1.0]])
    pairs = pa.array([[("a", 2**60)], [("b", 1)]], pa.map_(pa.string(), pa.int64()))
    structs = pa.StructArray.from_arrays([pa.array([2**60, 1])], names=["a"], mask=pa.array([True, False]))
    floats = MapType(key=_TEXT, item=NumberType(dtype="float64"))
    for values, dtype, wanted in (
        (lists.slice(1), [float], [[1.0, None], None, []]),
        (lists.cast(pa.large_list(pa.int64())).slice(1, 1), [float], [[1.0, None]]),
        (beyond.slice(1), ["float32"], [[1.0]]),
        (pairs.slice(1), floats, [{"b": 1.0}]),
        (structs, {"a": float}, [None, {"a": 1.0}]),
    ):
        table = wbtable.Table.from_arrow(pa.table({"x": values}), dtype={"x": dtype})
        assert [row[0] for row in table.data] == wanted
    whole = wbtable.Table.from_arrow(pa.table({"x": lists.slice(1)}))
    both = wbtable.compare([whole, _rows([float], [0.5])], mode="concat")
    assert both.take([3, 0], columns=["x"])["x"].to_pylist() == [[0.5], [1.0, None]]


def test_names_that_do_not_say_what_a_column_holds() -> None:
    """The error does not list what it refuses."""
    with pytest.raises(
        UsageError, match=r"the column type 'decimal' is to be said in full; .* decimal\.Decimal, \[int\]"
    ):
        _rows("decimal")
    with pytest.raises(UsageError, match=r"the column type 'nonsense' is unknown; there are any, audio, "):
        _rows("nonsense")


_ZONED = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_LATER = _ZONED + dt.timedelta(microseconds=5)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([_ZONED, None, _LATER], pa.timestamp("s", "UTC")),
        ([np.datetime64(0, "ms"), None, np.datetime64(1, "ms")], "datetime64[s]"),
        ([dt.timedelta(seconds=1), None, dt.timedelta(microseconds=1)], pa.duration("ms")),
        ([dt.time(1), None, dt.time(1, 0, 0, 4)], pa.time32("s")),
        ([[_ZONED], None, [None, _LATER]], pa.list_(pa.timestamp("s", "UTC"))),
        ([{"a": dt.time(1)}, None, {"a": dt.time(1, 0, 0, 4)}], pa.struct({"a": pa.time32("s")})),
    ],
)
def test_times_are_cast_exactly_or_not_at_all(values: list[Any], dtype: Any) -> None:
    """A cast to seconds gave microseconds where a value needed them, and said nothing."""
    table = wbtable.Table(columns=["x"], data=[[value] for value in values])
    before = table.schema["x"]
    with pytest.raises(TypeMismatchError, match=r'column "x", row 2: expected .*exactly'):
        table.cast("x", dtype)
    assert table.schema["x"] == before
    table = wbtable.Table(columns=["x"], data=[[value] for value in values[:2]])
    table.cast("x", dtype)
    assert "us" not in str(table.schema["x"])
    assert table.get_column("x")[1] is None
