"""When two keys are equal (spec: 11-joined-and-partitioned-tables, JOIN-5).

Each pair of key columns is brought to one Arrow type in which equal keys, and only those, are equal values. A value
that no value of the other side can equal becomes null, and null matches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.types import (
    UNITS,
    BinaryType,
    BooleanType,
    ClassesType,
    ColumnType,
    DateType,
    DecimalType,
    DurationType,
    IntegerType,
    LinkType,
    NullType,
    NumberType,
    StringType,
    TimestampType,
    TimeType,
    UuidType,
    unify,
)
from wbtable.tables.exact import decimal_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

_INT64 = NumberType(dtype="int64")
_PLAIN = (BooleanType, StringType, UuidType, BinaryType, DateType)
_INSTANTS = (TimestampType, TimeType, DurationType)
_ALLOWED = (NumberType, IntegerType, DecimalType, NullType, *_PLAIN, *_INSTANTS)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Two columns whose values must be equal.

    Attributes:
        left: the column of side 0.
        right: the column of side 1.
        left_type: its type.
        right_type: its type.
        common: the type that holds the values of both.

    """

    left: str
    right: str
    left_type: ColumnType
    right_type: ColumnType
    common: ColumnType

    @classmethod
    def of(cls, left: str, right: str, left_type: ColumnType, right_type: ColumnType) -> KeyPair:
        """Check two columns.

        Raises:
            UsageError: their values cannot be equal, or have no equality.

        """
        a, b = _as_number(left_type, right_type), _as_number(right_type, left_type)
        for name, found, side in ((left, a, 0), (right, b, 1)):
            if not isinstance(found, (*_ALLOWED, LinkType, ClassesType)):
                msg = f'tables cannot be joined on values of type {found} (column "{name}" of side {side})'
                raise UsageError(msg)
        try:
            common = unify(a, b)
        except TypeMismatchError:
            msg = f'the keys cannot be equal: "{left}" is {left_type}, "{right}" is {right_type}'
            raise UsageError(msg) from None
        return cls(left, right, left_type, right_type, common)

    def left_keys(self, array: pa.Array) -> pa.Array:
        """Return the comparable form of side 0's column."""
        return _comparable(array, self.left_type, self.right_type, self.common)

    def right_keys(self, array: pa.Array) -> pa.Array:
        """Return the comparable form of side 1's column."""
        return _comparable(array, self.right_type, self.left_type, self.common)


def _as_number(mine: ColumnType, other: ColumnType) -> ColumnType:
    """Class ids and row links compare with their like, and as the integers that they are."""
    return _INT64 if isinstance(mine, (ClassesType, LinkType)) and type(mine) is not type(other) else mine


def _comparable(array: pa.Array, mine: ColumnType, other: ColumnType, common: ColumnType) -> pa.Array:
    if isinstance(mine, NullType):
        kind = pa.string() if isinstance(other, NullType) else _comparable(_none(other), other, other, other).type
        return pa.nulls(len(array), kind)
    if isinstance(other, NullType):  # which meets nothing, but what is here is not null for that
        other = mine
    if isinstance(common, NumberType):
        return _numbers(array, mine, other)
    if isinstance(common, IntegerType):
        return array.cast(common.arrow())
    if isinstance(common, DecimalType):
        return _decimals(array, common)
    if isinstance(common, _INSTANTS):
        return _instants(array, mine, other)
    if isinstance(common, (LinkType, ClassesType)):
        return array
    if isinstance(common, DateType):
        return array.cast(pa.int32())
    return array.cast(pa.large_binary()) if isinstance(common, (StringType, UuidType, BinaryType)) else array


def _none(found: ColumnType) -> pa.Array:
    return pa.array([], found.arrow())


def _is_float(found: ColumnType) -> bool:
    return isinstance(found, NumberType) and found.is_float


def _numbers(array: pa.Array, mine: ColumnType, other: ColumnType) -> pa.Array:
    if _is_float(mine) and _is_float(other):
        # Plus zero: -0.0 becomes 0.0, its equal; every NaN becomes the one NaN.
        values = pc.add(array.cast(pa.float64()), 0.0)
        return pc.if_else(pc.is_nan(values), pa.scalar(float("nan")), values)
    unsigned = "uint64" in {getattr(mine, "dtype", ""), getattr(other, "dtype", "")}
    target = pa.uint64() if unsigned else pa.int64()
    if not _is_float(mine):
        return array.cast(target)
    # An integer can only equal a float that is whole and in its range; both comparisons are exact.
    values = array.cast(pa.float64()).fill_null(float("nan")).to_numpy(zero_copy_only=False)
    low, high = (0.0, 2.0**64) if unsigned else (-(2.0**63), 2.0**63)
    whole = np.isfinite(values) & (values >= low) & (values < high)
    whole &= np.where(whole, np.floor(values) == values, False)
    kept = np.where(whole, values, 0.0).astype(np.uint64 if unsigned else np.int64)
    return pa.array(kept, target, mask=~whole)


def _decimals(array: pa.Array, common: DecimalType) -> pa.Array:
    target = common.arrow()
    if pa.types.is_decimal(target):
        return array.cast(target)
    numbers = (None if value is None else Decimal(value) for value in array.to_pylist())
    return pa.array(decimal_texts(numbers, common), pa.large_string())


def _instants(array: pa.Array, mine: ColumnType, other: ColumnType) -> pa.Array:
    """Return times in the coarser of two units; one that lies between its steps equals none of the other side."""
    unit, wanted = (cast("TimestampType", found).unit for found in (mine, other))
    bare = array.cast(pa.int32()).cast(pa.int64()) if pa.types.is_time32(array.type) else array.cast(pa.int64())
    steps = UNITS.index(unit) - UNITS.index(wanted)
    if steps <= 0:
        return bare
    values = bare.fill_null(0).to_numpy(zero_copy_only=False)
    whole, rest = np.divmod(values, 1000**steps)
    lost = (rest != 0) | bare.is_null().to_numpy(zero_copy_only=False)
    return pa.array(whole, pa.int64(), mask=lost)


def combine(parts: Sequence[pa.Array]) -> pa.Array:
    """Return one key for several, equal where all are; null where one is null."""
    if len(parts) == 1:
        return parts[0]
    pieces: list[pa.Array] = []
    for part in parts:
        found = part if pa.types.is_large_binary(part.type) else part.cast(pa.large_string()).cast(pa.large_binary())
        length = pc.binary_length(found).cast(pa.large_string()).cast(pa.large_binary())
        # Each length stands before its text, so that ("a", "bc") is not ("ab", "c").
        pieces += [length, found]
    return pc.binary_join_element_wise(*pieces, pa.scalar(b":", pa.large_binary()))
