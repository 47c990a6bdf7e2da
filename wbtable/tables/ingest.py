"""Columns that come whole: DataFrames, Arrow tables and streams, arrays; without a row loop."""

from __future__ import annotations

import decimal
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import TypeMismatchError, UsageError, WbtableError
from wbtable.format.file_cell import FILE_TYPE
from wbtable.format.types import (
    AnyType,
    BinaryType,
    ClassesType,
    ColumnType,
    DecimalType,
    ImageType,
    MediaType,
    NdarrayType,
    NullType,
    StringType,
    StructType,
    TimestampType,
    UuidType,
    contains,
    unify,
)
from wbtable.tables.capture import Captured, capture
from wbtable.tables.checksums import checksums_of
from wbtable.tables.coerce import coercion, from_arrow_type
from wbtable.tables.conform import conform, storage_of, to_physical
from wbtable.tables.declared import check_fields, filled
from wbtable.tables.encode import encode
from wbtable.tables.far_times import check_seconds
from wbtable.tables.frame_columns import (
    array_column,
    arrow_stream,
    column_names,
    is_pandas,
    pandas_columns,
    whole_column,
)
from wbtable.tables.infer import NULL
from wbtable.tables.spill import Slices, TableBlobs
from wbtable.tables.text import check_utf8

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.storage.seen import Digests
    from wbtable.tables.encode import BlobPutter


_STRING = StringType()


def encode_values(
    values: Sequence[Any],
    name: str,
    blobs: BlobPutter,
    *,
    declared: ColumnType | None = None,
    optional: bool = True,
    mixed: bool = False,
    first_row: int = 0,
    links: dict[str, Any] | None = None,
) -> tuple[ColumnType, pa.Array]:
    """Return type and physical array of the Python values of one column; note in `links` to whose rows they link.

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
        out = encode(plain, buffer.types[0], blobs)
    except WbtableError as error:
        raise type(error)(str(error), place=f'column "{name}"') from None
    if links is not None:
        links.update(buffer.links)
    return buffer.types[0], out


def physical(
    array: pa.Array,
    column_type: ColumnType,
    name: str,
    blobs: BlobPutter,
    *,
    first_row: int = 0,
    digests: Digests | None = None,
) -> pa.Array:
    """Return the physical array of an Arrow array that came from outside.

    Args:
        array: its values; for a media type encoded bytes, or our own cells.
        column_type: what they are to be.
        name: the column, for messages.
        blobs: where media bytes go.
        first_row: the position in the table of the first value, for messages.
        digests: those of :func:`image_slices`, if `blobs` has them already.

    Raises:
        TypeMismatchError: they are something else.

    """
    target = column_type.arrow()
    if isinstance(array, pa.ExtensionArray):
        if isinstance(column_type, UuidType) and array.type.extension_name == "arrow.uuid":
            return pa.array([None if v is None else str(v) for v in array.to_pylist()], pa.string())
        array = storage_of(array, f'column "{name}"', TypeMismatchError)
    _check(array, column_type, f'column "{name}"', first_row)
    if _has_text_form(column_type) and not column_type.children():
        return _as_text(array, column_type, name, blobs, first_row)
    if isinstance(column_type, ClassesType):
        array = to_physical(array, target, place=f'column "{name}"', error=TypeMismatchError)
        _check_classes(array, column_type, name, first_row)
    if any(_has_text_form(child) for child in column_type.children()):
        return encode_values(_values(array, name), name, blobs, declared=column_type, first_row=first_row)[1]
    if array.type == target:
        return array
    if isinstance(column_type, MediaType) and bytes_within(array.type) is not None:
        array = _bytes_of(array, name, first_row)
    if isinstance(column_type, MediaType) and is_binary(array.type):
        return _media_from_bytes(array, column_type, name, blobs, first_row, digests)
    if isinstance(column_type, NdarrayType) and column_type.is_tensor and pa.types.is_fixed_size_list(array.type):
        return to_physical(array, target, place=f'column "{name}"', error=TypeMismatchError)
    if needs_python(column_type):
        return encode_values(_values(array, name), name, blobs, declared=column_type, first_row=first_row)[1]
    return to_physical(array, target, place=f'column "{name}"', error=TypeMismatchError, first_row=first_row)


def _check(array: pa.Array, column_type: ColumnType, place: str, first_row: int) -> None:
    """Refuse what nothing checked before: text that is not UTF-8, instants that Parquet lacks."""
    if contains(column_type, StringType):
        check_utf8(array, place)
    if contains(column_type, TimestampType):
        check_seconds(array, place, first_row)


def _values(array: pa.Array, name: str) -> list[Any]:
    """Return the values of an array, maps as dicts.

    Raises:
        TypeMismatchError: a map has a key twice.

    """
    try:
        found: list[Any] = array.to_pylist(maps_as_pydicts="strict")
    except KeyError as error:
        raise TypeMismatchError(f"expected each key of a map once: {error.args[0]}", place=f'column "{name}"') from None
    return found


def _has_text_form(found: ColumnType) -> bool:
    """Whether values of a type, or within it, are stored as text that not every text is."""
    if isinstance(found, (AnyType, UuidType, DecimalType)):
        return bool(pa.types.is_string(found.arrow()))
    return any(map(_has_text_form, found.children()))


def needs_python(column_type: ColumnType) -> bool:
    """Whether the physical form of a type has no counterpart in Arrow's own."""
    if isinstance(column_type, (UuidType, MediaType)):
        return True
    if isinstance(column_type, DecimalType):
        return pa.types.is_string(column_type.arrow())
    if isinstance(column_type, StructType) and column_type.has_absent:
        return True
    return any(needs_python(child) for child in column_type.children())


def _as_text(array: pa.Array, column_type: ColumnType, name: str, blobs: BlobPutter, first_row: int) -> pa.Array:
    """Return values of types that are stored as text in their one form; text that is none of them is refused."""
    place = f'column "{name}"'
    found = from_arrow_type(array.type)
    if isinstance(column_type, AnyType):
        plain = physical(array, found, name, blobs)
        return conform(plain, found, column_type, place=place, error=TypeMismatchError)
    make = uuid.UUID if isinstance(column_type, UuidType) else decimal.Decimal
    values = to_physical(array, pa.string(), place=place, error=TypeMismatchError) if found == _STRING else array
    out: list[Any] = []
    for i, value in enumerate(values.to_pylist()):
        try:
            out.append(make(value) if isinstance(value, str) else value)
        except (ValueError, decimal.InvalidOperation):
            msg = f"expected {column_type}, found {value!r:.80}"
            raise TypeMismatchError(msg, place=f"{place}, row {first_row + i}") from None
    return encode_values(out, name, blobs, declared=column_type, first_row=first_row)[1]


def _check_classes(array: pa.Array, column_type: ClassesType, name: str, first_row: int) -> None:
    """Refuse ids that are no class."""
    allowed = [key for key, _ in column_type.classes]
    wrong = pc.and_(pc.is_valid(array), pc.invert(pc.is_in(array, pa.array(allowed or array, pa.int64()))))
    at = pc.index(wrong, True).as_py()
    if at >= 0:
        msg = f"expected one of the class ids {allowed!r:.120}, found {array[at]}"
        raise TypeMismatchError(msg, place=f'column "{name}", row {first_row + at}')


def bytes_within(found: pa.DataType) -> int | None:
    """Return where a struct has a field ``bytes`` with an encoded file, as datasets of Hugging Face do."""
    at = found.get_field_index("bytes") if pa.types.is_struct(found) else -1
    return at if at >= 0 and (is_binary(found[at].type) or pa.types.is_null(found[at].type)) else None


def _bytes_of(array: pa.StructArray, name: str, first_row: int) -> pa.Array:
    """Return the encoded files of structs; one that is only named, by a path, is refused: null would lose it."""
    data = pc.struct_field(array, bytes_within(array.type))
    at = array.type.get_field_index("path")
    if at >= 0:
        named = pc.and_kleene(pc.is_null(data), pc.is_valid(pc.struct_field(array, at)))
        row = pc.index(named, True).as_py()
        if row >= 0:
            msg = f"expected bytes, found only the path {array[row].as_py()['path']!r:.200}: read the file first"
            raise UsageError(msg, place=f'column "{name}", row {first_row + row}')
    return data.cast(pa.large_binary()) if pa.types.is_null(data.type) else data


def is_binary(found: pa.DataType) -> bool:
    """Whether an Arrow type holds bytes."""
    types = pa.types
    return bool(types.is_binary(found) or types.is_large_binary(found) or types.is_binary_view(found))


def _media_from_bytes(
    array: pa.Array, column_type: MediaType, name: str, blobs: BlobPutter, first_row: int, digests: Digests | None
) -> pa.Array:
    if isinstance(column_type, ImageType) and isinstance(blobs, TableBlobs):
        return _images_from_bytes(array, column_type, name, blobs, first_row, digests)
    make = coercion(column_type)
    cells: list[Captured | None] = []
    for i, data in enumerate(array.to_pylist()):
        try:
            cells.append(None if data is None or make is None else capture(make(data)))
        except WbtableError as error:
            raise type(error)(str(error), place=f'column "{name}", row {first_row + i}') from None
    return encode(cells, column_type, blobs)


def image_slices(array: pa.Array, column_type: ColumnType) -> Slices | None:
    """Return the bytes that :func:`physical` would hash at once: those of a column of encoded images, else None."""
    return _slices_of(_binary(array)) if isinstance(column_type, ImageType) and is_binary(array.type) else None


def _binary(array: pa.Array) -> pa.Array:
    return array if pa.types.is_binary(array.type) else array.cast(pa.large_binary())


def _slices_of(array: pa.Array) -> Slices:
    """Return the bytes of the values that are there."""
    _, offsets, data = array.buffers()
    width = np.int64 if pa.types.is_large_binary(array.type) else np.int32
    ends = np.frombuffer(offsets, width)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    starts, sizes = ends[:-1], np.diff(ends)
    if array.null_count:
        valid = np.asarray(array.is_valid())
        starts, sizes = starts[valid], sizes[valid]
    return Slices(memoryview(data if data is not None else b"").cast("B"), starts, sizes)


def _images_from_bytes(
    array: pa.Array, column_type: ImageType, name: str, blobs: TableBlobs, first_row: int, digests: Digests | None
) -> pa.Array:
    """Make image cells of encoded bytes column by column; the bytes are kept where they are (MEDIA-5)."""
    from wbtable.media.image import cells_from_binary

    whole = _binary(array)
    if digests is None:
        (digests,) = blobs.put_slices([_slices_of(whole)])
    facts = cells_from_binary(whole, lambda row: f'column "{name}", row {first_row + row}')
    valid = np.asarray(whole.is_valid())
    rows, mask = len(whole), None if valid.all() else pa.array(~valid)
    fields = [
        pa.nulls(rows, pa.string()),
        pa.nulls(rows, pa.int64()),
        pc.binary_length(whole).cast(pa.int64()),
        facts.field("content_type"),
        checksums_of(digests, valid),
    ]
    file = pa.StructArray.from_arrays(fields, fields=list(FILE_TYPE), mask=mask)
    found = column_type.arrow()
    known = {"file": file, "width": facts.field("width"), "height": facts.field("height")}
    children = [known.get(field.name, pa.nulls(rows, field.type)) for field in found]
    return pa.StructArray.from_arrays(
        [child.cast(field.type) for child, field in zip(children, found, strict=True)], fields=list(found), mask=mask
    )


def declared_or_found(declared: ColumnType | None, found: pa.DataType, name: str) -> ColumnType:
    """Return the type of a column that comes as Arrow: what is declared, if the data fit it, else what is found.

    Raises:
        TypeMismatchError: they do not fit.

    """
    try:
        inferred = from_arrow_type(found)
    except WbtableError as error:
        raise UsageError(str(error), place=f'column "{name}"') from None
    if declared is None or isinstance(declared, NullType):
        return inferred
    if isinstance(declared, AnyType):
        return declared
    declared = filled(declared, inferred)
    try:
        check_fields(declared, inferred)
    except TypeMismatchError as error:
        raise TypeMismatchError(str(error), place=f'column "{name}"') from None
    if isinstance(declared, MediaType) and (isinstance(inferred, BinaryType) or bytes_within(found) is not None):
        return declared
    if declared.arrow() == inferred.arrow() or pa.types.is_null(found):
        return declared
    zones = [kind.zone for kind in (declared, inferred) if isinstance(kind, TimestampType)]
    if len(zones) == 2 and (zones[0] is None) == (zones[1] is None):
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
    "whole_column",
]
