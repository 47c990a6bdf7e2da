"""XXH3-64 of many values at once, in numpy, bit for bit what the xxhash library gives (spec: SUM-3).

Hashing one value at a time from Python costs about 150 ns; here eight bytes cost about 6. The algorithm is
XXH3 with seed 0 and the default secret (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md),
which branches on the length of the input; each branch up to 128 bytes is written once below, over arrays. Longer
inputs go through the library: its cost per call no longer matters.

Blocks of `BLOCK` values keep the scratch arrays in the cache: whole columns would run at the speed of main memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import xxhash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BLOCK", "FIXED_WIDTHS", "finished", "fixed_blocks", "hash_fixed", "hash_variable", "variable_blocks"]

U64: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint64]]"
I64: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.int64]]"
U8: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"

BLOCK: Final = 1 << 17
_TEXT_BLOCK: Final = 16_000
"""Values of variable length at a time: temporary arrays under 128 KiB stay on the heap, larger ones are mapped anew."""
FIXED_WIDTHS: Final = (1, 2, 4, 8, 16)

_SECRET: Final = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
)
_MASK64: Final = (1 << 64) - 1
_LONGEST_VECTORISED: Final = 128


def _secret64(at: int) -> int:
    return int.from_bytes(_SECRET[at : at + 8], "little")


_PRIME64_1: Final = np.uint64(0x9E3779B185EBCA87)
_PRIME64_2: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_PRIME64_3: Final = np.uint64(0x165667B19E3779F9)
_PRIME_MX1: Final = np.uint64(0x165667919E3779F9)
_PRIME_MX2: Final = np.uint64(0x9FB21C651E98DF25)
_LOW32: Final = np.uint64(0xFFFFFFFF)
_TWICE32: Final = np.uint64(0x1_0000_0001)

_FLIP_0: Final = _secret64(56) ^ _secret64(64)
_FLIP_1_3: Final = np.uint64((_secret64(0) ^ _secret64(4)) & 0xFFFFFFFF)
_FLIP_4_8: Final = _secret64(8) ^ _secret64(16)
_FLIP_9_LOW: Final = np.uint64(_secret64(24) ^ _secret64(32))
_FLIP_9_HIGH: Final = np.uint64(_secret64(40) ^ _secret64(48))


def _rotate_xor(value: int) -> int:
    """`h ^ rotl(h, 49) ^ rotl(h, 24)`: linear over xor, so it can be applied to the secret beforehand."""
    return value ^ ((value << 49 | value >> 15) & _MASK64) ^ ((value << 24 | value >> 40) & _MASK64)


_MIXED_FLIP_4_8: Final = np.uint64(_rotate_xor(_FLIP_4_8))
_S: Final = [np.uint64(n) for n in range(64)]
_S32: Final = [np.uint32(n) for n in range(32)]

# Final mixes. Each works in place on `h`, with `t` as scratch of the same length.


def _avalanche64(h: U64, t: U64) -> None:
    """XXH64_avalanche."""
    np.right_shift(h, _S[33], out=t)
    np.bitwise_xor(h, t, out=h)
    np.multiply(h, _PRIME64_2, out=h)
    np.right_shift(h, _S[29], out=t)
    np.bitwise_xor(h, t, out=h)
    np.multiply(h, _PRIME64_3, out=h)
    np.right_shift(h, _S[32], out=t)
    np.bitwise_xor(h, t, out=h)


def _avalanche(h: U64, t: U64) -> None:
    """XXH3_avalanche."""
    np.right_shift(h, _S[37], out=t)
    np.bitwise_xor(h, t, out=h)
    np.multiply(h, _PRIME_MX1, out=h)
    np.right_shift(h, _S[32], out=t)
    np.bitwise_xor(h, t, out=h)


def _rrmxmx(h: U64, t: U64, length: U64 | np.uint64) -> None:
    """XXH3_rrmxmx after its rotations, which the callers fold into their input, and before its last step."""
    np.multiply(h, _PRIME_MX2, out=h)
    np.right_shift(h, _S[35], out=t)
    np.add(t, length, out=t)
    np.bitwise_xor(h, t, out=h)
    np.multiply(h, _PRIME_MX2, out=h)


def _rrmxmx_end(h: U64, t: U64) -> None:
    np.right_shift(h, _S[28], out=t)
    np.bitwise_xor(h, t, out=h)


def _mul128_fold64(a: U64, b: U64) -> U64:
    """Low xor high half of the 128-bit products; overwrites neither input."""
    a_low = a & _LOW32
    a_high = a >> _S[32]
    b_low = b & _LOW32
    b_high = b >> _S[32]
    low = a_low * b_low
    np.right_shift(low, _S[32], out=low)
    np.multiply(a_low, b_high, out=a_low)
    np.add(low, a_low, out=low)
    np.multiply(b_low, a_high, out=b_low)
    np.bitwise_and(b_low, _LOW32, out=a_low)
    np.add(low, a_low, out=low)
    np.right_shift(low, _S[32], out=low)
    np.right_shift(b_low, _S[32], out=b_low)
    np.add(low, b_low, out=low)
    np.multiply(a_high, b_high, out=a_high)
    np.add(low, a_high, out=low)
    np.multiply(a, b, out=a_high)
    np.bitwise_xor(low, a_high, out=low)
    return low


# One function per class of length. `h` receives the hashes.


def _len_1_to_3(h: U64, t: U64, first: U64, middle: U64, last: U64, length: U64 | np.uint64) -> None:
    np.left_shift(first, _S[16], out=h)
    np.left_shift(middle, _S[24], out=t)
    np.bitwise_or(h, t, out=h)
    np.bitwise_or(h, last, out=h)
    np.bitwise_or(h, length << _S[8], out=h)
    np.bitwise_xor(h, _FLIP_1_3, out=h)
    _avalanche64(h, t)


def _len_4_to_8(h: U64, t: U64, keyed: U64, length: U64 | np.uint64) -> None:
    """`keyed` is the last four bytes plus the first four times 2**32; may be overwritten, may not be `h`."""
    np.left_shift(keyed, _S[49], out=h)
    np.right_shift(keyed, _S[15], out=t)
    np.bitwise_xor(h, t, out=h)
    np.left_shift(keyed, _S[24], out=t)
    np.bitwise_xor(h, t, out=h)
    np.right_shift(keyed, _S[40], out=t)
    np.bitwise_xor(h, t, out=h)
    np.bitwise_xor(h, keyed, out=h)
    np.bitwise_xor(h, _MIXED_FLIP_4_8, out=h)
    _rrmxmx(h, t, length)
    _rrmxmx_end(h, t)


def _len_9_to_16(h: U64, t: U64, low: U64, high: U64, length: U64 | np.uint64) -> None:
    """Overwrites `low` and `high`."""
    np.bitwise_xor(low, _FLIP_9_LOW, out=low)
    np.bitwise_xor(high, _FLIP_9_HIGH, out=high)
    folded = _mul128_fold64(low, high)
    np.add(high, length, out=high)
    low.byteswap(inplace=True)
    np.add(low, high, out=h)
    np.add(h, folded, out=h)
    _avalanche(h, t)


def _fixed(h: U64, t: U64, data: U8, width: int, start: int, *, finish: bool) -> None:
    """Hash `h.size` values of `width` bytes that begin at value `start` of `data`."""
    count = h.size
    if width == 4:
        # Both halves of the key are the value, so the rotations run on 32 bits.
        v = np.ndarray((count,), "<u4", data, start * 4)
        s = t.view(np.uint32)
        w, u = s[:count], s[count : 2 * count]
        np.left_shift(v, _S32[17], out=w)
        np.right_shift(v, _S32[15], out=u)
        np.bitwise_xor(w, u, out=w)
        np.left_shift(v, _S32[24], out=u)
        np.bitwise_xor(w, u, out=w)
        np.right_shift(v, _S32[8], out=u)
        np.bitwise_xor(w, u, out=w)
        np.bitwise_xor(w, v, out=w)
        np.copyto(h, w)
        np.multiply(h, _TWICE32, out=h)
        np.bitwise_xor(h, _MIXED_FLIP_4_8, out=h)
        _rrmxmx(h, t, np.uint64(4))
        if finish:
            _rrmxmx_end(h, t)
    elif width == 8:
        # The key is the value turned by 32 bits; turning it further by 49 and 24 is turning the value by 17 and 56.
        v8 = np.ndarray((count,), "<u8", data, start * 8)
        np.left_shift(v8, _S[32], out=h)
        for shift, by in ((np.right_shift, 32), (np.left_shift, 17), (np.right_shift, 47), (np.left_shift, 56)):
            shift(v8, _S[by], out=t)
            np.bitwise_xor(h, t, out=h)
        np.right_shift(v8, _S[8], out=t)
        np.bitwise_xor(h, t, out=h)
        np.bitwise_xor(h, _MIXED_FLIP_4_8, out=h)
        _rrmxmx(h, t, np.uint64(8))
        if finish:
            _rrmxmx_end(h, t)
    elif width == 16:
        low = np.ndarray((count,), "<u8", data, start * 16, (16,)).copy()
        high = np.ndarray((count,), "<u8", data, start * 16 + 8, (16,)).copy()
        _len_9_to_16(h, t, low, high, np.uint64(16))
    else:
        first = np.ndarray((count,), "u1", data, start * width, (width,)).astype(np.uint64)
        last = first
        if width == 2:
            last = np.ndarray((count,), "u1", data, start * 2 + 1, (2,)).astype(np.uint64)
        _len_1_to_3(h, t, first, last, last, np.uint64(width))


def fixed_blocks(data: U8, width: int, *, finish: bool = True) -> Iterator[tuple[int, U64]]:
    """Yield (first value, hashes) of `BLOCK` values at a time; the next block overwrites the hashes.

    Args:
        data: see `hash_fixed`.
        width: see `hash_fixed`.
        finish: if False, hashes of 4 and 8 bytes lack their last step, see `finished`: most are only compared with a
            bound, which their upper 28 bits mostly decide.

    """
    if width not in FIXED_WIDTHS:
        msg = f"expected a width of {FIXED_WIDTHS} bytes, found {width}"
        raise ValueError(msg)
    n = data.size // width
    scratch = np.empty((2, min(n, BLOCK)), np.uint64)
    for start in range(0, n, BLOCK):
        count = min(BLOCK, n - start)
        h = scratch[0, :count]
        _fixed(h, scratch[1, :count], data, width, start, finish=finish)
        yield start, h


def finished(h: U64) -> U64:
    """Return the hashes of values of 4 or 8 bytes whose last step was left out; it keeps the upper 28 bits."""
    return h ^ (h >> _S[28])


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
    _len_1_to_3(h, np.empty_like(h), s.u1(0), s.u1(s.lengths >> 1), s.u1(s.lengths - 1), length)


def _strings_4_to_8(s: _Strings, length: U64, h: U64) -> None:
    keyed = s.u4(0)
    np.left_shift(keyed, _S[32], out=keyed)
    np.add(keyed, s.u4(-4, from_end=True), out=keyed)
    _len_4_to_8(h, np.empty_like(h), keyed, length)


def _strings_9_to_16(s: _Strings, length: U64, h: U64) -> None:
    _len_9_to_16(h, np.empty_like(h), s.u8(0), s.u8(-8, from_end=True), length)


def _mix16(s: _Strings, at: int, secret: int, *, from_end: bool = False) -> U64:
    low = s.u8(at, from_end=from_end)
    high = s.u8(at + 8, from_end=from_end)
    np.bitwise_xor(low, np.uint64(_secret64(secret)), out=low)
    np.bitwise_xor(high, np.uint64(_secret64(secret + 8)), out=high)
    return _mul128_fold64(low, high)


def _strings_17_to_128(pairs: int) -> Callable[[_Strings, U64, U64], None]:
    """Lengths in (32 x (pairs - 1), 32 x pairs]: 16 bytes from each end, `pairs` times."""

    def rule(s: _Strings, length: U64, h: U64) -> None:
        np.multiply(length, _PRIME64_1, out=h)
        for i in range(pairs):
            np.add(h, _mix16(s, 16 * i, 32 * i), out=h)
            np.add(h, _mix16(s, -16 * (i + 1), 32 * i + 16, from_end=True), out=h)
        _avalanche(h, np.empty_like(h))

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
