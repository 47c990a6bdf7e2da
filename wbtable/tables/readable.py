"""What everything that reads like a table can do: Table, JoinedTable, PartitionedTable (spec: 05-tables)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import UsageError, WbtableError
from wbtable.format.showing import Shows
from wbtable.format.types import MediaType
from wbtable.tables.blobs import is_local, stream_cells, views_of
from wbtable.tables.logical import MediaMode, check_mode, logical_schema
from wbtable.tables.prefetch import ahead
from wbtable.tables.present import pieces, present, present_table
from wbtable.tables.prune import columns_of
from wbtable.tables.same import same_rows
from wbtable.tables.source import PrunableSource, Source, check_indices, to_table
from wbtable.tables.values import to_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd
    import polars as pl
    import pyarrow.compute as pc

    from wbtable.format.schema import Schema

_ROWS_AT_ONCE = 4096
_SHOWN_ROWS = 5
_SHOWN_COLUMNS = 8
_SHOWN_WIDTH = 24


class Readable(ABC, Shows):
    """Reads the rows of a source; a subclass says which.

    Nothing is read before it is asked for, and of what is asked only the columns named: a text column reads no media.
    """

    __slots__ = ()

    @abstractmethod
    def _source(self) -> Source:
        """Return the rows as they are now."""

    def _as_now(self) -> Self:
        """Return what has these rows whatever becomes of this."""
        return self

    @property
    def schema(self) -> Schema:
        """The columns and their logical types."""
        return self._source().schema

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in order."""
        return self.schema.names

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self._source().num_rows

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.num_rows

    def to_arrow(self, columns: Sequence[str] | None = None, media: MediaMode = "lazy") -> pa.Table:
        """Return the rows as an Arrow table.

        Args:
            columns: the names of the columns wanted, in order; all if None.
            media: what media cells hold: "lazy" where the blob lies and its facts, no byte read; "bytes" the encoded
                bytes too, as field ``bytes``; "decoded" the samples, as field ``array`` (dtype, shape, data).

        Raises:
            NotFoundError: there is no such column, or a stored object is missing.
            FormatError: stored bytes are damaged.

        """
        check_mode(media)
        source = self._source()
        names = _names(source, columns)
        return present_table(to_table(source, names), source.schema.select(names), media, source.blobs)

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame.

        Integers and booleans that have nulls come in pandas' nullable dtypes, floats that have nulls in Arrow's, so
        that NaN is not None. Times are datetime64 in their unit and zone. What pandas has no dtype for is Python
        values: lists, dicts, arrays, decimals, UUIDs, media objects that load on use.

        Raises:
            MissingExtraError: pandas is not installed.
            FormatError: stored bytes are damaged.

        """
        from wbtable.tables.frames import to_pandas

        source = self._source()
        names = _names(source, columns)
        return to_pandas(to_table(source, names), source.schema.select(names), source.blobs)

    def to_polars(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Return the rows as a polars DataFrame; arrays of one shape as pl.Array.

        UUIDs and decimals of over 38 digits come as text, times in a fixed offset in UTC.

        Raises:
            MissingExtraError: polars is not installed.
            FormatError: stored bytes are damaged.

        """
        from wbtable.tables.frames import to_polars

        source = self._source()
        names = _names(source, columns)
        return to_polars(to_table(source, names), source.schema.select(names))

    def head(self, n: int = 5, columns: Sequence[str] | None = None, media: MediaMode = "lazy") -> pa.Table:
        """Return the first `n` rows, or all if there are fewer, as an Arrow table.

        Raises:
            UsageError: `n` is negative, or no integer.

        """
        if not isinstance(n, (int, np.integer)) or n < 0:
            msg = f"expected a number of rows from 0, found {n!r:.40}"
            raise UsageError(msg)
        return self.take(np.arange(min(n, self.num_rows), dtype=np.int64), columns, media)

    def take(self, indices: object, columns: Sequence[str] | None = None, media: MediaMode = "lazy") -> pa.Table:
        """Return rows by position, in the order asked, as an Arrow table.

        Only the row groups that hold them are read; blobs are read in coalesced ranges, side by side, each checked.

        Args:
            indices: integers; negative ones count from the end; one may stand several times.
            columns: as in :meth:`to_arrow`.
            media: as in :meth:`to_arrow`.

        Raises:
            NotFoundError: a position is out of range, or there is no such column.
            FormatError: stored bytes are damaged.

        """
        check_mode(media)
        source = self._source()
        rows = check_indices(indices, source.num_rows)
        names = _names(source, columns)
        table = source.take(rows, names)
        return present_table(table, source.schema.select(names), media, source.blobs, rows=rows)

    def scan(
        self,
        columns: Sequence[str] | None = None,
        filter: pc.Expression | None = None,
        batch_size: int = 65536,
        media: MediaMode = "lazy",
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in order as record batches, reading ahead; memory stays bounded.

        Args:
            columns: as in :meth:`to_arrow`.
            filter: keep only the rows for which this is true: a pyarrow expression over the physical columns
                (``pc.field("guess") != pc.field("truth")``, ``pc.field("image", "width") > 100``). Fragments in which
                no row can match, by the least and greatest values of their integer, text, boolean, decimal, date and
                time columns, are not read.
            batch_size: the most rows of a batch; with bytes or decoded media batches may be smaller, so that each holds
                about 16 MiB of encoded bytes.
            media: as in :meth:`to_arrow`.

        Raises:
            NotFoundError: there is no such column.
            UsageError: the filter does not fit the columns.
            FormatError: stored bytes are damaged.

        """
        check_mode(media)
        if batch_size < 1:
            msg = f"expected a batch size from 1, found {batch_size}"
            raise UsageError(msg)
        source = self._source()
        names = _names(source, columns)
        batches = _filtered(source, names, filter, batch_size)
        wanted = source.schema.select(names)
        parts = pieces(batches, wanted, media, counted=filter is None)
        if media == "lazy":
            return (present(batch, wanted, media, source.blobs, start) for start, batch in parts)
        # Reading bytes from a disk of this machine keeps all cores busy: two pieces at once would wait for each other.
        depth = 1 if media == "bytes" and is_local(source.blobs) else 2
        return ahead(lambda part: present(part[1], wanted, media, source.blobs, part[0]), parts, depth)

    def iter_blobs(self, column: str) -> Iterator[memoryview | None]:
        """Yield the encoded bytes of each cell of a media column in order, reading ahead; None where there is no value.

        Each digest is checked. Nothing is copied: the views (read-only, one dimension of uint8) lie in memory that
        neighbours share, 4 MiB of a local disk and about 16 MiB of another place, which is there as long as one of
        them is; `bytes(view)` is a copy.

        Args:
            column: the name of a column of images, sounds, videos or other media.

        Raises:
            NotFoundError: there is no such column, or a stored object is missing.
            UsageError: the column holds no media.
            FormatError: stored bytes are damaged.

        """
        found = self.schema[column]
        if not isinstance(found, MediaType):
            msg = f"expected a column of media, found {found}; to_arrow, scan and iterrows read all columns"
            raise UsageError(msg, place=f'column "{column}"')
        source = self._source()
        parts: Iterator[Iterable[memoryview | None]] | None = stream_cells(
            source.batches([column], _ROWS_AT_ONCE), column, source.blobs
        )
        if parts is None:
            parts = (views_of(batch.column(0).field("bytes")) for batch in self.scan([column], media="bytes"))
        return chain.from_iterable(parts)

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield each row's number and its Python values, as they were put in; media load on use.

        Raises:
            FormatError: stored bytes are damaged.

        """
        source = self._source()
        types = [column.type for column in source.schema]
        number = 0
        for batch in source.batches(None, _ROWS_AT_ONCE):
            cells = [to_python(batch.column(i), found, source.blobs) for i, found in enumerate(types)]
            rows = zip(*cells, strict=True) if cells else ([] for _ in range(batch.num_rows))
            for row in rows:
                yield self._row_index(number), list(row)
                number += 1

    def _row_index(self, number: int) -> int:
        """Return what names a row in :meth:`iterrows`; a table makes it a link."""
        return number

    def __getitem__(self, name: str) -> pa.ChunkedArray:
        """Return a column as Arrow data.

        Raises:
            NotFoundError: there is no such column.

        """
        if not isinstance(name, str):
            msg = f"expected a column's name, found {type(name).__name__}; rows are read with take()"
            raise UsageError(msg)
        return self.to_arrow([name]).column(0)

    def get_column(self, name: str, convert_to: str | None = None) -> list[Any] | np.ndarray[Any, Any]:
        """Return a column's Python values, or a numpy array of them.

        Args:
            name: the column.
            convert_to: None for a list; "numpy" for an array: of the column's dtype where it has no nulls, arrays of
                one shape stacked, media decoded; else of objects.

        Raises:
            NotFoundError: there is no such column.
            UsageError: `convert_to` is something else.

        """
        if convert_to not in {None, "numpy"}:
            msg = f'expected convert_to as None or "numpy", found {convert_to!r:.40}'
            raise UsageError(msg)
        source = self._source()
        found = source.schema[name]
        column = to_table(source, [name]).column(0)
        if convert_to is None:
            return to_python(column, found, source.blobs)
        from wbtable.tables.frames import to_numpy

        return to_numpy(column, found, source.blobs)

    def get_dataframe(self) -> pd.DataFrame:
        """Return the rows as a pandas DataFrame; see :meth:`to_pandas`."""
        return self.to_pandas()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Give the rows to any library that takes Arrow's C stream."""
        reader = pa.RecordBatchReader.from_batches(logical_schema(self.schema), self.scan())
        return reader.__arrow_c_stream__(requested_schema)

    def _same_rows(self, other: Readable) -> bool:
        """Whether columns, types and all values are equal; NaN equals NaN, media by content."""
        return same_rows(self._source(), other._source())

    def __repr__(self) -> str:
        """Return size, columns and the first rows."""
        schema = self.schema
        title = f"{type(self).__name__}: {self.num_rows:,} rows x {len(schema)} columns"
        try:
            return "\n".join([title, *_shown(self._source())])
        except WbtableError as error:
            return f"{title}\n({error})"


class Named(Protocol):
    """Anything with a schema."""

    @property
    def schema(self) -> Schema:
        """The columns."""


def _names(source: Named, columns: Sequence[str] | None) -> list[str]:
    """Return the names of the columns wanted.

    Raises:
        NotFoundError: there is none of a name.
        UsageError: one is asked for twice, or text was given for a list.

    """
    if columns is None:
        return source.schema.names
    if isinstance(columns, str):
        msg = f"expected a list of column names, found the text {columns!r:.80}"
        raise UsageError(msg)
    names = list(columns)
    for name in names:
        source.schema.index(name)
    if len(set(names)) != len(names):
        msg = f"expected each column once, found {names!r:.200}"
        raise UsageError(msg)
    return names


def _filtered(
    source: Source, names: list[str], condition: pc.Expression | None, batch_size: int
) -> Iterator[pa.RecordBatch]:
    if condition is None:
        yield from source.batches(names, batch_size)
        return
    needed = columns_of(condition, source.schema)
    read = list(dict.fromkeys([*names, *needed]))
    if isinstance(source, PrunableSource):
        batches = source.pruned_batches(read, batch_size, condition)
    else:
        batches = source.batches(read, batch_size)
    for batch in batches:
        kept = batch.filter(condition)
        if kept.num_rows:
            yield kept.select(list(range(len(names))))


def _shown(source: Source) -> list[str]:
    names = source.schema.names[:_SHOWN_COLUMNS]
    if not names:
        return []
    count = min(_SHOWN_ROWS, source.num_rows)
    table = source.take(np.arange(count, dtype=np.int64), names)
    head = [[name, str(source.schema[name])] for name in names]
    for lines, name in zip(head, names, strict=True):
        values = to_python(table.column(table.schema.get_field_index(name)), source.schema[name], source.blobs)
        lines.extend(_text(value) for value in values)
    widths = [min(_SHOWN_WIDTH, max(map(len, lines))) for lines in head]
    rows = [
        "  ".join(_fit(lines[i], width) for lines, width in zip(head, widths, strict=True)).rstrip()
        for i in range(len(head[0]))
    ]
    if len(source.schema) > len(names):
        rows[0] += f"  … {len(source.schema) - len(names)} more"
    return [*rows, *(["…"] if source.num_rows > count else [])]


def _text(value: object) -> str:
    text = f"array{list(cast('Any', value).shape)}" if isinstance(value, np.ndarray) else str(value)
    return text[: 2 * _SHOWN_WIDTH].replace("\n", " ")


def _fit(text: str, width: int) -> str:
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"
