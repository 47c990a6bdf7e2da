"""Rows of several sources beside each other by pairs of positions, as a query reads them (spec: 16-views)."""

from __future__ import annotations

import hashlib
import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from wbtable.format.documents import canonical
from wbtable.format.schema import Schema
from wbtable.query.duck_types import duck_type, memory_columns
from wbtable.query.source import Inputs, Relation, SparseSource
from wbtable.query.union import castable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.summary import ColumnSummary
    from wbtable.format.types import ColumnType
    from wbtable.media.base import BlobReader
    from wbtable.query.source import Positions, QuerySource

_NUMBERS = itertools.count()


class PairedKey(Protocol):
    """A key of the result, and what it is called on each side."""

    @property
    def name(self) -> str:
        """Its name in the result."""

    @property
    def type(self) -> ColumnType:
        """Its type in the result."""

    @property
    def sides(self) -> tuple[str, ...]:
        """Its name on each side."""


class Pairs(Protocol):
    """Which rows stand beside each other."""

    @property
    def num_rows(self) -> int:
        """The number of rows of the result."""

    def pairs(self, rows: Positions) -> tuple[Positions, ...]:
        """Return the positions on each side of some rows, which are in ascending order; -1 for none."""


class PairedRows(Protocol):
    """What reads such rows, as `wbtable.tables.paired` does it; handed down to this floor."""

    @property
    def schema(self) -> Schema:
        """The columns."""

    @property
    def keys(self) -> Sequence[PairedKey]:
        """The keys."""

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs of media cells."""

    @property
    def pairing(self) -> Pairs:
        """Which rows stand beside each other."""

    def take(self, indices: Positions, columns: Sequence[str] | None = None) -> pa.Table:
        """Return rows of the result by position."""

    def at(self, positions: Sequence[Positions], columns: Sequence[str]) -> pa.Table:
        """Return rows by their positions on each side, ordered as the result is."""


class PairedQuery:
    """Rows beside each other; the pairs of positions are in memory, the rest is read as it is asked for.

    Attributes:
        name: names the rows in this process.
        digest: names them for good, where both sides have such a name.

    """

    def __init__(self, sources: Sequence[QuerySource], rows: PairedRows, what: Sequence[object]) -> None:
        """Give out `rows`, which stand in `sources`.

        Args:
            sources: the sides.
            rows: what reads them by position.
            what: JSON values that, with the digests of the sides, say which rows stand beside each other.

        """
        self._sources = tuple(sources)
        self._rows = rows
        self._key_sides = len(self._sources)
        """How many sides a key's value may come from: every row has one of these."""
        digests = [source.digest for source in self._sources]
        whole = canonical(
            {"sides": [d or f"{s.name}" for d, s in zip(digests, self._sources, strict=True)], "as": [*what]}
        )
        self.name = f"pairs{hashlib.sha256(whole).hexdigest()}"
        self.digest: str | None = self.name if all(digests) else None

    @property
    def schema(self) -> Schema:
        """The columns."""
        return self._rows.schema

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self._rows.pairing.num_rows

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs of media cells."""
        return self._rows.blobs

    @cached_property
    def sides(self) -> tuple[Schema, ...]:
        """The columns of each side but for its keys."""
        out = []
        for number, source in enumerate(self._sources):
            used = {key.sides[number] for key in self._rows.keys}
            out.append(Schema(tuple(column for column in source.schema if column.name not in used)))
        return tuple(out)

    @property
    def key(self) -> tuple[str, ...]:
        """The names of the keys."""
        return tuple(key.name for key in self._rows.keys)

    def summaries(self) -> tuple[ColumnSummary, ...] | None:
        """Return None: how often a row of a side stands in the result is not known before it is read."""
        return None

    def take(self, positions: Positions, columns: Sequence[str]) -> pa.Table:
        """Return rows by position."""
        return self._rows.take(positions, columns)

    def relation(self, columns: Sequence[str]) -> Relation:
        """Return the rows with some columns: the pairs, joined with each side by position."""
        wanted = self.schema.select(columns)
        rows = np.arange(self.num_rows, dtype=np.int64)
        positions = self._rows.pairing.pairs(rows)
        computed = [name for name in wanted.names if self._is_computed(name)]
        extra = self._rows.take(rows, computed) if computed else None
        left_out = set(computed)
        read = Schema(tuple(column for column in wanted if column.name not in left_out))
        names = ["pos", *(f"p{number}" for number in range(len(positions)))]
        arrays = [pa.chunked_array([pa.array(rows)])]
        arrays += [
            pa.chunked_array([_names(source, found)]) for source, found in zip(self._sources, positions, strict=True)
        ]
        if extra is not None:
            names += [f"e{number}" for number in range(len(computed))]
            arrays += memory_columns(extra, wanted.select(computed))
        table = f"{self.name}_{next(_NUMBERS)}"
        inputs = [Inputs(tables={table: pa.Table.from_arrays(arrays, names=names)})]
        selected, joins = self._selected(wanted, computed, read), []
        for number, source in enumerate(self._sources):
            needed = self.needed(number, read)
            if needed:
                relation = source.relation(needed)
                inputs.append(relation.inputs)
                joins.append(f" LEFT JOIN {relation.sql} AS s{number} ON p.p{number} = s{number}.pos")
        sql = f"(SELECT {', '.join([*selected, 'p.pos AS pos'])} FROM {table} AS p{''.join(joins)})"
        return Relation(sql=sql, inputs=Inputs.union(inputs))

    def _is_computed(self, name: str) -> bool:
        """Whether Python gives a column: one of the pairs alone, or a key that no cast of the engine widens exactly."""
        if self._place(name) is not None:
            return False
        key = next((key for key in self._rows.keys if key.name == name), None)
        if key is None:
            return True
        sides = zip(self._sources[: self._key_sides], key.sides[: self._key_sides], strict=True)
        return not all(castable(source.schema[inner], key.type) for source, inner in sides)

    def _selected(self, wanted: Schema, computed: Sequence[str], read: Schema) -> list[str]:
        """Return the SQL of columns; of those that are not `computed`, `read` has the same."""
        at, places = {name: i for i, name in enumerate(computed)}, self.places(read)
        return [
            f"p.e{at[column.name]} AS c{i}"
            if column.name in at
            else f"{self.value(column.name, column.type, places)} AS c{i}"
            for i, column in enumerate(wanted)
        ]

    def _place(self, name: str) -> tuple[int, str] | None:
        """Return the side and the name there of a column, None of a key or a computed one."""
        head, dot, rest = name.partition(".")
        if name in self.key or not dot or not head.isdigit() or int(head) >= len(self._sources):
            return None
        return (int(head), rest) if rest in self._sources[int(head)].schema else None

    def needed(self, number: int, wanted: Schema, keys: Sequence[str] = ()) -> list[str]:
        """Return the columns of a side that `wanted` needs, and `keys`."""
        out = list(keys)
        for name in wanted.names:
            place = self._place(name)
            if place is not None and place[0] == number:
                out.append(place[1])
        out += [key.sides[number] for key in self._rows.keys if key.name in wanted]
        return list(dict.fromkeys(out))

    def places(self, wanted: Schema, keys: Sequence[Sequence[str]] | None = None) -> list[dict[str, int]]:
        """Return where each side has the columns that it is read for."""
        needed = (self.needed(i, wanted, keys[i] if keys else ()) for i in range(len(self._sources)))
        return [{name: at for at, name in enumerate(names)} for names in needed]

    def value(self, name: str, found: ColumnType, places: Sequence[dict[str, int]]) -> str:
        """Return the SQL of a column over the sides, which are called ``s0``, ``s1`` and so on; see `places`."""
        place = self._place(name)
        if place is not None:
            number, inner = place
            return f"s{number}.c{places[number][inner]}"
        key = next(key for key in self._rows.keys if key.name == name)
        target = duck_type(found)
        parts = []
        for number, inner in enumerate(key.sides[: self._key_sides]):
            parts.append(f"CAST(s{number}.c{places[number][inner]} AS {target})")
        return f"coalesce({', '.join(parts)})" if len(parts) > 1 else parts[0]


def _names(source: QuerySource, positions: Positions) -> pa.Array:
    """Return what a source's ``pos`` is for positions, null for -1."""
    lacking = positions < 0
    if isinstance(source, SparseSource):
        positions = source.row_ids(np.where(lacking, 0, positions)) if source.num_rows else positions
    return pa.array(positions, mask=lacking)
