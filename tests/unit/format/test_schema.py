"""Columns by name."""

from __future__ import annotations

import pickle

import pytest

from wbtable.errors import FormatError, NotFoundError
from wbtable.format.schema import Schema
from wbtable.format.types import NumberType, StringType

COUNT = 300


class _Name(str):
    """A name that counts how often it is compared with another."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        _Name.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_columns_are_found_without_a_look_at_all_of_them() -> None:
    """Windows of all columns ask for each of them by name, several times."""
    names = [_Name(f"c{i}") for i in range(COUNT)]
    schema = Schema.of([(name, NumberType(dtype="int64")) for name in names])
    asked = [f"c{i}" for i in reversed(range(COUNT))]
    _Name.compared = 0
    found = schema.select(asked)
    assert found.names == asked
    assert [schema.index(name) for name in asked] == list(reversed(range(COUNT)))
    assert all(name in schema and schema[name].kind == "number" for name in asked)
    assert _Name.compared < 20 * COUNT


def test_a_selection_of_all_columns_is_the_schema_itself() -> None:
    """What was made of it once, such as its Arrow form, is not made again."""
    schema = Schema.of([("a", NumberType(dtype="int64")), ("b", StringType())])
    assert schema.select(["a", "b"]) is schema
    assert schema.select(["b", "a"]).names == ["b", "a"]
    assert pickle.loads(pickle.dumps(schema)).index("b") == 1


def test_names_that_are_not_there_or_twice() -> None:
    """TABLE-2: names are distinct; what is no text is the name of no column."""
    schema = Schema.of([("a", StringType())])
    strange: object = ["a"]
    assert strange not in schema
    with pytest.raises(NotFoundError, match="unknown column 'A'"):
        schema.index("A")
    with pytest.raises(FormatError, match="found 'b' more than once"):
        Schema.of([(name, StringType()) for name in "acbcb"])
    with pytest.raises(FormatError, match="found 'a' more than once"):
        schema.select(["a", "a"])
