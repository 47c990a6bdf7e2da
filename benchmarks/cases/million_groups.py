"""Group 10 M rows into a million, sort the groups by an aggregate, look at the first with ten histograms each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.cases.join_tables import fragments
from benchmarks.cases.query_table import SCORES, prepare, warm
from benchmarks.memory import peak

if TYPE_CHECKING:
    from pathlib import Path


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    warm()
    fragments(data / "table")
    table = wbtable.open_table(data / "table")
    table.view(filter="id = 3").to_arrow()
    view = table.view(group="id", cells={"right": "avg(guess == truth)"}, sort="avg(score_0) desc")
    with timed() as watch:
        window = view.window(0, 50)
        cells = view.group_cells(0, 50, SCORES)
    assert window.num_rows == 50
    assert len(cells) == len(SCORES)
    return {"seconds": watch.seconds, "peak_bytes": peak(), "groups": len(view)}


CASE = Case(
    name="groups",
    work="a million groups of 10 M rows by an aggregate, 50 of them with ten histograms",
    data="query-table",
    prepare=prepare,
    sides=(Side("wbtable", _ours, "View.window and View.group_cells of a table that was opened before"),),
    bars=(
        Bar(what="time", ours=("wbtable", "seconds"), at_most=2),
        Bar(what="memory of the process", ours=("wbtable", "peak_bytes"), at_most=1e9),
    ),
)
