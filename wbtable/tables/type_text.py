"""The text of a type, as ``str(column.type)`` writes it, read again: ``list<timestamp[us, UTC]>``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wbtable.errors import FormatError, UsageError
from wbtable.format.types import (
    ColumnType,
    DecimalType,
    DurationType,
    Field,
    ListType,
    MapType,
    NdarrayType,
    StructType,
    TimestampType,
    TimeType,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_PARAMETERS: Final = re.compile(
    r"(timestamp|time|duration)\[(s|ms|us|ns)(?:, ([^\[\]<>,]+))?\]|decimal\((\d+), (\d+)\)"
)
_ARRAY: Final = re.compile(r"ndarray<([a-z0-9]+(?:\[[a-z]+\])?)(?:, (0-d|\d+(?:x\d+)*))?>")
_BARE: Final = re.compile(r"[^<>\[\](),: ]+")
_MAX_LEVELS: Final = 32


def parse_type(text: str, bare: Callable[[str], ColumnType]) -> ColumnType:
    """Return the type that a text with parameters means.

    The name of a dict's field ends at its first ``": "``.

    Args:
        text: what a type prints itself as.
        bare: returns the type of a name without parameters.

    Raises:
        UsageError: it is no such text.

    """
    try:
        found, end = _read(text, 0, bare, 0)
    except FormatError as error:
        msg = f"the column type {text!r:.80} cannot be: {error}"
        raise UsageError(msg) from None
    if end != len(text):
        raise _unread(text, end)
    return found


def _unread(text: str, at: int) -> UsageError:
    msg = f"expected a column type such as 'list<int64>' or 'timestamp[us, UTC]', found {text!r:.80}"
    return UsageError(f"{msg}, which is none from {text[at : at + 20]!r} on")


def _read(text: str, at: int, bare: Callable[[str], ColumnType], level: int) -> tuple[ColumnType, int]:
    """Return the type that begins at a place of the text, and where it ends."""
    if level > _MAX_LEVELS:
        msg = f"it nests deeper than {_MAX_LEVELS} levels"
        raise FormatError(msg)
    if match := _PARAMETERS.match(text, at):
        return _with_parameters(match, text), match.end()
    if match := _ARRAY.match(text, at):
        lengths = None if match[2] is None else tuple(map(int, match[2].split("x"))) if match[2] != "0-d" else ()
        return NdarrayType(dtype=None if match[1] == "any" else match[1], shape=lengths), match.end()
    if text.startswith("list<", at):
        item, end = _read(text, at + 5, bare, level + 1)
        return ListType(item=item), _over(">", text, end)
    if text.startswith("map<", at):
        key, end = _read(text, at + 4, bare, level + 1)
        item, end = _read(text, _over(", ", text, end), bare, level + 1)
        return MapType(key=key, item=item), _over(">", text, end)
    if text.startswith("struct<", at):
        return _struct(text, at + 7, bare, level + 1)
    if match := _BARE.match(text, at):
        return bare(match[0]), match.end()
    raise _unread(text, at)


def _with_parameters(match: re.Match[str], text: str) -> ColumnType:
    kind, unit, zone, precision, scale = match.groups()
    if kind == "timestamp":
        return TimestampType(unit=unit, zone=zone)
    if zone is not None:
        raise _unread(text, match.start(3))
    if kind is None:
        return DecimalType(precision=int(precision), scale=int(scale))
    return TimeType(unit=unit) if kind == "time" else DurationType(unit=unit)


def _struct(text: str, at: int, bare: Callable[[str], ColumnType], level: int) -> tuple[ColumnType, int]:
    fields: list[Field] = []
    if text.startswith(">", at):
        return StructType(fields=()), at + 1
    while True:
        colon = text.find(": ", at)
        if colon < 0:
            raise _unread(text, at)
        found, end = _read(text, colon + 2, bare, level)
        fields.append(Field(name=text[at:colon], type=found))
        if text.startswith(">", end):
            return StructType(fields=tuple(fields)), end + 1
        at = _over(", ", text, end)


def _over(sign: str, text: str, at: int) -> int:
    if not text.startswith(sign, at):
        raise _unread(text, at)
    return at + len(sign)
