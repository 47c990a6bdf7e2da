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
) -> Sql:
    """Return the SQL of an expression.

    Args:
        typed: what `check` gave.
        column_sql: how each column is called in SQL: by its position, never by its name. Columns are of the types that
            `duck_type` names.
        params: where values go, if several expressions stand in one query.
        position: how the position of the row is called, by which ties of argmin, argmax and first are broken.
        key_sql: how the value of each of the scope's groups is called.

    Raises:
        ExpressionError: it becomes too much SQL.

    """
    values = Parameters() if params is None else params
    builder = Builder(column_sql, position, key_sql or _no_keys, values, _write)
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
    around = builder.in_aggregate
    builder.in_aggregate = around or function.is_aggregate
    args = [builder.sql(arg) for arg in term.args]
    text = function.write(builder, term, args)
    builder.in_aggregate = around
    return text


def _logical(builder: Builder, term: Term) -> str:
    return "(" + f" {term.op.upper()} ".join(builder.sql(arg) for arg in term.args) + ")"


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
