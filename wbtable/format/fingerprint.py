"""The fingerprint of a column: XXH3-128 over a canonical form of its values (spec: 08, FP-n).

Two columns of the same values have the same fingerprint, whatever cut them into chunks, sliced them or encoded them,
and whatever wrote the Parquet. So a comparison or an append can skip a column without reading it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from wbtable.errors import UsageError
from wbtable.format.file_cell import FILE_TYPE
from wbtable.format.map_entries import entries_of
from wbtable.format.types_media import MediaType
from wbtable.format.types_nested import ListType, MapType, StructType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt
    from typing_extensions import Buffer

    from wbtable.format.types_base import ColumnType

__all__ = ["canonical_size", "fingerprint", "plain"]

_LOCATION: Final = frozenset({"uri", "offset"})
"""Fields of the FILE group that say where a blob was put, not what it is (FP-8)."""


class _Sink(Protocol):
    def update(self, data: Buffer, /) -> object: ...


class _Counter:
    """Takes the canonical form and keeps its length."""

    def __init__(self) -> None:
        self.size = 0

    def update(self, data: Buffer, /) -> None:
        self.size += memoryview(data).nbytes


def fingerprint(values: pa.Array | pa.ChunkedArray, column_type: ColumnType) -> bytes:
    """Return the XXH3-128 of the canonical form of `values`, 16 bytes in the library's canonical (big-endian) order.

    Args:
        values: a column in the physical type of `column_type`, up to encodings (dictionary, run-end, views, 64-bit
            offsets) and extension types over it.
        column_type: the logical type; it says which structs are the FILE group of a medium (FP-8).

    Raises:
        UsageError: the Arrow type has no canonical form (a union).

    """
    hasher = xxhash.xxh3_128()
    _node(hasher, _chunks(values), column_type, in_media=False)
    return hasher.digest()


def canonical_size(values: pa.Array | pa.ChunkedArray, column_type: ColumnType) -> int:
    """Return how many bytes the canonical form of `values` has; see `fingerprint` (FRAG-3)."""
    chunks = _chunks(values)
    size = _flat_size(chunks)
    if size is None:
        counter = _Counter()
        _node(counter, chunks, column_type, in_media=False)
        size = counter.size
    return size


def _flat_size(chunks: Sequence[pa.Array]) -> int | None:
    """Return `canonical_size` of numbers, or of strings without nulls, from their lengths; None of all others."""
    kind = chunks[0].type
    rows = sum(map(len, chunks))
    header = 8 + (rows + 7) // 8
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind):
        return header + int(kind.byte_width) * rows
    if not is_variable(kind) or any(chunk.null_count for chunk in chunks):
        return None
    ends = [offsets_of(chunk)[[0, -1]].tolist() for chunk in chunks if len(chunk)]
    return header + 8 * rows + sum([last - first for first, last in ends])


def plain(values: pa.Array) -> pa.Array:
    """Return `values` without dictionary, run-end, view or extension encoding at the top level (FP-7)."""
    while type(values) not in _PLAIN:
        kind = values.type
        if isinstance(values, pa.ExtensionArray):
            values = values.storage
        elif pa.types.is_dictionary(kind):
            dictionary = plain(values.dictionary)
            # 64-bit offsets: many rows of one long value may pass 2 GiB together.
            if pa.types.is_string(dictionary.type):
                dictionary = dictionary.cast(pa.large_string())
            elif pa.types.is_binary(dictionary.type):
                dictionary = dictionary.cast(pa.large_binary())
            values = dictionary.take(values.indices)
        elif pa.types.is_run_end_encoded(kind):
            values = pc.run_end_decode(values)
        elif pa.types.is_string_view(kind):
            values = values.cast(pa.large_string())
        elif pa.types.is_binary_view(kind):
            values = values.cast(pa.large_binary())
        else:
            break
    return values


_PLAIN: Final = frozenset(
    [
        *(getattr(pa, f"{sign}Int{bits}Array") for sign in ("", "U") for bits in (8, 16, 32, 64)),
        *(pa.FloatArray, pa.DoubleArray, pa.BooleanArray, pa.TimestampArray, pa.Date32Array),
        *(pa.StringArray, pa.LargeStringArray, pa.BinaryArray, pa.LargeBinaryArray),
        *(pa.StructArray, pa.ListArray, pa.FixedSizeListArray),
    ]
)
"""Most arrays are of these classes, which have no encoding: to look a class up is one step."""


def _chunks(values: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    if isinstance(values, pa.ChunkedArray):
        return values.chunks or [pa.array([], type=values.type)]
    return [values]


def _node(sink: _Sink, chunks: Sequence[pa.Array], column_type: ColumnType | None, *, in_media: bool) -> None:
    """Write one node: its header, its own values, then its children (FP-1)."""
    chunks = [plain(chunk) for chunk in chunks]
    # Empty chunks add nothing, but one must stay to say what the children are.
    chunks = [chunk for chunk in chunks if len(chunk)] or chunks[:1]
    kind = chunks[0].type
    _header(sink, chunks)
    in_media = in_media or isinstance(column_type, MediaType)
    if pa.types.is_null(kind):
        return
    if pa.types.is_struct(kind):
        _struct(sink, chunks, column_type, in_media=in_media)
    elif pa.types.is_map(kind):
        _map(sink, chunks, column_type, in_media=in_media)
    elif isinstance(kind, (pa.ListType, pa.LargeListType, pa.FixedSizeListType, pa.ListViewType, pa.LargeListViewType)):
        item = column_type.item if isinstance(column_type, ListType) else None
        _lengths(sink, [pc.list_value_length(chunk) for chunk in chunks])
        _node(sink, [chunk.flatten() for chunk in chunks], item, in_media=in_media)
    elif pa.types.is_boolean(kind):
        _bits(sink, np.concatenate([_numpy(pc.fill_null(chunk, False)) for chunk in chunks]))
    elif isinstance(kind, pa.FixedSizeBinaryType) or _has_width(kind):
        for chunk in chunks:
            _fixed(sink, chunk)
    elif is_variable(kind):
        _variable(sink, chunks)
    else:
        msg = f"values of the Arrow type {kind} have no canonical form"
        raise UsageError(msg)


def _has_width(kind: pa.DataType) -> bool:
    return bool(pa.types.is_primitive(kind) or pa.types.is_decimal(kind) or pa.types.is_interval(kind))


def is_variable(kind: pa.DataType) -> bool:
    """Whether a type is strings or binary, with offsets of either width."""
    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind) or _is_large(kind))


def _is_large(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_string(kind) or pa.types.is_large_binary(kind))


def _numpy(values: pa.Array) -> np.ndarray:
    found: np.ndarray = values.to_numpy(zero_copy_only=False)
    return found


def _valid(chunk: pa.Array) -> np.ndarray:
    return _numpy(chunk.is_valid())


def _bits(sink: _Sink, flags: np.ndarray) -> None:
    sink.update(np.packbits(flags, bitorder="little").data)


def _header(sink: _Sink, chunks: Iterable[pa.Array]) -> None:
    """Write the row count and one validity bit for each row, LSB first, the last byte padded with zeros (FP-2)."""
    chunks = list(chunks)
    rows = sum(len(chunk) for chunk in chunks)
    sink.update(rows.to_bytes(8, "little"))
    if any(chunk.null_count for chunk in chunks):
        _bits(sink, np.concatenate([_valid(chunk) for chunk in chunks]))
        return
    sink.update(b"\xff" * (rows // 8))
    if rows % 8:
        sink.update(bytes([(1 << rows % 8) - 1]))


def _fixed(sink: _Sink, chunk: pa.Array) -> None:
    """Write little-endian values, nulls as zero bytes (FP-3)."""
    width = chunk.type.byte_width
    data = chunk.buffers()[1]
    if data is None or not len(chunk) or not width:
        sink.update(bytes(len(chunk) * width))
        return
    raw: npt.NDArray[np.uint8] = np.frombuffer(data, np.uint8, len(chunk) * width, chunk.offset * width)
    if chunk.null_count:
        raw = raw.reshape(-1, width).copy()
        raw[~_valid(chunk)] = 0
    sink.update(raw.data)


def offsets_of(chunk: pa.Array) -> np.ndarray:
    """Return the offsets of a string, binary or map array that is not empty, one more than it has values."""
    wide = _is_large(chunk.type)
    buffer = chunk.buffers()[1]
    return np.frombuffer(buffer, np.int64 if wide else np.int32, len(chunk) + 1, chunk.offset * (8 if wide else 4))


def _lengths(sink: _Sink, lengths: Iterable[pa.Array]) -> None:
    for chunk in lengths:
        sink.update(_numpy(chunk.fill_null(0)).astype(np.int64).data)


def _variable(sink: _Sink, chunks: Sequence[pa.Array]) -> None:
    """Write all lengths as int64, null 0, then the bytes of the values that are not null (FP-4)."""
    payload: list[np.ndarray] = []
    for given in chunks:
        if not len(given):
            continue
        chunk = given
        lengths = np.diff(offsets_of(chunk)).astype(np.int64)
        if chunk.null_count:
            missing = ~_valid(chunk)
            hidden = bool(lengths[missing].any())
            lengths[missing] = 0
            if hidden:  # bytes that lie under a null are no value
                chunk = chunk.drop_null()
        sink.update(lengths.data)
        data = chunk.buffers()[2]
        if data is not None and len(chunk):
            offsets = offsets_of(chunk)
            payload.append(np.frombuffer(data, np.uint8)[int(offsets[0]) : int(offsets[-1])])
    for raw in payload:
        sink.update(raw.data)


def _map(sink: _Sink, chunks: Sequence[pa.Array], column_type: ColumnType | None, *, in_media: bool) -> None:
    """Write lengths as of a list, then keys, then values (FP-5)."""
    known = column_type if isinstance(column_type, MapType) else None
    keys: list[pa.Array] = []
    items: list[pa.Array] = []
    for chunk in chunks:
        as_list = entries_of(chunk)
        _lengths(sink, [pc.list_value_length(as_list)])
        key, item = as_list.flatten().flatten()
        keys.append(key)
        items.append(item)
    _node(sink, keys, known.key if known else None, in_media=in_media)
    _node(sink, items, known.item if known else None, in_media=in_media)


def _struct(sink: _Sink, chunks: Sequence[pa.Array], column_type: ColumnType | None, *, in_media: bool) -> None:
    """Write the children in order, with the parent's nulls pushed down (FP-6), without locations of blobs (FP-8)."""
    kind = chunks[0].type
    is_file = in_media and kind.equals(FILE_TYPE)
    types: dict[str, ColumnType] = {}
    if isinstance(column_type, StructType):
        types = {field.name: field.type for field in column_type.fields}
    children = [chunk.flatten() for chunk in chunks]
    for i in range(kind.num_fields):
        name = kind.field(i).name
        if not (is_file and name in _LOCATION):
            _node(sink, [found[i] for found in children], types.get(name), in_media=in_media)
