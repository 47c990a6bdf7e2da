"""Tables with what is hard: limits, NaN, nulls, odd names, nested values."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from tests.oracle.functions import Nano
from wbtable.format.schema import Schema
from wbtable.format.types import (
    BooleanType,
    DateType,
    Field,
    ListType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
)
from wbtable.query.duck_types import memory_columns

if TYPE_CHECKING:
    import random

    from wbtable.format.types import ColumnType

_INTS = [0, 1, -1, 2, 3, 7, -5, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
_FLOATS = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    0.5,
    2.5,
    1e300,
    -1e300,
    2.0**53,
    9007199254740994.0,
    math.inf,
    -math.inf,
    math.nan,
]
_TEXTS = [
    "",
    "cat",
    "Cat",
    "a,b,,c",
    " x \n",
    "é",
    "a'b\"; --",
    "42",
    "-7",
    "1.5e3",
    "nan",
    "true",
    "100%",
    "a_b",
    "\x00z",
]
_DATES = [dt.date(1970, 1, 1), dt.date(2024, 2, 29), dt.date(1999, 12, 31), dt.date(1, 1, 2), dt.date(9998, 12, 31)]
_TIMES = [dt.datetime(2024, 2, 29, 12, 30, 1, 5), dt.datetime(1969, 12, 31, 23, 59, 59), dt.datetime(2024, 1, 1)]  # noqa: DTZ001 # wall clocks

_NANOS = [
    *(0, -1, -1000, -1001, 1_709_209_801_000_000_005, 1_709_209_801_000_000_006, 1_709_209_801_000_005_000),
    *(1_700_000_000_123_456_789, 1_700_000_000_123_456_000, -(2**63) + 4_000_000_000_000, 2**63 - 4_000_000_000_000),
]

_I64 = NumberType(dtype="int64")
COLUMNS: dict[str, tuple[str, ColumnType]] = {
    "guess": ("int", _I64),
    "Guess": ("int", NumberType(dtype="int8")),
    "": ("f64", NumberType(dtype="float64")),
    "row": ("wide", NumberType(dtype="uint64")),
    "a b": ("f32", NumberType(dtype="float32")),
    "x;--": ("text", StringType()),
    "`": ("bool", BooleanType()),
    "filename": ("text", StringType()),
    "select": ("date", DateType()),
    "é": ("ts", TimestampType()),
    "n": ("tn", TimestampType(unit="ns")),
    "N": ("tn", TimestampType(unit="ns")),
    "z": ("tz", TimestampType(unit="ns", zone="Asia/Kolkata")),
    "Z": ("tz", TimestampType(unit="ns", zone="UTC")),
    "l": ("list:int", ListType(item=_I64)),
    "L": ("list:text", ListType(item=StringType())),
    "fl": ("list:f32", ListType(item=NumberType(dtype="float32"))),
    "st": (
        "struct",
        StructType(
            fields=(
                Field(name="n", type=_I64),
                Field(name="N", type=StringType()),
                Field(name="", type=NumberType(dtype="float64")),
            )
        ),
    ),
}
"""Columns by name: the oracle's kind and the logical type."""
SCHEMA = Schema.of((name, found) for name, (_, found) in COLUMNS.items())
KINDS = {name: kind for name, (kind, _) in COLUMNS.items()}


def _value(kind: str, found: ColumnType, random: random.Random) -> Any:
    if random.random() < 0.15:
        return None
    if kind == "int":
        small = isinstance(found, NumberType) and found.dtype == "int8"
        return random.choice([0, 1, -1, 7, -128, 127]) if small else random.choice(_INTS)
    if kind == "wide":
        return random.choice([0, 1, 2**53 + 1, 2**63, 2**64 - 1])
    if kind == "f64":
        return random.choice(_FLOATS)
    if kind == "f32":
        with np.errstate(over="ignore"):
            return float(np.float32(random.choice([*_FLOATS, 0.2, 3.4e38, 16777216.0])))
    if kind == "bool":
        return random.random() < 0.5
    if kind.startswith("list"):
        item = kind.partition(":")[2]
        assert isinstance(found, ListType)
        return [_value(item, found.item, random) for _ in range(random.choice([0, 1, 2, 3]))]
    if kind == "struct":
        assert isinstance(found, StructType)
        kinds = {"n": "int", "N": "text", "": "f64"}
        return {field.name: _value(kinds[field.name], field.type, random) for field in found.fields}
    nanos = [Nano(value) for value in _NANOS]
    options: dict[str, list[Any]] = {"text": _TEXTS, "date": _DATES, "ts": _TIMES, "tn": nanos, "tz": nanos}
    return random.choice(options[kind])


def make_rows(random: random.Random, count: int) -> list[dict[str, Any]]:
    """Return rows of all columns."""
    return [{name: _value(kind, found, random) for name, (kind, found) in COLUMNS.items()} for _ in range(count)]


def as_relation(rows: list[dict[str, Any]]) -> pa.Table:
    """Return rows as the engine takes them: columns by position, and the row's position."""
    table = pa.table(
        [pa.array([_cell(row[column.name]) for row in rows], column.type.arrow()) for column in SCHEMA],
        schema=SCHEMA.arrow(),
    )
    columns = [*memory_columns(table, SCHEMA), pa.array(range(len(rows)), pa.int64())]
    return pa.table(columns, names=[*(f"c{i}" for i in range(len(SCHEMA))), "pos"])


def _cell(value: Any) -> Any:
    # Python's dict has no order of duplicate names for Arrow to mind: pairs have.
    return list(value.items()) if isinstance(value, dict) else value
