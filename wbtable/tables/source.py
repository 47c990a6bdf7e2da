"""Sources: where the rows of anything that reads like a table come from (spec: 05-tables).

A source gives rows in physical form: the Arrow types that fragments hold. :mod:`wbtable.tables.readable` makes
logical Arrow values and Python values of them. Sources are immutable; they may be read by several threads at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa

from wbtable.errors import NotFoundError, UsageError
from wbtable.tables.blobs import NoBlobs, join_blobs
from wbtable.tables.conform import conform_batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow.compute as pc

    from wbtable.errors import WbtableError
    from wbtable.format.schema import Schema
    from wbtable.media.base import BlobReader

__all__ = [
    "ArrowSource",
    "ConcatSource",
    "Indices",
    "ProjectedSource",
    "PrunableSource",
    "SliceSource",
    "Source",
    "to_table",
]

Indices = np.ndarray[tuple[int], np.dtype[np.int64]]


class Source(Protocol):
    """Rows in physical form, read as a stream or by position."""

    @property
    def schema(self) -> Schema:
        """The columns and their logical types."""

    @property
    def num_rows(self) -> int:
        """The number of rows."""

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs that the FILE groups of media cells name."""

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order, some columns in the order asked, at most `batch_size` rows at a time."""

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices` (int64, each from 0 to `num_rows` - 1), in that order, duplicates included."""


@runtime_checkable
class PrunableSource(Protocol):
    """A source that can leave out rows of which it knows, without reading them, that a filter drops them."""

    def pruned_batches(
        self, columns: Sequence[str] | None, batch_size: int, condition: pc.Expression
    ) -> Iterator[pa.RecordBatch]:
        """Yield rows in order: all for which `condition` is true, and maybe others."""


def to_table(source: Source, columns: Sequence[str] | None = None) -> pa.Table:
    """Return all rows of a source in physical form."""
    schema = source.schema.select(columns).arrow()
    whole = getattr(source, "read_all", None)
    if whole is not None:
        table: pa.Table = whole(columns)
        return table
    return pa.Table.from_batches(source.batches(columns), schema=schema)


class ArrowSource:
    """Rows that are in memory.

    Attributes:
        schema: the columns.
        blobs: reads the blobs of media cells.
        table: the rows in physical form.

    """

    __slots__ = ("blobs", "schema", "table")

    def __init__(self, table: pa.Table, schema: Schema, blobs: BlobReader | None = None) -> None:
        """Give out the rows of `table`, whose Arrow types are those of ``schema.arrow()``.

        Raises:
            UsageError: names or types differ from the schema's.

        """
        expected = schema.arrow()
        if not table.schema.equals(expected):
            msg = f"expected the physical columns {_shown(expected)}, found {_shown(table.schema)}"
            raise UsageError(msg)
        self.table = table
        self.schema = schema
        self.blobs: BlobReader = blobs or NoBlobs()

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return int(self.table.num_rows)

    def read_all(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows without copying them."""
        return select(self.table, self.schema, columns)

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order."""
        table = self.read_all(columns)
        if not table.num_columns:
            yield from empty_columns(table.num_rows, batch_size)
            return
        yield from table.to_batches(max_chunksize=batch_size)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        return take_table(self.read_all(columns), indices)


class SliceSource:
    """Some consecutive rows of another source.

    Attributes:
        source: the other source.
        start: the position there of this one's first row.
        num_rows: the number of rows.

    """

    __slots__ = ("num_rows", "source", "start")

    def __init__(self, source: Source, start: int, num_rows: int) -> None:
        """Give out the `num_rows` rows of `source` from `start` on.

        Raises:
            UsageError: `source` has no such rows.

        """
        if start < 0 or num_rows < 0 or start + num_rows > source.num_rows:
            msg = f"expected rows within 0 to {source.num_rows}, found {start} to {start + num_rows}"
            raise UsageError(msg)
        self.source = source
        self.start = start
        self.num_rows = num_rows

    @property
    def schema(self) -> Schema:
        """The columns of the other source."""
        return self.source.schema

    @property
    def blobs(self) -> BlobReader:
        """The blobs of the other source."""
        return self.source.blobs

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order; small slices are taken by position, large ones read past."""
        if self.num_rows <= batch_size and self.start:
            yield from self.take(np.arange(self.num_rows, dtype=np.int64), columns).to_batches()
            return
        skip, left = self.start, self.num_rows
        for batch in self.source.batches(columns, batch_size):
            if left <= 0:
                return
            if skip >= batch.num_rows:
                skip -= batch.num_rows
                continue
            part = batch.slice(skip, left)
            skip, left = 0, left - part.num_rows
            yield part

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        return self.source.take(indices + self.start, columns)


class ProjectedSource:
    """Some columns of another source, maybe under other names.

    Attributes:
        schema: the columns under their names here.

    """

    __slots__ = ("_names", "_source", "schema")

    def __init__(self, source: Source, columns: Sequence[str], names: Sequence[str] | None = None) -> None:
        """Give out `columns` of `source`, called `names`.

        Raises:
            NotFoundError: `source` lacks a column.

        """
        from wbtable.format.schema import Schema

        picked = source.schema.select(columns)
        called = list(columns) if names is None else list(names)
        self.schema = Schema.of(zip(called, (column.type for column in picked), strict=True))
        self._source = source
        self._names = dict(zip(called, columns, strict=True))

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self._source.num_rows

    @property
    def blobs(self) -> BlobReader:
        """The blobs of the other source."""
        return self._source.blobs

    def _inner(self, columns: Sequence[str] | None) -> tuple[list[str], list[str]]:
        outer = self.schema.names if columns is None else list(columns)
        self.schema.select(outer)
        return outer, [self._names[name] for name in outer]

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order."""
        outer, inner = self._inner(columns)
        for batch in self._source.batches(inner, batch_size):
            yield batch.rename_columns(outer) if outer else batch

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        outer, inner = self._inner(columns)
        return self._source.take(indices, inner).rename_columns(outer)


class ConcatSource:
    """The rows of several sources one after another, widened to one schema.

    Attributes:
        schema: the columns of the union.
        parts: the sources.
        blobs: reads the blobs of all parts.

    """

    __slots__ = ("_error", "_starts", "blobs", "parts", "schema")

    def __init__(self, parts: Sequence[Source], schema: Schema, error: type[WbtableError] = UsageError) -> None:
        """Give out the rows of `parts`; a column that a part lacks is null there.

        Args:
            parts: the sources, in order.
            schema: what their columns widen to (TYPE-9).
            error: what reading raises where a value cannot be widened exactly.

        """
        self.parts = tuple(parts)
        self.schema = schema
        self.blobs: BlobReader = join_blobs([part.blobs for part in self.parts])
        self._error = error
        self._starts = np.concatenate([[0], np.cumsum([part.num_rows for part in self.parts], dtype=np.int64)])

    @property
    def num_rows(self) -> int:
        """The number of rows of all parts."""
        return int(self._starts[-1])

    def _inner(self, part: Source, columns: Sequence[str] | None) -> list[str]:
        return [name for name in self.schema.select(columns).names if name in part.schema]

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order."""
        wanted = self.schema.select(columns)
        for i, part in enumerate(self.parts):
            for batch in part.batches(self._inner(part, columns), batch_size):
                yield conform_batch(batch, part.schema, wanted, place=f"part {i}", error=self._error)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        wanted = self.schema.select(columns)
        order = np.argsort(indices, kind="stable")
        ranked = indices[order]
        cuts = np.searchsorted(ranked, self._starts)
        tables: list[pa.RecordBatch] = []
        for i, part in enumerate(self.parts):
            mine = ranked[cuts[i] : cuts[i + 1]] - self._starts[i]
            if not len(mine):
                continue
            found = part.take(mine, self._inner(part, columns))
            tables.extend(
                conform_batch(batch, part.schema, wanted, place=f"part {i}", error=self._error)
                for batch in table_batches(found)
            )
        table = pa.Table.from_batches(tables, schema=wanted.arrow())
        return take_table(table, inverse(order))


def inverse(order: Indices) -> Indices:
    """Return the permutation that undoes `order`."""
    out = np.empty(len(order), dtype=np.int64)
    out[order] = np.arange(len(order), dtype=np.int64)
    return out


def take_table(table: pa.Table, indices: Indices) -> pa.Table:
    """Return rows by position; without copying where all rows are taken in order."""
    if not table.num_columns:
        return empty_table(len(indices))
    if len(indices) == table.num_rows and (not len(indices) or bool(np.all(np.diff(indices) == 1) and indices[0] == 0)):
        return table
    return table.take(pa.array(indices, pa.int64()))


def select(table: pa.Table, schema: Schema, columns: Sequence[str] | None) -> pa.Table:
    """Return some columns by exact name.

    Raises:
        NotFoundError: there is none of a name; the message has near ones.

    """
    if columns is None:
        return table
    return table.select([schema.index(name) for name in columns])


def empty_table(num_rows: int) -> pa.Table:
    """Return a table of `num_rows` rows and no column."""
    return pa.table({"": pa.nulls(num_rows)}).select([])


def empty_columns(num_rows: int, batch_size: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of no column that have `num_rows` rows in all."""
    for start in range(0, num_rows, batch_size):
        yield pa.record_batch({"": pa.nulls(min(batch_size, num_rows - start))}).select([])


def table_batches(table: pa.Table) -> list[pa.RecordBatch]:
    """Return the batches of a table, rows kept also where it has no column."""
    if table.num_columns:
        return list(table.to_batches())
    return list(empty_columns(table.num_rows, max(1, table.num_rows)))


def check_indices(indices: object, num_rows: int) -> Indices:
    """Return positions as int64, negative ones counted from the end.

    Raises:
        UsageError: they are no integers.
        NotFoundError: one is out of range; the message names it.

    """
    given = np.asarray(indices)
    if given.size == 0:
        given = given.astype(np.int64)
    if given.dtype.kind not in "iu" or given.ndim != 1:
        found = f"{type(indices).__name__} of {given.dtype} with {given.ndim} dimensions"
        msg = f"expected a list of row positions, found {found}"
        raise UsageError(msg)
    out: Indices = given.astype(np.int64)
    wrong = (out < -num_rows) | (out >= num_rows)
    if given.dtype.kind == "u":
        wrong |= given > np.iinfo(np.int64).max
    if wrong.any():
        at = int(np.argmax(wrong))
        msg = f"expected row positions from {-num_rows} to {num_rows - 1}, found {given[at]} at place {at}"
        raise NotFoundError(msg)
    return np.where(out < 0, out + num_rows, out) if (out < 0).any() else out


def _shown(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in schema)[:500]
