"""Tables joined when they are read (spec: 11-joined-and-partitioned-tables, JOIN-n)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import ConflictError, UsageError
from wbtable.format.joined_table import HOWS, JoinedTableDocument
from wbtable.format.schema import Schema
from wbtable.tables.blobs import join_blobs
from wbtable.tables.conform import conform
from wbtable.tables.join_index import NONE, JoinIndex
from wbtable.tables.join_keys import KeyPair
from wbtable.tables.readable import Readable
from wbtable.tables.source import empty_table, inverse, table_batches, take_table, to_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wbtable.format.joined_table import TableReference
    from wbtable.format.types import ColumnType
    from wbtable.media.base import BlobReader
    from wbtable.tables.source import Indices, Source

How = Literal["outer", "inner", "left", "right"]
_CHUNK = 1 << 18
_IN_MEMORY = 1 << 18
_PAIR = 2


class JoinedTable(Readable):
    """Two tables as one, joined on keys when it is read; nothing is materialised.

    It gives every pair of rows whose keys are equal, as SQL does: null keys match nothing, NaN matches NaN. Columns
    are the keys, under side 0's names, then side 0's others as ``0.x`` and side 1's as ``1.x``. Rows come in side 0's
    order, then side 1's; those without a side 0 last. Reading a column reads that column and the keys.
    """

    def __init__(
        self,
        table1: Readable | str,
        table2: Readable | str,
        join_key: object,
        how: How = "outer",
    ) -> None:
        """Join two tables.

        Args:
            table1: side 0: a table, joined or partitioned table; or, to be put into an artifact, the path of one there.
            table2: side 1.
            join_key: a column's name; a pair of names, for side 0 and side 1 (W&B's list of two strings is one);
                or a list of such pairs, all of which must be equal.
            how: "outer" keeps the unmatched rows of both sides, "left" and "right" those of one, "inner" none.

        Raises:
            UsageError: a key column is missing, or its values cannot be equal to the other side's; or an argument is of
                another kind.

        """
        if how not in HOWS:
            msg = f"expected how as one of {', '.join(HOWS)}, found {how!r:.40}"
            raise UsageError(msg)
        self._sides = (_side(table1), _side(table2))
        self._keys = key_pairs(join_key)
        self._how: How = how
        self._joined: tuple[Source, Source, JoinedSource] | None = None
        if not any(isinstance(side, str) for side in self._sides):
            self._source()

    @property
    def tables(self) -> tuple[Readable | str, Readable | str]:
        """Side 0 and side 1."""
        return self._sides

    @property
    def join_keys(self) -> tuple[tuple[str, str], ...]:
        """The pairs of columns that are equal, of side 0 and of side 1."""
        return self._keys

    @property
    def how(self) -> How:
        """Which rows without a partner are kept: outer, inner, left or right."""
        return self._how

    def _source(self) -> JoinedSource:
        left, right = (_rows_of(side) for side in self._sides)
        if self._joined is None or self._joined[0] is not left or self._joined[1] is not right:
            self._joined = (left, right, JoinedSource(left, right, self._keys, self._how))
        return self._joined[2]

    def document(self, resolve: Callable[[Readable | str], TableReference]) -> JoinedTableDocument:
        """Return the document that stands for the join (JOIN-1).

        Args:
            resolve: says where a side is: its path in the same artifact, or its version and path.

        """
        left, right = self._sides
        return JoinedTableDocument(sides=(resolve(left), resolve(right)), keys=self._keys, how=self._how)

    @classmethod
    def from_document(cls, document: JoinedTableDocument, load_table: Callable[[TableReference], Readable]) -> Self:
        """Return the join that a document stands for; `load_table` opens its sides."""
        left, right = document.sides
        return cls(load_table(left), load_table(right), list(document.keys), cast("How", document.how))

    def __eq__(self, other: object) -> bool:
        """Whether the other joins equal tables in the same way."""
        if not isinstance(other, JoinedTable):
            return NotImplemented
        return self is other or ((self._keys, self._how) == (other._keys, other._how) and self._sides == other._sides)

    __hash__ = None  # type: ignore[assignment]  # its tables may change

    def __repr__(self) -> str:
        """Return size, columns and the first rows."""
        if any(isinstance(side, str) for side in self._sides):
            return f"JoinedTable({self._sides[0]!r}, {self._sides[1]!r}, {list(self._keys)!r}, how={self._how!r})"
        return super().__repr__()


def _side(table: object) -> Readable | str:
    if isinstance(table, Readable):
        return table
    if isinstance(table, str) and table.endswith("table.json"):
        return table
    msg = f"expected a table, or the path of one ending in .table.json, found {type(table).__name__} {table!r:.80}"
    raise UsageError(msg)


def _rows_of(side: Readable | str) -> Source:
    if isinstance(side, str):
        msg = f"only the path {side!r} of the table is known: read the joined table from the version that holds both"
        raise UsageError(msg)
    return side._source()  # noqa: SLF001 - the same room


def key_pairs(join_key: object) -> tuple[tuple[str, str], ...]:
    """Return the pairs of key columns that `join_key` means (JOIN-3).

    Raises:
        UsageError: it is neither a name, nor a pair of names, nor a list of pairs.

    """
    if isinstance(join_key, str):
        return ((join_key, join_key),)
    if isinstance(join_key, (list, tuple)) and join_key:
        items = list(join_key)
        if len(items) == _PAIR and all(isinstance(name, str) for name in items):
            return ((items[0], items[1]),)
        if all(isinstance(item, (list, tuple)) and len(item) == _PAIR for item in items):
            pairs = [(left, right) for left, right in items]
            if all(isinstance(name, str) for pair in pairs for name in pair):
                if len({left for left, _ in pairs}) == len(pairs):
                    return tuple(pairs)
                msg = f"expected each key column of side 0 once, found {join_key!r:.200}"
                raise UsageError(msg)
    msg = (
        "expected join_key as a column's name, a pair of names, or a list of pairs such as "
        f'[("a", "a"), ("b", "b")], found {join_key!r:.200}'
    )
    raise UsageError(msg)


class JoinedSource:
    """The rows of a join; see :class:`JoinedTable`.

    Attributes:
        schema: the keys, then the other columns of side 0 and of side 1.
        blobs: reads the blobs of both sides.

    """

    def __init__(self, left: Source, right: Source, keys: Sequence[tuple[str, str]], how: How) -> None:
        """Join two sources.

        Raises:
            UsageError: a key is missing or has no equal, or two columns would have one name.

        """
        for side, source, names in ((0, left, [a for a, _ in keys]), (1, right, [b for _, b in keys])):
            for name in names:
                if name not in source.schema:
                    msg = f"side {side} has no key column {name!r}; it has {source.schema.names!r:.300}"
                    raise UsageError(msg)
        self._sources = (left, right)
        pairs = [KeyPair.of(a, b, left.schema[a], right.schema[b]) for a, b in keys]
        self._index = JoinIndex(left, right, pairs, how)
        columns: list[tuple[str, ColumnType]] = []
        self._keys: dict[str, KeyPair] = {}
        self._inner: dict[str, tuple[int, str]] = {}
        for pair in pairs:
            columns.append((pair.left, pair.left_type if how in {"inner", "left"} else pair.common))
            self._keys[pair.left] = pair
        for side, source, used in ((0, left, {a for a, _ in keys}), (1, right, {b for _, b in keys})):
            for column in source.schema:
                if column.name not in used:
                    name = f"{side}.{column.name}"
                    columns.append((name, column.type))
                    self._inner[name] = (side, column.name)
        seen: set[str] = set()
        for name, _ in columns:
            if name in seen:
                msg = f"two columns of the join would be called {name!r}: rename one before joining"
                raise UsageError(msg)
            seen.add(name)
        self.schema = Schema.of(columns)
        self.blobs: BlobReader = join_blobs([left.blobs, right.blobs])

    @property
    def num_rows(self) -> int:
        """The number of rows; the keys of both sides are read for it, once."""
        return self._index.num_rows

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order; a small side 1 is held in memory, of a large one the rows that meet are taken."""
        wanted = self.schema.select(columns)
        held = self._held(wanted)
        chunk = max(batch_size, _CHUNK)
        for start in range(0, self.num_rows, chunk):
            rows = np.arange(start, min(start + chunk, self.num_rows), dtype=np.int64)
            table = self._rows(rows, wanted, held)
            if not table.num_columns:
                yield from table_batches(table)
            else:
                yield from table.combine_chunks().to_batches(max_chunksize=batch_size)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        wanted = self.schema.select(columns)
        order = np.argsort(indices, kind="stable")
        return take_table(self._rows(indices[order], wanted, None), inverse(order))

    def _held(self, wanted: Schema) -> pa.Table | None:
        """Return the columns of side 1 that will be read, if it is small."""
        names = self._columns_of(1, wanted)
        return to_table(self._sources[1], names) if names and self._sources[1].num_rows <= _IN_MEMORY else None

    def _columns_of(self, side: int, wanted: Schema) -> list[str]:
        names = []
        for name in wanted.names:
            pair = self._keys.get(name)
            if pair is not None:
                names.append(pair.right if side else pair.left)
            elif self._inner[name][0] == side:
                names.append(self._inner[name][1])
        return list(dict.fromkeys(names))

    def _rows(self, rows: Indices, wanted: Schema, held: pa.Table | None) -> pa.Table:
        """Return some rows, which are in ascending order."""
        if not len(wanted):
            return empty_table(len(rows))
        left, right = self._index.pairs(rows)
        tables = (
            _taken(self._sources[0], self._columns_of(0, wanted), left, None),
            _taken(self._sources[1], self._columns_of(1, wanted), right, held),
        )
        columns = []
        for column in wanted:
            pair = self._keys.get(column.name)
            if pair is None:
                side, name = self._inner[column.name]
                columns.append(tables[side].column(tables[side].schema.get_field_index(name)))
            else:
                columns.append(_key_column(tables, pair, column.type, left))
        return pa.Table.from_arrays(columns, schema=wanted.arrow())


def _key_column(tables: tuple[pa.Table, pa.Table], pair: KeyPair, wanted: ColumnType, left: Indices) -> pa.ChunkedArray:
    """Return the key: side 0's, and in rows without a side 0 side 1's."""
    split = int(np.searchsorted(left == NONE, True)) if len(left) else 0
    mine = tables[0].column(tables[0].schema.get_field_index(pair.left)).slice(0, split)
    theirs = tables[1].column(tables[1].schema.get_field_index(pair.right)).slice(split)
    chunks = [
        conform(chunk, found, wanted, place=f'key "{pair.left}"', error=ConflictError)
        for column, found in ((mine, pair.left_type), (theirs, pair.right_type))
        for chunk in column.chunks
        if len(chunk)
    ]
    return pa.chunked_array(chunks, wanted.arrow())


def _taken(source: Source, names: list[str], positions: Indices, held: pa.Table | None) -> pa.Table:
    """Return rows of one side, all null where the position is -1."""
    if not names:
        return empty_table(len(positions))
    lacking = positions == NONE
    if held is not None:
        return held.take(pa.array(positions, mask=lacking))
    here = positions[~lacking]
    # Each row is read once, in order, however often it is asked for.
    unique, places = np.unique(here, return_inverse=True)
    found = source.take(unique, names)
    if not lacking.any() and len(unique) == len(here) and bool(np.all(here[1:] > here[:-1])):
        return found
    at = np.zeros(len(positions), dtype=np.int64)
    at[~lacking] = places
    return found.combine_chunks().take(pa.array(at, mask=lacking))
