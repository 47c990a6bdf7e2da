"""100,000 hostile expressions: an error with range and advice, or a documented null (EXPR-2, EXPR-11, EXPR-12)."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from wbtable.format.types import BooleanType, ListType, NumberType, StringType
from wbtable.query import text_distance
from wbtable.query.check import check
from wbtable.query.compile import compile_expression
from wbtable.query.expression_error import ExpressionError
from wbtable.query.parser import parse
from wbtable.query.print import show
from wbtable.query.terms import ColumnUse, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 100_000
COLUMNS = {
    "id": NumberType(dtype="int64"),
    "score": NumberType(dtype="float32"),
    "text": StringType(),
    "flag": BooleanType(),
    "items": ListType(item=NumberType(dtype="int64")),
}
SCOPE = Scope(columns=COLUMNS)
MARK = "qz;jx"
"""Stands in texts and names of hostile expressions, and never in SQL."""

PIECES = [
    "id",
    "score",
    "text",
    "flag",
    "items",
    "guesss",
    "`",
    "'",
    '"',
    ";",
    "--",
    "/*",
    "*/",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "..",
    "*.",
    "0.",
    "1.",
    "0.1.",
    "0.id",
    "*.id",
    "==",
    "=",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "**",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "between",
    "like",
    "contains",
    "row",
    "true",
    "\0",
    "\n",
    "\\",
    "\u202e",
    "\u0456d",
    "\u2212",
    "\u201c",
    "\uff1d",
    "\ud800",
    "\U0001d4f2\U0001d4ed",
    "1",
    "1e999",
    "1e308",
    "9" * 38,
    "9" * 39,
    "1.",
    ".5",
    "0x1f",
    "'a'",
    '"%"',
    '"\\u0000"',
    "if(",
    "len(",
    "repeat(",
    "matches(",
    "levenshtein(",
    "count(",
    "first(",
    "digest(",
    "drop",
    "SELECT",
    "; DROP TABLE t; --",
    "' OR 1=1 --",
    "read_csv('/etc/passwd')",
    "pragma_version()",
    "$1",
    "?",
    "::int",
    "||",
]
BLOW_UPS = [
    "replace({0}, 'a', '{1}')",
    "{0} + {0}",
    "replace_all({0}, '.', '{1}')",
    "levenshtein({0}, {0})",
    "upper({0})",
    "join_text([{0}, {0}], {0})",
    "slice({0}, id)",
    "if(flag, {0}, {0})",
    "coalesce({0}, {0})",
    "str(len({0}))",
    "replace({0}, '', '{1}')",
    "prepend({0}, {0})",
    "split({0}, 'a')[0]",
]
REGEXES = [
    "(a+)+$",
    "(a|aa)*b",
    "((a*)*)*c",
    "a{1000}",
    "((a{100}){100}){100}",
    "(?=a)",
    "(?<!b)",
    r"\1",
    "[",
    "(",
    "a" * 1001,
    "(" * 900,
    "x*" * 400,
    ".{0,1000}.{0,1000}",
    r"\p{Nope}",
    "(?P<a>b)(?P<a>c)",
    "a**",
    "[z-a]",
    "\\",
    "(.*)*(.*)*(.*)*x",
]
NUMBERS = [
    "id",
    "score",
    "9223372036854775807",
    "-9223372036854775808",
    "0",
    "1e308",
    "1e-320",
    "0.1",
    "int(text)",
    "len(text)",
]


def soup(source: random.Random) -> str:
    return " ".join(source.choice(PIECES) for _ in range(source.randint(1, 12)))


def glued(source: random.Random) -> str:
    return "".join(source.choice(PIECES) for _ in range(source.randint(1, 8)))


def broken(source: random.Random) -> str:
    """Take a sound expression, and damage it."""
    text = source.choice(
        ['id > 1 and text like "a%"', "if(flag, score, 0.5) + id", "items[0] in [1, 2]", "len(text) ** 2"]
    )
    at = source.randrange(len(text))
    return text[:at] + source.choice([*PIECES, ""]) + text[at + source.randint(0, 3) :]


def marked(source: random.Random) -> str:
    """Hide SQL where text or a name may stand."""
    inner = f"{MARK}{source.choice(PIECES)}{source.choice(PIECES)}"
    quoted = "".join(
        f"\\u{ord(char):04x}" if ord(char) < 0x10000 and not 0xD800 <= ord(char) < 0xE000 else "x" for char in inner
    )
    return source.choice(
        [
            "text == '{}'",
            "text contains '{}'",
            "`{}` == 1",
            "replace(text, '{}', 'x')",
            "text in ['{}', '{}']",
            "matches(text, '{}')",
            "text like '{}%'",
        ]
    ).replace("{}", quoted)


def arithmetic(source: random.Random) -> str:
    text = source.choice(NUMBERS)
    for _ in range(source.randint(1, 8)):
        text = f"({text} {source.choice(['+', '-', '*', '/', '%', '**'])} {source.choice(NUMBERS)})"
    return source.choice(["{}", "-{}", "abs({})", "sqrt({})", "round({}, 2)", "int({})", "items[int({})]"]).replace(
        "{}", text
    )


def explosion(source: random.Random) -> str:
    text = "text"
    for _ in range(source.randint(1, 12)):
        text = source.choice(BLOW_UPS).format(text, "a" * source.choice([1, 10, 500]))
        if len(text) > 12_000:
            break
    return f"len({text})"


def regex(source: random.Random) -> str:
    pattern = source.choice(REGEXES).replace("\\", "\\\\")
    return source.choice(['matches(text, "{}")', 'find_all(text, "{}")', 'extract(text, "{}")']).replace("{}", pattern)


def deep(source: random.Random) -> str:
    n = source.choice([10, 63, 64, 65, 200, 3000])
    return source.choice(
        [
            "(" * n + "id" + ")" * n,
            "-" * n + "id",
            "not " * n + "flag",
            "id" + "[0]" * n,
            "[" * n + "]" * n,
            "id" + " + id" * n,
            "flag" + " and flag" * n,
            "abs(" * n + "id" + ")" * n,
            "id ** " * n + "id",
        ]
    )


MAKERS: list[tuple[Callable[[random.Random], str], int]] = [
    (soup, 30),
    (glued, 20),
    (broken, 20),
    (marked, 12),
    (arithmetic, 10),
    (explosion, 3),
    (regex, 3),
    (deep, 2),
]
EVERY, SOME = 100, 12
"""One in so many that compile is run, of all and of the costly; running takes longer than refusing."""


def check_error(error: ExpressionError, text: str) -> None:
    start, end = error.span
    assert 0 <= start <= end <= len(text), (text, error.span)
    assert len(str(error)) < 600


def test_hostile_expressions_give_errors_or_nulls() -> None:
    source = random.Random(4)
    makers = [maker for maker, weight in MAKERS for _ in range(weight)]
    connection = duckdb.connect(config={"threads": 1, "memory_limit": "1GB", "enable_external_access": "false"})
    text_distance.register(connection)
    long = "a" * 5_000
    rows = pa.table(
        {
            "c0": pa.array([0, 2**63 - 1, -(2**63), None], pa.int64()),
            "c1": pa.array([0.0, float("nan"), float("inf"), None], pa.float32()),
            "c2": pa.array([long, "x;--\0", "", None]),
            "c3": pa.array([True, False, None, True]),
            "c4": pa.array([[1, None], [], None, [2**63 - 1]]),
            "pos": pa.array(range(4), pa.int64()),
        }
    )
    connection.register("t", rows)
    positions = {name: f"t.c{at}" for at, name in enumerate(COLUMNS)}

    def column(use: ColumnUse) -> str:
        return positions[use.name]

    refused = ran = advised = compiled = 0
    for _ in range(COUNT):
        maker = source.choice(makers)
        text = maker(source)
        try:
            node = parse(text)
            assert parse(show(node)) == node
            made = compile_expression(check(node, SCOPE), column)
        except ExpressionError as error:
            check_error(error, text)
            refused += 1
            advised += error.suggestion is not None
            continue
        compiled += 1
        assert MARK not in made.text
        assert not re.search(r";|--|/\*|\0", made.text)
        if compiled % (SOME if maker in {explosion, regex} else EVERY) == 0:
            began = time.monotonic()
            connection.execute(f"SELECT {made.text} FROM t").fetchall()
            assert time.monotonic() - began < 30, text
            ran += 1
    assert refused > COUNT / 2
    assert advised > refused / 2
    assert ran > 200
