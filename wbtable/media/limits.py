"""What one media value may cost to keep or to decode (spec: 09-media, MEDIA-12).

These are module variables: assign to them to allow more (``wbtable.media.limits.MAX_PIXELS = 2**30``).
They are read at each use, so that a change takes effect at once.
"""

from __future__ import annotations

from wbtable.errors import FormatError

MAX_BYTES: int = 2**31
"""The encoded bytes of one value, on writing and on reading."""

MAX_PIXELS: int = 2**27
"""The width times height of an image or of one frame of a video."""

MAX_DECODED_BYTES: int = 2**30
"""The bytes that one decoded value may take: the samples of a sound, the frames of a video."""

MAX_TEXT_BYTES: int = 2**20
"""The decompressed bytes of one text or colour profile chunk of a PNG: Pillow refuses more."""


def check_bytes(size: int) -> None:
    """Refuse an encoded value that is too large.

    Raises:
        FormatError: `size` is over :data:`MAX_BYTES`.

    """
    if size > MAX_BYTES:
        msg = f"expected at most {MAX_BYTES:,} bytes (wbtable.media.limits.MAX_BYTES), found {size:,}"
        raise FormatError(msg)


def check_pixels(width: int, height: int) -> None:
    """Refuse an image that has no pixels, or so many that decoding it could exhaust memory.

    Raises:
        FormatError: a side is not positive, or the area is over :data:`MAX_PIXELS`.

    """
    if width < 1 or height < 1:
        msg = f"expected an image of at least 1 x 1 pixels, found {width} x {height}"
        raise FormatError(msg)
    if width * height > MAX_PIXELS:
        msg = f"expected at most {MAX_PIXELS:,} pixels (wbtable.media.limits.MAX_PIXELS), found {width:,} x {height:,}"
        raise FormatError(msg)


def check_decoded(size: int, what: str) -> None:
    """Refuse to decode what would take too much memory.

    Raises:
        FormatError: `size` is over :data:`MAX_DECODED_BYTES`.

    """
    if size > MAX_DECODED_BYTES:
        limit = f"{MAX_DECODED_BYTES:,} bytes (wbtable.media.limits.MAX_DECODED_BYTES)"
        msg = f"expected {what} that decodes to at most {limit}, found {size:,}"
        raise FormatError(msg)
