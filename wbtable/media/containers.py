"""What the containers of moving images say of themselves, without a decoder (MEDIA-11).

Bounded readers of MP4 and QuickTime (ISO 14496-12), Matroska and WebM (RFC 9559), GIF (GIF89a) and Ogg Theora. They
seek over the pictures and read only headers; sizes come from hostile files and are checked before they are used.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from wbtable.errors import FormatError
from wbtable.media.container import Container
from wbtable.media.matroska import read_matroska

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_MOOV = 64 << 20
_MAX_BOXES = 1 << 20
_TOP = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp"}


def sniff_container(stream: BinaryIO) -> Container | None:
    """Read what a container says of itself; None if the bytes begin like none that is known.

    Raises:
        FormatError: they begin like one, but it is truncated or impossible.

    """
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    magic = stream.read(16)
    try:
        if magic[4:8] in _TOP:
            return _mp4(stream, size, magic)
        if magic[:4] == b"\x1a\x45\xdf\xa3":
            return read_matroska(stream, size)
        if magic[:6] in {b"GIF87a", b"GIF89a"}:
            return _gif(stream)
        if magic[:4] == b"OggS":
            return _ogg(stream)
    except (struct.error, IndexError, ValueError, OverflowError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError("the video is truncated inside a header") from error
    return None


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise FormatError("the video is truncated")
    return data


# MP4 ----------------------------------------------------------------------------------------------------


def _mp4(stream: BinaryIO, size: int, magic: bytes) -> Container:
    kind = "video/quicktime" if magic[4:8] != b"ftyp" or magic[8:12] == b"qt  " else "video/mp4"
    at, moov = 0, None
    for _ in range(_MAX_BOXES):
        if at >= size:
            break
        stream.seek(at)
        head = stream.read(16)
        length, name = struct.unpack_from(">I4s", head)
        start = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, 8)
            start = 16
        elif length == 0:
            length = size - at
        if length < start or at + length > size:
            raise FormatError(f"the video is truncated: box {name!r} of {length:,} bytes ends behind the file")
        if name == b"moov":
            if length > _MAX_MOOV:
                raise FormatError(f"expected a moov box of at most {_MAX_MOOV:,} bytes, found {length:,}")
            stream.seek(at + start)
            moov = _exactly(stream, length - start)
        at += length
    if moov is None:
        raise FormatError("the video is truncated: it has no moov box")
    return _movie(moov, kind)


def _boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = 0
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        start = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            start = 16
        elif length == 0:
            length = len(data) - at
        if length < start or at + length > len(data):
            raise FormatError(f"the video is damaged: box {name!r} of {length:,} bytes ends behind its parent")
        yield name, data[at + start : at + length]
        at += length


def _find(data: memoryview, *names: bytes) -> memoryview | None:
    for wanted in names:
        data_found = next((body for name, body in _boxes(data) if name == wanted), None)
        if data_found is None:
            return None
        data = data_found
    return data


def _movie(moov: bytes, kind: str) -> Container:
    video: dict[str, float | None] = {}
    sound: dict[str, int | None] = {}
    longest: float | None = None
    for name, track in _boxes(memoryview(moov)):
        if name != b"trak":
            continue
        handler = _find(track, b"mdia", b"hdlr")
        entry = _find(track, b"mdia", b"minf", b"stbl", b"stsd")
        if handler is None or entry is None or len(entry) < 16:
            continue
        form, (frames, duration), body = bytes(handler[8:12]), _track_times(track), entry[16:]
        longest = max(duration or 0, longest or 0) or None
        if form == b"vide" and not video:
            width, height = struct.unpack_from(">HH", body, 24)
            video = {"width": width, "height": height, "duration": duration, "frames": frames}
        elif form == b"soun" and not sound:
            (channels,), (rate,) = struct.unpack_from(">H", body, 16), struct.unpack_from(">I", body, 24)
            sound = {"channels": channels or None, "sample_rate": (rate >> 16) or None}
    return Container(
        content_type=kind,
        **{k: int(video.get(k) or 0) or None for k in ("width", "height", "frames")},
        duration=video.get("duration") if video else longest,
        **sound,
    )


def _track_times(track: memoryview) -> tuple[int | None, float | None]:
    """Return frames and seconds of a track."""
    header, times = _find(track, b"mdia", b"mdhd"), _find(track, b"mdia", b"minf", b"stbl", b"stts")
    if header is None:
        return None, None
    wide = header[0] == 1
    scale, ticks = struct.unpack_from(">IQ" if wide else ">II", header, 20 if wide else 12)
    known = 0 < ticks < (2**64 - 1 if wide else 2**32 - 1)
    frames = 0
    if times is not None:
        (count,) = struct.unpack_from(">I", times, 4)
        if 8 + 8 * count > len(times):
            raise FormatError(f"the video is damaged: {count:,} entries of its stts box end behind it")
        runs = np.frombuffer(times, ">u4", 2 * count, 8).reshape(-1, 2).astype(np.float64)
        # The header's duration also counts a delay before the first picture. Fragmented files have no entries
        # here: their frames stand in boxes further on.
        frames = int(runs[:, 0].sum())
        if frames:
            ticks, known = float((runs[:, 0] * runs[:, 1]).sum()), True
    return frames or None, (ticks / scale or None) if scale and known else None


# GIF ----------------------------------------------------------------------------------------------------


def _gif(stream: BinaryIO) -> Container:
    stream.seek(6)
    width, height, flags = struct.unpack("<HHB", _exactly(stream, 5))
    stream.seek(13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0))
    frames = hundredths = 0
    while True:
        mark = _exactly(stream, 1)
        if mark == b"\x3b":
            break
        if mark == b"\x21":
            label = _exactly(stream, 1)
            if label == b"\xf9":
                length, _, delay = struct.unpack("<BBH", _exactly(stream, 4))
                stream.seek(length - 3, io.SEEK_CUR)
                hundredths += delay
            _skip_blocks(stream)
        elif mark == b"\x2c":
            flags = _exactly(stream, 9)[8]
            stream.seek(1 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0), io.SEEK_CUR)
            _skip_blocks(stream)
            frames += 1
        else:
            raise FormatError(f"expected a GIF block, found {mark!r}")
    duration = hundredths / 100 or None
    return Container(content_type="image/gif", width=width, height=height, frames=frames, duration=duration)


def _skip_blocks(stream: BinaryIO) -> None:
    while length := _exactly(stream, 1)[0]:
        stream.seek(length, io.SEEK_CUR)


# Ogg ----------------------------------------------------------------------------------------------------


def _ogg(stream: BinaryIO) -> Container:
    stream.seek(0)
    page = stream.read(4096)
    at = page.find(b"\x80theora")
    if at < 0:
        raise FormatError("expected Theora in the Ogg file, found another codec")
    body = page[at + 7 :]
    width, height = int.from_bytes(body[7:10], "big"), int.from_bytes(body[10:13], "big")
    top, bottom = struct.unpack_from(">II", body, 15)
    rate = top / bottom if top and bottom else None
    return Container(content_type="video/ogg", width=width or None, height=height or None, rate=rate)
