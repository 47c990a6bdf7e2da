"""Differences of numbers and histograms with the same bins on all sides (spec: 17-comparison, CMP-8)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wbtable.format.summary import float_edges, integer_edges

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = np.ndarray[tuple[int], np.dtype[Any]]
Edge = int | float
_EXACT = 2**53
"""The greatest integer up to which doubles have all."""

_GREATEST: Final = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True, kw_only=True)
class SidedHistogram:
    """How the values of a column lie on each side, counted in the same bins.

    Attributes:
        edges: one more than there are bins; a bin has its lower edge, the last one also its upper. Integers that no
            double has stand there as such.
        counts: for each side the count of each bin.
        nulls: for each side how many values are missing, those of rows that it lacks not among them.
        others: for each side how many are NaN or infinite.

    """

    edges: tuple[Edge, ...]
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
        edges: the bins of the finite differences.
        counts: how many of these each bin has.

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


def bins(values: Sequence[Numbers], *, whole: bool) -> tuple[Edge, ...]:
    """Return the edges for the finite values of all sides: as in the summary of one table (SUM-8)."""
    extremes = [(found.min(), found.max()) for found in values if len(found)]
    if not extremes:
        return (0.0, 1.0)
    least, greatest = min(low for low, _ in extremes), max(high for _, high in extremes)
    if whole:
        return tuple(edge if abs(edge) > _EXACT else float(edge) for edge in integer_edges(int(least), int(greatest)))
    out = tuple(float_edges(float(least), float(greatest)))
    return out if out[0] < out[-1] else (out[0], math.nextafter(out[0], math.inf))


def count_in(values: Numbers, edges: tuple[Edge, ...]) -> tuple[int, ...]:
    """Return how many values lie in each bin."""
    if any(isinstance(edge, int) for edge in edges):
        # No doubles lie between such edges: values are compared with the greatest integer of each bin.
        kind = np.uint64 if values.dtype == np.uint64 else np.int64
        greatest = int(np.iinfo(kind).max)
        last = np.array([min(int(edge) - 1, greatest) for edge in edges[1:]], dtype=kind)
        return tuple(np.bincount(np.searchsorted(last, values.astype(kind)), minlength=len(last)).tolist())
    return tuple(int(count) for count in np.histogram(values, bins=np.array(edges))[0])


def sided_histogram(
    values: Sequence[Numbers], nulls: Sequence[int], others: Sequence[int], *, whole: bool
) -> SidedHistogram:
    """Return the histogram of the finite values of each side."""
    edges = bins(values, whole=whole)
    return SidedHistogram(
        edges=edges,
        counts=tuple(count_in(found, edges) for found in values),
        nulls=tuple(nulls),
        others=tuple(others),
    )


def difference(side: int, first: Numbers, other: Numbers, skipped: int, *, whole: bool) -> Difference:
    """Return how finite numbers differ from those of the first side in the same rows."""
    # Integers of 64 bits may differ by more than 64 bits hold.
    wide = whole and len(first) and max(abs(int(e)) for a in (first, other) for e in (a.min(), a.max())) >= 2**62
    kind: Any = object if wide else np.int64 if whole else np.float64
    with np.errstate(over="ignore"):
        found = other.astype(kind) - first.astype(kind)
    # Two numbers may be further apart than a float64 says: they are as far apart as it can say.
    plain = np.clip(found.astype(np.float64), -_GREATEST, _GREATEST)
    edges = tuple(map(float, bins([found if whole and not wide else plain], whole=whole and not wide)))
    has = len(found) > 0
    return Difference(
        side=side,
        count=len(found),
        skipped=skipped,
        differing=int(np.count_nonzero(found)),
        mean=_mean(plain) if has else None,
        mean_absolute=_mean(np.abs(plain)) if has else None,
        least=float(plain.min()) if has else None,
        greatest=float(plain.max()) if has else None,
        edges=edges,
        counts=count_in(plain, edges),
    )


def _mean(values: Numbers) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        found = float(values.mean())
    return found if math.isfinite(found) else float((values / len(values)).sum())
