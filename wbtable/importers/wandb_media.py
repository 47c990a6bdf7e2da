"""Media cells of W&B's JSON into media values of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from wbtable.errors import FormatError
from wbtable.media import Audio, Classes, Histogram, Html, Image, Molecule, Object3D, Plotly, Video

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from wbtable.importers.wandb_files import FileFinder
    from wbtable.media import Media

_BOX: Final = ("position", "class_id", "scores", "box_caption", "domain")
_MAX_JSON: Final = 64 << 20
_BOXES, _MASKS = "box_class_maps", "mask_class_maps"

PLURAL: Final = {
    "images/separated": "image-file",
    "images": "image-file",
    "audio": "audio-file",
    "videos": "video-file",
    "html": "html-file",
    "object3D": "object3D-file",
    "molecule": "molecule-file",
}
"""The types under which a list of media is logged, and what each is a list of."""


class MediaReader:
    """Makes media values of cells. Not for several threads.

    Attributes:
        files: where their content is.
        notes: what was left out of cells, each thing once.

    """

    def __init__(self, files: FileFinder) -> None:
        """Read cells whose paths `files` knows."""
        self.files = files
        self.notes: dict[str, None] = {}
        self._classes: dict[str, dict[int, str]] = {}

    def read(self, cell: Mapping[str, Any], params: Mapping[str, Any] | None = None) -> Media:
        """Return the value of a cell.

        Args:
            cell: the cell.
            params: those of the column's type, which hold the names of classes.

        Raises:
            UsageError: its content is no such media.
            NotFoundError: its file is missing.
            FormatError: it has not the form of such a cell, or its file is damaged.

        """
        make = _MAKERS.get(str(cell.get("_type")))
        if make is None:
            msg = f"expected a media cell, found the type {cell.get('_type')!r:.60}"
            raise FormatError(msg)
        return make(self, cell, params or {})

    def read_list(self, cell: Mapping[str, Any], params: Mapping[str, Any] | None = None) -> list[Media]:
        """Return the values of a list of media that was logged under one key.

        Raises:
            WbtableError: as `read`.

        """
        kind = PLURAL[str(cell.get("_type"))]
        names = cell.get("filenames")
        if not isinstance(names, list):
            names = [item.get("path") for item in _dicts(cell.get(str(cell.get("_type")).partition("/")[0]))]
        if not names or not all(isinstance(name, str) for name in names):
            msg = f"expected a list of file names, found {names!r:.80}"
            raise FormatError(msg)
        captions, boxes, masks = (cell.get(name) for name in ("captions", "all_boxes", "all_masks"))
        out = []
        for i, name in enumerate(names):
            one: dict[str, Any] = {"_type": kind, "path": name}
            for key, values in (("caption", captions), ("boxes", boxes), ("masks", masks)):
                if isinstance(values, list) and i < len(values) and values[i]:
                    one[key] = values[i]
            out.append(self.read(one, params))
        return out

    def file(self, cell: Mapping[str, Any]) -> Path:
        """Return the file that a cell names."""
        path = cell.get("path")
        if not isinstance(path, str):
            msg = f"expected the path of a file, found {path!r:.80}"
            raise FormatError(msg)
        return self.files.find(path)

    def give_back(self, cell: object) -> None:
        """Forget that the files of a cell were used: it could not become a value, so that they are kept as files."""
        if isinstance(cell, dict):
            path = cell.get("path")
            if isinstance(path, str):
                self.files.used.discard(path)
            for item in cell.values():
                self.give_back(item)
        elif isinstance(cell, list):
            for item in cell:
                self.give_back(item)

    def classes(self, path: str) -> dict[int, str]:
        """Return the class names in a ``*.classes.json``."""
        if path not in self._classes:
            found = self.json(path)
            try:
                self._classes[path] = Classes(found["class_set"]).to_dict()
            except (KeyError, TypeError) as error:
                msg = f"expected a set of classes: {error}"
                raise FormatError(msg, place=path) from None
        return self._classes[path]

    def json(self, path: str) -> Any:
        """Return the content of a small JSON file."""
        file = self.files.find(path)
        if file.stat().st_size > _MAX_JSON:
            msg = f"expected at most {_MAX_JSON:,} bytes"
            raise FormatError(msg, place=path)
        try:
            return json.loads(file.read_bytes())
        except (ValueError, RecursionError) as error:
            msg = f"expected JSON: {error}"
            raise FormatError(msg, place=path) from None

    def boxes(self, cell: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the boxes of an image as our class takes them."""
        layers = cell.get("boxes")
        if not isinstance(layers, dict) or not layers:
            return None
        names = _const(params.get(_BOXES))
        out = {}
        for layer, found in layers.items():
            labels = names.get(layer)
            if isinstance(found, dict) and isinstance(found.get("path"), str):
                document = self.json(found["path"])
                found = document.get("box_data") if isinstance(document, dict) else None
                labels = document.get("class_labels") or labels if isinstance(document, dict) else labels
            out[str(layer)] = {"box_data": [self._box(box) for box in _dicts(found)]}
            if labels:
                out[str(layer)]["class_labels"] = labels
        return out

    def _box(self, box: dict[str, Any]) -> dict[str, Any]:
        odd = [key for key in box if key not in _BOX]
        if odd:
            self.notes[f"boxes have {', '.join(sorted(odd))}, which has no place in a box here and was left out"] = None
        return {key: value for key, value in box.items() if key in _BOX and value is not None}

    def masks(self, cell: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the masks of an image as our class takes them."""
        layers = cell.get("masks")
        if not isinstance(layers, dict) or not layers:
            return None
        names = _const(params.get(_MASKS))
        out: dict[str, Any] = {}
        for layer, found in layers.items():
            if not isinstance(found, dict):
                msg = f"expected a mask, found {found!r:.80}"
                raise FormatError(msg)
            out[str(layer)] = {"path": str(self.file(found))}
            if names.get(layer):
                out[str(layer)]["class_labels"] = names[layer]
        return out


def _image(reader: MediaReader, cell: Mapping[str, Any], params: Mapping[str, Any]) -> Media:
    classes = cell.get("classes")
    labels = _const(params.get("class_map"))
    found: dict[int, str] | None = None
    if isinstance(classes, dict) and isinstance(classes.get("path"), str):
        found = reader.classes(classes["path"])
    elif labels:
        found = {int(key): str(name) for key, name in labels.items() if str(key).removeprefix("-").isdecimal()}
    grouping = cell.get("grouping")
    return Image(
        reader.file(cell),
        caption=_caption(cell),
        grouping=grouping if type(grouping) is int else None,
        classes=Classes(found) if found else None,
        boxes=reader.boxes(cell, params),
        masks=reader.masks(cell, params),
    )


def _histogram(_reader: MediaReader, cell: Mapping[str, Any], _params: Mapping[str, Any]) -> Media:
    bins = cell.get("bins")
    packed = cell.get("packedBins")
    counts = cell.get("values")
    if bins is None and isinstance(packed, dict) and isinstance(counts, list):
        try:
            low, step, count = float(packed["min"]), float(packed["size"]), int(packed["count"])
        except (KeyError, TypeError, ValueError) as error:
            msg = f"expected bins as min, size and count: {error}"
            raise FormatError(msg) from None
        if count != len(counts):
            msg = f"expected {count} counts, found {len(counts)}"
            raise FormatError(msg)
        bins = [low + step * i for i in range(count + 1)]
    if not isinstance(bins, list) or not isinstance(counts, list):
        msg = "expected lists of values and bins"
        raise FormatError(msg)
    return Histogram(np_histogram=(counts, bins))


def _molecule(reader: MediaReader, cell: Mapping[str, Any], _params: Mapping[str, Any]) -> Media:
    return Molecule(reader.file(cell), caption=_caption(cell), file_type=_suffix(cell))


def _object3d(reader: MediaReader, cell: Mapping[str, Any], _params: Mapping[str, Any]) -> Media:
    return Object3D(reader.file(cell), caption=_caption(cell), file_type=_suffix(cell))


def _suffix(cell: Mapping[str, Any]) -> str:
    """Return the suffix of a path; staged copies of files have none."""
    name = str(cell.get("path"))
    return "pts.json" if name.endswith(".pts.json") else name.rpartition(".")[2]


_MAKERS: Final[dict[str, Callable[[MediaReader, Mapping[str, Any], Mapping[str, Any]], Media]]] = {
    "image-file": _image,
    "wandb.Image": _image,
    "audio-file": lambda r, c, _: Audio(r.file(c), caption=_caption(c)),
    "video-file": lambda r, c, _: Video(r.file(c), caption=_caption(c)),
    "html-file": lambda r, c, _: Html(r.file(c), caption=_caption(c)),
    "object3D-file": _object3d,
    "molecule-file": _molecule,
    "plotly-file": lambda r, c, _: Plotly(r.file(c).read_bytes(), caption=_caption(c)),
    "histogram": _histogram,
}


def is_media(value: object) -> bool:
    """Whether a value of the JSON is a media cell, or a list of such and nulls."""
    if isinstance(value, dict):
        return value.get("_type") in _MAKERS
    if isinstance(value, list) and value:
        return any(isinstance(item, dict) for item in value) and all(
            item is None or (isinstance(item, dict) and item.get("_type") in _MAKERS) for item in value
        )
    return False


def holds_media(value: object) -> bool:
    """Whether a value of the JSON is a media cell, or holds one however deep."""
    if isinstance(value, dict):
        return is_media(value) or any(map(holds_media, value.values()))
    return isinstance(value, list) and any(map(holds_media, value))


def _caption(cell: Mapping[str, Any]) -> str | None:
    caption = cell.get("caption")
    return None if caption is None else str(caption)


def _dicts(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        msg = f"expected a list of objects, found {value!r:.80}"
        raise FormatError(msg)
    return value


def _const(value: Any) -> dict[str, Any]:
    """Return what a ``const`` type of W&B holds, if that is an object."""
    if isinstance(value, dict) and value.get("wb_type") == "const":
        params = value.get("params")
        value = params.get("val") if isinstance(params, dict) else None
    return value if isinstance(value, dict) else {}


__all__ = ["PLURAL", "MediaReader", "holds_media", "is_media"]
