"""What a type prints itself as is accepted as a type (spec: 06-types, TYPE-1)."""

from __future__ import annotations

import numpy as np
import pytest

import wbtable
from tests.unit.tables.cases import SAME
from wbtable.errors import UsageError
from wbtable.format.types import ColumnType
from wbtable.tables.coerce import column_type_of

_ABSENT = {"struct", "deep", "dict_of_arrays"}
"""The text does not say that a dict may lack a key; what is declared may not."""


@pytest.mark.parametrize("name", sorted(set(SAME) - _ABSENT))
def test_the_text_of_every_type_is_that_type(name: str) -> None:
    """TYPE-1: what `show` says of a column can be declared, and holds the same values."""
    first = wbtable.Table(columns=["x"], data=[[value] for value in SAME[name]])
    (column,) = first.schema
    text = str(column.type)
    assert str(column_type_of(text)) == text
    again = wbtable.Table(columns=["x"], data=[[value] for value in SAME[name]], dtype={"x": text})
    assert again.schema == first.schema


@pytest.mark.parametrize(
    "text",
    [
        "timestamp[s]",
        "timestamp[ns, Europe/Berlin]",
        "timestamp[ms, +05:30]",
        "time[ms]",
        "duration[ns]",
        "decimal(10, 2)",
        "decimal(100, 0)",
        "list<list<timestamp[us, UTC]>>",
        "struct<a: int64, b c: list<string>, : null, x<y, z>: map<string, struct<>>>",
        "map<decimal(3, 1), ndarray<float32, 28x28>>",
        "ndarray<any>",
        "ndarray<any, 0-d>",
        "ndarray<datetime64[ns], 3>",
        "list<image>",
    ],
)
def test_texts_with_parameters(text: str) -> None:
    found = column_type_of(text)
    assert isinstance(found, ColumnType)
    assert str(found) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("list<item: int64>", "the column type 'item' is unknown"),
        ("list<int64", r"'list<int64', which is none from '' on"),
        ("list<int64>>", r"which is none from '>' on"),
        ("time[us, UTC]", r"which is none from 'UTC\]' on"),
        ("timestamp[h]", r"which is none from '\[h\]' on"),
        ("struct<a>", r"which is none from 'a>' on"),
        ("decimal(1001, 0)", "expected 1 to 1000 digits"),
        ("struct<a: int64, a: int64>", "expected distinct field names"),
        ("list<" * 40 + "int64" + ">" * 40, "nests deeper than 32 levels"),
        ("", "is unknown"),
        ("float-32", "is unknown"),
        ("list<a-b>", "the column type .a-b. is unknown"),
    ],
)
def test_texts_that_are_no_types(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        column_type_of(text)


def test_a_column_declared_by_a_text() -> None:
    table = wbtable.Table(columns=["t"], data=[[np.datetime64("2026-01-01", "us")]], dtype={"t": "timestamp[ns]"})
    assert str(next(iter(table.schema)).type) == "timestamp[ns]"
