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
import pyarrow.compute as pc

from wbtable.tables.join_keys import combine
from wbtable.tables.source import SliceSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.tables.join_keys import KeyPair
    from wbtable.tables.source import Indices, Source

_LEAST_BLOCK = 1 << 16
_LARGEST_BLOCK = 1 << 22
_KEPT_BLOCKS = 3
NONE = -1
"""The position of a row that a side lacks."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows of side 0: the code of each key, -1 for none, and the number of pairs up to and with each row."""

    start: int
    codes: np.ndarray[Any, np.dtype[np.int64]]
    ends: Indices


class JoinIndex:
    """The pairs of rows that a join gives, in order of side 0's position, then side 1's; rows without a side 0 last."""

    def __init__(self, left: Source, right: Source, pairs: Sequence[KeyPair], how: str) -> None:
        """Prepare to join; no key is read yet."""
        self._left = left
        self._right = right
        self._pairs = tuple(pairs)
        self._keep_left = how in {"outer", "left"}
        self._keep_right = how in {"outer", "right"}
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
            encoded = pc.dictionary_encode(keys) if len(keys) else pa.array([], keys.type).dictionary_encode()
            self._known = encoded.dictionary
            codes = encoded.indices.fill_null(NONE).to_numpy(zero_copy_only=False).astype(np.int64)
            order = np.argsort(codes, kind="stable")
            self._order = order[int(np.searchsorted(codes[order], 0)) :]
            self._starts = np.searchsorted(codes[self._order], np.arange(len(self._known) + 1))
            self._counts = np.append(np.diff(self._starts), 0)
            met = np.zeros(len(self._known) + 1, dtype=bool)
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
        codes = pc.index_in(keys, value_set=self._known, skip_nulls=True).fill_null(NONE)
        plain = codes.to_numpy(zero_copy_only=False).astype(np.int64)
        counts = self._counts[plain]
        if self._keep_left:
            counts = np.maximum(counts, 1)
        return _Block(start, plain, np.cumsum(counts, dtype=np.int64))

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
            at = np.searchsorted(block.ends, local, side="right")
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
