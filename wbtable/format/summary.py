"""What a page's header shows of a column without reading it (spec: 08, SUM-n)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter, sub
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.extremes import sample_type, summary_kind
from wbtable.format.smallest import distinct_estimate
from wbtable.format.value_text import MAX_TEXT, to_text, value_text

if TYPE_CHECKING:
    from wbtable.format.documents import Json, Reader
    from wbtable.format.extremes import SummaryKind
    from wbtable.format.sketch import ColumnSketch, TableSketch
    from wbtable.format.value_text import Value

__all__ = ["ColumnSummary", "Histogram", "TopValue", "summaries"]

FLOAT_BINS: Final = 20
"""Bins of a histogram that has not one bar a value (SUM-8)."""
_SAFE: Final = 1 << 62
"""Integers within this of zero have differences of 64 bits."""
BARS: Final = 50
"""The most values that get a bar each; also how many top values there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Counts of the sampled values in bins (SUM-8).

    Attributes:
        edges: one more than bins, as text, ascending; a bin holds its lower edge, the last one its upper edge too.
        counts: how many sampled values lie in each bin.

    """

    edges: tuple[str, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse bins without an edge on each side."""
        if len(self.edges) != len(self.counts) + 1 or not self.counts:
            msg = f"expected one more edge than counts, found {len(self.edges)} and {len(self.counts)}"
            raise FormatError(msg)


@dataclass(slots=True, kw_only=True)
class TopValue:
    """One of the values that the sample holds most often. Not frozen: that makes it, and fifty are made, slow to make.

    Attributes:
        value: as text; the beginning, where it was cut.
        count: in how many sampled rows it is.
        was_cut: whether `value` is the beginning of a longer string.

    """

    value: str
    count: int
    was_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSummary:
    """The summary of one column.

    Attributes:
        count: rows.
        nulls: rows without a value.
        nan, positive_infinity, negative_infinity: such values, of float columns.
        least, greatest: the extremes as text (SUM-2, SUM-7); neither is NaN.
        least_cut, greatest_cut: whether they are the beginning of a longer string.
        finite_least, finite_greatest: of float columns that hold infinities, the extremes of the other values.
        shortest, longest: of binary, list and map columns, the least and greatest length.
        distinct: the number of distinct values, nulls and NaN apart; None where it is not estimated.
        distinct_exact: whether that number is exact (SUM-4).
        sampled: rows of the sample from which histogram and top values come; equal to `count`: they are exact.
        histogram: of numbers and times; None where there is no finite value, or no sample.
        top: of booleans, strings and decimals, the most frequent first.
        others: sampled values that are not among `top`.
        extra: fields of newer writers, kept.

    """

    count: int
    nulls: int
    nan: int = 0
    positive_infinity: int = 0
    negative_infinity: int = 0
    least: str | None = None
    greatest: str | None = None
    least_cut: bool = False
    greatest_cut: bool = False
    finite_least: str | None = None
    finite_greatest: str | None = None
    shortest: int | None = None
    longest: int | None = None
    distinct: int | None = None
    distinct_exact: bool = False
    sampled: int = 0
    histogram: Histogram | None = None
    top: tuple[TopValue, ...] = ()
    others: int = 0
    extra: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse counts that cannot be."""
        if not 0 <= self.nulls <= self.count or not 0 <= self.sampled <= self.count:
            msg = f"expected nulls and sampled rows up to {self.count}, found {self.nulls} and {self.sampled}"
            raise FormatError(msg, place="summary")

    @property
    def approximate(self) -> bool:
        """Whether histogram and top values are of a part of the rows."""
        return self.sampled < self.count

    def to_json(self) -> Json:
        """Return the JSON form: fields that do not apply, and counts of 0 but rows and nulls, are left out."""
        out: Json = {**self.extra, "count": self.count, "nulls": self.nulls}
        for name, key in _PLAIN:
            value = getattr(self, name)
            if value:
                out[key] = value
        for name, key in _PRESENT:
            value = getattr(self, name)
            if value is not None:
                out[key] = value
        if self.distinct is not None:
            out["distinct"] = {"count": self.distinct, "exact": self.distinct_exact}
        if self.histogram is not None:
            out["histogram"] = {"edges": list(self.histogram.edges), "counts": list(self.histogram.counts)}
        if self.top:
            out["top"] = [
                {"value": top.value, "count": top.count, "cut": True}
                if top.was_cut
                else {"value": top.value, "count": top.count}
                for top in self.top
            ]
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible; the message names it.

        """
        known = {name: fields.int(key) for name, key in _PLAIN if name in _COUNTS and key in fields.fields}
        flags = {name: fields.bool(key) for name, key in _PLAIN if name not in _COUNTS}
        texts = {name: fields.opt_str(key) for name, key in _PRESENT if name not in _LENGTHS}
        lengths = {name: fields.int(key) for name, key in _PRESENT if name in _LENGTHS and key in fields.fields}
        values: dict[str, Any] = {**known, **flags, **texts, **lengths}
        if "distinct" in fields.fields:
            distinct = fields.child("distinct")
            values |= {"distinct": distinct.int("count"), "distinct_exact": distinct.bool("exact")}
        if "histogram" in fields.fields:
            values["histogram"] = _read_histogram(fields.child("histogram"))
        values["top"] = tuple(
            TopValue(value=top.str("value"), count=top.int("count"), was_cut=top.bool("cut"))
            for top in fields.children("top", optional=True)
        )
        keys = {key for _, key in (*_PLAIN, *_PRESENT)} | {"count", "nulls", "distinct", "histogram", "top"}
        return cls(count=fields.int("count"), nulls=fields.int("nulls"), extra=fields.extra(frozenset(keys)), **values)


_PLAIN: Final = (
    ("nan", "nan"),
    ("positive_infinity", "positive_infinity"),
    ("negative_infinity", "negative_infinity"),
    ("least_cut", "min_cut"),
    ("greatest_cut", "max_cut"),
    ("sampled", "sampled"),
    ("others", "others"),
)
_COUNTS: Final = frozenset({"nan", "positive_infinity", "negative_infinity", "sampled", "others"})
_PRESENT: Final = (
    ("least", "min"),
    ("greatest", "max"),
    ("finite_least", "finite_min"),
    ("finite_greatest", "finite_max"),
    ("shortest", "shortest"),
    ("longest", "longest"),
)
_LENGTHS: Final = frozenset({"shortest", "longest"})


def _read_histogram(fields: Reader) -> Histogram:
    edges, counts = fields.list("edges"), fields.list("counts")
    if not all(isinstance(edge, str) for edge in edges):
        fields.fail("edges", "texts")
    if not all(type(count) is int and count >= 0 for count in counts):
        fields.fail("counts", "counts")
    try:
        return Histogram(edges=tuple(edges), counts=tuple(counts))
    except FormatError as error:
        raise FormatError(str(error), place=fields.place) from None


def summaries(sketch: TableSketch) -> tuple[Json, ...]:
    """Return the JSON of the summary of each column, as the table manifest has it."""
    return tuple(_summarise(column, sketch.positions.size).to_json() for column in sketch.columns)


def _summarise(column: ColumnSketch, sampled: int) -> ColumnSummary:
    facts = column.extremes
    kind = summary_kind(column.type)
    values: dict[str, Any] = {"count": facts.count, "nulls": facts.nulls}
    if kind == "counts":
        return ColumnSummary(**values)
    if kind == "sizes":
        return ColumnSummary(**values, shortest=_length(facts.least), longest=_length(facts.greatest))
    arrow = sample_type(column.type)
    infinite = bool(facts.positive_infinity or facts.negative_infinity)
    for name in ("least", "greatest", *(("finite_least", "finite_greatest") if infinite else ())):
        value = getattr(facts, name)
        values[name] = None if value is None else value_text(value, arrow)
    for name in ("nan", "positive_infinity", "negative_infinity", "least_cut", "greatest_cut"):
        values[name] = getattr(facts, name)
    values["distinct"], values["distinct_exact"] = distinct_estimate(column.hashes)
    values["sampled"] = sampled
    if kind in {"integer", "float"}:
        values["histogram"] = _histogram(column, kind)
    else:
        values["top"], values["others"] = _top(column.sample, complete=sampled == facts.count)
    return ColumnSummary(**values)


def _length(value: Value | None) -> int | None:
    return None if value is None else int(value)


def _histogram(column: ColumnSketch, kind: SummaryKind) -> Histogram | None:
    facts = column.extremes
    known = _known(column.sample)
    if kind == "integer":
        if facts.least is None or facts.greatest is None:
            return None
        return _integer_histogram(int(facts.least), int(facts.greatest), known)
    if facts.finite_least is None or facts.finite_greatest is None:
        return None
    numbers = known.to_numpy().astype(np.float64)
    if facts.nan or facts.positive_infinity or facts.negative_infinity:
        numbers = numbers[np.isfinite(numbers)]
    # Added to zero -0.0 is the 0.0 that it equals, as the key of a cache too.
    edges, texts = _float_bins(float(facts.finite_least) + 0.0, float(facts.finite_greatest) + 0.0)
    return Histogram(edges=texts, counts=_count(numbers, edges))


def _known(sample: pa.Array) -> pa.Array:
    return sample.drop_null() if sample.null_count else sample


@lru_cache(maxsize=256)
def _float_bins(least: float, greatest: float) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return edges and their texts, which few appends to a column change."""
    edges = np.array(float_edges(least, greatest))
    edges.flags.writeable = False
    return edges, tuple(to_text(pa.array(edges)).to_pylist())


def float_edges(least: float, greatest: float) -> list[float]:
    """Return the edges of `FLOAT_BINS` bins of one width; of a single value, of one bin (SUM-8)."""
    if least == greatest:
        return [least, greatest]
    # Weighted, not stepped: the difference of two finite doubles may be infinite.
    inner = [least * (1 - i / FLOAT_BINS) + greatest * (i / FLOAT_BINS) for i in range(1, FLOAT_BINS)]
    # Between values that few doubles separate, rounding may lead back, or beyond the ends.
    return [*accumulate([least, *(min(edge, greatest) for edge in inner)], max), greatest]


def integer_edges(least: int, greatest: int) -> list[int]:
    """Return edges one apart where at most `BARS` values lie between; else of at most 20 bins of one width (SUM-8)."""
    span = greatest - least + 1
    width = 1 if span <= BARS else -(-span // FLOAT_BINS)
    bins = -(-span // width)
    return [least + i * width for i in range(bins + 1)]


def _integer_histogram(least: int, greatest: int, known: pa.Array) -> Histogram:
    edges = integer_edges(least, greatest)
    width = edges[1] - edges[0]
    if least > -_SAFE and greatest < _SAFE:
        bins = (known.to_numpy().astype(np.int64) - least) // width
        counts = np.bincount(bins, minlength=len(edges) - 1).tolist()
        return Histogram(edges=tuple(map(str, edges)), counts=tuple(counts))
    # In Python's integers: the span of an int64 column may pass 64 bits.
    found = Counter((number - least) // width for number in known.to_pylist())
    return Histogram(
        edges=tuple(str(edge) for edge in edges), counts=tuple(found.get(i, 0) for i in range(len(edges) - 1))
    )


def _count(numbers: np.ndarray, edges: np.ndarray) -> tuple[int, ...]:
    # Looking for each number among the edges takes twice the time: where the next one lies cannot be foreseen.
    cuts = np.sort(numbers).searchsorted(edges[1:-1]).tolist()
    return tuple(map(sub, [*cuts, numbers.size], [0, *cuts]))


def _top(sample: pa.Array, *, complete: bool) -> tuple[tuple[TopValue, ...], int]:
    texts = to_text(_known(sample))
    # Arrow counts them: to make a text of Python of each row takes longer.
    different, counts = texts.value_counts().flatten()
    found = list(zip(different.to_pylist(), counts.to_pylist(), strict=True))
    if not complete and len(found) > BARS:
        # A value that part of the rows hold once is as likely not among the most frequent of all.
        found = [item for item in found if item[1] > 1]
    found.sort()
    found.sort(key=_second, reverse=True)  # which leaves equal ones in order
    del found[BARS:]
    return tuple([_top_value(text, count) for text, count in found]), len(texts) - sum(map(_second, found))


_second: Final = itemgetter(1)


def _top_value(text: str, count: int) -> TopValue:
    """Take the hash off a sampled string that was cut (SUM-6)."""
    if len(text) <= MAX_TEXT // 4 or len(text.encode()) <= MAX_TEXT:
        return TopValue(value=text, count=count)
    return TopValue(value=text[:-16], count=count, was_cut=True)
