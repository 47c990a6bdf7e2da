"""Which rows of two columns hold equal values (spec: 17-comparison, CMP-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.format.file_cell import FILE_TYPE
from wbtable.tables.same import same_values

if TYPE_CHECKING:
    from collections.abc import Sequence

Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
_LOCATION = frozenset({"uri", "offset"})
"""Fields of the FILE group that say where a blob was put, not what it is (FP-8)."""


def equal_rows(left: pa.Array, right: pa.Array, *, media: bool) -> Flags:
    """Return for each row whether both hold the same value.

    NaN equals NaN, null equals null, 0.0 equals -0.0; media are equal by content and facts, wherever they were put.

    Args:
        left: a column in physical form.
        right: another of the same physical type and length.
        media: whether structs like the FILE group are one.

    """
    if not left.null_count and not right.null_count:
        return _equal(left, right, media=media)
    here, there = _valid(left), _valid(right)
    out: Flags = here == there
    both = here & there
    if both.any():
        out &= _equal(left, right, media=media) | ~both
    return out


def _valid(array: pa.Array) -> Flags:
    if not array.null_count:
        return np.ones(len(array), dtype=np.bool_)
    found: Flags = array.is_valid().to_numpy(zero_copy_only=False)
    return found


def _equal(left: pa.Array, right: pa.Array, *, media: bool) -> Flags:
    """Compare values; what stands where either is null does not matter."""
    kind = left.type
    if pa.types.is_null(kind):
        return np.ones(len(left), dtype=np.bool_)
    if pa.types.is_floating(kind):
        one, other = _floats(left), _floats(right)
        found: Flags = (one == other) | (np.isnan(one) & np.isnan(other))
        return found
    if pa.types.is_struct(kind):
        return _structs(left, right, media=media)
    if pa.types.is_map(kind):
        return _maps(left, right)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _lists(left, right, media=media)
    if pa.types.is_integer(kind) and not left.null_count and not right.null_count:
        same: Flags = left.to_numpy() == right.to_numpy()
        return same
    return _flags(pc.equal(left, right))


def _flags(array: pa.Array) -> Flags:
    if array.null_count:
        array = array.fill_null(False)
    found: Flags = array.to_numpy(zero_copy_only=False)
    return found


def _floats(array: pa.Array) -> np.ndarray[Any, Any]:
    if array.null_count:
        array = array.fill_null(pa.scalar(0.0, pa.float64()).cast(array.type))
    found: np.ndarray[Any, Any] = array.to_numpy(zero_copy_only=False)
    return found


def _structs(left: pa.StructArray, right: pa.StructArray, *, media: bool) -> Flags:
    is_file = media and left.type.equals(FILE_TYPE)
    out = np.ones(len(left), dtype=np.bool_)
    for i, field in enumerate(left.type):
        if not (is_file and field.name in _LOCATION):
            out &= equal_rows(left.field(i), right.field(i), media=media)
    return out


def _lists(left: pa.Array, right: pa.Array, *, media: bool) -> Flags:
    lengths = [pc.list_value_length(array).fill_null(-1).to_numpy(zero_copy_only=False) for array in (left, right)]
    out: Flags = lengths[0] == lengths[1]
    rows = np.flatnonzero(out & (lengths[0] > 0))
    if not len(rows):
        return out
    picked = pa.array(rows)
    same = equal_rows(left.take(picked).flatten(), right.take(picked).flatten(), media=media)
    ends = np.cumsum(lengths[0][rows])
    wrong = np.concatenate([[0], np.cumsum(~same)])
    out[rows] = wrong[ends] == wrong[ends - lengths[0][rows]]
    return out


def _maps(left: pa.MapArray, right: pa.MapArray) -> Flags:
    """Compare maps; the order of their keys does not matter."""
    kind = pa.list_(pa.struct([("key", left.type.key_type), ("value", left.type.item_type)]))
    out = _lists(left.cast(kind), right.cast(kind), media=False)
    rows = np.flatnonzero(~out)
    for row, one, other in zip(rows, _dicts(left, rows), _dicts(right, rows), strict=True):
        out[row] = one is not None and other is not None and same_values(one, other)
    return out


def _dicts(array: pa.MapArray, rows: Sequence[int] | np.ndarray[Any, Any]) -> list[dict[Any, Any] | None]:
    cells = array.take(pa.array(rows, pa.int64())).to_pylist()
    return [None if cell is None else dict(cell) for cell in cells]
