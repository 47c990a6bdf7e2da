"""How long an MP3 is: a walk over its frame headers (ISO 11172-3 and 13818-3, layer III; MEDIA-10).

Without a Xing header the length that decoders tell is a guess from the first bit rate, far off where the rate varies.
"""

from __future__ import annotations

from typing import BinaryIO

_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
MAX_FRAME = 1152
"""Samples of a channel in the longest frame."""


def mp3_samples(stream: BinaryIO, size: int) -> int | None:
    """Return the samples of a channel in all frames, those of a Xing header too; None if there is more than frames."""
    at, samples = _first(stream), 0
    while at + 4 <= size:
        stream.seek(at)
        head = stream.read(4)
        found = _frame(head)
        if found is None:
            return samples if samples and (head[:3] == b"TAG" or head[:4] == b"APET") else None
        length, count = found
        samples += count
        at += length
    return samples or None


def _first(stream: BinaryIO) -> int:
    """Return where frames begin: behind an ID3 tag, whose length has seven bits a byte."""
    stream.seek(0)
    head = stream.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    length = 0
    for byte in head[6:]:
        length = length << 7 | byte & 0x7F
    return 10 + length


def _frame(head: bytes) -> tuple[int, int] | None:
    """Return bytes and samples of a frame."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bits in {0, 15} or rate == 3:
        return None
    kbits = (_KBITS_1 if version == 3 else _KBITS_2)[bits]
    samples = 1152 if version == 3 else 576
    return samples // 8 * kbits * 1000 // _RATES[version][rate] + (head[2] >> 1 & 1), samples
