"""Calls: the right number of arguments, of the right kinds (EXPR-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wbtable.format.types import ListType, MapType, NullType
from wbtable.query.check_values import adapt
from wbtable.query.expression_error import ExpressionError, did_you_mean
from wbtable.query.functions import FUNCTIONS, OTHER_NAMES
from wbtable.query.kinds import DATE, DURATION, NULL, TEXT
from wbtable.query.terms import Term

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.types import ColumnType
    from wbtable.query import ast
    from wbtable.query.function import Function
    from wbtable.query.terms import Scope

_ADVICE = {
    ("text", "number"): "write str(number)",
    ("number", "text"): "write float(text)",
    ("number", "boolean"): "write int(flag) for 0 and 1",
    ("boolean", "number"): "compare it with something: a != 0",
    ("boolean", "text"): 'compare it with something: a == "x"',
}
_OF_NULLS: Mapping[str, ColumnType] = {
    "text": TEXT,
    "date": DATE,
    "duration": DURATION,
    "list": ListType(item=NULL),
    "dict": MapType(key=TEXT, item=NULL),
}


class Checker(Protocol):
    """What checks the arguments."""

    aggregates: bool
    in_aggregate: bool
    scope: Scope

    def all(self, nodes: tuple[ast.Node, ...]) -> tuple[Term, ...]:
        """Return the checked forms of several nodes."""


def check_call(checker: Checker, node: ast.Call) -> Term:
    """Type ``function(arguments)``.

    Raises:
        ExpressionError: there is no such function, it does not take these arguments, or it is an aggregate where none
            can be.

    """
    function = FUNCTIONS.get(node.function)
    span = (node.span[0], node.span[0] + len(node.function)) if node.span[1] else node.span
    if function is None:
        raise ExpressionError(f'unknown function "{node.function:.80}"', span, suggestion=_other(checker, node))
    if function.is_aggregate and not checker.aggregates:
        raise ExpressionError(
            f"{node.function} is an aggregate, and there is no group here",
            span,
            suggestion="group rows first, or use it in a cell, in having or in the order of groups",
        )
    if function.is_aggregate and checker.in_aggregate:
        raise ExpressionError(
            f"{node.function} stands inside another aggregate", span, suggestion="derive a column for one of them"
        )
    _check_count(function, node)
    around = checker.in_aggregate
    checker.in_aggregate = around or function.is_aggregate
    args = checker.all(node.arguments)
    checker.in_aggregate = around
    for at, arg in enumerate(args):
        _check_argument(function, at, arg)
    args = tuple(_with_type(function, at, arg) for at, arg in enumerate(args))
    if function.prepare is not None:
        args = function.prepare(args)
    aggregate = function.is_aggregate or any(arg.has_aggregate for arg in args)
    return Term(
        op="call",
        type=function.type_of(args),
        args=args,
        value=function.name,
        span=node.span,
        has_aggregate=aggregate,
    )


def _other(checker: Checker, node: ast.Call) -> str | None:
    meant = OTHER_NAMES.get(node.function.replace("_", "").lower())
    if meant is not None:
        return f"write {meant}"
    if node.function in checker.scope.columns:
        return f"{node.function} is a column: leave out the parentheses"
    return did_you_mean(node.function, FUNCTIONS, quoted=False)


def _check_count(function: Function, node: ast.Call) -> None:
    least, greatest = function.counts
    given = len(node.arguments)
    if given >= least and (greatest is None or given <= greatest):
        return
    if greatest is None:
        expected = f"at least {least}"
    else:
        expected = str(least) if least == greatest else f"{least} to {greatest}"
    plural = "" if expected.endswith(" 1") or expected == "1" else "s"
    raise ExpressionError(
        f"{function.name} takes {expected} argument{plural}, found {given}",
        node.span,
        suggestion=f"write {function.signature}",
    )


def _check_argument(function: Function, at: int, arg: Term) -> None:
    parameter = function.parameter(at)
    is_null = arg.is_literal and arg.value is None
    if parameter.is_literal and (arg.op not in {"literal", "list"} or is_null):
        rest = "and is not null" if is_null else "not in a column"
        raise ExpressionError(
            f"{parameter.name} of {function.name} stands in the text, {rest}",
            arg.span,
            suggestion=f"write {function.example[0]}",
        )
    if parameter.takes(arg.type):
        return
    advice = _ADVICE.get((parameter.kinds, _kind_of(arg)))
    raise ExpressionError(
        f"{parameter.name} of {function.name} is {parameter.kinds.replace('|', ' or ')}, found {arg.type}",
        arg.span,
        suggestion=advice or f"write {function.signature}",
    )


def _with_type(function: Function, at: int, arg: Term) -> Term:
    """Return a null as one of the parameter's first kind, where the engine must know which: it has no type of null."""
    wanted = _OF_NULLS.get(function.parameter(at).kinds.partition("|")[0])
    return adapt(arg, wanted) if wanted is not None and isinstance(arg.type, NullType) else arg


def _kind_of(arg: Term) -> str:
    from wbtable.query.kinds import is_kind

    return next((kind for kind in ("text", "number", "boolean") if is_kind(arg.type, kind)), "")
