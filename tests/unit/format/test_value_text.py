"""Values as text in manifests and summaries (SUM-7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.format.value_text import from_text, to_text, value_text


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array([2**63 - 1, None]), ["9223372036854775807", None]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (
            pa.array([0.1, float("nan"), float("inf"), float("-inf"), 1e300]),
            ["0.1", "NaN", "Infinity", "-Infinity", "1e+300"],
        ),
        (pa.array([0.1], pa.float32()), ["0.1"]),
        (pa.array([True, False]), ["true", "false"]),
        (pa.array([Decimal("0.00000001")], pa.decimal128(12, 8)), ["0.00000001"]),
    ],
)
def test_values_as_text(values: pa.Array, texts: list[str | None]) -> None:
    # SUM-7
    assert to_text(values).to_pylist() == texts
    assert str(from_text(to_text(values), values.type, "here").to_pylist()) == str(values.to_pylist())


@given(st.floats(width=32), st.floats())
def test_floats_read_back_exactly(single: float, double: float) -> None:
    # SUM-7
    for value, kind in ((single, pa.float32()), (double, pa.float64())):
        there = pa.array([value], kind)
        assert from_text(to_text(there), kind, "here").equals(there) or value != value  # noqa: PLR0124


@given(st.floats(width=32), st.floats(), st.integers(-(2**63), 2**63 - 1), st.text())
def test_one_value_alone_has_the_text_of_an_array(single: float, double: float, whole: int, text: str) -> None:
    # SUM-7
    cases: list[tuple[Any, pa.DataType]] = [
        (single, pa.float32()),
        (double, pa.float64()),
        (whole, pa.int64()),
        (text, pa.string()),
    ]
    for value, kind in cases:
        assert value_text(value, kind) == to_text(pa.array([value], kind))[0].as_py()
    assert value_text(float(np.float32(0.1)), pa.float32()) == "0.1"
