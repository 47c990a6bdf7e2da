"""Cells as the page gets them: exact, whatever their type holds."""

from __future__ import annotations

import pyarrow as pa
import pytest

from wbtable.format.types import ColumnType, DateType, TimestampType
from wbtable.tables.table import Table
from wbtable.viewer.cells import encode, encode_plain


@pytest.mark.parametrize(
    ("kind", "number", "text"),
    [
        (TimestampType(unit="us", zone=None), 2**62, "148108-07-06T14:00:27.387904"),
        (TimestampType(unit="us", zone=None), -(2**62), "-144169-06-28T09:59:32.612096"),
        (TimestampType(unit="s", zone=None), 2**40, "36812-02-20T00:36:16"),
        (TimestampType(unit="us", zone="UTC"), 2**62, "148108-07-06T14:00:27.387904Z"),
        (TimestampType(unit="ms", zone="Europe/Berlin"), 2**62, "146140482-04-24T15:36:27.904Z"),
        (TimestampType(unit="us", zone="Europe/Berlin"), 0, "1970-01-01T00:00:00.000000Z"),
        (TimestampType(unit="ns", zone=None), 1, "1970-01-01T00:00:00.000000001"),
        (DateType(), 2**31 - 1, "5881580-07-11"),
        (DateType(), 10**7, "29349-01-26"),
        (DateType(), -(10**6), "-0768-02-04"),
    ],
)
def test_times_of_far_years_show_as_they_are(kind: ColumnType, number: int, text: str) -> None:
    cells = pa.array([None, number], pa.int32() if isinstance(kind, DateType) else pa.int64()).cast(kind.arrow())
    assert encode(cells, kind) == [None, text]
    assert encode(cells.slice(1), kind) == [text]


def test_integers_that_no_double_holds_are_text_wherever_they_lie() -> None:
    great = 2**64 + 1
    rows = Table.from_arrow(pa.table({"i": [1]})).view(derive={"x": f"i + {great}", "l": f"[i, {great}]"})
    found = rows.to_arrow()
    assert encode(found["x"], rows.plan.schema["x"]) == [str(great + 1)]
    assert encode(found["l"], rows.plan.schema["l"]) == [[1, str(great)]]
    mixed = Table(columns=["k"], data=[[1], [great], ["a"], [[{"n": -great, "m": 2}, True]]], allow_mixed_types=True)
    assert encode(mixed.to_arrow()["k"], mixed.schema["k"]) == [1, str(great), "a", [{"n": str(-great), "m": 2}, True]]
    assert encode_plain({"seeds": [great, 3]}) == {"seeds": [str(great), 3]}
