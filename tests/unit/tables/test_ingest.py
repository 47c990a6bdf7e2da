"""Tables from whole columns: DataFrames, Arrow, arrays (issue: tables; spec: 06-types, TYPE-11)."""

from __future__ import annotations

import datetime as dt
import enum
import io
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import wbtable
from tests.unit.tables.cases import SAME, check_identical, png
from wbtable.errors import TypeMismatchError, UsageError
from wbtable.tables import image_windows, rows

if TYPE_CHECKING:
    from collections.abc import Callable

_DATA: dict[str, list[Any]] = {
    "i": [1, 2, 3],
    "f": [1.5, float("nan"), -0.0],
    "s": ["a", None, "日"],
    "b": [True, None, False],
    "t": [dt.datetime(2024, 1, 1, 0, 0, 0, 7), None, dt.datetime(1969, 12, 31)],  # noqa: DTZ001
    "l": [[1], [], None],
}


def _from_pandas() -> object:
    frame = pd.DataFrame({key: values for key, values in _DATA.items() if key not in {"b", "l"}})
    frame["b"] = pd.array(_DATA["b"], "boolean")
    frame["l"] = pd.Series(_DATA["l"], dtype=object)
    return frame[list(_DATA)]


_SOURCES: dict[str, Callable[[], object]] = {
    "pandas": _from_pandas,
    "polars": lambda: pl.DataFrame(_DATA),
    "pyarrow": lambda: pa.table(_DATA),
    "batch": lambda: pa.RecordBatch.from_pydict(_DATA),
    "reader": lambda: pa.table(_DATA).to_reader(max_chunksize=2),
    "duckdb": lambda: duckdb.from_arrow(pa.table(_DATA)),
    "wbtable": lambda: wbtable.Table(dataframe=pa.table(_DATA)),
}


@pytest.mark.parametrize("name", _SOURCES)
def test_frames_come_in_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """TYPE-11: the same values whatever library holds them, and of Arrow's no row is touched."""
    source = _SOURCES[name]()
    if name != "pandas":
        monkeypatch.setattr(rows.RowBuffer, "add", None)
    for table in (wbtable.Table(dataframe=source), *([wbtable.Table(data=_SOURCES[name]())])):
        assert table.columns == list(_DATA)
        for column, values in _DATA.items():
            check_identical(table.get_column(column), values)


def test_frames_of_numbers_and_text_take_no_row_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"i": np.arange(5), "f": np.linspace(0, 1, 5), "s": list("abcde"), "b": [True] * 5})
    frame["t"] = pd.date_range("2024-01-01", periods=5, tz="Asia/Tokyo")
    frame["c"] = pd.Categorical(["x", "y", "x", None, "x"])
    frame["o"] = np.array(list("abcde"), object)
    monkeypatch.setattr(rows.RowBuffer, "add", None)
    table = wbtable.Table(dataframe=frame)
    assert table.get_column("c") == ["x", "y", "x", None, "x"]
    assert table.get_column("o") == list("abcde")
    assert table["t"].type.tz == "Asia/Tokyo"


def test_pandas_nulls_are_not_nan() -> None:
    """TYPE-2: NaN of numpy's floats stays; the nulls of pandas' own types become None."""
    frame = pd.DataFrame({"f": [1.5, float("nan")]})
    frame["I"] = pd.array([2**53 + 1, pd.NA], "Int64")
    frame["F"] = pd.array([1.5, pd.NA], "Float64")
    frame["S"] = pd.array(["a", pd.NA], "string")
    frame["t"] = pd.to_datetime(["2024-01-01", None])
    frame["d"] = pd.to_timedelta(["1us", None])
    frame["o"] = pd.Series([1, pd.NA], dtype=object)
    frame["a"] = pd.array([1, None], pd.ArrowDtype(pa.int8()))
    table = wbtable.Table(dataframe=frame)
    (first, second) = table.data
    check_identical(second, [float("nan"), *[None] * 7])
    check_identical(first[1:4], [2**53 + 1, 1.5, "a"])
    assert first[6:] == [1, 1]
    assert str(table.schema["a"]) == "int8"


def test_pandas_objects() -> None:
    values: dict[str, list[Any]] = {
        "arrays": [np.zeros(2), np.ones(3)],
        "dicts": [{"a": 1}, {}],
        "images": [wbtable.Image(png()), None],
    }
    frame = pd.DataFrame({key: pd.Series(column, dtype=object) for key, column in values.items()})
    table = wbtable.Table(dataframe=frame)
    check_identical(table.get_column("arrays"), values["arrays"])
    check_identical(table.get_column("dicts"), values["dicts"])
    assert table.data[0][2] == values["images"][0]


def test_pandas_text_without_utf8() -> None:
    with pytest.raises(UsageError, match='column "s"'):
        wbtable.Table(dataframe=pd.DataFrame({"s": pd.Series(["a", "\ud800"], dtype=object)}))


def test_the_index_is_left_out() -> None:
    frame = pd.DataFrame({"a": [1, 2]}, index=["x", "y"])
    assert wbtable.Table(dataframe=frame).columns == ["a"]
    assert wbtable.Table(dataframe=frame.iloc[::-1]).data == [[2], [1]]


@pytest.mark.parametrize(
    "make",
    [
        lambda: wbtable.Table(columns=["a", "b", "a"]),
        lambda: wbtable.Table(dataframe=pd.DataFrame([[1, 2]], columns=["a", "a"])),
        lambda: wbtable.Table(dataframe=pa.table([[1], [2]], names=["a", "a"])),
        lambda: wbtable.Table.from_arrow(pa.table([[1], [2]], names=["a", "a"])),
        lambda: wbtable.Table(columns=[1, "1"]),
        lambda: wbtable.Table(data=pd.DataFrame([[1, 2]], columns=[1, "1"])),
    ],
)
def test_duplicate_names(make: Callable[[], object]) -> None:
    """TABLE-2: columns of one name are refused, also where they became the same as text."""
    with pytest.raises(UsageError, match=r"distinct column names, found '(a|1)' more than once"):
        make()


def test_odd_names() -> None:
    """TABLE-2: any text is a name; other kinds become text."""

    class Key(enum.Enum):
        FIRST = "f"

    names = ["", " ", "a", "A", "a.b", 'q"uote', "日本", "x\ny", 7, np.int64(8), Key.FIRST, 1.5]
    table = wbtable.Table(columns=names, data=[list(range(12))])
    assert table.columns == ["", " ", "a", "A", "a.b", 'q"uote', "日本", "x\ny", "7", "8", "FIRST", "1.5"]
    assert wbtable.Table(columns=("a", "b"), data=[(1, 2)]).data == [[1, 2]]
    array: Any = np.array(["a", "b"])
    assert wbtable.Table(columns=array).columns == ["a", "b"]
    with pytest.raises(UsageError, match=r"'a\\x00b' has a NUL"):  # Arrow's C interface would cut it to "a"
        wbtable.Table(columns=["a\0b", "a"])
    with pytest.raises(UsageError, match="several levels"):
        wbtable.Table(dataframe=pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])))


_ABSENT = {"null", "struct", "deep", "empty_dicts", "dict_of_arrays"}
"""Arrow has no word for a key that is missing, rather than null."""


@pytest.mark.parametrize("name", list(SAME))
def test_tables_of_tables(name: str) -> None:
    """TYPE-7: another table comes in as it is, missing keys included."""
    table = wbtable.Table(columns=["x"], data=[[value] for value in SAME[name]])
    for again in (wbtable.Table(dataframe=table), wbtable.Table(columns=["x"], data=table)):
        assert again.schema == table.schema
        check_identical(again.get_column("x"), SAME[name])


def test_a_table_of_a_table_grows_alone() -> None:
    table = wbtable.Table(columns=["x", "i"], data=[[1, wbtable.Image(png())]])
    again = wbtable.Table(dataframe=table)
    again.add_data(2.5, wbtable.Image(png(1)))
    assert [row[1].bytes for row in again.data] == [png(), png(1)]
    check_identical(again.get_column("x"), [1.0, 2.5])
    check_identical(table.get_column("x"), [1])


@pytest.mark.parametrize("name", [name for name in SAME if name not in _ABSENT])
def test_columns_as_arrow(name: str) -> None:
    """TYPE-11: what a table gives out as Arrow, it takes in again, with the same types."""
    table = wbtable.Table(columns=["x"], data=[[value] for value in SAME[name]])
    again = wbtable.Table.from_arrow(table.to_arrow(), dtype={"x": table.schema["x"]})
    assert again.schema == table.schema
    check_identical(again.get_column("x"), table.get_column("x"))  # type: ignore[arg-type]


_STRINGS = pa.array(["a", None, "b", "a"])
_INTS = pa.array([1, None, 3, 1])


@pytest.mark.parametrize(
    ("array", "kind", "values"),
    [
        (_STRINGS.dictionary_encode(), "string", ["a", None, "b", "a"]),
        (_STRINGS.cast(pa.large_string()), "string", ["a", None, "b", "a"]),
        (_STRINGS.cast(pa.string_view()), "string", ["a", None, "b", "a"]),
        (pa.RunEndEncodedArray.from_arrays([2, 4], pa.array([5, None])), "int64", [5, 5, None, None]),
        (_INTS.cast(pa.int8()), "int8", [1, None, 3, 1]),
        (pa.array([b"x"], pa.binary_view()), "binary", [b"x"]),
        (pa.array([b"xy"], pa.binary(2)), "binary", [b"xy"]),
        (pa.array([86_400_000], pa.date64()), "date", [dt.date(1970, 1, 2)]),
        (pa.array([[1]], pa.large_list(pa.int8())), "list<int8>", [[1]]),
        (pa.array([[1, 2]], pa.list_(pa.int8(), 2)), "list<int8>", [[1, 2]]),
        (pa.array([[1], None], pa.list_view(pa.int8())), "list<int8>", [[1], None]),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int8())), "map", [{"k": 1}]),
        (pa.array([uuid.UUID(int=3).bytes], pa.uuid()), "uuid", [uuid.UUID(int=3)]),
        (pa.array([Decimal("1.5")], pa.decimal256(70, 2)), "decimal(70, 2)", [Decimal("1.50")]),
        (pa.array([Decimal(1200)], pa.decimal128(4, -2)), "decimal(6, 0)", [Decimal(1200)]),
        (pa.array([1, 2], pa.time32("s")), "time[s]", [dt.time(0, 0, 1), dt.time(0, 0, 2)]),
        (pa.array([1], pa.duration("ms")), "duration[ms]", [dt.timedelta(milliseconds=1)]),
        (pa.nulls(2), "null", [None, None]),
        (pa.array([1.5, None], pa.float16()), "float16", [1.5, None]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
@pytest.mark.parametrize("sliced", [False, True])
def test_arrow_types(array: pa.Array, kind: str, values: list[Any], *, sliced: bool) -> None:
    """TYPE-11: dictionaries, views, run ends, large and fixed types are decoded; widths are kept."""
    if sliced:
        array, values = array.slice(1), values[1:]
    table = wbtable.Table.from_arrow(pa.table({"x": array}))
    assert str(table.schema["x"]).startswith(kind)
    check_identical(table.get_column("x"), values)
    added = wbtable.Table(columns=[])
    added.add_column("x", array)
    check_identical(added.get_column("x"), values)


def test_tensors() -> None:
    """TYPE-8, TYPE-11: Arrow's fixed-shape tensors are ndarrays."""
    whole = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    table = wbtable.Table.from_arrow(pa.table({"x": pa.FixedShapeTensorArray.from_numpy_ndarray(whole)}))
    check_identical(table.get_column("x"), list(whole))
    assert table["x"].type == pa.fixed_shape_tensor(pa.float32(), [2, 2])


def test_unstorable_arrow() -> None:
    union = pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])])
    with pytest.raises(UsageError, match="cannot be stored"):
        wbtable.Table.from_arrow(pa.table({"x": union}))
    with pytest.raises(UsageError, match="Arrow C stream"):
        wbtable.Table.from_arrow([1, 2])


def test_declared_arrow_columns() -> None:
    table = wbtable.Table.from_arrow(pa.table({"x": pa.array([1, 2])}), dtype={"x": float})
    check_identical(table.get_column("x"), [1.0, 2.0])
    with pytest.raises(TypeMismatchError, match=r'column "x".*expected string, found int64'):
        wbtable.Table.from_arrow(pa.table({"x": pa.array([1, 2])}), dtype={"x": str})
    with pytest.raises(TypeMismatchError, match=r'column "x".*2\^53'):
        wbtable.Table.from_arrow(pa.table({"x": pa.array([2**53 + 1])}), dtype={"x": float})
    with pytest.raises(UsageError, match="unknown column 'y'"):
        wbtable.Table.from_arrow(pa.table({"x": [1]}), dtype={"y": float})


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()], ids=str)
def test_images_of_a_binary_column(kind: pa.DataType) -> None:
    """FILE-3: encoded bytes are kept as they are, under their digest."""
    data = [png(0), None, png(1, (9, 7)), png(0)]
    source = pa.table({"image": pa.chunked_array([pa.array(data[:2], kind), pa.array(data[2:], kind)])})
    table = wbtable.Table.from_arrow(source, dtype={"image": wbtable.Image})
    found = [None if row[0] is None else row[0].bytes for row in table.data]
    assert found == data
    assert [cell and cell["width"] for cell in table["image"].to_pylist()] == [5, None, 9, 5]
    assert [cell and cell["bytes"] for cell in table.to_arrow(media="bytes")["image"].to_pylist()] == data


def test_a_damaged_image_in_a_binary_column() -> None:
    source = pa.table({"image": [png(), b"not a picture"]})
    with pytest.raises(UsageError, match='column "image", row 1'):
        wbtable.Table.from_arrow(source, dtype={"image": wbtable.Image})


def test_images_that_come_in_many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are hashed some batches at once, whatever their number, their nulls, and the columns that have them."""
    images = [png(i, (3 + i % 5, 4)) if i % 7 else None for i in range(40)]
    for window, batch in ((1, 1), (300, 3), (300, 40), (1 << 20, 3)):
        monkeypatch.setattr(image_windows, "WINDOW_BYTES", window)
        arrow = pa.table(
            {"a": pa.array(images, pa.binary()), "i": range(40), "b": pa.array(images[::-1], pa.large_binary())}
        )
        table = wbtable.Table.from_arrow(
            arrow.to_reader(max_chunksize=batch), dtype={"a": wbtable.Image, "b": wbtable.Image}
        )
        read = table.to_arrow(media="bytes")
        assert [cell and cell["bytes"] for cell in read["a"].to_pylist()] == images
        assert [cell and cell["bytes"] for cell in read["b"].to_pylist()] == images[::-1]
        assert [cell and cell["width"] for cell in read["a"].to_pylist()] == [
            None if one is None else 3 + i % 5 for i, one in enumerate(images)
        ]
        assert read["i"].to_pylist() == list(range(40))
        damaged = [*images[:30], b"no image", *images[31:]]
        reader = pa.table({"a": pa.array(damaged, pa.binary())}).to_reader(max_chunksize=batch)
        with pytest.raises(UsageError, match="row 30"):
            wbtable.Table.from_arrow(reader, dtype={"a": wbtable.Image})


def test_what_does_not_fit_in_a_later_batch_names_its_row() -> None:
    reader = pa.table({"u": [str(uuid.UUID(int=i)) for i in range(9)] + ["x"]}).to_reader(max_chunksize=4)
    with pytest.raises(TypeMismatchError, match="row 9"):
        wbtable.Table.from_arrow(reader, dtype={"u": uuid.UUID})
    for missing in (None, float("nan")):
        arrow = pa.table({"x": [float(i) for i in range(9)] + [missing]})
        for source in (arrow.to_reader(max_chunksize=4), wbtable.Table(dataframe=arrow)):
            with pytest.raises(TypeMismatchError, match='column "x", row 9: expected a value'):
                wbtable.Table(dataframe=source, optional=False)


def test_sounds_of_a_binary_column() -> None:
    from tests.unit.tables.cases import wav

    table = wbtable.Table.from_arrow(pa.table({"a": [wav(), None]}), dtype={"a": wbtable.Audio})
    assert table.data[0][0].bytes == wav()
    assert table.data[1] == [None]


def test_arrays() -> None:
    table = wbtable.Table(columns=["a", "b"], data=np.array([[1, 2], [3, 4]]))
    check_identical(table.data, [[1, 2], [3, 4]])
    table = wbtable.Table(columns=["a", "b"], data=np.array([[1, "x"], [None, "y"]], object))
    check_identical(table.data, [[1, "x"], [None, "y"]])
    table = wbtable.Table(columns=["a"], data=np.zeros((2, 1, 3, 3), np.float32))
    assert str(table.schema["a"]) == "ndarray<float32, 3x3>"
    with pytest.raises(UsageError, match="expected 3 columns, found 2"):
        wbtable.Table(data=np.zeros((2, 2)))
    with pytest.raises(UsageError, match="1 dimensions"):
        wbtable.Table(columns=["a"], data=np.zeros(2))


def test_an_array_is_taken_at_the_call() -> None:
    source = np.zeros((3, 2))
    table = wbtable.Table(columns=["a", "b"], data=source)
    column = np.zeros(3)
    table.add_column("c", column)
    frame = pd.DataFrame({"x": np.zeros(3)})
    other = wbtable.Table(dataframe=frame)
    source[:] = 7
    column[:] = 7
    frame.loc[:, "x"] = 7.0
    frame["x"].to_numpy(copy=False)
    assert table.data == [[0.0, 0.0, 0.0]] * 3
    assert other.data == [[0.0]] * 3


@pytest.mark.parametrize("data", ["text", {"a": 1}, 5, b"x"])
def test_data_that_is_no_table(data: object) -> None:
    with pytest.raises(UsageError, match="expected data as a list of rows"):
        wbtable.Table(columns=["a"], data=data)


def test_rows_of_every_shape() -> None:
    assert wbtable.Table(columns=["a", "b"], data=((1, 2) for _ in range(2))).data == [[1, 2]] * 2
    assert wbtable.Table(data=[{"a": 1, "b": 2}, {"b": 4, "a": 3}]).data == [[1, 2], [3, 4]]
    assert wbtable.Table(columns=["a"], rows=[[1]]).data == [[1]]
    assert wbtable.Table(columns=["a"], data=[np.array([5])]).data == [[5]]
    assert wbtable.Table().columns == ["Input", "Output", "Expected"]
    with pytest.raises(UsageError, match="row 1: unknown column 'c'"):
        wbtable.Table(columns=["a"], data=[{"a": 1}, {"c": 2}])
    with pytest.raises(UsageError, match=r"row 1: .*missing 'b'"):
        wbtable.Table(data=[{"a": 1, "b": 1}, {"a": 2}])
    with pytest.raises(UsageError, match="row 0: expected a row as list"):
        wbtable.Table(columns=["a"], data=["x"])
    with pytest.raises(UsageError, match="found several"):
        wbtable.Table(columns=["a"], data=[], rows=[])


def test_the_stream_reads_on_while_it_is_written() -> None:
    """A reader is taken batch by batch."""
    taken = []

    def batches() -> Any:
        for i in range(3):
            taken.append(i)
            yield pa.record_batch({"x": [i]})

    reader = pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), batches())
    assert wbtable.Table(dataframe=reader).get_column("x") == taken


def test_renamed_columns() -> None:
    frame = pd.DataFrame({"a": [1], "b": [2]})
    assert wbtable.Table(columns=["x", "y"], dataframe=frame).data == [[1, 2]]
    assert wbtable.Table(columns=["b"], dataframe=frame).data == [[2]]
    table = wbtable.Table(columns=["x", "y"], data=pa.table({"a": [1], "b": [2]}))
    assert table.columns == ["x", "y"]
    with pytest.raises(UsageError, match="expected 2 column names, found 3"):
        wbtable.Table(columns=["x", "y", "z"], dataframe=frame)


def test_open_files_are_images() -> None:
    table = wbtable.Table(columns=["i"], data=[[io.BytesIO(png())]], dtype=wbtable.Image)
    assert table.data[0][0].bytes == png()
