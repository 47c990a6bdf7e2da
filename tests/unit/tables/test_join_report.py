"""What a join says of its keys, and joins of integer keys, which need no hashing."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.tables.test_joined import HOWS, oracle, rows_of, table
from wbtable.tables.compare import compare
from wbtable.tables.joined import JoinedTable
from wbtable.tables.table import Table


def test_the_report_counts_nulls_duplicates_and_rows_without_a_partner() -> None:
    left = table("kx", [1, 0], [None, 1], [2, 2], [2, 3], [9, 4])
    right = table("ky", [2, 0], [2, 1], [2, 2], [None, 3], [None, 4], [7, 5])
    for how in HOWS:
        found = JoinedTable(left, right, "k", how).report
        assert (found.nulls, found.duplicates, found.unmatched) == ((1, 2), (1, 2), (3, 3))
        assert found.rows == len(JoinedTable(left, right, "k", how))
    assert str(found).splitlines() == [
        "side 0: 3 rows without a partner, 1 with the key of an earlier row, 1 with a null key",
        "side 1: 3 rows without a partner, 2 with the key of an earlier row, 2 with a null key",
    ]


@pytest.mark.parametrize("values", [[2**64 - 1, 0, 5, None], [5, 2**40, -(2**40), 5], [7, 8, 9, 7], [None, None, 3, 4]])
def test_integer_keys_far_apart_and_close_together(values: list[int | None]) -> None:
    dtype = "uint64" if 2**64 - 1 in values else "int64"
    made = [
        Table.from_arrow(pa.table({"k": pa.array(cells, dtype), name: range(len(cells))}))
        for cells, name in ((values, "x"), (values[::-1], "y"))
    ]
    rows = [[[cell, i] for i, cell in enumerate(cells)] for cells in (values, values[::-1])]
    for how in HOWS:
        assert rows_of(JoinedTable(made[0], made[1], "k", how)) == oracle(rows[0], rows[1], 1, how)


def test_a_join_of_large_sides_that_are_held_in_memory() -> None:
    rng = np.random.default_rng(3)
    ids = rng.permutation(300_000)
    left = Table.from_arrow(pa.table({"id": np.arange(300_000), "x": np.arange(300_000)}))
    right = Table.from_arrow(pa.table({"id": ids, "y": ids * 2}))
    found = JoinedTable(left, right, "id", "inner")
    assert found["1.y"].to_numpy().tolist() == (np.arange(300_000) * 2).tolist()
    assert sum(batch.num_rows for batch in found.scan(["0.x", "1.y"], batch_size=1000)) == 300_000


@pytest.mark.parametrize(
    "keys", [[1, 1, None], ["a", "a", None], [0.5, 0.5, None], [True, True, None], [dt.date(2020, 1, 1)] * 2 + [None]]
)
@pytest.mark.parametrize("empty", [[], [None, None]])
def test_keys_beside_a_column_of_none_are_not_null(keys: list[object], empty: list[object]) -> None:
    """CMP-4: a side without a value meets nothing; the other's keys repeat, and are null, as they do."""
    none = Table(columns=["k"], data=[[key] for key in empty])
    some = Table(columns=["k"], data=[[key] for key in keys])
    for sides, at in (([none, some], 1), ([some, none], 0)):
        report = JoinedTable(sides[0], sides[1], "k").report
        assert (report.nulls[at], report.duplicates[at], report.nulls[1 - at]) == (1, 1, len(empty))
        assert report.rows == len(keys) + len(empty)
        counts = compare(sides, key="k").counts
        assert (counts.nulls[at], counts.duplicates[at], counts.nulls[1 - at]) == (1, 1, len(empty))
        assert (counts.equal, counts.changed) == (0, 0)
    both = compare([none, some, some], key="k").counts
    assert (both.nulls, both.duplicates) == ((len(empty), 1, 1), (0, 1, 1))
