"""Decimals of more than 38 digits, which are stored as text, are numbers everywhere (TYPE-3, JOIN-5, VIEW-5)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tests.unit.query.viewing import table_of
from wbtable.errors import UsageError
from wbtable.tables.compare import compare
from wbtable.tables.joined import JoinedTable
from wbtable.tables.partitioned import PartitionedTable
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LONG = Decimal("1" * 45 + ".5")
MINUS = LONG.copy_negate()
VALUES = [Decimal(0), Decimal("1E-10"), Decimal(100), Decimal("-1E-9"), Decimal(-20), Decimal("0.5"), LONG, MINUS]
IN_ORDER = [MINUS, Decimal(-20), Decimal("-1E-9"), Decimal(0), Decimal("1E-10"), Decimal("0.5"), Decimal(100), LONG]


def long(values: Sequence[Decimal | None]) -> pa.Table:
    return pa.table({"k": pa.array(values, pa.decimal256(60, 12)), "at": range(len(values))})


def short() -> Table:
    return Table.from_arrow(pa.table({"k": pa.array(VALUES[:6], pa.decimal128(38, 10)), "x": range(6)}))


# JOIN-5: a decimal equals one of another scale, however it is written.
def test_keys_of_other_scales_are_equal() -> None:
    other = Table.from_arrow(long(VALUES))
    for join in (JoinedTable(short(), other, "k"), JoinedTable(short(), other, "k").view(filter="true")):
        found = join.to_arrow().to_pylist()
        assert [(row["0.x"], row["1.at"]) for row in found] == [*((n, n) for n in range(6)), (None, 6), (None, 7)]
        assert [row["k"] for row in found] == VALUES
    assert compare([short(), other], "k").counts.added == 2


# TYPE-3: with exactly `scale` digits, zero without a sign.
def test_text_has_the_digits_of_its_type() -> None:
    table = Table(columns=["k"], data=[[Decimal("1E-10")], [Decimal("-0.0")], [Decimal(10) ** 40]])
    table.add_data(Decimal("1E-20"))
    part = PartitionedTable([table, short()])
    texts = [text for batch in part._source().batches(["k"]) for text in batch.column(0).to_pylist()]
    assert {len(text.partition(".")[2]) for text in texts} == {20}
    assert texts[:2] == ["0." + "1".rjust(10, "0").ljust(20, "0"), "0." + "0" * 20]
    groups = part.view(group="k").to_arrow().to_pylist()
    assert {row["k"]: row["count"] for row in groups}[Decimal("1E-10")] == 2


@pytest.mark.parametrize("way", ["memory", "stored"])
def test_they_are_ordered_as_numbers(way: str, tmp_path: Path) -> None:
    table = table_of(way, long([*VALUES, None]), tmp_path)
    assert table.view(sort="k").to_arrow()["k"].to_pylist() == [*IN_ORDER, None]
    assert table.view(sort="k desc nulls first").to_arrow()["k"].to_pylist() == [None, *reversed(IN_ORDER)]
    groups = table.view(group="k")
    assert groups.to_arrow()["k"].to_pylist() == [*IN_ORDER, None]
    assert [len(groups.expand(number)) for number in range(9)] == [1] * 9
    cells = {"least": "min(k)", "most": "max(k)", "first": "argmin(at, k)", "last": "argmax(at, k)", "n": "count(k)"}
    assert table.view(group="true", cells=cells).to_arrow().select(list(cells)).to_pylist() == [
        {"least": MINUS, "most": LONG, "first": 7, "last": 6, "n": 8}
    ]
    assert table.view(filter="k > 50").to_arrow()["at"].to_pylist() == [2, 6]
    derived = {"n": "int(k)", "b": "bool(k)", "g": "greatest(k, -k)"}
    row = table.view(derive=derived, filter="at == 4").to_arrow(list(derived)).to_pylist()
    assert row == [{"n": -20, "b": True, "g": 20.0}]


def test_lists_of_them_have_no_literal() -> None:
    mixed = Table(columns=["k"], data=[[1], ["a"]], allow_mixed_types=True)
    with pytest.raises(UsageError, match="cannot be written"):
        mixed.view(group="[k]").expand(0)
    groups = Table.from_arrow(long(VALUES)).view(group="[k]")
    assert len(groups) == 8
    with pytest.raises(UsageError, match="cannot be written"):
        groups.expand(0)


def test_two_columns_compare_by_all_digits() -> None:
    near = Decimal(f"{LONG}00000000001")
    rows = pa.table({name: pa.array([value], pa.decimal256(60, 12)) for name, value in {"a": LONG, "b": near}.items()})
    table = Table.from_arrow(rows)
    found = {text: len(table.view(filter=text)) for text in ("a == b", "a != b", "a < b", "a >= b", "b > a", "-a < a")}
    assert found == {"a == b": 0, "a != b": 1, "a < b": 1, "a >= b": 0, "b > a": 1, "-a < a": 1}
