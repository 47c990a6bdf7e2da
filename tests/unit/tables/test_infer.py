"""Every kind of value, from a table through its files and back (spec: 06-types)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from tests.unit.tables.cases import CHANGED, SAME, check_identical
from wbtable.tables.open import open_table

if TYPE_CHECKING:
    from pathlib import Path

ALL = [*((name, values, values) for name, values in SAME.items()), *((name, *pair) for name, pair in CHANGED.items())]


@pytest.mark.parametrize(("values", "expected"), [case[1:] for case in ALL], ids=[case[0] for case in ALL])
def test_values_come_back(tmp_path: Path, values: list[Any], expected: list[Any]) -> None:
    """TYPE-2, TYPE-3, TYPE-4, TYPE-7, TYPE-8: from memory, from files, and from a table of the files."""
    table = wbtable.Table(columns=["x"], data=[[value] for value in values])
    check_identical(table.get_column("x"), expected)
    check_identical([row[0] for _, row in table.iterrows()], expected)
    table.write(str(tmp_path))
    stored = open_table(tmp_path)
    assert stored.schema == table.schema
    check_identical(stored.get_column("x"), expected)
    assert stored == table
    again = wbtable.Table.from_source(stored.snapshot().source)
    check_identical(again.get_column("x"), expected)
    again.write(str(tmp_path), "again")
    check_identical(open_table(tmp_path / "again.table.json").get_column("x"), expected)
