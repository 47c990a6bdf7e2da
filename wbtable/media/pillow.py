"""Pillow, imported when first needed, and only for the formats on the allow-list (MEDIA-6)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from wbtable.errors import FormatError, UsageError
from wbtable.media import limits
from wbtable.media.pixels import to_pixels
from wbtable.media.sniff import ImageHeader, sniff_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage

_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
    "image/x-portable-pixmap": "PPM",
}
_TYPES = {name: content_type for content_type, name in _FORMATS.items()} | {"MPO": "image/jpeg"}
READABLE = "PNG, JPEG, GIF, WebP, BMP, TIFF or PPM"
# Level 3 writes several times as fast as the default, for a few per cent more bytes.
_OPTIONS: dict[str, dict[str, Any]] = {
    "PNG": {"compress_level": 3},
    "JPEG": {"quality": 90},
    "WEBP": {"lossless": True},
}
FILE_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "bmp": "image/bmp", "webp": "image/webp"}


def _formats(data: bytes) -> list[str]:
    """Return the one decoder that may see these bytes."""
    header = sniff_image(data)
    if header is not None:
        limits.check_pixels(header.width, header.height)
        return [_FORMATS[header.content_type]]
    if data[:4] in {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}:
        return ["TIFF"]
    if data[:1] == b"P" and data[1:2] in b"123456f" and data[2:3].isspace():
        return ["PPM"]
    raise FormatError(f"expected an image in {READABLE}, found bytes that begin with {data[:8]!r}")


def _open(data: bytes) -> PillowImage:
    from PIL import Image, TiffImagePlugin, WebPImagePlugin  # noqa: F401  (the last two enter themselves as decoders)

    found = Image.open(io.BytesIO(data), formats=_formats(data))
    # The decoder's own idea of the size counts: it is what it allocates.
    limits.check_pixels(found.width, found.height)
    return found


def _guard(error: Exception) -> FormatError:
    if isinstance(error, FormatError):
        return error
    return FormatError(f"the image is damaged: {str(error) or type(error).__name__:.200}")


def decode(data: bytes) -> PillowImage:
    """Decode an image, the first frame of an animation.

    Raises:
        FormatError: it is in no format of the allow-list, damaged, or over a limit.

    """
    limits.check_bytes(len(data))
    try:
        with _open(data) as image:
            image.load()
            return image
    except Exception as error:
        raise _guard(error) from error


def frames(data: bytes) -> Iterator[PillowImage]:
    """Decode all frames of an animation, one at a time, as RGB.

    Raises:
        FormatError: as :func:`decode`.

    """
    limits.check_bytes(len(data))
    try:
        with _open(data) as image:
            for i in range(getattr(image, "n_frames", 1)):
                image.seek(i)
                yield image.convert("RGB")
    except Exception as error:
        raise _guard(error) from error


def header_by_decoding(data: bytes) -> ImageHeader:
    """Return the header of an image that the sniffer cannot settle, having decoded all of it.

    Raises:
        FormatError: as :func:`decode`.

    """
    image = decode(data)
    return ImageHeader(image.width, image.height, _TYPES[image.format or ""], complete=True)


def header_of(data: bytes) -> ImageHeader:
    """Return the header of an encoded image, checked as far as MEDIA-5 asks.

    Raises:
        FormatError: the bytes are no image of the allow-list, damaged, or over a limit.

    """
    found = sniff_image(data)
    if found is None or not found.complete:
        return header_by_decoding(data)
    limits.check_pixels(found.width, found.height)
    return found


def is_grey(data: bytes) -> bool:
    """Whether an encoded image has one whole number for each pixel: greys, or the numbers of a palette.

    Raises:
        FormatError: as :func:`decode`.

    """
    try:
        with _open(data) as image:
            return image.mode in {"1", "L", "P", "I"} or image.mode.startswith("I;16")
    except Exception as error:
        raise _guard(error) from error


def to_array(image: PillowImage) -> NDArray[np.generic]:
    """Return pixels as H x W or H x W x C: uint8, or uint16, int32 or float32 for such greyscale images."""
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "PA":
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode in {"CMYK", "YCbCr", "HSV", "LAB"}:
        image = image.convert("RGB")
    array = np.array(image)
    return array.astype(array.dtype.newbyteorder("=")) if not array.dtype.isnative else array


_PNG_DEPTH = 24
"""Where a PNG says how many bits a sample has."""


def to_ids(data: bytes) -> NDArray[np.generic]:
    """Decode a mask to its class ids, H x W: the samples as they are stored, or the numbers of a palette (MEDIA-9).

    Raises:
        FormatError: as :func:`decode`, or it has colours.

    """
    image = decode(data)
    array = np.array(image, np.uint8) if image.mode in {"P", "1"} else to_array(image)
    if array.ndim != 2:
        raise FormatError(f"expected a greyscale image as mask, found mode {image.mode!r}")
    if image.format == "PNG" and image.mode == "L" and data[_PNG_DEPTH] in {2, 4}:
        array = array // (255 // (2 ** data[_PNG_DEPTH] - 1))  # Pillow stretches these to 0..255.
    return array


_CONVERTED = dict.fromkeys(("CMYK", "YCbCr", "HSV", "LAB", "RGBX"), "RGB") | {"PA": "RGBA", "RGBa": "RGBA", "La": "LA"}


def _writable(image: PillowImage, file_type: str) -> PillowImage:
    """Return the same pixels in a mode that files have."""
    if image.mode == "I":
        from PIL import Image

        return Image.fromarray(to_pixels(np.asarray(image)))
    if image.mode == "P" and file_type in {"jpg", "jpeg"} and "transparency" not in image.info:
        return image.convert("RGB")
    wanted = _CONVERTED.get(image.mode)
    return image if wanted is None else image.convert(wanted)


def encode(image: PillowImage, file_type: str) -> bytes:
    """Encode pixels; the same pixels give the same bytes with one version of Pillow.

    Raises:
        UsageError: the format cannot hold such pixels.

    """
    image = _writable(image, file_type)
    if image.mode == "F":
        raise UsageError("expected an image of whole numbers, found mode 'F': scale it to 0..255, or give the array")
    name = _FORMATS[FILE_TYPES[file_type]]
    if image.mode.startswith("I;16") and name != "PNG":  # Pillow cuts them to 255 for WebP
        raise UsageError(f"an image of mode {image.mode!r} has up to 65,536 greys, which {name} lacks: write it as PNG")
    options = _OPTIONS.get(name, {})
    sink = io.BytesIO()
    try:
        image.save(sink, name, **options)
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(f"an image of mode {image.mode!r} cannot be written as {name}: {error}") from error
    return sink.getvalue()
