"""What type a fragment's column had when it was written, told from its Parquet type (spec: 05-tables, TABLE-7).

A later append may have widened the column. The fragment stays as it is, and is read as the wider type.
"""

from __future__ import annotations

import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.types import (
    ABSENT,
    NUMBERS,
    AnyType,
    ColumnType,
    DecimalType,
    Field,
    ListType,
    MapType,
    NdarrayType,
    NullType,
    NumberType,
    StructType,
    TimestampType,
)

_DTYPES = {arrow: dtype for dtype, arrow in NUMBERS.items()}


def stored_type(found: pa.DataType, want: ColumnType, place: str) -> ColumnType:
    """Return the logical type that a column of Parquet type `found` had, which `want` widens.

    Raises:
        FormatError: no narrower type of `want` is stored so.

    """
    if found.equals(want.arrow()):
        return want
    if pa.types.is_null(found):
        return NullType()
    narrower = _narrower(found, want, place)
    if narrower is None:
        msg = f"expected a column of type {want}, found {found}"
        raise FormatError(msg, place=place)
    return narrower


def _narrower(found: pa.DataType, want: ColumnType, place: str) -> ColumnType | None:
    if found in _DTYPES and want.kind in {"number", "integer"}:
        return NumberType(dtype=_DTYPES[found])
    if pa.types.is_decimal128(found) and isinstance(want, DecimalType):
        return DecimalType(precision=found.precision, scale=found.scale)
    if isinstance(want, ListType) and (pa.types.is_list(found) or pa.types.is_large_list(found)):
        return ListType(item=stored_type(found.value_type, want.item, place))
    if isinstance(want, MapType) and pa.types.is_map(found):
        key = stored_type(found.key_type, want.key, place)
        return MapType(key=key, item=stored_type(found.item_type, want.item, place))
    if isinstance(want, StructType) and pa.types.is_struct(found):
        names = {field.name: field.type for field in found}
        fields = tuple(
            Field(name=field.name, type=stored_type(names[field.name], field.type, place))
            for field in want.fields
            if field.name in names
        )
        return StructType(fields=fields, absent=ABSENT in names)
    # In milliseconds: Parquet has no seconds (FRAG-1).
    if isinstance(want, NdarrayType) and want.dtype == "datetime64[s]":
        stored = NdarrayType(dtype="datetime64[ms]", shape=want.shape).arrow()
        return want if found.equals(stored) else None
    if isinstance(want, TimestampType) and pa.types.is_timestamp(found) and (found.tz is None) == (want.zone is None):
        return TimestampType(unit=found.unit, zone=found.tz)
    # Encodings of the same values, and media that gained overlays: the cast by structure decides.
    return None if isinstance(want, (NdarrayType, AnyType, NumberType)) else want


def may_stay(have: ColumnType, want: ColumnType) -> bool:
    """Whether a fragment's column that was stored as `have` may stand in a table whose column is the wider `want`.

    Only where its fingerprint and its extremes say of `want` what they said of `have` (TABLE-10): -1 of int8 has the
    bytes of 255 of uint8, and one second those of one millisecond.
    """
    if have == want or isinstance(have, NullType):
        return True
    if isinstance(have, ListType) and isinstance(want, ListType):
        return may_stay(have.item, want.item)
    if isinstance(have, MapType) and isinstance(want, MapType):
        return may_stay(have.key, want.key) and may_stay(have.item, want.item)
    if isinstance(have, StructType) and isinstance(want, StructType):
        pairs = list(zip(have.fields, want.fields, strict=False))
        same = (len(have.fields), have.absent) == (len(want.fields), want.absent)
        return same and all(mine.name == new.name and may_stay(mine.type, new.type) for mine, new in pairs)
    return have.kind == want.kind and have.arrow().equals(want.arrow())
