"""Size and format of an image from its header alone: no decoder, a few microseconds (MEDIA-5).

Every offset is checked against the length, every loop ends, and nothing larger than a text chunk's limit is
decompressed: the bytes may be hostile.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from wbtable.errors import FormatError, UsageError
from wbtable.media import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    Buffer = bytes | memoryview
    Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
    Ints = np.ndarray[tuple[int], np.dtype[np.int64]]

_MAX_SEGMENTS = 4096
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_COMPRESSED_CHUNKS = {b"zTXt", b"iTXt", b"iCCP"}
_be16x2 = struct.Struct(">HH").unpack_from
_be16 = struct.Struct(">H").unpack_from
_be32x2 = struct.Struct(">II").unpack_from
_be32 = struct.Struct(">I").unpack_from
_le16x2 = struct.Struct("<HH").unpack_from
_le32 = struct.Struct("<I").unpack_from
_le32x2 = struct.Struct("<ii").unpack_from


class ImageHeader(NamedTuple):
    """What the header of an image says.

    Attributes:
        width: pixels across, as stored: a rotation in EXIF is not applied.
        height: pixels down.
        content_type: the media type.
        complete: whether the bytes reach the format's end mark; if not, only decoding can tell.

    """

    width: int
    height: int
    content_type: str
    complete: bool


def sniff_image(data: Buffer) -> ImageHeader | None:
    """Read the header of a JPEG, PNG, GIF, WebP or BMP; None if the bytes begin like none of them.

    Raises:
        FormatError: they begin like one, but the header is cut, impossible or hostile.

    """
    return _sniff(data, 0, len(data))


def _sniff(data: Buffer, start: int, end: int) -> ImageHeader | None:
    magic = bytes(data[start : min(end, start + 4)])
    reader = _READERS.get(magic[:2])
    if reader is None or not magic.startswith(reader[0]):
        return None
    try:
        header = reader[1](data, start, end)
    except struct.error:
        raise FormatError(f"the {reader[2]} is truncated inside its header") from None
    if header is not None and (header.width < 1 or header.height < 1):
        raise FormatError(f"expected an image of at least 1 x 1 pixels, found {header.width} x {header.height}")
    return header


def _need(position: int, size: int, end: int) -> None:
    """Keep a read inside its own value: in an array of values, more bytes follow the last one."""
    if position + size > end:
        raise struct.error


def _jpeg(data: Buffer, start: int, end: int) -> ImageHeader:
    at = start + 2
    for _ in range(_MAX_SEGMENTS):
        _need(at, 4, end)
        if data[at] != 0xFF:
            raise FormatError(f"expected a JPEG marker at byte {at - start}, found {data[at]:#04x}")
        marker = data[at + 1]
        if marker == 0xFF:  # A fill byte.
            at += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        (length,) = _be16(data, at + 2)
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            _need(at, 9, end)
            height, width = _be16x2(data, at + 5)
            return ImageHeader(width, height, "image/jpeg", _jpeg_ends(data, at + 9, end))
        if length < 2 or marker in {0x00, 0xD8, 0xD9, 0xDA}:
            raise FormatError(f"expected a JPEG frame header, found marker {marker:#04x} of length {length}")
        at += 2 + length
    raise FormatError(f"expected a JPEG frame header within {_MAX_SEGMENTS:,} segments")


def _markers(*codes: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    table = np.zeros(256, np.bool_)
    table[list(codes)] = True
    return table


_FRAMES = _markers(*(code for code in range(0xC0, 0xD0) if code not in {0xC4, 0xC8, 0xCC}))
_SKIPPED = _markers(*range(0xE0, 0xF0), 0xC4, 0xDB, 0xDD, 0xFE)
_FRAME_BYTES = 9
_END_BYTES = 2


def _plain_jpegs(data: Bytes, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """Return widths and heights of those values that are whole JPEGs of ordinary segments; 0 sends one the long way.

    All are walked together, a segment at a time: cameras and libraries write few different headers, so there are few
    steps, and each costs little more for a thousand images than for one.
    """
    width, height = np.zeros(starts.size, np.int64), np.zeros(starts.size, np.int64)
    last = ends - _FRAME_BYTES - _END_BYTES
    rows = np.flatnonzero(last >= starts)
    for where, byte in ((starts, 0xFF), (starts + 1, 0xD8), (ends - 2, 0xFF), (ends - 1, 0xD9)):
        rows = rows[data[where[rows]] == byte]
    at = starts[rows] + 2
    for _ in range(64):
        inside = np.flatnonzero(at <= last[rows])
        rows, at = rows[inside], at[inside]
        marker = data[at + 1]
        begins = data[at] == 0xFF
        frames = np.flatnonzero(begins & _FRAMES[marker])
        for side, byte in ((height, 5), (width, 7)):
            side[rows[frames]] = _be16_at(data, at[frames] + byte)
        segments = np.flatnonzero(begins & _SKIPPED[marker])
        rows, at = rows[segments], at[segments]
        if not rows.size:
            break
        at = at + 2 + _be16_at(data, at + 2)
    # Up to this many pixels no limit can be set that low by accident; larger ones are checked.
    unsure = (width * height == 0) | (width * height > limits.MAX_PIXELS)
    width[unsure] = height[unsure] = 0
    return width, height


def _be16_at(data: Bytes, at: Ints) -> Ints:
    return data[at].astype(np.int64) << 8 | data[at + 1]


def _jpeg_ends(data: Buffer, at: int, end: int) -> bool:
    # Entropy-coded data never holds FF D9, so one after the frame header is the end of the image. It is nearly
    # always at the very end; cameras append more.
    if end - at >= 2 and data[end - 2] == 0xFF and data[end - 1] == 0xD9:
        return True
    return bytes(data[at:end]).rfind(b"\xff\xd9") >= 0


def _png(data: Buffer, start: int, end: int) -> ImageHeader | None:
    if bytes(data[start : min(start + 8, end)]) != b"\x89PNG\r\n\x1a\n":
        return None
    _need(start, 33, end)
    if bytes(data[start + 8 : start + 16]) != b"\x00\x00\x00\rIHDR":
        raise FormatError("expected an IHDR chunk at the start of the PNG")
    width, height = _be32x2(data, start + 16)
    if width > 0x7FFFFFFF or height > 0x7FFFFFFF:
        raise FormatError(f"expected PNG sides below 2^31, found {width:,} x {height:,}")
    return ImageHeader(width, height, "image/png", _png_ends(data, start + 33, end))


def _png_ends(data: Buffer, at: int, end: int) -> bool:
    pixels = False
    while at + 12 <= end:
        (length,) = _be32(data, at)
        name = bytes(data[at + 4 : at + 8])
        if name == b"IEND":
            return pixels
        if at + 12 + length > end:
            return False
        if name == b"IDAT":
            pixels = True
        elif name in _COMPRESSED_CHUNKS:
            _check_text(name.decode(), bytes(data[at + 8 : at + 8 + length]))
        at += 12 + length
    return False


def _check_text(name: str, chunk: bytes) -> None:
    """Refuse a text or profile chunk that unpacks to more than the limit, without unpacking more than that."""
    limit = limits.MAX_TEXT_BYTES
    at = chunk.find(b"\0") + 1
    if at == 0:
        return
    if name == "iTXt":  # Keyword, compressed?, method, language, translated keyword, text.
        compressed = chunk[at : at + 1] == b"\1"
        at = chunk.find(b"\0", chunk.find(b"\0", at + 2) + 1) + 1
        if not compressed or at == 0:
            return
    else:
        at += 1
    try:
        size = len(zlib.decompressobj().decompress(chunk[at:], limit + 1))
    except zlib.error:
        return  # Damaged, which costs nothing: the decoder passes over it or says so.
    if size > limit:
        raise FormatError(f"expected a {name} chunk of at most {limit:,} bytes, found more once it is decompressed")


def _gif(data: Buffer, start: int, end: int) -> ImageHeader | None:
    if bytes(data[start : min(start + 6, end)]) not in {b"GIF87a", b"GIF89a"}:
        return None
    _need(start, 13, end)
    width, height = _le16x2(data, start + 6)
    return ImageHeader(width, height, "image/gif", data[end - 1] == 0x3B)


def _webp(data: Buffer, start: int, end: int) -> ImageHeader | None:
    if bytes(data[start + 8 : min(start + 12, end)]) != b"WEBP":
        return None
    _need(start, 30, end)
    (declared,) = _le32(data, start + 4)
    if start + 8 + declared > end:
        raise FormatError(f"the WebP is truncated: expected {declared + 8:,} bytes, found {end - start:,}")
    form = bytes(data[start + 12 : start + 16])
    if form == b"VP8 " and bytes(data[start + 23 : start + 26]) == b"\x9d\x01\x2a":
        width, height = _le16x2(data, start + 26)
        return ImageHeader(width & 0x3FFF, height & 0x3FFF, "image/webp", True)
    if form == b"VP8L" and data[start + 20] == 0x2F:
        (bits,) = _le32(data, start + 21)
        return ImageHeader((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, "image/webp", True)
    if form == b"VP8X":
        sides = bytes(data[start + 24 : start + 30])
        width, height = int.from_bytes(sides[:3], "little") + 1, int.from_bytes(sides[3:], "little") + 1
        return ImageHeader(width, height, "image/webp", True)
    raise FormatError(f"expected a VP8, VP8L or VP8X chunk at the start of the WebP, found {form!r}")


def _bmp(data: Buffer, start: int, end: int) -> ImageHeader | None:
    _need(start, 30, end)
    (offset,) = _le32(data, start + 10)
    (header,) = _le32(data, start + 14)
    if header == 12:
        width, height = _le16x2(data, start + 18)
        (bits,) = struct.unpack_from("<H", data, start + 24)
        compression = 0
    elif 40 <= header <= 124:
        _need(start, 34, end)
        width, height = _le32x2(data, start + 18)
        height = abs(height)  # Rows may run from the top.
        (bits,) = struct.unpack_from("<H", data, start + 28)
        (compression,) = _le32(data, start + 30)
    else:
        return None
    needed = offset + (width * bits + 31) // 32 * 4 * height
    return ImageHeader(width, height, "image/bmp", compression == 0 and 14 + header <= offset and needed <= end - start)


_READERS: dict[bytes, tuple[bytes, Callable[[Buffer, int, int], ImageHeader | None], str]] = {
    b"\xff\xd8": (b"\xff\xd8\xff", _jpeg, "JPEG"),
    b"\x89P": (b"\x89PNG", _png, "PNG"),
    b"GI": (b"GIF8", _gif, "GIF"),
    b"RI": (b"RIFF", _webp, "WebP"),
    b"BM": (b"BM", _bmp, "BMP"),
}

FACTS_TYPE = pa.struct([("content_type", pa.string()), ("width", pa.int32()), ("height", pa.int32())])


def sniff_images(
    array: pa.Array,
    slow: Callable[[bytes], ImageHeader],
    place: Callable[[int], str] = "row {}".format,
) -> pa.StructArray:
    """Read the headers of many encoded images; rows as in `array`, null where it is null.

    Args:
        array: binary or large binary.
        slow: decodes what the header cannot settle: other formats, and bytes without their end mark.
        place: names a row for messages.

    Raises:
        UsageError: a value is not an image, is damaged, or is over a limit; the message names its row.

    """
    size = len(array)
    ends, data = _buffers(array)
    valid = np.asarray(array.is_valid())
    width, height = _plain_jpegs(np.frombuffer(data, np.uint8), ends[:-1], ends[1:])
    types: list[str | None] = ["image/jpeg"] * size
    for i in np.flatnonzero((width == 0) & valid).tolist():
        start, end = int(ends[i]), int(ends[i + 1])
        try:
            found = _sniff(data, start, end)
            if found is None or not found.complete:
                found = slow(bytes(data[start:end]))
            limits.check_pixels(found.width, found.height)
        except (FormatError, UsageError) as error:
            raise UsageError(str(error), place=place(i)) from error
        width[i], height[i], types[i], _ = found
    children = [pa.array(types, pa.string()), pa.array(width.astype(np.int32)), pa.array(height.astype(np.int32))]
    mask = None if valid.all() else pa.array(~valid)
    return pa.StructArray.from_arrays(children, fields=list(FACTS_TYPE), mask=mask)


def _buffers(array: pa.Array) -> tuple[Ints, memoryview]:
    """Return the ends of the values, the first's start before them, and all their bytes."""
    wide = pa.types.is_large_binary(array.type)
    if not wide and not pa.types.is_binary(array.type):
        array, wide = array.cast(pa.large_binary()), True
    _, raw, data = array.buffers()
    if raw is None or len(array) == 0:
        return np.zeros(1, np.int64), memoryview(b"")
    found = np.frombuffer(raw, np.int64 if wide else np.int32)[array.offset : array.offset + len(array) + 1]
    return found.astype(np.int64), memoryview(data if data is not None else b"").cast("B")
