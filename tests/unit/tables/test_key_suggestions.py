"""What is said of columns without reading them keeps a search for keys from reading them (CMP-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tests.unit.tables.reading import stored
from wbtable.tables.compare import suggest_key
from wbtable.tables.source import to_table
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_columns_that_are_known_to_repeat_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first rows of `id` differ, its summary says that others do not."""
    rows = pa.table({"id": [*range(1500)] * 2, "row": range(3000)})
    sides = [stored(Table.from_arrow(rows), tmp_path / name)._source() for name in "ab"]
    read: list[str] = []

    def watched(source: Any, columns: list[str]) -> pa.Table:
        read.extend(columns)
        return to_table(source, columns)

    monkeypatch.setattr("wbtable.tables.compare.to_table", watched)
    assert suggest_key(sides) == "row"
    assert set(read) == {"row"}
