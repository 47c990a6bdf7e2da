"""Lists of what few lists hold: decimals of every width, lengths of time in several units (EXPR-5, EXPR-9, EXPR-16)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa

from wbtable.tables.table import Table


def derived(rows: dict[str, pa.Array], *texts: str) -> list[Any]:
    """Return what each expression gives in the only row."""
    view = Table.from_arrow(pa.table(rows)).view(derive={f"x{i}": text for i, text in enumerate(texts)})
    assert view.warnings() == ()
    return list(view.to_arrow([f"x{i}" for i in range(len(texts))]).to_pylist()[0].values())


# EXPR-5: every arithmetic that is not of whole numbers gives float64.
def test_decimals_are_added_up_with_their_fractions() -> None:
    values = [Decimal("1.50"), None, Decimal("0.25")]
    great = [Decimal(10) ** 37, Decimal(-5)]
    long = [Decimal("9.5"), Decimal("1" * 45), None]
    rows = {
        "few": pa.array([values], pa.list_(pa.decimal128(10, 2))),
        "great": pa.array([great], pa.list_(pa.decimal128(38, 0))),
        "long": pa.array([long], pa.list_(pa.decimal256(60, 1))),
    }
    assert derived(rows, "list_sum(few)", "list_avg(few)") == [1.75, 0.875]
    assert derived(rows, "list_sum(great)", "list_avg(great)") == [1e37, 5e36]
    assert derived(rows, "list_sum(long)", "list_avg(long)") == [float("1" * 45), float("1" * 45) / 2]


# TYPE-3: decimals of more than 38 digits are text where they are stored, and numbers everywhere else.
def test_long_decimals_are_sorted_as_numbers() -> None:
    values = [Decimal(9), Decimal("1" * 45), None, Decimal(-20), Decimal("-3.5"), Decimal(9)]
    rows = {"k": pa.array([values], pa.list_(pa.decimal256(60, 1)))}
    found = derived(rows, "sort(k)", "unique(k)", "list_min(k)", "list_max(k)")
    ascending = [Decimal(-20), Decimal("-3.5"), Decimal(9), Decimal("1" * 45)]
    assert found == [[*ascending[:3], *ascending[2:], None], ascending, ascending[0], ascending[-1]]


# EXPR-16: where lengths of unlike units stand together they have the finer one.
def test_lengths_of_unlike_units_in_lists() -> None:
    rows = {
        "s": pa.array([[5, None]], pa.list_(pa.duration("s"))),
        "ms": pa.array([[5000, None]], pa.list_(pa.duration("ms"))),
        "five": pa.array([5000], pa.duration("ms")),
    }
    long = dt.timedelta(seconds=5)
    assert derived(rows, "s == ms", "s != ms", "s contains five", "five in s") == [True, False, True, True]
    assert derived(rows, "if(true, s, ms)", "s + ms", "[s, ms]", 's == [duration("5s"), null]') == [
        [long, None],
        [long, None, long, None],
        [[long, None], [long, None]],
        True,
    ]


def test_a_group_of_lengths_opens_to_its_rows() -> None:
    values = [[1, None], None, [], [5000]]
    table = Table.from_arrow(pa.table({"k": pa.array(values * 2, pa.list_(pa.duration("ms")))}))
    groups = table.view(group="k")
    assert [len(groups.expand(number)) for number in range(len(groups))] == [2] * 4


# EXPR-9: whole and floating-point numbers compare by value, not after rounding.
def test_numbers_in_lists_compare_by_value() -> None:
    great = 2**53 + 1
    rows = {
        "i": pa.array([[great, 1, None]]),
        "f": pa.array([[2.0**53, 1.0, None]]),
        "g": pa.array([[2.0**53, -0.0, float("nan"), 2.0**64, 1e37]]),
        "exact": pa.array([[2**53, 1, None]]),
        "x": pa.array([2.0**53]),
        "u": pa.array([2**64 - 1], pa.uint64()),
        "n": pa.array([float("nan")]),
        "zero": pa.array([0]),
        "one": pa.array([great]),
    }
    no = ("i == f", "f == i", "i contains x", "x in i", "g contains u", "i contains n", "[i] == [f]")
    assert derived(rows, *no) == [False] * len(no)
    yes = ("exact == f", "i != f", "exact contains x", "zero in g", "[exact] == [f]", "g contains (u + 1)")
    assert derived(rows, *yes) == [True] * len(yes)
    written = ("f == [one, 1, None]", "[one, 1, None] == f", "[[one, 1]] == [[x, 1.0]]", "[x] == [one]", "[f] == [i]")
    assert derived(rows, *written) == [False] * len(written)
    assert derived(rows, "f == [one - 1, 1, None]", "[x] == [one - 1]", "f == [x, 1, None]") == [True] * 3
    assert derived(rows, "i contains 2.5", "f contains 1", "g contains 10000000000000000") == [False, True, False]
