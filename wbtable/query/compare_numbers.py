"""Differences of numbers and histograms with the same bins on all sides (spec: 17-comparison, CMP-8)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wbtable.format.summary import float_edges, integer_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = np.ndarray[tuple[int], np.dtype[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SidedHistogram:
    """How the values of a column lie on each side, counted in the same bins.

    Attributes:
        edges: one more than there are bins; a bin has its lower edge, the last one also its upper.
        counts: for each side the count of each bin.
        nulls: for each side how many values are missing, those of rows that it lacks not among them.
        others: for each side how many are NaN or infinite.

    """

    edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]
    nulls: tuple[int, ...]
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a side's numbers differ from the first side's, in the rows that both have.

    Attributes:
        side: the side.
        count: the rows in which both have a finite number.
        skipped: the rows in which either is null, NaN or infinite.
        differing: how many of `count` differ.
        mean: of the differences, this side's number minus the first's; None where there are none.
        mean_absolute: of their magnitudes.
        least: the smallest difference.
        greatest: the greatest.
        edges: the bins of the differences.
        counts: how many differences each bin has.

    """

    side: int
    count: int
    skipped: int
    differing: int
    mean: float | None
    mean_absolute: float | None
    least: float | None
    greatest: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]


def bins(values: Sequence[Numbers], *, whole: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the edges for the finite values of all sides: as in the summary of one table (SUM-8)."""
    extremes = [(found.min(), found.max()) for found in values if len(found)]
    if not extremes:
        return np.array([0.0, 1.0])
    least, greatest = min(low for low, _ in extremes), max(high for _, high in extremes)
    edges = integer_edges(int(least), int(greatest)) if whole else float_edges(float(least), float(greatest))
    out = np.array(edges, dtype=np.float64)
    return out if out[0] < out[-1] else np.array([out[0], np.nextafter(out[0], math.inf)])


def count_in(values: Numbers, edges: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, ...]:
    """Return how many values lie in each bin."""
    return tuple(int(count) for count in np.histogram(values, bins=edges)[0])


def sided_histogram(
    values: Sequence[Numbers], nulls: Sequence[int], others: Sequence[int], *, whole: bool
) -> SidedHistogram:
    """Return the histogram of the finite values of each side."""
    edges = bins(values, whole=whole)
    return SidedHistogram(
        edges=tuple(edges.tolist()),
        counts=tuple(count_in(found, edges) for found in values),
        nulls=tuple(nulls),
        others=tuple(others),
    )


def difference(side: int, first: Numbers, other: Numbers, skipped: int, *, whole: bool) -> Difference:
    """Return how finite numbers differ from those of the first side in the same rows."""
    # Integers of 64 bits may differ by more than 64 bits hold.
    wide = whole and len(first) and max(abs(int(e)) for a in (first, other) for e in (a.min(), a.max())) >= 2**62
    kind: Any = object if wide else np.int64 if whole else np.float64
    found = other.astype(kind) - first.astype(kind)
    plain = found.astype(np.float64)
    edges = bins([plain if wide else found], whole=whole and not wide)
    has = len(found) > 0
    return Difference(
        side=side,
        count=len(found),
        skipped=skipped,
        differing=int(np.count_nonzero(found)),
        mean=float(plain.mean()) if has else None,
        mean_absolute=float(np.abs(plain).mean()) if has else None,
        least=float(plain.min()) if has else None,
        greatest=float(plain.max()) if has else None,
        edges=tuple(edges.tolist()),
        counts=count_in(plain, edges),
    )
