"""Small pictures of media, for people who look at many: thumbnails, first frames, peaks of sounds, masks as pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wbtable.errors import FormatError, UsageError
from wbtable.media import limits, pillow
from wbtable.media.audio import Audio
from wbtable.media.containers import sniff_container
from wbtable.media.video_codec import first_frame

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

_DECODED_TYPES = ("video/",)


class Peaks(NamedTuple):
    """The envelope of a sound.

    Attributes:
        least: the least sample of each part, -1 to 1.
        greatest: the greatest.
        duration: seconds.
        sample_rate: frames per second.
        channels: channels; the envelope is over all.

    """

    least: list[float]
    greatest: list[float]
    duration: float
    sample_rate: int
    channels: int


def thumbnail(data: bytes, side: int) -> bytes:
    """Return an image, or a video's first frame, as a WebP that is `side` pixels at the longest; never enlarged.

    Raises:
        FormatError: it cannot be decoded, or is over a limit.
        MissingExtraError: it is a video, and PyAV is not installed.

    """
    image = _picture(data)
    image.thumbnail((side, side), reducing_gap=3.0)
    return _saved(image, "WEBP", quality=82, method=2)


def _picture(data: bytes) -> PillowImage:
    limits.check_bytes(len(data))
    container = sniff_container(io.BytesIO(data))
    if container is not None and container.content_type.startswith(_DECODED_TYPES):
        from PIL import Image

        frame = first_frame(data)
        limits.check_pixels(frame.shape[1], frame.shape[0])
        return Image.fromarray(frame)
    found = pillow.decode(data)
    if found.mode in {"I", "I;16", "I;16B", "I;16L", "F"}:
        return _stretched(found)
    if found.mode not in {"RGB", "RGBA"}:
        has_alpha = found.mode in {"LA", "PA"} or "transparency" in found.info
        found = found.convert("RGBA" if has_alpha else "RGB")
    return found


def _stretched(image: PillowImage) -> PillowImage:
    """Show deep greys from their darkest to their lightest pixel."""
    from PIL import Image

    values = np.asarray(image).astype(np.float64)
    finite = values[np.isfinite(values)]
    least, greatest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    scaled = (np.nan_to_num(values) - least) * (255.0 / (greatest - least) if greatest > least else 0.0)
    return Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8)).convert("RGB")


def _saved(image: PillowImage, form: str, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, form, **options)
    return sink.getvalue()


def mask_pixels(data: bytes, side: int | None = None) -> bytes:
    """Return a mask as a PNG whose pixels browsers give exactly: red + 256 times green is the class id.

    Args:
        data: the mask as it is stored.
        side: the most pixels of a side; a larger mask is thinned, so that no class comes up that is not in it.

    Raises:
        FormatError: it cannot be decoded, or is no mask.

    """
    from PIL import Image

    ids: Any = pillow.to_ids(data)
    if ids.dtype.kind not in "ui" or int(ids.max()) > 0xFFFF:
        raise FormatError(f"expected a mask of class ids of 0..65535, found an array of {ids.dtype}")
    if side is not None:
        ids = ids[_thinned(ids.shape[0], max(ids.shape), side)][:, _thinned(ids.shape[1], max(ids.shape), side)]
    pixels = np.zeros((*ids.shape, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = ids & 0xFF, ids >> 8
    return _saved(Image.fromarray(pixels), "PNG", compress_level=3)


def _thinned(size: int, longest: int, side: int) -> Any:
    """Return which rows, or columns, of a mask are kept: the middle one of each part."""
    kept = max(1, round(size * min(1.0, side / longest)))
    return ((np.arange(kept) + 0.5) * (size / kept)).astype(np.int64)


def peaks(data: bytes, points: int) -> Peaks:
    """Return the envelope of a sound in at most `points` parts.

    Raises:
        FormatError: it cannot be decoded, or is over a limit.

    """
    try:
        sound = Audio(data)
        samples = sound.to_numpy()
    except UsageError as error:  # what it calls an argument is a stored blob here
        raise FormatError(str(error)) from None
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    least = samples if samples.ndim == 1 else samples.min(axis=1)
    greatest = samples if samples.ndim == 1 else samples.max(axis=1)
    rate = sound.sample_rate or 1
    duration = len(samples) / rate
    if not len(samples):
        return Peaks([], [], duration, rate, channels)
    starts = np.unique(np.linspace(0, len(samples), min(points, len(samples)), endpoint=False).astype(np.int64))
    low, high = np.minimum.reduceat(least, starts), np.maximum.reduceat(greatest, starts)
    return Peaks(_rounded(low), _rounded(high), duration, rate, channels)


def _rounded(values: Any) -> list[float]:
    return [float(value) for value in np.round(np.clip(np.nan_to_num(values), -1.0, 1.0), 4)]
