"""NaN is found although Parquet's statistics leave it out, at any depth (VALUE rules of page 15, ENGINE-3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tests.unit.query.viewing import WAYS, table_of

if TYPE_CHECKING:
    from pathlib import Path

VALUES = [0.1, 0.5, math.nan, 0.3, 0.9, None]
PLACES = ["x", "half", "s.p", "s.q.r[0]", "l[0]", 'm["k"]', "lists[0][0]"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", PLACES)
def test_nan_is_neither_lost_nor_compared(way: str, place: str, tmp_path: Path) -> None:
    rows = pa.table(
        {
            "x": pa.array(VALUES, pa.float64()),
            "half": pa.array(VALUES, pa.float64()).cast(pa.float32()),
            "s": [{"p": x, "q": {"r": [x]}} for x in VALUES],
            "l": [[x] for x in VALUES],
            "m": pa.array([[("k", x)] for x in VALUES], pa.map_(pa.string(), pa.float64())),
            "lists": [[[x]] for x in VALUES],
        }
    )
    table = table_of(way, rows, tmp_path)
    found = {
        text: len(table.view(filter=text.format(place)))
        for text in (
            "{} < 100",
            "{} <= 0.95",
            "{} > 0.4 or is_nan({})".replace("{}", "{0}"),
            "is_nan({})",
            "{} is null",
        )
    }
    assert list(found.values()) == [4, 4, 3, 1, 1], found
