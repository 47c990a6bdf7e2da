"""DataFrames and Arrow data with oddities: what they hold comes over exactly, or is refused by a clear error."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wbtable
from tests.unit.tables.cases import check_identical
from wbtable.errors import TypeMismatchError, UnsupportedError, UsageError

NAN = float("nan")
FRAMES = [
    pa.table({"a": [1], "b": ["x"]}),
    pl.DataFrame({"a": [1], "b": ["x"]}),
    pd.DataFrame({"a": [1], "b": ["x"]}),
    wbtable.Table(columns=["a", "b"], data=[[1, "x"]]),
]


def _of(array: Any) -> wbtable.Table:
    return wbtable.Table(dataframe=pa.table({"a": array}))


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__module__)
def test_columns_picks_by_name_or_renames(frame: Any) -> None:
    """TABLE-2: a column's name stays with its values, in any order; only names that are new rename."""
    assert wbtable.Table(dataframe=frame, columns=["b", "a"]).data == [["x", 1]]
    assert wbtable.Table(dataframe=frame, columns=["b"]).data == [["x"]]
    renamed = wbtable.Table(dataframe=frame, columns=["p", "q"])
    assert (renamed.columns, renamed.data) == (["p", "q"], [[1, "x"]])
    assert wbtable.Table(dataframe=frame, columns=["a", "q"]).columns == ["a", "q"]
    with pytest.raises(UsageError, match="'b' in another column's place"):
        wbtable.Table(dataframe=frame, columns=["b", "q"])
    with pytest.raises(UsageError, match="expected 2 column names, found 1"):
        wbtable.Table(dataframe=frame, columns=["p"])


class _Stream:
    """What has nothing but the Arrow C stream."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


class _Result:
    """What can be made a table of Arrow, as results of queries can."""

    def to_arrow(self) -> pa.Table:
        return pa.table({"a": [1], "b": ["x"], "c": [None]})


def test_columns_of_a_stream_keep_their_names() -> None:
    """TABLE-2: three columns are not called Input, Output and Expected because nothing but the stream names them."""
    table = pa.table({"a": [1], "b": ["x"], "c": [None]})
    for given in (_Stream(table), _Result()):
        assert wbtable.Table(dataframe=given).columns == ["a", "b", "c"]
    assert wbtable.Table(data=_Stream(table.select(["a", "b"])), columns=["b", "a"]).data == [["x", 1]]
    structs = pa.chunked_array([pa.array([{"p": 1, "q": 2}])])
    assert wbtable.Table(dataframe=structs).columns == ["p", "q"]
    assert wbtable.compare([_Stream(table), _Stream(table)], key="a").counts.equal == 1


@pytest.mark.parametrize(
    "frame",
    [
        pa.table({"a": [1, None]}),
        pa.table({"a": [1.5, NAN]}),
        pl.DataFrame({"a": [1, None]}),
        pd.DataFrame({"a": [1.5, NAN]}),
        pd.DataFrame({"a": ["x", None]}),
        wbtable.Table(columns=["a"], data=[[1.5], [NAN]]),
    ],
    ids=lambda frame: type(frame).__module__,
)
def test_optional_false_holds_for_columns(frame: Any) -> None:
    """What optional=False refuses in rows it refuses in DataFrames."""
    with pytest.raises(TypeMismatchError, match='column "a", row 1: expected a value in every row'):
        wbtable.Table(dataframe=frame, optional=False)


def test_pandas_columns_that_arrow_does_not_take() -> None:
    """TYPE-2, TYPE-10: other byte orders and sparse columns come over, NaN too; the rest is refused by name."""
    swapped = np.array([1, 2], ">i4")
    table = wbtable.Table(dataframe=pd.DataFrame({"a": swapped, "b": pd.arrays.SparseArray([NAN, 1.0])}))
    check_identical(table.data, [[1, NAN], [2, 1.0]])
    assert wbtable.Table(columns=["a"], data=swapped[:, None]).data == [[1], [2]]
    with pytest.raises(TypeMismatchError, match='column "a": periods'):
        wbtable.Table(dataframe=pd.DataFrame({"a": pd.period_range("2020-01", periods=2, freq="M")}))
    with pytest.raises(TypeMismatchError, match='column "a", row 0'):
        wbtable.Table(dataframe=pd.DataFrame({"a": np.array([0.1], np.longdouble)}))
    with pytest.raises(UsageError, match="found a Series"):
        wbtable.Table(dataframe=pd.Series([1]))


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_matrices_and_mixed_lists_of_rows() -> None:
    """A matrix has rows of numbers; rows that are no dicts give no names."""
    assert wbtable.Table(columns=["a", "b"], data=np.matrix([[1, 2]])).data == [[1, 2]]
    with pytest.raises(UsageError, match="row 1: expected a row as list, tuple or dict, found int"):
        wbtable.Table(data=[{"a": 1}, 5])


def test_tensors_of_another_order() -> None:
    """TYPE-8, TYPE-11: a permuted tensor's cells have its logical shape; one that lacks an element is refused."""
    kind = pa.fixed_shape_tensor(pa.int64(), [2, 3], permutation=[1, 0])
    cells = pa.array([[0] * 6, [1, 2, 3, 4, 5, 6], None], pa.list_(pa.int64(), 6))
    found = _of(pa.ExtensionArray.from_storage(kind, cells).slice(1))
    check_identical(found.get_column("a"), [np.array([[1, 4], [2, 5], [3, 6]]), None])
    holes = pa.ExtensionArray.from_storage(
        pa.fixed_shape_tensor(pa.int64(), [2]), pa.array([[1, None]], pa.list_(pa.int64(), 2))
    )
    with pytest.raises(TypeMismatchError, match="null among the elements"):
        _of(holes)


def test_bool8() -> None:
    """TYPE-11: Arrow's booleans of eight bits are booleans."""
    eight = pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, 0, None], pa.int8()))
    assert _of(eight).get_column("a") == [True, False, None]


def test_text_that_is_no_utf8() -> None:
    """TYPE-10: bytes that another library took for text are refused when they come."""
    offsets, data = np.array([0, 1, 2], np.int32).tobytes(), b"a\xff"
    bad = pa.Array.from_buffers(pa.string(), 2, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    nested = [
        bad,
        pa.ListArray.from_arrays([0, 2], bad),
        pa.StructArray.from_arrays([bad], names=["x"]),
        pa.DictionaryArray.from_arrays(pa.array([0, 1]), bad),
    ]
    for array in nested:
        with pytest.raises(TypeMismatchError, match='column "a": the text is no UTF-8'):
            _of(array)
    assert _of(bad.slice(0, 1)).data == [["a"]]
    assert _of(pa.array(["ä", None, ""])).data == [["ä"], [None], [""]]


@pytest.mark.parametrize(
    "array",
    [pa.array([(1, 2, 3)], pa.month_day_nano_interval()), pa.array([{"$absent": 1}])],
    ids=["interval", "$absent"],
)
def test_types_without_a_counterpart(array: pa.Array) -> None:
    """TYPE-1: the error is of the call, and names the column."""
    with pytest.raises(UsageError, match='column "a"'):
        _of(array)


def test_a_zone_that_nobody_knows() -> None:
    """TYPE-4: the instants can be had; as datetimes they are refused by name."""
    table = _of(pa.array([1], pa.timestamp("s", "Mars/Phobos")))
    assert table["a"].cast(pa.int64()).to_pylist() == [1]
    with pytest.raises(UnsupportedError, match="'Mars/Phobos' is unknown on this machine"):
        table.get_column("a")


def test_a_zone_is_not_taken_away_by_a_declaration() -> None:
    """TYPE-9: zoned timestamps do not become naive ones, nor the other way."""
    with pytest.raises(TypeMismatchError, match='column "a"'):
        wbtable.Table(dataframe=pa.table({"a": pa.array([1], pa.timestamp("us", "UTC"))}), dtype=pa.timestamp("us"))


def test_nan_among_text_of_pandas_is_null() -> None:
    for values in (["x", NAN, None], [NAN] * 200 + ["x"]):
        table = wbtable.Table(dataframe=pd.DataFrame({"a": pd.Series(values, dtype=object)}))
        assert str(table.schema["a"]) == "string"
        assert table.get_column("a") == [value if isinstance(value, str) else None for value in values]
    for numbers in ([NAN, 1.5], [NAN, NAN]):
        table = wbtable.Table(dataframe=pd.DataFrame({"a": pd.Series(numbers, dtype=object)}))
        check_identical(table.get_column("a"), numbers)
    with pytest.raises(TypeMismatchError, match='column "a", row 1: expected string, found float64'):
        wbtable.Table(dataframe=pd.DataFrame({"a": pd.Series(["x", 1.5], dtype=object)}))


def test_nan_among_other_objects_of_pandas_is_null() -> None:
    """As merging and reindexing leave them; NaN among numbers, and alone, is a number."""
    for values in (
        [True, False],
        [b"x", b""],
        [dt.date(2020, 1, 2)],
        [[1, 2]],
        [{"a": 1}],
        [Decimal("1.5")],
        [NAN, "x"],
    ):
        frame = pd.DataFrame({"a": pd.Series([*values, NAN], dtype=object)})
        wanted = [None if value is NAN else value for value in [*values, NAN]]
        table = wbtable.Table(dataframe=frame)
        assert table.get_column("a") == wanted
        table.add_column("b", frame["a"])
        assert table.get_column("b") == wanted
    given: list[list[Any]] = [[1, NAN], [NAN, None], [np.int64(1), NAN]]
    for numbers in given:
        table = wbtable.Table(dataframe=pd.DataFrame({"a": pd.Series(numbers, dtype=object)}))
        check_identical(table.get_column("a"), [None if value is None else float(value) for value in numbers])
    with pytest.raises(TypeMismatchError, match='column "a", row 1: expected boolean, found int64'):
        wbtable.Table(dataframe=pd.DataFrame({"a": pd.Series([True, 1, NAN], dtype=object)}))


def test_objects_of_pandas_without_a_value_are_of_no_type_yet() -> None:
    """TYPE-9: a column of None alone is null, which widens to whatever comes behind."""
    for values in ([None, None], []):
        table = wbtable.Table(dataframe=pd.DataFrame({"a": pd.Series(values, dtype=object)}))
        assert str(table.schema["a"]) == "null"
        table.extend(pd.DataFrame({"a": [7]}))
        assert table.get_column("a") == [*values, 7]


def test_columns_of_polars_that_are_no_arrow_are_named() -> None:
    with pytest.raises(UsageError, match='column "a": Python objects of Polars'):
        wbtable.Table(dataframe=pl.DataFrame({"b": [1], "a": pl.Series([object()], dtype=pl.Object)}))
    with pytest.raises(UsageError, match=r"a type that Arrow lacks \(.*cast it to another"):
        wbtable.Table(dataframe=pl.DataFrame({"a": pl.Series([2**100], dtype=pl.Int128)}))


def test_series_are_columns_as_they_are_in_frames() -> None:
    category, texts = pd.Series(["x", None], dtype="category"), pd.Series(["x", NAN], dtype=object)
    for series, kind, values in (
        (category, "string", ["x", None]),
        (texts, "string", ["x", None]),
        (pd.Series([1, None], dtype="Int8", index=[7, 9]), "int8", [1, None]),
        (pd.Categorical(["x", None]), "string", ["x", None]),
        (pd.Index(["x", None]), "string", ["x", None]),
        (pd.array([1, None], dtype="Int16"), "int16", [1, None]),
        (pd.Series([1.5, NAN], dtype="float32"), "float32", [1.5, NAN]),
        (pd.Series(pd.to_datetime(["2020-01-01", None]).as_unit("ns")), "timestamp[ns]", None),
        (pl.Series([1, None], dtype=pl.Int8), "int8", [1, None]),
        (pl.Series(["x", None], dtype=pl.Categorical), "string", ["x", None]),
    ):
        table = wbtable.Table(columns=["a"], data=[[1], [2]])
        table.add_column("b", series)
        assert str(table.schema["b"]) == kind
        if values is not None:
            check_identical(table.get_column("b"), values)
    with pytest.raises(UsageError, match="expected 2 values, found 1"):
        wbtable.Table(columns=["a"], data=[[1], [2]]).add_column("b", pd.Series([1]))


def test_columns_of_any_name_go_to_polars() -> None:
    """It has a name of its own for those called "", as CSV files with the index of pandas have one."""
    names = ["", "column_0", "0", "a b"]
    table = wbtable.Table(columns=names, data=[[1, 2, 3, 4]])
    assert table.to_polars().columns == names
    assert table.to_polars().rows() == [(1, 2, 3, 4)]
    assert wbtable.Table(columns=[]).to_polars().shape == (0, 0)
