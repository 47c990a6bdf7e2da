"""What is remembered of a table so that its summaries merge without a scan (spec: 08, SUM-n).

Of each column: exact counts and extremes, the smallest hashes of its values, and its values in a sample of rows: those
whose position hashes smallest. All three merge, in any order, to what one pass over all rows gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import pyarrow as pa

from wbtable.errors import UsageError
from wbtable.format import xxh3
from wbtable.format.extremes import Extremes, extremes_of, normal_chunks, sample_type, summary_kind
from wbtable.format.smallest import LOWER_BITS, Known, Smallest, merge_smallest
from wbtable.format.value_text import cut_sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.format.schema import Schema
    from wbtable.format.types_base import ColumnType
    from wbtable.format.xxh3 import I64, U64

__all__ = ["SAMPLE", "ColumnSketch", "TableSketch", "known_of", "sample_positions", "sketch_rows"]

SAMPLE: Final = 1024
"""How many rows a sample holds (SUM-5)."""

_CLOSE: Final = 1 << 16
"""Integers whose extremes lie this close are made distinct by flags."""

_JOINED_BYTES: Final = 8 << 20
"""The most that short chunks have together when they are made one."""

_ENOUGH: Final = SAMPLE + 256
"""So many positions are expected below the first bound that is tried: too few come in less than one of 10**12 tries."""


def _position_hashes(positions: I64) -> U64:
    return xxh3.hash_fixed(positions.view(np.uint8), 8)


def _smallest_positions(positions: I64, hashes: U64) -> I64:
    """Return the places, in ascending order, of the `SAMPLE` positions that hash smallest (SUM-5)."""
    if positions.size <= SAMPLE:
        return np.arange(positions.size)
    chosen: I64 = np.sort(np.argpartition(hashes, SAMPLE)[:SAMPLE])
    return chosen


def sample_positions(first: int, rows: int) -> I64:
    """Return, ascending, the positions in [first, first + rows) of the `SAMPLE` rows that hash smallest (SUM-5)."""
    if rows <= SAMPLE:
        return np.arange(first, first + rows, dtype=np.int64)
    share = _ENOUGH / rows
    while True:
        # Hashes without their last step: what they lack does not change their order but among the smallest.
        bound = np.uint64(min(int(share * 2**64), 2**64 - 1) | LOWER_BITS)
        positions: list[I64] = []
        hashes: list[U64] = []
        for start, h in xxh3.consecutive_blocks(first, rows):
            below = np.flatnonzero(h <= bound)
            positions.append(below + start)
            hashes.append(xxh3.finished(h[below]))
        found = np.concatenate(positions)
        if found.size >= SAMPLE:
            return found[_smallest_positions(found, np.concatenate(hashes))]
        share *= 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColumnSketch:
    """What is remembered of one column.

    Attributes:
        type: its logical type.
        extremes: exact counts and extremes.
        hashes: the smallest distinct hashes of its values, ascending (SUM-3); none for sizes and counts.
        sample: its values in the rows of the sample, in order of position; nulls for sizes and counts.

    """

    type: ColumnType
    extremes: Extremes
    hashes: U64
    sample: pa.Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableSketch:
    """What is remembered of a table, or of some rows of it.

    Attributes:
        schema: its columns.
        rows: how many rows it is of.
        positions: which rows the sample is of, ascending (SUM-5).
        columns: one for each column of `schema`.

    """

    schema: Schema
    rows: int
    positions: I64
    columns: tuple[ColumnSketch, ...]

    @classmethod
    def empty(cls, schema: Schema) -> Self:
        """Return the sketch of no rows."""
        return cls(
            schema=schema,
            rows=0,
            positions=np.empty(0, np.int64),
            columns=tuple(
                ColumnSketch(
                    type=column.type,
                    extremes=Extremes(),
                    hashes=np.empty(0, np.uint64),
                    sample=pa.nulls(0, sample_type(column.type)),
                )
                for column in schema
            ),
        )

    @property
    def complete(self) -> bool:
        """Whether the sample holds every row, so that what is computed from it is exact (SUM-8)."""
        return self.rows <= SAMPLE

    def merge(self, other: TableSketch) -> TableSketch:
        """Return the sketch of the rows of both, which have no row in common.

        Raises:
            UsageError: the columns differ in name or type: hashes of an int32 and of an int64 do not compare.

        """
        if self.schema != other.schema:
            expected, found = self.schema.to_json(), other.schema.to_json()
            msg = f"expected a sketch of the columns {expected!r:.300}, found {found!r:.300}"
            raise UsageError(msg)
        if not self.rows or not other.rows:
            return self if self.rows else other
        positions = np.concatenate([self.positions, other.positions])
        chosen = _smallest_positions(positions, _position_hashes(positions))
        chosen = chosen[np.argsort(positions[chosen])]
        take = pa.array(chosen)
        return TableSketch(
            schema=self.schema,
            rows=self.rows + other.rows,
            positions=positions[chosen],
            columns=tuple(
                ColumnSketch(
                    type=a.type,
                    extremes=a.extremes.merge(b.extremes),
                    hashes=merge_smallest([a.hashes, b.hashes]),
                    sample=pa.concat_arrays([a.sample, b.sample]).take(take),
                )
                for a, b in zip(self.columns, other.columns, strict=True)
            ),
        )


def _pick(chunks: Sequence[pa.Array], places: I64) -> pa.Array:
    """Return the values at ascending places: Arrow's take of a chunked array first joins all its chunks."""
    ends = np.cumsum([len(chunk) for chunk in chunks])
    if places.size == ends[-1]:  # all of them
        return pa.concat_arrays(chunks)
    cuts = np.searchsorted(places, ends)
    starts, firsts = [0, *ends[:-1].tolist()], [0, *cuts[:-1].tolist()]
    return pa.concat_arrays(
        [
            chunk.take(pa.array(places[first:cut] - start))
            for chunk, start, first, cut in zip(chunks, starts, firsts, cuts.tolist(), strict=True)
        ]
    )


def _joined(chunks: Sequence[pa.Array]) -> list[pa.Array]:
    """Return the chunks, short neighbours as one: what is done once for each of them takes longer than to copy them."""
    runs: list[list[pa.Array]] = []
    rows = size = 0
    for chunk in chunks:
        rows, size = rows + len(chunk), size + chunk.nbytes
        if not runs or rows > xxh3.BLOCK or size > _JOINED_BYTES:
            runs.append([])
            rows, size = len(chunk), chunk.nbytes
        runs[-1].append(chunk)
    return [pa.concat_arrays(run) if len(run) > 1 else run[0] for run in runs]


def _different_integers(chunks: Sequence[pa.Array], extremes: Extremes) -> Sequence[pa.Array]:
    """Return the distinct values of integers that lie close together: a table of flags is faster than a hash table.

    Where they lie further apart, all are returned. Of chunks without nulls.
    """
    least, greatest = extremes.least, extremes.greatest
    if not isinstance(least, int) or not isinstance(greatest, int):
        return chunks
    if greatest - least >= min(_CLOSE, extremes.count - extremes.nulls):
        return chunks
    kind = chunks[0].type
    flags = np.zeros(greatest - least + 1, np.bool_)
    # In 64 bits: the difference of two int8 may be none.
    wide = np.uint64 if pa.types.is_unsigned_integer(kind) else np.int64
    for piece in _pieces(chunks):
        flags[piece.astype(wide) - wide(least)] = True
        if flags.all():  # nothing else can come
            break
    return [pa.array((np.flatnonzero(flags).astype(wide) + wide(least)).astype(_numpy_type(kind)), kind)]


def _pieces(chunks: Sequence[pa.Array]) -> Iterator[np.ndarray]:
    for chunk in chunks:
        kind = _numpy_type(chunk.type)
        numbers = np.frombuffer(chunk.buffers()[1], kind)[chunk.offset : chunk.offset + len(chunk)]
        yield from (numbers[start : start + xxh3.BLOCK] for start in range(0, numbers.size, xxh3.BLOCK))


def _numpy_type(kind: pa.DataType) -> str:
    return f"<{'u' if pa.types.is_unsigned_integer(kind) else 'i'}{kind.bit_width // 8}"


def known_of(extremes: Extremes) -> Known:
    """Return what extremes say of all values."""
    least, greatest = extremes.least, extremes.greatest
    return Known(
        nan=extremes.nan > 0,
        zero=not (isinstance(least, float) and isinstance(greatest, float) and (least > 0 or greatest < 0)),
        small=isinstance(least, int) and isinstance(greatest, int) and least >= 0 and greatest < 1 << 32,
    )


def _sketch_column(values: pa.Array | pa.ChunkedArray, column_type: ColumnType, places: I64) -> ColumnSketch:
    kind = summary_kind(column_type)
    chunks = normal_chunks(values)
    if kind not in {"counts", "sizes"}:
        chunks = _joined(chunks)
    extremes = extremes_of(chunks, kind)
    smallest = Smallest(known_of(extremes))
    if kind in {"counts", "sizes"}:
        sample = pa.nulls(len(places), sample_type(column_type))
    else:
        filled = [chunk.drop_null() if chunk.null_count else chunk for chunk in chunks]
        for chunk in _different_integers(filled, extremes) if kind == "integer" else filled:
            smallest.add(chunk)
        picked = _pick(chunks, places)
        sample = cut_sample(picked) if kind == "string" else picked.cast(sample_type(column_type))
    return ColumnSketch(type=column_type, extremes=extremes, hashes=smallest.hashes(), sample=sample)


def sketch_rows(table: pa.Table, schema: Schema, first_row: int) -> TableSketch:
    """Return the sketch of consecutive rows of a table.

    Args:
        table: the rows, in the physical types of `schema` up to encodings (see `fingerprint`).
        schema: the columns of the table, in the order of `table`.
        first_row: the position in the whole table of the first of them.

    """
    if not table.num_rows:
        return TableSketch.empty(schema)
    positions = sample_positions(first_row, table.num_rows)
    places = positions - first_row
    return TableSketch(
        schema=schema,
        rows=table.num_rows,
        positions=positions,
        columns=tuple(
            _sketch_column(values, column.type, places) for values, column in zip(table.columns, schema, strict=True)
        ),
    )
