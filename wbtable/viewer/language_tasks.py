"""Tasks of query workers about expressions that are being written, and about comparisons."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, cast

from wbtable.errors import LimitError, UsageError
from wbtable.format.view_source import TablePlace
from wbtable.format.view_spec import ViewSpec
from wbtable.query.ast import Name
from wbtable.query.check import check
from wbtable.query.compare import CHANGE, KINDS, key_candidates
from wbtable.query.complete import complete
from wbtable.query.expression_error import ExpressionError
from wbtable.query.parser import parse
from wbtable.query.view_plan import source_scope
from wbtable.tables.compare import suggest_key
from wbtable.tables.compared import Comparison
from wbtable.viewer.open_tasks import open_view, opener

if TYPE_CHECKING:
    from wbtable.format.documents import Json
    from wbtable.query.terms import Scope
    from wbtable.query.worker_process import Control
    from wbtable.tables.view import View

PLACES: Final = ("filter", "derive", "group", "sort", "having", "cells")
"""Where in a view an expression may stand."""
MOST_DIFFERENCES: Final = 100
"""The most columns whose numbers are compared at once."""
_OF_GROUPS: Final = frozenset({"having", "cells"})


def _scope(view: View, at: str) -> tuple[Scope, bool]:
    """Return what an expression at a place may name, and whether it may aggregate."""
    if at not in PLACES:
        raise UsageError(f"expected at as one of {', '.join(PLACES)}, found {at!r:.40}")
    plan = view.plan
    base = source_scope(plan.source)
    derived = {name: slot.type for name, slot in plan.columns.items() if slot.expression is not None}
    grouped = plan.is_grouped and (at in _OF_GROUPS or at == "sort")
    nodes = tuple(key.typed.node for _, key in plan.groups) if grouped else ()
    columns = {**base.columns, **derived}
    if grouped:
        columns |= {name: cell.type for name, cell in plan.cells.items()}
    return dataclasses.replace(base, columns=columns, groups=nodes), grouped or at in _OF_GROUPS


def _without(view: Json, at: str) -> Json:
    """Return a view without the part that is being written: it may be wrong, and is not what is asked about."""
    del at
    return {key: view[key] for key in view if key not in {"filter", "having", "sort", "columns", "window"}}


def check_expression(control: Control, places: Json, view: Json, side: int, expression: str, at: str) -> Json:
    """Say what the values of an expression are, or what is wrong with it: half written it often is, and no failure."""
    found, _ = open_view(control, places, _without(view, at), side)
    scope, aggregates = _scope(found, at)
    try:
        typed = check(parse(expression), scope, aggregates=aggregates)
    except ExpressionError as error:
        wrong = {"code": error.code, "message": error.message, "span": list(error.span)}
        return {"wrong": wrong | ({"suggestion": error.suggestion} if error.suggestion else {})}
    return {
        "type": str(typed.type),
        "kind": typed.type.kind,
        "aggregate": bool(typed.has_aggregate),
        "name": typed.node.name if isinstance(typed.node, Name) else None,
    }


def warnings(control: Control, places: Json, view: Json, side: int) -> Json:
    """Count what became null in the expressions of a view without being an error."""
    found, _ = open_view(control, places, view, side)
    names = {
        f"{part}[{i}]": item.name for part in ("derive", "cells") for i, item in enumerate(getattr(found.spec, part))
    }
    out = [
        dataclasses.asdict(one) | {"span": list(one.span), "column": names.get(one.place.partition(" ")[0])}
        for one in found.warnings()
    ]
    return {"warnings": out}


def complete_expression(control: Control, places: Json, view: Json, side: int, text: str, cursor: int, at: str) -> Json:
    """Say what may stand at the cursor."""
    found, _ = open_view(control, places, _without(view, at), side)
    scope, aggregates = _scope(found, at)
    made = complete(text, cursor, scope, _values(found), aggregates=aggregates)
    return {"completions": [dataclasses.asdict(one) for one in made]}


def _values(view: View) -> dict[str, list[object]]:
    """Return common values of columns, as far as they are known without reading a row."""
    known = view.plan.source.summaries()
    if known is None:
        return {CHANGE: list(KINDS)} if isinstance(view.base, Comparison) else {}
    out: dict[str, list[object]] = {}
    for column, summary in zip(view.plan.source.schema, known, strict=True):
        values: list[object] = [top.value for top in summary.top if not top.was_cut]
        if column.type.kind == "boolean":
            values = [value == "true" for value in values]
        elif column.type.kind != "string":
            continue
        out[column.name] = values
    return out


def compare_info(control: Control, places: Json, view: Json, side: int) -> Json:
    """Say how tables differ."""
    del control, side
    spec = ViewSpec.from_json(view)
    if spec.source is None or spec.source.kind != "compare":
        raise UsageError("expected a view whose source is a comparison")
    found = opener(places).rows(spec.source)
    out: dict[str, Any] = {"mode": spec.source.mode, "sides": len(spec.source.tables), "key": [], "suggested": False}
    if not isinstance(found, Comparison):
        return {**out, "counts": None, "columns": []}
    counts = dataclasses.asdict(found.counts)
    columns = [
        {"name": change.name, "changed": change.changed, "status": change.status, "types": list(change.types)}
        for change in found.changes
    ]
    return {**out, "key": found.key, "suggested": found.key_was_suggested, "counts": counts, "columns": columns}


def keys(control: Control, places: Json, tables: list[Json]) -> Json:
    """Say which columns may pair the rows of tables."""
    del control
    from wbtable.format.documents import Reader

    opened = opener(places)
    found = [opened.table(TablePlace.read(Reader(place, "tables"))) for place in tables]
    if not 2 <= len(found) <= 8:
        raise UsageError(f"expected 2 to 8 tables, found {len(found)}")
    sources = [table._source() for table in found]  # noqa: SLF001 - what can be viewed gives its rows
    primary = [cast("str | None", getattr(table, "primary_key", None)) for table in found]
    candidates = key_candidates([source.schema for source in sources], primary)
    return {"candidates": candidates, "suggested": suggest_key(sources, primary)}


def differences(control: Control, places: Json, view: Json, side: int, columns: list[str] | None) -> Json:
    """Say by how much numbers differ: of each column of numbers its histogram on each side, over the same bins."""
    del control, side
    spec = ViewSpec.from_json(view)
    if spec.source is None or spec.source.kind != "compare" or spec.source.mode != "join":
        raise UsageError("expected a view whose source is a comparison that merges tables")
    found = opener(places).rows(spec.source)
    assert isinstance(found, Comparison)
    wanted = [change.name for change in found.changes if change.changed is not None] if columns is None else columns
    if len(wanted) > MOST_DIFFERENCES:
        raise LimitError(f"expected at most {MOST_DIFFERENCES} columns at once, found {len(wanted)}")
    out: dict[str, Any] = {}
    for name in wanted:
        if not found.has_numbers(name):
            continue
        out[name] = {
            "histogram": dataclasses.asdict(found.histogram(name)),
            "differences": [dataclasses.asdict(one) for one in found.differences(name)],
        }
    return {"columns": out}
