"""Groups of a view made anew: what was said of the groups before and means nothing now goes (VIEW-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.query import ast
from wbtable.query.expression_error import ExpressionError
from wbtable.query.functions import FUNCTIONS
from wbtable.query.parser import parse
from wbtable.query.view_plan import COUNT, Plan, plan

if TYPE_CHECKING:
    from wbtable.format.view_spec import Sort, ViewSpec


def regrouped(before: Plan, spec: ViewSpec) -> ViewSpec:
    """Return a view of other groups, or of rows, without the sort keys and columns that were of the groups before.

    Sort keys that mean the same as before stay.

    Raises:
        ExpressionError: an expression of the new groups does not fit.

    """
    made = plan(before.source, spec.with_(sort=(), columns=None))
    known = {*made.columns, *made.schema.names}
    former = {COUNT, *before.cells, *(name for name, _ in before.groups)}
    columns = spec.columns
    if columns is not None:
        columns = tuple(column for column in columns if column.name in known or column.name not in former) or None
    gone = set(before.cells).difference(made.cells)
    sort = tuple(key for key in spec.sort if not gone & _named(parse(key.expression)) and _fits(before, spec, key))
    return spec.with_(sort=sort, columns=columns)


def _fits(before: Plan, spec: ViewSpec, key: Sort) -> bool:
    try:
        plan(before.source, spec.with_(sort=(key,), columns=None))
    except ExpressionError:
        return False
    return True


def _named(node: ast.Node) -> set[str]:
    """Return the names that may be those of cells: within an aggregate they are columns of rows."""
    out = set()
    todo = [node]
    while todo:
        found = todo.pop()
        if isinstance(found, ast.Name):
            out.add(found.name)
        if not (isinstance(found, ast.Call) and found.function in FUNCTIONS and FUNCTIONS[found.function].is_aggregate):
            todo.extend(found.children())
    return out
