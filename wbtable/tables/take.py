"""Rows by position: only the row groups and columns that hold them are read (spec: 05-tables)."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wbtable.storage.workers import run_all
from wbtable.tables.source import empty_table, inverse

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.format.schema import Schema
    from wbtable.tables.fragments import OpenFragment
    from wbtable.tables.source import Indices

_MAX_COLUMN = 8 << 20
_LIMIT = 64 << 20

Key = tuple[str, int, str, str]


class DecodedColumns:
    """The columns of row groups that were decoded last, at most 64 MiB of them; for rows taken here and there.

    Fragments are named by their digest, so what is kept never goes stale.
    """

    def __init__(self, limit: int = _LIMIT) -> None:
        """Keep at most `limit` bytes."""
        self._guard = Lock()
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[Key, tuple[pa.Array, int]] = OrderedDict()

    def get(self, key: Key) -> pa.Array | None:
        """Return a column of a row group, if it is kept."""
        with self._guard:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: Key, array: pa.Array) -> None:
        """Keep a column of a row group, unless it is large."""
        size = int(array.get_total_buffer_size())
        if size > _MAX_COLUMN:
            return
        with self._guard:
            old = self._kept.pop(key, None)
            self._size += size - (old[1] if old else 0)
            self._kept[key] = (array, size)
            while self._size > self._limit and self._kept:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._size -= dropped


_DECODED = DecodedColumns()


def take_rows(
    starts: Indices,
    opened: Callable[[int], OpenFragment],
    indices: Indices,
    wanted: Schema,
) -> pa.Table:
    """Return rows by position, in the order asked, duplicates included.

    Args:
        starts: the position of each fragment's first row, and the number of rows.
        opened: opens a fragment by its number.
        indices: positions from 0 to the number of rows.
        wanted: the columns.

    Raises:
        FormatError: a fragment is damaged.

    """
    if not len(wanted):
        return empty_table(len(indices))
    if not len(indices):
        return wanted.arrow().empty_table()
    ordered = bool(np.all(indices[1:] >= indices[:-1]))
    order = np.arange(len(indices)) if ordered else np.argsort(indices, kind="stable")
    ranked = indices[order]
    cuts = np.searchsorted(ranked, starts)
    jobs: list[tuple[OpenFragment, int, Indices]] = []
    for i in np.flatnonzero(np.diff(cuts)).tolist():
        fragment = opened(i)
        local = ranked[cuts[i] : cuts[i + 1]] - starts[i]
        bounds = np.searchsorted(local, fragment.starts)
        jobs.extend(
            (fragment, group, local[bounds[group] : bounds[group + 1]] - fragment.starts[group])
            for group in np.flatnonzero(np.diff(bounds)).tolist()
        )
    parts = run_all(lambda job: _take_group(*job, wanted), jobs)
    table = pa.Table.from_batches(parts, schema=wanted.arrow())
    if ordered:
        return table
    return table.combine_chunks().take(pa.array(inverse(order)))


def _take_group(fragment: OpenFragment, group: int, rows: Indices, wanted: Schema) -> pa.RecordBatch:
    name = fragment.fragment.file.digest.hex
    keys: dict[str, Key] = {column.name: (name, group, column.name, str(column.type.arrow())) for column in wanted}
    found: dict[str, pa.Array] = {}
    for column, key in keys.items():
        array = _DECODED.get(key)
        if array is not None:
            found[column] = array
    missing = [column for column in keys if column not in found]
    if missing:
        # One thread each: row groups are read side by side.
        table = fragment.read([group], wanted.select(missing), threads=False)
        for column in missing:
            array = table.column(column).combine_chunks()
            if isinstance(array, pa.ChunkedArray):
                array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
            _DECODED.put(keys[column], array)
            found[column] = array
    first, count = int(rows[0]), len(rows)
    if int(rows[-1]) - first == count - 1 and bool(np.all(np.diff(rows) == 1)):
        arrays = [found[column.name].slice(first, count) for column in wanted]
    else:
        picked = pa.array(rows)
        arrays = [found[column.name].take(picked) for column in wanted]
    return pa.RecordBatch.from_arrays(arrays, schema=wanted.arrow())
