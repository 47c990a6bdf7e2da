"""Look at windows of a table of 10 M rows: the first of a sorted view, others, unsorted ones; and at all summaries."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, median_of_three, timed
from benchmarks.cases.join_tables import SQL, fragments, listed
from benchmarks.cases.query_table import prepare, warm, warm_sql

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN = 100


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    os.environ["WBTABLE_CACHE_DIR"] = str(work / "cache")  # what another run found and decoded does not count
    warm()
    fragments(data / "table")
    table = wbtable.open_table(data / "table")
    table.view(filter="id = 3").to_arrow()  # checked and opened once, as bare SQL has its connection
    view = table.view(sort="score_3 desc")
    with timed() as first:
        found = view.window(0, _SHOWN)
    view.rows.order()  # type: ignore[union-attr]  # rows have one; it is under way since the first window
    places = [len(table) * part // 10 for part in (5, 3, 7, 8)]
    before = median_of_three(lambda turn: view.window(places[turn], _SHOWN))
    view.warm()
    after = median_of_three(lambda turn: view.window(places[turn] - _SHOWN, _SHOWN))
    plain = table.view()
    unsorted = median_of_three(lambda turn: plain.window(places[turn] + _SHOWN, _SHOWN))
    summaries = median_of_three(lambda _: wbtable.open_table(data / "table").view().summaries())
    return {
        "first": first.seconds,
        "before": before,
        "after": after,
        "unsorted": unsorted,
        "summaries": summaries,
        "rows": found.num_rows,
    }


def _duckdb(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import duckdb

    paths = listed(fragments(data / "table"))
    top, fetch = ((SQL / name).read_text("utf-8").format(paths=paths) for name in ("top.sql", "fetch.sql"))
    with duckdb.connect() as con:
        warm_sql(con)
        con.sql(f"SELECT * FROM read_parquet({paths}) WHERE id = 3").to_arrow_table()
        with timed() as first:
            con.register("found", con.sql(top).to_arrow_table())
            found = con.sql(fetch).to_arrow_table()
    return {"first": first.seconds, "rows": found.num_rows}


def _bar(what: str, figure: str, at_most: float) -> Bar:
    return Bar(what=what, ours=("wbtable", figure), at_most=at_most)


CASE = Case(
    name="windows",
    work="windows of 100 rows of 10 M x 14 columns",
    data="query-table",
    prepare=prepare,
    sides=(
        Side("wbtable", _ours, "View.window; View.warm between the second and third; summaries of a table just opened"),
        Side("duckdb", _duckdb, "benchmarks/sql/top.sql, then fetch.sql, over the same fragments; checks off"),
    ),
    bars=(
        Bar(
            what="sorted, the first: top-N of the key, then the rows, in duckdb",
            ours=("wbtable", "first"),
            peer=("duckdb", "first"),
            at_least=0.83,
        ),
        _bar("sorted, any other, columns not decoded yet", "before", 0.5),
        _bar("sorted, any other, columns decoded", "after", 0.02),
        _bar("unsorted, anywhere", "unsorted", 0.02),
        _bar("summaries of all columns", "summaries", 0.02),
    ),
)
