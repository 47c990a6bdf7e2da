"""Many rows at once behind those that are there."""

from __future__ import annotations

import pyarrow as pa
import pytest

import wbtable
from wbtable.errors import TypeMismatchError, UsageError


def test_rows_come_behind_in_the_order_of_the_columns() -> None:
    table = wbtable.Table(columns=["a", "b"], data=[[1, "x"]])
    table.add_data(2, "y")
    table.extend(pa.table({"b": ["z"], "a": [3]}))
    table.extend(wbtable.Table(columns=["a", "b"], data=[[4, None]]))
    table.add_data(5, "v")
    assert table.data == [[1, "x"], [2, "y"], [3, "z"], [4, None], [5, "v"]]


def test_columns_become_as_wide_as_both_need() -> None:
    table = wbtable.Table(columns=["a"], data=[[1]])
    table.extend(pa.table({"a": [2.5]}))
    assert table.data == [[1.0], [2.5]]
    empty = wbtable.Table(columns=["a"])
    empty.extend(pa.table({"a": ["text"]}))
    assert empty.data == [["text"]]


def test_rows_behind_are_checked_against_the_wider_type() -> None:
    """TYPE-9: integers that were taken as they are while the column had only integers."""
    table = wbtable.Table(columns=["a"], data=[[1], [2]])
    table.extend(pa.table({"a": [2.5]}))
    with pytest.raises(TypeMismatchError, match=r"beyond 2\^53"):
        table.add_data(2**53 + 1)
    table.add_data(3)
    assert table.data == [[1.0], [2.0], [2.5], [3.0]]


def test_a_table_that_was_stored_grows_without_being_read(tmp_path: object) -> None:
    store = wbtable.create_store(f"{tmp_path}/store")
    draft = wbtable.Artifact("data")
    draft.add(wbtable.Table(columns=["a"], data=[[1]]), "t")
    later = store.commit(draft).new_draft()
    table = later["t"]
    table.extend(pa.table({"a": [2, 3]}))
    later.add(table, "t", overwrite=True)
    assert store.commit(later)["t"].get_column("a") == [1, 2, 3]


def test_what_does_not_fit_changes_nothing() -> None:
    table = wbtable.Table(columns=["a"], data=[[1]])
    with pytest.raises(UsageError, match="columns"):
        table.extend(pa.table({"b": [1]}))
    with pytest.raises(TypeMismatchError, match='column "a"'):
        table.extend(pa.table({"a": ["text"]}))
    declared = wbtable.Table(columns=["a"], dtype=int)
    with pytest.raises(TypeMismatchError):
        declared.extend(pa.table({"a": [0.5]}))
    assert table.data == [[1]]
    table.add_data(2)
    assert len(table) == 2
