"""Segmentation masks: one class id per pixel, kept as a greyscale PNG (MEDIA-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from wbtable.errors import FormatError, UsageError
from wbtable.media import pillow
from wbtable.media.boxes import known, layers
from wbtable.media.classes import class_labels
from wbtable.media.payload import Payload, payload_of
from wbtable.media.pixels import array_of, array_of_list
from wbtable.media.sides import Sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wbtable.format.types_base import ColumnType

_LAYER = {"mask_data", "path", "class_labels"}


class Mask(Sided):
    """One layer of class ids over an image; part of an image's cell, not a column's kind of its own.

    Attributes:
        class_labels: names by id, where known.

    """

    __slots__ = ("_array", "_is_ours", "class_labels")

    kind: ClassVar[str] = "mask"
    facts: ClassVar[tuple[str, ...]] = ("width", "height")

    def __init__(self, data: object, class_labels: dict[int, str] | None = None) -> None:
        array = array_of_list(data) if isinstance(data, list | tuple) else array_of(data)
        self._array = None if array is None else _ids(array)
        self._is_ours = array is not None
        payload = None if array is not None else payload_of(data, "Mask")
        if array is None and payload is None:
            raise UsageError(f"expected a 2-D array or the path of an image, found {type(data).__name__}")
        self._start(payload, None)
        self.class_labels = class_labels

    def _encode(self) -> Payload:
        from PIL import Image as Pillow

        data = pillow.encode(Pillow.fromarray(cast("NDArray[Any]", self._array)), "png")
        self._array = None
        return Payload(data, "image/png")

    def _measure(self, payload: Payload) -> tuple[str, dict[str, Any]]:
        data = payload.read()
        header = pillow.header_of(data)
        if not self._is_ours and not pillow.is_grey(data):
            raise FormatError("expected a greyscale image, whose pixels are class ids, found colours")
        return header.content_type, {"width": header.width, "height": header.height}

    def column_type(self) -> ColumnType:
        """Masks are facts of images.

        Raises:
            UsageError: always.

        """
        raise UsageError("a mask is part of an image: give it to Image(masks=...)")

    def to_numpy(self) -> NDArray[Any]:
        """Return the class ids as H x W, uint8 or uint16.

        Raises:
            FormatError: the stored image is damaged or has colours.

        """
        return pillow.to_ids(self.bytes)


def masks_from(masks: object) -> dict[str, Mask]:
    """Return the masks of an image by layer.

    Args:
        masks: ``{layer: {"mask_data": array, "class_labels": {id: name}}}``, or ``"path"`` in place of ``"mask_data"``.

    Raises:
        UsageError: something is missing, unknown or of the wrong type; the message says where.

    """
    out: dict[str, Mask] = {}
    if isinstance(masks, dict) and all(isinstance(mask, Mask) for mask in masks.values()):
        return dict(masks)
    for name, layer, place in layers(masks, "masks"):
        known(layer, _LAYER, place)
        data, path = layer.get("mask_data"), layer.get("path")
        if (data is None) == (path is None):
            raise UsageError("expected either mask_data or path", place=place)
        found = layer.get("class_labels")
        labels = None if found is None else class_labels(found, f"{place}.class_labels")
        try:
            out[name] = Mask(path if data is None else data, labels)
        except UsageError as error:
            raise type(error)(str(error), place=place) from None
    return out


def _ids(array: NDArray[Any]) -> NDArray[Any]:
    """Return class ids as uint8, or uint16 if one is beyond 255."""
    if array.ndim != 2 or array.size == 0:
        raise UsageError(f"expected a mask of H x W class ids, found shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise UsageError(f"expected a mask of integers, found dtype {array.dtype}")
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 65535):
        raise UsageError(f"expected class ids of 0..65535 in a mask, found {low}..{high}")
    ids = array.astype(np.uint8 if high <= 255 else np.uint16)
    if array.dtype.kind == "f" and not np.array_equal(ids, array):
        raise UsageError("expected whole numbers in a mask, found fractions: they are class ids")
    return ids
