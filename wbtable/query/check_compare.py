"""Comparisons: what compares with what, and as what (EXPR-5, EXPR-9)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

from wbtable.format.types import (
    AnyType,
    BinaryType,
    BooleanType,
    ColumnType,
    ComplexType,
    DecimalType,
    DurationType,
    ListType,
    MapType,
    MediaType,
    NdarrayType,
    NullType,
    NumberType,
    StructType,
    TimeType,
    has_media,
)
from wbtable.query import ast
from wbtable.query.check_values import adapt, as_double, check_literal
from wbtable.query.duck_types import duck_type
from wbtable.query.expression_error import ExpressionError
from wbtable.query.kinds import (
    BOOLEAN,
    INTEGER,
    TEXT,
    by_digest,
    common,
    int_bits,
    is_float,
    is_int,
    is_moment,
    is_number,
    is_ordered,
    is_text,
    is_wide,
    list_item,
)
from wbtable.query.terms import Term
from wbtable.query.time_literals import written_time

if TYPE_CHECKING:
    from wbtable.query.expression_error import Span


def make(op: str, found: ColumnType, args: tuple[Term, ...], value: object, span: Span) -> Term:
    """Return a term over some operands."""
    aggregate = any(arg.has_aggregate for arg in args)
    return Term(op=op, type=found, args=args, value=value, span=span, has_aggregate=aggregate)


def check_comparison(operator: str, left: Term, right: Term, span: Span) -> Term:
    """Type a comparison; the term's value says the operator and how the values are compared.

    Raises:
        ExpressionError: the two do not compare.

    """
    for side in (left, right):
        if side.is_literal and side.value is None:
            written = "is null" if operator == "==" else "is not null" if operator == "!=" else "is null"
            raise ExpressionError("a comparison with null is always null", side.span, suggestion=f"write {written}")
    mode, a, b = _comparable(operator, left, right, span)
    return make("compare", BOOLEAN, (a, b), (operator, mode), span)


def _comparable(operator: str, left: Term, right: Term, span: Span) -> tuple[str, Term, Term]:
    """Return how two terms compare, and as what."""
    a, b = left.type, right.type
    is_equality = operator in {"==", "!="}
    if isinstance(a, NullType) or isinstance(b, NullType):
        # A column of nulls may be compared with anything: as what the other is, for the engine has no type of null.
        left, right = digest_of(left), digest_of(right)
        return "plain", adapt(left, right.type), adapt(right, left.type)
    if is_number(a) and is_number(b):
        return _numbers(left, right)
    left, right = _literals(left, right)
    a, b = left.type, right.type
    if is_moment(a) and is_moment(b):
        if common([a, b]) is None:
            zones(right.span)
        return ("plain" if duck_type(a) == duck_type(b) else "nanoseconds"), left, right
    if isinstance(a, TimeType) and isinstance(b, TimeType):
        return ("plain" if duck_type(a) == duck_type(b) else "nanoseconds"), left, right
    if isinstance(a, DurationType) and isinstance(b, DurationType):
        return ("plain" if a == b else "nanoseconds"), left, right
    if is_ordered(a) and (a == b or (is_text(a) and is_text(b))):
        return "plain", left, right
    if not is_equality:
        _no_order(operator, left, right, span)
    return _equal(left, right, span)


def _equal(left: Term, right: Term, span: Span) -> tuple[str, Term, Term]:
    """Return how values without an order compare."""
    a, b = left.type, right.type
    if isinstance(a, MediaType) or isinstance(b, MediaType):
        return _media(left, right, span)
    if has_media(a) or has_media(b):
        left, right = (
            adapt(one, by_digest(other.type)) if _is_written(one) and not has_media(one.type) else one
            for one, other in ((left, right), (right, left))
        )
        return (
            ("nested", left, right) if by_digest(left.type) == by_digest(right.type) else _mismatch(left, right, span)
        )
    if a == b and not isinstance(a, AnyType):
        return ("nested" if a.children() or isinstance(a, StructType | NdarrayType) else "plain"), left, right
    if isinstance(a, AnyType) != isinstance(b, AnyType):
        return _mixed(left, right)
    if a == b:
        return "plain", left, right
    shared = common([a, b])
    if shared is not None and isinstance(shared, ListType):
        if rounds(a, shared) or rounds(b, shared):
            return "exact lists", left, right
        return "nested", adapt(left, shared), adapt(right, shared)
    return _mismatch(left, right, span)


def _literals(left: Term, right: Term) -> tuple[Term, Term]:
    """Let each side that stands in the text become what the other is."""
    if _is_written(left) and not _is_written(right):
        return _as_other(left, right.type), right
    return left, _as_other(right, left.type) if _is_written(right) else right


def _as_other(term: Term, wanted: ColumnType) -> Term:
    return term if _has_rounded(term, wanted) else adapt(term, wanted)


def _has_rounded(term: Term, wanted: ColumnType) -> bool:
    """Whether a list that stands in the text has a column in it that would be rounded; literals go by their value."""
    if term.op == "list" and isinstance(wanted, ListType):
        return any(_has_rounded(item, wanted.item) for item in term.args)
    return not term.is_literal and rounds(term.type, wanted)


def _is_written(term: Term) -> bool:
    return term.op in {"literal", "list", "dict"} or written_time(term) is not None


def _numbers(left: Term, right: Term) -> tuple[str, Term, Term]:
    if left.is_literal != right.is_literal:
        literal, other = (left, right) if left.is_literal else (right, left)
        adapted = _number_literal(literal, other.type)
        if adapted is not None:
            return ("plain", adapted, right) if left.is_literal else ("plain", left, adapted)
    a, b = left.type, right.type
    if is_int(a) and is_int(b):
        if isinstance(a, NumberType) and a == b:
            return "plain", left, right
        if not is_wide(a) and not is_wide(b):
            return "plain", left, right
        return "plain", adapt(left, INTEGER), adapt(right, INTEGER)
    if is_float(a) and is_float(b):
        return "plain", left, right
    if isinstance(a, DecimalType) and a == b:
        return "plain", left, right
    whole, fraction = (a, b) if is_int(a) else (b, a)
    if is_int(whole) and is_float(fraction) and int_bits(whole) > 32:
        return "exact", left, right
    return "plain", as_double(left), as_double(right)


def _number_literal(literal: Term, other: ColumnType) -> Term | None:
    """Return a number as the column's type has it; None where it has none such, and both compare as doubles."""
    adapted = adapt(literal, other)
    if adapted.type == other:
        return adapted
    if is_int(other) and isinstance(literal.value, Decimal) and literal.value == int(literal.value):
        whole = int(literal.value)
        if abs(whole) < 10**38:
            return check_literal(ast.Literal(value=whole, span=literal.span))
    return None


def _media(left: Term, right: Term, span: Span) -> tuple[str, Term, Term]:
    for side in (left, right):
        if not isinstance(side.type, MediaType) and not is_text(side.type):
            _mismatch(left, right, span)
    return "plain", digest_of(left), digest_of(right)


def digest_of(term: Term) -> Term:
    """Return media as the digest of its bytes; anything else as it is."""
    if not isinstance(term.type, MediaType):
        return term
    return make("field", TEXT, (term,), "digest", term.span)


def _mixed(left: Term, right: Term) -> tuple[str, Term, Term]:
    """Compare a mixed column with a value that stands in the text, by the form in which cells are stored (ANY-1)."""
    mixed, other = (left, right) if isinstance(left.type, AnyType) else (right, left)
    if not other.is_literal or not isinstance(other.value, bool | int | Decimal | str):
        raise ExpressionError(
            f"a mixed column does not compare with {other.type}",
            other.span,
            suggestion="write float(column) or str(column) to say as what to compare",
        )
    return "mixed", mixed, other


def _no_order(operator: str, left: Term, right: Term, span: Span) -> NoReturn:
    if is_ordered(left.type) and is_ordered(right.type):
        _mismatch(left, right, span)
    side = right if is_ordered(left.type) else left
    advice = "compare with == or !="
    if isinstance(side.type, MediaType):
        advice = "compare a fact of it, such as a.width"
    elif isinstance(side.type, AnyType):
        advice = "write float(column) to compare numbers"
    elif isinstance(side.type, MapType | StructType | ListType):
        advice = "compare an element of it"
    raise ExpressionError(f"{side.type} has no order: {operator} does not take it", side.span, suggestion=advice)


def _mismatch(left: Term, right: Term, span: Span) -> NoReturn:
    a, b = left.type, right.type
    advice = None
    if {is_text(a), is_text(b)} == {True, False} and {is_number(a), is_number(b)} == {True, False}:
        text = left if is_text(a) else right
        advice = "write the number without quotes" if text.is_literal else "write float(text) or str(number)"
    elif isinstance(a, BooleanType) or isinstance(b, BooleanType):
        advice = "write true or false, or int(flag) for 0 and 1"
    elif isinstance(a, BinaryType | ComplexType):
        advice = f"write {a.kind}(…) for a value of that type"
    raise ExpressionError(f"{a} does not compare with {b}", span, suggestion=advice)


def check_in(operand: Term, options: Term | tuple[Term, ...], node: ast.In) -> Term:
    """Type ``operand in options``.

    Raises:
        ExpressionError: the options are no list, or of another type.

    """
    if isinstance(options, tuple):
        found = tuple(
            check_comparison("==", operand, option, option.span)
            for option in options
            if not (option.is_literal and option.value is None)
        )
        return make("in", BOOLEAN, (operand, *found), node.negated, node.span)
    inner = check_contains(options, operand, node.span)
    return make("not", BOOLEAN, (inner,), None, node.span) if node.negated else inner


def check_contains(left: Term, right: Term, span: Span) -> Term:
    """Type ``left contains right``: a text in a text, an element in a list, a key in a dict.

    Raises:
        ExpressionError: it is none of these.

    """
    if isinstance(left.type, NullType):
        left = adapt(left, TEXT if is_text(right.type) else ListType(item=right.type))
    if is_text(left.type):
        right = adapt(right, TEXT) if isinstance(right.type, NullType) else right
    if is_text(left.type) and is_text(right.type):
        return make("contains", BOOLEAN, (left, right), None, span)
    if isinstance(left.type, MapType | StructType):
        key = left.type.key if isinstance(left.type, MapType) else TEXT
        wanted = adapt(right, key)
        if wanted.type != key:
            raise ExpressionError(f"expected a key of type {key}, found {right.type}", right.span)
        return make("has key", BOOLEAN, (left, wanted), None, span)
    item = list_item(left.type)
    if item is None:
        advice = "write a list in brackets: [1, 2]" if not is_text(left.type) else "write str(value)"
        raise ExpressionError(f"nothing is in {left.type}", left.span, suggestion=advice)
    wanted = adapt(right, item)
    are_media = isinstance(item, MediaType) and (isinstance(right.type, MediaType) or is_text(right.type))
    if not right.is_literal and rounds(right.type, item):
        return make("list contains", BOOLEAN, (left, right), "exact", span)
    if wanted.type == item or are_media:
        return make("list contains", BOOLEAN, (left, wanted), None, span)
    shared = common([item, right.type])
    if shared is None or (is_float(shared) and not is_float(item) and not is_float(right.type)):
        raise ExpressionError(
            f"expected an element of type {item}, found {right.type}", right.span, suggestion=to_number(right.type)
        )
    if rounds(item, shared):
        return make("list contains", BOOLEAN, (left, right), "exact", span)
    as_list = make("cast", ListType(item=shared), (left,), None, left.span)
    return make("list contains", BOOLEAN, (as_list, adapt(right, shared)), None, span)


def rounds(found: ColumnType, wanted: ColumnType) -> bool:
    """Whether whole numbers, in lists too, are made doubles that not all of them have an equal among."""
    if isinstance(found, ListType) and isinstance(wanted, ListType):
        return rounds(found.item, wanted.item)
    return is_int(found) and int_bits(found) > 32 and is_float(wanted)


def check_between(operand: Term, low: Term, high: Term, node: ast.Between) -> Term:
    """Type ``operand between low and high``.

    Raises:
        ExpressionError: the three do not compare.

    """
    bounds = (
        check_comparison(">=", operand, low, node.span),
        check_comparison("<=", operand, high, node.span),
    )
    both = make("and", BOOLEAN, bounds, None, node.span)
    return make("not", BOOLEAN, (both,), None, node.span) if node.negated else both


def check_like(operand: Term, pattern: Term, node: ast.Like) -> Term:
    """Type ``operand like pattern``.

    Raises:
        ExpressionError: the operand is no text, or the pattern none that stands in the text.

    """
    if not is_text(operand.type) and not isinstance(operand.type, NullType):
        raise ExpressionError(
            f"like takes text, found {operand.type}", operand.span, suggestion="write str(value) like …"
        )
    if not (pattern.is_literal and isinstance(pattern.value, str)):
        raise ExpressionError(
            "the pattern of like stands in quotes",
            pattern.span,
            suggestion="write contains(text, part) for a part from a column",
        )
    return make("like", BOOLEAN, (adapt(operand, TEXT),), (pattern.value, node.negated), node.span)


def to_number(found: ColumnType) -> str | None:
    """Return how a value becomes a number, for errors."""
    if is_text(found) or isinstance(found, AnyType):
        return "write float(text) to read it as a number"
    return "write int(flag) for 0 and 1" if isinstance(found, BooleanType) else None


def zones(span: Span) -> NoReturn:
    """Refuse to compare naive and zoned times.

    Raises:
        ExpressionError: always.

    """
    raise ExpressionError(
        "times with and without a zone do not compare", span, suggestion='write in_zone(time, "UTC") for the former'
    )
