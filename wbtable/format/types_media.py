"""Logical types of media (spec: 06-types, 09-media)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.file_cell import FILE_TYPE
from wbtable.format.types_base import ColumnType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.documents import Reader

Labels = tuple[tuple[int, str], ...]
"""Class ids and their names, in order of id."""
LayerLabels = tuple[tuple[str, Labels], ...]
"""The labels of each layer, in order of layer."""

BOX_TYPE = pa.struct(
    [
        ("layer", pa.string()),
        ("style", pa.string()),
        ("position", pa.list_(pa.float64())),
        ("domain", pa.string()),
        ("class_id", pa.int64()),
        ("caption", pa.string()),
        ("scores", pa.map_(pa.string(), pa.float64())),
    ]
)
MASK_TYPE = pa.struct([("layer", pa.string()), ("file", FILE_TYPE), ("width", pa.int32()), ("height", pa.int32())])


def labels(mapping: Mapping[int, str]) -> Labels:
    """Return class labels in their canonical order."""
    return tuple(sorted((int(key), str(value)) for key, value in mapping.items()))


def layer_labels(mapping: Mapping[str, Mapping[int, str]]) -> LayerLabels:
    """Return the labels of layers in their canonical order."""
    return tuple(sorted((name, labels(found)) for name, found in mapping.items()))


def _write_labels(found: Labels) -> dict[str, str]:
    return {str(key): value for key, value in found}


_CLASS_ID = re.compile(r"0|-?[1-9][0-9]{0,3999}")
"""In the one form that an integer has, so that no two keys are one id; as long as Python reads."""


def _read_labels(value: object, place: str) -> Labels:
    if not isinstance(value, dict):
        msg = f"expected an object from class id to label, found {type(value).__name__}"
        raise FormatError(msg, place=place)
    for key, name in value.items():
        if not _CLASS_ID.fullmatch(key):
            msg = f"expected integers as class ids, found {key!r:.80}"
            raise FormatError(msg, place=place)
        if not isinstance(name, str):
            msg = f"expected text as the label of class {key}, found {name!r:.80}"
            raise FormatError(msg, place=place)
    return tuple(sorted((int(key), name) for key, name in value.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType(ColumnType):
    """A type whose cells are structs of a FILE group and facts (MEDIA-1)."""

    def facts(self) -> list[tuple[str, pa.DataType]]:
        """Return the fields beside ``file``."""
        return []

    def arrow(self) -> pa.DataType:
        """Return the struct of ``file`` and the facts."""
        return pa.struct([("file", FILE_TYPE), *self.facts()])


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageType(MediaType):
    """Images.

    Attributes:
        boxes: whether cells have the field ``boxes``.
        masks: whether cells have the field ``masks``.
        classes: the labels of the whole column's classes.
        box_labels: the labels of each box layer.
        mask_labels: the labels of each mask layer.

    """

    kind: ClassVar[str] = "image"
    boxes: bool = False
    masks: bool = False
    classes: Labels = ()
    box_labels: LayerLabels = ()
    mask_labels: LayerLabels = ()

    def facts(self) -> list[tuple[str, pa.DataType]]:
        """Return size in pixels, caption, grouping, and what overlays there are."""
        out: list[tuple[str, pa.DataType]] = [
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("caption", pa.string()),
            ("grouping", pa.int64()),
        ]
        if self.boxes:
            out.append(("boxes", pa.list_(BOX_TYPE)))
        if self.masks:
            out.append(("masks", pa.list_(MASK_TYPE)))
        return out

    def params(self) -> dict[str, Any]:
        """Return overlays and labels."""
        out: dict[str, Any] = {}
        if self.boxes:
            out["boxes"] = True
        if self.masks:
            out["masks"] = True
        if self.classes:
            out["classes"] = _write_labels(self.classes)
        for name, layers in (("box_labels", self.box_labels), ("mask_labels", self.mask_labels)):
            if layers:
                out[name] = {layer: _write_labels(found) for layer, found in layers}
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read overlays and labels."""
        place = fields.place
        layers = {
            name: tuple(
                sorted(
                    (layer, _read_labels(value, f"{place}.{name}.{layer}"))
                    for layer, value in fields.object(name, optional=True).items()
                )
            )
            for name in ("box_labels", "mask_labels")
        }
        return cls(
            boxes=fields.bool("boxes"),
            masks=fields.bool("masks"),
            classes=_read_labels(fields.object("classes", optional=True), f"{place}.classes"),
            box_labels=layers["box_labels"],
            mask_labels=layers["mask_labels"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioType(MediaType):
    """Sound."""

    kind: ClassVar[str] = "audio"

    def facts(self) -> list[tuple[str, pa.DataType]]:
        """Return sample rate in Hz, channels, frames, duration in seconds, caption."""
        return [
            ("sample_rate", pa.int32()),
            ("channels", pa.int32()),
            ("frames", pa.int64()),
            ("duration", pa.float64()),
            ("caption", pa.string()),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoType(MediaType):
    """Moving images."""

    kind: ClassVar[str] = "video"

    def facts(self) -> list[tuple[str, pa.DataType]]:
        """Return size in pixels, frames per second, frames, duration in seconds, caption."""
        return [
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("fps", pa.float64()),
            ("frames", pa.int64()),
            ("duration", pa.float64()),
            ("caption", pa.string()),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlType(MediaType):
    """HTML documents."""

    kind: ClassVar[str] = "html"

    def facts(self) -> list[tuple[str, pa.DataType]]:
        """Return the caption."""
        return [("caption", pa.string())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Object3DType(MediaType):
    """Point clouds and meshes."""

    kind: ClassVar[str] = "object3d"

    def facts(self) -> list[tuple[str, pa.DataType]]:
        """Return format, number of points, caption."""
        return [("format", pa.string()), ("points", pa.int64()), ("caption", pa.string())]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoleculeType(MediaType):
    """Molecules in one of the text formats of chemistry."""

    kind: ClassVar[str] = "molecule"

    def facts(self) -> list[tuple[str, pa.DataType]]:
        """Return format and caption."""
        return [("format", pa.string()), ("caption", pa.string())]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureType(MediaType):
    """Plotly figures; the blob is the figure's JSON."""

    kind: ClassVar[str] = "figure"

    def facts(self) -> list[tuple[str, pa.DataType]]:
        """Return the caption."""
        return [("caption", pa.string())]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramType(ColumnType):
    """Histograms: counts, and one more bin edge than counts."""

    kind: ClassVar[str] = "histogram"

    def arrow(self) -> pa.DataType:
        """Return a struct of two lists of doubles."""
        return pa.struct([("counts", pa.list_(pa.float64())), ("bins", pa.list_(pa.float64()))])


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassesType(ColumnType):
    """Class ids with labels.

    Attributes:
        classes: the ids that a cell may hold, and their names.

    """

    kind: ClassVar[str] = "classes"
    classes: Labels = ()

    def arrow(self) -> pa.DataType:
        """Return int64."""
        return pa.int64()

    def params(self) -> dict[str, Any]:
        """Return the labels."""
        return {"classes": _write_labels(self.classes)}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the labels."""
        return cls(classes=_read_labels(fields.object("classes"), f"{fields.place}.classes"))
