"""Frames to encoded video and back: PyAV for MP4 and WebM, Pillow for GIF."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from wbtable.errors import FormatError, MissingExtraError, UsageError
from wbtable.media import limits, pillow
from wbtable.media.containers import sniff_container

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from numpy.typing import NDArray

_CODECS = {"mp4": "libx264", "webm": "libvpx-vp9"}
# The one demuxer that may see such bytes: left to choose, FFmpeg also takes playlists, which open other files and URLs.
_DEMUXERS = {"video/mp4": "mov", "video/quicktime": "mov", "video/webm": "matroska", "video/x-matroska": "matroska"}
_DEMUXERS |= {"video/ogg": "ogg"}


def _av() -> ModuleType:
    try:
        import av
    except ImportError as error:
        raise MissingExtraError("videos from and to arrays need PyAV: pip install 'wbtable[video]'") from error
    return av


def encode(frames: NDArray[np.uint8], form: str, fps: float) -> bytes:
    """Encode frames.

    Args:
        frames: T x H x W x 3.
        form: mp4, webm or gif.
        fps: frames per second.

    Raises:
        MissingExtraError: PyAV is not installed and the format is not gif.
        UsageError: the encoder refuses them.

    """
    return _encode_gif(frames, fps) if form == "gif" else _encode_av(frames, form, fps)


def _encode_gif(frames: NDArray[np.uint8], fps: float) -> bytes:
    from PIL import Image

    first, *rest = (Image.fromarray(frame).quantize() for frame in frames)
    sink = io.BytesIO()
    # GIF counts in hundredths of a second.
    first.save(sink, "GIF", save_all=True, append_images=rest, duration=max(10, round(100 / fps) * 10), loop=0)
    return sink.getvalue()


def _encode_av(frames: NDArray[np.uint8], form: str, fps: float) -> bytes:
    av: Any = _av()
    # Colours are kept for each two by two pixels, so that sides must be even.
    odd_h, odd_w = frames.shape[1] % 2, frames.shape[2] % 2
    padded = np.pad(frames, ((0, 0), (0, odd_h), (0, odd_w), (0, 0)), mode="edge")
    sink = io.BytesIO()
    try:
        # bitexact: no version of the encoder in the file, so that the same frames are the same blob.
        with av.open(sink, "w", format=form, options={"fflags": "+bitexact"}) as container:
            stream = container.add_stream(_CODECS[form], rate=Fraction(fps).limit_denominator(1001))
            stream.width, stream.height, stream.pix_fmt = padded.shape[2], padded.shape[1], "yuv420p"
            stream.codec_context.thread_count = 1
            stream.options = {"crf": "20", **({"b": "0"} if form == "webm" else {})}
            for frame in padded:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
    except (av.FFmpegError, ValueError) as error:
        raise UsageError(f"the frames cannot be encoded as {form}: {error}") from error
    return sink.getvalue()


def decode(data: bytes) -> NDArray[np.uint8]:
    """Decode all frames to T x 3 x H x W.

    Raises:
        FormatError: the bytes are damaged, or over a limit.
        MissingExtraError: PyAV is not installed and it is no GIF.

    """
    limits.check_bytes(len(data))
    found: list[NDArray[np.uint8]] = []
    size = 0
    for frame in _decode_gif(data) if data[:4] == b"GIF8" else _decode_av(data):
        size += frame.nbytes
        limits.check_decoded(size, "a video")
        if found and frame.shape != found[0].shape:
            raise FormatError(f"expected frames of one size, found {found[0].shape} and {frame.shape}")
        found.append(frame)
    if not found:
        raise FormatError("the video has no frames")
    return np.ascontiguousarray(np.moveaxis(np.stack(found), -1, 1))


def first_frame(data: bytes) -> NDArray[np.uint8]:
    """Decode the first frame to H x W x 3.

    Raises:
        FormatError: the bytes are damaged, or over a limit.
        MissingExtraError: PyAV is not installed and it is no GIF.

    """
    limits.check_bytes(len(data))
    for frame in _decode_gif(data) if data[:4] == b"GIF8" else _decode_av(data):
        return np.ascontiguousarray(frame)
    raise FormatError("the video has no frames")


def _decode_gif(data: bytes) -> Iterator[NDArray[np.uint8]]:
    for image in pillow.frames(data):
        yield np.array(image)


def _decode_av(data: bytes) -> Iterator[NDArray[np.uint8]]:
    sniffed = sniff_container(io.BytesIO(data))
    if sniffed is None or sniffed.content_type not in _DEMUXERS:
        raise FormatError("expected a video in MP4, QuickTime, WebM, Matroska, GIF or Ogg Theora")
    av: Any = _av()
    try:
        with av.open(io.BytesIO(data), format=_DEMUXERS[sniffed.content_type]) as container:
            if not container.streams.video:
                raise FormatError("the file has no pictures")
            stream = container.streams.video[0]
            limits.check_pixels(stream.width, stream.height)
            for frame in container.decode(stream):
                limits.check_pixels(frame.width, frame.height)
                yield frame.to_ndarray(format="rgb24")
    except FormatError:
        raise
    except Exception as error:  # given hostile bytes, decoders raise anything
        raise FormatError(f"the video is damaged: {str(error) or type(error).__name__:.200}") from error
