"""Exact counts and extremes of a column (spec: 08, SUM-1, SUM-2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.format.fingerprint import offsets_of, plain
from wbtable.format.map_entries import entries_of
from wbtable.format.types_media import ClassesType
from wbtable.format.types_nested import ListType, MapType
from wbtable.format.types_scalar import (
    MAX_PRECISION,
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DurationType,
    IntegerType,
    LinkType,
    NumberType,
    StringType,
    TimestampType,
    TimeType,
    UuidType,
)
from wbtable.format.value_text import Value, cut, cut_key, finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.types_base import ColumnType

__all__ = ["Extremes", "SummaryKind", "extremes_of", "normal_chunks", "sample_type", "summary_kind"]

SummaryKind = Literal["integer", "float", "boolean", "decimal", "string", "sizes", "counts"]
"""How a type is summarised (SUM-1)."""

_FEW_STRINGS = 256
_COMPARED_STRINGS = 1 << 11
"""So few are compared as they are: the steps of comparing eight bytes of each would take longer."""
_INTEGERS = (TimestampType, DateType, TimeType, DurationType, LinkType, ClassesType)


def summary_kind(column_type: ColumnType) -> SummaryKind:
    """Return how columns of a logical type are summarised (SUM-1)."""
    if isinstance(column_type, NumberType):
        return "float" if column_type.is_float else "integer"
    if isinstance(column_type, _INTEGERS):
        return "integer"
    if isinstance(column_type, BooleanType):
        return "boolean"
    if isinstance(column_type, (StringType, UuidType)):
        return "string"
    if isinstance(column_type, IntegerType):
        return "decimal"
    if isinstance(column_type, DecimalType):
        return "decimal" if column_type.precision <= MAX_PRECISION else "counts"
    return "sizes" if isinstance(column_type, (BinaryType, ListType, MapType)) else "counts"


def sample_type(column_type: ColumnType) -> pa.DataType:
    """Return the Arrow type in which the sample and the extremes of a column are held in memory."""
    kind = summary_kind(column_type)
    physical = column_type.arrow()
    if kind == "integer":
        return pa.uint64() if pa.types.is_unsigned_integer(physical) else pa.int64()
    if kind == "float":
        return pa.float32() if pa.types.is_float16(physical) else physical
    if kind == "sizes":
        return pa.int64()
    return physical if kind in {"boolean", "decimal", "string"} else pa.null()


def _bare(chunk: pa.Array) -> pa.Array:
    """Return dates and times as the integers that store them."""
    kind = chunk.type
    if pa.types.is_temporal(kind):
        return chunk.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    return chunk


def normal_chunks(values: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    """Return the chunks of a column that have rows, decoded, dates and times as integers."""
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    return [_bare(plain(chunk)) for chunk in chunks if len(chunk)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """Exact facts of a column; fields that do not apply to its type are 0 or None.

    Attributes:
        count: rows.
        nulls: rows without a value.
        nan: values that are NaN.
        positive_infinity: values that are that.
        negative_infinity: values that are that.
        least: the smallest value that is not NaN; of "sizes" the least length.
        greatest: the largest, likewise.
        finite_least: the smallest value that is neither NaN nor infinite, of "float" only.
        finite_greatest: the largest, likewise.
        least_cut: whether `least` is the beginning of a longer string.
        greatest_cut: whether `greatest` is.

    """

    count: int = 0
    nulls: int = 0
    nan: int = 0
    positive_infinity: int = 0
    negative_infinity: int = 0
    least: Value | None = None
    greatest: Value | None = None
    finite_least: Value | None = None
    finite_greatest: Value | None = None
    least_cut: bool = False
    greatest_cut: bool = False

    def merge(self, other: Extremes) -> Extremes:
        """Return the facts of the rows of both."""
        if not self.count or not other.count:
            return self if self.count else other
        least = _pick((self.least, self.least_cut), (other.least, other.least_cut), greatest=False)
        greatest = _pick((self.greatest, self.greatest_cut), (other.greatest, other.greatest_cut), greatest=True)
        return Extremes(
            count=self.count + other.count,
            nulls=self.nulls + other.nulls,
            nan=self.nan + other.nan,
            positive_infinity=self.positive_infinity + other.positive_infinity,
            negative_infinity=self.negative_infinity + other.negative_infinity,
            least=least[0],
            least_cut=least[1],
            greatest=greatest[0],
            greatest_cut=greatest[1],
            finite_least=_pick((self.finite_least, False), (other.finite_least, False), greatest=False)[0],
            finite_greatest=_pick((self.finite_greatest, False), (other.finite_greatest, False), greatest=True)[0],
        )


_End = tuple[Value | None, bool]


def _order(end: _End) -> Value | bytes:
    value, was_cut = end
    assert value is not None
    return cut_key(value, was_cut=was_cut) if isinstance(value, str) else value


def _pick(a: _End, b: _End, *, greatest: bool) -> _End:
    if a[0] is None or b[0] is None:
        return b if a[0] is None else a
    if not isinstance(a[0], str):
        is_other = b[0] > a[0] if greatest else b[0] < a[0]  # type: ignore[operator]
        return b if is_other else a
    choose = max if greatest else min
    return choose(a, b, key=_order)


def extremes_of(chunks: Sequence[pa.Array], kind: SummaryKind) -> Extremes:
    """Return the facts of the rows of `chunks`, which `normal_chunks` made."""
    found = _NONE
    for chunk in chunks:
        found = found.merge(_of_chunk(chunk, kind))
    return found


_NONE = Extremes()


def _of_chunk(chunk: pa.Array, kind: SummaryKind) -> Extremes:
    count, nulls = len(chunk), chunk.null_count
    if kind == "counts" or nulls == count:
        return Extremes(count=count, nulls=nulls)
    if kind == "float":
        return _of_floats(chunk, count, nulls)
    if kind == "sizes":
        is_list = pa.types.is_nested(chunk.type)
        if pa.types.is_map(chunk.type):
            chunk = entries_of(chunk)
        chunk = pc.list_value_length(chunk) if is_list else pc.binary_length(chunk)
    if kind == "string":
        return _of_strings(chunk, count, nulls)
    ends = pc.min_max(chunk)
    least, greatest = ends["min"].as_py(), ends["max"].as_py()
    return Extremes(count=count, nulls=nulls, least=least, greatest=greatest)


def _of_strings(chunk: pa.Array, count: int, nulls: int) -> Extremes:
    known = chunk.drop_null() if nulls else chunk
    heads = _heads(known, 0) if count > _COMPARED_STRINGS else None  # of both ends
    if heads is None:
        ends = pc.min_max(known)
        texts = ends["min"].as_py(), ends["max"].as_py()
    else:
        lowest, highest = (_outermost(known, heads, greatest=end) for end in (False, True))
        texts = pc.min_max(lowest)["min"].as_py(), pc.min_max(highest)["max"].as_py()
    (least, least_cut), (greatest, greatest_cut) = map(cut, texts)
    return Extremes(
        count=count, nulls=nulls, least=least, greatest=greatest, least_cut=least_cut, greatest_cut=greatest_cut
    )


def _outermost(values: pa.Array, heads: np.ndarray | None, *, greatest: bool) -> pa.Array:
    """Return few strings among which the least or greatest is: Arrow compares 20 ns each, eight bytes at once take 2.

    Bytes are compared as big-endian numbers, eight at a time, while every string that is left has so many.
    """
    at = 0
    while heads is not None:
        places = np.flatnonzero(heads == (heads.max() if greatest else heads.min()))
        if places.size < len(values):
            values = values.take(pa.array(places))
        at += 8
        heads = _heads(values, at) if len(values) > _FEW_STRINGS else None
    return values


def _heads(values: pa.Array, at: int) -> np.ndarray | None:
    """Return the eight bytes at `at` of each string as big-endian numbers; None where some string has fewer."""
    offsets = offsets_of(values)
    lengths = np.diff(offsets)
    shortest = int(lengths.min())
    if shortest < at + 8:
        return None
    data = np.frombuffer(values.buffers()[2], np.uint8)
    if shortest == lengths.max():
        return np.ndarray((len(values),), ">u8", data, int(offsets[0]) + at, (shortest,)).astype(np.uint64)
    every = np.ndarray((data.size - 7,), ">u8", data, 0, (1,))
    found: np.ndarray = every[offsets[:-1].astype(np.int64) + at].astype(np.uint64)
    return found


def _of_floats(chunk: pa.Array, count: int, nulls: int) -> Extremes:
    values = (chunk.drop_null() if nulls else chunk).to_numpy()
    least, greatest = float(values.min()), float(values.max())
    if np.isfinite(least) and np.isfinite(greatest):  # either is NaN if any value is
        least, greatest = _zero(least), _zero(greatest)
        return Extremes(
            count=count,
            nulls=nulls,
            least=least,
            greatest=greatest,
            finite_least=least,
            finite_greatest=greatest,
        )
    known = values[~np.isnan(values)]
    inner = finite(values)
    return Extremes(
        count=count,
        nulls=nulls,
        nan=values.size - known.size,
        positive_infinity=int(np.count_nonzero(known == np.inf)),
        negative_infinity=int(np.count_nonzero(known == -np.inf)),
        least=_zero(float(known.min())) if known.size else None,
        greatest=_zero(float(known.max())) if known.size else None,
        finite_least=_zero(float(inner.min())) if inner.size else None,
        finite_greatest=_zero(float(inner.max())) if inner.size else None,
    )


def _zero(value: float) -> float:
    """Return 0.0 for -0.0, its equal, so that the order of merging does not show."""
    return value + 0.0
