"""Dicts of any keys are equal whatever the order of their keys (EXPR-9), and so are groups by them (VIEW-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tests.unit.query.viewing import WAYS, table_of
from wbtable.errors import UnsupportedError, UsageError
from wbtable.query.expression_error import ExpressionError
from wbtable.tables.compare import compare
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

MAP = pa.map_(pa.string(), pa.int64())
AB, BA = [("a", 1), ("b", 2)], [("b", 2), ("a", 1)]
ROWS = pa.table(
    {
        "id": range(6),
        "m": pa.array([AB, BA, [], None, [("a", None)], [("a", 1)]], MAP),
        "deep": pa.array(
            [[("x", AB), ("y", None)], [("y", None), ("x", BA)], [], None, [("x", [])], [("x", [])]],
            pa.map_(pa.string(), MAP),
        ),
        "list": pa.array([[AB, None], [BA, None], [], None, [[]], [None]], pa.list_(MAP)),
        "in": pa.array(
            [{"q": AB, "z": 1}, {"q": BA, "z": 1}, {"q": None, "z": None}, None, {"q": [], "z": 2}, {"q": [], "z": 2}],
            pa.struct([("q", MAP), ("z", pa.int64())]),
        ),
    }
)
SAME = {
    'm == {"b": 2, "a": 1}': [0, 1],
    'm != {"a": 1}': [0, 1, 2, 4],
    "m == {}": [2],
    'm in [{"a": 1}, {}]': [2, 5],
    'm == {"a": null}': [4],
    "m == m": [0, 1, 2, 4, 5],
    'deep == {"x": {"b": 2, "a": 1}, "y": null}': [0, 1],
    'list == [{"b": 2, "a": 1}, null]': [0, 1],
    'list contains {"b": 2, "a": 1}': [0, 1],
    '`in` == {"q": {"b": 2, "a": 1}, "z": 1}': [0, 1],
    '`in`.q == {"a": 1, "b": 2}': [0, 1],
}


@pytest.mark.parametrize("way", WAYS)
def test_they_compare_whatever_the_order(way: str, tmp_path: Path) -> None:
    table = table_of(way, ROWS, tmp_path)
    assert {text: table.view(filter=text).to_arrow(["id"])["id"].to_pylist() for text in SAME} == SAME


def test_they_are_grouped_and_counted_so() -> None:
    table = Table.from_arrow(ROWS)
    for name, counts in {
        "m": [1, 1, 2, 1, 1],
        "deep": [1, 2, 2, 1],
        "list": [1, 1, 2, 1, 1],
        "`in`": [2, 2, 1, 1],
    }.items():
        groups = table.view(group=name)
        assert groups.to_arrow()["count"].to_pylist() == counts
        assert [len(groups.expand(number)) for number in range(len(groups))] == counts
        distinct = table.view(group="true", cells={"n": f"distinct({name})"}).to_arrow()["n"].to_pylist()
        assert distinct == [len(counts) - 1]
    lists = table.view(derive={"u": "unique(list)"}).to_arrow(["u"])["u"].to_pylist()
    assert lists == [[AB], [AB], [], None, [[]], []]


def test_sides_of_a_comparison_agree_with_it() -> None:
    left = Table.from_arrow(pa.table({"id": [1], "m": pa.array([AB], MAP)}))
    right = Table.from_arrow(pa.table({"id": [1], "m": pa.array([BA], MAP)}))
    found = compare([left, right], "id")
    assert found.counts.equal == 1
    assert len(found.view(filter="0.m == 1.m")) == 1


def test_what_has_no_literal_is_said() -> None:
    rows = pa.table({"m": pa.array([[(1, "a")]], pa.map_(pa.int64(), pa.string()))})
    with pytest.raises(UsageError, match="group by a part of it"):
        Table.from_arrow(rows).view(group="m").expand(0)
    with pytest.raises(ExpressionError, match="does not compare"):
        Table.from_arrow(rows).view(filter='m == {"a": 1}')


@pytest.mark.parametrize("way", ["memory", "stored"])
def test_a_key_that_stands_twice_is_said(way: str, tmp_path: Path) -> None:
    table = table_of(way, pa.table({"m": pa.array([[("a", 1), ("a", 2)]], MAP)}), tmp_path)
    with pytest.raises(UnsupportedError, match="a key twice"):
        table.view(derive={"same": "m == m"}).to_arrow()
