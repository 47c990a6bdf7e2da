"""Small pictures of stored images, for notebooks and terminals; what cannot be decoded safely has none."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from wbtable.errors import FormatError
from wbtable.media import pillow
from wbtable.media.sniff import sniff_image

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage

    from wbtable.media.image import Image

MAX_BYTES: Final = 64 << 20
"""Encoded images beyond this are not read for a thumbnail."""
_AS_THEY_ARE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_SMALL: Final = 8 << 10


def data_uri(image: Image, edge: int) -> str:
    """Return an image as a ``data:`` URI, at most `edge` pixels wide and high; small ones as they are stored.

    Raises:
        FormatError: it is damaged, or over a limit.

    """
    data = _bytes(image)
    header = sniff_image(data)
    if (
        header is not None
        and len(data) <= _SMALL
        and max(header.width, header.height) <= edge
        and header.content_type in _AS_THEY_ARE
    ):
        pillow.decode(data)  # a browser shows damaged ones as nothing
        return f"data:{header.content_type};base64,{base64.b64encode(data).decode()}"
    small = _shrunk(pillow.decode(data), edge, edge)
    sink = io.BytesIO()
    if "A" in small.getbands():
        small.save(sink, "PNG")
        return f"data:image/png;base64,{base64.b64encode(sink.getvalue()).decode()}"
    small.convert("RGB").save(sink, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(sink.getvalue()).decode()}"


def small_pixels(image: Image, width: int, height: int) -> NDArray[np.uint8]:
    """Return an image as H x W x 3 pixels that fit into `width` x `height`, on black where it is transparent.

    Raises:
        FormatError: it is damaged, or over a limit.

    """
    small = _shrunk(pillow.decode(_bytes(image)), width, height)
    if "A" in small.getbands():
        from PIL import Image as Pillow

        small = Pillow.alpha_composite(Pillow.new("RGBA", small.size, "black"), small.convert("RGBA"))
    return np.asarray(small.convert("RGB"), dtype=np.uint8)


def _bytes(image: Image) -> Any:
    if image.size > MAX_BYTES:
        raise FormatError(f"expected an image of at most {MAX_BYTES:,} bytes for a thumbnail, found {image.size:,}")
    return image.bytes


def _shrunk(image: PillowImage, width: int, height: int) -> PillowImage:
    if image.mode.startswith(("I", "F")):
        image = _stretched(image)
    elif image.mode == "P" or image.mode not in {"L", "LA", "RGB", "RGBA"}:
        image = image.convert("RGBA" if "transparency" in image.info or image.mode in {"PA", "La", "RGBa"} else "RGB")
    scale = min(width / image.width, height / image.height, 1.0)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, resample=2) if size != image.size else image  # 2: bilinear, over all pixels of an area


def _stretched(image: PillowImage) -> PillowImage:
    """Return an image of deep grey values with its least value black and its greatest white."""
    from PIL import Image as Pillow

    values = np.asarray(image, dtype=np.float64)
    finite = values[np.isfinite(values)]
    least, greatest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    scaled = np.nan_to_num(
        (values - least) * (255 / (greatest - least) if greatest > least else 0), posinf=255, neginf=0
    )
    return Pillow.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))
