"""Comparisons in SQL (EXPR-9): exact between whole and floating-point numbers, in order never true of NaN."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from wbtable.format.documents import canonical
from wbtable.format.tagged import tag
from wbtable.format.types import ListType, StructType
from wbtable.query.compile_decimals import ordered
from wbtable.query.compile_maps import comparable
from wbtable.query.compile_times import nanos
from wbtable.query.compile_values import type_of
from wbtable.query.kinds import is_float

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

SQL_OPERATORS: Final = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def compare(builder: Builder, term: Term) -> str:
    """Write a comparison."""
    operator, mode = term.value
    left, right = term.args
    if mode == "mixed":
        return f"({builder.sql(left)} {SQL_OPERATORS[operator]} {builder.text(_tagged(right.value))})"
    if mode == "nanoseconds":
        a, b = (nanos(builder.sql(side), side.type) for side in (left, right))
        return f"({a} {SQL_OPERATORS[operator]} {b})"
    if mode == "exact lists":
        a, b = (_exact_items(builder.sql(side), side.type) for side in (left, right))
        return f"({a} {SQL_OPERATORS[operator]} {b})"
    if operator in {"==", "!="} or mode == "nested":
        if mode == "exact":
            return _exact_equal(builder, operator, left, right)
        a, b = (comparable(builder.sql(side), side.type) for side in (left, right))
        return f"({a} {SQL_OPERATORS[operator]} {b})"
    lesser, greater = (left, right) if operator in {"<", "<="} else (right, left)
    strict = operator in {"<", ">"}
    if mode == "exact":
        return _exact_less(builder, lesser, greater, strict=strict)
    a, b = (ordered(builder.sql(side), side.type) for side in (lesser, greater))
    if not is_float(greater.type) or greater.is_literal:
        return f"({a} {'<' if strict else '<='} {b})"
    return builder.let([a, b], lambda v: _less(v[0], v[1], greater.type, strict=strict, known=lesser.is_literal))


def _less(a: str, b: str, found: ColumnType, *, strict: bool, known: bool) -> str:
    """Write a < b where b may be NaN, which the engine takes for greater than all numbers.

    With a known to be there, b <= infinity is a second bound of a range, which the engine can use to skip rows; where a
    may be null, null comes out with null.
    """
    bound = f"{b} <= CAST('Infinity' AS {type_of(found)})"
    text = f"{a} {'<' if strict else '<='} {b}"
    return f"({text} AND {bound})" if known else f"({text} AND ({bound} OR {a} IS NULL))"


def _exact_equal(builder: Builder, operator: str, left: Term, right: Term) -> str:
    whole, other = (right, left) if is_float(left.type) else (left, right)

    def body(v: list[str]) -> str:
        near = f"(CAST({v[0]} AS DOUBLE) = {v[1]})"
        same = f"COALESCE(TRY_CAST({v[1]} AS HUGEINT) = CAST({v[0]} AS HUGEINT), false)"
        return f"(CASE WHEN {near} THEN {same} ELSE {near} END)"

    text = builder.let([builder.sql(whole), builder.sql(other)], body)
    return text if operator == "==" else f"(NOT {text})"


def _exact_items(text: str, found: ColumnType, depth: int = 0) -> str:
    """Return numbers, or lists of them, as text that is the same where whole and floating-point ones are equal."""
    if isinstance(found, ListType):
        name = f"e{depth}"
        return f"list_transform({text}, lambda {name}: {_exact_items(name, found.item, depth + 1)})"
    if not is_float(found):
        return f"CAST({text} AS VARCHAR)"
    whole = f"{text} = trunc({text}) AND abs({text}) < 1e38 THEN CAST(TRY_CAST({text} AS HUGEINT) AS VARCHAR)"
    return f"(CASE WHEN isnan({text}) THEN 'nan' WHEN {whole} ELSE CAST({text} AS VARCHAR) END)"


def _exact_less(builder: Builder, lesser: Term, greater: Term, *, strict: bool) -> str:
    """Write a < b for a whole number of 64 bits and a double: rounding keeps the order, equals are compared exactly."""

    def body(v: list[str]) -> str:
        a, b = (f"CAST({side} AS DOUBLE)" for side in v)
        exact = " < ".join(f"TRY_CAST({side} AS HUGEINT)" for side in v)
        exact = exact if strict else exact.replace(" < ", " <= ")
        bound = f"{b} <= CAST('Infinity' AS DOUBLE)"
        return (
            f"(CASE WHEN {a} = {b} THEN COALESCE({exact}, {'false' if strict else bound}) "
            f"ELSE {a} < {b} AND ({bound} OR {a} IS NULL) END)"
        )

    return builder.let([builder.sql(lesser), builder.sql(greater)], body)


def _tagged(value: bool | int | Decimal | str) -> str:
    """Return how a mixed column stores a value (ANY-1)."""
    return canonical(tag(float(value) if isinstance(value, Decimal) else value)).decode()


def in_list(builder: Builder, term: Term) -> str:
    """Write ``a in [b, c]``; a list without elements holds nothing."""
    operand, *options = term.args
    found = builder.sql(operand)
    if not options:
        text = f"(CASE WHEN {found} IS NOT NULL THEN false END)"
        return f"(NOT {text})" if term.value else text
    if all(o.value == ("==", "plain") and o.args[0] is operand and o.args[1].is_literal for o in options):
        listed = ", ".join(builder.sql(option.args[1]) for option in options)
        return f"({found} {'NOT ' if term.value else ''}IN ({listed}))"
    text = "(" + " OR ".join(builder.sql(option) for option in options) + ")"
    return f"(NOT {text})" if term.value else text


def contains(builder: Builder, term: Term) -> str:
    """Write ``text contains part``."""
    left, right = (builder.sql(arg) for arg in term.args)
    return f"contains({left}, {right})"


def list_contains(builder: Builder, term: Term) -> str:
    """Write ``list contains element``; of what is null nothing is known."""
    form = _exact_items if term.value == "exact" else comparable
    left, right = (form(builder.sql(arg), arg.type) for arg in term.args)
    if term.args[1].is_literal:
        return f"list_contains({left}, {right})"
    return builder.let(
        [left, right], lambda v: f"(CASE WHEN {v[1]} IS NOT NULL THEN list_contains({v[0]}, {v[1]}) END)"
    )


def has_key(builder: Builder, term: Term) -> str:
    """Write ``dict contains key``."""
    base, key = term.args
    found, wanted = builder.sql(base), builder.sql(key)
    if not isinstance(base.type, StructType):
        return f"(map_contains({found}, {wanted}))"
    names = ", ".join(builder.text(name.name) for name in base.type.fields)
    known = f"COALESCE({wanted} IN ({names}), false)" if names else "false"
    if base.type.has_absent:
        at = len(base.type.fields) + 1
        known = f"({known} AND NOT COALESCE(list_contains(struct_extract_at({found}, {at}), {wanted}), false))"
    return f"(CASE WHEN {found} IS NOT NULL AND {wanted} IS NOT NULL THEN {known} END)"


def like(builder: Builder, term: Term) -> str:
    """Write ``text like pattern``; the engine's own takes exponential time, regular expressions do not."""
    pattern, negated = term.value
    found = builder.sql(term.args[0])
    plain = re.fullmatch(r"(%?)([^%_]*)(%?)", pattern, re.DOTALL)
    if plain:
        before, part, behind = plain.groups()
        wanted = builder.text(part)
        if before and behind:
            text = f"contains({found}, {wanted})"
        elif before:
            text = f"ends_with({found}, {wanted})"
        elif behind:
            text = f"starts_with({found}, {wanted})"
        else:
            text = f"({found} = {wanted})"
    else:
        regex = "".join({"%": ".*", "_": "."}.get(char) or re.escape(char) for char in re.sub("%+", "%", pattern))
        text = f"regexp_full_match({found}, {builder.text(regex)}, 's')"
    return f"(NOT {text})" if negated else text
