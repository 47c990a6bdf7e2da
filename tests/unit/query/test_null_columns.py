"""A column of nulls, such as one that nobody filled yet, stands where any other may (EXPR-5, EXPR-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tests.unit.query.viewing import table_of
from wbtable.query.expression_error import ExpressionError
from wbtable.query.functions import FUNCTIONS
from wbtable.tables.compare import compare
from wbtable.tables.joined import JoinedTable
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.query.function import Function

COLUMNS = {
    "s": pa.array(["a", "b"]),
    "i": pa.array([1, 2]),
    "f": pa.array([0.5, 1.5]),
    "b": pa.array([True, False]),
    "d": pa.array([1, 2], pa.date32()),
    "ts": pa.array([1, 2], pa.timestamp("us", "UTC")),
    "du": pa.array([1, 2], pa.duration("s")),
    "dec": pa.array([1, 2], pa.decimal128(5, 1)),
    "by": pa.array([b"a", b"b"]),
    "l": pa.array([[1], [2]]),
    "st": pa.array([{"a": 1}, {"a": 2}]),
    "m": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
}
ROWS = pa.table({**COLUMNS, "z": pa.nulls(2), "g": [1, 1]})
COMPARISONS = ("z == {0}", "{0} != z", "z < {0}", "{0} >= z", "z between {0} and {0}", "z in [{0}]", "{0} in [z]")
LITERALS = {"text": "'a'", "list": "[0, 1]"}


def results(table: Table, texts: list[str], *, grouped: bool = False) -> list[list[object]]:
    out: list[list[object]] = []
    for start in range(0, len(texts), 25):
        named = {f"x{number}": text for number, text in enumerate(texts[start : start + 25])}
        view = table.view(group="g", cells=named) if grouped else table.view(derive=named)
        found = view.to_arrow(list(named))
        view.warnings()
        out += [column.to_pylist() for column in found.columns]
    return out


@pytest.mark.parametrize("way", ["memory", "stored"])
def test_it_compares_with_every_type(way: str, tmp_path: Path) -> None:
    table = table_of(way, ROWS, tmp_path)
    texts = [text.format(name) for name in COLUMNS for text in COMPARISONS]
    texts += ['z == "a"', "z > 1", "z in ['a', 'b']", "z like 'a%'", "z like 'a_'", "z + 'a'", "z contains 'a'"]
    for text, found in zip(texts, results(table, texts), strict=True):
        assert found == [None, None], text
    assert len(table.view(filter='z == "a"')) == 0
    assert results(table, ["coalesce(z, s)", "if(b, z, i)", "z is null"]) == [["a", "b"], [None, 2], [True, True]]


def test_every_function_takes_it() -> None:
    table = Table.from_arrow(ROWS)
    rows: list[str] = []
    groups: list[str] = []
    for function in FUNCTIONS.values():
        if function.group == "Media" or all(parameter.is_literal for parameter in function.parameters):
            continue
        (groups if function.is_aggregate else rows).append(_called(function))
    assert len(rows) > 50
    results(table, rows)
    results(table, groups, grouped=True)
    assert results(table, ["list_sum([])", "flatten([])", "join_text([null], '-')"]) == [[None] * 2, [[]] * 2, [""] * 2]


def _called(function: Function) -> str:
    given = [
        LITERALS.get(parameter.kinds, "0") if parameter.is_literal else "z"
        for parameter in function.parameters
        if not parameter.is_optional
    ]
    if function.name == "in_zone":
        given[1] = "'UTC'"
    if function.name == "round_to":
        given[1] = "'day'"
    return f"{function.name}({', '.join(given)})"


def test_what_must_stand_in_the_text_is_not_null() -> None:
    table = Table.from_arrow(ROWS)
    for text in ("matches(s, null)", "in_zone(d, null)", "extract(s, 'a', null)", "mask_pixels(z, 'a', 1)"):
        with pytest.raises(ExpressionError):
            table.view(derive={"x": text})


def test_a_join_on_it_gives_a_column_that_compares() -> None:
    left = Table(columns=["k", "label"], data=[[1, None]])
    right = Table(columns=["k", "label"], data=[[1, "cat"]])
    assert len(JoinedTable(left, right, "k").view(filter="0.label != 1.label")) == 0
    assert JoinedTable(left, right, "k").view(derive={"l": "coalesce(0.label, 1.label)"})["l"].to_pylist() == ["cat"]


def test_dicts_say_how_many_keys_they_have() -> None:
    table = Table(columns=["d"], data=[[{"a": 1, "b": 2}], [{"a": None}], [{}], [None]])
    assert results(table, ["len(d)"]) == [[2, 1, 0, None]]


def test_patterns_match_whole_characters_of_any_number() -> None:
    table = Table(columns=["s"], data=[["\u3042"]])
    assert results(table, [r"matches(s, r'^\x{3042}$')", r"matches(s, r'\\C')"]) == [[True], [False]]
    for text in (r"find_all(s, r'\C')", r"extract(s, r'.\C')", r"matches(s, r'(\x{3042}{40}){40}')"):
        with pytest.raises(ExpressionError):
            table.view(derive={"x": text})


# CMP-8: what a side has no number of is counted beside the bins that all sides share.
def test_a_comparison_counts_it_beside_numbers() -> None:
    ids = pa.array([1, 2, 3])
    numbers = {"i": pa.array([1, None, 2], pa.int8()), "f": pa.array([0.5, float("nan"), 1.0])}
    full = Table.from_arrow(pa.table({"id": ids, **numbers}))
    empty = Table.from_arrow(pa.table({"id": ids, **{name: pa.nulls(3) for name in numbers}}))
    for sides, first in (((full, empty), 0), ((empty, full), 1)):
        found = compare(sides, "id")
        for name, nulls in (("i", 1), ("f", 0)):
            histogram = found.histogram(name)
            assert sum(histogram.counts[first]) == 2
            assert (sum(histogram.counts[1 - first]), histogram.nulls[1 - first], histogram.nulls[first]) == (
                0,
                3,
                nulls,
            )
            (differs,) = found.differences(name)
            assert (differs.count, differs.skipped) == (0, 3)
