"""What the tests have workers do."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from wbtable.errors import NotFoundError

if TYPE_CHECKING:
    from wbtable.query.worker_process import Control


def add(control: Control, a: int, b: int) -> dict[str, int]:
    control.check()
    return {"sum": a + b, "pid": os.getpid()}


def table(control: Control, rows: int) -> pa.Table:
    return pa.table({"a": pa.array(range(rows), pa.int64())})


def sql(control: Control, text: str) -> pa.Table:
    con = duckdb.connect(config={"memory_limit": f"{control.memory_limit}B", "threads": control.threads})
    control.on_cancel(con.interrupt)
    return con.sql(text).to_arrow_table()


_KEPT: list[duckdb.DuckDBPyConnection] = []


def kept_sql(control: Control, text: str) -> pa.Table:
    """Use one connection for all tasks, as the engine does."""
    if not _KEPT:
        _KEPT.append(duckdb.connect(config={"threads": control.threads}))
    return _KEPT[0].sql(text).to_arrow_table()


def slow_sql(control: Control) -> pa.Table:
    control.progress(0.25)
    return sql(control, "SELECT count(*) FROM range(10000000000) a WHERE hash(a.range) % 7 = 3")


def deaf(control: Control) -> None:
    time.sleep(60)


def allocate(control: Control, size: int) -> int:
    block = bytearray(size)
    block[:: 1 << 12] = b"x" * len(block[:: 1 << 12])
    time.sleep(2)
    return len(block)


def map_file(control: Control, path: str) -> int:
    return int(pa.memory_map(path).read_buffer().size)


def fail(control: Control, how: str) -> Any:
    if how == "ours":
        raise NotFoundError("there is no such thing", place='column "a"')
    if how == "die":
        os._exit(9)
    raise ZeroDivisionError("by zero")
