"""Inputs of media as other libraries and slips make them: taken as what they are, or refused as errors of the call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image as Pillow

import wbtable
from tests.unit.media.conftest import Blobs, encoded
from wbtable.errors import UsageError

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


def test_an_open_file_says_its_format(tmp_path: Path) -> None:
    path = tmp_path / "shape.OBJ"
    path.write_text("v 1 2 3\n")
    with path.open() as file:
        assert wbtable.Object3D(file).format == "obj"
    with path.open("rb") as file:
        assert wbtable.Object3D(file, file_type="obj").format == "obj"
