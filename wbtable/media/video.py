"""Moving images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from wbtable.errors import FormatError, UsageError
from wbtable.format.types_media import VideoType
from wbtable.media import limits, video_codec
from wbtable.media.base import FileMedia
from wbtable.media.containers import sniff_container
from wbtable.media.payload import Payload, payload_of
from wbtable.media.pixels import array_of, to_uint8

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FORMATS = {"mp4": "video/mp4", "webm": "video/webm", "gif": "image/gif"}


class Video(FileMedia):
    """A video.

    A path, bytes or an open file (MP4, QuickTime, WebM, Matroska, GIF, Ogg Theora) are kept as they are. Frames become
    MP4 (H.264), WebM (VP9) or GIF; a batch of videos becomes one of tiles. MP4 and WebM need even sides: the last
    column or row is repeated where one is odd. GIF merges equal neighbours, keeping the time.

    Args:
        data_or_path: any of those; an array or tensor of T x C x H x W or B x T x C x H x W, C 1 or 3, with values as
            :func:`wbtable.media.pixels.to_uint8` takes them.
        caption: text beside the player.
        fps: frames per second of an array, 4 if not given; a file has its own.
        format: mp4 (default), webm or gif, for arrays.

    Raises:
        NotFoundError: the file does not exist.
        UsageError: the argument is none of those, or an option is impossible.

    """

    __slots__ = ("_format", "_frames", "_given_fps")

    kind: ClassVar[str] = "video"
    facts: ClassVar[tuple[str, ...]] = ("width", "height", "fps", "frames", "duration")

    def __init__(
        self,
        data_or_path: object,
        caption: str | None = None,
        fps: float | None = None,
        format: str | None = None,
    ) -> None:
        try:
            self._given_fps = 4.0 if fps is None else float(fps)
        except (TypeError, ValueError):
            self._given_fps = math.nan
        if not (math.isfinite(self._given_fps) and 0 < self._given_fps <= 1000):
            raise UsageError(f"expected fps of more than 0 and at most 1,000, found {fps!r:.40}")
        self._format = "mp4" if format is None else str(format).lower().removeprefix(".")
        self._frames: NDArray[np.uint8] | None = None
        payload = payload_of(data_or_path, "Video")
        if payload is None:
            if self._format not in _FORMATS:
                raise UsageError(f"expected format {', '.join(_FORMATS)}, found {format!r:.40}")
            self._frames = _frames(data_or_path)
        self._start(payload, caption)

    def _encode(self) -> Payload:
        frames = cast("NDArray[np.uint8]", self._frames)
        data = video_codec.encode(frames, self._format, self._given_fps)
        self._frames = None
        return Payload.of_bytes(data, _FORMATS[self._format])

    def _measure(self, payload: Payload) -> tuple[str, dict[str, Any]]:
        with payload.open() as stream:
            found = sniff_container(stream)
        if found is None:
            raise FormatError("expected a video in MP4, QuickTime, WebM, Matroska, GIF or Ogg Theora")
        if found.width is not None and found.height is not None:
            limits.check_pixels(found.width, found.height)
        return found.content_type, {name: getattr(found, name) for name in self.facts}

    def column_type(self) -> VideoType:
        """Return the type of a video column."""
        return VideoType()

    @property
    def width(self) -> int | None:
        """Pixels across; None if the container does not tell."""
        return cast("int | None", self._fact("width"))

    @property
    def height(self) -> int | None:
        """Pixels down; None if the container does not tell."""
        return cast("int | None", self._fact("height"))

    @property
    def fps(self) -> float | None:
        """Frames per second, on average; None if the container does not tell."""
        return cast("float | None", self._fact("fps"))

    @property
    def frames(self) -> int | None:
        """Frames; None if the container does not tell."""
        return cast("int | None", self._fact("frames"))

    @property
    def duration(self) -> float | None:
        """Seconds; None if the container does not tell."""
        return cast("float | None", self._fact("duration"))

    def to_numpy(self) -> NDArray[np.uint8]:
        """Decode to T x C x H x W, RGB; needs PyAV (the extra ``video``), except for GIF.

        Raises:
            FormatError: the stored bytes are damaged, or over a limit.
            MissingExtraError: PyAV is not installed.

        """
        return video_codec.decode(self.bytes)


def _frames(value: object) -> NDArray[np.uint8]:
    array = array_of(value)
    if array is None:
        raise UsageError(f"expected a path, bytes, an open file or an array of frames, found {type(value).__name__}")
    if array.ndim not in {4, 5} or array.size == 0 or array.shape[-3] not in {1, 3}:
        hint = ""
        if array.ndim in {4, 5} and array.shape[-1] in {1, 3}:
            hint = ": channels come before height and width, np.moveaxis(array, -1, -3) puts them there"
        raise UsageError(f"expected T x C x H x W or B x T x C x H x W with C 1 or 3, found shape {array.shape}{hint}")
    pixels = to_uint8(array)
    if pixels.ndim == 5:
        pixels = tile(pixels)
    try:
        limits.check_pixels(pixels.shape[3], pixels.shape[2])
    except FormatError as error:
        raise UsageError(str(error)) from None
    # T x H x W x 3, as encoders take it.
    return np.ascontiguousarray(np.broadcast_to(np.moveaxis(pixels, 1, -1), (*pixels.shape[:1], *pixels.shape[2:], 3)))


def tile(batch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a batch of videos, B x T x C x H x W, as one of tiles; the number of tiles is the next power of two.

    W&B's arrangement: 2**n tiles stand in 2**(n // 2) rows, and free tiles are black.
    """
    count = 1 << (batch.shape[0] - 1).bit_length()
    free = np.zeros((count - batch.shape[0], *batch.shape[1:]), np.uint8)
    _, t, c, h, w = batch.shape
    rows = 1 << ((count.bit_length() - 1) // 2)
    grid = np.concatenate([batch, free]).reshape(rows, count // rows, t, c, h, w)
    return grid.transpose(2, 3, 0, 4, 1, 5).reshape(t, c, rows * h, count // rows * w)
