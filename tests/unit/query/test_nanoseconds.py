"""Times of nanoseconds are filtered, sorted, grouped and joined by all their digits, zoned or not (EXPR-16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.query.viewing import WAYS, table_of
from wbtable.query.expression_error import ExpressionError
from wbtable.tables.joined import JoinedTable
from wbtable.tables.parquet_source import ParquetSource
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = 1_700_000_000_123_456_789
"""It is nearer to the next microsecond than to its own."""
LAST = 2**63 - 1
"""What pandas takes for the end of time."""
ROWS = [MOMENT + 1, MOMENT, None, MOMENT - 789, -1, LAST, -LAST]
ZONES = (None, "Europe/Berlin")


def moments(values: list[int | None], zone: str | None) -> pa.Table:
    columns: dict[str, Any] = {"id": range(len(values)), "at": pa.array(values, pa.timestamp("ns", zone))}
    lists = [None if value is None else [value] for value in values]
    return pa.table({**columns, "all": pa.array(lists, pa.list_(pa.timestamp("ns", zone)))})


def written(digits: str, zone: str | None) -> str:
    return f'timestamp("2023-11-14T22:13:20.{digits}{"Z" if zone else ""}")'


def kept(table: Table, text: str) -> list[int]:
    found: list[int] = table.view(filter=text).to_arrow(["id"])["id"].to_pylist()
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("way", WAYS)
def test_every_digit_counts(way: str, zone: str | None, tmp_path: Path) -> None:
    table = table_of(way, moments(ROWS, zone), tmp_path)
    exact, below, above = (written(digits, zone) for digits in ("123456789", "123456788", "123457"))
    wanted = {
        f"at == {exact}": [1],
        f"at != {exact}": [0, 3, 4, 5, 6],
        f"at > {exact}": [0, 5],
        f"at > {below} and at < {above}": [0, 1],
        f"at in [{exact}, {below}]": [1],
        f"at between {written('123456', zone)} and {exact}": [1, 3],
        f"at < {written('123456', zone)}": [4, 6],
        f"all contains {exact}": [1],
        f"all[0] == at and at == {exact}": [1],
        # What no nanosecond can be compares all the same.
        f'at < timestamp("9000-01-01{"T00:00:00Z" if zone else ""}")': [0, 1, 3, 4, 5, 6],
        f'at > timestamp("0900-01-01{"T00:00:00Z" if zone else ""}")': [0, 1, 3, 4, 5, 6],
        "at is null": [2],
    }
    assert {text: kept(table, text) for text in wanted} == wanted


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("way", WAYS)
def test_order_groups_and_extremes_are_exact(way: str, zone: str | None, tmp_path: Path) -> None:
    table = table_of(way, moments([*ROWS, MOMENT], zone), tmp_path)
    ordered = table.view(sort="at")
    assert ordered.to_arrow(["id"])["id"].to_pylist() == [6, 4, 3, 1, 7, 0, 5, 2]
    assert ordered.to_arrow(["at"])["at"].cast(pa.int64()).to_pylist() == [*sorted([*filter(None, ROWS), MOMENT]), None]
    groups = table.view(group="at", cells={"n": "count()", "last": "max(at)"})
    found = groups.to_arrow()
    assert found["n"].to_pylist() == [1, 1, 1, 2, 1, 1, 1]
    assert found["last"].cast(pa.int64()).to_pylist() == found["at"].cast(pa.int64()).to_pylist()
    assert [group.to_arrow(["id"])["id"].to_pylist() for group in (groups.expand(3), groups.expand(4))] == [[1, 7], [0]]


@pytest.mark.parametrize("zone", ZONES)
def test_histograms_count_every_moment(zone: str | None, tmp_path: Path) -> None:
    for way in ("memory", "stored"):
        table = table_of(way, moments([*ROWS[:4], MOMENT], zone), tmp_path)
        found = table.view(filter="id >= 0").summaries(["at"])["at"]
        assert found.histogram is not None
        assert (found.least, found.greatest, found.nulls) == (str(MOMENT - 789), str(MOMENT + 1), 1)
        assert sum(found.histogram.counts) == 4


@pytest.mark.parametrize("zone", ZONES)
def test_arithmetic_keeps_nanoseconds(zone: str | None) -> None:
    table = Table.from_arrow(moments([MOMENT, -1], zone))
    made = {
        "since": f"at - {written('123456788', zone)}",
        "later": 'at + duration("0.000000011s")',
        "hour": 'at - duration("1h")',
        "there": f"coalesce(null, at, {written('5', zone)})",
        "text": "str(at)",
        "second": "second(at)",
        "minute": 'round_to(at, "minute")',
        "day": "date(at)",
    }
    found = table.view(derive=made).to_arrow(list(made))
    counts = {name: found[name].cast(pa.int64()).to_pylist() for name in ("since", "later", "hour", "there")}
    assert counts == {
        "since": [1, -1 - (MOMENT - 1)],
        "later": [MOMENT + 11, 10],
        "hour": [MOMENT - 3_600_000_000_000, -1 - 3_600_000_000_000],
        "there": [MOMENT, -1],
    }
    assert [text[:29] for text in found["text"].to_pylist()] == [
        "2023-11-14 22:13:20.123456789",
        "1969-12-31 23:59:59.999999999",
    ]
    # The last nanosecond of a minute lies in that minute, on either side of 1970.
    assert found["second"].to_pylist() == [20, 59]
    assert [str(value)[:19] for value in found["minute"].cast(pa.timestamp("us")).to_pylist()] == [
        "2023-11-14 22:13:00",
        "1969-12-31 23:59:00",
    ]
    assert [str(day) for day in found["day"].to_pylist()] == ["2023-11-14", "1970-01-01" if zone else "1969-12-31"]


def test_what_is_put_into_a_zone_keeps_its_nanoseconds() -> None:
    table = Table.from_arrow(moments([MOMENT], None))
    found = table.view(derive={"there": 'in_zone(at, "Europe/Berlin")'}).to_arrow(["there"])["there"]
    assert found.type == pa.timestamp("ns", "Europe/Berlin")
    assert found.cast(pa.int64()).to_pylist() == [MOMENT - 3_600_000_000_000]


def test_units_that_differ_compare_exactly_and_widen_to_the_finer() -> None:
    micro = pa.array([MOMENT // 1000, MOMENT // 1000 + 1, 253_370_764_800_000_000], pa.timestamp("us"))
    nano = pa.array([MOMENT, MOMENT + 211, 0], pa.timestamp("ns"))
    table = Table.from_arrow(pa.table({"id": range(3), "micro": micro, "nano": nano}))
    wanted = {"micro < nano": [0], "micro == nano": [1], "micro > nano": [2]}
    assert {text: kept(table, text) for text in wanted} == wanted
    # Text of nanoseconds lies between the microseconds of a column that has none.
    exact = '"2023-11-14T22:13:20.123456789"'
    wanted = {f"micro == {exact}": [], f"micro < {exact}": [0], f"micro > {exact}": [1, 2]}
    assert {text: kept(table, text) for text in wanted} == wanted
    found = table.view(derive={"either": "if(id >= 0, micro, nano)", "both": "[micro, nano]"}).to_arrow(
        ["either", "both"]
    )
    assert found["either"].type == pa.timestamp("ns")
    # The year 9999 is beyond nanoseconds.
    assert found["either"].cast(pa.int64()).to_pylist() == [MOMENT - 789, MOMENT + 211, None]
    assert found["both"].combine_chunks().flatten().cast(pa.int64()).to_pylist()[:2] == [MOMENT - 789, MOMENT]
    said = table.view(derive={"either": "coalesce(micro, nano)"}).warnings()
    assert [(one.kind, one.count) for one in said] == [("time out of range", 1)]


def test_times_of_day_and_lengths_are_exact() -> None:
    day = pa.array([45_000_123_456_789, 45_000_123_456_788], pa.time64("ns"))
    table = Table.from_arrow(
        pa.table({"id": range(2), "day": day, "length": pa.array([1_500_000_001, 1_500_000_000], pa.duration("ns"))})
    )
    seconds = Table.from_arrow(pa.table({"id": [0], "length": pa.array([1], pa.duration("s"))}))
    wanted = {
        'day == time("12:30:00.123456789")': [0],
        'day < "12:30:00.123456789"': [1],
        'day > "12:30:00.123456"': [0, 1],
        'length == duration("1.500000001s")': [0],
        'length > "1.5s"': [0],
        'length < duration("300000d")': [0, 1],
    }
    assert {text: kept(table, text) for text in wanted} == wanted
    # A length that the column's unit cannot write is not cut to one that it can.
    assert [kept(seconds, f'length {sign} "1.5s"') for sign in ("==", "<", ">")] == [[], [0], []]
    groups = table.view(group="day", cells={"n": "count()"})
    assert groups.expand(1).to_arrow(["id"])["id"].to_pylist() == [0]


@pytest.mark.parametrize(
    ("text", "span", "expected"),
    [
        ('at == "2023-11-14T22:13:20.1234567891"', (6, 38), "more than nine digits"),
        ('at == "9000-01-01T00:00:00.123456789"', (6, 37), "lies between 21 September 1677 and 11 April 2262"),
        ('at - at > duration("999999999d 0.0005s")', (19, 39), "longer than its digits allow"),
    ],
)
def test_what_would_be_cut_is_an_error_with_its_place(text: str, span: tuple[int, int], expected: str) -> None:
    table = Table.from_arrow(moments([MOMENT], None))
    with pytest.raises(ExpressionError, match=expected) as caught:
        table.view(filter=text).to_arrow()
    assert caught.value.span == span
    assert caught.value.suggestion


@pytest.mark.parametrize("zone", ZONES)
def test_keys_of_a_join_are_equal_to_the_nanosecond(zone: str | None) -> None:
    left = Table.from_arrow(moments([MOMENT, MOMENT + 1], zone).select(["id", "at"]))
    right = Table.from_arrow(moments([MOMENT + 1, MOMENT + 2], zone).select(["id", "at"]))
    joined = JoinedTable(left, right, "at", how="inner")
    assert kept_pairs(joined) == [(1, 0)]


def kept_pairs(joined: JoinedTable) -> list[tuple[int, int]]:
    found = joined.view(filter="0.id >= 0").to_arrow(["0.id", "1.id"])
    return list(zip(found["0.id"].to_pylist(), found["1.id"].to_pylist(), strict=True))


def test_a_file_of_somebodys_is_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "zoned.parquet"
    pq.write_table(moments(ROWS, "Europe/Berlin"), path, row_group_size=2)
    table = Table.from_source(ParquetSource(path))
    assert kept(table, f"at == {written('123456789', 'Z')}") == [1]
    assert table.view(sort="at desc").to_arrow(["id"])["id"].to_pylist() == [5, 0, 1, 3, 4, 6, 2]
