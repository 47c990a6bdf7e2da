"""Physical columns -> the Python values that went in (spec: 06-types)."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import re
import uuid
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import FormatError, UnsupportedError
from wbtable.format.tagged import untag
from wbtable.format.types import (
    ABSENT,
    AnyType,
    ColumnType,
    ComplexType,
    DateType,
    DecimalType,
    DurationType,
    HistogramType,
    IntegerType,
    ListType,
    MapType,
    MediaType,
    NdarrayType,
    NumberType,
    StructType,
    TimestampType,
    TimeType,
    UuidType,
)
from wbtable.tables.blobs import NoBlobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.media.base import BlobReader

Values = list[Any]
_DTYPE = re.compile(r"[<|=]?[biufcmMSU][0-9]{1,9}(\[[a-z]{1,2}\])?")


def to_python(array: pa.Array | pa.ChunkedArray, column_type: ColumnType, blobs: BlobReader | None = None) -> Values:
    """Return the Python values of a physical column, as they were put in.

    None is None and NaN is NaN; integers are exact; datetimes have their zone (nanoseconds come as pandas Timestamps
    where pandas is installed, else as numpy's; so do columns with years beyond 1 to 9999, but with a zone as numpy's,
    in UTC); arrays have dtype and shape and may be written to; dicts lack the keys that they lacked; media are lazy
    objects that read their blob on use.

    Raises:
        FormatError: a cell is not as the column's type says.

    """
    if isinstance(array, pa.ChunkedArray):
        return [value for chunk in array.chunks for value in to_python(chunk, column_type, blobs)]
    special = _DECODERS.get(type(column_type))
    if special is not None:
        return special(array, column_type, blobs or NoBlobs())
    if isinstance(column_type, MediaType):
        return _media(array, column_type, blobs or NoBlobs())
    values: Values = array.to_pylist()
    return values


def _number(array: pa.Array, column_type: ColumnType, _blobs: BlobReader) -> Values:
    if array.null_count or cast("NumberType", column_type).dtype == "float16":
        return [None if value is None else _plain(value) for value in array.to_pylist()]
    return cast("Values", array.to_numpy(zero_copy_only=False).tolist())


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _integer(array: pa.Array, _type: ColumnType, _blobs: BlobReader) -> Values:
    return [None if value is None else int(value) for value in array.to_pylist()]


def _decimal(array: pa.Array, _type: ColumnType, _blobs: BlobReader) -> Values:
    if not pa.types.is_string(array.type):
        return cast("Values", array.to_pylist())
    try:
        return [None if value is None else decimal.Decimal(value) for value in array.to_pylist()]
    except decimal.InvalidOperation as error:
        msg = f"expected decimals as text: {error}"
        raise FormatError(msg) from None


def _uuid(array: pa.Array, _type: ColumnType, _blobs: BlobReader) -> Values:
    try:
        return [None if value is None else uuid.UUID(value) for value in array.to_pylist()]
    except ValueError as error:
        msg = f"expected UUIDs as text: {error}"
        raise FormatError(msg) from None


def _complex(array: pa.Array, _type: ColumnType, _blobs: BlobReader) -> Values:
    real, imag = (array.field(i).fill_null(0).to_numpy(zero_copy_only=False) for i in range(2))
    whole = np.empty(len(array), np.complex128)
    whole.real, whole.imag = real, imag
    return _with_nulls(whole.tolist(), array)


def _with_nulls(values: Values, array: pa.Array) -> Values:
    if not array.null_count:
        return values
    return [value if here else None for value, here in zip(values, array.is_valid().to_pylist(), strict=True)]


def _instant(array: pa.Array, column_type: ColumnType, _blobs: BlobReader) -> Values:
    """Return datetimes or timedeltas; what neither can hold comes as pandas' or numpy's."""
    unit = cast("TimestampType | DurationType", column_type).unit
    if unit != "ns":
        try:
            return cast("Values", array.to_pylist())
        except (OverflowError, ValueError):  # years beyond 1 to 9999
            pass
    kind = "M" if isinstance(column_type, TimestampType) else "m"
    raw = array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    plain = list(raw.astype(f"{kind}8[{unit}]"))
    try:
        import pandas as pd
    except ImportError:
        return _with_nulls(plain, array)
    if kind == "m":
        return _with_nulls([pd.Timedelta(value) for value in plain], array)
    zone = cast("TimestampType", column_type).zone
    if zone is not None:
        try:
            zoned = pa.scalar(0, pa.timestamp("us", zone)).as_py().tzinfo
        except pa.ArrowInvalid:
            msg = f"the time zone {zone!r} is unknown on this machine; to_arrow has the instants in UTC"
            raise UnsupportedError(msg) from None
    if zone is not None and unit != "ns":  # pandas has no zones in years that Python lacks
        return _with_nulls(plain, array)
    try:
        stamps = [pd.Timestamp(value) for value in plain]
    except (OverflowError, ValueError):
        return _with_nulls(plain, array)
    if zone is not None:
        stamps = [stamp.tz_localize("UTC").tz_convert(zoned) for stamp in stamps]
    return _with_nulls(stamps, array)


def _date(array: pa.Array, _type: ColumnType, _blobs: BlobReader) -> Values:
    try:
        return cast("Values", array.to_pylist())
    except (OverflowError, ValueError):  # years beyond 1 to 9999
        days = array.cast(pa.int32()).cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
        return _with_nulls(list(days.astype("M8[D]")), array)


def _time(array: pa.Array, column_type: ColumnType, _blobs: BlobReader) -> Values:
    if cast("TimeType", column_type).unit != "ns":
        return cast("Values", array.to_pylist())
    # datetime.time ends at microseconds; what lies below is kept in the Arrow form only.
    return [None if v is None else _time_of(v) for v in array.cast(pa.int64()).to_pylist()]


def _time_of(nanoseconds: int) -> dt.time:
    seconds, rest = divmod(nanoseconds, 10**9)
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest // 1000)


def _any(array: pa.Array, _type: ColumnType, _blobs: BlobReader) -> Values:
    try:
        return [None if text is None else untag(json.loads(text)) for text in array.to_pylist()]
    except (ValueError, RecursionError) as error:
        msg = f"expected tagged JSON: {error}"
        raise FormatError(msg) from None


def _list(array: pa.ListArray, column_type: ColumnType, blobs: BlobReader) -> Values:
    offsets = array.offsets.to_numpy()
    if not len(array):
        return []
    first, last = int(offsets[0]), int(offsets[-1])
    items = to_python(array.values.slice(first, last - first), cast("ListType", column_type).item, blobs)
    ends = (offsets - first).tolist()
    return _with_nulls([items[ends[i] : ends[i + 1]] for i in range(len(array))], array)


def _map(array: pa.MapArray, column_type: ColumnType, blobs: BlobReader) -> Values:
    found = cast("MapType", column_type)
    offsets = array.offsets.to_numpy()
    if not len(array):
        return []
    first, last = int(offsets[0]), int(offsets[-1])
    keys = to_python(array.keys.slice(first, last - first), found.key, blobs)
    items = to_python(array.items.slice(first, last - first), found.item, blobs)
    ends = (offsets - first).tolist()
    pairs = [dict(zip(keys[a:b], items[a:b], strict=True)) for a, b in pairwise(ends)]
    return _with_nulls(pairs, array)


def _struct(array: pa.StructArray, column_type: ColumnType, blobs: BlobReader) -> Values:
    found = cast("StructType", column_type)
    names = [field.name for field in found.fields]
    columns = [
        to_python(array.field(array.type.get_field_index(field.name)), field.type, blobs) for field in found.fields
    ]
    rows: Values = [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]
    if not names:
        rows = [{} for _ in range(len(array))]
    if found.has_absent:
        absent = array.field(array.type.get_field_index(ABSENT)).to_pylist()
        for row, missing in zip(rows, absent, strict=True):
            for name in missing or ():
                row.pop(name, None)
    return _with_nulls(rows, array)


def _ndarray(array: pa.Array, column_type: ColumnType, _blobs: BlobReader) -> Values:
    return ndarray_cells(array, cast("NdarrayType", column_type))


def ndarray_cells(array: pa.Array, column_type: NdarrayType) -> Values:
    """Return the numpy arrays of an ndarray column; each may be written to, none shares memory with Arrow's.

    Raises:
        FormatError: shape and number of elements of a cell disagree.

    """
    rows = len(array)
    if column_type.is_tensor:
        size = column_type.size
        flat = array.values.slice(array.offset * size, rows * size)
        whole = np.array(_filled(flat).to_numpy(zero_copy_only=False), dtype=column_type.dtype)
        return _with_nulls(list(whole.reshape(rows, *cast("tuple[int, ...]", column_type.shape))), array)
    try:
        if column_type.dtype is None:
            return _tagged_ndarrays(array)
        return _ragged_ndarrays(array, column_type.dtype)
    except (ValueError, TypeError) as error:
        msg = f"expected an array of {column_type}: {error}"
        raise FormatError(msg) from None


def _filled(flat: pa.Array) -> pa.Array:
    """Null elements exist only in null cells, or in files that others wrote; they read as zero."""
    if not flat.null_count:
        return flat
    zero: object = False if pa.types.is_boolean(flat.type) else 0
    return flat.fill_null(pa.scalar(zero).cast(flat.type))


def _tagged_ndarrays(array: pa.StructArray) -> Values:
    out: Values = []
    for cell in array.to_pylist():
        if cell is None:
            out.append(None)
            continue
        if not _DTYPE.fullmatch(cell["dtype"] or ""):
            msg = f"the dtype {cell['dtype']!r:.40} is unknown"
            raise ValueError(msg)
        dtype = np.dtype(cell["dtype"])
        out.append(np.frombuffer(cell["data"], dtype).reshape(cell["shape"]).astype(dtype.newbyteorder("=")))
    return out


def _ragged_ndarrays(array: pa.StructArray, dtype: str) -> Values:
    shapes = array.field(array.type.get_field_index("shape")).to_pylist()
    lists = array.field(array.type.get_field_index("values"))
    offsets = lists.offsets.to_numpy().tolist()
    values = lists.values
    if dtype in {"str", "bytes"}:
        flat = np.array(values.to_pylist(), dtype=object)
    elif dtype.startswith(("datetime64", "timedelta64")):
        raw = values.cast(pa.int64()).fill_null(np.iinfo(np.int64).min)
        flat = raw.to_numpy(zero_copy_only=False).astype(dtype)
    else:
        flat = _filled(values).to_numpy(zero_copy_only=False)
    out: Values = []
    for i, (shape, here) in enumerate(zip(shapes, array.is_valid().to_pylist(), strict=True)):
        if not here:
            out.append(None)
            continue
        part = flat[offsets[i] : offsets[i + 1]]
        if dtype.startswith("complex"):
            part = np.ascontiguousarray(part).view(dtype)
        elif dtype in {"str", "bytes"}:
            part = part.astype("U" if dtype == "str" else "S")
        out.append(np.array(part.reshape(shape)))
    return out


def ndarrays_to_physical(cells: Values, column_type: NdarrayType) -> pa.Array:
    """Return the physical column of some numpy arrays."""
    from wbtable.tables.encode import encode

    if column_type.dtype is not None:
        cells = [None if cell is None else cell.astype(_numpy_name(column_type.dtype), copy=False) for cell in cells]
    return encode(cells, column_type, _NO_PUTTER)


def _numpy_name(dtype: str) -> str:
    return {"str": "U", "bytes": "S"}.get(dtype, dtype)


class _NoPutter:
    """Keeps no blobs: arrays have none."""

    def put_many(self, payloads: Any) -> list[dict[str, object]]:
        """Refuse."""
        raise AssertionError(payloads)


_NO_PUTTER = _NoPutter()


def _media(array: pa.StructArray, column_type: ColumnType, blobs: BlobReader) -> Values:
    from wbtable.media import media_class

    made = media_class(column_type.kind)
    return [None if cell is None else made.from_cell(cell, blobs, column_type) for cell in array.to_pylist()]


_DECODERS: dict[type[ColumnType], Callable[[Any, ColumnType, BlobReader], Values]] = {
    NumberType: _number,
    IntegerType: _integer,
    DecimalType: _decimal,
    UuidType: _uuid,
    ComplexType: _complex,
    TimestampType: _instant,
    DurationType: _instant,
    DateType: _date,
    TimeType: _time,
    AnyType: _any,
    ListType: _list,
    MapType: _map,
    StructType: _struct,
    NdarrayType: _ndarray,
    HistogramType: _media,
}
