"""Joins as the engine does them: filters and columns reach both sides, large ones spill (spec: 11, JOIN-n)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from wbtable.format.types import (
    BinaryType,
    BooleanType,
    ClassesType,
    DateType,
    LinkType,
    NumberType,
    StringType,
    TimestampType,
    TimeType,
    UuidType,
)
from wbtable.query.paired import PairedQuery
from wbtable.query.source import Inputs, Relation, SparseSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from wbtable.format.types import ColumnType
    from wbtable.query.paired import PairedRows
    from wbtable.query.source import Positions, QuerySource

_LARGEST: Final = 2**63 - 1
_VERBS: Final = {"inner": "JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "outer": "FULL JOIN"}
_ALIKE: Final = (BooleanType, StringType, BinaryType, UuidType, DateType, LinkType, ClassesType)


class KeyTypes(Protocol):
    """Two columns whose values must be equal."""

    @property
    def left(self) -> str:
        """The column of side 0."""

    @property
    def right(self) -> str:
        """The column of side 1."""

    @property
    def left_type(self) -> ColumnType:
        """Its type."""

    @property
    def right_type(self) -> ColumnType:
        """Its type."""


def common_sql_type(left: ColumnType, right: ColumnType) -> str | None:
    """Return the DuckDB type in which `=` finds the same keys equal as JOIN-5 does, None if there is none."""
    if isinstance(left, NumberType) and isinstance(right, NumberType):
        if left.is_float != right.is_float:
            return None
        if left.is_float:
            return "DOUBLE"
        return "HUGEINT" if "uint64" in {left.dtype, right.dtype} else "BIGINT"
    if type(left) is not type(right):
        return None
    if isinstance(left, TimestampType):
        plain = left == right and left.zone is None
        return ("TIMESTAMP_NS" if left.unit == "ns" else "TIMESTAMP") if plain else None
    if isinstance(left, TimeType):
        return ("TIME_NS" if left.unit == "ns" else "TIME") if left == right else None
    return "" if isinstance(left, _ALIKE) else None


class JoinQuery(PairedQuery):
    """A join as a query reads it.

    The position of a row is made of the positions on both sides, so that nothing has to be counted or sorted for it:
    that of side 0 times one more than side 1 has rows, and that of side 1. It names a row, and orders rows (JOIN-6).
    """

    def __init__(self, sources: Sequence[QuerySource], rows: PairedRows, pairs: Sequence[KeyTypes], how: str) -> None:
        """Join two sources."""
        super().__init__(sources, rows, [how, [[pair.left, pair.right] for pair in pairs]])
        self._key_pairs = tuple(pairs)
        self._how = how
        if how in {"inner", "left"}:
            self._key_sides = 1
        self._casts = [common_sql_type(pair.left_type, pair.right_type) for pair in self._key_pairs]
        self._step = self._sources[1].num_rows + 1
        largest = (self._sources[0].num_rows + 1) * self._step
        nested = any(isinstance(source, SparseSource) for source in self._sources)
        self._by_engine = not nested and largest <= _LARGEST and None not in self._casts

    def row_ids(self, rows: Positions) -> Positions:
        """Return the names of rows, which are counted from 0 on."""
        if not self._by_engine:
            return rows
        order = np.argsort(rows, kind="stable")
        left, right = self._rows.pairing.pairs(rows[order])
        # Without a side 0 the place behind all of side 0; without a side 1 the last before the next row of side 0.
        left = np.where(left < 0, self._sources[0].num_rows, left)
        ids = left * self._step + np.where(right < 0, self._step - 1, right)
        out = np.empty_like(ids)
        out[order] = ids
        return out

    def row_numbers(self, ids: Positions) -> Positions:
        """Return the numbers, counted from 0 on, of rows by name."""
        if not self._by_engine or not len(ids):
            return ids
        low, high = np.zeros(len(ids), np.int64), np.full(len(ids), self.num_rows - 1, np.int64)
        # Names ascend with the rows (JOIN-6): each step halves where a row may be.
        while bool(np.any(low < high)):
            middle = (low + high) // 2
            before = self.row_ids(middle) < ids
            low, high = np.where(before, middle + 1, low), np.where(before, high, middle)
        return low

    def take(self, positions: Positions, columns: Sequence[str]) -> pa.Table:
        """Return rows by name."""
        if not self._by_engine:
            return super().take(positions, columns)
        order = np.argsort(positions, kind="stable")
        left, right = np.divmod(positions[order], self._step)
        left = np.where(left == self._sources[0].num_rows, -1, left)
        right = np.where(right == self._step - 1, -1, right)
        table = self._rows.at((left, right), columns)
        if bool(np.all(order[1:] > order[:-1])):
            return table
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order), dtype=np.int64)
        return table.combine_chunks().take(back)

    def relation(self, columns: Sequence[str]) -> Relation:
        """Return the rows with some columns, joined by the engine."""
        if not self._by_engine:
            return super().relation(columns)
        wanted = self.schema.select(columns)
        keys = ([pair.left for pair in self._key_pairs], [pair.right for pair in self._key_pairs])
        keys = (list(dict.fromkeys(keys[0])), list(dict.fromkeys(keys[1])))
        places = self.places(wanted, keys)
        sides = [source.relation(list(names)) for source, names in zip(self._sources, places, strict=True)]
        selected = [f"{self.value(column.name, column.type, places)} AS c{i}" for i, column in enumerate(wanted)]
        rows = self._sources[0].num_rows
        selected.append(f"coalesce(s0.pos, {rows}) * {self._step} + coalesce(s1.pos, {self._step - 1}) AS pos")
        equal = []
        for pair, target in zip(self._key_pairs, self._casts, strict=True):
            left, right = f"s0.c{keys[0].index(pair.left)}", f"s1.c{keys[1].index(pair.right)}"
            equal.append(f"CAST({left} AS {target}) = CAST({right} AS {target})" if target else f"{left} = {right}")
        sql = (
            f"(SELECT {', '.join(selected)} FROM {sides[0].sql} AS s0 {_VERBS[self._how]} {sides[1].sql} AS s1 "
            f"ON {' AND '.join(equal)})"
        )
        return Relation(sql=sql, inputs=Inputs.union(side.inputs for side in sides))
