"""The rules of XXH3-64 with seed 0 and the default secret, over arrays of values (spec: SUM-3).

A rule is a class of lengths, as https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md has them. Rules write
into arrays that are given, which stay in the cache from one block of values to the next.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np

U64: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint64]]"
U32: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint32]]"
I64: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.int64]]"
U8: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"

__all__ = [
    "I64",
    "PRIME64_1",
    "SHIFTS",
    "U8",
    "U64",
    "avalanche",
    "hash_keys",
    "len_1_to_3",
    "len_4_to_8",
    "len_9_to_16",
    "mul128_fold64",
    "secret64",
    "turned_4",
    "turned_8",
]

_SECRET: Final = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
)
_MASK64: Final = (1 << 64) - 1


def secret64(at: int) -> int:
    """Return eight bytes of the secret as a number."""
    return int.from_bytes(_SECRET[at : at + 8], "little")


PRIME64_1: Final = np.uint64(0x9E3779B185EBCA87)
_PRIME64_2: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_PRIME64_3: Final = np.uint64(0x165667B19E3779F9)
_PRIME_MX1: Final = np.uint64(0x165667919E3779F9)
_PRIME_MX2: Final = np.uint64(0x9FB21C651E98DF25)
_LOW32: Final = np.uint64(0xFFFFFFFF)
_TWICE32: Final = np.uint64(0x1_0000_0001)

_FLIP_0: Final = secret64(56) ^ secret64(64)
_FLIP_1_3: Final = np.uint64((secret64(0) ^ secret64(4)) & 0xFFFFFFFF)
_FLIP_4_8: Final = secret64(8) ^ secret64(16)
_FLIP_9_LOW: Final = np.uint64(secret64(24) ^ secret64(32))
_FLIP_9_HIGH: Final = np.uint64(secret64(40) ^ secret64(48))


def _rotate_xor(value: int) -> int:
    """`h ^ rotl(h, 49) ^ rotl(h, 24)`: linear over xor, so it can be applied to the secret beforehand."""
    return value ^ ((value << 49 | value >> 15) & _MASK64) ^ ((value << 24 | value >> 40) & _MASK64)


_MIXED_FLIP_4_8: Final = np.uint64(_rotate_xor(_FLIP_4_8))
SHIFTS: Final = [np.uint64(n) for n in range(64)]
SHIFTS32: Final = [np.uint32(n) for n in range(32)]

_TURNS: Final = (
    (np.right_shift, 32),
    (np.left_shift, 17),
    (np.right_shift, 47),
    (np.left_shift, 56),
    (np.right_shift, 8),
)
_TURNS_SMALL: Final = ((np.left_shift, 17), (np.left_shift, 56), (np.right_shift, 8))
"""Of values below 2**32 the others turn out nothing."""

# Final mixes. Each works in place on `h`, with `t` as scratch of the same length.


def _avalanche64(h: U64, t: U64) -> None:
    """XXH64_avalanche."""
    np.right_shift(h, SHIFTS[33], out=t)
    np.bitwise_xor(h, t, out=h)
    np.multiply(h, _PRIME64_2, out=h)
    np.right_shift(h, SHIFTS[29], out=t)
    np.bitwise_xor(h, t, out=h)
    np.multiply(h, _PRIME64_3, out=h)
    np.right_shift(h, SHIFTS[32], out=t)
    np.bitwise_xor(h, t, out=h)


def avalanche(h: U64, t: U64) -> None:
    """XXH3_avalanche."""
    np.right_shift(h, SHIFTS[37], out=t)
    np.bitwise_xor(h, t, out=h)
    np.multiply(h, _PRIME_MX1, out=h)
    np.right_shift(h, SHIFTS[32], out=t)
    np.bitwise_xor(h, t, out=h)


def _rrmxmx(h: U64, t: U64, length: U64 | np.uint64) -> None:
    """XXH3_rrmxmx after its rotations, which the callers fold into their input, and before its last step."""
    np.multiply(h, _PRIME_MX2, out=h)
    np.right_shift(h, SHIFTS[35], out=t)
    np.add(t, length, out=t)
    np.bitwise_xor(h, t, out=h)
    np.multiply(h, _PRIME_MX2, out=h)


def _rrmxmx_end(h: U64, t: U64) -> None:
    """Do the last step of XXH3_rrmxmx, which keeps the upper 28 bits."""
    np.right_shift(h, SHIFTS[28], out=t)
    np.bitwise_xor(h, t, out=h)


def mul128_fold64(a: U64, b: U64) -> U64:
    """Low xor high half of the 128-bit products; overwrites neither input."""
    a_low = a & _LOW32
    a_high = a >> SHIFTS[32]
    b_low = b & _LOW32
    b_high = b >> SHIFTS[32]
    low = a_low * b_low
    np.right_shift(low, SHIFTS[32], out=low)
    np.multiply(a_low, b_high, out=a_low)
    np.add(low, a_low, out=low)
    np.multiply(b_low, a_high, out=b_low)
    np.bitwise_and(b_low, _LOW32, out=a_low)
    np.add(low, a_low, out=low)
    np.right_shift(low, SHIFTS[32], out=low)
    np.right_shift(b_low, SHIFTS[32], out=b_low)
    np.add(low, b_low, out=low)
    np.multiply(a_high, b_high, out=a_high)
    np.add(low, a_high, out=low)
    np.multiply(a, b, out=a_high)
    np.bitwise_xor(low, a_high, out=low)
    return low


# One function per class of length. `h` receives the hashes.


def len_1_to_3(h: U64, t: U64, first: U64, middle: U64, last: U64, length: U64 | np.uint64) -> None:
    """Hash the first, the middle and the last byte of short values."""
    np.left_shift(first, SHIFTS[16], out=h)
    np.left_shift(middle, SHIFTS[24], out=t)
    np.bitwise_or(h, t, out=h)
    np.bitwise_or(h, last, out=h)
    np.bitwise_or(h, length << SHIFTS[8], out=h)
    np.bitwise_xor(h, _FLIP_1_3, out=h)
    _avalanche64(h, t)


def turned_4(h: U64, t: U64, values: U32) -> None:
    """Turn and fold the keys of values of four bytes.

    Both halves of the key are the value, so the rotations run on 32 bits.
    """
    count = values.size
    scratch = t.view(np.uint32)
    w, u = scratch[:count], scratch[count : 2 * count]
    np.left_shift(values, SHIFTS32[17], out=w)
    np.right_shift(values, SHIFTS32[15], out=u)
    np.bitwise_xor(w, u, out=w)
    np.left_shift(values, SHIFTS32[24], out=u)
    np.bitwise_xor(w, u, out=w)
    np.right_shift(values, SHIFTS32[8], out=u)
    np.bitwise_xor(w, u, out=w)
    np.bitwise_xor(w, values, out=w)
    np.copyto(h, w)
    np.multiply(h, _TWICE32, out=h)


def turned_8(h: U64, t: U64, values: U64, *, small: bool = False) -> None:
    """Turn and fold the keys of values of eight bytes; `small` says that all are below 2**32.

    The key is the value turned by 32 bits; turning it further by 49 and 24 is turning the value by 17 and 56. Every bit
    of the result is an xor of bits of the value, so that what is turned of `a ^ b` is that of `a` xor that of `b`.
    """
    np.left_shift(values, SHIFTS[32], out=h)
    for shift, by in _TURNS_SMALL if small else _TURNS:
        shift(values, SHIFTS[by], out=t)
        np.bitwise_xor(h, t, out=h)


def hash_keys(h: U64, t: U64, length: int, *, finish: bool = True) -> None:
    """Hash keys that are turned and folded; without `finish` all but the last step is done."""
    np.bitwise_xor(h, _MIXED_FLIP_4_8, out=h)
    _rrmxmx(h, t, np.uint64(length))
    if finish:
        _rrmxmx_end(h, t)


def len_4_to_8(h: U64, t: U64, keyed: U64, length: U64 | np.uint64) -> None:
    """`keyed` is the last four bytes plus the first four times 2**32; may be overwritten, may not be `h`."""
    np.left_shift(keyed, SHIFTS[49], out=h)
    np.right_shift(keyed, SHIFTS[15], out=t)
    np.bitwise_xor(h, t, out=h)
    np.left_shift(keyed, SHIFTS[24], out=t)
    np.bitwise_xor(h, t, out=h)
    np.right_shift(keyed, SHIFTS[40], out=t)
    np.bitwise_xor(h, t, out=h)
    np.bitwise_xor(h, keyed, out=h)
    np.bitwise_xor(h, _MIXED_FLIP_4_8, out=h)
    _rrmxmx(h, t, length)
    _rrmxmx_end(h, t)


def len_9_to_16(h: U64, t: U64, low: U64, high: U64, length: U64 | np.uint64) -> None:
    """Overwrites `low` and `high`."""
    np.bitwise_xor(low, _FLIP_9_LOW, out=low)
    np.bitwise_xor(high, _FLIP_9_HIGH, out=high)
    folded = mul128_fold64(low, high)
    np.add(high, length, out=high)
    low.byteswap(inplace=True)
    np.add(low, high, out=h)
    np.add(h, folded, out=h)
    avalanche(h, t)
