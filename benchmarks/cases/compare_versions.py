"""Compare two versions of 10 M rows x 14 columns, of which one column changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.cases.join_tables import SQL, fragments, listed
from benchmarks.scalar_data import COLUMNS, predictions

if TYPE_CHECKING:
    from pathlib import Path

_ROWS = 10_000_000


def _prepare(data: Path, scale: Scale) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    from wbtable.tables.standalone import TableWriter

    first = predictions(scale.of(_ROWS, 200_000))
    changed = pc.if_else(pc.equal(pc.bit_wise_and(first["id"], 7), 0), first["truth"], first["guess"])
    at = COLUMNS.index("guess")
    second = first.set_column(at, pa.field("guess", changed.type), changed)
    for name, table in (("v0", first), ("v1", second)):
        with TableWriter(data / name) as writer:
            writer.write_batch(table)


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    for name in ("v0", "v1"):
        fragments(data / name)
    small = wbtable.Table(columns=["id", "x"], data=[[1, 1]])
    assert wbtable.compare([small, small]).counts.equal == 1
    with timed() as watch:
        found = wbtable.compare([wbtable.open_table(data / name) for name in ("v0", "v1")], key="id")
        changes = {change.name: change.changed or 0 for change in found.changes}
        counts = found.counts
    return {"seconds": watch.seconds, "changed": counts.changed, "guesses": changes["guess"]}


def _duckdb(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import duckdb

    left, right = (fragments(data / name) for name in ("v0", "v1"))
    names = [name for name in COLUMNS if name != "id"]
    differ = [f"l.{name} IS DISTINCT FROM r.{name}" for name in names]
    met = "l.id IS NOT NULL AND r.id IS NOT NULL"
    changes = [f'count(*) FILTER (WHERE {met} AND {d}) AS "{n}"' for n, d in zip(names, differ, strict=True)]
    text = (SQL / "compare.sql").read_text("utf-8")
    sql = text.format(left=listed(left), right=listed(right), changes=", ".join(changes), any=" OR ".join(differ))
    con = duckdb.connect()
    con.sql("SELECT 1 AS a").to_arrow_table()
    with timed() as watch:
        found = con.sql(sql).to_arrow_table().to_pylist()[0]
    return {"seconds": watch.seconds, "changed": found["changed"], "guesses": found["guess"]}


CASE = Case(
    name="compare",
    work="compare two versions of 10 M rows x 14 columns, one column changed",
    data="compare-versions",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "compare of two tables: counts and changes by column; fingerprints used"),
        Side("duckdb", _duckdb, "benchmarks/sql/compare.sql: a full join of all columns of the same fragments"),
    ),
    bars=(Bar(what="a full join of all columns", ours=("wbtable", "seconds"), peer=("duckdb", "seconds"), at_least=8),),
)
