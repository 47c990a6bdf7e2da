"""Wall clocks and their rounding: where clocks are put back, and far from today (EXPR-10)."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.unit.query.viewing import WAYS, table_of
from wbtable.errors import UnsupportedError
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

UTC = dt.UTC
LAST = 2**63 - 1
"""What others write for a time that never comes."""
FAR = [0, LAST, LAST - 1, -LAST, None]


def derived(rows: pa.Table, text: str) -> list[Any]:
    found: list[Any] = Table.from_arrow(rows).view(derive={"r": text}).to_arrow(["r"])["r"].to_pylist()
    return found


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "+05:30"])
@pytest.mark.parametrize("unit", ["us", "ns"])
@pytest.mark.parametrize("step", ["hour", "minute", "second"])
def test_a_moment_is_never_rounded_to_one_behind_it(step: str, unit: str, zone: str) -> None:
    days = [dt.datetime(2024, *day, tzinfo=UTC) for day in ((3, 30), (4, 6), (10, 5), (10, 26))]
    moments = [day + dt.timedelta(minutes=10 * n, seconds=7) for day in days for n in range(6 * 48)]
    rows = pa.table({"at": pa.array(moments, pa.timestamp(unit, zone))})
    found = derived(rows, f'round_to(at, "{step}")')
    names = ["minute", "second", "microsecond"]
    cut: dict[str, Any] = dict.fromkeys(names[["hour", "minute", "second"].index(step) :], 0)
    clock = dt.timezone(dt.timedelta(minutes=330)) if zone.startswith("+") else zoneinfo.ZoneInfo(zone)
    walls = [moment.astimezone(clock).replace(tzinfo=None) for moment in moments]
    expected = [moment - (wall - wall.replace(**cut)) for moment, wall in zip(moments, walls, strict=True)]
    assert [moment.astimezone(UTC) for moment in found] == expected


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("way", WAYS)
def test_what_has_no_wall_clock_is_null_and_counted(way: str, zone: str | None, tmp_path: Path) -> None:
    rows = pa.table({"at": pa.array(FAR, pa.timestamp("us", zone))})
    table = table_of(way, rows, tmp_path)
    texts = ['year(round_to(at, "year"))', 'hour(round_to(at, "hour"))', "day(date(at))", "month(at)", "weekday(at)"]
    if zone is None:
        texts = [*texts[:2], 'year(in_zone(at, "Asia/Tokyo"))']
    for text in texts:
        view = table.view(derive={"r": text})
        (first, *rest) = view.to_arrow(["r"])["r"].to_pylist()
        assert first is not None, text
        assert rest == [None] * 4, text
        assert [(one.kind, one.count) for one in view.warnings()] == [("time out of range", 3)], text
    assert table.view(filter="at is not null").to_arrow(["at"]).num_rows == 4


def test_days_beyond_all_moments_are_null_and_counted() -> None:
    rows = pa.table({"day": pa.array([0, 2**31 - 1, 2**31 - 2, -(2**31) + 1], pa.int32()).cast(pa.date32())})
    for text in ['round_to(day, "week")', 'in_zone(day, "UTC")']:
        view = Table.from_arrow(rows).view(derive={"r": text})
        assert view.to_arrow(["r"])["r"].null_count == 3
        assert [(one.kind, one.count) for one in view.warnings()] == [("time out of range", 3)]


@pytest.mark.parametrize("way", ["memory", "stored"])
def test_a_time_beyond_those_of_the_engine_is_said(way: str, tmp_path: Path) -> None:
    rows = pa.table({"at": pa.array([0, 10**16], pa.timestamp("ms"))})
    table = table_of(way, rows, tmp_path)
    assert table.to_arrow().num_rows == 2
    with pytest.raises(UnsupportedError, match="beyond what queries compute with"):
        table.view(filter='at > "2024-01-01"').to_arrow()
