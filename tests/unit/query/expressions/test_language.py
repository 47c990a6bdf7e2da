"""Grammar, limits, errors, types and sides of expressions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.format.types import (
    BooleanType,
    ColumnType,
    ImageType,
    ListType,
    NumberType,
    StringType,
    TimestampType,
)
from wbtable.query import ast
from wbtable.query.check import check_text
from wbtable.query.expression_error import ExpressionError
from wbtable.query.functions import FUNCTIONS
from wbtable.query.parser import parse
from wbtable.query.print import quote, show, show_name
from wbtable.query.reference import PLACE, reference
from wbtable.query.terms import Scope

INT, FLOAT, TEXT = NumberType(dtype="int64"), NumberType(dtype="float32"), StringType()
COLUMNS: dict[str, ColumnType] = {
    "guess": TEXT,
    "truth": TEXT,
    "score": FLOAT,
    "id": INT,
    "flag": BooleanType(),
    "items": ListType(item=INT),
    "image": ImageType(),
    "when": TimestampType(),
    "order by": INT,
}
SCOPE = Scope(columns=COLUMNS)
SIDES = Scope(
    columns={"id": INT}, sides=({"guess": TEXT, "only": INT, "1.x": INT}, {"guess": TEXT, "x": INT}), key=("id",)
)


def refuse(text: str, *, scope: Scope = SCOPE, aggregates: bool = False) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        check_text(text, scope, aggregates=aggregates)
    return caught.value


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a = 1", "a == 1"),
        ("a <> 1", "a != 1"),
        ('row["a b"] > 1', "`a b` > 1"),
        ("not a == b and c or d", "((not (a == b)) and c) or d"),
        ("-a ** -b ** 2", "-(a ** (-(b ** 2)))"),
        ("a - b - c * d % e", "(a - b) - ((c * d) % e)"),
        ("a.b[0].c", "((a.b)[0]).c"),
        ("a not between 1 and 2 and b", "(a not between 1 and 2) and b"),
        (r"'a\u0041\n'", r'"aA\n"'),
        (r'r"\d"', r'"\\d"'),
        ("0.1.x + 0.1", "(0.1.x) + (0.1)"),
        ("True and None is null", "true and null is null"),
    ],
)
def test_grammar(text: str, same: str) -> None:
    """EXPR-1."""
    assert parse(text) == parse(same)
    assert parse(show(parse(text))) == parse(text)


def test_sides_are_told_from_numbers() -> None:
    """EXPR-1."""
    assert parse("0.1.x") == ast.SideName(sides=(0, 1), name="x")
    assert parse("*.`a b`") == ast.SideName(sides=ast.ANY, name="a b")
    assert parse("2 * 5.x") == ast.Binary(
        operator="*", left=ast.Literal(value=2), right=ast.SideName(sides=(5,), name="x")
    )
    assert parse("1.5e3") == ast.Literal(value=Decimal(1500))


@pytest.mark.parametrize(
    ("text", "span", "advice"),
    [
        ("a < b < c", (6, 7), "and"),
        ("1. + a", (0, 2), "1.0"),
        ("a && b", (2, 4), "and"),
        ("a = 1; drop", (5, 6), "one expression"),
        ("“a”", (0, 1), '"'),
        ("a == `b", (5, 7), "backquote"),
        ("a == 'b", (5, 7), "'"),
        ("a AND b", (2, 5), "and"),
        ("in == 1", (0, 2), "backquotes"),
        ("(a", (2, 2), None),
        ("a)", (1, 2), "leave"),
        ("a\0b", (1, 2), "text"),
        ("9" * 39, (0, 39), ".0"),
        ("1e999", (0, 5), "1.8e308"),
        ('"\\q"', (1, 3), "backslash"),
        ("a.lower() == b", (2, 7), "lower(a)"),
        ("a.contains('b')", (2, 10), "contains(a, …)"),
        ("a.in(['b'])", (2, 4), "write a in …"),
    ],
)
def test_errors_of_the_grammar(text: str, span: tuple[int, int], advice: str | None) -> None:
    """EXPR-2, EXPR-3."""
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.span == span
    if advice:
        assert advice in str(caught.value.suggestion)


@pytest.mark.parametrize(
    "text", ["a" * 10_001, "(" * 70 + "a" + ")" * 70, "-" * 70 + "a", "[" + "1," * 2001 + "]", "a" + "[0]" * 70]
)
def test_limits(text: str) -> None:
    """EXPR-2."""
    with pytest.raises(ExpressionError):
        parse(text)


def test_long_chains_of_and_are_flat() -> None:
    assert len(parse(" or ".join(["a == 1"] * 300)).children()) == 300


@given(st.text(st.characters(codec="utf-8")))
def test_any_name_and_text_is_written_so_that_it_is_read(text: str) -> None:
    """EXPR-4 for leaves; the oracle's tests ask the rest."""
    assert parse(show_name(text)) == ast.Name(name=text)
    assert parse(quote(text)) == ast.Literal(value=text)


@pytest.mark.parametrize(
    ("text", "span", "part"),
    [
        ('guesss == "x"', (0, 6), 'unknown column "guesss"; did you mean "guess"?'),
        ("score + guess", (8, 13), "takes numbers"),
        ("id and flag", (0, 2), "compare it with something"),
        ("guess == null", (9, 13), "is null"),
        ("guess > 1", (0, 9), "float(text)"),
        ("image > 1", (0, 5), "a.width"),
        ("image.widht > 1", (0, 11), 'did you mean "width"?'),
        ("startsWith(guess, 'a')", (0, 10), "starts_with"),
        ("len()", (0, 5), "takes 1 argument"),
        ("matches(guess, truth)", (15, 20), "stands in the text"),
        ('matches(guess, "(?=a)")', (15, 22), "look-ahead"),
        ("guess like truth", (11, 16), "contains"),
        ("0.guess == 1", (0, 7), "write guess"),
        ('when > "yesterday"', (7, 18), "2024-01-31"),
        ("items[0.5]", (6, 9), "whole number"),
        ("guess[0]", (0, 8), "slice"),
        ("avg(score) > 1", (0, 3), "group rows first"),
        ("quantile(score, 0.5)", (0, 8), "group"),
    ],
)
def test_errors_of_types(text: str, span: tuple[int, int], part: str) -> None:
    """EXPR-3, EXPR-5, EXPR-8."""
    error = refuse(text)
    assert error.span == span
    assert part in str(error)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id + 1", INT),
        ("id / 2", NumberType(dtype="float64")),
        ("coalesce(score, 0.0)", FLOAT),
        ("if(flag, id, 0.5)", NumberType(dtype="float64")),
        ("[1, 2.5]", ListType(item=NumberType(dtype="float64"))),
        ("image.width", NumberType(dtype="int32")),
        ("image.digest", TEXT),
    ],
)
def test_types(text: str, found: ColumnType) -> None:
    """EXPR-5, EXPR-6."""
    assert check_text(text, SCOPE).type == found


def test_aggregates_need_groups_and_grouped_columns() -> None:
    """EXPR-7."""
    grouped = Scope(columns=COLUMNS, groups=(parse("guess"), parse("len(truth)")))
    assert check_text("avg(guess == truth) + len(truth)", grouped, aggregates=True).has_aggregate
    assert check_text("guess", grouped, aggregates=True).root.op == "key"
    assert "first(truth)" in str(refuse("truth", scope=grouped, aggregates=True))
    assert "inside another" in str(refuse("sum(avg(id))", scope=grouped, aggregates=True))
    assert refuse("count() > id", aggregates=True).span == (10, 12)


def test_sides() -> None:
    """EXPR-15."""
    spans = check_text('*.guess != "a"', SIDES).root
    assert (spans.op, len(spans.args)) == ("or", 2)
    bare = check_text('guess != "a"', SIDES)
    assert [use.side for use in bare.columns] == [0, 1]
    assert [use.side for use in check_text("only > 1", SIDES).columns] == [0]
    assert [(use.side, use.name) for use in check_text("0.1.x > 1", SIDES).columns] == [(0, "1.x")]
    assert [use.side for use in check_text("id > 1", SIDES).columns] == [None]
    assert "0.guess or 1.guess" in str(refuse("len(guess)", scope=SIDES))
    assert "the sides are 0 to 1" in str(refuse("2.guess == 'a'", scope=SIDES))


def test_the_reference_is_current() -> None:
    """EXPR-8: run ``python -m wbtable.query.reference``."""
    assert PLACE.read_text("utf-8") == reference()


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_examples_of_the_reference_parse(name: str) -> None:
    parse(FUNCTIONS[name].example[0])
