"""Columns that come whole: DataFrames, Arrow tables and streams, arrays; without a row loop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import TypeMismatchError, UsageError, WbtableError
from wbtable.format.file_cell import FILE_TYPE
from wbtable.format.types import (
    BinaryType,
    ColumnType,
    DecimalType,
    ImageType,
    MediaType,
    NdarrayType,
    NullType,
    StructType,
    TimestampType,
    UuidType,
    unify,
)
from wbtable.tables.capture import Captured, capture
from wbtable.tables.checksums import checksums_of
from wbtable.tables.coerce import coercion, from_arrow_type
from wbtable.tables.conform import to_physical
from wbtable.tables.encode import encode
from wbtable.tables.infer import NULL, is_missing
from wbtable.tables.spill import TableBlobs
from wbtable.tables.text import check_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.tables.encode import BlobPutter


def column_names(names: object) -> list[str]:
    """Return column names as text; enum members by their name, other kinds by `str`.

    Raises:
        UsageError: it is no list, two are the same, then or before, or one has no UTF-8 form.

    """
    if isinstance(names, (str, bytes)) or not isinstance(names, Iterable):
        msg = f"expected a list of column names, found {names!r:.80}"
        raise UsageError(msg)
    out = [_name(name) for name in names]
    for name in out:
        check_text(name)
    if len(set(out)) != len(out):
        twice = next(name for name in out if out.count(name) > 1)
        msg = f"expected distinct column names, found {twice!r} more than once"
        raise UsageError(msg)
    return out


def _name(name: object) -> str:
    if isinstance(name, str):
        return str(getattr(name, "name", name)) if type(name) is not str and hasattr(name, "name") else str(name)
    if isinstance(name, tuple):
        msg = f"the column name {name!r:.80} has several levels; join them into one text first"
        raise UsageError(msg)
    return str(getattr(name, "name", name))


def encode_values(
    values: Sequence[Any],
    name: str,
    blobs: BlobPutter,
    *,
    declared: ColumnType | None = None,
    optional: bool = True,
    mixed: bool = False,
    first_row: int = 0,
) -> tuple[ColumnType, pa.Array]:
    """Return type and physical array of the Python values of one column.

    Raises:
        TypeMismatchError: a value does not fit the others, or what is declared; the message names column and row.

    """
    from wbtable.tables.rows import ColumnRule, RowBuffer

    rule = ColumnRule(declared=declared, optional=optional, mixed=mixed)
    buffer = RowBuffer([name], [declared or NULL], [rule])
    buffer.first_row = first_row
    for value in values:
        buffer.add((value,))
    (plain,) = buffer.clear()
    try:
        return buffer.types[0], encode(plain, buffer.types[0], blobs)
    except WbtableError as error:
        raise type(error)(str(error), place=f'column "{name}"') from None


def physical(array: pa.Array, column_type: ColumnType, name: str, blobs: BlobPutter, *, first_row: int = 0) -> pa.Array:
    """Return the physical array of an Arrow array that came from outside.

    Args:
        array: its values; for a media type encoded bytes, or our own cells.
        column_type: what they are to be.
        name: the column, for messages.
        blobs: where media bytes go.
        first_row: the position in the table of the first value, for messages.

    Raises:
        TypeMismatchError: they are something else.

    """
    target = column_type.arrow()
    if isinstance(array, pa.ExtensionArray):
        if isinstance(column_type, UuidType) and array.type.extension_name == "arrow.uuid":
            return pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
        array = array.storage
    if array.type == target:
        return array
    if isinstance(column_type, MediaType) and is_binary(array.type):
        return _media_from_bytes(array, column_type, name, blobs, first_row)
    if isinstance(column_type, NdarrayType) and column_type.is_tensor and pa.types.is_fixed_size_list(array.type):
        return to_physical(array, target, place=f'column "{name}"', error=TypeMismatchError)
    if isinstance(column_type, DecimalType) and pa.types.is_string(target):
        return pa.array([None if v is None else format(v, "f") for v in array.to_pylist()], target)
    if needs_python(column_type):
        return encode_values(array.to_pylist(), name, blobs, declared=column_type, first_row=first_row)[1]
    return to_physical(array, target, place=f'column "{name}"', error=TypeMismatchError)


def needs_python(column_type: ColumnType) -> bool:
    """Whether the physical form of a type has no counterpart in Arrow's own."""
    if isinstance(column_type, (UuidType, MediaType)):
        return True
    if isinstance(column_type, DecimalType):
        return pa.types.is_string(column_type.arrow())
    if isinstance(column_type, StructType) and column_type.has_absent:
        return True
    return any(needs_python(child) for child in column_type.children())


def is_binary(found: pa.DataType) -> bool:
    """Whether an Arrow type holds bytes."""
    types = pa.types
    return bool(types.is_binary(found) or types.is_large_binary(found) or types.is_binary_view(found))


def _media_from_bytes(
    array: pa.Array, column_type: MediaType, name: str, blobs: BlobPutter, first_row: int
) -> pa.Array:
    if isinstance(column_type, ImageType) and isinstance(blobs, TableBlobs):
        return _images_from_bytes(array, column_type, name, blobs, first_row)
    make = coercion(column_type)
    cells: list[Captured | None] = []
    for i, data in enumerate(array.to_pylist()):
        try:
            cells.append(None if data is None or make is None else capture(make(data)))
        except WbtableError as error:
            raise type(error)(str(error), place=f'column "{name}", row {first_row + i}') from None
    return encode(cells, column_type, blobs)


def _images_from_bytes(
    array: pa.Array, column_type: ImageType, name: str, blobs: TableBlobs, first_row: int
) -> pa.Array:
    """Make image cells of encoded bytes column by column; the bytes are kept where they are (MEDIA-5)."""
    from wbtable.media.image import cells_from_binary

    whole = array if pa.types.is_binary(array.type) else array.cast(pa.large_binary())
    _, offsets, data = whole.buffers()
    width = np.int64 if pa.types.is_large_binary(whole.type) else np.int32
    ends = np.frombuffer(offsets, width)[whole.offset : whole.offset + len(whole) + 1].astype(np.int64)
    valid = np.asarray(whole.is_valid())
    view = memoryview(data if data is not None else b"").cast("B")
    sizes = np.diff(ends)
    # The headers are read while threads hash.
    hashed = blobs.put_slices(view, ends[:-1][valid], sizes[valid])
    facts = cells_from_binary(whole, lambda row: f'column "{name}", row {first_row + row}')
    checksums = checksums_of(hashed(), valid)
    mask = pa.array(~valid) if not valid.all() else None
    rows = len(whole)
    fields = [
        pa.nulls(rows, pa.string()),
        pa.nulls(rows, pa.int64()),
        pa.array(sizes, mask=~valid),
        facts.field("content_type"),
        checksums,
    ]
    file = pa.StructArray.from_arrays(fields, fields=list(FILE_TYPE), mask=mask)
    found = column_type.arrow()
    known = {"file": file, "width": facts.field("width"), "height": facts.field("height")}
    children = [known.get(field.name, pa.nulls(rows, field.type)) for field in found]
    return pa.StructArray.from_arrays(
        [child.cast(field.type) for child, field in zip(children, found, strict=True)], fields=list(found), mask=mask
    )


def arrow_stream(value: object) -> pa.RecordBatchReader | None:
    """Return a reader of anything with the Arrow C stream or a ``to_arrow``; None of anything else."""
    if isinstance(value, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(value.schema, [value])
    if isinstance(value, pa.RecordBatchReader):
        return value
    if isinstance(value, pa.Table):
        return value.to_reader()
    if hasattr(value, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(cast("Any", value))
    for name in ("fetch_arrow_reader", "to_arrow_reader", "to_arrow"):
        method = getattr(value, name, None)
        if callable(method):
            found = method()
            return found if isinstance(found, pa.RecordBatchReader) else arrow_stream(found)
    return None


def is_pandas(value: object) -> bool:
    """Whether `value` is a pandas DataFrame."""
    return type(value).__name__ == "DataFrame" and type(value).__module__.partition(".")[0] == "pandas"


def pandas_columns(frame: Any) -> Iterator[tuple[str, object]]:
    """Yield names, and Arrow arrays or lists of Python values, of a DataFrame; its index is left out.

    NaN of numpy's floats stays NaN; the nulls of pandas' own types, and NaT, become null.

    Raises:
        UsageError: names repeat, or have several levels.

    """
    for position, name in enumerate(column_names(list(frame.columns))):
        yield name, _pandas_array(frame.iloc[:, position])


def _pandas_array(series: Any) -> object:
    dtype = series.dtype
    kind = getattr(dtype, "kind", "O")
    if isinstance(dtype, np.dtype) and kind in "biuf":
        return pa.array(series.to_numpy(copy=True), from_pandas=False)
    if isinstance(dtype, np.dtype) and kind == "O":
        return _objects(series.to_numpy())
    if isinstance(dtype, np.dtype) and kind not in "mM":
        return list(series.to_numpy())
    try:
        found = pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError):
        return [None if is_missing(value) else value for value in series]
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found


def _objects(values: np.ndarray[Any, Any]) -> object:
    kinds = {type(value) for value in values[:100]}
    if kinds <= {str, type(None)}:
        try:
            found = pa.array(values, pa.string(), from_pandas=False)
        except (pa.ArrowException, TypeError, UnicodeError):
            return list(values)  # whose bad value is found and named one by one
        return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found
    return list(values)


def array_column(values: np.ndarray[Any, Any]) -> object:
    """Return an Arrow array, or a list of Python values, of the rows of an array."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values) and values.ndim == 1:
        return [None if gone else value for gone, value in zip(np.ma.getmaskarray(values), values.data, strict=True)]
    if values.ndim == 1 and values.dtype.kind in "biuf" and values.dtype.itemsize <= 8:
        # A copy: Arrow would share the memory, which the caller may fill again.
        return pa.array(np.array(values, order="C", copy=True), from_pandas=False)
    if values.ndim > 1 and values.dtype.kind != "O":
        return list(values)
    return values.tolist() if values.dtype.kind == "O" else list(values)


def declared_or_found(declared: ColumnType | None, found: pa.DataType, name: str) -> ColumnType:
    """Return the type of a column that comes as Arrow: what is declared, if the data fit it, else what is found.

    Raises:
        TypeMismatchError: they do not fit.

    """
    inferred = from_arrow_type(found)
    if declared is None or isinstance(declared, NullType):
        return inferred
    if isinstance(declared, MediaType) and isinstance(inferred, BinaryType):
        return declared
    if declared.arrow() == inferred.arrow() or pa.types.is_null(found):
        return declared
    if isinstance(declared, TimestampType) and isinstance(inferred, TimestampType):
        return declared
    try:
        if isinstance(unify(declared, inferred), type(declared)):
            return declared
    except TypeMismatchError:
        pass
    msg = f"expected {declared}, found {inferred}"
    raise TypeMismatchError(msg, place=f'column "{name}"')


__all__ = [
    "array_column",
    "arrow_stream",
    "column_names",
    "declared_or_found",
    "encode_values",
    "is_binary",
    "is_pandas",
    "needs_python",
    "pandas_columns",
    "physical",
]
