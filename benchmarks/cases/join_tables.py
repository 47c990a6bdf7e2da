"""Join two tables of 5 M rows and read five columns, in a defined order."""

from __future__ import annotations

from pathlib import Path

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.scalar_data import ROWS, predictions

SQL = Path(__file__).parents[1] / "sql"
COLUMNS = ["id", "0.guess", "0.score_0", "1.guess", "1.score_0"]


def _prepare(data: Path, scale: Scale) -> None:
    import numpy as np

    from wbtable.tables.standalone import TableWriter

    rows = scale.of(ROWS, 200_000)
    for seed, name in enumerate(("left", "right")):
        table = predictions(rows, seed)
        if seed:
            table = table.take(np.random.default_rng(1).permutation(rows))
        with TableWriter(data / name) as writer:
            writer.write_batch(table)


def fragments(folder: Path) -> list[str]:
    """Return the fragments of a table of predictions, in the page cache and in order of their first row."""
    import pyarrow.parquet as pq

    files = [path for path in folder.rglob("*/??/*.parquet") if "score_0" in pq.read_schema(path).names]
    for path in files:
        path.read_bytes()
    return [str(path) for path in sorted(files)]


def listed(paths: list[str]) -> str:
    """Return paths as a list in SQL."""
    return "[" + ", ".join(f"'{path}'" for path in paths) + "]"


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    tables = [wbtable.open_table(data / name) for name in ("left", "right")]
    for name in ("left", "right"):
        fragments(data / name)
    small = wbtable.Table(columns=["id"], data=[[1]])
    wbtable.JoinedTable(small, small, "id").to_arrow()
    with timed() as watch:
        found = wbtable.JoinedTable(tables[0], tables[1], "id", "inner").to_arrow(COLUMNS)
    return {"seconds": watch.seconds, "rows": found.num_rows}


def _duckdb(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import duckdb

    left, right = (fragments(data / name) for name in ("left", "right"))
    sql = (SQL / "join.sql").read_text("utf-8").format(left=listed(left), right=listed(right))
    con = duckdb.connect()
    con.sql("SELECT 1 AS a").to_arrow_table()
    with timed() as watch:
        found = con.sql(sql).to_arrow_table()
    return {"seconds": watch.seconds, "rows": found.num_rows}


def _polars(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import polars as pl

    sides = [pl.scan_parquet(fragments(data / name)) for name in ("left", "right")]
    pl.DataFrame({"a": [1]}).lazy().join(pl.DataFrame({"a": [1]}).lazy(), on="a").collect()
    with timed() as watch:
        joined = sides[0].join(sides[1], on="id", maintain_order="left_right")
        found = joined.select("id", "guess", "score_0", "guess_right", "score_0_right").collect()
    return {"seconds": watch.seconds, "rows": found.height}


CASE = Case(
    name="join",
    work="join two tables of 5 M rows, five columns to Arrow, in order",
    data="join-tables",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "JoinedTable.to_arrow, inner; every byte checked"),
        Side("duckdb", _duckdb, "benchmarks/sql/join.sql over the same fragments; checks off"),
        Side("polars", _polars, "lazy scan of the same fragments, join that keeps the order; checks off"),
    ),
    bars=(
        Bar(what="that SQL in duckdb", ours=("wbtable", "seconds"), peer=("duckdb", "seconds"), at_least=0.83),
        Bar(what="polars", ours=("wbtable", "seconds"), peer=("polars", "seconds"), at_least=0.71),
    ),
)
