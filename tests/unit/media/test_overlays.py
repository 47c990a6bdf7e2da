from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image as Pillow

from tests.unit.media.conftest import Blobs, pixels
from wbtable.errors import FormatError, UsageError
from wbtable.format.types_media import ImageType
from wbtable.media import Classes
from wbtable.media.image import Image

if TYPE_CHECKING:
    from pathlib import Path

mpl.use("Agg")


BOXES: dict[str, Any] = {
    "predictions": {
        "box_data": [
            {
                "position": {"minX": 0.1, "maxX": 0.5, "minY": 0.2, "maxY": 0.9},
                "class_id": 1,
                "box_caption": "cat .9",
                "scores": {"conf": 0.9, "iou": 0.5},
            },
            {"position": {"middle": [4, 3], "width": 2, "height": 2}, "domain": "pixel", "class_id": 2},
        ],
        "class_labels": {1: "cat", 2: "dog"},
    },
    "truth": {"box_data": [{"position": {"middle": [0.5, 0.5], "width": 1, "height": 0.25}}]},
}


def test_boxes_in_both_styles_and_domains(blobs: Blobs) -> None:  # [MEDIA-8]
    image = Image(pixels(), boxes=BOXES, classes=[{"id": 1, "name": "cat"}], caption="c", grouping=3)
    rows = image.to_cell()["boxes"]
    assert isinstance(rows, list)
    assert [(r["layer"], r["style"], r["position"], r["domain"]) for r in rows] == [
        ("predictions", "minmax", [0.1, 0.5, 0.2, 0.9], "relative"),
        ("predictions", "middle", [4, 3, 2, 2], "pixel"),
        ("truth", "middle", [0.5, 0.5, 1, 0.25], "relative"),
    ]
    kind = image.column_type()
    assert kind == ImageType(boxes=True, classes=((1, "cat"),), box_labels=(("predictions", ((1, "cat"), (2, "dog"))),))
    stored = blobs.stored(image)
    assert stored.boxes == image.boxes == BOXES
    assert (stored.caption, stored.grouping, stored.classes) == ("c", 3, Classes([{"id": 1, "name": "cat"}]))
    assert (stored.width, stored.height) == (30, 20)
    assert blobs.reads == 0  # [MEDIA-4]
    assert stored == image
    copied = Image(stored)
    assert copied == image
    assert copied.boxes == BOXES


def test_class_ids_of_numpy_are_integers() -> None:
    box = {
        "position": BOXES["truth"]["box_data"][0]["position"],
        "class_id": np.int64(3),
        "scores": {"a": np.float32(0.5)},
    }
    image = Image(pixels(), boxes={"p": {"box_data": [box], "class_labels": {np.int32(3): "x", "4": "y"}}})
    assert image.boxes is not None
    assert image.boxes["p"]["box_data"][0]["class_id"] == 3
    assert image.boxes["p"]["class_labels"] == {3: "x", 4: "y"}


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([1], "mapping from layer"),
        ({"p": [1]}, "boxes\\['p'\\]"),
        ({"p": {"boxdata": []}}, "boxdata"),
        ({"p": {}}, "list of boxes"),
        ({"p": {"box_data": [{"position": {"minX": 1}}]}}, r"box_data\[0\].position: expected minX"),
        ({"p": {"box_data": [{"position": {"middle": [1], "width": 1, "height": 1}}]}}, r"expected \[x, y\]"),
        ({"p": {"box_data": [{"position": {"middle": [1, float("nan")], "width": 1, "height": 1}}]}}, "finite"),
        ({"p": {"box_data": [{**BOXES["truth"]["box_data"][0], "class_id": 1.5}]}}, "class_id: expected an integer"),
        ({"p": {"box_data": [{**BOXES["truth"]["box_data"][0], "class_id": True}]}}, "expected an integer"),
        ({"p": {"box_data": [{**BOXES["truth"]["box_data"][0], "domain": "percent"}]}}, "percent"),
        ({"p": {"box_data": [{**BOXES["truth"]["box_data"][0], "scores": {"a": "x"}}]}}, "scores.a: expected a number"),
        ({"p": {"box_data": [{**BOXES["truth"]["box_data"][0], "label": "x"}]}}, "found label"),
        ({"p": {"box_data": [], "class_labels": {"x": "y"}}}, "class_labels: expected an integer"),
    ],
)
def test_boxes_that_are_wrong_say_where(boxes: Any, message: str) -> None:  # [MEDIA-8]
    with pytest.raises(UsageError, match=message):
        Image(pixels(), boxes=boxes)


def test_masks(blobs: Blobs, tmp_path: Path) -> None:  # [MEDIA-9]
    ids = pixels(channels=0) % 5
    path = tmp_path / "mask.png"
    Pillow.fromarray(ids).save(path)
    deep = np.array([[0, 1000]], np.int64)
    image = Image(
        pixels(),
        masks={
            "a": {"mask_data": ids, "class_labels": {0: "sky"}},
            "b": {"path": str(path)},
            "c": {"mask_data": deep},
            "d": {"mask_data": (ids > 2)},
            "e": {"mask_data": ids.astype(np.float64)},
        },
    )
    assert image.column_type().mask_labels == (("a", ((0, "sky"),)),)
    stored = blobs.stored(image)
    assert stored.masks is not None
    assert [(n, m.width, m.height, m.class_labels) for n, m in stored.masks.items()] == [
        ("a", 30, 20, {0: "sky"}),
        ("b", 30, 20, None),
        ("c", 2, 1, None),
        ("d", 30, 20, None),
        ("e", 30, 20, None),
    ]
    assert blobs.reads == 0  # [MEDIA-4]
    for layer, expected in (("a", ids), ("b", ids), ("c", deep), ("d", ids > 2), ("e", ids)):
        assert np.array_equal(stored.masks[layer].to_numpy(), expected), layer
    assert stored.masks["b"].bytes == path.read_bytes()
    assert stored == image
    assert Image(stored).masks == stored.masks


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ({"mask_data": np.zeros((2, 2, 3))}, "H x W"),
        ({"mask_data": np.array([[-1]])}, r"0\.\.65535"),
        ({"mask_data": np.array([[70000]])}, r"0\.\.65535"),
        ({"mask_data": np.array([[0.5]])}, "whole numbers"),
        ({"mask_data": np.array([[np.nan]])}, r"0\.\.65535"),
        ({"class_labels": {}}, "either mask_data or path"),
        ({"mask_data": object()}, "2-D array"),
        ({"data": 1}, "found data"),
    ],
)
def test_masks_that_are_wrong_say_where(mask: Any, message: str) -> None:  # [MEDIA-9]
    with pytest.raises(UsageError, match=f"masks\\['m'\\]: .*{message}"):
        Image(pixels(), masks={"m": mask})


def test_a_cell_has_the_fields_of_its_type(blobs: Blobs) -> None:  # [MEDIA-1]
    for image in (Image(pixels()), Image(pixels(), boxes=BOXES), Image(pixels(), masks={"m": {"mask_data": [[1]]}})):
        names = [field.name for field in image.column_type().arrow()]
        assert names[0] == "file"
        assert set(names) == set(image.to_cell())
        assert set(names) == set(blobs.stored(image).to_cell()), "a cell that was read can be written again"


def test_cells_of_other_writers(blobs: Blobs) -> None:  # [MEDIA-4] [MEDIA-8]
    """Facts that they leave out are those of the bytes; a position without its numbers is an error of the cell."""
    given = Image(pixels(), boxes=BOXES, masks={"m": {"mask_data": [[1, 2]]}})
    cell = blobs.cell(given) | {"width": None, "height": None}
    cell["masks"] = [{**mask, "width": None, "height": None} for mask in cell["masks"]]
    image = Image.from_cell(cell, blobs, given.column_type())
    assert (image.width, image.height) == (given.width, given.height)
    assert image.masks is not None
    assert (image.masks["m"].width, image.masks["m"].height) == (2, 1)
    for position in ([None] * 4, [1.0], None):
        wrong = cell | {"boxes": [{**box, "position": position} for box in cell["boxes"]]}
        with pytest.raises(FormatError, match="expected four numbers as the position of a box"):
            _ = Image.from_cell(wrong, blobs, given.column_type()).boxes
