"""Point clouds and meshes."""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import numpy as np

from wbtable.errors import FormatError, UsageError
from wbtable.format.types_media import Object3DType
from wbtable.media import points3d
from wbtable.media.base import FileMedia
from wbtable.media.jsontext import read_json, write_json
from wbtable.media.payload import Payload, payload_of
from wbtable.media.pixels import array_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FORMATS = {
    "pts.json": "application/json",
    "gltf": "model/gltf+json",
    "glb": "model/gltf-binary",
    "obj": "model/obj",
    "stl": "model/stl",
    "babylon": "application/json",
}


class Object3D(FileMedia):
    """A point cloud, or a mesh in a file.

    Args:
        data_or_path: a path, bytes or open file, kept as it is: gltf, glb, obj, stl, babylon or pts.json; points as an
            array of N x 3 (x, y, z), N x 4 (and a category of 1 to 14) or N x 6 (and red, green, blue of 0 to 255); or
            ``{"type": "lidar/beta", "points": …, "boxes": […], "vectors": […]}``.
        caption: text beside the scene.
        file_type: the format of bytes, and of open files whose names do not say it.

    Raises:
        NotFoundError: the file does not exist.
        UsageError: the argument is none of those; the message says what is wrong with it.

    """

    __slots__ = ("_cloud", "_format")

    kind: ClassVar[str] = "object3d"
    facts: ClassVar[tuple[str, ...]] = ("format", "points")

    def __init__(self, data_or_path: object, caption: str | None = None, file_type: str | None = None) -> None:
        self._cloud: object = None
        payload = payload_of(data_or_path, "Object3D")
        if payload is None:
            self._format = "pts.json"
            self._cloud = _cloud(data_or_path)
        else:
            self._format = _format(file_type, data_or_path)
        self._start(payload, caption)

    @classmethod
    def from_file(cls, data_or_path: object, file_type: str | None = None) -> Self:
        """Return the object in a file; arguments as the class's."""
        return cls(data_or_path, file_type=file_type)

    @classmethod
    def from_numpy(cls, data: NDArray[Any]) -> Self:
        """Return a point cloud from an array of N x 3, 4 or 6."""
        if not isinstance(data, np.ndarray):
            raise UsageError(f"expected a numpy array, found {type(data).__name__}")
        return cls(data)

    @classmethod
    def from_point_cloud(
        cls,
        points: NDArray[Any] | Sequence[Sequence[float]],
        boxes: Sequence[Mapping[str, Any]] = (),
        vectors: Sequence[Mapping[str, Any]] | None = None,
        point_cloud_type: str = "lidar/beta",
    ) -> Self:
        """Return a point cloud with boxes and vectors.

        Args:
            points: N x 3, 4 or 6, as the class takes them.
            boxes: ``{"corners": 8 x 3, "label": text, "color": [r, g, b], "score": number}``; see :func:`box3d`.
            vectors: ``{"start": [x, y, z], "end": [x, y, z], "color": [r, g, b]}``.
            point_cloud_type: ``lidar/beta``, the only one there is.

        """
        return cls({"type": point_cloud_type, "points": points, "boxes": boxes, "vectors": vectors or ()})

    def _encode(self) -> Payload:
        payload = Payload.of_bytes(write_json(self._cloud, "point cloud"), FORMATS["pts.json"])
        self._cloud = None
        return payload

    def _measure(self, payload: Payload) -> tuple[str, dict[str, Any]]:
        data = payload.read()
        points = None
        if self._format == "pts.json":
            points = len(points3d.points_of(read_json(data, "point cloud")))
        else:
            _check_mesh(data, self._format)
        return FORMATS[self._format], {"format": self._format, "points": points}

    def column_type(self) -> Object3DType:
        """Return the type of a column of 3-D objects."""
        return Object3DType()

    @property
    def format(self) -> str:
        """``pts.json``, ``gltf``, ``glb``, ``obj``, ``stl`` or ``babylon``."""
        return str(self._fact("format"))

    @property
    def points(self) -> int | None:
        """The number of points of a cloud; None of a mesh."""
        return cast("int | None", self._fact("points"))

    def to_dict(self) -> dict[str, Any]:
        """Return a cloud as ``{"type", "points", "boxes", "vectors"}``.

        Raises:
            FormatError: the stored bytes are damaged.
            UsageError: it is a mesh.

        """
        if self.format != "pts.json":
            raise UsageError(f"a mesh of format {self.format} is no point cloud: use .bytes")
        found = read_json(self.bytes, "point cloud")
        cloud = found if isinstance(found, dict) else {"points": found}
        return {"type": "lidar/beta", "boxes": [], "vectors": [], **cloud}

    def to_numpy(self) -> NDArray[np.float64]:
        """Return the points of a cloud, N x 3, 4 or 6.

        Raises:
            FormatError: the stored bytes are damaged.
            UsageError: it is a mesh.

        """
        return points3d.points_of(self.to_dict())


def _format(file_type: str | None, source: object) -> str:
    name = file_type
    if name is None and isinstance(named := getattr(source, "name", None), str) and hasattr(source, "read"):
        source = named  # an open file
    if name is None and isinstance(source, str | os.PathLike):
        file_name = Path(source).name.lower()
        name = "pts.json" if file_name.endswith(".pts.json") else file_name.rpartition(".")[2]
    found = (name or "").lower().removeprefix(".")
    if found not in FORMATS:
        where = "file_type" if file_type is not None or name is None else "a file name that ends in"
        raise UsageError(f"expected {where} {', '.join(FORMATS)}, found {name!r:.80}")
    return found


def _cloud(value: object) -> object:
    if isinstance(value, Mapping):
        return points3d.check_scene(value)
    array: Any = value if isinstance(value, list | tuple) else array_of(value)
    if array is None:
        raise UsageError(f"expected a path, bytes, points or a scene, found {type(value).__name__}")
    return points3d.check_points(array)


def _check_mesh(data: bytes, form: str) -> None:
    """Refuse what is plainly not of its format; the viewer's parsers do the rest, in the browser's sandbox."""
    if form == "glb":
        if len(data) < 20 or data[:4] != b"glTF":
            raise FormatError(f"expected a GLB file, found bytes that begin with {data[:4]!r}")
        (length,) = struct.unpack_from("<I", data, 8)
        if length > len(data):
            raise FormatError(f"the GLB file is truncated: expected {length:,} bytes, found {len(data):,}")
    elif form in {"gltf", "babylon"}:
        if not isinstance(read_json(data, f"{form} file"), dict):
            raise FormatError(f"expected a JSON object in the {form} file")
    elif form == "stl":
        _check_stl(data)
    elif b"\0" in data[:65536]:
        raise FormatError("expected text in the OBJ file, found a zero byte")


def _check_stl(data: bytes) -> None:
    if len(data) >= 84 and len(data) == 84 + 50 * struct.unpack_from("<I", data, 80)[0]:
        return
    if not data.lstrip()[:5].lower() == b"solid":
        raise FormatError("expected an STL file: text that begins with 'solid', or triangles as its header counts them")
    if not any(b"endsolid" in line.lower() for line in io.BytesIO(data[-4096:])):
        raise FormatError("the STL file is truncated: it has no 'endsolid'")
