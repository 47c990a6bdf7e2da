"""Physical batches -> what callers get, in pieces that fit in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.format.types import MapType, MediaType, StructType, VideoType, contains, has_media
from wbtable.storage.ranges import runs_of
from wbtable.tables.blobs import cell_place
from wbtable.tables.conform import inner_values
from wbtable.tables.logical import MediaMode, logical_schema, to_logical
from wbtable.tables.source import empty_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wbtable.format.schema import Schema
    from wbtable.format.types import ColumnType
    from wbtable.media.base import BlobReader
    from wbtable.tables.source import Indices

_ENCODED = 16 << 20
_DECODED_ROWS = 512
_DECODED = 4 << 20
_UNCOUNTED = -1


def pieces(
    batches: Iterable[pa.RecordBatch], schema: Schema, media: MediaMode, *, counted: bool
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield batches with the number of their first row, cut where their media would hold too many bytes.

    Args:
        batches: in order.
        schema: their columns.
        media: what the media cells will hold.
        counted: whether no row was left out, so that row numbers are known; else they are given as -1.

    """
    start = 0
    for batch in batches:
        for offset, rows in _cuts(batch, schema, media):
            yield (start + offset if counted else _UNCOUNTED), batch.slice(offset, rows)
        start += batch.num_rows


def _cuts(batch: pa.RecordBatch, schema: Schema, media: MediaMode) -> Iterable[tuple[int, int]]:
    if media == "lazy" or not batch.num_rows:
        return [(0, batch.num_rows)]
    sizes = np.zeros(batch.num_rows, np.int64)
    for i, column in enumerate(schema):
        sizes += _sizes(batch.column(i), column.type)
    if media == "decoded":
        tight = any(contains(column.type, VideoType) for column in schema)
        return runs_of(np.maximum(sizes, _DECODED // _DECODED_ROWS), _DECODED // (8 if tight else 1))
    return runs_of(sizes, _ENCODED)


def _sizes(array: pa.Array, found: ColumnType) -> Indices:
    """Return how many encoded bytes the media of each row have, however deep these lie."""
    if isinstance(found, MediaType):
        sizes = pc.fill_null(pc.struct_field(array, ["file", "size"]), 0).to_numpy(zero_copy_only=False)
        return np.maximum(sizes, 0)
    if not has_media(found):
        return np.zeros(len(array), np.int64)
    if isinstance(found, StructType):
        fields = [_sizes(array.field(array.type.get_field_index(field.name)), field.type) for field in found.fields]
        return np.sum(fields, axis=0)
    values, item = (array.items, found.item) if isinstance(found, MapType) else (array.values, cast("Any", found).item)
    ends = np.concatenate([[0], np.cumsum(_sizes(inner_values(array, values), item))])
    offsets = array.offsets.to_numpy() - array.offsets[0].as_py()
    return ends[offsets[1:]] - ends[offsets[:-1]]


def present(batch: pa.RecordBatch, schema: Schema, media: MediaMode, blobs: BlobReader, start: int) -> pa.RecordBatch:
    """Return a physical batch as callers get it; `start` is the number of its first row, -1 if unknown."""
    if not len(schema):
        return batch
    arrays = [
        to_logical(batch.column(i), column.type, media, blobs, _place(column.name, start))
        for i, column in enumerate(schema)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=logical_schema(schema, media))


def present_table(
    table: pa.Table, schema: Schema, media: MediaMode, blobs: BlobReader, rows: Indices | None = None
) -> pa.Table:
    """Return a physical table as callers get it.

    Args:
        table: the rows.
        schema: their columns.
        media: what media cells hold.
        blobs: reads them.
        rows: the number of each row, for messages; None if they count from 0.

    """
    if not len(schema):
        return empty_table(table.num_rows)
    columns = []
    target = logical_schema(schema, media)
    for i, column in enumerate(schema):
        start = 0
        chunks = []
        for chunk in table.column(i).chunks:
            place = _place(column.name, start) if rows is None else _place_of(column.name, rows, start)
            chunks.append(to_logical(chunk, column.type, media, blobs, place))
            start += len(chunk)
        columns.append(pa.chunked_array(chunks, target.field(i).type))
    return pa.Table.from_arrays(columns, schema=target)


def _place(name: str, start: int) -> Callable[[int], str]:
    if start == _UNCOUNTED:
        return lambda _row: f'column "{name}"'
    return cell_place(name, start)


def _place_of(name: str, rows: Indices, start: int) -> Callable[[int], str]:
    return lambda row: f'column "{name}", row {int(rows[start + row])}'
