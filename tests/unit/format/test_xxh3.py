"""The vectorised hash gives what the library gives, value by value (SUM-3)."""

from __future__ import annotations

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from wbtable.format import xxh3


def _library(pieces: list[bytes]) -> list[int]:
    return [xxhash.xxh3_64_intdigest(piece) for piece in pieces]


@pytest.mark.parametrize("width", xxh3.FIXED_WIDTHS)
@pytest.mark.parametrize("count", [0, 1, 7, xxh3.BLOCK, xxh3.BLOCK + 1])
def test_fixed_widths(width: int, count: int) -> None:
    data = np.random.default_rng(width).integers(0, 256, width * count, np.uint8)
    raw = data.tobytes()
    expected = _library([raw[i * width : (i + 1) * width] for i in range(count)])
    assert xxh3.hash_fixed(data, width).tolist() == expected


@pytest.mark.parametrize("width", [4, 8])
def test_unfinished_hashes_have_the_upper_bits_and_can_be_finished(width: int) -> None:
    data = np.random.default_rng(1).integers(0, 256, width * 1000, np.uint8)
    (_, found), *_ = xxh3.fixed_blocks(data, width, finish=False)
    whole = xxh3.hash_fixed(data, width)
    assert (found >> np.uint64(36) == whole >> np.uint64(36)).all()
    assert (xxh3.finished(found) == whole).all()


def test_small_numbers_need_fewer_steps() -> None:
    numbers = np.concatenate([np.arange(100), 2**32 - 1 - np.arange(100)]).astype(np.int64)
    (_, found), *_ = xxh3.fixed_blocks(numbers.view(np.uint8), 8, small=True)
    assert found.tolist() == _library([number.tobytes() for number in numbers])


@pytest.mark.parametrize("first", [0, 5, xxh3.BLOCK, 2**32 - 7, 2**62 + 1])
@pytest.mark.parametrize("count", [0, 1, xxh3.BLOCK, xxh3.BLOCK + 9])
def test_consecutive_numbers(first: int, count: int) -> None:
    hashes: list[int] = []
    for start, h in xxh3.consecutive_blocks(first, count):
        assert start == first + len(hashes)
        hashes += xxh3.finished(h).tolist()
    assert hashes == _library([number.to_bytes(8, "little") for number in range(first, first + count)])


def test_other_widths_are_refused() -> None:
    with pytest.raises(ValueError, match="expected a width"):
        xxh3.hash_fixed(np.zeros(9, np.uint8), 3)


@pytest.mark.parametrize("length", range(140))
def test_strings_of_one_length(length: int) -> None:
    data = np.random.default_rng(length).integers(0, 256, 20 * length, np.uint8)
    offsets: xxh3.I64 = np.arange(21, dtype=np.int64) * length
    raw = data.tobytes()
    expected = _library([raw[i * length : (i + 1) * length] for i in range(20)])
    assert xxh3.hash_variable(data, offsets).tolist() == expected


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_strings_of_all_lengths_at_once(kind: type) -> None:
    random = np.random.default_rng(3)
    lengths = random.integers(0, 300, xxh3.BLOCK + 100)
    offsets: np.ndarray = np.concatenate([[5], 5 + np.cumsum(lengths)]).astype(kind)  # a slice begins inside the data
    data = random.integers(0, 256, int(offsets[-1]), np.uint8)
    raw = data.tobytes()
    expected = _library([raw[a:b] for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)])
    assert xxh3.hash_variable(data, offsets).tolist() == expected


@given(st.lists(st.binary(max_size=200)))
def test_any_strings(pieces: list[bytes]) -> None:
    offsets = np.cumsum([0, *(len(piece) for piece in pieces)])
    data = np.frombuffer(b"".join(pieces), np.uint8)
    assert xxh3.hash_variable(data, offsets).tolist() == _library(pieces)


def test_no_strings() -> None:
    assert xxh3.hash_variable(np.empty(0, np.uint8), np.zeros(1, np.int32)).size == 0
