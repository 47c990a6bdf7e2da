"""Times of nanoseconds with a zone are compared by the microsecond that they lie in, wherever they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tests.unit.query.viewing import WAYS, table_of

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = 1_700_000_000_123_456_789
"""It is nearer to the next microsecond than to its own."""
OWN, NEXT = (f'timestamp("2023-11-14T22:13:20.12345{digit}Z")' for digit in "67")


@pytest.mark.parametrize("way", WAYS)
def test_a_moment_is_not_rounded_into_the_next_microsecond(way: str, tmp_path: Path) -> None:
    at = pa.array([MOMENT, MOMENT + 1000, None], pa.timestamp("ns", "Europe/Berlin"))
    table = table_of(way, pa.table({"id": [0, 1, 2], "at": at}), tmp_path)
    found = {
        text: table.view(filter=text).window(0, 10, ["id"])["id"].to_pylist()
        for text in (
            f"at >= {OWN} and at < {NEXT}",
            f"at >= {NEXT}",
            f"not (at >= {OWN} and at < {NEXT})",
            "at is null",
        )
    }
    assert list(found.values()) == [[0], [1], [1], [2]], found
    # What is shown is exact all the same.
    assert table.view(sort="at").window(0, 2, ["at"])["at"].cast(pa.int64()).to_pylist() == [MOMENT, MOMENT + 1000]
