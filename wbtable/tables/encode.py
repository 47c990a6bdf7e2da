"""Plain values of one column -> the physical Arrow array that a fragment holds (spec: 06-types)."""

from __future__ import annotations

import decimal
import struct
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import TypeMismatchError, WbtableError
from wbtable.format.documents import canonical
from wbtable.format.tagged import tag
from wbtable.format.types import (
    MAX_PRECISION,
    AnyType,
    ColumnType,
    ComplexType,
    DecimalType,
    DurationType,
    HistogramType,
    IntegerType,
    ListType,
    MapType,
    MediaType,
    NdarrayType,
    NullType,
    StructType,
    TimestampType,
    UuidType,
    element_type,
    has_media,
)
from wbtable.tables.capture import Tagged
from wbtable.tables.exact import MAX_EXACT_FLOAT, decimal_texts
from wbtable.tables.infer_times import exactly

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wbtable.media.payload import Payload


_CODES = {pa.float64(): "d", pa.int64(): "q"}
_MOST_PACKED = 1 << 16


class BlobPutter(Protocol):
    """Where the encoded bytes of media go."""

    def put_many(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        """Keep the bytes of each payload; return the FILE group of each."""
        ...


def encode(values: Sequence[Any], column_type: ColumnType, blobs: BlobPutter) -> pa.Array:
    """Return the physical array of `values`, which are in the plain form of `infer`.

    Raises:
        TypeMismatchError: a value does not fit the type; the message has the value's position.

    """
    special = _ENCODERS.get(type(column_type))
    try:
        if special is not None:
            return special(values, column_type, blobs)
        if isinstance(column_type, MediaType):
            return _media(values, column_type, blobs)
        return _flat(values, column_type.arrow())
    except WbtableError:
        raise
    except (pa.ArrowException, OverflowError, TypeError, UnicodeError, decimal.InvalidOperation) as error:
        raise TypeMismatchError(_explain(values, column_type, error)) from None


def _flat(values: Sequence[Any], arrow_type: pa.DataType) -> pa.Array:
    code = _CODES.get(arrow_type)
    if code is not None and 0 < len(values) <= _MOST_PACKED:
        packed = _packed(values, code)
        if packed is not None:
            return pa.array(packed, type=arrow_type, from_pandas=False)
    out = pa.array(values, type=arrow_type, from_pandas=False)
    return pa.concat_arrays(out.chunks) if isinstance(out, pa.ChunkedArray) else out


def _packed(values: Sequence[Any], code: str) -> np.ndarray[Any, Any] | None:
    """Return int64 or float64 in a third of the time that Arrow takes; None where a value is missing or needs its care.

    Python's `struct` makes floats of integers without a word about what is lost beyond 2**53.
    """
    out = np.empty(len(values), np.float64 if code == "d" else np.int64)
    try:
        struct.pack_into(f"{len(values)}{code}", out.data, 0, *values)
    except (struct.error, OverflowError, TypeError):
        return None
    return None if code == "d" and (np.abs(out) >= MAX_EXACT_FLOAT).any() else out


def _explain(values: Sequence[Any], column_type: ColumnType, error: Exception) -> str:
    """Name the first value that does not fit."""
    arrow = column_type.arrow()
    for i, value in enumerate(values):
        try:
            pa.array([value], type=arrow, from_pandas=False)
        except (pa.ArrowException, OverflowError, UnicodeError, ValueError, TypeError):
            return f"value {i}: {value!r:.80} does not fit {column_type}: {error}"
    return f"the values do not fit {column_type}: {error}"


def _mask(values: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.fromiter((value is None for value in values), dtype=np.bool_, count=len(values))


def _null(values: Sequence[Any], _type: ColumnType, _blobs: BlobPutter) -> pa.Array:
    return pa.nulls(len(values))


def _integer(values: Sequence[Any], column_type: ColumnType, _blobs: BlobPutter) -> pa.Array:
    return _flat([None if v is None else decimal.Decimal(int(v)) for v in values], column_type.arrow())


def _decimal(values: Sequence[Any], column_type: ColumnType, _blobs: BlobPutter) -> pa.Array:
    found = cast("DecimalType", column_type)
    if found.precision > MAX_PRECISION:
        numbers = (None if v is None else decimal.Decimal(v) for v in values)
        return pa.array(decimal_texts(numbers, found), type=pa.string())
    return _flat(values, found.arrow())


def _uuid(values: Sequence[Any], _type: ColumnType, _blobs: BlobPutter) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], type=pa.string())


def _times(values: Sequence[Any], column_type: ColumnType, _blobs: BlobPutter) -> pa.Array:
    unit = cast("TimestampType | DurationType", column_type).unit
    numpys = (np.datetime64, np.timedelta64)  # which Arrow takes in the column's unit only
    plain = [exactly(v, f"{v.dtype.kind}8[{unit}]") if isinstance(v, numpys) else v for v in values]
    return _flat(plain, column_type.arrow())


def _complex(values: Sequence[Any], column_type: ColumnType, _blobs: BlobPutter) -> pa.Array:
    whole = [0j if value is None else complex(value) for value in values]
    parts = np.array(whole, dtype=np.complex128)
    return pa.StructArray.from_arrays(
        [pa.array(parts.real.copy()), pa.array(parts.imag.copy())],
        fields=list(column_type.arrow()),
        mask=pa.array(_mask(values)),
    )


def _any(values: Sequence[Any], _type: ColumnType, _blobs: BlobPutter) -> pa.Array:
    return _flat(
        [None if v is None else v.text if isinstance(v, Tagged) else canonical(tag(v)).decode() for v in values],
        pa.string(),
    )


def _offsets(lengths: list[int], mask: np.ndarray[Any, np.dtype[np.bool_]]) -> pa.Array:
    ends = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=ends[1:])
    if ends[-1] > np.iinfo(np.int32).max:
        msg = f"{ends[-1]} elements in one batch of rows; at most 2^31 - 1 can be stored"
        raise TypeMismatchError(msg)
    # Arrow reads a null offset as a null list.
    return (
        pa.array(ends.astype(np.int32), mask=np.append(mask, False)) if mask.any() else pa.array(ends.astype(np.int32))
    )


def _list(values: Sequence[Any], column_type: ColumnType, blobs: BlobPutter) -> pa.Array:
    item = cast("ListType", column_type).item
    if type(item) not in _ENCODERS and not has_media(item):
        return _flat([v if v is None or type(v) is list else list(v) for v in values], column_type.arrow())
    flat = [element for value in values if value is not None for element in value]
    lengths = [0 if value is None else len(value) for value in values]
    children = encode(flat, item, blobs)
    return pa.ListArray.from_arrays(_offsets(lengths, _mask(values)), children, type=column_type.arrow())


def _map(values: Sequence[Any], column_type: ColumnType, blobs: BlobPutter) -> pa.Array:
    found = cast("MapType", column_type)
    keys = encode([key for value in values if value is not None for key in value], found.key, blobs)
    items = encode([item for value in values if value is not None for item in value.values()], found.item, blobs)
    lengths = [0 if value is None else len(value) for value in values]
    return pa.MapArray.from_arrays(_offsets(lengths, _mask(values)), keys, items, type=column_type.arrow())


def _struct(values: Sequence[Any], column_type: ColumnType, blobs: BlobPutter) -> pa.Array:
    found = cast("StructType", column_type)
    rows = [{} if value is None else value for value in values]
    children = [encode([row.get(field.name) for row in rows], field.type, blobs) for field in found.fields]
    if found.has_absent:
        names = [field.name for field in found.fields]
        absent = [None if v is None else [name for name in names if name not in v] or None for v in values]
        children.append(pa.array(absent, type=pa.list_(pa.string())))
    return pa.StructArray.from_arrays(children, fields=list(found.arrow()), mask=pa.array(_mask(values)))


def _ndarray(values: Sequence[Any], column_type: ColumnType, _blobs: BlobPutter) -> pa.Array:
    found = cast("NdarrayType", column_type)
    mask = _mask(values)
    if found.is_tensor:
        stacked = np.zeros((len(values), found.size), dtype=found.dtype)
        for i, value in enumerate(values):
            if value is not None:
                stacked[i] = value.reshape(-1)
        return pa.FixedSizeListArray.from_arrays(
            pa.array(stacked.reshape(-1)), type=found.arrow(), mask=pa.array(mask) if mask.any() else None
        )
    shapes = pa.array([None if v is None else list(v.shape) for v in values], type=pa.list_(pa.int64()))
    fields = list(found.arrow())
    if found.dtype is None:
        dtypes = pa.array([None if v is None else v.dtype.newbyteorder("<").str for v in values], type=pa.string())
        data = [None if v is None else v.astype(v.dtype.newbyteorder("<"), copy=False).tobytes() for v in values]
        return pa.StructArray.from_arrays(
            [dtypes, shapes, _flat(data, pa.binary())], fields=fields, mask=pa.array(mask)
        )
    flat = [_elements(value, found.dtype) for value in values if value is not None]
    lengths = [0] * len(values)
    for i, part in zip(np.flatnonzero(~mask).tolist(), flat, strict=True):
        lengths[i] = len(part)
    item = element_type(found.dtype)
    children = pa.array(np.concatenate(flat), type=item) if flat else pa.array([], type=item)
    lists = pa.ListArray.from_arrays(_offsets(lengths, mask), children, type=pa.list_(item))
    return pa.StructArray.from_arrays([shapes, lists], fields=fields, mask=pa.array(mask))


def _elements(array: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    flat = np.ascontiguousarray(array).reshape(-1)
    if dtype.startswith("complex"):
        return flat.view(np.float32 if dtype == "complex64" else np.float64)
    return flat.astype(object) if dtype in {"str", "bytes"} else flat


def _histogram(values: Sequence[Any], column_type: ColumnType, _blobs: BlobPutter) -> pa.Array:
    return pa.array([None if v is None else v.to_cell() for v in values], type=column_type.arrow())


def _media(values: Sequence[Any], column_type: ColumnType, blobs: BlobPutter) -> pa.Array:
    cells: list[dict[str, object] | None] = [None if value is None else dict(value.to_cell()) for value in values]
    owners: list[tuple[dict[str, object], str]] = []
    payloads: list[Payload] = []
    for i, cell in enumerate(cells):
        if cell is None:
            continue
        masks = cell.get("masks")
        if masks:
            cell["masks"] = [dict(mask) for mask in cast("list[dict[str, object]]", masks)]
        for owner in (cell, *cast("list[dict[str, object]]", cell.get("masks") or [])):
            payload = cast("Payload", owner["file"])
            owners.append((owner, f"value {i}"))
            payloads.append(payload)
    for (owner, _), file in zip(owners, blobs.put_many(payloads), strict=True):
        owner["file"] = file
    return pa.array(cells, type=column_type.arrow())


_ENCODERS: dict[type[ColumnType], Callable[[Sequence[Any], ColumnType, BlobPutter], pa.Array]] = {
    NullType: _null,
    IntegerType: _integer,
    DecimalType: _decimal,
    TimestampType: _times,
    DurationType: _times,
    UuidType: _uuid,
    ComplexType: _complex,
    AnyType: _any,
    ListType: _list,
    MapType: _map,
    StructType: _struct,
    NdarrayType: _ndarray,
    HistogramType: _histogram,
}
