"""Columns for pandas, polars and numpy, none of them needed by the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from wbtable.errors import MissingExtraError, UnsupportedError
from wbtable.format.types import (
    BooleanType,
    ClassesType,
    ColumnType,
    DurationType,
    LinkType,
    MediaType,
    NdarrayType,
    NumberType,
    StringType,
    TimestampType,
)
from wbtable.tables.values import to_python

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from wbtable.format.schema import Schema
    from wbtable.media.base import BlobReader

_INTEGERS = (LinkType, ClassesType)


def to_pandas(table: pa.Table, schema: Schema, blobs: BlobReader) -> pd.DataFrame:
    """Return physical rows as a DataFrame; see ``Readable.to_pandas``.

    Raises:
        MissingExtraError: pandas is not installed.

    """
    try:
        import pandas as pd
    except ImportError as error:
        msg = "pandas is not installed: pip install pandas"
        raise MissingExtraError(msg) from error
    columns = {column.name: _pandas_column(table.column(i), column.type, blobs, pd) for i, column in enumerate(schema)}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows), columns=schema.names)


def _pandas_column(column: pa.ChunkedArray, found: ColumnType, blobs: BlobReader, pd: Any) -> Any:
    if isinstance(found, (NumberType, *_INTEGERS, BooleanType)):
        if not column.null_count:
            return column.to_pandas()
        if isinstance(found, NumberType) and found.is_float:
            return pd.Series(pd.arrays.ArrowExtensionArray(column))
        dtype = "boolean" if isinstance(found, BooleanType) else str(column.type).capitalize().replace("Ui", "UI")
        return pd.Series(pd.array(column.to_pylist(), dtype=dtype))
    if isinstance(found, StringType):
        return column.to_pandas()
    if isinstance(found, (TimestampType, DurationType)):
        try:
            return column.to_pandas(coerce_temporal_nanoseconds=False)
        except pa.ArrowInvalid:
            if not isinstance(found, TimestampType) or found.zone is None:
                raise
            msg = f"the time zone {found.zone!r} is unknown on this machine; to_arrow has the instants in UTC"
            raise UnsupportedError(msg) from None
    return _objects(to_python(column, found, blobs), pd)


def _objects(values: list[Any], pd: Any) -> Any:
    return pd.Series(object_array(values), dtype=object)


def object_array(values: list[Any]) -> np.ndarray[Any, Any]:
    """Return values as a one-dimensional array of objects, whatever they are."""
    out = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        out[i] = value
    return out


def to_numpy(column: pa.ChunkedArray, found: ColumnType, blobs: BlobReader) -> np.ndarray[Any, Any]:
    """Return a physical column as numpy; see ``Readable.get_column``."""
    if not column.null_count:
        if isinstance(found, (NumberType, *_INTEGERS, BooleanType, TimestampType, DurationType)):
            plain = column.cast(pa.timestamp(found.unit)) if isinstance(found, TimestampType) else column
            return np.asarray(plain.to_numpy())
        if isinstance(found, NdarrayType) and found.is_tensor:
            parts = to_python(column, found)
            shape = (0, *(found.shape or ()))
            return np.stack(parts) if parts else np.empty(shape, dtype=found.dtype)
        if isinstance(found, StringType):
            return np.array(column.to_pylist(), dtype=object)
    values = to_python(column, found, blobs)
    if isinstance(found, MediaType):
        values = [value.to_numpy() if hasattr(value, "to_numpy") else value for value in values]
        same = {(value.shape, value.dtype) if isinstance(value, np.ndarray) else None for value in values}
        if len(same) == 1 and None not in same:
            return np.stack(values)
    return object_array(values)


def to_polars(table: pa.Table, schema: Schema) -> pl.DataFrame:
    """Return physical rows as a polars DataFrame; see ``Readable.to_polars``.

    Raises:
        MissingExtraError: polars is not installed.

    """
    try:
        import polars as pl
    except ImportError as error:
        msg = "polars is not installed: pip install polars"
        raise MissingExtraError(msg) from error
    columns = []
    for i, column in enumerate(schema):
        chunks = [_plain(chunk, column.type) for chunk in table.column(i).chunks]
        plain = pa.chunked_array(chunks, _plain_type(column.type))
        target = _known_zones(plain.type)
        columns.append(plain if target.equals(plain.type) else plain.cast(target))
    try:
        # Under numbers: polars has names of its own for columns called "".
        found = pl.from_arrow(pa.Table.from_arrays(columns, names=[str(i) for i in range(len(columns))]))
    except pl.exceptions.ComputeError as error:
        if "time zone" not in str(error):
            raise
        msg = f"polars: {str(error).partition('.')[0]}; to_arrow has the instants in UTC"
        raise UnsupportedError(msg) from None
    frame = found if isinstance(found, pl.DataFrame) else found.to_frame()
    frame.columns = schema.names
    return frame


def _known_zones(found: pa.DataType) -> pa.DataType:
    """Return a type without fixed offsets, which polars does not know: the same instants in UTC."""
    if pa.types.is_timestamp(found) and found.tz is not None and found.tz[:1] in {"+", "-"}:
        return pa.timestamp(found.unit, "UTC")
    if pa.types.is_list(found):
        return pa.list_(_known_zones(found.value_type))
    if pa.types.is_struct(found):
        return pa.struct([pa.field(field.name, _known_zones(field.type)) for field in found])
    if pa.types.is_map(found):
        return pa.map_(_known_zones(found.key_type), _known_zones(found.item_type))
    return found


def _plain_type(found: ColumnType) -> pa.DataType:
    """Return the type that polars takes: tensors as nested fixed-size lists, no extension types."""
    if isinstance(found, NdarrayType) and found.is_tensor:
        out = found.arrow().value_type
        for length in reversed(found.shape or ()):
            out = pa.list_(out, length)
        return out
    return found.arrow()


def _plain(array: pa.Array, found: ColumnType) -> pa.Array:
    if not (isinstance(found, NdarrayType) and found.is_tensor and found.shape is not None and len(found.shape) > 1):
        return array
    size = found.size
    values = array.values.slice(array.offset * size, len(array) * size)
    for length in reversed(found.shape[1:]):
        values = pa.FixedSizeListArray.from_arrays(values, length)
    mask = array.is_null() if array.null_count else None
    return pa.FixedSizeListArray.from_arrays(values, type=_plain_type(found), mask=mask)


__all__ = ["object_array", "to_numpy", "to_pandas", "to_polars"]
