"""Orders of views: computed once, kept, prepared in the background, cancelled (VIEW-5)."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.query.test_view_rows import ROWS, rows_of
from tests.unit.query.viewing import table_of
from tests.unit.tables.reading import stored
from wbtable.errors import CancelledError
from wbtable.query import orders, view_rows
from wbtable.query.column_files import FILES
from wbtable.query.control import QueryControl
from wbtable.query.orders import ORDERS
from wbtable.query.view_rows import ViewRows
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wbtable.query.orders import Order
    from wbtable.tables.view import View


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    yield
    ORDERS.stop()  # what goes on in the background would write into the next test's cache


def test_what_other_rules_gave_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files outlive the version that wrote them, and the next may sort otherwise."""
    monkeypatch.setattr(orders, "_SMALL", 10)
    table = stored(Table.from_arrow(rows_of()), tmp_path / "table")
    keys = set()
    for rules in (orders.RULES, orders.RULES + 1):
        monkeypatch.setattr(orders, "RULES", rules)
        view = table.view(sort="word desc")
        assert isinstance(view.rows, ViewRows)
        view.rows.order()
        keys.add(view.rows.key)
    assert len(keys) == 2
    assert len(list((tmp_path / "cache" / "orders").iterdir())) == 2


def test_orders_are_computed_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_rows, "SMALL", 10)
    monkeypatch.setattr(view_rows, "DECODED", 10)
    monkeypatch.setattr(orders, "_SMALL", 10)
    rows = rows_of()
    table = stored(Table.from_arrow(rows), tmp_path / "table")
    view = table.view(sort="word desc", filter="guess > 0", columns=["id", "word"])
    expected = view.to_arrow()
    found = view.window(3, 10)
    assert found.equals(expected.slice(3, 10))
    deadline = time.monotonic() + 30
    assert isinstance(view.rows, ViewRows)
    while ORDERS.get(view.rows.key, stored=True) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    calls = []
    monkeypatch.setattr(ViewRows, "_order", lambda *_: calls.append(1))
    monkeypatch.setattr(ViewRows, "_first", lambda *_: calls.append(1))
    assert view.window(100, 7).equals(expected.slice(100, 7))
    files = list((tmp_path / "cache" / "orders").iterdir())
    assert len(files) == 1
    # Another process: nothing in memory, and what is on disk is checked.
    forget(monkeypatch)
    again = stored_again(table).view(sort="word desc", filter="guess > 0", columns=["id", "word"])
    assert again.window(50, 7).equals(expected.slice(50, 7))
    assert len(again) == expected.num_rows
    assert calls == []
    data = bytearray(files[0].read_bytes())
    data[40] ^= 1
    files[0].write_bytes(bytes(data))
    forget(monkeypatch)
    assert ORDERS.get(view.rows.key, stored=True) is None


def forget(monkeypatch: pytest.MonkeyPatch, in_memory: int = 1 << 20) -> None:
    """Let the process know of no order, as a new one does."""
    monkeypatch.setattr(ORDERS, "_kept", orders._Last(in_memory))
    monkeypatch.setattr(ORDERS, "_mapped", orders._Last(1 << 20))


def test_an_order_that_is_too_large_for_memory_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "_SMALL", 10)
    forget(monkeypatch, in_memory=100)
    made = np.arange(1_000, dtype=np.int64)[::-1]
    reads = []
    read = orders._read

    def counted(path: Path) -> Order | None:
        reads.append(path)
        return read(path)

    monkeypatch.setattr(orders, "_read", counted)
    ORDERS.put("large", made, stored=True)
    for _ in range(3):
        found = ORDERS.get("large", stored=True)
        assert found is not None
        assert found[:5].tolist() == made[:5].tolist()
    assert len(reads) == 1


def test_the_orders_used_last_are_kept_within_a_limit() -> None:
    last = orders._Last(100)
    few, many = np.zeros(5, dtype=np.int64), np.zeros(20, dtype=np.int64)
    last.put("a", few)
    last.put("b", few)
    assert last.get("a") is few
    last.put("c", few)
    assert last.get("b") is None
    assert last.get("a") is few
    last.put("d", many)
    assert last.get("d") is None
    assert last.get("c") is few


def stored_again(table: Table) -> Table:
    from wbtable.tables.reader import TableReader

    source = table._source()
    assert isinstance(source, TableReader)
    return Table.from_source(TableReader(source.objects, source.manifest))


def test_decoded_columns_serve_scattered_rows(tmp_path: Path) -> None:
    rows = rows_of()
    table = table_of("fragments", rows, tmp_path)
    view = table.view(sort="score desc nulls first", columns=["word", "id"])
    expected = view.to_arrow()
    view.warm()
    assert isinstance(view.rows, ViewRows)
    positions = view.rows.positions(0, ROWS)
    source = view.plan.source
    wanted = list(source.schema.select(["word", "id"]))
    taken = FILES.take(source, positions, wanted)  # type: ignore[arg-type]
    assert pa.table(taken).equals(expected)
    assert view.window(10, 20).equals(expected.slice(10, 20))
    files = sorted((tmp_path / "cache" / "columns").rglob("*.arrow"))
    assert len(files) == 6
    # A file that is not whole is as good as none.
    FILES._open.clear()
    files[0].write_bytes(files[0].read_bytes()[:100])
    assert view.window(10, 20).equals(expected.slice(10, 20))


def test_the_first_sorted_window_has_the_rest_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VIEW-5: the whole order and the columns shown come in the background, then serve other windows."""
    monkeypatch.setattr(view_rows, "SMALL", 10)
    monkeypatch.setattr(view_rows, "DECODED", 10)
    monkeypatch.setattr(view_rows, "FIRST", 10)
    table = table_of("fragments", rows_of(), tmp_path)
    view = table.view(sort="score desc nulls first", columns=["word", "id"])
    first = view.window(0, 5)
    for _, _, thread in list(ORDERS._running.values()):
        thread.join()
    assert len(sorted((tmp_path / "cache" / "columns").rglob("*.arrow"))) == 6
    assert ORDERS.get(view.rows.key, stored=True) is not None
    assert view.to_arrow().slice(0, 5).equals(first)

    def refuse(*_: object) -> None:
        raise AssertionError("a fragment was read")

    monkeypatch.setattr(type(view.plan.source), "take", refuse)
    assert view.window(100, 7).num_rows == 7


def test_decoding_waits_while_somebody_reads() -> None:
    from wbtable.query.column_files import ColumnFiles

    files = ColumnFiles()
    control = QueryControl()
    threading.Timer(0.2, control.cancel).start()
    with files.reading(), pytest.raises(CancelledError):
        files._wait(control)
    files._wait(QueryControl())


def test_reading_is_cancelled_from_another_thread() -> None:
    rows = pa.table({"a": np.arange(300_000)})
    view = Table.from_arrow(rows).view(derive={"b": "a * 31 % 7"}, sort=["b", "a desc"])
    started = threading.Event()

    def cancel() -> None:
        started.wait()
        time.sleep(0.01)
        view.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    started.set()
    with pytest.raises(CancelledError):
        _read_often(view)
    thread.join()
    with pytest.raises(CancelledError):
        view.to_arrow()
    heard: list[float] = []
    alive = view.with_control(QueryControl(on_progress=heard.append))
    assert alive.window(0, 1).num_rows == 1
    assert heard[-1] == 1.0


def _read_often(view: View) -> None:
    for _ in range(10_000):
        view.window(200_000, 10_000)
        ORDERS._kept = orders._Last(orders._IN_MEMORY)


def test_sql_and_plan_are_readable() -> None:
    view = Table.from_arrow(rows_of()).view(filter="word == 'w1; DROP TABLE t'", sort="score")
    assert "DROP" not in view.sql()
    assert "ORDER BY t.c" in view.sql()
    assert "ORDER" in view.explain().upper()
    assert len(view) == 0
