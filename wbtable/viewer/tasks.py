"""What query workers do for the page: each function is a task; answers are JSON values (ENDPOINTS.md, "Asking")."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final, cast

from wbtable.errors import LimitError, NotFoundError, UsageError
from wbtable.query.bars import HistogramCells, TopCells, bar_kind
from wbtable.query.source import SidedSource
from wbtable.query.view_link import view_link
from wbtable.viewer.cells import encode
from wbtable.viewer.kept_summaries import summaries_of
from wbtable.viewer.open_tasks import open_view, open_views, opener, side_of
from wbtable.viewer.order_tasks import left_to_others, prepare
from wbtable.viewer.sources import joined_tables
from wbtable.viewer.task_names import MAX_CELLS, MAX_ROWS, ORDERING

if TYPE_CHECKING:
    import pyarrow as pa

    from wbtable.format.documents import Json
    from wbtable.query.bars import Cells
    from wbtable.query.view_plan import Plan
    from wbtable.query.worker_process import Control
    from wbtable.tables.view import View

MAX_ARROW: Final = 100_000
"""The most rows of a window as an Arrow stream."""
MAX_CELL: Final = 16 << 20
"""The most bytes of one cell in full, as the page is sent it."""
MAX_SIZED: Final = 1_000
"""The most columns of a table of which the manifest's summaries are read before its rows show."""
_LARGE: Final = frozenset({"int64", "uint64"})


def view_info(control: Control, places: Json, view: Json, side: int) -> Json:
    """Check a view; nothing is computed."""
    found, sides = open_view(control, places, view, side)
    plan = found.plan
    rows = opener(places).rows(cast("Any", found.spec.source))
    conflicts = [str(conflict) for conflict in getattr(rows, "conflicts", ())]
    return {
        "view": found.spec.to_json(),
        "grouped": plan.is_grouped,
        "total": plan.source.num_rows,
        "digest": plan.source.digest,
        # Without filter and groups the number of rows is known before anything is counted.
        "rows": None if plan.is_grouped or plan.filter is not None or found.spec.window else plan.source.num_rows,
        "columns": _columns(plan),
        "shown": [
            {
                "name": column.name,
                "type": str(column.type),
                "kind": column.type.kind,
                "params": column.type.params(),
            }
            for column in found.rows.schema
        ],
        "sides": sides,
        "key": list(getattr(plan.source, "key", ())),
        "conflicts": conflicts,
        "join": joined_tables(rows),
        "python": found.to_python(),
        "link": view_link(found.spec),
    }


def _columns(plan: Plan) -> list[Json]:
    sided: dict[str, int] = {}
    key: tuple[str, ...] = ()
    # Asking a schema takes as long as it has columns.
    own = {column.name for column in plan.source.schema}
    if isinstance(plan.source, SidedSource):
        key = plan.source.key
        sided = {f"{at}.{column.name}": at for at, side in enumerate(plan.source.sides) for column in side}
    longest = _longest(plan)
    return [
        {
            "name": name,
            "type": str(slot.type),
            "kind": slot.type.kind,
            "bars": bar_kind(slot.type),
            "params": slot.type.params(),
            "derived": slot.expression is not None,
            "original": name in own,
            "side": sided.get(name),
            "key": name in key,
            "longest": longest.get(name) if slot.expression is None else None,
        }
        for name, slot in plan.columns.items()
    ]


def _longest(plan: Plan) -> dict[str, int]:
    """Return of columns of large integers how many characters the longest has, as far as that is known unread."""
    columns = list(plan.source.schema)
    if len(columns) > MAX_SIZED or not any(str(column.type) in _LARGE for column in columns):
        return {}
    known = plan.source.summaries() or ()
    return {
        column.name: max(len(summary.least or ""), len(summary.greatest or ""))
        for column, summary in zip(columns, known, strict=False)
        if str(column.type) in _LARGE
    }


def count(control: Control, places: Json, view: Json, side: int) -> Json:
    """Count the rows, or the groups, of a view."""
    found, _ = open_view(control, places, view, side)
    return {"rows": len(found), "total": found.plan.source.num_rows, "approximate": False}


def rows(
    control: Control,
    places: Json,
    view: Json,
    side: int,
    offset: int,
    count: int,
    columns: list[str] | None,
    positions: list[int] | None = None,
) -> Json:
    """Return some rows, or groups; with `positions` those rows of the source, whatever the view keeps."""
    found, _ = open_view(control, places, view, side)
    wanted = found.rows.schema.select(columns)
    if positions is not None:
        count = len(positions)
    if count > MAX_ROWS or count * len(wanted) > MAX_CELLS:
        raise LimitError(
            f"expected at most {MAX_ROWS} rows and {MAX_CELLS} cells at once, found {count} rows of {len(wanted)} "
            "columns: ask for fewer of either"
        )
    if positions is None and left_to_others(found, offset, count):
        return {ORDERING: True}
    table = _physical(found, offset, count, wanted.names) if positions is None else _at(found, positions, wanted.names)
    made = [
        {"name": column.name, "kind": column.type.kind, "values": encode(table.column(i), column.type)}
        for i, column in enumerate(wanted)
    ]
    return {"offset": offset, "rows": table.num_rows, "columns": made} | prepare(found)


def _physical(view: View, offset: int, count: int, names: list[str]) -> pa.Table:
    """Return rows in physical form: the page's encoding knows the logical types."""
    import numpy as np

    from wbtable.query.view_rows import FIRST, ViewRows

    offset, count = view.spec.inside(offset, count)
    if isinstance(view.rows, ViewRows):
        if offset + count > FIRST:
            view.rows.go_on(names)
        return view.rows.window(offset, count, names)
    end = min(offset + count, view.rows.num_rows)
    return view.rows.take(np.arange(min(offset, end), end, dtype=np.int64), names)


def _at(view: View, positions: list[int], names: list[str]) -> pa.Table:
    """Return rows by their positions in the source."""
    import numpy as np

    from wbtable.query.view_rows import ViewRows

    if not isinstance(view.rows, ViewRows):
        raise UsageError("groups have no positions: ask for them by their numbers")
    total = view.plan.source.num_rows
    if not all(0 <= at < total for at in positions):
        raise NotFoundError(f"expected positions from 0 to {total - 1}")
    return view.rows.fetch_rows(np.asarray(positions, dtype=np.int64), names)


def positions(control: Control, places: Json, view: Json, side: int, offset: int, count: int) -> Json:
    """Say where in the source some rows are: a row keeps its position whatever the view."""
    from wbtable.query.view_rows import ViewRows

    found, _ = open_view(control, places, view, side)
    if not isinstance(found.rows, ViewRows):
        raise UsageError("groups have no positions")
    if count > MAX_ROWS:
        raise LimitError(f"expected at most {MAX_ROWS} rows at once, found {count}")
    if left_to_others(found, offset, count):
        return {ORDERING: True}
    return {"offset": offset, "positions": found.rows.source_rows(*found.spec.inside(offset, count)).tolist()}


def arrow(
    control: Control, places: Json, view: Json, side: int, offset: int, count: int, columns: list[str] | None
) -> pa.Table | Json:
    """Return some rows as an Arrow table."""
    if count > MAX_ARROW:
        raise LimitError(f"expected at most {MAX_ARROW} rows at once, found {count}")
    found, _ = open_view(control, places, view, side)
    return {ORDERING: True} if left_to_others(found, offset, count) else found.window(offset, count, columns)


def cell(control: Control, places: Json, view: Json, side: int, row: int, column: str) -> Json:
    """Return one cell in full."""
    found, _ = open_view(control, places, view, side)
    kind = found.rows.schema[column]
    if left_to_others(found, row, 1):
        return {ORDERING: True}
    table = _physical(found, row, 1, [column])
    if not table.num_rows:
        raise NotFoundError(f"there is no row {row}")
    [value] = encode(table.column(0), kind, whole=True)
    if len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) > MAX_CELL:
        raise LimitError(f"the cell is longer than {MAX_CELL >> 20} MB: export the view to a file")
    return {"value": value}


def summaries(control: Control, places: Json, view: Json, side: int, columns: list[str] | None) -> Json:
    """Return the summary of each column of the rows."""
    found, _ = open_view(control, places, view, side)
    made = {}
    for name, summary in summaries_of(found, columns).items():
        value = dataclasses.asdict(summary)
        del value["extra"]
        made[name] = {**value, "approximate": summary.approximate}
    return {"columns": made}


def known_summaries(control: Control, places: Json, view: Json, side: int, columns: list[str] | None) -> Json:
    """Return the summary of each column of the rows, nothing if one of them would have to be counted."""
    plan = open_view(control, places, view, side)[0].plan
    names = plan.schema.names if columns is None else columns
    derived = any(name in plan.columns and plan.columns[name].expression is not None for name in names)
    is_whole = plan.filter is None and not plan.is_grouped
    if derived or not is_whole or len(plan.source.schema) > MAX_SIZED or plan.source.summaries() is None:
        return {}
    return summaries(control, places, view, side, columns)


def groups(
    control: Control,
    places: Json,
    view: Json,
    side: int,
    offset: int,
    count: int,
    columns: list[str] | None,
    page: int,
    size: int,
    kinds: dict[str, Any],
) -> Json:
    """Return what groups show of the columns of their rows."""
    views = open_views(control, places, view)
    found = side_of(views, side)
    if count > MAX_ROWS:
        raise LimitError(f"expected at most {MAX_ROWS} groups at once, found {count}")
    beside = [other for other in views if other is not found]
    cells = found.group_cells(offset, count, columns, page=page, size=size, kinds=kinds, beside=beside)
    made = {name: _group_cells(part, found.plan.columns[name].type) for name, part in cells.items()}
    return {"offset": offset, "rows": max((len(part) for part in made.values()), default=0), "cells": made}


def _group_cells(cells: Cells, kind: Any) -> list[Json]:
    if isinstance(cells, HistogramCells):
        return [
            {
                "bars": "histogram",
                "edges": list(cells.edges),
                "counts": counts.tolist(),
                "nulls": int(cells.nulls[i]),
                "nan": int(cells.nan[i]),
                "infinities": [int(cells.negative_infinity[i]), int(cells.positive_infinity[i])],
            }
            for i, counts in enumerate(cells.counts)
        ]
    if isinstance(cells, TopCells):
        return [_top(cells, i, kind) for i in range(len(cells.values))]
    values = encode(cells.table.column(0), kind)
    out, at = [], 0
    for total, positions in zip(cells.counts, cells.positions, strict=True):
        out.append({"bars": "page", "count": int(total), "values": values[at : at + len(positions)]})
        at += len(positions)
    return out


def _top(cells: TopCells, group: int, kind: Any) -> Json:
    import pyarrow as pa

    found = cells.values[group]
    texts = encode(pa.array([value for value, _ in found], kind.arrow()), kind)
    return {
        "bars": "top",
        "values": [[value, int(n)] for value, (_, n) in zip(texts, found, strict=True)],
        "others": int(cells.others[group]),
        "distinct": int(cells.distinct[group]),
        "nulls": int(cells.nulls[group]),
    }


def expand(control: Control, places: Json, view: Json, side: int, group: int) -> Json:
    """Return the view of a group's rows."""
    found, _ = open_view(control, places, view, side)
    return {"view": found.expand(group).spec.to_json()}


def warm(control: Control, places: Json, view: Json, side: int) -> Json:
    """Compute the whole order, and decode what is shown."""
    found, _ = open_view(control, places, view, side)
    found.warm()
    return {}


def python(control: Control, places: Json, view: Json, side: int) -> Json:
    """Return the view as Python."""
    found, _ = open_view(control, places, view, side)
    return {"text": found.to_python()}
