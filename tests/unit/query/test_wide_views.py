"""Many columns at once: a statement is for some of them, for the engine plans in quadratic time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.unit.query.viewing import table_of
from wbtable.query import engine
from wbtable.query.bars import AT_ONCE
from wbtable.query.paired import PairedQuery
from wbtable.tables.compare import compare
from wbtable.tables.joined import JoinedTable
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("way", ["memory", "stored"])
def test_summaries_and_groups_of_many_columns(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """BARS-1: the same as of each column alone."""
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    count = 2 * AT_ONCE + 3
    rows = pa.table({f"c{i}": [i, i + 1, None, 2 * i] for i in range(count)})
    table = table_of(way, rows, tmp_path)
    most: list[int] = []
    run = engine.run

    def watched(statement: Any, *given: Any) -> pa.Table:
        most.append(
            max(statement.text.count(word) for word in ("approx_count_distinct(", " histogram(", "(histogram("))
        )
        return run(statement, *given)

    monkeypatch.setattr(engine, "run", watched)
    view, groups = table.view(filter="c0 >= 0 or c1 > 1"), table.view(group="c0 is null")
    summaries, cells = view.summaries(), groups.group_cells()
    assert list(summaries) == list(cells) == table.columns
    assert 0 < max(most) <= AT_ONCE
    for name in ("c0", f"c{AT_ONCE}", f"c{count - 1}"):
        assert summaries[name] == view.summaries([name])[name]
        assert summaries[name].nulls == 0
        together: Any = cells[name]
        alone: Any = groups.group_cells(columns=[name])[name]
        assert together.edges == alone.edges
        assert together.counts.tolist() == alone.counts.tolist()


@pytest.mark.parametrize("pairs", ["join", "comparison"])
def test_joins_find_each_column_once(pairs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """JOIN-6: what a side is read for is found once for all columns, not again for each."""
    count = 40
    names = ["id", *(f"c{i}" for i in range(count))]
    one, other = (Table(columns=names, data=[[i] + [side + i] * count for i in range(3)]) for side in range(2))
    rows = JoinedTable(one, other, "id") if pairs == "join" else compare([one, other], key="id")
    calls: list[int] = []
    needed = PairedQuery.needed

    def watched(self: PairedQuery, number: int, *given: Any) -> list[str]:
        calls.append(number)
        return needed(self, number, *given)

    monkeypatch.setattr(PairedQuery, "needed", watched)
    found = rows.view(derive={"more": "id + 1"}, filter="id > 0").to_arrow()
    assert found["more"].to_pylist() == [2, 3]
    assert found[f"1.c{count - 1}"].to_pylist() == [2, 3]
    assert 0 < len(calls) < 2 * count
