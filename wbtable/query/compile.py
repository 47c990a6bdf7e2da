"""Checked expressions into DuckDB's SQL (EXPR-9 to EXPR-12); nothing of the text goes into it as it stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.query.compile_compare import compare, contains, has_key, in_list, like, list_contains
from wbtable.query.compile_times import difference, ratio, shift
from wbtable.query.compile_values import (
    arithmetic,
    cast,
    concat,
    dict_of,
    element,
    field,
    list_of,
    literal,
    negative,
)
from wbtable.query.functions import FUNCTIONS
from wbtable.query.kinds import is_int
from wbtable.query.sql import Builder, Caution, Parameters, Sql

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wbtable.query.terms import ColumnUse, Term, Typed

__all__ = ["Caution", "Parameters", "Sql", "compile_expression"]


def compile_expression(
    typed: Typed,
    column_sql: Callable[[ColumnUse], str],
    *,
    params: Parameters | None = None,
    position: str = "t.pos",
    key_sql: Callable[[int], str] | None = None,
    counted: bool = False,
) -> Sql:
    """Return the SQL of an expression.

    Args:
        typed: what `check` gave.
        column_sql: how each column is called in SQL: by its position, never by its name. Columns are of the types that
            `duck_type` names.
        params: where values go, if several expressions stand in one query.
        position: how the position of the row is called, by which ties of argmin, argmax and first are broken.
        key_sql: how the value of each of the scope's groups is called.
        counted: whether the cautions are wanted.

    Raises:
        ExpressionError: it becomes too much SQL.

    """
    values = Parameters() if params is None else params
    grouped = key_sql is not None
    builder = Builder(column_sql, position, key_sql or _no_keys, values, _write, counted=counted, grouped=grouped)
    text = builder.sql(typed.root)
    return Sql(text=text, params=values.values, cautions=tuple(builder.cautions))


def _no_keys(at: int) -> str:
    raise AssertionError(f"no SQL was given for group key {at}")


def _write(builder: Builder, term: Term) -> str:
    return _WRITERS[term.op](builder, term)


def _column(builder: Builder, term: Term) -> str:
    return builder.column(term.value)


def _key(builder: Builder, term: Term) -> str:
    return builder.key(term.value)


def _call(builder: Builder, term: Term) -> str:
    function = FUNCTIONS[term.value]
    around, guards = builder.in_aggregate, builder.guards
    if function.is_aggregate:
        # Inside it is about rows; what guards it is about groups.
        builder.in_aggregate, builder.guards = True, []
    args: list[str] = []
    for at, arg in enumerate(term.args):
        guard = function.guard(at, args) if function.guard and at and builder.counted else None
        args.append(builder.sql(arg) if guard is None else builder.guarded(guard, arg))
    text = function.write(builder, term, args)
    builder.in_aggregate, builder.guards = around, guards
    if function.may_overflow and is_int(term.type):
        builder.caution("overflow", f"count({args[0]}) > 0 AND {text} IS NULL", term)
    return text


def _logical(builder: Builder, term: Term) -> str:
    # What is decided before is not counted: b != 0 and a / b > 1.
    decides = "FALSE" if term.op == "and" else "TRUE"
    args: list[str] = []
    for arg in term.args:
        guard = " AND ".join(f"({text} IS NOT {decides})" for text in args) if builder.counted else ""
        args.append(builder.guarded(guard, arg) if guard else builder.sql(arg))
    return "(" + f" {term.op.upper()} ".join(args) + ")"


def _not(builder: Builder, term: Term) -> str:
    return f"(NOT {builder.sql(term.args[0])})"


def _is_null(builder: Builder, term: Term) -> str:
    return f"({builder.sql(term.args[0])} IS {'NOT ' if term.value else ''}NULL)"


_WRITERS: Final[Mapping[str, Callable[[Builder, Term], str]]] = {
    "column": _column,
    "key": _key,
    "call": _call,
    "and": _logical,
    "or": _logical,
    "not": _not,
    "is null": _is_null,
    "literal": literal,
    "list": list_of,
    "dict": dict_of,
    "cast": cast,
    "field": field,
    "element": element,
    "negative": negative,
    "arithmetic": arithmetic,
    "concat": concat,
    "ratio": ratio,
    "difference": difference,
    "shift": shift,
    "compare": compare,
    "in": in_list,
    "contains": contains,
    "list contains": list_contains,
    "has key": has_key,
    "like": like,
}
