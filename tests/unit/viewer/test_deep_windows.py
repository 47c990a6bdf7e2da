"""Windows deep in a sorted view, whose whole order takes longer than a question may."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tests.unit.tables.reading import stored
from wbtable.errors import CancelledError
from wbtable.query import view_rows
from wbtable.query.control import QueryControl
from wbtable.query.orders import ORDERS
from wbtable.query.view_rows import ViewRows
from wbtable.tables.table import Table
from wbtable.viewer import tasks
from wbtable.viewer.sources import Places

if TYPE_CHECKING:
    from pathlib import Path

VIEW: Any = {
    "kind": "wbtable.view",
    "format": "0.1",
    "features": {"reader": [], "writer": []},
    "refs": [],
    "source": {"kind": "table", "tables": [{"url": "open:0"}]},
    "sort": [{"expression": "a", "order": "desc"}],
}


def test_the_order_is_computed_on_when_the_time_of_a_question_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(view_rows, "SMALL", 10)
    monkeypatch.setattr(view_rows, "FIRST", 10)
    stored(Table.from_arrow(pa.table({"a": list(range(100))})), tmp_path / "table")
    places = Places(opened={"open:0": str(tmp_path / "table")}).to_json()
    begun, done = threading.Event(), threading.Event()
    computed = []
    order = ViewRows._order

    def slow(self: ViewRows, control: Any) -> Any:
        begun.set()
        assert done.wait(60)
        computed.append(self.key)
        return order(self, control)

    monkeypatch.setattr(ViewRows, "_order", slow)
    late = QueryControl()

    def end() -> None:
        begun.wait(60)
        late.cancel()

    threading.Thread(target=end, daemon=True).start()
    with pytest.raises(CancelledError):
        tasks.rows(late, places, VIEW, 0, 50, 2, ["a"])  # type: ignore[arg-type]
    done.set()
    found = tasks.rows(QueryControl(), places, VIEW, 0, 50, 2, ["a"])  # type: ignore[arg-type]
    assert found["columns"][0]["values"] == [49, 48]
    assert len(computed) == 1
    ORDERS.stop()
