"""Keys, and links between rows of tables (spec: 05-tables, TABLE-8, LINK-1)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

import wbtable
from wbtable.errors import NotFoundError, TypeMismatchError, UsageError
from wbtable.format.types import LinkType, contains
from wbtable.tables.keys import RowLink

if TYPE_CHECKING:
    from pathlib import Path


def _people() -> wbtable.Table:
    return wbtable.Table(columns=["id", "name"], data=[[3, "c"], [1, "a"], [2, None]])


def test_primary_keys() -> None:
    """TABLE-8: all different and never null."""
    table = _people()
    table.set_pk("id")
    assert table.primary_key == "id"
    assert table.snapshot().primary_key == "id"
    with pytest.raises(UsageError, match='column "name", row 2: expected a value in every row'):
        table.set_pk("name")
    with pytest.raises(NotFoundError):
        table.set_pk("nothing")
    assert table.primary_key == "id"
    table.add_data(1, "again")
    with pytest.raises(UsageError, match=r'column "id".*: expected each value of a primary key once, found 1'):
        table.set_pk("id")


def test_rows_added_behind_a_key_are_checked_when_written(tmp_path: Path) -> None:
    """TABLE-8: the key holds for what is written, whatever was added since it was set."""
    table = _people()
    table.set_pk("id")
    table.add_data(1, "again")
    with pytest.raises(UsageError, match="expected each value of a primary key once"):
        table.write(str(tmp_path))
    assert not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize("values", [["a", "b"], [uuid.UUID(int=1), uuid.UUID(int=2)], [1.5, 2.5], [b"x", b"y"]])
def test_kinds_of_keys(values: list[object]) -> None:
    table = wbtable.Table(columns=["k"], data=[[value] for value in values])
    table.set_pk("k")
    assert table.primary_key == "k"


def test_what_is_no_key() -> None:
    table = wbtable.Table(columns=["a"], data=[[np.zeros(2)]])
    with pytest.raises(UsageError, match="values that can be compared"):
        table.set_pk("a")


def test_foreign_keys() -> None:
    """TABLE-8: a key of another table, or of a path; its type must fit."""
    people = _people()
    table = wbtable.Table(columns=["who", "text"], data=[[1, "x"], [7, "y"]])
    table.set_fk("who", people, "id")
    (key,) = table.snapshot().foreign_keys
    assert (key.column, key.table, key.table_column) == ("who", people, "id")
    table.set_fk("who", "people.table.json", "id")
    assert [key.table for key in table.snapshot().foreign_keys] == ["people.table.json"]
    with pytest.raises(UsageError, match='column "text": the key column "id" holds other values'):
        table.set_fk("text", people, "id")
    with pytest.raises(NotFoundError):
        table.set_fk("nobody", people, "id")
    with pytest.raises(NotFoundError):
        table.set_fk("who", people, "nothing")
    with pytest.raises(UsageError, match="expected a table or its path"):
        table.set_fk("who", 5, "id")


def test_links() -> None:
    """LINK-1: positions from 0 in one other table."""
    people = _people()
    links = people.get_index()
    assert [int(link) for link in links] == [0, 1, 2]
    assert all(isinstance(link, RowLink) and link.table is people for link in links)
    table = wbtable.Table(columns=["person"], data=[[links[2]], [None], [people.index_ref(0)]])
    assert table.schema["person"] == LinkType()
    assert table.get_column("person") == [2, None, 0]
    assert dict(table.snapshot().links) == {"person": people}
    with pytest.raises(TypeMismatchError, match=r'column "person", row 3: .*another table'):
        table.add_data(_people().index_ref(0))
    with pytest.raises(TypeMismatchError, match='column "person", row 3: expected link'):
        table.add_data(5)
    with pytest.raises(UsageError, match="expected a row from 0 to 2"):
        people.index_ref(3)
    with pytest.raises(UsageError, match="expected a row from 0 to 2"):
        people.index_ref(-1)


def test_a_refused_row_leaves_no_link() -> None:
    """LINK-1: the table that a refused row linked to is forgotten."""
    table = wbtable.Table(columns=["person", "n"], data=[[None, 1]])
    with pytest.raises(TypeMismatchError, match='column "n"'):
        table.add_data(_people().index_ref(0), "x")
    people = _people()
    table.add_data(people.index_ref(1), 2)
    assert dict(table.snapshot().links) == {"person": people}


def test_links_in_whole_columns() -> None:
    """LINK-1: a column of links knows its table however it came; a name that is taken leaves none."""
    people = _people()
    table = wbtable.Table(columns=["n"], data=[[1], [2], [3]])
    table.add_column("a", people.get_index())
    table.add_computed_columns(lambda i, _: {"b": people.index_ref(i)})
    table.add_column("self", table.get_index())
    want = {"a": people, "b": people, "self": table}
    assert {name: id(one) for name, one in table.snapshot().links} == {name: id(one) for name, one in want.items()}
    for name in ("n", "a"):
        with pytest.raises(UsageError, match="already"):
            table.add_column(name, _people().get_index())
    table.cast("a", int)
    assert [name for name, _ in table.snapshot().links] == ["b", "self"]
    frame = pd.DataFrame({"p": pd.Series(people.get_index(), dtype=object)})
    assert dict(wbtable.Table(dataframe=frame).snapshot().links) == {"p": people}


def test_links_go_with_the_rows_of_a_table() -> None:
    """LINK-1: who takes the rows of a table over, or adds them behind others, links to what they link to."""
    people = _people()
    table = wbtable.Table(columns=["p", "n"], data=[[link, int(link)] for link in people.get_index()])
    assert dict(wbtable.Table(data=table).snapshot().links) == {"p": people}
    assert dict(wbtable.Table(data=table, columns=["n", "p"]).snapshot().links) == {"p": people}
    assert dict(wbtable.Table(data=table, columns=["who", "number"]).snapshot().links) == {"who": people}
    longer = wbtable.Table(columns=["p", "n"])
    longer.extend(table)
    longer.extend(table)
    assert dict(longer.snapshot().links) == {"p": people}
    other = wbtable.Table(columns=["p", "n"], data=[[_people().index_ref(0), 0]])
    with pytest.raises(TypeMismatchError, match='column "p": expected links to rows of the table that the column'):
        longer.extend(other)
    assert (len(longer), dict(longer.snapshot().links)) == (6, {"p": people})


def test_a_link_within_a_cell_is_a_number() -> None:
    """LINK-1: only whole cells link; a column type of links to nowhere is never made."""
    link = _people().index_ref(2)
    table = wbtable.Table(columns=["a", "b"], data=[[[link], {"row": link}]])
    assert table.data == [[[2], {"row": 2}]]
    assert not any(contains(column.type, LinkType) for column in table.schema)


def test_a_key_of_an_empty_table() -> None:
    """TABLE-8: no value is there twice."""
    table = wbtable.Table(columns=["id"])
    table.set_pk("id")
    assert table.primary_key == "id"
