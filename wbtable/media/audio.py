"""Sound."""

from __future__ import annotations

import io
import struct
from operator import index
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, cast

import numpy as np

from wbtable.errors import FormatError, MissingExtraError, UsageError
from wbtable.format.types_media import AudioType
from wbtable.media import limits
from wbtable.media.base import FileMedia
from wbtable.media.containers import sniff_container
from wbtable.media.mpeg import MAX_FRAME, mp3_samples
from wbtable.media.payload import Payload, payload_of
from wbtable.media.pixels import array_of, array_of_list

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

_TYPES = {
    "WAV": "audio/wav",
    "WAVEX": "audio/wav",
    "RF64": "audio/wav",
    "FLAC": "audio/flac",
    "OGG": "audio/ogg",
    "MP3": "audio/mpeg",
    "MPEG": "audio/mpeg",
    "AIFF": "audio/aiff",
    "AU": "audio/basic",
    "CAF": "audio/x-caf",
}
_CONTAINERS = {"video/mp4": "audio/mp4", "video/quicktime": "audio/mp4", "video/webm": "audio/webm"}
_CONTAINERS |= {"video/x-matroska": "audio/x-matroska"}
_MPEG = {"MP3", "MPEG"}
_DTYPES = ("float32", "float64", "int16", "int32")


class Audio(FileMedia):
    """A sound.

    A path, bytes or an open file are kept as they are. Samples become a WAV file that holds them exactly: int16 and
    int32 as PCM, floats as 32-bit floats (full scale is -1..1; a float64 is rounded to float32, nothing is clipped).

    Args:
        data_or_path: any of those; an array or list of frames, or of frames x channels.
        sample_rate: frames per second; needed for samples, not allowed to contradict a file.
        caption: text beside the player.

    Raises:
        NotFoundError: the file does not exist.
        UsageError: the argument is none of those, or the sample rate is missing or impossible.

    """

    __slots__ = ("_given_rate", "_samples")

    kind: ClassVar[str] = "audio"
    facts: ClassVar[tuple[str, ...]] = ("sample_rate", "channels", "frames", "duration")

    def __init__(
        self,
        data_or_path: object,
        sample_rate: int | None = None,
        caption: str | None = None,
    ) -> None:
        self._given_rate = None if sample_rate is None else _rate(sample_rate)
        self._samples: NDArray[Any] | None = None
        payload = payload_of(data_or_path, "Audio")
        if payload is None:
            self._samples = _samples(data_or_path)
            if self._given_rate is None:
                raise UsageError("expected sample_rate beside samples: an array does not say it")
        self._start(payload, caption)

    def _encode(self) -> Payload:
        data = wav_bytes(cast("NDArray[Any]", self._samples), cast("int", self._given_rate))
        self._samples = None
        return Payload.of_bytes(data, "audio/wav")

    def _measure(self, payload: Payload) -> tuple[str, dict[str, Any]]:
        with payload.open() as stream:
            content_type, facts = _facts(stream, payload.size)
        found = facts["sample_rate"]
        if self._given_rate is not None and found is not None and found != self._given_rate:
            raise FormatError(f"sample_rate says {self._given_rate}, but the file, kept as it is, has {found}")
        return content_type, facts

    def column_type(self) -> AudioType:
        """Return the type of an audio column."""
        return AudioType()

    @property
    def sample_rate(self) -> int | None:
        """Frames per second; None if the format does not tell."""
        return cast("int | None", self._fact("sample_rate"))

    @property
    def channels(self) -> int | None:
        """Channels; None if the format does not tell."""
        return cast("int | None", self._fact("channels"))

    @property
    def frames(self) -> int | None:
        """Frames: samples of one channel; None if the format does not tell."""
        return cast("int | None", self._fact("frames"))

    @property
    def duration(self) -> float | None:
        """Seconds; None if the format does not tell."""
        return cast("float | None", self._fact("duration"))

    def to_numpy(self, dtype: str = "float32") -> NDArray[Any]:
        """Decode to frames, or frames x channels if there are several.

        Args:
            dtype: float32 or float64 (full scale is -1..1), int16 or int32 (of their whole range; what is over full
                scale is clipped).

        Raises:
            FormatError: the stored bytes are damaged, or over a limit.
            UsageError: the dtype is another.

        """
        if dtype not in _DTYPES:
            raise UsageError(f"expected dtype {', '.join(_DTYPES)}, found {dtype!r:.40}")
        frames, data = self.frames, self.bytes
        soundfile = _soundfile()
        try:
            with soundfile.SoundFile(_Seekable(io.BytesIO(data))) as sound:
                # Of floats libsndfile would make the integers next to them: 0 of nearly all.
                wanted = "float64" if dtype.startswith("int") and sound.subtype in {"FLOAT", "DOUBLE"} else dtype
                limits.check_decoded(sound.frames * sound.channels * np.dtype(wanted).itemsize, "a sound")
                samples: NDArray[Any] = sound.read(dtype=wanted)
        except Exception as error:  # given hostile bytes, decoders raise anything
            raise _damaged(error) from error
        if frames is not None and len(samples) != frames:
            raise FormatError(f"the sound is damaged: expected {frames:,} frames, decoded {len(samples):,}")
        return samples if wanted == dtype else _integers(samples, dtype)


def wav_bytes(samples: NDArray[Any], sample_rate: int) -> bytes:
    """Return a WAV file of samples (MEDIA-10).

    Written here because libsndfile puts the time of writing into float WAV files (the PEAK chunk), so that the same
    samples would be another blob every second. Layout: Microsoft's RIFF WAVE, WAVE_FORMAT_PCM and _IEEE_FLOAT.

    Args:
        samples: int16, int32 or float32, frames or frames x channels.
        sample_rate: frames per second.

    Raises:
        UsageError: it would be longer than a WAV file can say.

    """
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    width = samples.dtype.itemsize
    data = samples.astype(samples.dtype.newbyteorder("<"), copy=False).tobytes()
    if len(data) > 2**32 - 128:
        raise UsageError(f"expected samples of less than 4 GiB, found {len(data):,} bytes: give an encoded file")
    if sample_rate * channels * width >= 2**32:
        raise UsageError(f"expected less than 4 GiB of samples a second, found sample_rate {sample_rate:,}")
    floats = samples.dtype.kind == "f"
    form = struct.pack("<HHIIHH", 3 if floats else 1, channels, sample_rate, sample_rate * channels * width,
                       channels * width, 8 * width)  # fmt: skip
    # A format other than PCM needs the size of its (empty) extension, and the number of frames.
    fact = struct.pack("<H", 0) + b"fact" + struct.pack("<II", 4, len(samples)) if floats else b""
    head = b"WAVEfmt " + struct.pack("<I", 18 if floats else 16) + form + fact + b"data" + struct.pack("<I", len(data))
    pad = b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(head) + len(data) + len(pad)) + head + data + pad


def _rate(value: object) -> int:
    try:
        rate = index(cast("int", value))
    except TypeError:
        rate = int(value) if isinstance(value, float) and value.is_integer() else 0
    if not 1 <= rate < 2**31:
        raise UsageError(f"expected sample_rate as a positive integer of Hz, found {value!r:.40}")
    return rate


def _samples(value: object) -> NDArray[Any]:
    array = array_of_list(value) if isinstance(value, list | tuple) else array_of(value)
    if array is None:
        raise UsageError(f"expected a path, bytes, an open file or an array of samples, found {type(value).__name__}")
    if array.ndim not in {1, 2} or array.size == 0:
        raise UsageError(f"expected frames, or frames x channels, found shape {array.shape}")
    if array.ndim == 2 and (array.shape[1] > 1024 or array.shape[1] > 128 > array.shape[0]):
        raise UsageError(
            f"expected frames x channels with at most 1,024 channels, found shape {array.shape}: transpose it"
        )
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype in {np.dtype("int16"), np.dtype("int32")}:
        return array
    if array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            samples = array.astype(np.float32)
        if not np.isfinite(samples).all():
            raise UsageError("expected finite samples within the range of float32, found NaN, infinity or more")
        return samples
    if array.dtype == np.int64:  # What a list of ints becomes.
        low, high = int(array.min()), int(array.max())
        if low >= -(2**31) and high < 2**31:
            return array.astype(np.int16 if low >= -(2**15) and high < 2**15 else np.int32)
    raise UsageError(f"expected samples as int16, int32 or floats, found {array.dtype}")


def _integers(samples: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Return floats, whose full scale is -1..1, as integers."""
    bounds = np.iinfo(dtype)
    whole = np.rint(np.nan_to_num(samples) * -float(bounds.min))
    return np.clip(whole, bounds.min, bounds.max).astype(dtype)


class _Seekable:
    """A stream whose position a damaged file cannot put before its start.

    An exception in libsndfile's callbacks reaches nobody: it is only printed.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.tell, self.read = stream.tell, stream.read

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        try:
            return self._stream.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return self._stream.tell()


def _soundfile() -> ModuleType:
    try:
        import soundfile
    except (ImportError, OSError) as error:  # OSError: the wheel has no libsndfile for this platform.
        raise MissingExtraError(f"audio needs soundfile ({error}): pip install soundfile") from error
    return cast("ModuleType", soundfile)


def _facts(stream: BinaryIO, size: int) -> tuple[str, dict[str, Any]]:
    _check_length(stream, size)
    stream.seek(0)
    soundfile = _soundfile()
    try:
        with soundfile.SoundFile(_Seekable(stream)) as sound:
            rate, channels, form, frames = sound.samplerate, sound.channels, sound.format, _frames(sound)
    except FormatError:
        raise
    except Exception as error:  # noqa: BLE001  (given hostile bytes, decoders raise anything)
        return _other(stream, error)
    if form in _MPEG:
        frames = max(frames, (mp3_samples(stream, size) or 0) - 4 * MAX_FRAME)
    if frames == 0 and form not in {"WAV", "WAVEX", "AIFF"}:
        raise FormatError("the sound has no frames: none of its packets can be decoded")
    known = 0 <= frames < 2**53 and rate > 0
    return _TYPES.get(form, f"audio/x-{form.lower()}"), {
        "sample_rate": int(rate),
        "channels": int(channels),
        "frames": int(frames) if known else None,
        "duration": frames / rate if known else None,
    }


def _frames(sound: Any) -> int:
    """Return the frames that can be decoded: what the header says, checked by reading the last one."""
    frames = int(sound.frames)
    if not 0 < frames < 2**53:
        return frames
    sound.seek(frames - 1)
    if len(sound.read(1, dtype="float32")) == 1:
        return frames
    if sound.format not in _MPEG:
        raise FormatError(f"the sound is truncated: its header says {frames:,} frames")
    sound.seek(0)  # An MP3 says its length by a guess: only decoding counts.
    count = 0
    while block := len(sound.read(1 << 16, dtype="float32")):
        count += block
    return count


def _other(stream: BinaryIO, error: Exception) -> tuple[str, dict[str, Any]]:
    """Return what the container says of a sound that libsndfile cannot read, such as AAC."""
    stream.seek(0)
    magic = stream.read(2)
    nothing: dict[str, Any] = dict.fromkeys(Audio.facts)
    if len(magic) == 2 and magic[0] == 0xFF and magic[1] & 0xF6 == 0xF0:
        return "audio/aac", nothing
    found = sniff_container(stream)
    if found is None or found.content_type not in _CONTAINERS:
        raise _damaged(error) from error
    facts = {"sample_rate": found.sample_rate, "channels": found.channels, "frames": None, "duration": found.duration}
    return _CONTAINERS[found.content_type], facts


def _check_length(stream: BinaryIO, size: int) -> None:
    """Refuse a WAV, AIFF or Ogg file that says it is longer than it is (MEDIA-10)."""
    head = stream.read(12)
    if head[:4] == b"OggS":
        _check_ogg(stream, size)
    if head[:4] == b"FORM" and head[8:] in {b"AIFF", b"AIFC"}:
        declared = 8 + int.from_bytes(head[4:8], "big")
        if declared > size:
            raise FormatError(f"the AIFF file is truncated: expected {declared:,} bytes, found {size:,}")
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return
    at = 12
    for _ in range(1024):
        stream.seek(at)
        chunk = stream.read(8)
        if len(chunk) < 8:
            raise FormatError("the WAV file is truncated: it has no data chunk")
        name, length = struct.unpack("<4sI", chunk)
        if name == b"data":
            # Programs that write to a pipe cannot know the length and write the greatest.
            if at + 8 + length > size and length < 0x7FFFF000:
                raise FormatError(f"the WAV file is truncated: expected {at + 8 + length:,} bytes, found {size:,}")
            return
        at += 8 + length + length % 2
    raise FormatError("expected a data chunk among the first 1,024 of the WAV file")


def _check_ogg(stream: BinaryIO, size: int) -> None:
    """Refuse an Ogg file (RFC 3533) whose last page is cut, or is not marked as the end of its stream."""
    at, flags = 0, 0
    while at < size:
        stream.seek(at)
        page = stream.read(27 + 255)
        if page[:4] != b"OggS" or len(page) < 27:
            break
        segments = page[27 : 27 + page[26]]
        at, flags = at + 27 + page[26] + sum(segments), page[5]
        if len(segments) < page[26] or at > size:
            raise FormatError("the Ogg file is truncated inside a page")
    if not flags & 4:
        raise FormatError("the Ogg file is truncated: its last page does not end the stream")


def _damaged(error: Exception) -> FormatError:
    if isinstance(error, FormatError):
        return error
    # soundfile puts what it opened before the reason; here that is an object of ours.
    reason = getattr(error, "error_string", None) or str(error) or type(error).__name__
    return FormatError(f"the sound is damaged or in an unknown format: {reason:.200}")
