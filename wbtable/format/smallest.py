"""The smallest hashes of a column's values, from which its distinct values are counted (spec: 08, SUM-3).

Of uniformly distributed hashes, where the k-th smallest lies says how many there are: the KMV estimator of Bar-Yossef
et al., "Counting distinct elements in a data stream" (2002), with a relative standard error of 1/sqrt(k), here 3 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.format import xxh3
from wbtable.format.fingerprint import is_variable, offsets_of
from wbtable.format.xxh3 import U8, U64

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

__all__ = [
    "LOWER_BITS",
    "SMALLEST",
    "Known",
    "Smallest",
    "distinct_estimate",
    "fixed_bytes",
    "hash_values",
    "merge_smallest",
    "with_few",
]

SMALLEST: Final = 1024
"""How many hashes are kept."""

_PENDING: Final = 2 * SMALLEST
_FIRST: Final = 1 << 14
"""Values from which the first bound is found: that takes longer, for each, than to compare the others with it."""
_PIECE: Final = 1 << 19
"""Values between two looks at whether they repeat."""
_NOTHING: Final[U64] = np.empty(0, np.uint64)
_NO_BOUND: Final = np.uint64(2**64 - 1)
LOWER_BITS: Final = 2**36 - 1
"""What the last step of a hash may change: a bound for hashes without it has all of them set."""


def merge_smallest(parts: Iterable[U64]) -> U64:
    """Return the `SMALLEST` smallest distinct hashes of all parts, ascending."""
    return _different([_NOTHING, *parts])[:SMALLEST]


def _different(parts: list[U64]) -> U64:
    """Return the distinct hashes, ascending: `numpy.unique` takes ten times as long, by a hash table."""
    return _first_of_equal(np.sort(np.concatenate(parts)))


def _first_of_equal(hashes: U64) -> U64:
    first = np.empty(hashes.size, np.bool_)
    first[:1] = True
    np.not_equal(hashes[1:], hashes[:-1], out=first[1:])
    return hashes[first]


def _few(hashes: U64) -> U64:
    """Return at least the `SMALLEST` smallest distinct hashes: no need to sort them all."""
    if hashes.size > 2 * _PENDING:
        found = np.partition(hashes, _PENDING)[:_PENDING]
        if _different([found]).size >= SMALLEST:
            return found
    return hashes


def distinct_estimate(smallest: U64) -> tuple[int, bool]:
    """Return how many distinct values there are, and whether that is exact (SUM-4)."""
    if smallest.size < SMALLEST:
        return int(smallest.size), True
    return ((SMALLEST - 1) << 64) // (int(smallest[-1]) + 1), False


_LastStep = Callable[[U64], U64]


def _same(h: U64) -> U64:
    return h


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of all values of a column before they are hashed; each saves a pass over them.

    Attributes:
        nan: whether a float may be NaN.
        zero: whether a float may be 0.0 or -0.0.
        small: whether all integers are from 0 to 2**32 - 1.

    """

    nan: bool = True
    zero: bool = True
    small: bool = False


_UNKNOWN: Final = Known()


def fixed_bytes(values: pa.Array, known: Known = _UNKNOWN) -> tuple[U8, int]:
    """Return the bytes that are hashed of each number, decimal or boolean of an array without nulls, and their width.

    Of NaN there are none: it is counted beside. The bytes of -0.0 are those of the 0.0 that it equals.
    """
    kind = values.type
    n = len(values)
    if pa.types.is_boolean(kind):
        return np.frombuffer(values.cast(pa.uint8()).buffers()[1], np.uint8, n), 1
    if pa.types.is_floating(kind):
        floats = values.to_numpy()
        if known.nan and np.isnan(floats.min()):
            floats = floats[~np.isnan(floats)]
        if known.zero:
            floats = floats + floats.dtype.type(0)
        return floats.view(np.uint8), floats.itemsize
    width = kind.byte_width
    return np.frombuffer(values.buffers()[1], np.uint8, n * width, values.offset * width), width


def _blocks(values: pa.Array, known: Known = _UNKNOWN) -> Iterator[tuple[U64, _LastStep]]:
    """Yield hashes, a block at a time, of an array without nulls of numbers, decimals, booleans, strings or binary.

    With them comes the function that finishes them; it leaves their upper 28 bits as they are.
    """
    if not len(values):
        return
    if is_variable(values.type):
        data = values.buffers()[2]
        raw: npt.NDArray[np.uint8] = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
        for _, h in xxh3.variable_blocks(raw, offsets_of(values)):
            yield h, _same
    else:
        raw, width = fixed_bytes(values, known)
        last = xxh3.finished if width in {4, 8} else _same
        for _, h in xxh3.fixed_blocks(raw, width, finish=False, small=known.small):
            yield h, last


def hash_values(values: pa.Array) -> U64:
    """Return the hash of each value as `Smallest` takes it; NaN has none (SUM-3)."""
    return np.concatenate([_NOTHING, *(last(h).copy() for h, last in _blocks(values))])


def with_few(smallest: U64, hashes: U64) -> U64:
    """Return the smallest distinct hashes of those that were, ascending, and of few further ones."""
    if smallest.size == SMALLEST:
        hashes = hashes[hashes < smallest[-1]]
    if not hashes.size:
        return smallest
    # Nearly sorted: a sort that looks for what is in order takes an eighth of the time of another.
    return _first_of_equal(np.sort(np.concatenate([smallest, hashes]), kind="stable"))[:SMALLEST]


class Smallest:
    """Collects the smallest distinct hashes of many values.

    Values that repeat would all pass a bound that is never reached, so where many pass, equal ones are first made one
    by Arrow's hash table; where few pass, hashing all of them is faster than that table.
    """

    def __init__(self, known: Known = _UNKNOWN) -> None:
        """Begin with no value; all that come are as is `known`."""
        self._known = known
        self._kept: U64 = _NOTHING
        self._pending: list[U64] = []
        self._pending_size = 0
        self._bound = _NO_BOUND
        self._repeats = False
        self._mask = np.empty(xxh3.BLOCK, np.bool_)

    def add(self, values: pa.Array) -> None:
        """Take the values of an array without nulls."""
        start, step = 0, _PIECE if self._bound != _NO_BOUND else _FIRST
        while start < len(values):
            piece = values.slice(start, step)
            start += len(piece)
            step = _PIECE
            if self._repeats:
                different = pc.unique(piece)
                self._repeats = 2 * len(different) <= len(piece)
                self._hash(different)
            else:
                self._repeats = 4 * self._hash(piece) > len(piece)

    def _hash(self, values: pa.Array) -> int:
        """Return how many hashes were kept for a while: all of them while the bound is not known."""
        passed = 0
        for h, last in _blocks(values, self._known):
            if self._bound == _NO_BOUND:
                few = _few(last(h))
                different = _different([few])
                # A first block of different values says nothing against hashing them all.
                passed += 0 if 2 * different.size > few.size else h.size
                self._kept = _different([self._kept, different]) if self._kept.size else different
                self._cut()
                continue
            mask = self._mask[: h.size]
            np.less_equal(h, self._bound, out=mask)
            found = h[mask]
            if found.size:
                passed += found.size
                self._pending.append(last(found))
                self._pending_size += found.size
                if self._pending_size > _PENDING:
                    self._settle()
        return passed

    def _settle(self) -> None:
        if not self._pending:
            return
        self._kept = _different([self._kept, *self._pending])
        self._pending.clear()
        self._pending_size = 0
        self._cut()

    def _cut(self) -> None:
        self._kept = self._kept[:SMALLEST]
        if self._kept.size == SMALLEST:
            self._bound = self._kept[-1] | np.uint64(LOWER_BITS)

    def hashes(self) -> U64:
        """Return the smallest distinct hashes, ascending."""
        self._settle()
        return self._kept
