"""A sketch that grows by few rows is the one that merging gives (SUM-3, SUM-5)."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.format.arrow_cases import chunked
from wbtable.format.schema import Schema
from wbtable.format.sketch import SAMPLE, sketch_rows
from wbtable.format.sketch_file import write_sketch
from wbtable.format.sketch_grown import can_grow, grown
from wbtable.format.summary import summaries
from wbtable.format.types import BinaryType, BooleanType, DateType, DecimalType, NumberType, StringType

if TYPE_CHECKING:
    from wbtable.format.types_base import ColumnType


def _rows(seed: int, rows: int) -> tuple[pa.Table, Schema]:
    """Return rows of every kind of summary: some values repeat, some are null or not finite, some texts are long."""
    draw = random.Random(seed)
    odd = [None, float("nan"), float("inf"), float("-inf"), -0.0, 0.0]
    columns: list[tuple[str, ColumnType, list[Any]]] = [
        ("id", NumberType(dtype="int64"), [draw.randrange(10**6) for _ in range(rows)]),
        ("guess", NumberType(dtype="int8"), [draw.randrange(-128, 128) for _ in range(rows)]),
        ("count", NumberType(dtype="uint64"), [draw.randrange(2**64) for _ in range(rows)]),
        ("loss", NumberType(dtype="float64"), [draw.random() + 1e-9 for _ in range(rows)]),
        ("score", NumberType(dtype="float32"), [draw.choice([*odd, draw.gauss(0, 1)]) for _ in range(rows)]),
        ("text", StringType(), [draw.choice([None, "short", "é" * draw.randrange(60)]) for _ in range(rows)]),
        ("flag", BooleanType(), [draw.choice([None, True, False]) for _ in range(rows)]),
        ("money", DecimalType(precision=9, scale=2), [Decimal(draw.randrange(10**6)) / 100 for _ in range(rows)]),
        ("day", DateType(), [dt.date(2024, 1, 1) + dt.timedelta(days=draw.randrange(9)) for _ in range(rows)]),
        ("raw", BinaryType(), [draw.randbytes(draw.randrange(9)) for _ in range(rows)]),
    ]
    schema = Schema.of([(name, kind) for name, kind, _ in columns])
    return pa.table([pa.array(values, kind.arrow()) for _, kind, values in columns], schema.arrow()), schema


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    front=st.integers(SAMPLE, 4 * SAMPLE),
    parts=st.lists(st.integers(1, 600), min_size=1, max_size=4),
)
def test_growing_gives_what_merging_gives(seed: int, front: int, parts: list[int]) -> None:
    # SUM-3, SUM-5
    table, schema = _rows(seed, front)
    found = merged = sketch_rows(table, schema, 0)
    assert can_grow(found)
    for number, rows in enumerate(parts):
        part, _ = _rows(seed + number + 1, rows)
        own = sketch_rows(part, schema, found.rows)
        merged = merged.merge(own)
        found, extremes = grown(found, part, found.rows)
        assert list(extremes) == [column.extremes for column in own.columns]
        assert write_sketch(found) == write_sketch(merged)
        assert summaries(found) == summaries(merged)


def test_chunks_do_not_matter() -> None:
    table, schema = _rows(1, 2 * SAMPLE)
    part, _ = _rows(2, 500)
    cut = pa.table([chunked(column.combine_chunks(), [0, 100, 101]) for column in part.columns], schema.arrow())
    front = sketch_rows(table, schema, 0)
    assert write_sketch(grown(front, cut, front.rows)[0]) == write_sketch(grown(front, part, front.rows)[0])


def test_far_behind_no_row_enters_the_sample() -> None:
    schema = Schema.of([("x", NumberType(dtype="float64"))])
    front = sketch_rows(pa.table({"x": np.random.default_rng(3).random(1 << 20)}), schema, 0)
    found = front
    for number in range(50):
        part = pa.table({"x": np.random.default_rng(number).random(20)})
        entered = grown(found, part, found.rows)[0]
        merged = found.merge(sketch_rows(part, schema, found.rows))
        assert write_sketch(entered) == write_sketch(merged)
        found = entered
    assert found.rows == (1 << 20) + 1000


@pytest.mark.parametrize("rows", [0, SAMPLE - 1])
def test_a_sample_that_is_not_full_does_not_grow(rows: int) -> None:
    table, schema = _rows(0, rows)
    assert not can_grow(sketch_rows(table, schema, 0))
