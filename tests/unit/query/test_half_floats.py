"""Half floats beside other numbers: Arrow has no comparison of them (TYPE-9, JOIN-5, JOIN-6, CMP-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from wbtable.errors import UsageError, WbtableError
from wbtable.format.types import NumberType
from wbtable.tables.compare import compare
from wbtable.tables.joined import JoinedTable
from wbtable.tables.partitioned import PartitionedTable
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from wbtable.tables.joined import How

HOWS: tuple[How, ...] = ("outer", "right")
HALVES = np.array([2.0, -0.0, np.nan, np.inf, 0.5], np.float16)


def half() -> Table:
    return Table.from_arrow(pa.table({"k": pa.array(HALVES), "v": range(5)}))


def whole(dtype: str) -> Table:
    return Table.from_arrow(pa.table({"k": pa.array([0, 2, 7], dtype), "v": range(3)}))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64", "float32", "float64"])
def test_keys_meet_other_numbers(dtype: str) -> None:
    for how in HOWS:
        join = JoinedTable(half(), whole(dtype), "k", how=how)
        for found in (join.to_arrow(), join.view(filter="true").to_arrow(), join.take(range(len(join)))):
            pairs = list(zip(found["0.v"].to_pylist(), found["1.v"].to_pylist(), strict=True))
            alone = [(2, None), (3, None), (4, None)] if how == "outer" else []
            assert pairs == [(0, 1), (1, 0), *alone, (None, 2)]
            assert found["k"].to_pylist()[-1] == 7
    counts = compare([half(), whole(dtype)], "k").counts
    assert (counts.added, counts.removed, counts.changed + counts.equal) == (1, 3, 2)


def test_columns_of_parts_and_sides_widen() -> None:
    parts = PartitionedTable([half(), whole("int64")]).to_arrow()["k"]
    assert parts.type == pa.float64()
    assert parts.to_pylist()[:2] == [2.0, 0.0]
    other = Table.from_arrow(pa.table({"k": [2.0, 0.0, float("nan"), float("inf"), 0.25], "v": range(5)}))
    (change,) = compare([half(), other], "v").changes
    assert (change.name, change.changed) == ("k", 1)


def test_casts_refuse_what_has_no_exact_form() -> None:
    table = half()
    table.cast("k", NumberType(dtype="float32"))
    assert table.to_arrow()["k"].to_pylist()[0] == 2.0
    with pytest.raises((UsageError, WbtableError), match="row 2"):
        half().cast("k", NumberType(dtype="int8"))
