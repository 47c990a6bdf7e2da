"""Points, boxes and vectors of point clouds: what a scene may hold, checked (MEDIA-13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from wbtable.errors import FormatError, UsageError
from wbtable.format.tagged import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

_SCENE = {"type", "points", "boxes", "vectors"}


def check_points(value: ArrayLike) -> NDArray[Any]:
    """Return points as an array.

    Raises:
        UsageError: it is not N x 3, 4 or 6 of finite numbers, or categories or colours are out of range.

    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise UsageError("expected points of N x 3, 4 or 6, found rows of different lengths") from None
    if array.size == 0 and array.ndim <= 2:
        return np.zeros((0, 3))
    if array.ndim != 2 or array.shape[1] not in {3, 4, 6} or array.dtype.kind not in "iuf":
        raise UsageError(f"expected points of N x 3, 4 or 6 numbers, found shape {array.shape} of {array.dtype}")
    if not np.isfinite(array).all():
        raise UsageError("expected finite points, found NaN or infinity")
    if array.shape[1] == 4 and not ((array[:, 3] >= 1) & (array[:, 3] <= 14)).all():
        raise UsageError("expected categories of 1 to 14 in the fourth column of points")
    if array.shape[1] == 6 and not ((array[:, 3:] >= 0) & (array[:, 3:] <= 255)).all():
        raise UsageError("expected colours of 0 to 255 in the last three columns of points")
    return array


def check_scene(scene: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scene with its parts as plain lists and arrays.

    Raises:
        UsageError: a part is missing, unknown or impossible; the message says which.

    """
    odd = sorted(set(map(str, scene)) - _SCENE)
    if odd or "points" not in scene:
        raise UsageError(f"expected type, points, boxes and vectors in a scene, found {sorted(map(str, scene))!r:.120}")
    if scene.get("type", "lidar/beta") != "lidar/beta":
        raise UsageError(f"expected the type 'lidar/beta', found {scene['type']!r:.80}")
    return {
        "type": "lidar/beta",
        "points": check_points(scene["points"]),
        "boxes": [_box(box, f"boxes[{i}]") for i, box in enumerate(_items(scene.get("boxes")))],
        "vectors": [_vector(v, f"vectors[{i}]") for i, v in enumerate(_items(scene.get("vectors")))],
    }


def points_of(scene: object) -> NDArray[np.float64]:
    """Return the points of a parsed ``pts.json``: a scene, or the list of points alone.

    Raises:
        FormatError: they are no points.

    """
    found = scene.get("points") if isinstance(scene, dict) else scene
    if not isinstance(found, list):
        raise FormatError(f"expected a list of points, found {type(found).__name__}")
    try:
        return check_points(found).astype(np.float64)
    except UsageError as error:
        raise FormatError(str(error)) from None


def box3d(
    *,
    center: Sequence[float],
    size: Sequence[float],
    orientation: Sequence[float],
    color: Sequence[int],
    label: str | None = None,
    score: float | None = None,
) -> dict[str, Any]:
    """Return a box of a point cloud, as eight corners.

    Args:
        center: x, y, z of its middle.
        size: its lengths along its own x, y, z.
        orientation: the rotation as a quaternion r, i, j, k; its length does not matter.
        color: red, green, blue of 0 to 255.
        label: text beside the box.
        score: the confidence in it.

    Raises:
        UsageError: something has the wrong number of numbers, or the quaternion is zero.

    """
    quaternion = _vectors(orientation, (4,), "orientation")
    norm = float(np.linalg.norm(quaternion))
    if norm == 0:
        raise UsageError("expected a quaternion other than zero as orientation")
    r, i, j, k = quaternion / norm
    rotation = np.array(
        [
            [1 - 2 * (j * j + k * k), 2 * (i * j - r * k), 2 * (i * k + r * j)],
            [2 * (i * j + r * k), 1 - 2 * (i * i + k * k), 2 * (j * k - r * i)],
            [2 * (i * k - r * j), 2 * (j * k + r * i), 1 - 2 * (i * i + j * j)],
        ]
    )
    signs = np.array([[x, y, z] for x in (1, -1) for y in (1, -1) for z in (1, -1)])
    half = _vectors(size, (3,), "size") / 2
    corners = (signs * half) @ rotation.T + _vectors(center, (3,), "center")
    box: dict[str, Any] = {"corners": corners.tolist(), "color": color}
    if label is not None:
        box["label"] = label
    if score is not None:
        box["score"] = score
    return _box(box, "box3d")


def _items(value: object) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        raise UsageError(f"expected a list of boxes or vectors, found {type(value).__name__}")
    return list(value)


def _box(box: object, place: str) -> dict[str, Any]:
    found = _fields(box, {"corners", "color", "label", "score"}, place)
    out: dict[str, Any] = {
        "corners": _vectors(found.get("corners"), (8, 3), f"{place}.corners").tolist(),
        "color": _color(found.get("color"), f"{place}.color"),
    }
    if found.get("label") is not None:
        out["label"] = plain_text(found["label"])
    if found.get("score") is not None:
        out["score"] = float(_vectors(found["score"], (), f"{place}.score"))
    return out


def _vector(vector: object, place: str) -> dict[str, Any]:
    found = _fields(vector, {"start", "end", "color"}, place)
    out: dict[str, Any] = {k: _vectors(found.get(k), (3,), f"{place}.{k}").tolist() for k in ("start", "end")}
    if found.get("color") is not None:
        out["color"] = _color(found["color"], f"{place}.color")
    return out


def _fields(value: object, names: set[str], place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or set(value) - names:
        raise UsageError(f"expected {', '.join(sorted(names))}, found {value!r:.120}", place=place)
    return value


def _color(value: object, place: str) -> list[int]:
    found = _vectors(value, (3,), place)
    if (found < 0).any() or (found > 255).any():
        raise UsageError(f"expected red, green, blue of 0 to 255, found {value!r:.80}", place=place)
    return [int(v) for v in found]


def _vectors(value: object, shape: tuple[int, ...], place: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        array = None
    if array is None or array.shape != shape or not np.isfinite(array).all():
        size = " x ".join(map(str, shape)) or "1"
        raise UsageError(f"expected {size} finite numbers, found {value!r:.80}", place=place)
    return array
