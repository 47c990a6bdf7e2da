"""Images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np

from wbtable.errors import FormatError, UsageError
from wbtable.format.types_media import ImageType, layer_labels
from wbtable.format.types_media import labels as sorted_labels
from wbtable.media import limits, pillow
from wbtable.media.boxes import boxes_to_rows, rows_to_boxes
from wbtable.media.classes import Classes, class_id
from wbtable.media.masks import Mask, masks_from
from wbtable.media.payload import Payload, payload_of
from wbtable.media.pixels import Normalize, array_of, array_of_list, is_tensor, to_pixels, without_leading_ones
from wbtable.media.sides import Sided
from wbtable.media.sniff import sniff_images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage

    from wbtable.format.types_base import ColumnType
    from wbtable.media.base import BlobReader


class Image(Sided):
    """An image with what is drawn over it.

    A path, bytes or an open file are kept as they are, never re-encoded. Pixels are encoded as `file_type` when the
    value becomes a cell: arrays of H x W or H x W x (1, 3 or 4), sides of 1 before these left out, PyTorch tensors of
    C x H x W, Pillow images. A matplotlib figure is drawn at once, as figures are drawn into again.

    Args:
        data_or_path: any of those, or another Image, whose content and overlays are taken over.
        mode: the Pillow mode to convert pixels to; not for encoded images.
        caption: text under the image.
        grouping: a number that images of one group share.
        classes: names of class ids, for boxes and masks without their own: a :class:`Classes` or its list.
        boxes: ``{layer: {"box_data": [{"position": …, "class_id": …, "scores": …, "box_caption": …, "domain": …}],
            "class_labels": {id: name}}}``; positions are minX, maxX, minY, maxY, or middle, width, height; the domain
            that of the image's sides, 0 to 1, or ``"pixel"``.
        masks: ``{layer: {"mask_data": H x W class ids, "class_labels": {id: name}}}``, or ``"path"`` of an image.
        file_type: png (default), jpg, jpeg, bmp or webp for pixels; of an encoded image only what it already is.
        normalize: how floats and large integers become 0..255, as in :func:`wbtable.media.pixels.to_uint8`.

    Raises:
        NotFoundError: the file does not exist.
        UsageError: the argument is none of those, or an option does not fit it.

    """

    __slots__ = ("_box_labels", "_boxes", "_classes", "_file_type", "_masks", "_mode", "_source", "_type", "grouping")

    kind: ClassVar[str] = "image"
    facts: ClassVar[tuple[str, ...]] = ("width", "height")

    grouping: int | None
    _type: ImageType | None
    _source: PillowImage | NDArray[Any] | None
    _file_type: str | None
    _mode: str | None
    _classes: Classes | None
    _boxes: list[dict[str, Any]] | None
    _box_labels: dict[str, dict[int, str]]
    _masks: dict[str, Mask] | None

    def __init__(
        self,
        data_or_path: object,
        mode: str | None = None,
        caption: str | None = None,
        grouping: int | None = None,
        classes: Classes | Iterable[Mapping[str, object]] | None = None,
        boxes: Mapping[str, Mapping[str, Any]] | None = None,
        masks: Mapping[str, Mapping[str, Any]] | None = None,
        file_type: str | None = None,
        *,
        normalize: Normalize = True,
    ) -> None:
        self._file_type = _file_type(file_type)
        if mode is not None and not isinstance(mode, str):
            raise UsageError(f"expected mode as text, such as 'RGB', found {mode!r:.40}")
        self._mode = mode
        self._type = None
        self._source = None
        payload: Payload | None
        if isinstance(data_or_path, Image):
            payload = None if mode or file_type else cast("Payload", data_or_path.to_cell()["file"])
            self._source = data_or_path.to_pil() if payload is None else None
            caption = data_or_path.caption if caption is None else caption
            grouping = data_or_path.grouping if grouping is None else grouping
            classes = data_or_path.classes if classes is None else classes
            boxes = data_or_path.boxes if boxes is None else boxes
            masks = cast("Any", data_or_path.masks) if masks is None else masks
        else:
            payload = _figure(data_or_path) or payload_of(data_or_path, "Image")
            self._source = None if payload is not None else _pixels(data_or_path, normalize)
        if payload is not None and mode is not None:
            raise UsageError("mode converts pixels, and an encoded image is kept as it is: leave mode out")
        self._start(payload, caption)
        self.grouping = None if grouping is None else class_id(grouping, "grouping", "an integer")
        self._classes = classes if classes is None or isinstance(classes, Classes) else Classes(classes)
        self._boxes, self._box_labels = None, {}
        if boxes is not None:
            self._boxes, self._box_labels = boxes_to_rows(boxes)
        self._masks = None if masks is None else masks_from(masks)

    def _encode(self) -> Payload:
        from PIL import Image as Pillow

        source = cast("PillowImage | NDArray[Any]", self._source)
        image = Pillow.fromarray(source) if isinstance(source, np.ndarray) else source
        if self._mode is not None and image.mode != self._mode:
            try:
                image = image.convert(self._mode)
            except ValueError as error:
                raise UsageError(f"an image of mode {image.mode!r} cannot become {self._mode!r}: {error}") from None
        file_type = self._file_type or "png"
        payload = Payload.of_bytes(pillow.encode(image, file_type), pillow.FILE_TYPES[file_type])
        self._source = None
        return payload

    def _measure(self, payload: Payload) -> tuple[str, dict[str, Any]]:
        header = pillow.header_of(payload.read())
        wanted = self._file_type and pillow.FILE_TYPES[self._file_type]
        if wanted and wanted != header.content_type:
            raise FormatError(f"file_type says {wanted}, but the bytes, kept as they are, are {header.content_type}")
        return header.content_type, {"width": header.width, "height": header.height}

    def column_type(self) -> ImageType:
        """Return the type, with the labels of this value's classes, boxes and masks."""
        if self._type is not None:
            return self._type
        masks = self._masks or {}
        return ImageType(
            boxes=self._boxes is not None,
            masks=self._masks is not None,
            classes=sorted_labels(self._classes.to_dict()) if self._classes else (),
            box_labels=layer_labels(self._box_labels),
            mask_labels=layer_labels({k: m.class_labels for k, m in masks.items() if m.class_labels is not None}),
        )

    def to_cell(self) -> dict[str, object]:
        """Return the physical struct; ``boxes`` and ``masks`` only if the type has them (MEDIA-1)."""
        cell = {**super().to_cell(), "grouping": self.grouping}
        if self._type is not None:
            self._read_overlays()
        if self._boxes is not None:
            cell["boxes"] = self._boxes
        if self._masks is not None:
            cell["masks"] = [_mask_cell(layer, mask) for layer, mask in self._masks.items()]
        return cell

    def _restore(self, cell: Mapping[str, Any], blobs: BlobReader, column_type: ColumnType) -> None:
        super()._restore(cell, blobs, column_type)
        if not isinstance(column_type, ImageType):
            raise FormatError(f"expected the type of an image column, found {column_type}")
        self._type = column_type
        self._file_type = self._mode = self._source = None
        self.grouping = cell.get("grouping")
        self._classes = Classes(dict(column_type.classes)) if column_type.classes else None
        self._box_labels = {layer: dict(found) for layer, found in column_type.box_labels}
        self._boxes = self._masks = None

    def _read_overlays(self) -> None:
        """Take boxes and masks out of a stored cell, the first time they are asked for."""
        if self._cell is None or self._blobs is None or self._type is None:
            return
        if self._boxes is None and self._cell.get("boxes") is not None:
            self._boxes = [dict(row) for row in self._cell["boxes"]]
        if self._masks is None and self._cell.get("masks") is not None:
            names = {layer: dict(found) for layer, found in self._type.mask_labels}
            self._masks = {}
            for mask in self._cell["masks"]:
                value = Mask.from_cell(mask, self._blobs, self._type)
                value.class_labels = names.get(mask["layer"])
                self._masks[mask["layer"]] = value

    @property
    def format(self) -> str:
        """The format's short name: ``png``, ``jpeg``."""
        return self.content_type.removeprefix("image/")

    @property
    def classes(self) -> Classes | None:
        """The classes that boxes and masks without their own labels use."""
        return self._classes

    @property
    def boxes(self) -> dict[str, Any] | None:
        """The boxes by layer, as the constructor takes them; None if there are none."""
        self._read_overlays()
        return None if self._boxes is None else rows_to_boxes(self._boxes, self._box_labels)

    @property
    def masks(self) -> dict[str, Mask] | None:
        """The masks by layer; their pixels are read when asked for."""
        self._read_overlays()
        return None if self._masks is None else dict(self._masks)

    @property
    def image(self) -> PillowImage:
        """The decoded image; see :meth:`to_pil`."""
        return self.to_pil()

    def to_pil(self) -> PillowImage:
        """Decode to a Pillow image, of an animation the first frame.

        Raises:
            FormatError: the stored bytes are damaged, or over a limit.

        """
        return pillow.decode(self.bytes)

    def to_numpy(self) -> NDArray[Any]:
        """Decode to H x W, or H x W x C with 2 to 4 channels; uint8 but for deeper greyscale images.

        Raises:
            FormatError: the stored bytes are damaged, or over a limit.

        """
        return pillow.to_array(self.to_pil())

    def _same(self, other: Self) -> bool:
        return (
            super()._same(other)
            and self.grouping == other.grouping
            and _without_labels(self.boxes) == _without_labels(other.boxes)
            and self.masks == other.masks
        )


def cells_from_binary(array: pa.Array, place: Callable[[int], str] = "row {}".format) -> pa.StructArray:
    """Return ``content_type``, ``width`` and ``height`` of many encoded images, null where `array` is (MEDIA-5).

    Args:
        array: binary or large binary, one encoded image a row; its bytes are to be stored as they are.
        place: names a row for messages.

    Raises:
        UsageError: a value is no image, is damaged, or is over a limit; the message names its row.

    """
    return sniff_images(array, pillow.header_by_decoding, place)


def _file_type(file_type: str | None) -> str | None:
    if file_type is None:
        return None
    name = str(file_type).lower().removeprefix(".")
    if name not in pillow.FILE_TYPES:
        raise UsageError(f"expected file_type {', '.join(pillow.FILE_TYPES)}, found {file_type!r:.40}")
    return name


def _figure(value: object) -> Payload | None:
    """Draw a matplotlib figure, of axes or of pyplot the figure that holds them."""
    if (
        type(value).__module__.partition(".")[0] != "matplotlib"
        and getattr(value, "__name__", "") != "matplotlib.pyplot"
    ):
        return None
    figure: Any = value
    if hasattr(figure, "gcf"):
        figure = figure.gcf()
    elif not hasattr(figure, "savefig"):
        figure = getattr(figure, "figure", None)
    if not hasattr(figure, "savefig"):
        raise UsageError(f"expected a matplotlib figure or axes, found {type(value).__name__}")
    import io

    sink = io.BytesIO()
    # Without the name of the software: a new release of matplotlib must not make the same drawing another blob.
    figure.savefig(sink, format="png", metadata={"Software": None})
    return Payload.of_bytes(sink.getvalue(), "image/png")


def _pixels(value: object, normalize: Normalize) -> PillowImage | NDArray[Any]:
    if type(value).__module__.partition(".")[0] == "PIL" and hasattr(value, "convert"):
        image = cast("PillowImage", value)
        try:
            limits.check_pixels(image.width, image.height)
            return image.copy()
        except (OSError, ValueError, FormatError) as error:  # It may not be loaded yet.
            raise UsageError(f"the Pillow image cannot be used: {error}") from error
    array = array_of_list(value) if isinstance(value, list) else array_of(value)
    if array is None:
        raise UsageError(
            "expected a path, bytes, an open file, an array, a tensor, a Pillow image or a matplotlib figure, "
            f"found {type(value).__module__}.{type(value).__name__}"
        )
    if is_tensor(value) and array.ndim == 3:
        if array.shape[0] not in {1, 3, 4}:
            raise UsageError(f"expected a tensor of C x H x W with 1, 3 or 4 channels, found shape {array.shape}")
        array = np.moveaxis(array, 0, -1)
    array = without_leading_ones(array)
    try:
        if array.ndim >= 2:
            limits.check_pixels(array.shape[1], array.shape[0])
    except FormatError as error:
        raise UsageError(str(error)) from None
    return np.ascontiguousarray(to_pixels(array, normalize))


def _without_labels(boxes: dict[str, Any] | None) -> dict[str, Any] | None:
    # Labels belong to the column: a value that was stored has those of its whole column.
    return None if boxes is None else {layer: found["box_data"] for layer, found in boxes.items()}


def _mask_cell(layer: str, mask: Mask) -> dict[str, object]:
    cell = mask.to_cell()
    return {"layer": layer, "file": cell["file"], "width": cell["width"], "height": cell["height"]}
