"""What groups show of columns for which no cell was written: histograms, top values, pages (VIEW-6, BARS-1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from wbtable.errors import UsageError
from wbtable.query import engine
from wbtable.query.bars import (
    AT_ONCE,
    TOP,
    Bins,
    Cells,
    PageCells,
    TopCells,
    bar_kind,
    bins_of,
    count_sql,
    read_histograms,
)
from wbtable.query.duck_types import from_duck
from wbtable.query.row_sql import RowSql
from wbtable.query.view_plan import value_plan
from wbtable.query.view_rows import ViewRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wbtable.query.bars import BarKind
    from wbtable.query.group_rows import GroupRows
    from wbtable.query.source import Positions
    from wbtable.query.view_plan import Plan, Slot

MAX_PAGE: Final = 1000
"""The most values of one group on a page, counted from the first page's beginning."""


def group_cells(
    groups: GroupRows,
    offset: int,
    count: int,
    columns: Sequence[str] | None = None,
    *,
    page: int = 0,
    size: int = 5,
    kinds: Mapping[str, BarKind] | None = None,
    beside: Sequence[Plan] = (),
) -> dict[str, Cells]:
    """Return what some consecutive groups show of the columns of their rows.

    Args:
        groups: the view.
        offset: the first group.
        count: how many.
        columns: of the rows; all that are no keys if None.
        page: of columns that are paged, the number of the page.
        size: how many values are on a page.
        kinds: of columns that are shown otherwise than their types say, how.
        beside: the views of the other sides, with which histograms share their bins.

    Raises:
        UsageError: a column does not exist or cannot be shown so, or pages are too far behind or too large.

    """
    if page < 0 or size < 1 or (page + 1) * size > MAX_PAGE:
        msg = f"expected pages of values 1 to {MAX_PAGE} of a group, found page {page} of {size}: expand the group"
        raise UsageError(msg)
    slots = _slots(groups, columns)
    shown = {slot: _kind(slot, (kinds or {}).get(slot.name)) for slot in slots}
    count = max(0, min(count, groups.num_rows - offset))
    window = _Window(groups, offset, count)
    out: dict[str, Cells] = {}
    numbers = [slot for slot in slots if shown[slot] == "histogram"]
    for start in range(0, len(numbers), AT_ONCE):
        out.update(_histograms(window, numbers[start : start + AT_ONCE], beside))
    for slot in slots:
        if shown[slot] == "top":
            out[slot.name] = _top(window, slot)
        elif shown[slot] == "page":
            out[slot.name] = _page(window, slot, page * size, size)
    return {slot.name: out[slot.name] for slot in slots}


def _slots(groups: GroupRows, columns: Sequence[str] | None) -> list[Slot]:
    known = groups.plan.columns
    if columns is None:
        keys = {name for name, _ in groups.plan.groups}
        return [slot for name, slot in known.items() if name not in keys]
    for name in columns:
        if name not in known:
            msg = f"unknown column {name!r:.80}; there are {list(known)!r:.300}"
            raise UsageError(msg)
    return [known[name] for name in columns]


def _kind(slot: Slot, wanted: BarKind | None) -> BarKind:
    """Return how a column is shown: histograms are of numbers and times, and what has a histogram can be counted."""
    own = bar_kind(slot.type)
    possible = {own, "page", *(["top"] if own == "histogram" else [])}
    if wanted is None or wanted in possible:
        return wanted or own
    msg = f"a {slot.type} column, {slot.name!r:.80}, has no {wanted} in groups: it is shown as {own}, or page"
    raise UsageError(msg)


class _Window:
    """Some groups, and how statements find their rows."""

    def __init__(self, groups: GroupRows, offset: int, count: int) -> None:
        self.groups = groups
        self.offset = offset
        self.count = count
        self.part = groups.index.slice(offset, count)
        self.rows = self.part.column("n").to_numpy().astype(np.int64)
        # Where most groups are looked at, to leave out the others' rows costs more than it saves.
        self.is_most = 2 * count >= groups.num_rows

    def run(self, sql: RowSql, aggregates: Sequence[str]) -> pa.Table:
        """Return aggregates for each of the groups, in order."""
        extra = self.groups.key_columns(sql)
        rows = sql.rows(extra)
        names = [f"t.{name}" for name, _ in extra]
        listed = ", ".join([*aggregates, "min(t.pos) AS first"])
        if self.is_most:
            text = f"SELECT {listed} FROM {rows} GROUP BY {', '.join(names)}"
        else:
            text = f"SELECT {listed} FROM {rows} JOIN {self.join(sql, names)} GROUP BY w.pos"
        found = engine.run(sql.statement(text), sql.inputs, self.groups.control)
        # A group is known by its first row.
        return found.take(pa.array(self._places(found.column("first").to_numpy())))

    def _places(self, first: Positions) -> Positions:
        order = np.argsort(first, kind="stable")
        return order[np.searchsorted(first[order], self.part.column("first").to_numpy())]

    def join(self, sql: RowSql, names: Sequence[str]) -> str:
        """Return the groups as ``w``, and how their rows are known."""
        _, relation = self.groups.window_relation(self.offset, self.count)
        same = " AND ".join(f"{name} IS NOT DISTINCT FROM w.k{i}" for i, name in enumerate(names))
        return f"{sql.add(relation, 'w')} ON {same}"


def _histograms(window: _Window, slots: Sequence[Slot], beside: Sequence[Plan]) -> dict[str, Cells]:
    bins: dict[Slot, Bins] = bins_of(window.groups.plan, slots, window.groups.control, beside)
    sql = RowSql(window.groups.plan)
    sql.need(slots)
    sql.need(key for _, key in window.groups.plan.groups)
    parts = [text for i, slot in enumerate(slots) for text in count_sql(sql, slot, bins[slot], f"h{i}")]
    table = window.run(sql, parts)
    return {slot.name: read_histograms(table, f"h{i}", bins[slot], window.rows) for i, slot in enumerate(slots)}


def _top(window: _Window, slot: Slot) -> TopCells:
    sql = RowSql(window.groups.plan)
    sql.need([slot])
    sql.need(key for _, key in window.groups.plan.groups)
    extra = window.groups.key_columns(sql)
    rows = sql.rows(extra)
    joined = window.join(sql, [f"t.{name}" for name, _ in extra])
    value = sql.column(slot)
    text = (
        "SELECT * FROM (SELECT g, v, n, row_number() OVER (PARTITION BY g ORDER BY n DESC, v) AS r, "
        "sum(n) OVER (PARTITION BY g) AS total, count(*) OVER (PARTITION BY g) AS d FROM ("
        f"SELECT w.pos AS g, {value} AS v, count(*) AS n FROM {rows} JOIN {joined} "
        f"WHERE {value} IS NOT NULL GROUP BY w.pos, {value})) WHERE r <= {TOP} ORDER BY g, r"
    )
    found = engine.run(sql.statement(text), sql.inputs, window.groups.control)
    values = from_duck(found.column("v"), slot.type).to_pylist()
    tops: list[list[tuple[Any, int]]] = [[] for _ in range(window.count)]
    total, distinct = [0] * window.count, [0] * window.count
    for at, value_, n, all_, different in zip(
        found.column("g").to_pylist(),
        values,
        found.column("n").to_pylist(),
        found.column("total").to_pylist(),
        found.column("d").to_pylist(),
        strict=True,
    ):
        tops[at].append((value_, n))
        total[at], distinct[at] = int(all_), different
    return TopCells(
        values=tuple(map(tuple, tops)),
        others=tuple(all_ - sum(n for _, n in top) for all_, top in zip(total, tops, strict=True)),
        distinct=tuple(distinct),
        nulls=tuple(int(n) - held for n, held in zip(window.rows, total, strict=True)),
    )


def _page(window: _Window, slot: Slot, start: int, size: int) -> PageCells:
    sql = RowSql(window.groups.plan)
    sql.need([slot])
    sql.need(key for _, key in window.groups.plan.groups)
    held = f"{sql.column(slot)} IS NOT NULL"
    end = int(start + size)
    found = window.run(sql, [f"count(*) FILTER ({held}) AS n", f"min(t.pos, {end}) FILTER ({held}) AS p"])
    pages = [tuple((positions or [])[start:end]) for positions in found.column("p").to_pylist()]
    flat = np.array([at for page in pages for at in page], dtype=np.int64)
    value = _value(window, slot)
    return PageCells(counts=tuple(found.column("n").to_pylist()), positions=tuple(pages), table=value.fetch(flat))


def _value(window: _Window, slot: Slot) -> ViewRows:
    """Return the rows of one column."""
    from dataclasses import replace

    from wbtable.format.schema import Schema

    groups = window.groups
    if slot.expression is not None:
        return ViewRows(value_plan(groups.plan, slot.expression), groups.control)
    plan = replace(
        groups.plan,
        columns={slot.name: slot},
        filter=None,
        groups=(),
        cells={},
        having=None,
        sort=(),
        schema=Schema.of([(slot.name, slot.type)]),
    )
    return ViewRows(plan, groups.control)
