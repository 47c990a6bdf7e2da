"""What the viewer makes of media: thinned masks, thumbnails that are made once, meshes that name nothing outside."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from tests.page.media_table import broken_png, glb, gltf
from wbtable.errors import FormatError
from wbtable.media import preview
from wbtable.viewer.media_tasks import check_model
from wbtable.viewer.thumbnails import SIDES, Thumbnails

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def _stored(ids: NDArray[Any]) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(ids).save(sink, "PNG")
    return sink.getvalue()


def _ids(data: bytes) -> NDArray[np.int64]:
    """Read a mask as the page does: red and 256 times green."""
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(np.int64)
    assert (pixels[..., 2] == 0).all()
    found: NDArray[np.int64] = pixels[..., 0] + 256 * pixels[..., 1]
    return found


def test_ids_of_masks_come_exactly_up_to_the_largest() -> None:
    ids = np.array([[0, 1, 255], [256, 300, 65535]], np.uint16)
    assert np.array_equal(_ids(preview.mask_pixels(_stored(ids))), ids)


@pytest.mark.parametrize("shape", [(400, 200), (3, 1000), (1, 1), (64, 64)])
def test_thinned_masks_hold_only_classes_that_were_there(shape: tuple[int, int]) -> None:
    ids = np.random.default_rng(0).choice(np.array([0, 7, 300, 65535], np.uint16), shape)
    thin = _ids(preview.mask_pixels(_stored(ids), 64))
    assert max(thin.shape) == min(64, max(shape))
    assert min(thin.shape) >= 1
    assert set(np.unique(thin)) <= {0, 7, 300, 65535}
    if max(shape) <= 64:
        assert np.array_equal(thin, ids)


def test_a_thinned_mask_lies_where_the_whole_one_does() -> None:
    ids = np.zeros((512, 512), np.uint16)
    ids[:, 256:] = 5
    thin = _ids(preview.mask_pixels(_stored(ids), 64))
    assert (thin[:, :32] == 0).all()
    assert (thin[:, 32:] == 5).all()


def test_a_picture_as_mask_is_refused() -> None:
    with pytest.raises(FormatError, match="greyscale image as mask"):
        preview.mask_pixels(_stored(np.zeros((4, 4, 3), np.uint8)), 64)


def test_a_damaged_picture_has_no_thumbnail() -> None:
    with pytest.raises(FormatError):
        preview.thumbnail(broken_png(), 64)


def test_thumbnails_are_kept_by_digest_and_size_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "thumbnails"
    kept = Thumbnails(folder)
    digest = "ab" * 32
    assert kept.get(digest, "64") is None
    kept.put(digest, "64", b"small")
    kept.put(digest, "mask-64", b"mask")
    again = Thumbnails(folder)
    assert (again.get(digest, "64"), again.get(digest, "mask-64"), again.get(digest, "128")) == (
        b"small",
        b"mask",
        None,
    )
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*"))


def test_thumbnails_beyond_the_bound_go(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "thumbnails")
    for i in range(5):
        kept.put(f"{i:02d}" * 32, SIDES[0], b"x" * 100)
    Thumbnails(tmp_path / "thumbnails", most=250)
    left = [i for i in range(5) if kept.get(f"{i:02d}" * 32, SIDES[0]) is not None]
    assert len(left) == 2


def test_meshes_that_embed_everything_pass() -> None:
    check_model(glb())
    check_model(gltf())
    check_model(b"v 0 0 0\n")


@pytest.mark.parametrize("key", ["uri", "URI", "url"])
@pytest.mark.parametrize(
    "value", ["texture.png", "https://elsewhere.example/a.bin", "//elsewhere.example/a", "file:///etc/passwd", 5]
)
def test_meshes_that_name_something_outside_are_refused(key: str, value: object) -> None:
    document = json.loads(gltf())
    document["images"][0] = {key: value}
    with pytest.raises(FormatError, match="outside of it"):
        check_model(json.dumps(document).encode())
