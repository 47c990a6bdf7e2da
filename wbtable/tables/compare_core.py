"""The work of a comparison: pairs rows and finds what changed; columns with equal fingerprints are not read."""

from __future__ import annotations

from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from wbtable.errors import NotFoundError, TypeMismatchError, UsageError, WbtableError
from wbtable.format.types import has_media, unify
from wbtable.query.compare import ADDED, CHANGED, EQUAL, REMOVED, ColumnChange, Counts
from wbtable.tables.compare_pairs import RowPairs, pair_rows
from wbtable.tables.compare_values import equal_rows
from wbtable.tables.conform import conform
from wbtable.tables.join_codes import key_counts
from wbtable.tables.join_keys import KeyPair, combine
from wbtable.tables.paired import NONE, KeyColumn, widened_key
from wbtable.tables.prefetch import ahead
from wbtable.tables.reader import TableReader
from wbtable.tables.source import to_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.format.types import ColumnType
    from wbtable.tables.compare_values import Flags
    from wbtable.tables.source import Source

_CHUNK = 1 << 18
_NONE_CHANGED: Flags = np.zeros(0, dtype=np.bool_)


class Stretch(NamedTuple):
    """Consecutive rows of all sides of which fingerprints say whether a column is equal."""

    start: int
    stop: int
    equal: bool


class CompareCore:
    """Rows of several sides that are the same row, and what differs in them.

    Attributes:
        sides: the rows of each side.
        keys: the key columns.
        shared: the columns that all sides have beside the keys, with the type to which theirs widen.
        other: the other columns, with their type on each side; `shared` ones are not among them.

    """

    def __init__(self, sides: Sequence[Source], names: Sequence[tuple[str, ...]]) -> None:
        """Prepare; nothing is read yet.

        Raises:
            UsageError: a key is missing or its types cannot be equal.

        """
        self.sides = tuple(sides)
        for number, side in enumerate(self.sides):
            for key in names:
                if key[number] not in side.schema:
                    msg = (
                        f"side {number} has no key column {key[number]!r}; it has {side.schema.names!r:.300}: name "
                        "another as key, or put the tables one after another (mode concat)"
                    )
                    raise UsageError(msg)
        self.keys = tuple(self._key(key) for key in names)
        used = [{key.sides[number] for key in self.keys} for number in range(len(self.sides))]
        every = [
            name for side, keys in zip(self.sides, used, strict=True) for name in side.schema.names if name not in keys
        ]
        self.shared: dict[str, ColumnType] = {}
        self.other: dict[str, tuple[ColumnType | None, ...]] = {}
        for name in dict.fromkeys(every):
            types = tuple(
                side.schema[name] if name in side.schema and name not in used[number] else None
                for number, side in enumerate(self.sides)
            )
            wide = _widened(types)
            if wide is None:
                self.other[name] = types
            else:
                self.shared[name] = wide
        self._guard = RLock()
        self._changes: dict[str, Flags | None] = {}
        self._failed: set[str] = set()

    def __reduce__(self) -> tuple[Any, ...]:
        """Compare anew where it is unpickled."""
        return CompareCore, (self.sides, [key.sides for key in self.keys])

    def _key(self, names: tuple[str, ...]) -> KeyColumn:
        types = tuple(side.schema[name] for side, name in zip(self.sides, names, strict=True))
        wide = types[0]
        for name, found in zip(names[1:], types[1:], strict=True):
            wide = KeyPair.of(names[0], name, wide, found).common
        return KeyColumn(name=names[0], type=wide, sides=names, types=types)

    # Which rows are the same row.

    @cached_property
    def pairs(self) -> RowPairs:
        """The pairs of the outer merge."""
        with self._guard:
            if self.keys_are_equal:
                return RowPairs(None, len(self.sides), self.sides[0].num_rows)
            return pair_rows([self._keys_of(number) for number in range(len(self.sides))])

    @cached_property
    def keys_are_equal(self) -> bool:
        """Whether fingerprints say that the keys of all sides are the same, in the same order, without null."""
        for key in self.keys:
            found = self.stretches(key.sides)
            if found is None or not all(stretch.equal for stretch in found) or self._nulls(key.sides[0]) != 0:
                return False
        return True

    def _nulls(self, name: str) -> int | None:
        side = self.sides[0]
        assert isinstance(side, TableReader)
        at = side.schema.index(name)
        return sum(f.columns[at].nulls if at < len(f.columns) else f.rows for f in side.fragments)

    def _keys_of(self, number: int) -> pa.ChunkedArray:
        """Return one comparable key for each row of a side."""
        names = [key.sides[number] for key in self.keys]
        table = to_table(self.sides[number], list(dict.fromkeys(names)))
        chunks = []
        for batch in table.to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]:
            columns = [batch.column(batch.schema.get_field_index(name)) for name in names]
            found = zip(columns, self.keys, strict=True)
            chunks.append(combine([self._comparable(column, key, number) for column, key in found]))
        return pa.chunked_array(chunks)

    def _comparable(self, array: pa.Array, key: KeyColumn, number: int) -> pa.Array:
        if len(self.sides) == 2:
            pair = KeyPair.of(key.sides[0], key.sides[1], key.types[0], key.types[1])
            return pair.right_keys(array) if number else pair.left_keys(array)
        wide = widened_key(array, key, number)
        return KeyPair.of(key.name, key.name, key.type, key.type).left_keys(wide)

    def stretches(self, names: Sequence[str]) -> list[Stretch] | None:
        """Return where a column's fingerprints are equal; None if rows or types of the sides do not line up (FP-8)."""
        readers = [side for side in self.sides if isinstance(side, TableReader)]
        if len(readers) != len(self.sides):
            return None
        types = [reader.schema[name] for reader, name in zip(readers, names, strict=True)]
        if any(found != types[0] for found in types):
            return None
        rows = [[fragment.rows for fragment in reader.fragments] for reader in readers]
        if any(found != rows[0] for found in rows):
            return None
        places = [reader.schema.index(name) for reader, name in zip(readers, names, strict=True)]
        out = []
        for number, count in enumerate(rows[0]):
            start = int(readers[0].starts[number])
            marks = set()
            for reader, at in zip(readers, places, strict=True):
                columns = reader.fragments[number].columns
                marks.add(columns[at].fingerprint if at < len(columns) else "")
            out.append(Stretch(start, start + count, len(marks) == 1))
        return out

    # What changed.

    def changed_in(self, name: str) -> Flags | None:
        """Return for each row of the outer merge whether a column's values differ; None if they do not compare."""
        with self._guard:
            if name not in self._changes:
                try:
                    self._changes[name] = self._compare(name)
                except WbtableError as error:
                    if not isinstance(error, _NotComparableError):
                        raise
                    self._changes[name] = None
            return self._changes[name]

    def is_unchanged(self, name: str) -> bool:
        """Whether fingerprints say that a column is the same on all sides; its values are not looked at."""
        if not self.pairs.by_position:
            return False
        found = self.stretches([name] * len(self.sides))
        return found is not None and all(stretch.equal for stretch in found)

    def _compare(self, name: str) -> Flags:
        out = np.zeros(self.pairs.num_rows, dtype=np.bool_)
        if self.pairs.by_position:
            for start, columns in self._side_by_side(name):
                out[start : start + len(columns[0])] = self._differ(name, columns)
            return out
        rows = self._complete
        positions = [self.pairs.side(number)[rows] for number in range(len(self.sides))]
        whole = [to_table(side, [name]).combine_chunks().column(0) for side in self.sides]
        for start in range(0, len(rows), _CHUNK):
            picked = [
                column.take(pa.array(places[start : start + _CHUNK])).combine_chunks()
                for column, places in zip(whole, positions, strict=True)
            ]
            arrays = [a if isinstance(a, pa.Array) else pa.concat_arrays(a.chunks) for a in picked]
            out[rows[start : start + _CHUNK]] = self._differ(name, arrays)
        return out

    def _side_by_side(self, name: str) -> Iterator[tuple[int, list[pa.Array]]]:
        """Yield the values of all sides in the same rows; those of equal fingerprints are left out."""
        found = self.stretches([name] * len(self.sides))
        if found is None:
            yield from _aligned([side.batches([name]) for side in self.sides])
            return

        def read(number: int) -> list[list[pa.RecordBatch]]:
            readers = (side for side in self.sides if isinstance(side, TableReader))
            return [reader.read_fragment(number, [name]).to_batches() for reader in readers]

        differing = [number for number, stretch in enumerate(found) if not stretch.equal]
        for number, parts in zip(differing, ahead(read, differing), strict=True):
            for start, columns in _aligned([iter(part) for part in parts]):
                yield found[number].start + start, columns

    def _differ(self, name: str, columns: Sequence[pa.Array]) -> Flags:
        wide = self.shared[name]
        try:
            arrays = [
                conform(array, side.schema[name], wide, place=f'column "{name}"', error=_NotComparableError)
                for array, side in zip(columns, self.sides, strict=True)
            ]
        except TypeMismatchError as error:
            raise _NotComparableError(str(error)) from None
        out = np.zeros(len(arrays[0]), dtype=np.bool_)
        for other in arrays[1:]:
            out |= ~equal_rows(arrays[0], other, media=has_media(wide))
        return out

    @cached_property
    def _complete(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The rows that all sides have."""
        return np.flatnonzero(self.kinds_by_presence == EQUAL).astype(np.int64)

    @cached_property
    def kinds_by_presence(self) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """For each row whether it was added or removed; equal until its columns are compared."""
        out = np.full(self.pairs.num_rows, EQUAL, dtype=np.uint8)
        if self.pairs.by_position:
            return out
        for number in range(1, len(self.sides)):
            out[self.pairs.side(number) == NONE] = REMOVED
        out[self.pairs.side(0) == NONE] = ADDED
        return out

    @cached_property
    def kinds(self) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        """For each row what happened to it; all shared columns are compared for it, once."""
        with self._guard:
            out = self.kinds_by_presence.copy()
            for name in self.shared:
                found = None if self.is_unchanged(name) else self.changed_in(name)
                if found is not None:
                    out[found] = CHANGED
            return out

    @cached_property
    def counts(self) -> Counts:
        """How many rows differ."""
        found = [int(np.count_nonzero(self.kinds == kind)) for kind in range(4)]
        if self.keys_are_equal:
            keys = [key_counts(self._keys_of(0))] * len(self.sides)
        else:
            keys = [key_counts(self._keys_of(number)) for number in range(len(self.sides))]
        return Counts(
            added=found[ADDED],
            removed=found[REMOVED],
            changed=found[CHANGED],
            equal=found[EQUAL],
            duplicates=tuple(duplicates for _, duplicates in keys),
            nulls=tuple(nulls for nulls, _ in keys),
        )

    def changes(self) -> list[ColumnChange]:
        """Return what changed in each column but for the keys."""
        out = []
        for name in self.shared:
            found = _NONE_CHANGED if self.is_unchanged(name) else self.changed_in(name)
            changed = None if found is None else int(np.count_nonzero(found))
            types = tuple(str(side.schema[name]) for side in self.sides)
            out.append(ColumnChange(name=name, types=types, changed=changed))
        for name, found_types in self.other.items():
            shown = tuple(None if found is None else str(found) for found in found_types)
            out.append(ColumnChange(name=name, types=shown, changed=None))
        return out

    def check_shared(self, name: str) -> ColumnType:
        """Return the type to which a column widens on all sides.

        Raises:
            NotFoundError: not all sides have it, in types that widen to one.

        """
        found = self.shared.get(name)
        if found is None:
            msg = f"not all sides have a column {name!r} of types that compare; they share {list(self.shared)!r:.300}"
            raise NotFoundError(msg)
        return found


def _aligned(streams: Sequence[Iterator[pa.RecordBatch]]) -> Iterator[tuple[int, list[pa.Array]]]:
    """Yield the first columns of several streams of as many rows, cut alike, and the row at which each piece starts."""
    start = 0
    heads: list[pa.Array] = [pa.nulls(0)] * len(streams)
    while True:
        for side, stream in enumerate(streams):
            while not len(heads[side]):
                batch = next(stream, None)
                if batch is None:
                    return
                heads[side] = batch.column(0)
        count = min(map(len, heads))
        yield start, [head.slice(0, count) for head in heads]
        start += count
        heads = [head.slice(count) for head in heads]


class _NotComparableError(TypeMismatchError):
    """A value of one side has no form in the type of both."""


def _widened(types: Sequence[ColumnType | None]) -> ColumnType | None:
    """Return the type to which all widen, None if there is none or a side lacks the column."""
    wide = types[0]
    for found in types[1:]:
        if wide is None or found is None:
            return None
        try:
            wide = unify(wide, found)
        except TypeMismatchError:
            return None
    return wide
