"""Rows that their column's type cannot hold are refused when they come, never found when the table is read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import wbtable
from tests.unit.tables.cases import check_identical
from wbtable.errors import TypeMismatchError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

NANOSECOND = pd.Timestamp("2020-01-01 00:00:00.000000001")
YEAR_1 = dt.datetime.fromisoformat("0001-01-01")

UNFIT: list[tuple[Any, Any]] = [
    (NANOSECOND, YEAR_1),
    (YEAR_1, NANOSECOND),
    (dt.timedelta(days=200_000), pd.Timedelta(1, "ns")),
    (dt.timedelta(1), dt.timedelta.max),
    ([dt.timedelta(1)], [dt.timedelta.max]),
    ([0.5], [2**53 + 1]),
    ([2**53 + 1], [0.5]),
    ({"a": 0.5}, {"a": 2**60 + 1}),
    ({"a": 2**60 + 1}, {"a": 0.5}),
    ({1: 2**60 + 1}, {1: 0.5}),
    ({"a": [YEAR_1]}, {"a": [NANOSECOND]}),
]


@pytest.mark.parametrize("encoded", [False, True], ids=["pending", "encoded"])
@pytest.mark.parametrize(("first", "second"), UNFIT, ids=repr)
def test_a_row_that_fits_no_type_with_those_before(first: Any, second: Any, encoded: bool) -> None:
    """TYPE-9, TYPE-10: the row is refused with column and row; the table stays as it was, and usable."""
    table = wbtable.Table(columns=["a"], data=[[first]])
    if encoded:
        table.to_arrow()
    with pytest.raises(TypeMismatchError, match='column "a", row 1'):
        table.add_data(second)
    table.add_data(None)
    assert table.data == [[first], [None]]


@pytest.mark.parametrize("first", [NANOSECOND, np.array([NANOSECOND.to_datetime64()]), wbtable.Histogram([1, 2])])
def test_what_has_no_mixed_form_stays_apart(first: Any) -> None:
    """TYPE-10: what cannot be of mixed type refuses the value that would make it so."""
    table = wbtable.Table(columns=["a"], data=[[first]], allow_mixed_types=True)
    with pytest.raises(TypeMismatchError, match='column "a", row 1'):
        table.add_data("text")
    assert len(table.data) == 1


def test_links_do_not_become_numbers() -> None:
    """LINK-1: a mixed column holds no links, and none is made a bare number in silence."""
    other = wbtable.Table(columns=["x"], data=[[1]])
    for first, second in [(other.index_ref(0), "text"), ("text", other.index_ref(0))]:
        table = wbtable.Table(columns=["a"], data=[[first]], allow_mixed_types=True)
        with pytest.raises(TypeMismatchError, match="links do not go into a mixed column"):
            table.add_data(second)


@pytest.mark.parametrize("units", [("s", "ms"), ("ms", "s"), ("s", "us"), ("ns", "s")], ids="-".join)
def test_numpys_times_of_unlike_units(units: tuple[str, str]) -> None:
    """TYPE-9: units of time widen to the finer, in cells and within lists."""
    times = [np.datetime64("2020-01-01T00:00:01").astype(f"M8[{unit}]") for unit in units]
    lengths = [np.array(1, f"m8[{unit}]")[()] for unit in units]
    table = wbtable.Table(columns=["t", "d"], data=[list(row) for row in zip(times, lengths, strict=True)])
    table.add_column("l", [times, times])
    assert table.get_column("t") == [dt.datetime.fromisoformat("2020-01-01T00:00:01")] * 2
    assert table["d"].cast(pa.duration("ns")).cast(pa.int64()).to_pylist() == [
        int(length.astype("m8[ns]").astype(int)) for length in lengths
    ]
    assert table.get_column("l") == [[dt.datetime.fromisoformat("2020-01-01T00:00:01")] * 2] * 2
    assert wbtable.Table(columns=["t"], data=[[np.datetime64("30000-01-01T00:00:00")], [YEAR_1]])["t"].null_count == 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.timedelta64(2, "ps"), "no exact form"),
        (np.datetime64("1970-01-01T00:00:00.000000000001"), "no exact form"),
        (np.timedelta64(1, "M"), "no certain length"),
        (np.zeros(1, "m8")[0], "no certain length"),
        (np.array([1], "m8[Y]"), "no certain length"),
        (np.array([1], "m8[ps]"), "no exact form"),
        (np.datetime64(10**12, "Y"), "too far"),
        (np.longdouble(0.1), "numpy's type"),
        (np.void(b"ab"), "numpy's type"),
        (dt.time(12, tzinfo=dt.UTC), "has a zone"),
        (dt.datetime(2020, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=61))), "whole minutes"),
        (np.ma.array([1, 2], mask=[False, True]), "masked"),
        ({(1, 2): 3}, "dict key of type tuple"),
        ({None: 1, 2: 3}, "dict key of type NoneType"),
    ],
    ids=repr,
)
def test_what_would_lose_something_is_refused(value: object, message: str) -> None:
    """TYPE-10: what has no exact form is an error when it comes, with column and row."""
    table = wbtable.Table(columns=["a"], data=[[None]])
    with pytest.raises(TypeMismatchError, match=f'column "a", row 1: .*{message}'):
        table.add_data(value)
    assert table.data == [[None]]


def test_masked_arrays() -> None:
    """TYPE-2: masked elements of columns are null; an array without any is an array."""
    table = wbtable.Table(columns=["a", "b"], data=np.ma.array([[1, 2], [3, 4]], mask=[[False, True], [False, False]]))
    assert table.data == [[1, None], [3, 4]]
    table.add_column("c", np.ma.array([0.5, 1.5], mask=[True, False]))
    assert table.get_column("c") == [None, 1.5]
    table = wbtable.Table(columns=["a"], data=[[np.ma.array([1, 2])], [np.ma.masked]])
    check_identical(table.get_column("a"), [np.array([1, 2]), None])


def test_picoseconds_that_nanoseconds_hold() -> None:
    """TYPE-9: an odd unit is kept in the nearest that holds it."""
    table = wbtable.Table(columns=["a"], data=[[np.timedelta64(3000, "ps")], [np.datetime64("NaT", "s")]])
    assert table["a"].cast(pa.int64()).to_pylist() == [3, None]


@pytest.mark.parametrize("encoded", [False, True], ids=["pending", "encoded"])
def test_dicts_of_few_keys_before_one_of_many(encoded: bool) -> None:
    """TYPE-9: structs widen to a map, whatever was encoded already; absent keys stay absent."""
    rows: list[list[Any]] = [[{"a": 1, "b": None}], [{"b": 2}], [None], [{}]]
    table = wbtable.Table(columns=["x"], data=rows)
    if encoded:
        table.to_arrow()
    many = {str(i): i for i in range(1001)}
    table.add_data(many)
    assert table.data == [*rows, [many]]


@pytest.mark.parametrize("key", [1, dt.date(2020, 1, 1), b"k", Decimal("1.5")], ids=repr)
def test_dicts_without_keys_before_a_map_of_any(key: object, tmp_path: Path) -> None:
    """TYPE-9: an empty struct widens to the map, also where its rows are encoded, stored, or another table's."""
    rows: list[list[Any]] = [[{}], [None], [{}]]
    table = wbtable.Table(columns=["x"], data=rows)
    table.write(str(tmp_path))
    stored = wbtable.open_table(tmp_path)
    for have in (table, stored):
        have.to_arrow()
        have.add_data({key: 7})
        assert have.data == [*rows, [{key: 7}]]
    maps = wbtable.Table(columns=["x"], data=[[{key: 7}]])
    assert wbtable.PartitionedTable([wbtable.open_table(tmp_path), maps]).get_column("x") == [{}, None, {}, {key: 7}]


@pytest.mark.parametrize("encoded", [False, True], ids=["pending", "encoded"])
@pytest.mark.parametrize(
    "first",
    [np.datetime64(2**62, "us"), np.timedelta64(2**62, "s"), {dt.date(2020, 1, 1): 1}],
    ids=["far", "long", "map"],
)
def test_what_mixed_values_lack_keeps_a_column_from_becoming_mixed(first: Any, encoded: bool) -> None:
    """ANY-1: the row that would make it so is refused; it made all rows before unreadable."""
    table = wbtable.Table(columns=["a"], data=[[first]], allow_mixed_types=True)
    if encoded:
        table.to_arrow()
    with pytest.raises(TypeMismatchError, match='column "a", row 1'):
        table.add_data("text")
    table.add_data(first)
    assert len(table.get_column("a")) == 2


@pytest.mark.parametrize("columns", ["text", b"text", 5])
def test_columns_that_are_no_list(columns: Any, tmp_path: Path) -> None:
    """TABLE-2: a text is no list of names."""
    with pytest.raises(UsageError, match="expected a list of column names"):
        wbtable.Table(columns=columns)
    with pytest.raises(UsageError, match="expected a list of column names"):
        wbtable.TableWriter(tmp_path, columns=columns)


def test_a_column_name_without_utf8() -> None:
    """TABLE-2: names are text."""
    with pytest.raises(UsageError, match="no UTF-8 form"):
        wbtable.Table(columns=["a\ud800"])


@pytest.mark.parametrize(
    ("have", "more"),
    [
        (pa.array([2**60 + 1]), pa.array([0.5])),
        (pa.array([0.5]), pa.array([2**60 + 1])),
        (pa.array([-(10**16)], pa.timestamp("us")), pa.array([1], pa.timestamp("ns"))),
    ],
    ids=["int-float", "float-int", "times"],
)
def test_extend_refuses_what_cannot_be_read(have: pa.Array, more: pa.Array) -> None:
    """TYPE-9: no row is added where one of either side has no exact form in the wider type."""
    table = wbtable.Table(dataframe=pa.table({"a": have}))
    with pytest.raises(TypeMismatchError, match='column "a"'):
        table.extend(pa.table({"a": more}))
    assert table["a"].to_pylist() == have.to_pylist()


@pytest.mark.parametrize("by_row", [False, True], ids=["batches", "rows"])
def test_a_writer_keeps_what_it_wrote(tmp_path: Path, by_row: bool) -> None:
    """TYPE-9: a batch for which written rows cannot become wider is refused; these stay, and the writer goes on."""
    for name, first, wrong in [
        ("ints", pa.array([2**60 + 1]), pa.array([0.5])),
        ("times", pa.array([-(10**16) * 6], pa.timestamp("us")), pa.array([1], pa.timestamp("ns"))),
        ("text", pa.array(["x"]), pa.array([1])),
    ]:
        with wbtable.TableWriter(tmp_path, name) as writer:
            writer.write_batch(pa.table({"a": first}))
            write = writer.write_row if by_row else writer.write_batch
            with pytest.raises(TypeMismatchError, match='column "a"'):
                write(wrong[0].as_py() if by_row else pa.table({"a": wrong}))
            writer.write_batch(pa.table({"a": first}))
        table = wbtable.open_table(tmp_path / f"{name}.table.json")
        assert table["a"].to_pylist() == first.to_pylist() * 2


def test_decimals_beside_times_in_one_mixed_column() -> None:
    """TYPE-10: what has a mixed form becomes mixed, whatever came before."""
    table = wbtable.Table(columns=["a"], data=[[YEAR_1]], allow_mixed_types=True)
    table.to_arrow()
    table.add_data(Decimal("1.5"))
    table.add_data(np.datetime64("2020-01-01T00:00:00"))
    assert table.get_column("a") == [YEAR_1, Decimal("1.5"), dt.datetime.fromisoformat("2020-01-01")]


@pytest.mark.parametrize(
    "value",
    [
        [2**60 + 1, 0.5],
        [[2**60 + 1], [0.5]],
        [{"a": 2**60 + 1}, {"a": 0.5}],
        {1: 2**60 + 1, 2: 0.5},
        [NANOSECOND, YEAR_1],
        [np.datetime64(2**40, "s"), NANOSECOND],
    ],
    ids=repr,
)
def test_a_cell_that_fits_no_type_within(value: Any) -> None:
    """TYPE-9, TYPE-10: the elements of one cell are looked at as those of several are."""
    table = wbtable.Table(columns=["a"], data=[[None]])
    with pytest.raises(TypeMismatchError, match='column "a", row 1'):
        table.add_data(value)
    assert table.data == [[None]]
    table.add_data([1, 0.5, None])
    assert table.data[1] == [[1.0, 0.5, None]]


def test_float16_widens_as_other_floats_do(tmp_path: Path) -> None:
    """TYPE-9: Arrow does not compare float16, which is no reason not to read it as a wider type."""
    half = wbtable.Table(dataframe=pa.table({"k": [0, 1, 2], "a": pa.array([1.5, None, float("nan")], pa.float16())}))
    wide = wbtable.Table(dataframe=pa.table({"k": [0], "a": [2.0**0.5]}))
    values = [1.5, None, float("nan")]
    check_identical(wbtable.PartitionedTable([half, wide]).get_column("a"), [*values, 2.0**0.5])
    assert wbtable.compare([half, wide], key="k").counts.changed == 1
    half.write(str(tmp_path))
    grown = wbtable.open_table(tmp_path)
    grown.extend(wide)
    grown.add_data(4, 0.1)
    check_identical(grown.get_column("a"), [*values, 2.0**0.5, 0.1])
    half.cast("a", "float32")
    assert (str(half.schema["a"]), half == wbtable.open_table(tmp_path)) == ("float32", True)
    nested = [
        wbtable.Table(dataframe=pa.table({"a": pa.array([[1.5]], pa.list_(kind))}))
        for kind in (pa.float16(), pa.float64())
    ]
    assert wbtable.PartitionedTable(nested).get_column("a") == [[1.5], [1.5]]
    whole = wbtable.Table(dataframe=pa.table({"a": pa.array([2.0, None], pa.float16())}))
    whole.cast("a", int)
    assert whole.data == [[2], [None]]
    with pytest.raises(TypeMismatchError, match='column "a", row 0: expected int64, found 1'):
        wbtable.open_table(tmp_path).cast("a", int)
