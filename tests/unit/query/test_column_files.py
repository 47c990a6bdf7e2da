"""Columns that do not fit the bound: the first are decoded, the others read; what was used longest ago goes first."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.query.viewing import table_of
from wbtable.query import column_files, view_rows
from wbtable.query.column_files import ColumnFiles
from wbtable.query.control import QueryControl
from wbtable.query.fragment_source import FragmentSource
from wbtable.query.view_rows import ViewRows

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.query.source import Positions
    from wbtable.tables.view import View

ROWS = 300
NAMES = ["a", "b", "c", "d"]
SCATTERED: Positions = np.array([250, 3, 140, 3])


@pytest.fixture
def view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> View:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(view_rows, "DECODED", ROWS - 1)
    random = np.random.default_rng(0)
    whole = pa.table({name: random.integers(0, 1 << 40, ROWS) for name in NAMES})
    return table_of("fragments", whole, tmp_path).view(sort="a desc")


@pytest.fixture
def column(view: View, tmp_path: Path) -> int:
    """Return the bytes of a column's files: all are as large."""
    rows_of(view).warm(["a"])
    found = size_of_files(tmp_path)
    shutil.rmtree(tmp_path / "cache")
    return found


def bounded(monkeypatch: pytest.MonkeyPatch, limit: float) -> ColumnFiles:
    """Let files of so many bytes stay."""
    made = ColumnFiles(limit=int(limit))
    monkeypatch.setattr(view_rows, "FILES", made)
    return made


def rows_of(view: View) -> ViewRows:
    assert isinstance(view.rows, ViewRows)
    return view.rows


def decoded(files: ColumnFiles, view: View) -> list[str]:
    source = view.plan.source
    assert isinstance(source, FragmentSource)
    return sorted(files.take(source, np.arange(0, ROWS, 50), list(source.schema)))


def size_of_files(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "cache/columns").rglob("*.arrow"))


def test_of_columns_that_do_not_fit_the_first_are_decoded(
    view: View, column: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = bounded(monkeypatch, 2.5 * column)
    expected = view.to_arrow()
    rows = rows_of(view)
    rows.warm(["c", "a", "b", "d"])
    asked: list[list[str]] = []
    take = FragmentSource.take

    def noted(self: FragmentSource, positions: Positions, columns: list[str]) -> pa.Table:
        asked.append(list(columns))
        return take(self, positions, columns)

    monkeypatch.setattr(FragmentSource, "take", noted)
    assert rows.window(100, 20).equals(expected.slice(100, 20))
    assert asked == [["b", "d"]]
    rows.warm(["c", "a", "b", "d"])
    assert decoded(files, view) == ["a", "c"]


def test_a_column_that_is_too_large_by_itself_is_read(view: View, column: int, monkeypatch: pytest.MonkeyPatch) -> None:
    files = bounded(monkeypatch, 0.5 * column)
    expected = view.to_arrow()
    rows_of(view).warm()
    assert decoded(files, view) == []
    assert view.window(100, 20).equals(expected.slice(100, 20))


def test_what_was_used_longest_ago_goes_first(
    view: View, column: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = bounded(monkeypatch, 2.5 * column)
    monkeypatch.setattr(column_files, "_TOUCH", -1.0)
    rows = rows_of(view)
    rows.warm(["a"])
    rows.warm(["b"])
    source = view.plan.source
    assert isinstance(source, FragmentSource)
    for age, name in enumerate(["b", "a"]):
        for number in range(3):
            [found] = source.schema.select([name])
            os.utime(files._path(source, number, found), (age, age))
    rows.fetch(SCATTERED, ["b"])  # used again
    rows.warm(["c"])
    assert size_of_files(tmp_path) <= 2.5 * column
    fresh = ColumnFiles()
    assert decoded(fresh, view) == ["b", "c"]
    # What is mapped serves on; it is not found again.
    assert rows.fetch(SCATTERED, ["a"]).equals(view.plan.source.take(SCATTERED, ["a"]))


def test_what_derived_columns_are_made_of_is_decoded(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    files = bounded(monkeypatch, 1 << 20)
    rows_of(view.derive({"e": "c + 1", "f": "e * b"})).warm(["f"])
    assert decoded(files, view) == ["b", "c"]


def test_few_files_are_mapped_at_once(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    files = bounded(monkeypatch, 1 << 20)
    files._most = 2
    expected = view.to_arrow()
    rows_of(view).warm()
    assert view.window(100, 20).equals(expected.slice(100, 20))
    assert len(files._open) == 2


def test_decoding_is_cancelled(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    files = bounded(monkeypatch, 1 << 20)
    control = QueryControl()
    control.cancel()
    from wbtable.errors import CancelledError

    with pytest.raises(CancelledError):
        rows_of(view).warm(control=control)
    assert decoded(files, view) == []
