"""Histograms."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np

from wbtable.errors import FormatError, UsageError
from wbtable.format.types_media import HistogramType
from wbtable.media.base import Media
from wbtable.media.pixels import array_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from wbtable.format.types_base import ColumnType
    from wbtable.media.base import BlobReader

MAX_BINS = 512


class Histogram(Media):
    """Counts of values in bins; kept in the cell itself, without a blob (MEDIA-16).

    Args:
        sequence: the values to count: any nested sequence or array of finite numbers.
        np_histogram: counts and bin edges, as ``numpy.histogram`` returns them, in place of values.
        num_bins: how many bins of equal width to count values in, at most 512.

    Raises:
        UsageError: both or none are given, there are too many bins, or the numbers are impossible.

    """

    __slots__ = ("_bins", "_counts")

    kind: ClassVar[str] = "histogram"
    MAX_LENGTH: ClassVar[int] = MAX_BINS

    def __init__(
        self,
        sequence: object = None,
        np_histogram: tuple[Any, Any] | None = None,
        num_bins: int = 64,
    ) -> None:
        if (sequence is None) == (np_histogram is None):
            raise UsageError("expected either a sequence of values or np_histogram=(counts, bins)")
        if np_histogram is not None:
            if not isinstance(np_histogram, tuple | list) or len(np_histogram) != 2:
                raise UsageError(f"expected np_histogram=(counts, bins), found {np_histogram!r:.80}")
            counts, bins = (_numbers(part) for part in np_histogram)
        else:
            counts, bins = _count(_numbers(sequence), num_bins)
        try:
            self._counts, self._bins = _checked(counts, bins)
        except FormatError as error:
            raise UsageError(str(error)) from None

    def column_type(self) -> HistogramType:
        """Return the type of a column of histograms."""
        return HistogramType()

    def to_cell(self) -> dict[str, object]:
        """Return counts and bin edges as lists of floats."""
        return {"counts": self.histogram, "bins": self.bins}

    @classmethod
    def from_cell(cls, cell: Mapping[str, Any], blobs: BlobReader, column_type: ColumnType) -> Self:
        """Return a stored histogram.

        Raises:
            FormatError: it is no histogram.

        """
        del blobs, column_type
        value = cls.__new__(cls)
        value._restore(*(np.asarray(cell.get(name) or [], np.float64) for name in ("counts", "bins")))  # noqa: SLF001  (a constructor of its own class)
        return value

    def _restore(self, counts: NDArray[np.float64], bins: NDArray[np.float64]) -> None:
        self._counts, self._bins = _checked(counts, bins, limit=None)

    @property
    def histogram(self) -> list[float]:
        """The counts."""
        return cast("list[float]", self._counts.tolist())

    @property
    def bins(self) -> list[float]:
        """The bin edges, one more than counts."""
        return cast("list[float]", self._bins.tolist())

    def to_numpy(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return counts and bin edges as ``numpy.histogram`` does."""
        return self._counts.copy(), self._bins.copy()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return np.array_equal(self._counts, other._counts) and np.array_equal(self._bins, other._bins)

    def __hash__(self) -> int:
        return hash((self._counts.tobytes(), self._bins.tobytes()))

    def __repr__(self) -> str:
        total = self._counts.sum()
        return f"Histogram({len(self._counts)} bins, {self._bins[0]:g}..{self._bins[-1]:g}, total {total:g})"


def _numbers(value: object) -> NDArray[np.float64]:
    try:
        array = array_of(value)
        array = np.asarray(cast("Any", value)) if array is None else array
        if array.dtype.kind not in "biuf":
            raise UsageError(f"expected numbers in a histogram, found {array.dtype}")
        array = array.astype(np.float64).ravel()
    except (TypeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"expected numbers in a histogram: {error}") from None
    if not np.isfinite(array).all():
        raise UsageError("expected finite numbers in a histogram, found NaN or infinity: leave them out")
    return array


def _count(values: NDArray[np.float64], num_bins: object) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    try:
        number = index(cast("int", num_bins))
    except TypeError:
        number = 0
    if not 1 <= number <= MAX_BINS:
        raise UsageError(f"expected num_bins of 1 to {MAX_BINS}, found {num_bins!r:.40}")
    try:
        with np.errstate(over="raise", invalid="raise"):
            counts, bins = np.histogram(values, bins=number)
    except (ValueError, FloatingPointError) as error:  # A range too small for so many bins, or too large for a float.
        raise UsageError(f"the values cannot be counted in {number} bins: {error}") from None
    return counts.astype(np.float64), bins


def _checked(
    counts: NDArray[np.float64], bins: NDArray[np.float64], limit: int | None = MAX_BINS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(counts) == 0 or len(bins) != len(counts) + 1:
        raise FormatError(f"expected one more bin edge than counts, found {len(bins)} and {len(counts)}")
    if limit is not None and len(counts) > limit:
        raise FormatError(f"expected at most {limit} bins, found {len(counts)}")
    if not (np.diff(bins) >= 0).all():
        raise FormatError("expected bin edges in ascending order")
    return counts, bins
