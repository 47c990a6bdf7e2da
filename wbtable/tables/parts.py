"""The rows of a table that is being filled: finished parts, and the rows behind them that are still Python values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import NotFoundError, TypeMismatchError, UsageError, WbtableError
from wbtable.format.schema import Column, Schema
from wbtable.format.types import AnyType, ColumnType, NullType, NumberType
from wbtable.storage.temporary import TemporaryFolder
from wbtable.tables.encode import encode
from wbtable.tables.exact import MAX_EXACT_FLOAT
from wbtable.tables.fitting import check_kept, check_rows, may_lose
from wbtable.tables.rows import ColumnRule, RowBuffer
from wbtable.tables.source import ArrowSource, ConcatSource, ProjectedSource, Source
from wbtable.tables.spill import TableBlobs
from wbtable.tables.spilled import SpilledSource
from wbtable.tables.zip_source import ZipSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_MEMORY = 256 << 20
"""Bytes of encoded rows that a table keeps in memory."""
_MAX_BESIDE_MEDIA = MAX_MEMORY // 4
"""The same where its media are in files already: their digests take memory as well."""
SMALL = 4096
"""Rows of which a part in memory has more, as far as its neighbours allow."""


@dataclass(frozen=True, slots=True)
class _Part:
    source: Source
    in_memory: bool


class Parts:
    """What a table holds; grows at its end, and by whole columns.

    Attributes:
        blobs: the bytes of its media.
        buffer: the rows that are not encoded yet.

    """

    __slots__ = ("_bytes", "_folder", "_parts", "_rows", "_schema", "_whole", "blobs", "buffer")

    def __init__(self, names: Sequence[str], types: Sequence[ColumnType], rules: Sequence[ColumnRule]) -> None:
        """Start with no row."""
        self.buffer = RowBuffer(names, types, rules)
        self.blobs = TableBlobs()
        self._parts: list[_Part] = []
        self._rows = 0
        self._bytes = 0
        self._whole: Source | None = None
        self._schema: Schema | None = None
        self._folder = TemporaryFolder()

    @classmethod
    def of_source(cls, source: Source) -> Parts:
        """Start with the rows of a source."""
        names = source.schema.names
        parts = cls(names, [column.type for column in source.schema], [ColumnRule()] * len(names))
        parts._schema = source.schema
        parts.append(source)
        return parts

    @classmethod
    def of_rows(cls, source: Source, rules: Sequence[ColumnRule], links: Mapping[str, Any]) -> Parts:
        """Start with the rows of a source, and with what was declared and linked beside them."""
        parts = cls(source.schema.names, [column.type for column in source.schema], rules)
        parts.buffer.links = dict(links)
        parts.append(source)
        return parts

    def __reduce__(self) -> tuple[Any, ...]:
        """Give the rows away as they are now."""
        return Parts.of_rows, (self.whole(), self.buffer.rules, self.buffer.links)

    def __copy__(self) -> Parts:
        """Return what has the same rows, and grows apart."""
        return Parts.of_rows(self.whole(), self.buffer.rules, self.buffer.links)

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self._rows + self.buffer.count

    @property
    def schema(self) -> Schema:
        """The columns and their types so far: the same object while they are, which is compared at once."""
        names, types = self.buffer.names, self.buffer.types
        known = self._schema
        if known is None or known.names != names or [column.type for column in known.columns] != types:
            known = self._schema = Schema(tuple(map(Column, names, types)))
        return known

    def add(self, row: Sequence[Any]) -> None:
        """Add one row; nothing of a row that is refused is kept.

        Raises:
            UsageError: it has another length.
            TypeMismatchError: a value has another type than its column.

        """
        buffer = self.buffer
        if buffer.keep(row):
            return
        widened = buffer.add(row)
        for i, before, now in widened:
            try:
                self._check_widening(i, before, now)
            except TypeMismatchError:
                buffer.drop_last(widened)
                raise
        if buffer.is_full:
            self.flush()

    def _check_widening(self, i: int, before: ColumnType, now: ColumnType) -> None:
        """Refuse a type that does not hold the values of the rows before: floats of large integers, far times."""
        if not may_lose(before, now):
            return
        name = self.buffer.names[i]
        place = f'column "{name}", row {self.num_rows - 1}'
        if not isinstance(before, NumberType) or isinstance(now, AnyType):
            check_kept(self.buffer.column(i)[:-1], now, place)
            for part in self._parts:
                check_rows(part.source, name, now, place)
            return
        extremes = [value for value in self.buffer.column(i) if isinstance(value, (int, np.integer))]
        for part in self._parts:
            for batch in part.source.batches([name]):
                found = pc.min_max(batch.column(0)).as_py() if batch.num_columns else None
                extremes.extend(v for v in (found or {}).values() if v is not None)
        if extremes and max(map(abs, map(int, extremes))) > MAX_EXACT_FLOAT:
            msg = f"the column holds integers beyond 2^53, which {now} cannot hold exactly; expected {before}"
            raise TypeMismatchError(msg, place=place)

    def flush(self) -> None:
        """Encode the rows that are still Python values.

        Raises:
            WbtableError: a value cannot be stored; the message names column and row, and the rows stay.

        """
        kept, count = self.buffer.values, self.buffer.count
        if not count:
            return
        columns = self.buffer.clear()
        arrays = []
        try:
            for name, found, values in zip(self.buffer.names, self.buffer.types, columns, strict=True):
                try:
                    arrays.append(encode(values, found, self.blobs))
                except WbtableError as error:
                    place = f'column "{name}", rows {self._rows} to {self._rows + len(values) - 1}'
                    raise type(error)(str(error), place=place) from None
        except BaseException:
            self.buffer.restore(kept, count)
            self.buffer.first_row = self._rows
            raise
        schema = self.schema
        self.append_table(pa.Table.from_arrays(arrays, schema=schema.arrow()), schema)

    def append_table(self, table: pa.Table, schema: Schema) -> None:
        """Add rows that are in physical form; their blobs are in :attr:`blobs`."""
        if table.num_columns == 0:
            return
        if self._parts and table.num_rows < SMALL:
            last = self._parts[-1]
            # Rows added between reads would leave a part each: small neighbours become one.
            if last.in_memory and last.source.schema == schema and last.source.num_rows < SMALL:
                before = last.source.batches()
                table = pa.concat_tables([pa.Table.from_batches(before, table.schema), table]).combine_chunks()
                self._parts.pop()
                self._rows -= last.source.num_rows
                self._bytes -= sum(batch.nbytes for batch in before)
        self._bytes += table.nbytes
        self._push(_Part(ArrowSource(table, schema, self.blobs), in_memory=True))
        if self._bytes > (_MAX_BESIDE_MEDIA if self.blobs.has_spilled else MAX_MEMORY):
            self._spill()

    def append(self, source: Source) -> None:
        """Add the rows of a source, whose columns must fit."""
        self.flush()
        self._push(_Part(source, in_memory=False))

    def _push(self, part: _Part) -> None:
        self._parts.append(part)
        self._rows += part.source.num_rows
        self.buffer.first_row = self._rows
        self._whole = None

    def _spill(self) -> None:
        """Move what is in memory to temporary files."""
        for i, part in enumerate(self._parts):
            if not part.in_memory or not isinstance(part.source, ArrowSource):
                continue
            path = self._folder.path() / f"{i}-{self._rows}.arrow"
            self._parts[i] = _Part(SpilledSource.spill(part.source, path, self._folder), in_memory=False)
        self._bytes = 0
        self._whole = None

    def whole(self) -> Source:
        """Return all rows as one immutable source; rows added later are not in it."""
        self.flush()
        if self._whole is None:
            schema = self.schema
            sources = [part.source for part in self._parts]
            if len(sources) == 1 and sources[0].schema == schema:
                self._whole = sources[0]
            elif not sources:
                self._whole = ArrowSource(schema.arrow().empty_table(), schema, self.blobs)
            else:
                self._whole = ConcatSource(sources, schema, error=TypeMismatchError)
        return self._whole

    def add_columns(self, columns: Iterable[tuple[str, ColumnType, pa.Array | pa.ChunkedArray]]) -> None:
        """Put further columns, in physical form, behind the others.

        Raises:
            UsageError: a name is taken, or a column has another number of values.

        """
        added = list(columns)
        for name, _, array in added:
            self.refuse_taken(name)
            if self.buffer.names and len(array) != self.num_rows:
                msg = f"expected {self.num_rows} values, found {len(array)}"
                raise UsageError(msg, place=f'column "{name}"')
        schema = Schema(tuple(Column(name, found) for name, found, _ in added))
        right = ArrowSource(pa.table([array for _, _, array in added], schema=schema.arrow()), schema, self.blobs)
        self._replace(ZipSource(self.whole(), right) if self.buffer.names else right)

    def refuse_taken(self, name: str) -> None:
        """Refuse the name of a further column that is that of another.

        Raises:
            UsageError: it is.

        """
        if name in self.buffer.names:
            msg = f"there is a column {name!r} already"
            raise UsageError(msg)

    def replace_column(self, name: str, column_type: ColumnType, array: pa.Array | pa.ChunkedArray) -> None:
        """Put another column in the place of one.

        Raises:
            NotFoundError: there is none of this name.

        """
        names = list(self.buffer.names)
        if name not in names:
            self.schema.index(name)
            raise NotFoundError(name)
        rest = [other for other in names if other != name]
        schema = Schema((Column(name, column_type),))
        right = ArrowSource(pa.table([array], schema=schema.arrow()), schema, self.blobs)
        joined: Source = ZipSource(ProjectedSource(self.whole(), rest), right) if rest else right
        self._replace(ProjectedSource(joined, names))

    def _replace(self, source: Source) -> None:
        rules = dict(zip(self.buffer.names, self.buffer.rules, strict=True))
        names = source.schema.names
        types = [column.type for column in source.schema]
        links = self.buffer.links
        self.buffer = RowBuffer(names, types, [rules.get(name, ColumnRule()) for name in names])
        self.buffer.links = links
        self._parts, self._rows, self._bytes, self._whole = [], 0, 0, None
        self._push(_Part(source, in_memory=False))

    def declare(self, name: str, rule: ColumnRule) -> None:
        """Set what later rows must have in a column."""
        at = self.schema.index(name)
        rules = list(self.buffer.rules)
        rules[at] = rule
        types = list(self.buffer.types)
        if rule.declared is not None and isinstance(types[at], NullType):
            types[at] = rule.declared
        before = self.buffer
        self.buffer = RowBuffer(self.buffer.names, types, rules)
        self.buffer.restore(before.values, before.count)
        self.buffer.links = before.links
        self.buffer.first_row = self._rows
        self._whole = None
