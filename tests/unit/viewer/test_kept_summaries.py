"""Summaries that were counted once serve the next who asks for the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wbtable.errors import NotFoundError
from wbtable.tables.view import View
from wbtable.viewer import kept_summaries
from wbtable.viewer.kept_summaries import summaries_of
from wbtable.viewer.opening import open_thing
from wbtable.viewer.sources import Opener, Places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wbtable.format.summary import ColumnSummary


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str] | None]:
    """Note which columns are counted."""
    monkeypatch.setattr(kept_summaries, "_found", type(kept_summaries._found)())
    found: list[Sequence[str] | None] = []
    count = View.summaries

    def counted(self: View, columns: Sequence[str] | None = None) -> dict[str, ColumnSummary]:
        found.append(columns)
        return count(self, columns)

    monkeypatch.setattr(View, "summaries", counted)
    return found


@pytest.fixture
def view(tmp_path: Path) -> View:
    pq.write_table(pa.table({"a": [1, 2, 3, None], "b": ["x", "y", "x", "x"]}), tmp_path / "rows.parquet")
    opening = open_thing(tmp_path / "rows.parquet", tmp_path)
    opener = Opener(Places(store=opening.store, opened={one.id: one.path for one in opening.opened}))
    spec = {"kind": "table", "tables": [{"url": opening.opened[0].id}]}
    from wbtable.viewer.asking import Asked

    [found] = opener.views(Asked({"view": {"source": spec}}).view())
    return found


def test_a_column_is_counted_once(view: View, asked: list[Sequence[str] | None]) -> None:
    first = summaries_of(view, ["a"])
    assert first["a"].nulls == 1
    assert summaries_of(view, ["a", "b"])["a"] is first["a"]
    assert list(summaries_of(view, ["b", "a"])) == ["b", "a"]
    assert asked == [["a"], ["b"]]
    assert list(summaries_of(view, None)) == ["a", "b"]


def test_other_rows_are_counted_anew(view: View, asked: list[Sequence[str] | None]) -> None:
    assert summaries_of(view, ["a"])["a"].count == 4
    assert summaries_of(view.where("a > 1"), ["a"])["a"].count == 2
    assert summaries_of(view.derive({"c": "a * 2"}), ["c"])["c"].greatest == "6"
    assert summaries_of(view.derive({"c": "a * 3"}), ["c"])["c"].greatest == "9"
    assert len(asked) == 4


def test_few_are_kept(view: View, asked: list[Sequence[str] | None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_summaries, "_KEPT", 1)
    assert set(summaries_of(view, ["a", "b"])) == {"a", "b"}
    summaries_of(view, ["b"])
    summaries_of(view, ["a"])
    assert asked == [["a", "b"], ["a"]]


def test_a_column_that_is_not_there_is_said(view: View, asked: list[Sequence[str] | None]) -> None:
    with pytest.raises(NotFoundError):
        summaries_of(view, ["a", "z"])
    assert len(asked) == 1
