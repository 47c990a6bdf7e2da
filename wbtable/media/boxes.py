"""Bounding boxes: W&B's dictionaries to the rows of a cell and back (MEDIA-8)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from wbtable.errors import FormatError, UsageError
from wbtable.format.tagged import plain_text, utf8_text
from wbtable.media.classes import class_id, class_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

_MINMAX = ("minX", "maxX", "minY", "maxY")
_MIDDLE = {"middle", "width", "height"}
_BOX = {"position", "class_id", "scores", "box_caption", "domain"}
_LAYER = {"box_data", "class_labels"}
_DOMAINS = ("relative", "pixel")


def boxes_to_rows(boxes: object) -> tuple[list[dict[str, Any]], dict[str, dict[int, str]]]:
    """Return the rows of the ``boxes`` fact, and the labels of each layer that has some.

    Args:
        boxes: ``{layer: {"box_data": [box, …], "class_labels": {id: name}}}``.

    Raises:
        UsageError: something is missing, unknown or of the wrong type; the message says where.

    """
    rows: list[dict[str, Any]] = []
    labels: dict[str, dict[int, str]] = {}
    for name, layer, place in layers(boxes, "boxes"):
        known(layer, _LAYER, place)
        data = layer.get("box_data")
        if isinstance(data, str | Mapping) or not isinstance(data, Iterable):
            raise UsageError(f"expected a list of boxes, found {type(data).__name__}", place=f"{place}.box_data")
        rows += [_row(name, box, f"{place}.box_data[{i}]") for i, box in enumerate(data)]
        if layer.get("class_labels") is not None:
            labels[name] = class_labels(layer["class_labels"], f"{place}.class_labels")
    return rows, labels


def rows_to_boxes(rows: Sequence[Mapping[str, Any]], labels: Mapping[str, Mapping[int, str]]) -> dict[str, Any]:
    """Return the boxes of a cell as :func:`boxes_to_rows` took them.

    Raises:
        FormatError: a stored row is impossible.

    """
    out: dict[str, Any] = {}
    for row in rows:
        name = row["layer"]
        layer = out.setdefault(name, {"box_data": []})
        if labels.get(name):
            layer["class_labels"] = dict(labels[name])
        box: dict[str, Any] = {"position": _position_back(row)}
        scores = row.get("scores")
        found = (
            ("class_id", row.get("class_id")),
            ("box_caption", row.get("caption")),
            ("scores", dict(scores) if scores is not None else None),
            ("domain", "pixel" if row.get("domain") == "pixel" else None),
        )
        box |= {key: value for key, value in found if value is not None}
        layer["box_data"].append(box)
    return out


def layers(value: object, what: str) -> Iterable[tuple[str, Mapping[str, Any], str]]:
    """Yield name, content and place of each layer of boxes or masks.

    Raises:
        UsageError: it is no mapping from name to mapping.

    """
    if not isinstance(value, Mapping):
        raise UsageError(f"expected a mapping from layer to {what}, found {type(value).__name__}", place=what)
    for name, layer in value.items():
        place = f"{what}[{name!r:.80}]"
        if not isinstance(name, str) or not isinstance(layer, Mapping):
            raise UsageError(f"expected text to a mapping, found {type(layer).__name__}", place=place)
        yield utf8_text(plain_text(name), what), layer, place


def known(found: Mapping[str, Any], names: set[str], place: str) -> None:
    """Refuse names that mean nothing, so that a slip of the pen is noticed.

    Raises:
        UsageError: there is one.

    """
    odd = sorted(str(name) for name in set(found) - names)
    if odd:
        raise UsageError(f"expected only {', '.join(sorted(names))}, found {', '.join(odd)}", place=place)


def _row(layer: str, box: object, place: str) -> dict[str, Any]:
    if not isinstance(box, Mapping):
        raise UsageError(f"expected a mapping, found {type(box).__name__}", place=place)
    known(box, _BOX, place)
    style, position = _position(box.get("position"), f"{place}.position")
    domain = box.get("domain") or "relative"
    if domain not in _DOMAINS:
        raise UsageError(f"expected 'pixel', or nothing for relative, found {domain!r:.80}", place=f"{place}.domain")
    found, caption, scores = box.get("class_id"), box.get("box_caption"), box.get("scores")
    if caption is not None and not isinstance(caption, str):
        raise UsageError(f"expected text, found {type(caption).__name__}", place=f"{place}.box_caption")
    if caption is not None:
        caption = utf8_text(plain_text(caption), f"{place}.box_caption")
    return {
        "layer": layer,
        "style": style,
        "position": position,
        "domain": domain,
        "class_id": None if found is None else class_id(found, f"{place}.class_id"),
        "caption": caption,
        "scores": None if scores is None else _scores(scores, f"{place}.scores"),
    }


def _scores(scores: object, place: str) -> list[tuple[str, float]]:
    if not isinstance(scores, Mapping):
        raise UsageError(f"expected a mapping from name to number, found {type(scores).__name__}", place=place)
    # In order of name: the same scores are the same cell, however the mapping was built.
    found = sorted((plain_text(name), value) for name, value in scores.items())
    return [(utf8_text(name, place), _number(value, f"{place}.{name}", finite=False)) for name, value in found]


def _position(position: object, place: str) -> tuple[str, list[float]]:
    if isinstance(position, Mapping) and set(position) == set(_MINMAX):
        return "minmax", [_number(position[k], f"{place}.{k}") for k in _MINMAX]
    if isinstance(position, Mapping) and set(position) == _MIDDLE:
        middle = position["middle"]
        if isinstance(middle, str | Mapping) or not isinstance(middle, Iterable) or len(pair := list(middle)) != 2:
            raise UsageError(f"expected [x, y], found {middle!r:.80}", place=f"{place}.middle")
        numbers = [*pair, position["width"], position["height"]]
        return "middle", [_number(v, place) for v in numbers]
    raise UsageError(
        f"expected minX, maxX, minY, maxY, or middle, width, height, found {position!r:.120}",
        place=place,
    )


def _number(value: object, place: str, *, finite: bool = True) -> float:
    try:
        if isinstance(value, str | bytes | bool):
            raise TypeError
        number = float(cast("Any", value))
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"expected a number, found {value!r:.80}", place=place) from None
    if finite and not math.isfinite(number):
        raise UsageError(f"expected a finite number, found {number}", place=place)
    return number


def _plain(number: float) -> float:
    """Return 4 for 4.0, as pixels are written; JSON and equality do not tell them apart."""
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _position_back(row: Mapping[str, Any]) -> dict[str, Any]:
    position = list(row.get("position") or ())
    if len(position) != 4 or None in position:
        raise FormatError(f"expected four numbers as the position of a box, found {position!r:.80}")
    a, b, c, d = map(_plain, position)
    if row.get("style") == "middle":
        return {"middle": [a, b], "width": c, "height": d}
    if row.get("style") != "minmax":
        raise FormatError(f"expected the style 'minmax' or 'middle' of a box, found {row.get('style')!r:.80}")
    return dict(zip(_MINMAX, (a, b, c, d), strict=True))
