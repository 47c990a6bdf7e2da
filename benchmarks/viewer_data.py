"""Tables that the viewer's cases show: predictions, as many as are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.scalar_data import predictions

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.case import Scale

LARGE = 100_000_000
SAME, SAME_QUICK = 1_000_000, 20_000
"""Rows of the table that is shown beside the peers."""
_BATCH = 1_000_000


def write_table(folder: Path, rows: int) -> None:
    """Write a table of that many predictions, whose ids count them: a million in memory at a time."""
    import pyarrow as pa

    from wbtable.tables.standalone import TableWriter

    with TableWriter(folder) as writer:
        for start in range(0, rows, _BATCH):
            count = min(_BATCH, rows - start)
            made = predictions(count, seed=start // _BATCH)
            writer.write_batch(made.set_column(0, "id", pa.array(range(start, start + count), pa.int64())))


def prepare_large(data: Path, scale: Scale) -> None:
    """Write 100 M rows, about 4 GB."""
    write_table(data / "table", scale.of(LARGE, 300_000))


def prepare_same(data: Path, scale: Scale) -> None:
    """Write the same million rows as each viewer takes them: our table, a Parquet file, an SQLite database."""
    import sqlite3
    from contextlib import closing

    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = scale.of(SAME, SAME_QUICK)
    write_table(data / "table", rows)
    same = predictions(rows)
    same = same.set_column(0, "id", pa.array(range(rows), pa.int64()))
    pq.write_table(same, data / "same.parquet")
    types = {"name": "TEXT", "id": "INTEGER", "guess": "INTEGER", "truth": "INTEGER"}
    columns = ", ".join(f"{name} {types.get(name, 'REAL')}" for name in same.column_names)
    places = ", ".join("?" * same.num_columns)
    with closing(sqlite3.connect(data / "same.db")) as con:
        con.execute(f"CREATE TABLE predictions ({columns})")
        for batch in same.to_batches(100_000):
            values = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            con.executemany(f"INSERT INTO predictions VALUES ({places})", values)
        con.commit()
