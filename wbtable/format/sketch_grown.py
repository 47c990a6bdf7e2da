"""The sketch of a table behind which few rows go (spec: 08, SUM-n): what does not enter it is only counted.

The same as `TableSketch.merge` gives with the sketch of those rows. But of a table of many rows the sample hardly
changes, nor do the smallest hashes, so that most of what a sketch of the new rows would hold is not made.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from wbtable.format import xxh3
from wbtable.format.extremes import Extremes, extremes_of, normal_chunks, summary_kind
from wbtable.format.fingerprint import is_variable, offsets_of
from wbtable.format.sketch import SAMPLE, ColumnSketch, TableSketch, known_of
from wbtable.format.smallest import fixed_bytes, hash_values, with_few
from wbtable.format.value_text import MAX_TEXT, cut_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.xxh3 import I64, U8, U64

__all__ = ["can_grow", "grown"]

_NOTHING: U64 = np.empty(0, np.uint64)
_last: tuple[I64, U64] = (np.empty(0, np.int64), np.empty(0, np.uint64))
"""Positions of a sample and their hashes, so that they are not hashed again where no position changed."""


def can_grow(sketch: TableSketch) -> bool:
    """Whether the sample of a sketch is full, so that most new rows do not enter it."""
    return sketch.positions.size == SAMPLE


def grown(sketch: TableSketch, table: pa.Table, first_row: int) -> tuple[TableSketch, tuple[Extremes, ...]]:
    """Return the sketch of a table's rows and of those behind them, and the facts of the latter by column.

    Args:
        sketch: of the rows in front; its sample is full, see `can_grow`.
        table: the rows behind them, at least one, in the physical types of `sketch.schema` up to encodings.
        first_row: the position in the whole table of the first of them.

    """
    new = np.arange(first_row, first_row + table.num_rows, dtype=np.int64)
    columns = [_New.of(before, values) for before, values in zip(sketch.columns, table.columns, strict=True)]
    new_hashes, hashes = _hash(new, columns)
    positions, kept, places = _sampled(sketch.positions, new, new_hashes)
    entered = None
    if places.size:
        entered = _Entered(kept, places, pa.array(np.concatenate([kept, places + SAMPLE])))
    whole = TableSketch(
        schema=sketch.schema,
        rows=sketch.rows + table.num_rows,
        positions=positions,
        columns=tuple(map(_grown, sketch.columns, columns, hashes, repeat(entered))),
    )
    return whole, tuple([column.extremes for column in columns])


class _New(NamedTuple):
    """What comes to one column.

    Attributes:
        chunks: its values.
        extremes: their counts and extremes.
        is_hashed: whether they are hashed and sampled.

    """

    chunks: Sequence[pa.Array]
    extremes: Extremes
    is_hashed: bool

    @classmethod
    def of(cls, before: ColumnSketch, values: pa.ChunkedArray) -> _New:
        kind = summary_kind(before.type)
        chunks = normal_chunks(values)
        return cls(chunks, extremes_of(chunks, kind), kind not in {"counts", "sizes"})


def _hash(positions: I64, columns: Sequence[_New]) -> tuple[U64, list[U64]]:
    """Return the hashes of positions, and of the values of each column.

    Values of one width are hashed together, whichever column they are of: of few, each step is mostly the call.
    """
    widths: dict[int, list[tuple[int, U8]]] = {8: [(len(columns), positions.view(np.uint8))]}
    parts: list[list[U64]] = [[_NOTHING] for _ in range(len(columns) + 1)]
    for number, column in enumerate(columns):
        if not column.is_hashed:
            continue
        known = known_of(column.extremes)
        for chunk in column.chunks:
            values = chunk.drop_null() if chunk.null_count else chunk
            if is_variable(values.type):
                parts[number].append(hash_values(values))
            elif len(values):
                raw, width = fixed_bytes(values, known)
                widths.setdefault(width, []).append((number, raw))
    for width, found in widths.items():
        hashes = xxh3.hash_fixed(np.concatenate([raw for _, raw in found]), width)
        at = 0
        for number, raw in found:
            parts[number].append(hashes[at : at + raw.size // width])
            at += raw.size // width
    *own, of_positions = [part[-1] if len(part) < 3 else np.concatenate(part) for part in parts]
    return of_positions, own


def _sampled(before: I64, new: I64, new_hashes: U64) -> tuple[I64, I64, I64]:
    """Return the positions of the sample, which of those before stay in it, and which of the new rows enter (SUM-5)."""
    global _last  # noqa: PLW0603 - one value; what another thread puts there is looked at before it is used
    known = _last
    hashes = known[1] if known[0] is before else _hashes(before)
    entering = np.flatnonzero(new_hashes < hashes.max())
    if not entering.size:
        _last = (before, hashes)
        return before, np.arange(SAMPLE), entering
    every = np.concatenate([hashes, new_hashes[entering]])
    # Hashes of different positions differ.
    chosen = np.flatnonzero(every <= np.partition(every, SAMPLE - 1)[SAMPLE - 1])
    # New rows lie behind all others, so that the order of places is that of positions.
    positions = np.concatenate([before, new[entering]])[chosen]
    _last = (positions, every[chosen])
    kept = chosen[chosen < SAMPLE]
    return positions, kept, entering[chosen[kept.size :] - SAMPLE]


def _hashes(positions: I64) -> U64:
    return xxh3.hash_fixed(positions.view(np.uint8), 8)


class _Entered(NamedTuple):
    """Which rows make the new sample.

    Attributes:
        kept: places in the sample before.
        places: of the new rows.
        both: the same, as places in the sample before and all new rows behind it.

    """

    kept: I64
    places: I64
    both: pa.Array


def _grown(before: ColumnSketch, new: _New, hashes: U64, entered: _Entered | None) -> ColumnSketch:
    return ColumnSketch(
        type=before.type,
        extremes=before.extremes.merge(new.extremes),
        hashes=with_few(before.hashes, hashes) if new.is_hashed else before.hashes,
        sample=_sample(before.sample, new.chunks, entered) if new.is_hashed and entered is not None else before.sample,
    )


def _sample(before: pa.Array, chunks: Sequence[pa.Array], entered: _Entered) -> pa.Array:
    """Return the values of the new sample. Few rows are copied all, in less time than those that enter are taken."""
    if all(chunk.type == before.type for chunk in chunks) and not any(map(_has_long, chunks)):
        return pa.concat_arrays([before, *chunks]).take(entered.both)
    whole = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    picked = whole.take(pa.array(entered.places))
    entering = cut_sample(picked) if pa.types.is_string(before.type) else picked.cast(before.type)
    return pa.concat_arrays([before.take(pa.array(entered.kept)), entering])


def _has_long(chunk: pa.Array) -> bool:
    """Whether some string, or what lies under a null, is longer than a sample keeps it (SUM-6)."""
    return pa.types.is_string(chunk.type) and int(np.diff(offsets_of(chunk)).max()) > MAX_TEXT
