"""What a join says of its keys, and joins of integer keys, which need no hashing."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.tables.test_joined import HOWS, oracle, rows_of, table
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
