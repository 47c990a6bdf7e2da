"""Histograms in the cells of a comparison have the same bins on both sides."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from wbtable.query.bars import HistogramCells
from wbtable.tables.compare import compare
from wbtable.tables.joined import JoinedTable
from wbtable.tables.table import Table


def cells_of(view: object, *names: str) -> list[HistogramCells]:
    found = view.group_cells(columns=list(names))  # type: ignore[attr-defined]
    out = [found[name] for name in names]
    assert all(isinstance(cells, HistogramCells) for cells in out)
    return out


# CMP-8: the same bins on all sides, also where only one is asked for.
def test_both_sides_of_a_cell_share_their_bins() -> None:
    left = Table.from_arrow(pa.table({"id": range(6), "class": [0, 0, 0, 1, 1, 1], "n": [1, 1, 2, 3, 3, 3]}))
    right = Table.from_arrow(pa.table({"id": range(6), "class": [0, 0, 0, 1, 1, 1], "n": [5, 1, 2, 3, 4, 9]}))
    merged = compare([left, right], key="id").view(group="0.class")
    mine, theirs = cells_of(merged, "0.n", "1.n")
    assert mine.edges == theirs.edges == tuple(str(edge) for edge in range(1, 11))
    assert mine.counts.tolist() == [[2, 1, 0, 0, 0, 0, 0, 0, 0], [0, 0, 3, 0, 0, 0, 0, 0, 0]]
    assert theirs.counts.tolist() == [[1, 1, 0, 0, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0, 0, 1]]
    assert cells_of(merged, "0.n")[0].edges == mine.edges
    floats = [
        Table.from_arrow(pa.table({"id": range(4), "x": values}))
        for values in ([0.0, 0.5, 1.0, np.nan], [2.0, 1.0, 0.0, 1.0])
    ]
    one, other = cells_of(compare(floats, key="id").view(group="id < 2"), "0.x", "1.x")
    assert one.edges == other.edges
    assert (float(one.edges[0]), float(one.edges[-1])) == (0.0, 2.0)


def test_columns_of_other_types_keep_their_own_bins() -> None:
    left = Table.from_arrow(pa.table({"id": [1, 2], "n": [1, 2], "only": [5, 6]}))
    right = Table.from_arrow(pa.table({"id": [1, 2], "n": [0.5, 9.5], "other": ["a", "b"]}))
    view = JoinedTable(left, right, "id").view(group="id")
    mine, theirs, alone = cells_of(view, "0.n", "1.n", "0.only")
    assert mine.edges == ("1", "2", "3")
    assert (float(theirs.edges[0]), float(theirs.edges[-1])) == (0.5, 9.5)
    assert alone.edges == ("5", "6", "7")
