"""The physical form of values (spec: 06-types)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import wbtable
from wbtable.errors import TypeMismatchError
from wbtable.format.types import ABSENT, DateType, NumberType
from wbtable.tables.encode import encode
from wbtable.tables.spill import TableBlobs


def _physical(values: list[Any], **options: Any) -> pa.ChunkedArray:
    table = wbtable.Table(columns=["x"], data=[[value] for value in values], **options)
    return table.snapshot().source.take(np.arange(len(values))).column(0).combine_chunks()


def test_decimals_beyond_38_digits_are_text() -> None:
    """TYPE-3: plain text with exactly the scale's digits."""
    found = _physical([Decimal("1" * 40), Decimal("0.5"), Decimal("1E+3"), Decimal("-0.125"), None])
    assert found.to_pylist() == ["1" * 40 + ".000", "0.500", "1000.000", "-0.125", None]


def test_absent_keys_are_listed() -> None:
    """TYPE-7: a last child names the keys that a dict lacks; where all have all, there is none."""
    found = _physical([{"a": 1}, {"b": 2, "a": None}, {}, None])
    assert found.type.field(found.type.num_fields - 1).name == ABSENT
    absent = [None if cell is None else cell[ABSENT] for cell in found.to_pylist()]
    assert absent == [["b"], None, ["a", "b"], None]
    assert _physical([{"a": 1}, {"a": None}]).type.get_field_index(ABSENT) < 0


def test_arrays_in_c_order() -> None:
    """TYPE-8: of one shape a fixed-size list, else shape and values; without a common dtype little-endian bytes."""
    fixed = _physical([np.asfortranarray([[1, 2], [3, 4]]).astype(">i4"), None])
    assert fixed.type == pa.list_(pa.int32(), 4)
    assert fixed.to_pylist() == [[1, 2, 3, 4], None]
    ragged = _physical([np.array([[1.5]]), np.array(2.5)])
    assert ragged.to_pylist() == [{"shape": [1, 1], "values": [1.5]}, {"shape": [], "values": [2.5]}]
    mixed = _physical([np.array([1], "<i2"), np.array([True])])
    assert mixed.to_pylist() == [
        {"dtype": "<i2", "shape": [1], "data": b"\x01\x00"},
        {"dtype": "|b1", "shape": [1], "data": b"\x01"},
    ]
    pairs = _physical([np.array([1 + 2j], np.complex64)])
    assert pairs.to_pylist() == [{"shape": [1], "values": [1.0, 2.0]}]


def test_nan_keeps_its_bits() -> None:
    """TYPE-2: payload and sign."""
    bits = np.array([0x7FF8000000000001, 0xFFF8000000000000], np.uint64)
    values = bits.view(np.float64)
    for table in (
        wbtable.Table(columns=["x"], data=values.reshape(2, 1)),
        wbtable.Table.from_arrow(pa.table({"x": values})),
    ):
        column = table["x"].to_numpy()
        assert column.view(np.uint64).tolist() == bits.tolist()
    assert _physical([float("nan"), None]).null_count == 1


def test_zoned_times_are_stored_in_utc() -> None:
    """TYPE-4: naive ones as if they were UTC."""
    import datetime as dt

    zone = dt.timezone(dt.timedelta(hours=2))
    zoned = _physical([dt.datetime(1970, 1, 1, 2, 0, 1, tzinfo=zone)])
    assert (zoned.type, zoned.cast(pa.int64()).to_pylist()) == (pa.timestamp("us", "+02:00"), [1_000_000])
    naive = _physical([dt.datetime(1970, 1, 1, 0, 0, 1)])  # noqa: DTZ001
    assert (naive.type, naive.cast(pa.int64()).to_pylist()) == (pa.timestamp("us"), [1_000_000])


def test_mixed_cells_are_canonical() -> None:
    """ANY-1, DOC-3."""
    found = _physical([{"b": 1, "a": 1.0}, 2**53, None, "x"], dtype=Any)
    assert found.to_pylist() == [
        '{"a":{"$type":"float","value":"1"},"b":1}',
        '{"$type":"int","value":"9007199254740992"}',
        None,
        '"x"',
    ]


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(TypeMismatchError, match="value 1: 300 does not fit int8"):
        encode([1, 300], NumberType(dtype="int8"), TableBlobs())
    with pytest.raises(TypeMismatchError, match="value 0: 'x' does not fit date"):
        encode(["x"], DateType(), TableBlobs())


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("int64", [1, -(2**63), 2**63 - 1]),
        ("int64", [np.int8(3), 4, np.uint32(5)]),
        ("int64", [1, None]),
        ("float64", [0.1, -0.0, float("inf"), 1e300]),
        ("float64", [1.5, None, float("nan")]),
        ("float64", [2.5, 3, np.float32(0.1), 2**53]),
        ("float64", []),
    ],
)
def test_numbers_in_bulk(dtype: str, values: list[Any]) -> None:
    """TYPE-2: the fast way gives what Arrow gives of each value alone."""
    kind = NumberType(dtype=dtype)
    expected = [pa.array([value], kind.arrow(), from_pandas=False) for value in values]
    found = encode(values, kind, TableBlobs())
    assert found.type == kind.arrow()
    assert list(map(repr, found.to_pylist())) == [repr(one[0].as_py()) for one in expected]


def test_no_integer_is_rounded_in_bulk() -> None:
    """TYPE-9."""
    with pytest.raises(TypeMismatchError):
        encode([0.5, 2**53 + 1], NumberType(dtype="float64"), TableBlobs())
