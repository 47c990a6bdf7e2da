"""Which rows of several tables are the same row: the n-th of a key with the n-th (spec: 17-comparison, CMP-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wbtable.tables.join_codes import Codes
from wbtable.tables.paired import NONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.tables.source import Indices


class RowPairs:
    """The positions on each side of all rows of a comparison, in order.

    Rows of side 0 come first, in its order, then those that side 0 lacks, in side 1's order, and so on.
    """

    def __init__(
        self, positions: Sequence[Indices] | None, sides: int, num_rows: int, picked: Indices | None = None
    ) -> None:
        """Keep positions.

        Args:
            positions: one array for each side; None: every row stands at its own position on all sides.
            sides: the number of sides.
            num_rows: the number of rows.
            picked: the rows that are given out, in ascending order; None: all.

        """
        self._positions = positions
        self._sides = sides
        self._picked = picked
        self.num_rows = num_rows if picked is None else len(picked)

    @property
    def by_position(self) -> bool:
        """Whether every row stands at its own position on all sides."""
        return self._positions is None

    def pairs(self, rows: Indices) -> tuple[Indices, ...]:
        """Return the positions on each side of some rows; -1 for none."""
        inner = self.rows(rows)
        if self._positions is None:
            return (inner,) * self._sides
        return tuple(found[inner] for found in self._positions)

    def rows(self, rows: Indices) -> Indices:
        """Return which rows of all these are, of those given out."""
        return rows if self._picked is None else self._picked[rows]

    def side(self, number: int) -> Indices:
        """Return the positions of all rows on one side."""
        if self._positions is None:
            return np.arange(self.num_rows, dtype=np.int64)
        return self._positions[number]

    def pick(self, picked: Indices) -> RowPairs:
        """Return some of the rows."""
        whole = self.num_rows if self._positions is None else len(self._positions[0])
        return RowPairs(self._positions, self._sides, whole, picked)


def pair_rows(keys: Sequence[pa.ChunkedArray]) -> RowPairs:
    """Pair rows by their keys; a null key pairs with nothing.

    Args:
        keys: of each side one comparable key for each row, all of one type.

    """
    every = pa.chunked_array([chunk for side in keys for chunk in side.chunks], keys[0].type)
    codes = Codes.of(every)
    size = codes.size
    slots = [codes.codes(side.combine_chunks()) for side in keys]
    counts = [np.bincount(found[found >= 0], minlength=size) for found in slots]
    if any(len(found) and found.max() > 1 for found in counts):
        most = np.maximum.reduce(counts)
        starts = np.cumsum(most) - most
        size = int(most.sum())
        slots = [_numbered(found, starts) for found in slots]
    places = [_places(found, size) for found in slots]
    parts: list[list[Indices]] = [[] for _ in keys]
    for number, found in enumerate(slots):
        new = np.ones(len(found), dtype=np.bool_)
        known = found >= 0
        for before in range(number):
            new[known] &= places[before][found[known]] == NONE
        rows = np.flatnonzero(new).astype(np.int64)
        at, named = found[rows], known[rows]
        for other, part in enumerate(parts):
            if other < number:
                part.append(np.full(len(rows), NONE, dtype=np.int64))
            elif other == number:
                part.append(rows)
            else:
                part.append(np.where(named, places[other][np.where(named, at, 0)] if size else NONE, NONE))
    positions = [np.concatenate(part) for part in parts]
    return RowPairs(positions, len(positions), len(positions[0]))


def _places(slots: Indices, size: int) -> Indices:
    out = np.full(size, NONE, dtype=np.int64)
    known = slots >= 0
    out[slots[known]] = np.flatnonzero(known)
    return out


def _numbered(codes: Indices, starts: Indices) -> Indices:
    """Return a slot for each row: where its key's slots start, and how many earlier rows have the key."""
    order = np.argsort(codes, kind="stable")
    ranked = codes[order]
    first = np.concatenate([[True], ranked[1:] != ranked[:-1]]) if len(ranked) else np.empty(0, np.bool_)
    begins = np.flatnonzero(first)
    within = np.arange(len(ranked)) - np.repeat(begins, np.diff(np.append(begins, len(ranked))))
    out = np.empty(len(codes), dtype=np.int64)
    out[order] = np.where(ranked >= 0, starts[np.maximum(ranked, 0)] + within, NONE)
    return out
