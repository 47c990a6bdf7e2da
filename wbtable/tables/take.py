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
    from collections.abc import Callable, Iterator, Sequence

    from wbtable.format.schema import Schema
    from wbtable.tables.fragments import OpenFragment
    from wbtable.tables.source import Indices

_MAX_COLUMN = 8 << 20
_LIMIT = 64 << 20

_ROUND = 64 << 20

Key = tuple[str, int, str, str]
Range = tuple[str, int, int]


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
    opened: Callable[[Sequence[int]], Sequence[OpenFragment]],
    fetch: Callable[[Sequence[Range]], Sequence[bytes]],
    indices: Indices,
    wanted: Schema,
) -> pa.Table:
    """Return rows by position, in the order asked, duplicates included.

    Args:
        starts: the position of each fragment's first row, and the number of rows.
        opened: opens fragments by their numbers.
        fetch: reads key, offset and size of many ranges at once.
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
    numbers = np.flatnonzero(np.diff(cuts)).tolist()
    jobs: list[_Job] = []
    for i, fragment in zip(numbers, opened(numbers), strict=True):
        local = ranked[cuts[i] : cuts[i + 1]] - starts[i]
        bounds = np.searchsorted(local, fragment.starts)
        jobs.extend(
            _Job(fragment, group, local[bounds[group] : bounds[group + 1]] - fragment.starts[group], wanted)
            for group in np.flatnonzero(np.diff(bounds)).tolist()
        )
    parts: list[pa.RecordBatch] = []
    for some in _rounds(jobs):
        ranges = [one for job in some for one in job.ranges]
        data = iter(fetch(ranges)) if ranges else iter(())
        loaded = [(job, [next(data) for _ in job.ranges]) for job in some]
        parts.extend(run_all(lambda item: item[0].take(item[1]), loaded))
    table = pa.Table.from_batches(parts, schema=wanted.arrow())
    if ordered:
        return table
    return table.combine_chunks().take(pa.array(inverse(order)))


def _rounds(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    """Yield jobs whose bytes are fetched together: in one round of requests, unless they are very many."""
    some: list[_Job] = []
    size = 0
    for job in jobs:
        needs = sum(one[2] for one in job.ranges)
        if some and size + needs > _ROUND:
            yield some
            some, size = [], 0
        some.append(job)
        size += needs
    if some:
        yield some


class _Job:
    """Rows of one row group.

    Attributes:
        ranges: what has to be fetched for them.

    """

    __slots__ = ("_found", "_fragment", "_group", "_keys", "_missing", "_rows", "_wanted", "ranges")

    def __init__(self, fragment: OpenFragment, group: int, rows: Indices, wanted: Schema) -> None:
        """Look for columns that are decoded already."""
        name = fragment.fragment.file.digest.hex
        self._fragment, self._group, self._rows, self._wanted = fragment, group, rows, wanted
        self._keys: dict[str, Key] = {
            column.name: (name, group, column.name, str(column.type.arrow())) for column in wanted
        }
        self._found: dict[str, pa.Array] = {}
        for column, key in self._keys.items():
            array = _DECODED.get(key)
            if array is not None:
                self._found[column] = array
        self._missing = [column for column in self._keys if column not in self._found]
        self.ranges: list[Range] = fragment.ranges([group], wanted.select(self._missing)) if self._missing else []

    def take(self, data: Sequence[bytes]) -> pa.RecordBatch:
        """Return the rows, given the bytes of `ranges`."""
        found, wanted, rows = self._found, self._wanted, self._rows
        if self._missing:
            # One thread each: row groups are read side by side.
            table = self._fragment.read([self._group], wanted.select(self._missing), threads=False, data=data)
            for column in self._missing:
                array = table.column(column).combine_chunks()
                if isinstance(array, pa.ChunkedArray):
                    array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
                _DECODED.put(self._keys[column], array)
                found[column] = array
        first, count = int(rows[0]), len(rows)
        if int(rows[-1]) - first == count - 1 and bool(np.all(np.diff(rows) == 1)):
            arrays = [found[column.name].slice(first, count) for column in wanted]
        else:
            picked = pa.array(rows)
            arrays = [found[column.name].take(picked) for column in wanted]
        return pa.RecordBatch.from_arrays(arrays, schema=wanted.arrow())
