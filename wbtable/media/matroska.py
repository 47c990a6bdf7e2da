"""What a Matroska or WebM file says of itself (RFC 8794, RFC 9559; MEDIA-11)."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, BinaryIO

from wbtable.errors import FormatError
from wbtable.media.container import Container

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_ELEMENTS = 1 << 20
_UNKNOWN = -1
# Elements that hold others, which the walk enters instead of passing over; unknown lengths thereby need no care.
_ENTER = {
    0x1A45DFA3,  # EBML
    0x18538067,  # Segment
    0x1549A966,  # Info
    0x1654AE6B,  # Tracks
    0xAE,  # TrackEntry
    0xE0,  # Video
    0xE1,  # Audio
    0x1F43B675,  # Cluster
    0xA0,  # BlockGroup
}
_NUMBER, _TYPE, _WIDTH, _HEIGHT, _SPAN = 0xD7, 0x83, 0xB0, 0xBA, 0x23E383
_RATE, _CHANNELS, _SCALE, _DURATION, _DOC = 0xB5, 0x9F, 0x2AD7B1, 0x4489, 0x4282
_READ = {_NUMBER, _TYPE, _WIDTH, _HEIGHT, _SPAN, _RATE, _CHANNELS, _SCALE, _DURATION, _DOC}
_BLOCKS = {0xA3, 0xA1}


def read_matroska(stream: BinaryIO, size: int) -> Container:
    """Return what the file says; frames are the blocks of its first video track.

    Raises:
        FormatError: it is truncated or impossible.

    """
    facts: dict[int, bytes] = {}
    tracks: list[dict[int, bytes]] = []
    blocks: dict[int, int] = {}
    whole = True
    for count, (name, body) in enumerate(_elements(stream, size)):
        if count >= _MAX_ELEMENTS:
            whole = False  # A very long film: its header says enough.
            break
        if name == 0xAE:
            tracks.append({})
        elif name in _BLOCKS:
            track = _vint(body)
            blocks[track] = blocks.get(track, 0) + 1
        elif tracks and name not in {_SCALE, _DURATION, _DOC}:
            tracks[-1].setdefault(name, body)
        else:
            facts.setdefault(name, body)
    video = next((t for t in tracks if t.get(_TYPE) == b"\1"), None)
    sound = next((t for t in tracks if t.get(_TYPE) == b"\2"), None)
    if not tracks:
        raise FormatError("the video is truncated: it has no tracks")
    span = _uint(video.get(_SPAN)) if video else None
    ticks = _float(facts.get(_DURATION))
    sample_rate = _float(sound.get(_RATE)) if sound else None
    return Container(
        content_type="video/webm" if facts.get(_DOC, b"").rstrip(b"\0") == b"webm" else "video/x-matroska",
        width=_uint(video.get(_WIDTH)) if video else None,
        height=_uint(video.get(_HEIGHT)) if video else None,
        frames=blocks.get(_uint(video.get(_NUMBER)) or 0) if video and whole else None,
        duration=ticks * (_uint(facts.get(_SCALE)) or 1_000_000) / 1e9 if ticks else None,
        rate=1e9 / span if span else None,
        sample_rate=int(sample_rate) if sample_rate is not None and 1 <= sample_rate < 2**31 else None,
        channels=_uint(sound.get(_CHANNELS)) if sound else None,
    )


def _elements(stream: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    """Yield each element entered, with nothing, each number or name read, and each block with its first bytes."""
    at = 0
    while at < size:
        stream.seek(at)
        head = stream.read(12)
        name, used = _id(head)
        length, more = _length(head, used)
        at += used + more
        entered = name in _ENTER
        if at + length > size or (length == _UNKNOWN and not entered):
            raise FormatError(f"the video is truncated: element {name:#x} ends behind the file")
        if entered:
            yield name, b""
            continue
        if name in _READ or name in _BLOCKS:
            stream.seek(at)
            yield name, stream.read(min(length, 16))
        at += length


def _id(head: bytes) -> tuple[int, int]:
    width = 9 - head[0].bit_length()
    if not 1 <= width <= 4 or len(head) < width:
        raise FormatError(f"expected an element of Matroska, found {head[:4]!r}")
    return int.from_bytes(head[:width], "big"), width


def _length(head: bytes, at: int) -> tuple[int, int]:
    width = 9 - head[at].bit_length()
    if not 1 <= width <= 8 or len(head) < at + width:
        raise FormatError(f"expected the length of an element of Matroska, found {head[at:]!r}")
    value = int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)
    return (_UNKNOWN if value == (1 << 7 * width) - 1 else value), width


def _vint(body: bytes) -> int:
    value, _ = _length(body, 0)
    return value


def _uint(body: bytes | None) -> int | None:
    """Return a number that fits 31 bits, None of any other: no fact is greater."""
    value = int.from_bytes(body or b"", "big")
    return value if 0 < value < 2**31 else None


def _float(body: bytes | None) -> float | None:
    if body is None or len(body) not in {4, 8}:
        return None
    (value,) = struct.unpack(">f" if len(body) == 4 else ">d", body)
    return float(value) if math.isfinite(value) and value > 0 else None
