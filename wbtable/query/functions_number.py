"""Functions of numbers (EXPR-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.query.check_values import as_double
from wbtable.query.expression_error import ExpressionError
from wbtable.query.function import Function, Parameter
from wbtable.query.kinds import FLOAT64, INT64, INTEGER, is_int, is_wide
from wbtable.query.sql import narrow

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

_GROUP: Final = "Numbers"
_MAX_DIGITS: Final = 15


def _double(args: tuple[Term, ...]) -> tuple[Term, ...]:
    return tuple(as_double(arg) for arg in args)


def _floats(args: tuple[Term, ...]) -> tuple[Term, ...]:
    """Return whole numbers as they are, others as doubles."""
    return (args[0] if is_int(args[0].type) else as_double(args[0]), *args[1:])


def _same(args: tuple[Term, ...]) -> ColumnType:
    if not is_int(args[0].type):
        return FLOAT64
    return INTEGER if is_wide(args[0].type) else INT64


def _whole(term: Term, text: str) -> str:
    return narrow(text, "DECIMAL(38, 0)" if is_wide(term.type) else "BIGINT")


def _abs(builder: Builder, term: Term, args: list[str]) -> str:
    if not is_int(term.type):
        return f"abs({args[0]})"
    exact = f"abs(CAST({args[0]} AS HUGEINT))"
    if not is_wide(term.type):
        builder.caution("overflow", f"{exact} > 9223372036854775807", term)
    return _whole(term, exact)


def _round(builder: Builder, term: Term, args: list[str]) -> str:
    if is_int(term.type):
        return _whole(term, args[0])
    digits = int(term.args[1].value) if len(term.args) > 1 else 0
    return f"round({args[0]}, {digits})" if digits else f"round({args[0]})"


def _check_digits(args: tuple[Term, ...]) -> tuple[Term, ...]:
    if len(args) > 1 and (args[1].value is None or not 0 <= args[1].value <= _MAX_DIGITS):
        raise ExpressionError(f"expected 0 to {_MAX_DIGITS} digits", args[1].span, suggestion="write 2 for hundredths")
    return _floats(args)


def _towards(name: str, doc: str) -> Function:
    return Function(
        name=name,
        group=_GROUP,
        parameters=(Parameter("value", "number"),),
        result=_same,
        gives="int64 of whole numbers, else float64",
        doc=doc,
        example=(f"{name}(2.5)", {"floor": "2.0", "ceil": "3.0"}[name]),
        write=lambda builder, term, args: _whole(term, args[0]) if is_int(term.type) else f"{name}({args[0]})",
        prepare=_floats,
    )


def _within(name: str, bound: str, doc: str, example: tuple[str, str]) -> Function:
    """Make a function that only takes numbers of a domain: null outside it, and counted."""

    def write(builder: Builder, term: Term, args: list[str]) -> str:
        builder.caution(f"outside the domain of {name}", f"NOT ({args[0]} {bound})", term)
        return builder.let(args, lambda v: f"{name}(CASE WHEN {v[0]} {bound} THEN {v[0]} END)")

    return Function(
        name=name,
        group=_GROUP,
        parameters=(Parameter("value", "number"),),
        result=FLOAT64,
        gives="float64",
        doc=doc,
        example=example,
        write=write,
        prepare=_double,
    )


NUMBERS: Final = (
    Function(
        name="abs",
        group=_GROUP,
        parameters=(Parameter("value", "number"),),
        result=_same,
        gives="int64 of whole numbers, else float64",
        doc="The number without its sign.",
        example=("abs(-2)", "2"),
        write=_abs,
        prepare=_floats,
    ),
    Function(
        name="round",
        group=_GROUP,
        parameters=(Parameter("value", "number"), Parameter("digits", "integer", is_optional=True, is_literal=True)),
        result=_same,
        gives="int64 of whole numbers, else float64",
        doc="The nearest number with so many digits behind the point; halves away from zero.",
        example=("round(2.5)", "3.0"),
        write=_round,
        prepare=_check_digits,
    ),
    _towards("floor", "The greatest whole number that is not greater."),
    _towards("ceil", "The least whole number that is not less."),
    _within("sqrt", ">= 0", "The square root; null of negative numbers.", ("sqrt(9)", "3.0")),
    _within("ln", "> 0", "The natural logarithm; null of numbers that are not positive.", ("ln(1)", "0.0")),
    _within("log10", "> 0", "The decimal logarithm; null of numbers that are not positive.", ("log10(100)", "2.0")),
    Function(
        name="exp",
        group=_GROUP,
        parameters=(Parameter("value", "number"),),
        result=FLOAT64,
        gives="float64",
        doc="e to the power of the number.",
        example=("exp(0)", "1.0"),
        write=lambda builder, term, args: f"exp({args[0]})",
        prepare=_double,
    ),
)
