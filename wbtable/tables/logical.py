"""Physical columns -> the Arrow columns that callers get (spec: 06-types)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import FormatError, UsageError
from wbtable.format.file_cell import FILE_TYPE
from wbtable.format.types import (
    MAX_PRECISION,
    ColumnType,
    DecimalType,
    ImageType,
    ListType,
    MapType,
    MediaType,
    NdarrayType,
    StructType,
    UuidType,
    element_type,
    has_media,
)
from wbtable.tables.blobs import read_files
from wbtable.tables.conform import inner_values, relist
from wbtable.tables.decoded import decoded_cells, decoded_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.format.schema import Schema
    from wbtable.media.base import BlobReader

MediaMode = Literal["lazy", "bytes", "decoded"]
MODES = ("lazy", "bytes", "decoded")
_MAX_DECIMAL = 76

Describe = "Callable[[str, int], str]"


def check_mode(media: str) -> None:
    """Refuse what is no media mode.

    Raises:
        UsageError: it is not lazy, bytes or decoded.

    """
    if media not in MODES:
        msg = f"expected media as one of {', '.join(MODES)}, found {media!r:.40}"
        raise UsageError(msg)


def logical_schema(schema: Schema, media: MediaMode = "lazy") -> pa.Schema:
    """Return the Arrow schema of what callers get."""
    return pa.schema([pa.field(column.name, logical_type(column.type, media)) for column in schema])


def logical_type(found: ColumnType, media: MediaMode = "lazy") -> pa.DataType:
    """Return the Arrow type in which callers get a column.

    Arrays of one shape are Arrow's fixed_shape_tensor, UUIDs arrow.uuid, decimals of 39 to 76 digits decimal256; media
    are plain structs, with ``bytes`` in front where they are read, or the decoded samples.
    """
    if isinstance(found, MediaType):
        return _media_type(found, media)
    if isinstance(found, NdarrayType) and found.is_tensor:
        return pa.fixed_shape_tensor(element_type(cast("str", found.dtype)), list(cast("tuple[int, ...]", found.shape)))
    if isinstance(found, UuidType):
        return pa.uuid()
    if isinstance(found, DecimalType) and MAX_PRECISION < found.precision <= _MAX_DECIMAL:
        return pa.decimal256(found.precision, found.scale)
    if isinstance(found, ListType):
        return pa.list_(logical_type(found.item, media))
    if isinstance(found, MapType):
        return pa.map_(logical_type(found.key, media), logical_type(found.item, media))
    if isinstance(found, StructType):
        return pa.struct([(field.name, logical_type(field.type, media)) for field in found.fields])
    return found.arrow()


def _media_type(found: MediaType, media: MediaMode) -> pa.DataType:
    physical = found.arrow()
    if media == "lazy":
        return physical
    if media == "decoded":
        decoded = decoded_type(found)
        if decoded is not None:
            return pa.struct([*decoded, *physical])
    fields = [pa.field("bytes", pa.large_binary()), *physical]
    if isinstance(found, ImageType) and found.masks:
        at = [field.name for field in fields].index("masks")
        fields[at] = pa.field("masks", pa.list_(pa.struct([("bytes", pa.large_binary()), *fields[at].type.value_type])))
    return pa.struct(fields)


def to_logical(
    array: pa.Array, found: ColumnType, media: MediaMode, blobs: BlobReader, describe: Callable[[int], str]
) -> pa.Array:
    """Return a physical column as callers get it; see :func:`logical_type`.

    Args:
        array: the column.
        found: its logical type.
        media: what media cells hold in the result.
        blobs: reads their bytes.
        describe: says where a row of `array` stands, for messages.

    Raises:
        FormatError: a cell, or a blob, is damaged.

    """
    target = logical_type(found, media)
    if target.equals(array.type) and not (media != "lazy" and has_media(found)):
        return array
    if isinstance(found, MediaType):
        return _media(cast("pa.StructArray", array), found, media, blobs, describe)
    if isinstance(found, NdarrayType):
        return pa.ExtensionArray.from_storage(target, array)
    if isinstance(found, UuidType):
        return _uuids(array)
    if isinstance(found, DecimalType):
        try:
            return array.cast(target)
        except pa.ArrowInvalid as error:
            msg = f"expected decimals as text: {error}"
            raise FormatError(msg) from None
    if isinstance(found, ListType):
        inner = to_logical(inner_values(array, array.values), found.item, media, blobs, _within(describe, array))
        return relist(array, inner, target)
    if isinstance(found, MapType):
        within = _within(describe, array)
        keys = to_logical(inner_values(array, array.keys), found.key, media, blobs, within)
        items = to_logical(inner_values(array, array.items), found.item, media, blobs, within)
        entries = pa.StructArray.from_arrays([keys, items], fields=[target.key_field, target.item_field])
        return relist(array, entries, target)
    if isinstance(found, StructType):
        children = [
            to_logical(array.field(array.type.get_field_index(field.name)), field.type, media, blobs, describe)
            for field in found.fields
        ]
        return _struct(children, target, array)
    return array


def _struct(children: list[pa.Array], target: pa.DataType, like: pa.Array) -> pa.Array:
    mask = like.is_null() if like.null_count else None
    if not children:
        valid = like.is_valid()
        return pa.array([{} if here else None for here in valid.to_pylist()], target)
    return pa.StructArray.from_arrays(children, fields=list(target), mask=mask)


def _within(describe: Callable[[int], str], array: pa.Array) -> Callable[[int], str]:
    """Say where an element of a list stands, counted from the first that its rows have: in the row that holds it."""

    def place(element: int) -> str:
        offsets = array.offsets.to_numpy()
        return describe(max(0, int(offsets.searchsorted(int(offsets[0]) + element, side="right")) - 1))

    return place


def _uuids(array: pa.Array) -> pa.Array:
    bare = pc.replace_substring(array, "-", "")
    try:
        raw = [None if text is None else bytes.fromhex(text) for text in bare.to_pylist()]
        return pa.ExtensionArray.from_storage(pa.uuid(), pa.array(raw, pa.binary(16)))
    except (ValueError, pa.ArrowInvalid) as error:
        msg = f"expected UUIDs as text: {error}"
        raise FormatError(msg) from None


def _media(
    array: pa.StructArray, found: MediaType, media: MediaMode, blobs: BlobReader, describe: Callable[[int], str]
) -> pa.Array:
    target = logical_type(found, media)
    files = _child(array, "file")
    data = read_files(blobs, files, describe)
    children: dict[str, Any] = {field.name: _child(array, field.name) for field in array.type}
    if media == "decoded" and decoded_type(found) is not None:
        children.update(decoded_cells(found, data, array, describe))
    else:
        children["bytes"] = data
        if isinstance(found, ImageType) and found.masks:
            children["masks"] = _masks(children["masks"], blobs, describe, target.field("masks").type)
    return _struct([children[field.name] for field in target], target, array)


def _child(array: pa.StructArray, name: str) -> pa.Array:
    """Return a field with the struct's own nulls pushed down."""
    return array.flatten()[array.type.get_field_index(name)]


def _masks(lists: pa.ListArray, blobs: BlobReader, describe: Callable[[int], str], target: pa.DataType) -> pa.Array:
    values = inner_values(lists, lists.values)
    files = _child(values, "file")
    if lists.null_count:
        # Only the masks of rows that are there are read, not what a null may hide.
        files = pc.if_else(pa.array(_inside(lists), pa.bool_()), files, pa.scalar(None, FILE_TYPE))
    data = read_files(blobs, files, _within(describe, lists))
    children = [data if field.name == "bytes" else _child(values, field.name) for field in target.value_type]
    return relist(lists, _struct(children, target.value_type, values), target)


def _inside(lists: pa.ListArray) -> list[bool]:
    offsets = lists.offsets.to_numpy() - lists.offsets[0].as_py()
    inside = [False] * int(offsets[-1])
    for i, here in enumerate(lists.is_valid().to_pylist()):
        if here:
            inside[int(offsets[i]) : int(offsets[i + 1])] = [True] * int(offsets[i + 1] - offsets[i])
    return inside
