"""Filter a table, and group it with ten histograms, through views and as bare SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.cases.join_tables import SQL, fragments, listed
from benchmarks.scalar_data import predictions

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

_ROWS = 10_000_000
_BATCH = 1_000_000
_COLUMNS = ["id", "guess", "truth", "score_0", "name"]
SCORES = [f"score_{digit}" for digit in range(10)]


def prepare(data: Path, scale: Scale) -> None:
    """Write 10 M predictions, in ten fragments; each million has the same ids."""
    from wbtable.tables.standalone import TableWriter

    rows = scale.of(_ROWS, 200_000)
    with TableWriter(data / "table") as writer:
        for start in range(0, rows, _BATCH):
            writer.write_batch(predictions(min(_BATCH, rows - start), start))


def warm() -> None:
    """Load what the first answers of a process load: pyarrow loads pandas when it first makes an array of values."""
    import wbtable

    table = wbtable.Table(columns=["a", "b"], data=[[1, 0.5], [2, 0.25]])
    table.view(group="a").group_cells(0, 1, ["b"])
    table.view(sort="b desc").window(0, 1)


def warm_sql(con: duckdb.DuckDBPyConnection) -> None:
    """Give bare SQL the same: a small group and sort, and pyarrow's first array."""
    import pyarrow as pa

    con.sql(
        "SELECT a, count(*), avg(b) FROM (VALUES (1, 0.5), (2, 0.25)) AS t(a, b) GROUP BY a ORDER BY a"
    ).to_arrow_table()
    pa.array([1, 2])


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    warm()
    fragments(data / "table")
    table = wbtable.open_table(data / "table")
    table.view(filter="id = 3").to_arrow()  # checked and opened once, as bare SQL has its connection
    with timed() as filtered:
        found = table.view(filter="guess != truth and score_0 > 0.3", columns=_COLUMNS).to_arrow()
    with timed() as grouped:
        cells = table.view(group="guess").group_cells(0, 10, SCORES)
    return {"filter": filtered.seconds, "group": grouped.seconds, "rows": found.num_rows, "columns": len(cells)}


def _duckdb(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import duckdb

    import wbtable

    paths = listed(fragments(data / "table"))
    known = wbtable.open_table(data / "table").view().summaries(SCORES)
    histograms = []
    for name in SCORES:
        found = known[name].histogram
        assert found is not None
        edges = ", ".join(f"{edge}::DOUBLE" for edge in found.edges[1:])
        histograms.append(f"histogram({name}, [{edges}]) AS {name}")
    with duckdb.connect() as con:
        warm_sql(con)
        con.sql(f"SELECT * FROM read_parquet({paths}) WHERE id = 3").to_arrow_table()
        with timed() as filtered:
            rows = con.sql((SQL / "filter.sql").read_text("utf-8").format(paths=paths)).to_arrow_table()
        text = (SQL / "group.sql").read_text("utf-8").format(paths=paths, histograms=", ".join(histograms))
        with timed() as grouped:
            groups = con.sql(text).to_arrow_table()
    return {
        "filter": filtered.seconds,
        "group": grouped.seconds,
        "rows": rows.num_rows,
        "columns": groups.num_columns - 2,
    }


CASE = Case(
    name="query",
    work="filter 10 M rows x 14 columns; group them with ten histograms",
    data="query-table",
    prepare=prepare,
    sides=(
        Side("wbtable", _ours, "views of an open table; the groups are found first, then the histograms"),
        Side("duckdb", _duckdb, "benchmarks/sql/filter.sql and group.sql over the same fragments; checks off"),
    ),
    bars=(
        Bar(what="that filter in duckdb", ours=("wbtable", "filter"), peer=("duckdb", "filter"), at_least=0.83),
        Bar(what="those groups in duckdb", ours=("wbtable", "group"), peer=("duckdb", "group"), at_least=0.83),
    ),
)
