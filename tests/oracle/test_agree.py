"""The engine and the oracle agree (EXPR-9, EXPR-10): random expressions over tables with what is hard."""

from __future__ import annotations

import datetime as dt
import math
import random
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.oracle.evaluate import build
from tests.oracle.functions import Nano
from tests.oracle.generate import Generator
from tests.oracle.tables import COLUMNS, KINDS, as_relation, make_rows
from wbtable.query import text_distance
from wbtable.query.check import check
from wbtable.query.compile import compile_expression
from wbtable.query.compile_times import is_nanoseconds
from wbtable.query.expression_error import ExpressionError
from wbtable.query.parser import parse
from wbtable.query.print import show
from wbtable.query.terms import ColumnUse, Scope

if TYPE_CHECKING:
    from wbtable.query import ast
    from wbtable.query.terms import Typed

KIND_NAMES = ["bool", "bool", "bool", "int", "wide", "f32", "f64", "text", "date", "ts", "tn", "tz", "ints", "texts"]
SEEDS = 20
EXPRESSIONS = 260
TABLES = 4
ROWS = 15
SCOPE = Scope(columns={name: found for name, (_, found) in COLUMNS.items()})
POSITIONS = {name: at for at, name in enumerate(COLUMNS)}


def column_sql(use: ColumnUse) -> str:
    return f"t.c{POSITIONS[use.name]}"


def expressions(seed: int) -> list[tuple[ast.Node, Typed]]:
    """Return expressions that fit; a few do not, as a literal may be out of the range that an operator needs."""
    source = random.Random(seed)
    generator = Generator(source)
    out: list[tuple[ast.Node, Typed]] = []
    refused = 0
    while len(out) < EXPRESSIONS:
        node = generator.make(source.choice(KIND_NAMES), source.choice([1, 2, 3]))
        assert parse(show(node)) == node  # EXPR-4
        try:
            out.append((node, check(node, SCOPE)))
        except ExpressionError:
            refused += 1
    assert refused < EXPRESSIONS / 10
    return out


def agree(found: Any, expected: Any) -> bool:
    if found is None or expected is None:
        return found is expected
    if isinstance(expected, list):
        return len(found) == len(expected) and all(agree(a, b) for a, b in zip(found, expected, strict=True))
    if isinstance(expected, float):
        if not math.isfinite(expected):
            return found == expected or (math.isnan(expected) and math.isnan(found))
        return math.isclose(float(found), expected, rel_tol=1e-12, abs_tol=1e-300)
    if isinstance(expected, Nano):
        return bool(found == int(expected))
    if isinstance(found, float) and isinstance(expected, int):
        return found == float(expected)  # a literal that does not fit an int8, which the oracle takes for any integer
    if isinstance(expected, dt.datetime) and not isinstance(found, dt.datetime):
        return dt.datetime.combine(found, dt.time()) == expected
    return bool(found == expected)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_expressions_agree(seed: int) -> None:
    made = expressions(seed)
    compiled = [compile_expression(typed, column_sql) for _, typed in made]
    oracles = [build(node, KINDS) for node, _ in made]
    # One query asks several tables: their rows stand below each other.
    rows = [row for table in range(TABLES) for row in make_rows(random.Random(seed * TABLES + table), ROWS)]
    connection = duckdb.connect(config={"threads": 1})
    text_distance.register(connection)
    connection.register("given", as_relation(rows))
    connection.execute("CREATE TABLE t AS SELECT * FROM given")
    wrong = []
    for start in range(0, len(made), 20):
        part = compiled[start : start + 20]
        types = [typed.type for _, typed in made[start : start + 20]]
        # Python's own times end at microseconds.
        texts = [f"epoch_ns({one.text})" if is_nanoseconds(t) else one.text for one, t in zip(part, types, strict=True)]
        sql = ", ".join(f"{text} AS e{i}" for i, text in enumerate(texts))
        answers = connection.execute(f"SELECT {sql} FROM t ORDER BY pos").fetchall()
        for i in range(len(part)):
            oracle = oracles[start + i]
            for row, answer in zip(rows, answers, strict=True):
                expected = oracle.of(row)
                if not agree(answer[i], expected):
                    wrong.append((show(made[start + i][0]), row, answer[i], expected))
                    break
    assert [f"{text}: found {found!r}, expected {expected!r} in {row}" for text, row, found, expected in wrong] == []


def test_there_are_enough_cases() -> None:
    assert SEEDS * EXPRESSIONS * TABLES >= 20_000
