"""The trailer of a pack: PACK-1 to PACK-5, PACK-7."""

from __future__ import annotations

import hashlib
import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbtable.errors import FormatError, UnsupportedError
from wbtable.format import pack
from wbtable.format.digest import Digest

SPEC = Path(__file__).parents[3] / "spec" / "04-packs.md"
BLOBS = [b"hello\n", b"wbtable"]


def make(blobs: list[bytes]) -> tuple[bytes, bytes]:
    """Return the trailer and the whole pack."""
    trailer = pack.encode_trailer([hashlib.sha256(blob).digest() for blob in blobs], [len(blob) for blob in blobs])
    return trailer, b"".join(blobs) + trailer


def footer(count: int, version: int = 1, magic: bytes = pack.MAGIC) -> bytes:
    return struct.pack("<II8s", count, version, magic)


def entry(offset: int, size: int) -> bytes:
    return struct.pack("<32sQQ", b"d" * 32, offset, size)


def test_the_worked_example() -> None:
    """PACK-3, PACK-5: the specification's dump is what the code makes, and its name is the trailer's SHA-256."""
    text = SPEC.read_text(encoding="utf-8")
    dump = re.search(r"<!-- hexdump: pack -->\n```text\n(.*?)```", text, re.DOTALL)
    assert dump is not None
    shown = bytes.fromhex("".join(line.partition("  ")[2] for line in dump[1].splitlines()))
    trailer, whole = make(BLOBS)
    assert shown == whole
    digest = pack.trailer_digest(trailer)
    assert digest.hex == hashlib.sha256(shown[0x0D:]).hexdigest()
    assert f"objects/{digest.hex[:2]}/{digest.hex[2:]}.pack" in text


def test_bounds_are_the_specifications() -> None:
    """PACK-1, PACK-2, PACK-7: the numbers of the text."""
    text = SPEC.read_text(encoding="utf-8")
    for number in (pack.LARGE_BLOB, pack.TARGET_SIZE, pack.MAX_ENTRIES, pack.MAX_TRAILER):
        assert f"{number:,}" in text


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=40))
def test_round_trip(blobs: list[bytes]) -> None:
    """PACK-3, PACK-4: what is written is read, and each entry leads to its blob."""
    trailer, whole = make(blobs)
    assert pack.trailer_size(whole[-16:], len(whole)) == len(trailer)
    entries = pack.decode_trailer(trailer, len(whole))
    assert [whole[e.offset : e.offset + e.size] for e in entries] == blobs
    assert [e.digest for e in entries] == [Digest.of(blob) for blob in blobs]


@given(st.data())
def test_any_damage_is_noticed(data: st.DataObject) -> None:
    """PACK-5: a flipped bit in the trailer gives another name; the others never crash the reader."""
    trailer, whole = make(BLOBS)
    bit = data.draw(st.integers(0, len(trailer) * 8 - 1))
    bad = bytearray(trailer)
    bad[bit // 8] ^= 1 << bit % 8
    assert pack.trailer_digest(bytes(bad)) != pack.trailer_digest(trailer)
    try:
        entries = pack.decode_trailer(bytes(bad), len(whole))
    except (FormatError, UnsupportedError):
        return
    # Only a blob's digest can have changed without the form being wrong.
    assert [e.size for e in entries] == [len(blob) for blob in BLOBS]
    assert [e.digest for e in entries] != [Digest.of(blob) for blob in BLOBS]


@given(st.binary(max_size=300), st.integers(0, 2**53))
def test_no_bytes_crash_the_reader(tail: bytes, size: int) -> None:
    """PACK-3: hostile bytes are FormatError or UnsupportedError."""
    with pytest.raises((FormatError, UnsupportedError)):
        pack.decode_trailer(tail + footer(3), size)
    with pytest.raises(FormatError):
        pack.trailer_size(tail, size)


@pytest.mark.parametrize(
    ("entries", "pack_size"),
    [
        ([(0, 5), (6, 4)], 10),  # a gap
        ([(0, 5), (4, 6)], 10),  # an overlap
        ([(1, 9)], 10),  # does not begin at 0
        ([(0, 9)], 10),  # ends early
        ([(0, 11)], 10),  # ends late
        ([(0, 5), (5, 2**64 - 1), (4, 6)], 10),  # a sum that overflows
        ([(0, 2**63), (2**63, 2**63), (0, 10)], 10),
        ([(2**64 - 1, 1), (0, 10)], 10),
    ],
)
def test_entries_must_tile(entries: list[tuple[int, int]], pack_size: int) -> None:
    """PACK-4: gaps, overlaps, overflow."""
    trailer = b"".join(entry(*e) for e in entries) + footer(len(entries))
    with pytest.raises(FormatError, match="tile"):
        pack.decode_trailer(trailer, pack_size + len(trailer))


@pytest.mark.parametrize("count", [0, 65_537, 2**32 - 1, 3])
def test_impossible_counts(count: int) -> None:
    """PACK-3: refused before anything is read or allocated."""
    with pytest.raises(FormatError, match=r"blobs|entries"):
        pack.trailer_size(footer(count), 150)


def test_other_versions_and_magics() -> None:
    """PACK-3: newer is unsupported, other is damaged."""
    with pytest.raises(UnsupportedError, match="version 1, found 2"):
        pack.trailer_size(footer(1, version=2), 100)
    with pytest.raises(FormatError, match="cut short"):
        pack.trailer_size(footer(1, magic=b"PAR1PAR1"), 100)
    with pytest.raises(FormatError, match="at least 64 bytes"):
        pack.trailer_size(footer(1), 63)


def test_a_trailer_of_the_wrong_length() -> None:
    trailer, whole = make(BLOBS)
    with pytest.raises(FormatError, match="trailer of 112 bytes, found 113"):
        pack.decode_trailer(b"x" + trailer, len(whole))


@pytest.mark.parametrize(
    ("digests", "sizes"),
    [([], []), ([b"d" * 32], [1, 2]), ([b"short"], [1]), ([b"d" * 32], [-1]), ([b"d" * 32] * 65_537, [0] * 65_537)],
)
def test_what_cannot_be_a_pack(digests: list[bytes], sizes: list[int]) -> None:
    with pytest.raises(FormatError):
        pack.encode_trailer(digests, sizes)
