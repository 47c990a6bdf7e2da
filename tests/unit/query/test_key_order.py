"""Orders that are found with whole arrays are those of the engine (VIEW-5)."""

from __future__ import annotations

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from wbtable.errors import CancelledError
from wbtable.query import engine, key_order, view_rows
from wbtable.query.control import QueryControl
from wbtable.query.view_rows import ViewRows
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.tables.view import View

ROWS = 3_000


@pytest.fixture(autouse=True)
def _in_pieces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have few rows be many pieces and parts."""
    monkeypatch.setattr(key_order, "_PIECE", 128)
    monkeypatch.setattr(key_order, "_SAME", 4)
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path))
    stream = engine.stream
    monkeypatch.setattr(engine, "stream", lambda *given: (part for one in stream(*given) for part in _split(one)))


def _split(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    return [batch.slice(at, 100) for at in range(0, batch.num_rows, 100)]


@pytest.fixture(scope="module")
def table() -> Table:
    random = np.random.default_rng(3)

    def some(values: Any, kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind, mask=random.random(ROWS) < 0.1)

    odd = random.choice([np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, 1.5, -2.25], ROWS)
    seconds = random.integers(-(10**9), 10**9, ROWS)
    whole = {
        "few": some(random.integers(-2, 3, ROWS), pa.int64()),
        "wide": some(random.integers(-(2**63), 2**63 - 1, ROWS, endpoint=True), pa.int64()),
        "byte": pa.array(random.integers(-128, 128, ROWS).astype(np.int8)),
        "huge": some(random.integers(0, 2**64 - 1, ROWS, dtype=np.uint64, endpoint=True), pa.uint64()),
        "single": pa.array(np.where(random.random(ROWS) < 0.5, odd, random.standard_normal(ROWS)).astype(np.float32)),
        "double": some(np.where(random.random(ROWS) < 0.3, odd, random.standard_normal(ROWS)), pa.float64()),
        "mostly": some(np.where(random.random(ROWS) < 0.9, 0.5, random.standard_normal(ROWS)), pa.float64()),
        "flag": some(random.random(ROWS) < 0.5, pa.bool_()),
        "day": some([dt.date(1970, 1, 1) + dt.timedelta(days=int(n)) for n in seconds // 10**5], pa.date32()),
        "when": some(seconds * 1_000_001, pa.timestamp("us", "UTC")),
        "clock": some(np.abs(seconds) % (86_400 * 10**6), pa.time64("us")),
        "nothing": pa.nulls(ROWS, pa.float64()),
        "word": some(
            [["", "Å", "Z", "a", "aa", "a\0", "é", "\U0001f600"][n] for n in random.integers(0, 8, ROWS)], pa.string()
        ),
        "unlike": pa.array([f"w{n}" for n in random.permutation(ROWS)]),
    }
    # Whole pieces without a value.
    whole["few"] = pa.concat_arrays([pa.nulls(1024, pa.int64()), whole["few"].slice(1024)])
    return Table.from_arrow(pa.table(whole))


def rows_of(view: View) -> ViewRows:
    assert isinstance(view.rows, ViewRows)
    return view.rows


def by_the_engine(rows: ViewRows) -> list[int]:
    """Return the order as the engine has it."""
    text, sql = rows._ordered("t.pos", "")
    found = engine.connect(sql.inputs).run(sql.statement(text), sql.inputs)
    return [int(at) for at in found.column(0).to_pylist()]


KEYS = ["few", "wide", "byte", "huge", "single", "double", "mostly", "flag", "day", "when", "clock", "nothing", "word"]


@pytest.mark.parametrize("how", ["asc", "desc", "asc nulls first", "desc nulls first"])
@pytest.mark.parametrize("key", KEYS)
def test_one_key(table: Table, key: str, how: str) -> None:
    rows = rows_of(table.view(sort=f"{key} {how}"))
    found = key_order.key_order(rows.plan, QueryControl())
    assert found is not None
    assert found.dtype == np.uint32
    assert found.tolist() == by_the_engine(rows)


@pytest.mark.parametrize(
    "view",
    [
        {"sort": ["few desc", "single"]},
        {"sort": ["flag", "byte desc nulls first", "few"]},
        {"sort": "double * 2 + few", "filter": "few > 0 or byte > 100"},
        {"sort": "wide desc", "filter": "flag"},
        {"sort": ["n desc", "word == 'aa'"], "derive": {"n": "len(word)"}},
        {"sort": ["word desc", "single", "byte"]},
        {"sort": "word nulls first", "filter": "word < 'a' or word is null"},
        {"filter": "double > 0.5"},
        {"filter": "few > 100"},
        {"sort": "few", "filter": "few > 100"},
    ],
)
def test_several_keys_filters_and_expressions(table: Table, view: dict[str, Any]) -> None:
    rows = rows_of(table.view(**view))
    found = key_order.key_order(rows.plan, QueryControl())
    assert found is not None
    assert found.tolist() == by_the_engine(rows)


@pytest.mark.parametrize("sort", ["unlike", ["double", "wide"], ["unlike", "few"]])
def test_what_does_not_fit_is_left_to_the_engine(
    table: Table, sort: str | list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of(table.view(sort=sort))
    assert key_order.key_order(rows.plan, QueryControl()) is None
    monkeypatch.setattr(view_rows, "SMALL", 10)
    assert rows.order().tolist() == by_the_engine(rows)


def test_long_texts_are_left_to_the_engine(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_order, "_MAX_TEXT", 100)
    assert key_order.key_order(rows_of(table.view(sort="word")).plan, QueryControl()) is None


def test_what_does_not_fit_into_memory_is_left_to_the_engine(table: Table) -> None:
    rows = rows_of(table.view(sort="single"))
    assert key_order.key_order(rows.plan, QueryControl(memory_limit=ROWS)) is None


def test_progress_grows_and_cancelling_is_heard(table: Table) -> None:
    heard: list[float] = []
    control = QueryControl(threads=2, on_progress=heard.append)
    assert key_order.key_order(rows_of(table.view(sort="double")).plan, control) is not None
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1.0)
    half = threading.Event()

    def hear(done: float) -> None:
        if done > 0.6:
            half.set()
            stopped.cancel()

    stopped = QueryControl(on_progress=hear)
    with pytest.raises(CancelledError):
        key_order.key_order(rows_of(table.view(sort="single")).plan, stopped)
    assert half.is_set()
