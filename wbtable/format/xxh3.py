"""XXH3-64 of many values at once, in numpy, bit for bit what the xxhash library gives (spec: SUM-3).

Hashing one value at a time from Python costs about 150 ns; here eight bytes cost about 4. The algorithm, XXH3 with
seed 0 and the default secret, branches on the length of the input; each branch up to 128 bytes is written once, in
`xxh3_mix` or here, over arrays. Longer inputs go through the library: its cost per call no longer matters.

Blocks of `BLOCK` values keep the scratch arrays in the second level of the cache: whole columns would run at the speed
of main memory, and in much shorter blocks the calls themselves would count, and threads would wait for each other's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import xxhash

from wbtable.format.xxh3_mix import (
    I64,
    PRIME64_1,
    SHIFTS,
    U8,
    U64,
    avalanche,
    hash_keys,
    len_1_to_3,
    len_4_to_8,
    len_9_to_16,
    mul128_fold64,
    secret64,
    turned_4,
    turned_8,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "BLOCK",
    "FIXED_WIDTHS",
    "I64",
    "U8",
    "U64",
    "consecutive_blocks",
    "finished",
    "fixed_blocks",
    "hash_fixed",
    "hash_variable",
    "variable_blocks",
]

BLOCK: Final = 1 << 16
_TEXT_BLOCK: Final = 16_000
"""Values of variable length at a time: temporary arrays under 128 KiB stay on the heap, larger ones are mapped anew."""
FIXED_WIDTHS: Final = (1, 2, 4, 8, 16)
_LONGEST_VECTORISED: Final = 128


def _fixed(h: U64, t: U64, data: U8, width: int, start: int, *, finish: bool, small: bool) -> None:
    """Hash `h.size` values of `width` bytes that begin at value `start` of `data`."""
    count = h.size
    if width == 4:
        turned_4(h, t, np.ndarray((count,), "<u4", data, start * 4))
        hash_keys(h, t, 4, finish=finish)
    elif width == 8:
        turned_8(h, t, np.ndarray((count,), "<u8", data, start * 8), small=small)
        hash_keys(h, t, 8, finish=finish)
    elif width == 16:
        low = np.ndarray((count,), "<u8", data, start * 16, (16,)).copy()
        high = np.ndarray((count,), "<u8", data, start * 16 + 8, (16,)).copy()
        len_9_to_16(h, t, low, high, np.uint64(16))
    else:
        first = np.ndarray((count,), "u1", data, start * width, (width,)).astype(np.uint64)
        last = first
        if width == 2:
            last = np.ndarray((count,), "u1", data, start * 2 + 1, (2,)).astype(np.uint64)
        len_1_to_3(h, t, first, last, last, np.uint64(width))


def fixed_blocks(data: U8, width: int, *, finish: bool = True, small: bool = False) -> Iterator[tuple[int, U64]]:
    """Yield (first value, hashes) of `BLOCK` values at a time; the next block overwrites the hashes.

    Args:
        data: see `hash_fixed`.
        width: see `hash_fixed`.
        finish: if False, hashes of 4 and 8 bytes lack their last step, see `finished`: most are only compared with a
            bound, which their upper 28 bits mostly decide.
        small: whether values of 8 bytes are known to be below 2**32, which saves a fifth of the time.

    """
    if width not in FIXED_WIDTHS:
        msg = f"expected a width of {FIXED_WIDTHS} bytes, found {width}"
        raise ValueError(msg)
    n = data.size // width
    scratch = np.empty((2, min(n, BLOCK)), np.uint64)
    for start in range(0, n, BLOCK):
        count = min(BLOCK, n - start)
        h = scratch[0, :count]
        _fixed(h, scratch[1, :count], data, width, start, finish=finish, small=small)
        yield start, h


def consecutive_blocks(first: int, count: int) -> Iterator[tuple[int, U64]]:
    """Yield (first value, hashes) of the int64 from `first` to `first + count - 1`, which are not negative.

    Blocks begin at multiples of `BLOCK`, the first one excepted; the next overwrites the hashes. They lack their last
    step, see `finished`. A number is the beginning of its block xor its place there, and so is what is turned of it:
    most steps are done once for all blocks.
    """
    places, scratch, h, begin = (np.empty(size, np.uint64) for size in (BLOCK, BLOCK, BLOCK, 1))
    turned_8(places, scratch, np.arange(BLOCK, dtype=np.uint64), small=True)
    end = first + count
    for base in range(first // BLOCK * BLOCK, end, BLOCK):
        turned_8(begin, scratch[:1], np.array([base], np.uint64))
        inner = slice(max(first - base, 0), min(end - base, BLOCK))
        found = h[inner]
        np.bitwise_xor(places[inner], begin[0], out=found)
        hash_keys(found, scratch[inner], 8, finish=False)
        yield base + inner.start, found


def finished(h: U64) -> U64:
    """Return the hashes of values of 4 or 8 bytes whose last step was left out; it keeps the upper 28 bits."""
    return h ^ (h >> SHIFTS[28])


class _Strings:
    """A block of variable-length values: where each begins in `data`, and its length."""

    __slots__ = ("_u4", "_u8", "data", "lengths", "starts", "stride")

    def __init__(self, data: U8, starts: I64, lengths: I64, stride: int) -> None:
        self.data = data
        self.starts = starts
        self.lengths = lengths
        self.stride = stride  # > 0: starts are that far apart and all lengths equal
        self._u4 = np.ndarray((max(data.size - 3, 0),), "<u4", data, 0, (1,))
        self._u8 = np.ndarray((max(data.size - 7, 0),), "<u8", data, 0, (1,))

    def __len__(self) -> int:
        return int(self.starts.size)

    def _load(self, every: np.ndarray, at: I64 | int, width: int, *, from_end: bool) -> U64:
        if self.stride and isinstance(at, int):
            first = int(self.starts[0]) + at + (int(self.lengths[0]) if from_end else 0)
            strided = np.ndarray((len(self),), f"<u{width}", self.data, first, (self.stride,))
            return strided.astype(np.uint64)
        where = self.starts + at
        if from_end:
            where += self.lengths
        loaded: U64 = every[where].astype(np.uint64, copy=False)
        return loaded

    def u1(self, at: I64 | int) -> U64:
        return self._load(self.data, at, 1, from_end=False)

    def u4(self, at: int, *, from_end: bool = False) -> U64:
        return self._load(self._u4, at, 4, from_end=from_end)

    def u8(self, at: int, *, from_end: bool = False) -> U64:
        return self._load(self._u8, at, 8, from_end=from_end)

    def only(self, chosen: I64) -> _Strings:
        return _Strings(self.data, self.starts[chosen], self.lengths[chosen], 0)


def _strings_1_to_3(s: _Strings, length: U64, h: U64) -> None:
    len_1_to_3(h, np.empty_like(h), s.u1(0), s.u1(s.lengths >> 1), s.u1(s.lengths - 1), length)


def _strings_4_to_8(s: _Strings, length: U64, h: U64) -> None:
    keyed = s.u4(0)
    np.left_shift(keyed, SHIFTS[32], out=keyed)
    np.add(keyed, s.u4(-4, from_end=True), out=keyed)
    len_4_to_8(h, np.empty_like(h), keyed, length)


def _strings_9_to_16(s: _Strings, length: U64, h: U64) -> None:
    len_9_to_16(h, np.empty_like(h), s.u8(0), s.u8(-8, from_end=True), length)


def _mix16(s: _Strings, at: int, secret: int, *, from_end: bool = False) -> U64:
    low = s.u8(at, from_end=from_end)
    high = s.u8(at + 8, from_end=from_end)
    np.bitwise_xor(low, np.uint64(secret64(secret)), out=low)
    np.bitwise_xor(high, np.uint64(secret64(secret + 8)), out=high)
    return mul128_fold64(low, high)


def _strings_17_to_128(pairs: int) -> Callable[[_Strings, U64, U64], None]:
    """Lengths in (32 x (pairs - 1), 32 x pairs]: 16 bytes from each end, `pairs` times."""

    def rule(s: _Strings, length: U64, h: U64) -> None:
        np.multiply(length, PRIME64_1, out=h)
        for i in range(pairs):
            np.add(h, _mix16(s, 16 * i, 32 * i), out=h)
            np.add(h, _mix16(s, -16 * (i + 1), 32 * i + 16, from_end=True), out=h)
        avalanche(h, np.empty_like(h))

    return rule


def _strings_long(s: _Strings, length: U64, h: U64) -> None:  # noqa: ARG001 - the signature of all classes
    view, pairs = s.data.data, zip(s.starts.tolist(), s.lengths.tolist(), strict=True)
    h[:] = [xxhash.xxh3_64_intdigest(view[start : start + size]) for start, size in pairs]


def _strings_empty(s: _Strings, length: U64, h: U64) -> None:  # noqa: ARG001
    h[:] = np.uint64(xxhash.xxh3_64_intdigest(b""))


_CLASSES: Final[tuple[tuple[int, int, Callable[[_Strings, U64, U64], None]], ...]] = (
    (0, 0, _strings_empty),
    (1, 3, _strings_1_to_3),
    (4, 8, _strings_4_to_8),
    (9, 16, _strings_9_to_16),
    (17, 32, _strings_17_to_128(1)),
    (33, 64, _strings_17_to_128(2)),
    (65, 96, _strings_17_to_128(3)),
    (97, _LONGEST_VECTORISED, _strings_17_to_128(4)),
    (_LONGEST_VECTORISED + 1, 1 << 62, _strings_long),
)


def _variable(h: U64, data: U8, offsets: np.ndarray) -> None:
    starts = offsets[:-1].astype(np.int64, copy=False)
    lengths = np.diff(offsets).astype(np.int64, copy=False)
    shortest, longest = int(lengths.min()), int(lengths.max())
    every = _Strings(data, starts, lengths, longest if shortest == longest else 0)
    for low, high, rule in _CLASSES:
        if longest < low or shortest > high:
            continue
        if low <= shortest and longest <= high:
            rule(every, lengths.view(np.uint64), h)
            return
        chosen = np.flatnonzero((lengths >= low) & (lengths <= high))
        if chosen.size:
            part = every.only(chosen)
            hashes = np.empty(chosen.size, np.uint64)
            rule(part, part.lengths.view(np.uint64), hashes)
            h[chosen] = hashes


def variable_blocks(data: U8, offsets: np.ndarray) -> Iterator[tuple[int, U64]]:
    """Yield (first value, hashes) of some values at a time, as `hash_variable`; the next overwrites the hashes."""
    n = offsets.size - 1
    scratch = np.empty(min(max(n, 0), _TEXT_BLOCK), np.uint64)
    for start in range(0, n, _TEXT_BLOCK):
        count = min(_TEXT_BLOCK, n - start)
        h = scratch[:count]
        _variable(h, data, offsets[start : start + count + 1])
        yield start, h


def _all(blocks: Iterator[tuple[int, U64]], n: int) -> U64:
    out = np.empty(n, np.uint64)
    for start, h in blocks:
        out[start : start + h.size] = h
    return out


def hash_fixed(data: U8, width: int) -> U64:
    """Return the XXH3-64 of each `width` bytes of `data`.

    Args:
        data: contiguous bytes, a multiple of `width`.
        width: 1, 2, 4, 8 or 16.

    """
    return _all(fixed_blocks(data, width), data.size // width)


def hash_variable(data: U8, offsets: np.ndarray) -> U64:
    """Return the XXH3-64 of each `data[offsets[i]:offsets[i + 1]]`.

    Args:
        data: contiguous bytes.
        offsets: int32 or int64, non-decreasing, one more than there are values, all within `data`.

    """
    return _all(variable_blocks(data, offsets), max(offsets.size - 1, 0))
