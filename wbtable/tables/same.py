"""Whether two tables hold the same rows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from wbtable.errors import TypeMismatchError, WbtableError
from wbtable.format.fingerprint import fingerprint
from wbtable.format.types import ColumnType, MediaType, unify
from wbtable.tables.conform import conform
from wbtable.tables.values import to_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from wbtable.tables.source import Source

_ROWS = 65536


def same_rows(left: Source, right: Source) -> bool:
    """Whether two sources have the same columns with equal values in the same order.

    NaN equals NaN and nothing else; None equals None; media are equal if facts and content are. Columns of different
    types are equal if their values are, as 1 and 1.0.
    """
    if left.num_rows != right.num_rows or left.schema.names != right.schema.names:
        return False
    try:
        types = [unify(a.type, b.type) for a, b in zip(left.schema, right.schema, strict=True)]
    except TypeMismatchError:
        return False
    if not types:
        return True
    names = list(zip(left.schema, right.schema, types, strict=True))
    for one, other in _pairs(left, right):
        for i, (a, b, wide) in enumerate(names):
            if not _same(one.column(i), a.type, other.column(i), b.type, wide):
                return False
    return True


def _pairs(left: Source, right: Source) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Yield the batches of both, cut alike."""
    others = right.batches(None, _ROWS)
    other: pa.RecordBatch | None = None
    for whole in left.batches(None, _ROWS):
        batch = whole
        while batch.num_rows:
            if other is None or not other.num_rows:
                other = next(others)
            rows = min(batch.num_rows, other.num_rows)
            yield batch.slice(0, rows), other.slice(0, rows)
            batch, other = batch.slice(rows), other.slice(rows)


def _same(left: pa.Array, a: ColumnType, right: pa.Array, b: ColumnType, wide: ColumnType) -> bool:
    try:
        left = conform(left, a, wide, place="left")
        right = conform(right, b, wide, place="right")
    except WbtableError:
        return same_values(to_python(left, a), to_python(right, b))
    if fingerprint(left, wide) == fingerprint(right, wide):
        return True
    # The canonical form tells 0.0 from -0.0, one NaN from another, and the order of keys of a map.
    if isinstance(wide, MediaType):
        return False
    return same_values(to_python(left, wide), to_python(right, wide))


def same_values(left: Any, right: Any) -> bool:
    """Whether two Python values are equal, NaN to NaN, arrays elementwise."""
    if isinstance(left, np.ndarray) or isinstance(right, np.ndarray):
        if not (isinstance(left, np.ndarray) and isinstance(right, np.ndarray)):
            return False
        return left.dtype == right.dtype and np.array_equal(left, right, equal_nan=left.dtype.kind in "fcmM")
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_values(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_values, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return bool(left == right)
