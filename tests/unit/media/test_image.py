from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image as Pillow

from tests.unit.media.conftest import Blobs, Damaged, encoded, pixels
from wbtable.errors import FormatError, NotFoundError, UsageError
from wbtable.format.types_media import ImageType
from wbtable.media import Payload, media_class, wrap
from wbtable.media.image import Image
from wbtable.media.pixels import to_pixels, to_uint8

if TYPE_CHECKING:
    from pathlib import Path

mpl.use("Agg")


def payload(image: Image) -> Payload:
    found = image.to_cell()["file"]
    assert isinstance(found, Payload)
    return found


def test_encoded_bytes_are_kept_as_they_are(image_file: tuple[str, bytes], tmp_path: Path) -> None:  # [MEDIA-2]
    content_type, data = image_file
    path = tmp_path / "image"
    path.write_bytes(data)
    for source in (data, bytearray(data), memoryview(data), io.BytesIO(data), path, str(path), Image(path)):
        image = Image(source)
        assert payload(image).read() == data
        assert payload(image).content_type == content_type
        assert (image.width, image.height, image.bytes) == (30, 20, data)
    assert Image(str(path)).path == path
    with path.open("rb") as stream:
        assert Image(stream).bytes == data


def test_rare_formats_are_kept_too() -> None:  # [MEDIA-6]
    for form, content_type in (("TIFF", "image/tiff"), ("PPM", "image/x-portable-pixmap")):
        data = encoded(form)
        image = Image(data)
        assert (image.content_type, image.width, image.height, image.bytes) == (content_type, 30, 20, data)
        assert np.array_equal(image.to_numpy(), pixels())


@pytest.mark.parametrize("channels", [0, 1, 3, 4])
def test_arrays_come_back_exactly(channels: int, blobs: Blobs) -> None:  # [MEDIA-7]
    array = pixels(channels=channels)
    image = blobs.stored(Image(array))
    assert (image.width, image.height, image.content_type) == (30, 20, "image/png")
    assert np.array_equal(image.to_numpy(), array[:, :, 0] if channels == 1 else array)


def test_the_stated_normalisation() -> None:  # [MEDIA-7]
    unit = np.array([[0.0, 0.5, 1.0]])
    assert to_uint8(unit).tolist() == [[0, 128, 255]]
    assert to_uint8(np.array([[-1.0, 0.0, 1.0]])).tolist() == [[0, 128, 255]]
    assert to_uint8(np.array([[0.0, 100.4, 255.0]], np.float32)).tolist() == [[0, 100, 255]]
    assert to_uint8(np.array([[-0.0005, 1.0005]], np.float16)).tolist() == [[0, 255]]
    assert to_uint8(np.array([[True, False]])).tolist() == [[255, 0]]
    assert to_uint8(np.array([[3, 255]], np.int64)).tolist() == [[3, 255]]
    assert to_uint8(np.array([[0.0, 1.0]]), normalize=False).tolist() == [[0, 1]]
    assert to_uint8(np.array([[-5.0, 0.0, 10.0, 99.0]]), normalize=(0, 10)).tolist() == [[0, 0, 255, 255]]
    deep = np.array([[0, 65535]], np.int32)
    assert to_pixels(deep).dtype == np.uint16
    assert Image(deep).to_numpy().tolist() == [[0, 65535]]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((2, 2), np.nan), "NaN"),
        (np.array([[0.0, np.inf]]), "infinity"),
        (np.array([[0.0, 1.5]]), "normalize"),
        (np.array([[-3.0, 0.0]]), "normalize"),
        (np.array([[0.0, 300.0]]), "normalize"),
        (np.array([[-1, 3]]), r"0\.\.255"),
        (np.full((2, 2, 3), 300), r"0\.\.255"),
        (np.full((2, 2), 70000), r"0\.\.255"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.zeros((3, 20, 30), np.uint8), "moveaxis"),
        (np.zeros((2, 2, 2), np.uint8), "H x W"),
        (np.zeros(4, np.uint8), "H x W"),
        (np.zeros((0, 3), np.uint8), "at least 1 x 1"),
        (np.array([["a"]]), "dtype"),
    ],
)
def test_arrays_that_are_no_images(array: Any, message: str) -> None:  # [MEDIA-7]
    with pytest.raises(UsageError, match=message):
        Image(array).to_cell()


def test_an_array_is_taken_at_the_call() -> None:
    array = pixels()
    image, before = Image(array), array.copy()
    array[:] = 0
    assert np.array_equal(image.to_numpy(), before)
    drawing = Pillow.fromarray(before)
    image = Image(drawing)
    drawing.paste((0, 0, 0), (0, 0, 30, 20))
    assert np.array_equal(image.to_numpy(), before)


class Tensor:
    """Quacks like a PyTorch tensor."""

    __module__ = "torch"

    def __init__(self, array: np.ndarray[Any, Any], dtype: str = "torch.uint8") -> None:
        self.array, self.dtype = array, dtype

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def float(self) -> Tensor:
        return Tensor(self.array.astype(np.float32))

    def numpy(self) -> np.ndarray[Any, Any]:
        if self.dtype == "torch.bfloat16":
            msg = "Got unsupported ScalarType BFloat16"
            raise TypeError(msg)
        return self.array


def test_tensors_have_their_channels_first() -> None:
    array = pixels()
    assert np.array_equal(Image(Tensor(np.moveaxis(array, -1, 0))).to_numpy(), array)
    assert np.array_equal(Image(Tensor(array[:, :, 0])).to_numpy(), array[:, :, 0])
    half = Tensor(np.moveaxis(array / 255, -1, 0), "torch.bfloat16")
    assert np.array_equal(Image(half).to_numpy(), array)
    with pytest.raises(UsageError, match="C x H x W"):
        Image(Tensor(array))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_pillow_images(mode: str, blobs: Blobs) -> None:
    source = Pillow.fromarray(pixels()).convert(mode)
    image = blobs.stored(Image(source))
    expected = source.convert("RGB") if mode == "CMYK" else source
    back = image.to_pil().convert(expected.mode)
    assert back.tobytes() == expected.tobytes()
    assert image.to_numpy().shape[:2] == (20, 30)


def test_mode_and_file_type() -> None:
    array = pixels()
    assert Image(array, mode="L").to_numpy().shape == (20, 30)
    for file_type, content_type in (
        ("jpg", "jpeg"),
        ("jpeg", "jpeg"),
        ("bmp", "bmp"),
        ("webp", "webp"),
        (".PNG", "png"),
    ):
        assert Image(array, file_type=file_type).format == content_type
    with pytest.raises(UsageError, match="file_type"):
        Image(array, file_type="exe")
    with pytest.raises(UsageError, match="cannot be written as JPEG"):
        Image(pixels(channels=4), file_type="jpg").to_cell()
    with pytest.raises(UsageError, match="kept as it is"):
        Image(encoded("PNG"), mode="L")
    with pytest.raises(UsageError, match="file_type says image/jpeg"):
        Image(encoded("PNG"), file_type="jpg").to_cell()
    with pytest.raises(UsageError, match="'Q'"):
        Image(array, mode="Q").to_cell()
    again = Image(Image(array, caption="a"), file_type="bmp")
    assert (again.format, again.caption) == ("bmp", "a")


def test_a_matplotlib_figure_is_drawn_when_it_is_given() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1), dpi=50)
    axes = figure.subplots()
    axes.plot([1, 2, 3])
    first, same = Image(figure), Image(axes)
    axes.plot([3, 2, 1])
    assert (first.width, first.height) == (100, 50)
    assert first == same
    assert first != Image(figure)
    wrapped = wrap(figure)
    assert isinstance(wrapped, Image)


def test_wrap_knows_values_by_their_class() -> None:
    wrapped = wrap(Pillow.fromarray(pixels()))
    assert isinstance(wrapped, Image)
    assert [wrap(v) for v in (None, 1, "x", b"x", pixels(), [1], object())] == [None] * 7
    assert media_class("image") is Image
    with pytest.raises(UsageError, match="kind of media"):
        media_class("number")


def test_what_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file"):
        Image(tmp_path / "absent.png")
    with pytest.raises(NotFoundError, match="no file"):
        Image("absent.png")
    with pytest.raises(UsageError, match="regular file"):
        Image(tmp_path)
    with pytest.raises(UsageError, match="URL"):
        Image("https://example.org/a.png")
    with pytest.raises(UsageError, match=r"found builtins\.object"):
        Image(object())
    with pytest.raises(UsageError, match="no bytes"):
        Image(b"")
    (tmp_path / "empty.png").touch()
    with pytest.raises(UsageError, match="empty file"):
        Image(tmp_path / "empty.png")
    text = tmp_path / "text.png"
    text.write_text("not an image")
    with pytest.raises(UsageError, match=r"text\.png' cannot be used: expected an image in PNG"):
        Image(text).to_cell()
    with pytest.raises(UsageError, match="cannot be read"):
        Image("a\0b")
    with pytest.raises(UsageError, match="caption"):
        Image(text, caption=object())  # type: ignore[arg-type]
    truncated = Pillow.open(io.BytesIO(encoded("JPEG")[:-200]))
    with pytest.raises(UsageError, match="Pillow image"):
        Image(truncated)


def test_pipes_are_not_opened(tmp_path: Path) -> None:  # [MEDIA-3]
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="regular file"):
        Image(tmp_path / "pipe")


def test_a_file_that_changes_is_refused(tmp_path: Path) -> None:  # [MEDIA-3]
    path = tmp_path / "a.png"
    path.write_bytes(encoded("PNG"))
    image = Image(path)
    kept = payload(image)
    path.write_bytes(encoded("PNG", width=31))
    with pytest.raises(UsageError, match=r"changed while it was being added: .*a\.png"):
        kept.read()
    with pytest.raises(UsageError, match="changed"):
        Image(image).bytes  # noqa: B018
    path.unlink()
    with pytest.raises(UsageError, match="cannot be read any more"):
        kept.read()


def test_a_cell_that_does_not_say_its_size(blobs: Blobs) -> None:  # [PACK-8]
    data = encoded("JPEG")
    cell = blobs.cell(Image(data))
    cell["file"]["size"] = None
    image = Image.from_cell(cell, blobs, ImageType())
    assert "bytes" not in repr(image)
    assert blobs.reads == 0
    assert image.size == len(data)


def test_damaged_bytes_give_a_format_error() -> None:  # [MEDIA-12]
    blobs = Damaged(encoded("JPEG")[:-300])
    image = Image.from_cell(blobs.cell(Image(encoded("JPEG"))), blobs, ImageType())
    with pytest.raises(FormatError, match="damaged"):
        image.to_numpy()
    with pytest.raises(FormatError, match="FILE group"):
        Image.from_cell({"file": None}, blobs, ImageType())


def test_equality_hash_repr_and_save(blobs: Blobs, tmp_path: Path) -> None:
    data = encoded("PNG")
    image = Image(data, caption="x")
    assert image == blobs.stored(image) == Image(data, caption="x")
    assert len({image, Image(data, caption="x")}) == 1
    assert image != Image(data)
    assert image != Image(encoded("PNG", width=31), caption="x")
    assert image != data
    assert repr(Image(pixels())) == "Image(not encoded yet)"
    assert repr(blobs.stored(image)) == f"Image(width=30, height=20, image/png, {len(data):,} bytes, caption='x')"
    assert image.save(tmp_path / "out.png").read_bytes() == data
    with pytest.raises(UsageError, match="cannot be written"):
        image.save(tmp_path / "absent" / "out.png")
    assert Image(data, caption=5).caption == "5"  # type: ignore[arg-type]
