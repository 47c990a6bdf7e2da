"""Literals, lists and dicts that stand in the text; fields and elements of values (EXPR-6)."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from wbtable.format.types import (
    ColumnType,
    DateType,
    DecimalType,
    DurationType,
    Field,
    ListType,
    MapType,
    NullType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
    TimeType,
    UuidType,
)
from wbtable.query.expression_error import ExpressionError
from wbtable.query.kinds import (
    BOOLEAN,
    FLOAT64,
    INT64,
    INTEGER,
    NULL,
    TEXT,
    common,
    int_range,
    is_float,
    is_int,
    is_text,
)
from wbtable.query.terms import Term
from wbtable.query.time_literals import retime, text_as_time, written_time

if TYPE_CHECKING:
    from wbtable.query import ast
    from wbtable.query.expression_error import Span


def check_literal(node: ast.Literal) -> Term:
    """Type a value that stands in the text."""
    value = node.value
    found: ColumnType
    if value is None:
        found = NULL
    elif isinstance(value, bool):
        found = BOOLEAN
    elif isinstance(value, str):
        found = TEXT
    elif isinstance(value, int):
        found = whole_type(value)
    else:
        found = FLOAT64
    return Term(op="literal", type=found, value=value, span=node.span)


def whole_type(value: int) -> ColumnType:
    """Return the type of a whole number that stands in the text."""
    low, high = int_range(INT64)
    return INT64 if low <= value <= high else INTEGER


def check_list(items: tuple[Term, ...], span: Span) -> Term:
    """Type a list: its elements become what they have in common.

    Raises:
        ExpressionError: they have nothing in common.

    """
    shared = common_of(items)
    if shared is None:
        first = items[0].type
        other = next(item for item in items if common([first, item.type]) is None or item.type != first)
        raise ExpressionError(
            f"expected elements of one type, found {first} and {other.type}", other.span, suggestion="use two lists"
        )
    adapted = tuple(adapt(item, shared) for item in items)
    return Term(
        op="list",
        type=ListType(item=shared),
        args=adapted,
        span=span,
        has_aggregate=any(item.has_aggregate for item in items),
    )


def check_dict(values: tuple[Term, ...], node: ast.Dict) -> Term:
    """Type a dict."""
    names = [name for name, _ in node.items]
    fields = tuple(Field(name=name, type=value.type) for name, value in zip(names, values, strict=True))
    wrong = next((name for name in names if name == "$absent" or "\0" in name), None)
    if wrong is not None:
        raise ExpressionError(f"no key may be called {wrong[:40]!r}", node.span, suggestion="choose another key")
    return Term(
        op="dict",
        type=StructType(fields=fields),
        args=values,
        span=node.span,
        has_aggregate=any(value.has_aggregate for value in values),
    )


def common_of(terms: tuple[Term, ...]) -> ColumnType | None:
    """Return the type that terms have in common; literals take that of the others where they fit it."""
    fixed = [term for term in terms if not term.is_literal]
    shared = common(term.type for term in fixed) if fixed else common(term.type for term in terms)
    if shared is None or not fixed:
        return shared
    for term in terms:
        if term.is_literal:
            found = adapt(term, shared)
            if found.type == shared:
                continue
            wider = common([shared, found.type])
            if wider is None:
                return None
            shared = wider
    return shared


def adapt(term: Term, wanted: ColumnType) -> Term:
    """Return a term as a value of a type: literals by their value, others by a cast; as it is where it does not fit.

    A number becomes what the column's type makes of it: in a float32 column 0.1 means the float32 nearest to it.
    """
    if term.type == wanted:
        return term
    if term.is_literal and term.value is None:
        return _with(term, wanted, None)
    if isinstance(term.type, NullType):
        return _cast(term, wanted)
    if term.is_literal:
        return _adapt_literal(term, wanted)
    written = written_time(term)
    if written is not None:
        found = retime(written.type, written.value, wanted)
        if found is not None:
            return _with(term, *found)
    if term.op == "list" and isinstance(wanted, ListType):
        items = tuple(adapt(item, wanted.item) for item in term.args)
        if all(item.type == wanted.item for item in items):
            return Term(op="list", type=wanted, args=items, span=term.span, has_aggregate=term.has_aggregate)
        return term
    if term.op == "dict" and isinstance(wanted, StructType):
        return _adapt_dict(term, wanted)
    if term.op == "dict" and isinstance(wanted, MapType):
        return _adapt_map(term, wanted)
    if common([term.type, wanted]) == wanted:
        return _cast(term, wanted)
    return term


def as_double(term: Term) -> Term:
    """Return a number as float64."""
    return adapt(term, FLOAT64)


def _cast(term: Term, wanted: ColumnType) -> Term:
    return Term(op="cast", type=wanted, args=(term,), span=term.span, has_aggregate=term.has_aggregate)


def _with(term: Term, wanted: ColumnType, value: Any) -> Term:
    return Term(op="literal", type=wanted, value=value, span=term.span)


def _adapt_dict(term: Term, wanted: StructType) -> Term:
    assert isinstance(term.type, StructType)
    given = {field.name: arg for field, arg in zip(term.type.fields, term.args, strict=True)}
    if set(given) - {field.name for field in wanted.fields}:
        return term
    if len(given) < len(wanted.fields) and not wanted.absent:
        return term
    missing = Term(op="literal", type=NULL, span=term.span)
    args = tuple(adapt(given.get(field.name, missing), field.type) for field in wanted.fields)
    if any(arg.type != field.type for arg, field in zip(args, wanted.fields, strict=True)):
        return term
    absent = tuple(field.name for field in wanted.fields if field.name not in given)
    return Term(op="dict", type=wanted, args=args, value=absent, span=term.span, has_aggregate=term.has_aggregate)


def _adapt_map(term: Term, wanted: MapType) -> Term:
    assert isinstance(term.type, StructType)
    values = tuple(adapt(arg, wanted.item) for arg in term.args)
    if not isinstance(wanted.key, StringType) or any(value.type != wanted.item for value in values):
        return term
    names = tuple(field.name for field in term.type.fields)
    return Term(op="dict", type=wanted, args=values, value=names, span=term.span, has_aggregate=term.has_aggregate)


def _adapt_literal(term: Term, wanted: ColumnType) -> Term:
    value = term.value
    if isinstance(value, bool):
        return term
    if isinstance(value, float) and math.isfinite(value):
        value = Decimal(value)
    if isinstance(value, int | Decimal):
        found = _number(value, wanted)
        return term if found is None else _with(term, wanted, found)
    if isinstance(value, str) and is_text(term.type):
        return _adapt_text(term, value, wanted)
    return term


def _number(value: int | Decimal, wanted: ColumnType) -> object:
    """Return a number as one of a type, or None where it is not one."""
    if is_float(wanted):
        assert isinstance(wanted, NumberType)
        number = float(value)
        if wanted.dtype == "float64":
            return number
        with np.errstate(over="ignore"):
            narrow = float(np.float32(number))
        return narrow if math.isfinite(narrow) else None
    if is_int(wanted):
        if value != int(value):
            return None
        low, high = int_range(wanted)
        return int(value) if low <= value <= high else None
    if isinstance(wanted, DecimalType):
        return _decimal(Decimal(value), wanted)
    return None


def _decimal(value: Decimal, wanted: DecimalType) -> Decimal | None:
    if wanted.precision > 38:
        return None
    _, digits, exponent = value.normalize().as_tuple()
    assert isinstance(exponent, int)
    whole = len(digits) + exponent
    fits = -exponent <= wanted.scale and whole <= wanted.precision - wanted.scale
    return value if fits or value == 0 else None


def _adapt_text(term: Term, value: str, wanted: ColumnType) -> Term:
    """Read text as what it is compared with.

    Raises:
        ExpressionError: it is none.

    """
    if isinstance(wanted, UuidType | StringType):
        return _with(term, wanted, value.lower() if isinstance(wanted, UuidType) else value)
    if isinstance(wanted, DateType | TimestampType | TimeType | DurationType):
        found = text_as_time(value, wanted, term.span)
        return term if found is None else _with(term, *found)
    return term
