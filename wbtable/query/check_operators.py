"""Arithmetic and logic: which types they take, and in which they compute (EXPR-5, EXPR-10)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from wbtable.format.types import (
    ColumnType,
    DecimalType,
    DurationType,
    ListType,
    NullType,
    TimestampType,
)
from wbtable.query import ast
from wbtable.query.check_compare import check_comparison, check_contains, make, to_number, zones
from wbtable.query.check_values import adapt, as_double, check_literal, common_of
from wbtable.query.expression_error import ExpressionError
from wbtable.query.kinds import (
    FLOAT64,
    INT64,
    INTEGER,
    TEXT,
    common,
    is_boolean,
    is_float,
    is_int,
    is_moment,
    is_number,
    is_text,
    is_wide,
)

if TYPE_CHECKING:
    from wbtable.query.expression_error import Span
    from wbtable.query.terms import Term


def need_boolean(term: Term, operator: str) -> None:
    """Refuse an operand of ``and``, ``or`` or ``not`` that is neither true nor false.

    Raises:
        ExpressionError: it is.

    """
    if not is_boolean(term.type):
        advice = "compare it with something: a != 0" if is_number(term.type) else 'compare it with something: a == "x"'
        raise ExpressionError(f"{operator} takes true or false, found {term.type}", term.span, suggestion=advice)


def check_negative(operand: Term, span: Span) -> Term:
    """Type ``-operand``.

    Raises:
        ExpressionError: the operand is no number and no length of time.

    """
    if operand.is_literal and isinstance(operand.value, int | Decimal) and not isinstance(operand.value, bool):
        return check_literal(ast.Literal(value=-operand.value, span=span))
    found = operand.type
    if is_int(found):
        return make("negative", INTEGER if is_wide(found) else INT64, (operand,), None, span)
    if is_float(found) or isinstance(found, DurationType):
        return make("negative", found, (operand,), None, span)
    if isinstance(found, DecimalType | NullType):
        return make("negative", FLOAT64, (adapt(operand, FLOAT64),), None, span)
    raise ExpressionError(f"- takes a number, found {found}", operand.span, suggestion=to_number(found))


def check_binary(operator: str, left: Term, right: Term, span: Span) -> Term:
    """Type an operator between two operands.

    Raises:
        ExpressionError: it does not take them.

    """
    if operator == "contains":
        return check_contains(left, right, span)
    if operator in ast.COMPARISONS:
        return check_comparison(operator, left, right, span)
    times = _times(operator, left, right, span)
    if times is not None:
        return times
    kinds = [side.type for side in (left, right) if not isinstance(side.type, NullType)]
    if operator == "+" and kinds and all(map(is_text, kinds)):
        return make("concat", TEXT, (adapt(left, TEXT), adapt(right, TEXT)), None, span)
    if operator == "+" and isinstance(left.type, ListType) and isinstance(right.type, ListType):
        shared = common_of((left, right))
        if shared is None:
            raise ExpressionError(f"expected lists of one type, found {left.type} and {right.type}", span)
        return make("concat", shared, (adapt(left, shared), adapt(right, shared)), None, span)
    for side in (left, right):
        if not is_number(side.type) and not isinstance(side.type, NullType):
            both = {is_text(left.type), is_text(right.type)} == {True, False}
            advice = "write str(number) to put text and numbers together" if operator == "+" and both else None
            raise ExpressionError(
                f"{operator} takes numbers, found {left.type} and {right.type}",
                side.span,
                suggestion=advice or to_number(side.type),
            )
    return _arithmetic(operator, left, right, span)


def _arithmetic(operator: str, left: Term, right: Term, span: Span) -> Term:
    whole = is_int(left.type) and is_int(right.type) and operator in {"+", "-", "*", "%"}
    if whole:
        wide = is_wide(left.type) or is_wide(right.type)
        return make("arithmetic", INTEGER if wide else INT64, (left, right), operator, span)
    return make("arithmetic", FLOAT64, (as_double(left), as_double(right)), operator, span)


def _times(operator: str, left: Term, right: Term, span: Span) -> Term | None:
    """Type sums and differences of times; None where there are none."""
    a, b = left.type, right.type
    if isinstance(a, DurationType) and isinstance(b, DurationType) and operator in {"+", "-"}:
        shared = common([a, b])
        assert shared is not None
        return make("arithmetic", shared, (adapt(left, shared), adapt(right, shared)), operator, span)
    if isinstance(a, DurationType) and isinstance(b, DurationType) and operator == "/":
        return make("ratio", FLOAT64, (left, right), operator, span)
    if operator == "-" and is_moment(a) and (is_moment(b) or (right.is_literal and is_text(b))):
        other = adapt(right, a)
        shared = common([a, other.type])
        if shared is None:
            zones(other.span)
        return make("difference", DurationType(unit=_finer(a, other.type)), (left, other), None, span)
    if is_moment(a) and isinstance(b, DurationType) and operator in {"+", "-"}:
        return make("shift", _shifted(a, b), (left, right), operator, span)
    if is_moment(b) and isinstance(a, DurationType) and operator == "+":
        return make("shift", _shifted(b, a), (right, left), operator, span)
    if is_moment(a) and is_number(b):
        raise ExpressionError(
            f"{operator} takes a duration behind a time, found {b}", right.span, suggestion='write duration("1d 2h")'
        )
    return None


def _shifted(moment: ColumnType, length: DurationType) -> ColumnType:
    return TimestampType(unit=_finer(moment, length), zone=getattr(moment, "zone", None))


def _finer(*times: ColumnType) -> str:
    """Return the unit that loses nothing of times and lengths: microseconds, or nanoseconds where one has them."""
    return "ns" if any(getattr(found, "unit", None) == "ns" for found in times) else "us"
