"""Rows checked by a function that was written for them are taken, refused and widened as all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import wbtable
from wbtable.tables.row_check import MOST_COLUMNS, no_row, row_check
from wbtable.tables.rows import ColumnRule, RowBuffer

if TYPE_CHECKING:
    from pathlib import Path

MANY = 2_000


def full() -> wbtable.Table:
    table = wbtable.Table(columns=["number", "score", "name"])
    for number in range(MANY):
        table.add_data(number, number / 2, f"row {number}")
    return table


def is_checked_by_function(table: wbtable.Table) -> bool:
    return table._parts.buffer._check is not no_row


def test_a_function_is_written_for_rows_that_come_often() -> None:
    assert is_checked_by_function(full())
    assert not is_checked_by_function(wbtable.Table(columns=["a"], data=[[1], [2], [3]]))


def test_none_is_written_for_media_or_for_very_many_columns() -> None:
    wide = wbtable.Table(columns=[f"c{i}" for i in range(MOST_COLUMNS + 1)])
    boxes = wbtable.Table(columns=["items"])
    for number in range(MANY):
        wide.add_data(*range(number, number + MOST_COLUMNS + 1))
        boxes.add_data([number])
    assert not is_checked_by_function(wide)
    assert not is_checked_by_function(boxes)
    assert wide.get_column(f"c{MOST_COLUMNS}")[-1] == MANY - 1 + MOST_COLUMNS


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ((1, 0.5), "missing 'name'"),
        ((1, 0.5, "a", 3), "expected 3 values, found 4"),
        ((True, 0.5, "a"), "found boolean"),
        (("1", 0.5, "a"), "found string"),
        ((1, 0.5, b"a"), "expected string, found binary"),
        ((1, 0.5, "\ud800"), "has no UTF-8 form"),
        ((1, 2**60 + 1, "a"), "beyond 2^53"),
    ],
)
def test_refuses_what_it_refused_before(row: tuple[object, ...], said: str) -> None:
    table = full()
    with pytest.raises(wbtable.errors.WbtableError, match="row 2000") as refused:
        table.add_data(*row)
    assert said in str(refused.value)
    table.add_data(7, 0.25, "after")
    assert len(table) == MANY + 1
    assert table.data[-1] == [7, 0.25, "after"]


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        ((None, None, None), [None, None, None]),
        ((2**63, 0.5, "a"), [2**63, 0.5, "a"]),
        ((-(2**63), float("inf"), ""), [-(2**63), float("inf"), ""]),
        ((2**63 - 1, 3, "Grüße, 世界"), [2**63 - 1, 3.0, "Grüße, 世界"]),
        ((np.int64(4), np.float64(0.5), np.str_("b")), [4, 0.5, "b"]),
    ],
)
def test_takes_and_widens_as_before(tmp_path: Path, row: tuple[object, ...], kept: list[object]) -> None:
    table = full()
    table.add_data(*row)
    table.add_data(5, 1.5, "last")
    table.write(str(tmp_path / "table"))
    stored = wbtable.open_table(tmp_path / "table").to_arrow().slice(MANY - 1).to_pydict()
    assert [list(one) for one in zip(*stored.values(), strict=True)] == [
        [MANY - 1, (MANY - 1) / 2, f"row {MANY - 1}"],
        kept,
        [5, 1.5, "last"],
    ]


def test_rows_of_two_kinds_by_turns() -> None:
    table = wbtable.Table(columns=["a", "b"])
    expected: list[list[object]] = []
    for number in range(6_000):
        row: list[object] = [number, None if number // 1_500 % 2 and number % 2 else "x"]
        table.add_data(*row)
        expected.append(row)
    assert table.data == expected


def test_an_object_that_says_it_is_an_integer_is_looked_at() -> None:
    class Fake:
        __class__ = int  # type: ignore[assignment]

    table = wbtable.Table(columns=["a"])
    for number in range(MANY):
        table.add_data(number)
    with pytest.raises((wbtable.errors.WbtableError, TypeError)):
        table.add_data(Fake())
    assert len(table) == MANY


def test_a_writer_checks_likewise(tmp_path: Path) -> None:
    with wbtable.TableWriter(tmp_path / "table", columns=["a", "b"]) as writer:
        for number in range(MANY):
            writer.write_row(number, "x")
        with pytest.raises(wbtable.errors.WbtableError, match="row 2000"):
            writer.write_row("no", "x")
        writer.write_row(-1, "y")
    assert wbtable.open_table(tmp_path / "table").to_arrow().slice(MANY - 1).to_pydict() == {
        "a": [MANY - 1, -1],
        "b": ["x", "y"],
    }


def test_is_full_as_soon_as_before() -> None:
    buffer = RowBuffer(["a"], [wbtable.Table(columns=["a"], data=[[1]])._parts.buffer.types[0]], [ColumnRule()])
    added = 0
    while not buffer.is_full:
        if not buffer.keep((added,)):
            buffer.add((added,))
        added += 1
    assert added == 16_384
    assert buffer.column(0) == list(range(added))


def test_of_a_subclass_nothing_is_known() -> None:
    class Name(str):
        __slots__ = ()

    check = row_check([int, str], [0], [1])
    assert check((1, "a"))
    assert not check((1, Name("a")))
    assert not check([1])
    assert not check((2**63, "a"))
    assert not check((1, "\udfff"))
