"""A table with a column of most kinds, small enough to be compared with Python row by row."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("pear", "apple", "fig", None, "pear", "quince")
ROWS = 600
NOTE = "**bold** and <img src=x onerror=alert(1)> with [a link](https://example.org) and [none](javascript:alert(1))"
LINKS = ("https://example.org/a", "javascript:alert(1)", "mailto:me@example.org")


def made() -> dict[str, list[Any]]:
    """Return the columns."""
    start = dt.datetime(2024, 3, 31, tzinfo=dt.UTC)
    return {
        "n": list(range(ROWS)),
        "word": [WORDS[i % len(WORDS)] for i in range(ROWS)],
        "score": [None if i % 50 == 49 else ((i * 37) % 101) / 100 for i in range(ROWS)],
        "kind": [i % 3 for i in range(ROWS)],
        "right": [i % 4 != 0 for i in range(ROWS)],
        "big": [2**53 + 1 + i for i in range(ROWS)],
        "note": [NOTE] * ROWS,
        "link": [LINKS[i % 3] for i in range(ROWS)],
        "doc": [f'{{"a": {i}, "b": [1, 2]}}' for i in range(ROWS)],
        "items": [list(range(i % 5)) for i in range(ROWS)],
        "day": [start + dt.timedelta(hours=i) for i in range(ROWS)],
    }


def written(folder: Path) -> Path:
    """Write the table as a Parquet file."""
    path = folder / "made.parquet"
    pq.write_table(pa.table(made()), path)
    return path


def wide(folder: Path, columns: int = 12_000) -> Path:
    """Write a table of very many columns."""
    path = folder / "wide.parquet"
    pq.write_table(pa.table({f"column_{i}": pa.array([i, i + 1, i + 2]) for i in range(columns)}), path)
    return path


def long(folder: Path, rows: int = 150_000) -> Path:
    """Write a table of many rows."""
    import numpy as np

    path = folder / "long.parquet"
    place = np.arange(rows)
    pq.write_table(pa.table({"n": place, "half": place / 2, "turned": (place * 7919) % rows}), path)
    return path
