"""Inputs of media as other libraries and slips make them: taken as what they are, or refused as errors of the call."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as Pillow

import wbtable
from tests.unit.media.conftest import Blobs, encoded
from wbtable.errors import UsageError
from wbtable.media.masks import Mask
from wbtable.media.preview import mask_pixels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PIXELS = np.zeros((2, 2), np.uint8)
RAGGED = [[1], [1, 2]]
ImageOf: Any = wbtable.Image
"""Takes arguments of wrong types too."""
BOX = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: wbtable.Image(RAGGED), "lists of one length"),
        (lambda: wbtable.Image(PIXELS, masks={"m": {"mask_data": RAGGED}}), "lists of one length"),
        (lambda: wbtable.Audio(RAGGED, 8000), "lists of one length"),
        (lambda: ImageOf(PIXELS / 2, normalize=(0,)), r"normalize as True, False or \(low, high\)"),
        (lambda: ImageOf(PIXELS / 2, normalize=(None, 1)), r"normalize as True, False or \(low, high\)"),
        (lambda: ImageOf(PIXELS / 2, normalize="no"), r"normalize as True, False or \(low, high\)"),
        (lambda: ImageOf(PIXELS, mode=3), "mode as text"),
        (lambda: wbtable.Html("https://example.org/page.html"), "not a URL"),
        (lambda: wbtable.Audio(b"neither").frames, "unknown format: Format not recognised"),
    ],
)
def test_arguments_that_are_wrong(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def test_a_range_as_a_list_is_a_range() -> None:
    """It was taken for True, and the values were scaled by another range."""
    image = ImageOf(np.array([[0.0, 1.0]]), normalize=[0, 10])
    assert image.to_numpy().tolist() == [[0, 26]]


def test_a_range_is_that_of_large_integers_too() -> None:
    """Of depths in millimetres, say: it was left out of account, and 16 bits were stored."""
    deep = np.array([[0, 1000], [4000, 5000]], np.uint16)
    assert wbtable.Image(deep, normalize=(0, 4000)).to_numpy().tolist() == [[0, 64], [255, 255]]
    assert wbtable.Image(deep).to_numpy().tolist() == deep.tolist()
    assert wbtable.Image(PIXELS + 9, normalize=(0, 10)).to_numpy().tolist() == [[9, 9], [9, 9]]


def test_greys_of_16_bits_are_no_webp() -> None:  # [MEDIA-7]
    """Pillow cut them to 255 without a word."""
    deep = np.array([[0, 1000]], np.uint16)
    for value in (deep, Pillow.fromarray(deep), wbtable.Image(deep)):
        for form in ("webp", "jpg", "bmp"):
            with pytest.raises(UsageError, match="65,536 greys"):
                _ = wbtable.Image(value, file_type=form).width


def test_an_empty_document_goes_from_table_to_table(blobs: Blobs) -> None:  # [MEDIA-15]
    """It could be stored, and read, but what was read could not be stored again."""
    stored = blobs.stored(wbtable.Html(""))
    first = wbtable.Table(columns=["page"], data=[[wbtable.Html("")]])
    for value in (stored, first.data[0][0]):
        assert wbtable.Table(columns=["page"], data=[[value]]).data[0][0].html == ""


def test_sides_of_one_before_an_image_are_left_out(blobs: Blobs) -> None:
    """As W&B does: an image of MNIST is 1 x 28 x 28."""
    plain = np.arange(80, dtype=np.uint8).reshape(8, 10)
    for array in (plain[None], plain[None, None], plain[None, :, :, None]):
        assert np.array_equal(blobs.stored(wbtable.Image(array)).to_numpy(), plain)
    wide = np.zeros((1, 10, 3), np.uint8)
    assert wbtable.Image(wide).to_numpy().shape == (1, 10, 3)
    with pytest.raises(UsageError, match="found shape"):
        wbtable.Image(np.zeros((2, 8, 10), np.uint8))


def test_modes_of_pillow_that_files_lack(blobs: Blobs) -> None:  # [MEDIA-7]
    deep = np.array([[0, 300], [70, 65535]], np.int32)
    assert np.array_equal(blobs.stored(wbtable.Image(Pillow.fromarray(deep))).to_numpy(), deep)
    assert blobs.stored(wbtable.Image(Pillow.fromarray(deep // 1000))).to_numpy().tolist() == [[0, 0], [0, 65]]
    with pytest.raises(UsageError, match=r"0\.\.255"):
        _ = wbtable.Image(Pillow.fromarray(deep * 2)).width
    colours = Pillow.new("RGBA", (3, 2), (10, 20, 30, 255))
    for mode, channels in (("PA", 4), ("RGBa", 4), ("La", 2), ("RGBX", 3)):
        found = colours.convert("LA").convert(mode) if mode == "La" else colours.convert("P" if mode == "PA" else mode)
        image = wbtable.Image(found.convert("PA") if mode == "PA" else found)
        assert blobs.stored(image).to_numpy().shape == (2, 3, channels)
    palette = colours.convert("RGB").convert("P")
    assert blobs.stored(wbtable.Image(palette, file_type="jpg")).content_type == "image/jpeg"


def test_samples_in_another_order_of_bytes(blobs: Blobs) -> None:  # [MEDIA-10]
    samples = np.array([1, -2, 300], np.int16)
    assert blobs.stored(wbtable.Audio(samples.astype(">i2"), 8000)).to_numpy("int16").tolist() == [1, -2, 300]


def test_class_ids_as_text() -> None:
    for wrong in ("--5", "-", "9" * 5000, "9" * 20):
        with pytest.raises(UsageError, match="an integer as class id"):
            wbtable.Image(PIXELS, boxes={"b": {"box_data": [{**BOX, "class_id": wrong}]}})
    with pytest.raises(UsageError, match="the id 1 has two names, 'cat' and 'dog'"):
        wbtable.Classes({"1": "cat", 1: "dog"})  # type: ignore[arg-type]
    assert wbtable.Classes({"1": "cat", 1: "cat"}).to_dict() == {1: "cat"}  # type: ignore[arg-type]


def test_a_mask_in_colours_is_refused(tmp_path: Path) -> None:  # [MEDIA-9]
    """It was stored, and only reading it said that it is none."""
    path = tmp_path / "mask.png"
    path.write_bytes(encoded("PNG"))
    table = wbtable.Table(columns=["image"])
    with pytest.raises(UsageError, match=r'column "image", row 0.*expected a greyscale image'):
        table.add_data(wbtable.Image(PIXELS, masks={"m": {"path": path}}))
    for mode in ("1", "L", "P", "I;16"):
        Pillow.new(mode, (2, 2)).save(path)
        table.add_data(wbtable.Image(PIXELS, masks={"m": {"path": path}}))
    assert len(table) == 4


@pytest.mark.parametrize("mode", ["1", "2", "4", "P", "P1"])
def test_ids_of_masks_in_files_are_their_samples(mode: str, blobs: Blobs) -> None:  # [MEDIA-9]
    """Of one bit they became 0 and 255, of 4 bits multiples of 17; of a palette the page had none."""
    ids = np.array([[0, 1], [1, 0]], np.uint8) if mode[-1] == "1" else np.array([[0, 1], [2, 3]], np.uint8)
    if mode[0] == "P":
        image = Pillow.fromarray(ids).convert("P")
        image.putdata(ids.ravel().tolist())
        data = _png(image, **({"bits": 1} if mode == "P1" else {}))
    else:
        data = _grey_png(ids, int(mode))
    assert np.array_equal(Mask(data).to_numpy(), ids)
    stored = blobs.stored(wbtable.Image(PIXELS, masks={"m": {"mask_data": None, "path": io.BytesIO(data)}}))
    assert stored.masks is not None
    assert np.array_equal(stored.masks["m"].to_numpy(), ids)
    assert np.array_equal(np.asarray(Pillow.open(io.BytesIO(mask_pixels(data))))[..., 0], ids)


def _png(image: Pillow.Image, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, "PNG", **options)
    return sink.getvalue()


def _grey_png(ids: np.ndarray[Any, Any], bits: int) -> bytes:
    """Return a greyscale PNG of 1, 2 or 4 bits a sample, of which Pillow writes the first only."""
    rows = np.zeros((ids.shape[0], ids.shape[1] * bits), np.uint8)
    for bit in range(bits):
        rows[:, bit::bits] = ids >> (bits - 1 - bit) & 1
    packed = b"".join(b"\0" + np.packbits(row).tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", ids.shape[1], ids.shape[0], bits, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(packed)), (b"IEND", b"")]
    parts = [struct.pack(">I", len(c)) + n + c + struct.pack(">I", zlib.crc32(n + c)) for n, c in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_an_open_file_says_its_format(tmp_path: Path) -> None:
    path = tmp_path / "shape.OBJ"
    path.write_text("v 1 2 3\n")
    with path.open() as file:
        assert wbtable.Object3D(file).format == "obj"
    with path.open("rb") as file:
        assert wbtable.Object3D(file, file_type="obj").format == "obj"
