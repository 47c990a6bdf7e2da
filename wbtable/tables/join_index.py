"""Which rows of two sides meet, found from their keys alone (spec: 11-joined-and-partitioned-tables, JOIN-4, JOIN-6).

Side 1's keys are held in memory. Side 0's are read in blocks; of a block only the code of each row's key and the
running number of pairs are kept, and only of the blocks used last. So the pairs of any range of the result are found
without making the others.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from wbtable.tables.join_codes import Codes, by_code, key_counts
from wbtable.tables.join_keys import combine
from wbtable.tables.paired import NONE
from wbtable.tables.source import SliceSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.tables.join_keys import KeyPair
    from wbtable.tables.source import Indices, Source

_LEAST_BLOCK = 1 << 16
_LARGEST_BLOCK = 1 << 22
_KEPT_BLOCKS = 3


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows of side 0.

    Attributes:
        start: the position of the first.
        codes: the code of each key, -1 for none.
        ends: the number of pairs up to and with each row.
        single: whether each row has just one.

    """

    start: int
    codes: np.ndarray[Any, np.dtype[np.int64]]
    ends: Indices
    single: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinReport:
    """What the keys of a join are like.

    Attributes:
        rows: how many rows the join gives.
        nulls: on each side, the rows of which a key is null: they meet nothing.
        duplicates: on each side, the rows whose key an earlier row has: each of them meets all of the other side.
        unmatched: on each side, the rows that meet none, those with null keys among them.

    """

    rows: int
    nulls: tuple[int, int]
    duplicates: tuple[int, int]
    unmatched: tuple[int, int]

    def __str__(self) -> str:
        """Return a line for each side."""
        return "\n".join(
            f"side {side}: {self.unmatched[side]:,} rows without a partner, {self.duplicates[side]:,} with the key of "
            f"an earlier row, {self.nulls[side]:,} with a null key"
            for side in (0, 1)
        )


class JoinIndex:
    """The pairs of rows that a join gives, in order of side 0's position, then side 1's; rows without a side 0 last."""

    def __init__(self, left: Source, right: Source, pairs: Sequence[KeyPair], how: str) -> None:
        """Prepare to join; no key is read yet."""
        self._left = left
        self._right = right
        self._pairs = tuple(pairs)
        self._keep_left = how in {"outer", "left"}
        self._keep_right = how in {"outer", "right"}
        self._sides = ((left, False), (right, True))
        self._report: JoinReport | None = None
        self._guard = RLock()
        self._ready = False
        self._blocks: OrderedDict[int, _Block] = OrderedDict()
        self._block_rows = min(max(right.num_rows, _LEAST_BLOCK), _LARGEST_BLOCK)

    def _prepare(self) -> None:
        """Read the keys of both sides once."""
        with self._guard:
            if self._ready:
                return
            keys = self._keys(self._right, right=True)
            self._codes = Codes.of(keys)
            codes = self._codes.codes(keys)
            self._counts = np.append(np.bincount(codes + 1, minlength=self._codes.size + 1)[1:], 0)
            self._starts = np.cumsum(self._counts) - self._counts
            self._order = by_code(codes, self._counts)
            met = np.zeros(self._codes.size + 1, dtype=bool)
            cuts = [*range(0, self._left.num_rows, self._block_rows), self._left.num_rows]
            totals = [0]
            for number in range(len(cuts) - 1):
                block = self._read_block(number)
                met[block.codes] = True
                totals.append(totals[-1] + (int(block.ends[-1]) if len(block.ends) else 0))
                self._keep(number, block)
            self._totals = np.array(totals, dtype=np.int64)
            met[NONE] = False
            self._rest = np.flatnonzero(~met[codes]).astype(np.int64) if self._keep_right else np.empty(0, np.int64)
            self._unmet_right = int(np.count_nonzero(~met[codes]))
            self._ready = True

    def _keys(self, source: Source, *, right: bool) -> pa.Array:
        names = list(dict.fromkeys(pair.right if right else pair.left for pair in self._pairs))
        parts = []
        for batch in source.batches(names):
            columns = {name: batch.column(i) for i, name in enumerate(names)}
            parts.append(
                combine(
                    [
                        pair.right_keys(columns[pair.right]) if right else pair.left_keys(columns[pair.left])
                        for pair in self._pairs
                    ]
                )
            )
        if not parts:
            empty = [
                (pair.right_keys if right else pair.left_keys)(
                    pa.array([], (pair.right_type if right else pair.left_type).arrow())
                )
                for pair in self._pairs
            ]
            return combine(empty)
        return pa.concat_arrays(parts)

    def _read_block(self, number: int) -> _Block:
        start = number * self._block_rows
        rows = min(self._block_rows, self._left.num_rows - start)
        part = self._left if rows == self._left.num_rows else SliceSource(self._left, start, rows)
        keys = self._keys(part, right=False)
        plain = self._codes.codes(keys)
        counts = self._counts[plain]
        if self._keep_left:
            counts = np.maximum(counts, 1)
        ends = np.cumsum(counts, dtype=np.int64)
        return _Block(start, plain, ends, bool(rows == ends[-1] and (counts == 1).all()))

    def _keep(self, number: int, block: _Block) -> None:
        self._blocks[number] = block
        self._blocks.move_to_end(number)
        while len(self._blocks) > _KEPT_BLOCKS:
            self._blocks.popitem(last=False)

    def _block(self, number: int) -> _Block:
        with self._guard:
            found = self._blocks.get(number)
            if found is None:
                found = self._read_block(number)
            self._keep(number, found)
            return found

    def report(self) -> JoinReport:
        """Return what the keys of both sides are like."""
        self._prepare()
        with self._guard:
            if self._report is None:
                counts = [key_counts(self._keys(side, right=right)) for side, right in self._sides]
                unmet = 0
                for number in range(len(self._totals) - 1):
                    unmet += int(np.count_nonzero(self._counts[self._block(number).codes] == 0))
                self._report = JoinReport(
                    rows=self.num_rows,
                    nulls=(counts[0][0], counts[1][0]),
                    duplicates=(counts[0][1], counts[1][1]),
                    unmatched=(unmet, self._unmet_right),
                )
            return self._report

    @property
    def num_rows(self) -> int:
        """The number of pairs."""
        self._prepare()
        return int(self._totals[-1]) + len(self._rest)

    def pairs(self, rows: Indices) -> tuple[Indices, Indices]:
        """Return the positions on both sides of some rows of the result, which are in ascending order; -1 for none."""
        self._prepare()
        left = np.full(len(rows), NONE, dtype=np.int64)
        right = np.full(len(rows), NONE, dtype=np.int64)
        cuts = np.searchsorted(rows, self._totals)
        for number, (first, last) in enumerate(pairwise(cuts.tolist())):
            if first == last:
                continue
            block = self._block(number)
            local = rows[first:last] - self._totals[number]
            # Where each row of side 0 gives one row, the place of a row is its position.
            at = local if block.single else np.searchsorted(block.ends, local, side="right")
            codes = block.codes[at]
            counts = self._counts[codes]
            least = np.maximum(counts, 1) if self._keep_left else counts
            within = local - (block.ends[at] - least)
            met = counts > 0
            left[first:last] = block.start + at
            right[first:last][met] = self._order[self._starts[codes[met]] + within[met]]
        tail = int(cuts[-1])
        right[tail:] = self._rest[rows[tail:] - self._totals[-1]]
        return left, right
