from __future__ import annotations

import io
import struct
import time
import zlib
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from tests.unit.media.conftest import encoded
from wbtable.errors import FormatError, UsageError, WbtableError
from wbtable.media import limits, pillow
from wbtable.media.containers import sniff_container
from wbtable.media.image import Image, cells_from_binary
from wbtable.media.sniff import sniff_image

if TYPE_CHECKING:
    from pathlib import Path


def png(width: int, height: int, *chunks: tuple[bytes, bytes], pixels: bytes = b"") -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


SAMPLES = {
    "jpeg": encoded("JPEG"),
    "progressive": encoded("JPEG", progressive=True, quality=95),
    "jpeg with EXIF": encoded("JPEG", exif=b"Exif\0\0" + b"\0" * 3000),
    "png": encoded("PNG"),
    "palette png": encoded("PNG", mode="P"),
    "gif": encoded("GIF", mode="P"),
    "webp": encoded("WEBP"),
    "lossless webp": encoded("WEBP", lossless=True),
    "webp with alpha": encoded("WEBP", mode="RGBA", exact=True),
    "webp with profile": encoded("WEBP", exif=b"Exif\0\0II*\0"),
    "bmp": encoded("BMP"),
    "grey bmp": encoded("BMP", mode="L"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_header_says_what_pillow_says(name: str) -> None:  # [MEDIA-5]
    data = SAMPLES[name]
    found = sniff_image(data)
    expected = Pillow.open(io.BytesIO(data))
    assert found is not None
    assert (found.width, found.height) == expected.size
    assert found.content_type == f"image/{(expected.format or '').lower()}"
    assert found.complete
    # The same inside a larger buffer, as in an array of values.
    assert sniff_image(memoryview(b"xyz" + data + b"\xff\xd9")[3:-2]) == found


@pytest.mark.parametrize("name", SAMPLES)
def test_a_cut_file_is_never_complete(name: str) -> None:  # [MEDIA-5]
    data = SAMPLES[name]
    for size in {*range(64), *range(64, len(data) - 1, 97), len(data) - 12, len(data) - 3}:
        try:
            found = sniff_image(data[:size])
        except FormatError:
            continue
        assert found is None or not found.complete, size
        if size > len(data) - 16:
            continue  # All pixels may be there, and only the end mark missing: decoding settles it.
        with pytest.raises(FormatError):
            pillow.header_of(data[:size])


def test_bytes_behind_a_jpeg_are_no_damage() -> None:
    found = sniff_image(SAMPLES["jpeg"] + b"trailer of a camera" * 10)
    assert found is not None
    assert found.complete


def test_only_bytes_of_its_own_value_are_read() -> None:
    whole = SAMPLES["jpeg"]
    array = pa.array([whole[:30], whole])
    with pytest.raises(UsageError, match=r"row 0: .*truncated"):
        cells_from_binary(array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (png(0x80000000, 1), "below 2"),
        (png(0, 1), "at least 1 x 1"),
        (png(0x7FFFFFFF, 0x7FFFFFFF), "at most .* pixels"),
        (png(5, 5, (b"zTXt", b"k\0\0" + zlib.compress(b"\0" * (2 << 20)))), "zTXt chunk of at most"),
        (png(5, 5, (b"iTXt", b"k\0\1\0en\0t\0" + zlib.compress(b"\0" * (2 << 20)))), "iTXt chunk of at most"),
        (png(5, 5, (b"iCCP", b"k\0\0" + zlib.compress(b"\0" * (2 << 20)))), "iCCP chunk of at most"),
        (b"\xff\xd8\xff\xe0\0\0" + b"\0" * 40, "JPEG frame header"),
        (b"\xff\xd8" + b"\xff\xe0\0\2" * 5000, "within 4,096 segments"),
        (b"\xff\xd8\xff\xc0\0\x11\x08\0\0\0\x10" + b"\0" * 20, "at least 1 x 1"),
        (b"RIFF\xff\xff\xff\x7fWEBPVP8 " + b"\0" * 30, "truncated"),
        (b"<svg></svg>", "expected an image in PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "expected an image in PNG"),
    ],
)
def test_hostile_headers_are_refused(data: bytes, message: str) -> None:  # [MEDIA-5] [MEDIA-6] [MEDIA-12]
    with pytest.raises(UsageError, match=message):
        Image(data).to_cell()
    with pytest.raises(UsageError, match=message):
        cells_from_binary(pa.array([data]))
    with pytest.raises(FormatError, match=message):
        pillow.decode(data)


def test_a_small_text_chunk_is_fine() -> None:
    data = png(1, 1, (b"zTXt", b"k\0\0" + zlib.compress(b"hello")), pixels=b"\0\7")
    assert Image(data).to_numpy().tolist() == [[7]]


def test_the_limits_are_settable(monkeypatch: pytest.MonkeyPatch) -> None:  # [MEDIA-12]
    monkeypatch.setattr(limits, "MAX_PIXELS", 100)
    with pytest.raises(UsageError, match=r"at most 100 pixels .*30 x 20"):
        Image(SAMPLES["png"]).to_cell()
    monkeypatch.setattr(limits, "MAX_BYTES", 50)
    with pytest.raises(UsageError, match="at most 50 bytes"):
        Image(SAMPLES["png"])


def test_many_at_once_as_one_by_one(tmp_path: Path) -> None:  # [MEDIA-5]
    values = [SAMPLES["jpeg"], None, SAMPLES["png"], encoded("TIFF", height=3, width=4), SAMPLES["gif"]]
    expected = [
        {"content_type": "image/jpeg", "width": 30, "height": 20},
        None,
        {"content_type": "image/png", "width": 30, "height": 20},
        {"content_type": "image/tiff", "width": 4, "height": 3},
        {"content_type": "image/gif", "width": 30, "height": 20},
    ]
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        array = pa.array(values, kind)
        assert cells_from_binary(array).to_pylist() == expected
        assert cells_from_binary(array[1:4]).to_pylist() == expected[1:4]
    assert cells_from_binary(pa.array([], pa.binary())).to_pylist() == []
    with pytest.raises(UsageError, match='column "a", row 1: '):
        cells_from_binary(pa.array([values[0], b"nothing"]), 'column "a", row {}'.format)


def test_twenty_thousand_are_read_at_once() -> None:
    array = pa.array([encoded("JPEG", height=90, width=120)] * 20_000)
    begin = time.process_time()
    cells_from_binary(array)
    # Some 0.1 s on the slowest machine at hand: the bound leaves room for a busy one.
    assert time.process_time() - begin < 1.0


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF", b"BM"]), st.binary(max_size=200)
)
def test_any_bytes_give_a_header_or_our_error(magic: bytes, rest: bytes) -> None:  # [MEDIA-12]
    for read in (sniff_image, pillow.header_of):
        try:
            found = read(magic + rest)
        except WbtableError:
            continue
        assert found is None or (found.width > 0 and found.height > 0)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(SAMPLES)),
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), max_size=4),
    st.integers(0, 10**6),
)
def test_mutated_files_give_an_image_or_our_error(
    name: str, edits: list[tuple[int, bytes]], cut: int
) -> None:  # [MEDIA-12]
    data = bytearray(SAMPLES[name])
    for at, patch in edits:
        start = at % len(data)
        data[start : start + len(patch)] = patch
    mutated = bytes(data)[: len(data) - (cut % len(data) if cut % 3 == 0 else 0)]
    try:
        header = pillow.header_of(mutated)
        image = pillow.decode(mutated)
    except WbtableError:
        return
    assert header.width * header.height <= limits.MAX_PIXELS
    assert pillow.to_array(image).size > 0


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"", b"\0\0\0\x18ftypmp42", b"\x1a\x45\xdf\xa3", b"GIF89a", b"OggS", b"\0\0\0\x08moov"]),
    st.binary(max_size=200),
)
def test_any_bytes_give_a_container_or_our_error(magic: bytes, rest: bytes) -> None:  # [MEDIA-11] [MEDIA-12]
    try:
        sniff_container(io.BytesIO(magic + rest))
    except WbtableError:
        return
