from __future__ import annotations

import builtins
import io
import struct
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.media.conftest import Blobs, Damaged
from wbtable.errors import FormatError, MissingExtraError, UsageError, WbtableError
from wbtable.format.types_media import AudioType, VideoType
from wbtable.media import Audio, Video, limits
from wbtable.media.containers import sniff_container
from wbtable.media.video import tile

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(1)


def sound(form: str = "WAV", *, frames: int = 4000, channels: int = 2) -> bytes:
    sink = io.BytesIO()
    soundfile.write(sink, RNG.normal(size=(frames, channels)) / 8, 8000, format=form)
    return sink.getvalue()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "int32"])
@pytest.mark.parametrize("channels", [0, 1, 2, 5])
def test_samples_come_back_exactly(dtype: str, channels: int, blobs: Blobs) -> None:  # [MEDIA-10]
    shape = (1001, channels) if channels else (1001,)
    samples = RNG.normal(size=shape) * 2 if dtype[0] == "f" else RNG.integers(-(2**15), 2**15, shape)
    samples = samples.astype(dtype)
    audio = blobs.stored(Audio(samples, sample_rate=44100))
    assert (audio.sample_rate, audio.channels, audio.frames) == (44100, channels or 1, 1001)
    assert audio.duration == pytest.approx(1001 / 44100)
    assert audio.caption is None
    assert audio.content_type == "audio/wav"
    assert blobs.reads == 0
    expected = samples[:, 0] if channels == 1 else samples
    assert np.array_equal(audio.to_numpy("float32" if dtype[0] == "f" else dtype), expected.astype(audio_dtype(dtype)))


def audio_dtype(dtype: str) -> str:
    return "float32" if dtype[0] == "f" else dtype


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE", "PCM_16", "PCM_24"])
@pytest.mark.parametrize("dtype", ["int16", "int32"])
def test_integers_have_the_full_scale(subtype: str, dtype: str) -> None:
    """Of sounds in floats libsndfile makes the nearest integers, which are 0."""
    given, sink = np.array([0, 0.5, -0.5, 0.25, -1, 1.5, -1.5]), io.BytesIO()
    soundfile.write(sink, given, 8000, format="WAV", subtype=subtype)
    found = Audio(sink.getvalue()).to_numpy(dtype)
    assert found.dtype == dtype
    assert np.allclose(found / -float(np.iinfo(dtype).min), np.clip(given, -1, 1), atol=1e-4)
    assert Audio(given[:, None].repeat(2, 1), 8000).to_numpy(dtype).shape == (7, 2)


def test_the_same_samples_are_the_same_bytes() -> None:
    samples = RNG.normal(size=100)
    first = Audio(samples, 8000).bytes
    assert first == Audio(samples.tolist(), 8000).bytes
    assert first[20:22] == b"\3\0"  # IEEE floats
    info = soundfile.info(io.BytesIO(first))
    assert (info.subtype, info.frames) == ("FLOAT", 100)
    assert Audio([1, -2, 3], 8000).to_numpy("int16").tolist() == [1, -2, 3]
    assert Audio([1 << 20], 8000).to_numpy("int32").tolist() == [1 << 20]


@pytest.mark.parametrize(
    ("form", "content_type"),
    [("WAV", "audio/wav"), ("FLAC", "audio/flac"), ("OGG", "audio/ogg"), ("MP3", "audio/mpeg"), ("AIFF", "audio/aiff")],
)
def test_a_file_is_kept_as_it_is(form: str, content_type: str, tmp_path: Path, blobs: Blobs) -> None:  # [MEDIA-2]
    data = sound(form)
    path = tmp_path / "sound"
    path.write_bytes(data)
    for source in (data, path, str(path), io.BytesIO(data), Audio(data).bytes):
        audio = blobs.stored(Audio(source, caption="c"))
        assert audio.bytes == data
        assert (audio.sample_rate, audio.channels, audio.frames, audio.duration) == (8000, 2, 4000, 0.5)
        assert (audio.content_type, audio.caption) == (content_type, "c")
    assert Audio(data).column_type() == AudioType()
    assert Audio(data).to_numpy().shape == (4000, 2)
    assert Audio(data) == blobs.stored(Audio(data))


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "AIFF"])
def test_a_cut_sound_is_refused(form: str) -> None:  # [MEDIA-10] [MEDIA-12]
    data = sound(form, frames=20_000)
    for size in (0, 5, 30, len(data) // 2):
        with pytest.raises(UsageError):
            Audio(data[:size]).to_cell()


def test_an_mp3_is_as_long_as_what_it_holds() -> None:  # [MEDIA-10]
    # Noise, then silence: the bit rate at the start says nothing of the rest.
    samples = np.concatenate([RNG.normal(size=60_000) / 5, np.zeros(240_000)])
    for rate, mode in ((44100, "CONSTANT"), (22050, "VARIABLE"), (8000, "VARIABLE")):
        sink = io.BytesIO()
        soundfile.write(sink, samples, rate, format="MP3", bitrate_mode=mode, compression_level=0.5)
        data = sink.getvalue()
        assert Audio(data).frames == pytest.approx(len(samples), abs=2400)
        # Without the first frame, which has the Xing header: the length is only to be had from all frames.
        bare = data[data.index(data[:2], 4) :]
        assert Audio(bare).frames == pytest.approx(len(samples), abs=6000)
        assert Audio(b"ID3\4\0\0\0\0\1\0" + b"\0" * 128 + data).frames == pytest.approx(len(samples), abs=2400)
        half = Audio(data[: len(data) // 2])
        assert half.frames is not None
        assert 0 < half.frames < len(samples)
        assert len(half.to_numpy()) == half.frames


def test_hostile_headers() -> None:  # [MEDIA-12]
    wav = bytearray(sound())
    at = wav.index(b"data") + 4
    wav[at : at + 4] = struct.pack("<I", 0x7FFFEFFF)
    with pytest.raises(UsageError, match="truncated: expected 2,147,4"):
        Audio(bytes(wav)).to_cell()
    wav[at : at + 4] = b"\xff\xff\xff\xff"  # Written to a pipe.
    assert Audio(bytes(wav)).frames == 4000
    with pytest.raises(UsageError, match="no data chunk"):
        Audio(b"RIFF\x10\0\0\0WAVEfmt \xff\xff\xff\x7f").to_cell()
    with pytest.raises(UsageError, match="unknown format"):
        Audio(b"not a sound, whatever its name says").to_cell()


def test_decoding_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:  # [MEDIA-12]
    audio = Audio(np.zeros(1000, np.float32), 8000)
    audio.to_cell()
    monkeypatch.setattr(limits, "MAX_DECODED_BYTES", 3999)
    with pytest.raises(FormatError, match="at most 3,999 bytes"):
        audio.to_numpy()


def test_sounds_that_libsndfile_cannot_read() -> None:
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    audio = Audio(sink.getvalue())
    assert (audio.content_type, audio.sample_rate, audio.frames) == ("audio/mp4", 16000, None)
    assert audio.duration == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(
    ("data", "rate", "message"),
    [
        (np.zeros(4), None, "sample_rate"),
        (np.zeros(4), 0, "positive integer"),
        (np.zeros(4), 44100.5, "positive integer"),
        (np.zeros((2, 4000)), 8000, "transpose"),
        (np.zeros((2, 2, 2)), 8000, "frames x channels"),
        (np.zeros(0), 8000, "frames"),
        (np.array([np.nan]), 8000, "NaN"),
        (np.array([1e39]), 8000, "within the range of float32"),
        (np.zeros(4), 2**30, "less than 4 GiB of samples a second"),
        (np.array([1], np.uint8), 8000, "int16"),
        (np.array(["a"]), 8000, "int16"),
        (object(), 8000, "found object"),
        (sound(), 16000, "sample_rate says 16000"),
    ],
)
def test_arguments_that_are_wrong(data: Any, rate: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Audio(data, sample_rate=rate).to_cell()


def test_damaged_sound_gives_a_format_error() -> None:
    blobs = Damaged(b"nothing of the kind")
    audio = Audio.from_cell(blobs.cell(Audio(sound())), blobs, AudioType())
    with pytest.raises(FormatError, match="damaged"):
        audio.to_numpy()
    with pytest.raises(UsageError, match="dtype"):
        audio.to_numpy("int8")


# Video --------------------------------------------------------------------------------------------------


def frames(t: int = 6, c: int = 3, h: int = 32, w: int = 48) -> np.ndarray[Any, np.dtype[np.uint8]]:
    ramp = np.linspace(0, 200, t * h * w).reshape(t, 1, h, w) + np.arange(c).reshape(1, c, 1, 1) * 20
    return ramp.astype(np.uint8)


@pytest.mark.parametrize(("form", "content_type"), [("mp4", "video/mp4"), ("webm", "video/webm"), ("gif", "image/gif")])
def test_frames_become_a_video(form: str, content_type: str, blobs: Blobs) -> None:  # [MEDIA-11]
    given = frames()
    video = blobs.stored(Video(given, fps=8, format=form, caption="c"))
    assert (video.width, video.height, video.frames, video.content_type) == (48, 32, 6, content_type)
    assert video.duration == pytest.approx(0.75, abs=0.05)
    assert video.fps == pytest.approx(8, abs=0.5)
    assert (video.caption, blobs.reads, video.column_type()) == ("c", 0, VideoType())
    back = video.to_numpy()
    assert back.shape == given.shape
    assert np.abs(back.astype(int) - given).mean() < 12
    assert Video(given, fps=8, format=form).bytes == video.bytes, "the same frames are the same bytes"
    # Given back, the file is kept as it is.
    assert Video(video.bytes).bytes == video.bytes
    assert Video(io.BytesIO(video.bytes)).frames == 6


def test_the_container_agrees_with_ffmpeg() -> None:  # [MEDIA-11]
    for form in ("mp4", "matroska", "webm", "mov", "gif"):
        sink = io.BytesIO()
        codec = {"gif": "gif", "webm": "libvpx-vp9"}.get(form, "mpeg4")
        with av.open(sink, "w", format=form) as container:
            stream: Any = container.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb8" if form == "gif" else "yuv420p"
            for i in range(25):
                image = np.full((48, 64, 3), i * 10, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode())
        found = sniff_container(io.BytesIO(sink.getvalue()))
        assert found is not None
        assert (found.width, found.height, found.frames) == (64, 48, 25), form
        assert found.fps == pytest.approx(10, rel=0.05), form
        assert Video(sink.getvalue()).duration == pytest.approx(2.5, rel=0.05)


def test_odd_sides_and_one_channel() -> None:
    video = Video(frames(h=31, w=47, c=1))
    assert (video.width, video.height, video.fps) == (48, 32, 4)
    assert Video(frames(h=31, w=47), format="gif").width == 47


def test_a_batch_is_tiled() -> None:
    batch = np.stack([np.full((2, 3, 4, 6), i + 1, np.uint8) for i in range(3)])
    tiles = tile(batch)
    assert tiles.shape == (2, 3, 8, 12)
    assert tiles[0, 0, ::4, ::6].tolist() == [[1, 2], [3, 0]]
    assert Video(batch).width == 12


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (np.zeros((4, 8, 8, 3), np.uint8), {}, "moveaxis"),
        (np.zeros((4, 8, 8), np.uint8), {}, "T x C x H x W"),
        (np.zeros((0, 3, 8, 8), np.uint8), {}, "T x C x H x W"),
        (frames(), {"format": "avi"}, "mp4, webm, gif"),
        (frames(), {"fps": 0}, "fps"),
        (frames(), {"fps": float("nan")}, "fps"),
        (object(), {}, "found object"),
        (b"#EXTM3U\nhttp://example.org/a.ts\n", {}, "expected a video in MP4"),
    ],
)
def test_videos_that_are_wrong(value: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Video(value, **options).to_cell()


@pytest.mark.parametrize("form", ["mp4", "webm", "gif"])
def test_a_cut_video_is_refused(form: str) -> None:  # [MEDIA-11] [MEDIA-12]
    data = Video(frames(), format=form).bytes
    for size in (6, 20, 40, len(data) // 2, len(data) - 2):
        with pytest.raises(UsageError):
            Video(data[:size]).to_cell()


def test_stored_playlists_are_not_followed(tmp_path: Path) -> None:  # [MEDIA-11]
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(Video(frames()).bytes)
    blobs = Damaged(f"ffconcat version 1.0\nfile '{secret}'\n".encode())
    video = Video.from_cell(blobs.cell(Video(frames())), blobs, VideoType())
    with pytest.raises(FormatError, match="expected a video in MP4"):
        video.to_numpy()
    blobs.data = secret.read_bytes()[:200] + b"\0" * 500
    with pytest.raises(FormatError):
        video.to_numpy()


def test_decoded_frames_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:  # [MEDIA-12]
    video = Video(frames())
    video.to_cell()
    monkeypatch.setattr(limits, "MAX_DECODED_BYTES", 10_000)
    with pytest.raises(FormatError, match="a video that decodes to at most 10,000"):
        video.to_numpy()


def test_without_pyav_the_facts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:  # [MEDIA-2]
    data = Video(frames()).bytes
    facts = Video(data).to_cell()
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "av":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert Video(data).to_cell() == facts
    with pytest.raises(MissingExtraError, match=r"pip install 'wbtable\[video\]'"):
        Video(frames()).to_cell()
    with pytest.raises(MissingExtraError, match="wbtable"):
        Video(data).to_numpy()
    assert Video(frames(), format="gif").to_numpy().shape == (6, 3, 32, 48)


SAMPLES: dict[str, tuple[type[Audio | Video], bytes]] = {
    **{form: (Audio, sound(form, frames=500)) for form in ("WAV", "FLAC", "OGG", "AIFF")},
    **{form: (Video, Video(frames(), format=form).bytes) for form in ("mp4", "webm", "gif")},
}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(SAMPLES)),
    st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4),
)
def test_mutated_files_give_a_value_or_our_error(form: str, edits: list[tuple[int, bytes]]) -> None:  # [MEDIA-12]
    made, data = SAMPLES[form]
    mutated = bytearray(data)
    for at, patch in edits:
        start = at % len(data)
        mutated[start : start + len(patch)] = patch
    value = made(bytes(mutated))
    try:
        value.to_cell()
        samples = value.to_numpy()
    except WbtableError:
        return
    # All of it or an error; a WAV file may be one without samples.
    assert samples.size > 0 or value.frames == 0
    assert isinstance(value, Video) or len(samples) == value.frames
