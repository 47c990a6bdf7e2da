"""Class ids and their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import index
from typing import TYPE_CHECKING

from wbtable.errors import UsageError
from wbtable.format.tagged import plain_text, utf8_text
from wbtable.format.types_media import ClassesType, labels

if TYPE_CHECKING:
    from wbtable.format.types_base import ColumnType

_DIGITS = 20
"""The most characters of an id as text: a sign and the 19 digits of the greatest."""


class Classes:
    """A set of classes: ids with names, for the labels of images, boxes and masks, or as a column's type.

    Args:
        class_set: ``[{"id": 0, "name": "cat"}, …]``; a mapping ``{0: "cat"}`` is taken too.

    Raises:
        UsageError: an item has not just ``id`` and ``name``, an id is no integer, or comes twice.

    """

    __slots__ = ("_labels",)

    def __init__(self, class_set: Iterable[Mapping[str, object]] | Mapping[int, str]) -> None:
        if isinstance(class_set, Mapping):
            self._labels = class_labels(class_set, "class_set")
            return
        if not isinstance(class_set, Iterable):
            raise UsageError(f"expected a list of classes, found {type(class_set).__name__}", place="class_set")
        found: dict[int, str] = {}
        for i, item in enumerate(class_set):
            if not isinstance(item, Mapping) or set(item) != {"id", "name"}:
                raise UsageError(f'expected {{"id": …, "name": …}}, found {item!r:.80}', place=f"class_set[{i}]")
            number = class_id(item["id"], f"class_set[{i}].id")
            if number in found:
                raise UsageError(f"the id {number} comes twice", place=f"class_set[{i}].id")
            found[number] = utf8_text(plain_text(item["name"]), f"class_set[{i}].name")
        self._labels = found

    @property
    def class_set(self) -> list[dict[str, object]]:
        """The classes as W&B writes them, in order of id."""
        return [{"id": key, "name": name} for key, name in sorted(self._labels.items())]

    def to_dict(self) -> dict[int, str]:
        """Return names by id."""
        return dict(self._labels)

    def get_type(self) -> ColumnType:
        """Return the type of a column whose cells are ids of these classes."""
        return ClassesType(classes=labels(self._labels))

    def __eq__(self, other: object) -> bool:
        return self._labels == other._labels if isinstance(other, Classes) else NotImplemented

    def __hash__(self) -> int:
        return hash(labels(self._labels))

    def __len__(self) -> int:
        return len(self._labels)

    def __repr__(self) -> str:
        return f"Classes({self.class_set!r})"


def class_id(value: object, place: str, what: str = "an integer as class id") -> int:
    """Return a class id, or another number, as int; any integer type will do, text of digits too.

    Raises:
        UsageError: it is no integer, or beyond 64 bits.

    """
    if isinstance(value, str) and len(value) <= _DIGITS and value.removeprefix("-").isdecimal():
        value = int(value)
    try:
        number = index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or not -(2**63) <= number < 2**63:
        raise UsageError(f"expected {what}, found {value!r:.80}", place=place)
    return int(number)


def class_labels(value: object, place: str) -> dict[int, str]:
    """Return the labels of a layer.

    Raises:
        UsageError: it is no mapping from integer to name.

    """
    if not isinstance(value, Mapping):
        raise UsageError(f"expected a mapping from class id to name, found {type(value).__name__}", place=place)
    out: dict[int, str] = {}
    for key, given in value.items():
        number, name = class_id(key, place), utf8_text(plain_text(given), place)
        if out.setdefault(number, name) != name:  # 1 and "1" are two keys of a mapping
            raise UsageError(f"the id {number} has two names, {out[number]!r:.40} and {name!r:.40}", place=place)
    return out
