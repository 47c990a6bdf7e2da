"""Columns of two sources side by side: a table and the columns that were added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from wbtable.errors import UsageError
from wbtable.format.schema import Schema
from wbtable.tables.blobs import join_blobs
from wbtable.tables.source import ArrowSource, Indices, Source, empty_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.media.base import BlobReader


class ZipSource:
    """The rows of one source with further columns, which are in memory.

    Attributes:
        schema: the columns of the left side, then of the right.
        blobs: reads the blobs of both.

    """

    __slots__ = ("blobs", "left", "right", "schema")

    def __init__(self, left: Source, right: ArrowSource) -> None:
        """Put `right` beside `left`.

        Raises:
            UsageError: they have unlike numbers of rows.

        """
        if left.num_rows != right.num_rows:
            msg = f"expected {left.num_rows} values, found {right.num_rows}"
            raise UsageError(msg)
        self.left = left
        self.right = right
        self.schema = Schema((*left.schema.columns, *right.schema.columns))
        self.blobs: BlobReader = join_blobs([left.blobs, right.blobs])

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self.left.num_rows

    def _sides(self, columns: Sequence[str] | None) -> tuple[list[str], list[str], list[str]]:
        wanted = self.schema.select(columns).names
        return (
            wanted,
            [name for name in wanted if name in self.left.schema],
            [name for name in wanted if name in self.right.schema],
        )

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order."""
        wanted, left, right = self._sides(columns)
        if not left:
            yield from self.right.batches(wanted, batch_size)
            return
        beside = self.right.read_all(right)
        start = 0
        for batch in self.left.batches(left, batch_size):
            part = beside.slice(start, batch.num_rows).combine_chunks()
            start += batch.num_rows
            yield self._join(batch, part, wanted)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        wanted, left, right = self._sides(columns)
        tables = [side.take(indices, names) for side, names in ((self.left, left), (self.right, right)) if names]
        if not tables:
            return pa.Table.from_batches(empty_columns(len(indices), max(1, len(indices))))
        found = {name: table.column(i) for table in tables for i, name in enumerate(table.column_names)}
        return pa.table([found[name] for name in wanted], schema=self.schema.select(wanted).arrow())

    def _join(self, batch: pa.RecordBatch, part: pa.Table, wanted: Sequence[str]) -> pa.RecordBatch:
        found = {name: batch.column(i) for i, name in enumerate(batch.schema.names)}
        for i, name in enumerate(part.column_names):
            column = part.column(i)
            found[name] = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
        return pa.RecordBatch.from_arrays([found[name] for name in wanted], schema=self.schema.select(wanted).arrow())
