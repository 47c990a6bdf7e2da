"""Dates and instants far away, as text: right, or a clear error; never another year."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

import wbtable
from wbtable.errors import TypeMismatchError, UnsupportedError
from wbtable.tables.far_times import FIRST, LAST, far_text, has_far
from wbtable.tables.files_out import write_csv, write_jsonl

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400_000_000
FAR = 2**62  # microseconds; Arrow wrote 17036 for its year
MOMENTS = ["1970-01-01", "148108-07-06", None, "-144169-06-28"]


def _table(kind: pa.DataType, values: list[int | None]) -> wbtable.Table:
    return wbtable.Table.from_arrow(pa.table({"t": pa.array(values, kind), "x": range(len(values))}))


def _days(path: Path) -> list[str | None]:
    """Return the days in the column t of a file."""
    if path.suffix == ".jsonl":
        cells: list[Any] = [json.loads(line)["t"] for line in path.read_text("utf-8").splitlines()]
    else:
        with path.open(newline="", encoding="utf-8") as file:
            cells = [row["t"] or None for row in csv.DictReader(file)]
    return [cell if cell is None else cell[: cell.index("-", 1) + 6] for cell in cells]


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_instants_far_away(zone: str | None, tmp_path: Path) -> None:
    table = _table(pa.timestamp("us", zone), [0, FAR, None, -FAR])
    table.view().write_csv(tmp_path / "a.csv")
    table.view().write_jsonl(tmp_path / "b.jsonl")
    write_csv(table, tmp_path / "c.csv")
    write_jsonl(table, tmp_path / "d.jsonl")
    for name in ("a.csv", "b.jsonl", "c.csv", "d.jsonl"):
        assert _days(tmp_path / name) == MOMENTS, name
        text = (tmp_path / name).read_text("utf-8")
        assert text.count("+00:00" if name != "a.csv" else "Z") == (3 if zone else 0)
    found = table.get_column("t")
    assert repr(found)
    assert np.datetime64(found[1]).astype("M8[us]").astype(int) == FAR if zone is None else found[1].astype(int) == FAR


def test_dates_far_away(tmp_path: Path) -> None:
    table = _table(pa.date32(), [0, 2**31 - 1, None, -(2**31)])
    table.view().write_csv(tmp_path / "a.csv")
    table.view().write_jsonl(tmp_path / "b.jsonl")
    write_csv(table, tmp_path / "c.csv")
    write_jsonl(table, tmp_path / "d.jsonl")
    for name in ("a.csv", "b.jsonl", "c.csv", "d.jsonl"):
        assert _days(tmp_path / name) == ["1970-01-01", "5881580-07-11", None, "-5877641-06-23"], name


def test_a_column_alone(tmp_path: Path) -> None:
    table = wbtable.Table.from_arrow(pa.table({"t": pa.array([FAR, None], pa.timestamp("us"))}))
    table.view().write_csv(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text("utf-8").splitlines() == ['"t"', '"148108-07-06 14:00:27.387904"', '""']


@pytest.mark.parametrize("unit", ["s", "ms"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin"])
def test_what_queries_cannot_hold_is_no_other_instant(unit: str, zone: str | None, tmp_path: Path) -> None:
    """With a zone those far away came out as 1970."""
    table = _table(pa.timestamp(unit, zone), [0, 2**53 if unit == "s" else FAR])
    with pytest.raises(UnsupportedError, match="beyond what queries compute with"):
        table.view().write_csv(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_nanoseconds_of_zones_are_still_cut_for_queries() -> None:
    table = _table(pa.timestamp("ns", "UTC"), [1_500])
    assert len(table.view(filter="x == 0").to_arrow()) == 1


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.date32()])
def test_where_arrow_ends(kind: pa.DataType) -> None:
    """Its own text is taken as far as it is right, and continued in the same form."""
    day = 1 if pa.types.is_date32(kind) else DAY
    near = pa.array([FIRST * day, None, (LAST + 1) * day - 1], kind)
    assert not has_far(near)
    assert far_text(near).to_pylist() == near.cast(pa.string()).to_pylist()
    for count in (FIRST * day - 1, (LAST + 1) * day):
        assert has_far(pa.array([0, count, None], kind))
    assert not has_far(pa.array([None], kind))
    assert not has_far(pa.array([2**62]))


def test_durations_of_any_length(tmp_path: Path) -> None:
    write_csv(_table(pa.duration("s"), [0, 2**60]), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text("utf-8").splitlines() == ["t,x", "0.0,0", f"{float(2**60)!r},1"]


SECONDS = 10**17  # beyond what Parquet holds, where seconds are milliseconds


@pytest.mark.parametrize(
    "cell",
    [
        np.datetime64(SECONDS, "s"),
        np.datetime64(-SECONDS, "s"),
        [np.datetime64(SECONDS, "s")],
        {"x": np.datetime64(SECONDS, "s")},
        np.array([0, SECONDS], "M8[s]"),
        np.array([[SECONDS // 60]], "M8[m]"),
    ],
)
def test_seconds_that_parquet_lacks(cell: Any) -> None:
    """TYPE-12: they are refused when they come; the write failed, and said neither column nor row."""
    table = wbtable.Table(columns=["t"], data=[[None]])
    with pytest.raises(TypeMismatchError, match=r'column "t", row 1: .*292 million years'):
        table.add_data(cell)
    assert table.data == [[None]]


@pytest.mark.parametrize(
    "kind",
    [
        pa.timestamp("s"),
        pa.timestamp("s", "UTC"),
        pa.list_(pa.timestamp("s")),
        pa.list_(pa.timestamp("s"), 1),
        pa.list_view(pa.timestamp("s")),
        pa.map_(pa.string(), pa.timestamp("s")),
        pa.struct([("x", pa.list_(pa.timestamp("s")))]),
    ],
)
def test_arrow_seconds_that_parquet_lacks(kind: pa.DataType, tmp_path: Path) -> None:
    """TYPE-12: the row is that of the table, however deep the instant stands, and behind a slice."""
    wrap: Any = {"list": lambda n: [n], "map": lambda n: [("k", n)], "struct": lambda n: {"x": [n]}}
    name = "map" if pa.types.is_map(kind) else "struct" if pa.types.is_struct(kind) else "list"
    make = (lambda n: n) if pa.types.is_timestamp(kind) else wrap[name]
    array = pa.array([make(-SECONDS), None, make(2**63 // 1000 - 1), make(SECONDS)], kind)
    with pytest.raises(TypeMismatchError, match=r'column "t", row 2: .*292 million years'):
        wbtable.Table.from_arrow(pa.table({"t": array[1:]}))
    wbtable.Table.from_arrow(pa.table({"t": array[1:3]})).write(str(tmp_path))
    assert len(wbtable.open_table(tmp_path)) == 2
