"""Arrays of numpy with named fields, and what else of frames has no Arrow column."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import wbtable
from tests.unit.tables.cases import check_identical
from wbtable.errors import UsageError

ROWS = np.array(
    [(1, "a", [1.5, 2.5]), (2, "b", [0.5, 3.5])], dtype=[("id", ">i4"), ("name", "U2"), ("at", np.float32, (2,))]
)


@pytest.mark.parametrize("array", [ROWS, ROWS.view(np.recarray), np.ma.array(ROWS)], ids=["plain", "records", "masked"])
@pytest.mark.parametrize("key", ["data", "dataframe"])
def test_fields_are_columns(array: Any, key: str) -> None:
    """As pandas takes them: it was said that an array of one dimension is none of rows and columns."""
    given: dict[str, Any] = {key: array}
    table = wbtable.Table(**given)
    assert table.columns == ["id", "name", "at"]
    assert [str(column.type) for column in table.schema] == ["int32", "string", "ndarray<float32, 2>"]
    at = [np.array([1.5, 2.5], np.float32), np.array([0.5, 3.5], np.float32)]
    check_identical(table.get_column("at"), at)
    assert [row[:2] for row in table.data] == [[1, "a"], [2, "b"]]
    assert wbtable.Table(columns=["name", "id"], **given).data == [["a", 1], ["b", 2]]


def test_masked_fields_are_null() -> None:
    array: Any = np.ma.array([(1, "a"), (2, "b")], dtype=[("id", "i8"), ("name", "U1")])
    array["name"][0] = array["id"][1] = np.ma.masked
    assert wbtable.Table(dataframe=array).data == [[1, None], [None, "b"]]


def test_a_series_of_128_bits_is_a_column_of_integers() -> None:
    """Arrow has no such integers: it raised in Arrow's words."""
    table = wbtable.Table(columns=["id"], data=[[1], [2]])
    table.add_column("big", pl.Series([2**100, None], dtype=pl.Int128))
    assert table.get_column("big") == [2**100, None]


def test_a_frame_that_is_not_there_yet_is_said_to_be() -> None:
    with pytest.raises(UsageError, match=r"found a LazyFrame: call its collect\(\) first"):
        wbtable.Table(dataframe=pl.DataFrame({"a": [1]}).lazy())
