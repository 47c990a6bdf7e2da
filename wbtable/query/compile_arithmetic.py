"""Arithmetic in SQL (EXPR-10): whole numbers in 128 bits and back, nothing raises, what does not fit is null."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from wbtable.format.types import ColumnType, DurationType
from wbtable.query.kinds import INT64, int_range, is_int, is_wide
from wbtable.query.sql import narrow

if TYPE_CHECKING:
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

_SAFE: Final = "1e38"
"""Below this magnitude, computed in doubles, 128 bits hold the exact result."""


def _whole(found: ColumnType) -> bool:
    return is_int(found) or isinstance(found, DurationType)


def _range(term: Term) -> tuple[int, int]:
    if term.is_literal and isinstance(term.value, int | Decimal) and not isinstance(term.type, DurationType):
        return int(term.value), int(term.value)
    return int_range(INT64 if isinstance(term.type, DurationType) else term.type)


def _fits(operator: str, left: Term, right: Term) -> bool:
    """Whether no result can pass 64 bits."""
    (a, b), (c, d) = _range(left), _range(right)
    corners = {
        "+": lambda: (a + c, b + d),
        "-": lambda: (a - d, b - c),
        "*": lambda: (min(a * c, a * d, b * c, b * d), max(a * c, a * d, b * c, b * d)),
    }[operator]()
    low, high = int_range(INT64)
    return low <= corners[0] and corners[1] <= high


def negative(builder: Builder, term: Term) -> str:
    """Write ``-a``."""
    (operand,) = term.args
    text = builder.sql(operand)
    if not _whole(operand.type):
        return f"(-{text})"
    if is_wide(term.type):
        return narrow(f"-CAST({text} AS HUGEINT)", "DECIMAL(38, 0)")
    if _range(operand)[0] > int_range(INT64)[0]:
        return f"(-CAST({text} AS BIGINT))"
    return _checked(builder, term, f"(-CAST({text} AS HUGEINT))")


def _checked(builder: Builder, term: Term, exact: str) -> str:
    low, high = int_range(INT64)
    builder.caution("overflow", f"{exact} NOT BETWEEN {low} AND {high}", term)
    return narrow(exact, "BIGINT")


def arithmetic(builder: Builder, term: Term) -> str:
    """Write ``a + b`` and its like."""
    left, right = term.args
    a, b = builder.sql(left), builder.sql(right)
    operator = term.value
    if operator == "%":
        return _modulo(builder, term, a, b)
    if not _whole(term.type):
        return _floating(builder, term, a, b)
    if is_wide(term.type):
        return _wide(builder, term, a, b)
    if _fits(operator, left, right):
        return f"(CAST({a} AS BIGINT) {operator} CAST({b} AS BIGINT))"
    return _checked(builder, term, f"(CAST({a} AS HUGEINT) {operator} CAST({b} AS HUGEINT))")


def _wide(builder: Builder, term: Term, a: str, b: str) -> str:
    """Compute with integers of 38 digits: where doubles say that 128 bits suffice."""
    operator = term.value

    def near(v: list[str]) -> str:
        return f"abs(CAST({v[0]} AS DOUBLE) {operator} CAST({v[1]} AS DOUBLE)) < {_SAFE}"

    def body(v: list[str]) -> str:
        exact = f"CAST({v[0]} AS HUGEINT) {operator} CAST({v[1]} AS HUGEINT)"
        return f"(CASE WHEN {near(v)} THEN TRY_CAST({exact} AS DECIMAL(38, 0)) END)"

    builder.caution("overflow", builder.let([a, b], lambda v: f"NOT ({near(v)})"), term)
    return builder.let([a, b], body)


def _floating(builder: Builder, term: Term, a: str, b: str) -> str:
    if term.value == "**":
        return f"pow({a}, {b})"
    if term.value != "/":
        return f"({a} {term.value} {b})"
    return f"({a} / {_divisor(builder, term, a, b)})"


def _divisor(builder: Builder, term: Term, a: str, b: str) -> str:
    """Return what is divided by, null in place of zero."""
    right = term.args[1]
    if right.is_literal and right.value:
        return b
    builder.caution("division by zero", f"{b} = 0 AND {a} IS NOT NULL", term)
    return f"nullif({b}, 0)"


def _modulo(builder: Builder, term: Term, a: str, b: str) -> str:
    """Write the remainder with the divisor's sign; the engine's has the dividend's."""
    divisor = _divisor(builder, term, a, b)
    if is_int(term.type):
        a, divisor = f"CAST({a} AS HUGEINT)", f"CAST({divisor} AS HUGEINT)"

    def body(v: list[str]) -> str:
        rest = f"({v[0]} % {v[1]})"
        return f"(CASE WHEN {rest} <> 0 AND ({rest} < 0) <> ({v[1]} < 0) THEN {rest} + {v[1]} ELSE {rest} END)"

    text = builder.let([a, divisor], body)
    if not is_int(term.type):
        return text
    return narrow(text, "DECIMAL(38, 0)" if is_wide(term.type) else "BIGINT")
