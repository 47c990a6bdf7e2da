"""Windows deep in a sorted view: found by its whole order, which a worker of its own finds first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.tables.reading import stored
from tests.viewer_security.client import Client
from wbtable.query import orders, view_rows
from wbtable.query.control import QueryControl
from wbtable.query.orders import ORDERS
from wbtable.tables.table import Table
from wbtable.viewer import order_tasks, tasks
from wbtable.viewer.opening import open_thing
from wbtable.viewer.query_routes import ARROW
from wbtable.viewer.server import Server
from wbtable.viewer.sources import Places

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 60_000
VIEW: Any = {
    "kind": "wbtable.view",
    "format": "0.1",
    "features": {"reader": [], "writer": []},
    "refs": [],
    "source": {"kind": "table", "tables": [{"url": "open:0"}]},
    "sort": [{"expression": "a", "order": "desc"}],
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))


def test_deep_rows_are_left_to_the_worker_of_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VIEW-5: the order comes from another process, however few rows a filter leaves of many."""
    monkeypatch.setattr(view_rows, "SMALL", 10)
    monkeypatch.setattr(view_rows, "DECODED", 10)
    monkeypatch.setattr(view_rows, "FIRST", 10)
    stored(Table.from_arrow(pa.table({"a": list(range(100))})), tmp_path / "table")
    places = Places(opened={"open:0": str(tmp_path / "table")}).to_json()
    control: Any = QueryControl()
    view = {**VIEW, "filter": "a % 2 == 0"}

    def deep() -> Any:
        return tasks.rows(control, places, view, 0, 40, 2, ["a"])

    first = tasks.rows(control, places, view, 0, 0, 2, ["a"])
    assert first["columns"][0]["values"] == [98, 96]
    assert first["prepare"]
    assert deep() == tasks.cell(control, places, view, 0, 40, "a") == {"ordering": True}
    assert tasks.positions(control, places, view, 0, 40, 2) == {"ordering": True}
    assert not ORDERS._running
    order_tasks.find_order(control, places, view, 0)
    monkeypatch.setattr(ORDERS, "_kept", orders._Last(1 << 20))  # as another process has it
    found = deep()
    assert found["columns"][0]["values"] == [18, 16]
    assert found["prepare"]
    order_tasks.decode(control, places, view, 0, ["a"])
    assert "prepare" not in deep()
    assert tasks.cell(control, places, view, 0, 40, "a") == {"value": 18}


def test_the_server_finds_the_order_and_answers(tmp_path: Path) -> None:
    folder = tmp_path / "table"
    stored(Table.from_arrow(pa.table({"a": np.arange(ROWS)})), folder)
    asked = {"view": {"source": VIEW["source"], "sort": VIEW["sort"]}, "offset": ROWS - 3, "count": 2}
    with Server(lambda made: open_thing(str(folder), made, None)).start() as server:
        client = Client(server)
        answer = client.post("/api/rows", asked)
        while answer.status == 202:
            assert set(answer.json()["ordering"]) == {"done", "seconds"}
            answer = client.post("/api/rows", asked)
        assert answer.json()["columns"][0]["values"] == [2, 1]
        assert "prepare" not in answer.json()
        assert client.post("/api/positions", asked).json()["positions"] == [2, 1]
        stream = client.post("/api/rows", asked, Accept=ARROW)
        assert pa.ipc.open_stream(stream.body).read_all().column("a").to_pylist() == [2, 1]
        assert client.post("/api/cancel", {"view": asked["view"]}).json() == {"cancelled": False}
