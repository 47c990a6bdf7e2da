"""Rows of several sides put beside each other, by pairs of positions: joins and comparisons (spec: 11, 17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from wbtable.errors import ConflictError, UsageError
from wbtable.format.schema import Schema
from wbtable.format.types import ClassesType, LinkType, NumberType
from wbtable.tables.blobs import join_blobs
from wbtable.tables.conform import conform
from wbtable.tables.source import ArrowSource, empty_table, inverse, table_batches, take_table, to_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wbtable.format.types import ColumnType
    from wbtable.media.base import BlobReader
    from wbtable.tables.source import Indices, Source

NONE = -1
"""The position of a row that a side lacks."""
CHUNK = 1 << 18
HELD_BYTES = 256 << 20
"""The most bytes of the columns of one side that are held in memory while rows are streamed."""
_SAMPLE = 1024


class Pairing(Protocol):
    """Which rows of the sides stand beside each other."""

    @property
    def num_rows(self) -> int:
        """The number of rows of the result."""

    def pairs(self, rows: Indices) -> tuple[Indices, ...]:
        """Return the positions on each side of some rows of the result, which are in ascending order; -1 for none.

        Rows that lack side 0 stand behind the others, of these the rows that lack side 1 last, and so on.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyColumn:
    """A key of the result.

    Attributes:
        name: its name in the result.
        type: its type there, to which those of the sides widen.
        sides: the column's name on each side.
        types: its type on each side.

    """

    name: str
    type: ColumnType
    sides: tuple[str, ...]
    types: tuple[ColumnType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """A column that is made of the pairing alone.

    Attributes:
        name: its name.
        type: its type.
        values: returns its values in some rows, which are in ascending order.

    """

    name: str
    type: ColumnType
    values: Callable[[Indices], pa.Array]


class PairedSource:
    """The keys, then the other columns of each side as ``0.x``, ``1.x``, then what is computed.

    Attributes:
        schema: the columns.
        blobs: reads the blobs of all sides.
        sides: the rows of each side.
        keys: the keys.

    """

    def __init__(
        self, sides: Sequence[Source], pairing: Pairing, keys: Sequence[KeyColumn], computed: Sequence[Computed] = ()
    ) -> None:
        """Put rows beside each other.

        Raises:
            UsageError: two columns would have one name.

        """
        self.sides = tuple(sides)
        self.pairing = pairing
        self.keys = tuple(keys)
        self._by_key = {key.name: key for key in self.keys}
        self._computed = {column.name: column for column in computed}
        self._inner: dict[str, tuple[int, str]] = {}
        columns: list[tuple[str, ColumnType]] = [(key.name, key.type) for key in self.keys]
        for number, side in enumerate(self.sides):
            used = {key.sides[number] for key in self.keys}
            for column in side.schema:
                if column.name not in used:
                    name = f"{number}.{column.name}"
                    columns.append((name, column.type))
                    self._inner[name] = (number, column.name)
        columns += [(column.name, column.type) for column in computed]
        seen: set[str] = set()
        for name, _ in columns:
            if name in seen:
                msg = f"two columns of the join would be called {name!r}: rename one before joining"
                raise UsageError(msg)
            seen.add(name)
        self.schema = Schema.of(columns)
        self.blobs: BlobReader = join_blobs([side.blobs for side in self.sides])

    @property
    def num_rows(self) -> int:
        """The number of rows; the keys of the sides are read for it, once."""
        return self.pairing.num_rows

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order; small sides are held in memory, of large ones the rows that meet are taken."""
        wanted = self.schema.select(columns)
        held = [self._held(number, wanted) for number in range(len(self.sides))]
        chunk = max(batch_size, CHUNK)
        for start in range(0, self.num_rows, chunk):
            rows = np.arange(start, min(start + chunk, self.num_rows), dtype=np.int64)
            table = self._rows(rows, wanted, held)
            if not table.num_columns:
                yield from table_batches(table)
            else:
                yield from table.combine_chunks().to_batches(max_chunksize=batch_size)

    def read_all(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows."""
        wanted = self.schema.select(columns)
        held = [self._held(number, wanted) for number in range(len(self.sides))]
        step = CHUNK if any(table is None for table in held) else max(1, self.num_rows)
        parts = [
            self._rows(np.arange(start, min(start + step, self.num_rows), dtype=np.int64), wanted, held)
            for start in range(0, self.num_rows, step)
        ]
        if not parts:
            return wanted.arrow().empty_table()
        return pa.concat_tables(parts) if len(wanted) else empty_table(self.num_rows)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        wanted = self.schema.select(columns)
        if len(indices) == 0 or bool(np.all(indices[1:] >= indices[:-1])):
            return self._rows(indices, wanted, [None] * len(self.sides))
        order = np.argsort(indices, kind="stable")
        return take_table(self._rows(indices[order], wanted, [None] * len(self.sides)), inverse(order))

    def at(self, positions: Sequence[Indices], columns: Sequence[str]) -> pa.Table:
        """Return columns of rows named by their positions on each side, ordered as a pairing's are."""
        return self._put(tuple(positions), self.schema.select(columns), [None] * len(self.sides), None)

    def _held(self, number: int, wanted: Schema) -> pa.Table | None:
        """Return the columns of a side that will be read, if they are small."""
        names, side = self._columns_of(number, wanted), self.sides[number]
        if not names:
            return None
        if not isinstance(side, ArrowSource) and side.num_rows > _SAMPLE:
            sample = side.take(np.arange(_SAMPLE, dtype=np.int64), names)
            if sample.nbytes / _SAMPLE * side.num_rows > HELD_BYTES:
                return None
        return to_table(side, names).combine_chunks()

    def _columns_of(self, number: int, wanted: Schema) -> list[str]:
        names = []
        for name in wanted.names:
            key = self._by_key.get(name)
            if key is not None:
                names.append(key.sides[number])
            elif name in self._inner and self._inner[name][0] == number:
                names.append(self._inner[name][1])
        return list(dict.fromkeys(names))

    def _rows(self, rows: Indices, wanted: Schema, held: Sequence[pa.Table | None]) -> pa.Table:
        """Return some rows, which are in ascending order."""
        if not len(wanted):
            return empty_table(len(rows))
        if all(name in self._computed for name in wanted.names):
            return self._put((), wanted, held, rows)
        return self._put(self.pairing.pairs(rows), wanted, held, rows)

    def _put(
        self, positions: tuple[Indices, ...], wanted: Schema, held: Sequence[pa.Table | None], rows: Indices | None
    ) -> pa.Table:
        tables = [
            taken(self.sides[number], self._columns_of(number, wanted), places, held[number])
            for number, places in enumerate(positions)
        ]
        columns = []
        for column in wanted:
            if column.name in self._computed:
                assert rows is not None
                columns.append(self._computed[column.name].values(rows))
            elif column.name in self._by_key:
                columns.append(_key_column(tables, self._by_key[column.name], positions))
            else:
                number, name = self._inner[column.name]
                columns.append(tables[number].column(tables[number].schema.get_field_index(name)))
        return pa.Table.from_arrays(columns, schema=wanted.arrow())


def _key_column(tables: Sequence[pa.Table], key: KeyColumn, positions: Sequence[Indices]) -> pa.ChunkedArray:
    """Return a key: of each row the value of the first side that has it."""
    chunks, start, rows = [], 0, len(positions[0])
    for number, places in enumerate(positions):
        lacking = places[start:] == NONE
        count = int(np.argmax(lacking)) if lacking.any() else rows - start
        column = tables[number].column(tables[number].schema.get_field_index(key.sides[number])).slice(start, count)
        chunks += [widened_key(chunk, key, number) for chunk in column.chunks if len(chunk)]
        start += count
    return pa.chunked_array(chunks, key.type.arrow())


def widened_key(array: pa.Array, key: KeyColumn, side: int) -> pa.Array:
    """Return the key of a side as the type of the result; class ids and row links as the integers that they are.

    Raises:
        ConflictError: a value has no exact form there.

    """
    have = key.types[side]
    if isinstance(have, (ClassesType, LinkType)) and isinstance(key.type, NumberType):
        have = NumberType(dtype="int64")
    return conform(array, have, key.type, place=f'key "{key.name}" of side {side}', error=ConflictError)


def taken(source: Source, names: list[str], positions: Indices, held: pa.Table | None) -> pa.Table:
    """Return rows of one side, all null where the position is -1."""
    if not names:
        return empty_table(len(positions))
    lacking = positions == NONE
    lacks = bool(lacking.any())
    if held is not None:
        if not lacks and len(positions) and _consecutive(positions):
            return held.slice(int(positions[0]), len(positions))
        return held.take(pa.array(positions, mask=lacking if lacks else None))
    here = positions[~lacking] if lacks else positions
    if not lacks and (len(here) < 2 or bool(np.all(here[1:] > here[:-1]))):
        return source.take(here, names)
    # Each row is read once, in order, however often it is asked for.
    unique, places = np.unique(here, return_inverse=True)
    found = source.take(unique, names)
    at = np.zeros(len(positions), dtype=np.int64)
    at[~lacking] = places
    return found.combine_chunks().take(pa.array(at, mask=lacking))


def _consecutive(positions: Indices) -> bool:
    return int(positions[-1]) - int(positions[0]) == len(positions) - 1 and bool(np.all(np.diff(positions) == 1))
