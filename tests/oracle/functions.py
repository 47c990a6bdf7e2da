"""What the functions mean, in plain Python."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Value = Any


class Nano(int):
    """A moment as nanoseconds since 1970, or a length of time of so many: Python's own end at microseconds."""


_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 # a wall clock
_MICROSECOND = dt.timedelta(microseconds=1)


def as_moment(value: dt.date | Nano) -> dt.datetime:
    """Return a moment without the nanoseconds behind its microsecond."""
    if isinstance(value, Nano):
        return _EPOCH + int(value) // 1000 * _MICROSECOND
    return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())


def as_nanoseconds(value: dt.date | dt.timedelta | Nano) -> int:
    if isinstance(value, Nano):
        return int(value)
    length = value if isinstance(value, dt.timedelta) else as_moment(value).replace(tzinfo=None) - _EPOCH
    return length // _MICROSECOND * 1000


def _moment(value: Value) -> Value:
    if not isinstance(value, str):
        return value if isinstance(value, Nano) else as_moment(value)
    text, _, fraction = value.removesuffix("Z").partition(".")
    whole = dt.datetime.fromisoformat(text)
    return Nano(as_nanoseconds(whole) + int(fraction.ljust(9, "0"))) if fraction else whole


def _length(text: str) -> Value:
    if text.endswith("h"):
        return dt.timedelta(hours=int(text.removesuffix("h")))
    return Nano(int(text.removeprefix("0.").removesuffix("s")))


def is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def same(x: Value, y: Value) -> bool:
    """Whether two values are equal, NaN to NaN and, within lists and dicts, null to null."""
    if isinstance(x, list):
        return len(x) == len(y) and all(same(a, b) for a, b in zip(x, y, strict=True))
    if isinstance(x, dict):
        return x.keys() == y.keys() and all(same(x[key], y[key]) for key in x)
    return bool(x == y) or (is_nan(x) and is_nan(y))


def has(base: Value, part: Value) -> Value:
    if base is None or part is None:
        return None
    if isinstance(base, str):
        return part in base
    return any(item is not None and same(item, part) for item in base)


def _round(value: float, digits: int = 0) -> float:
    if isinstance(value, int) or not math.isfinite(value):
        return value
    return float(Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)) if abs(value) < 1e15 else value


def _read_int(value: Value) -> Value:
    if isinstance(value, str):
        return int(value) if re.fullmatch("[+-]?[0-9]+", value) else None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    return int(value)


def _read_float(value: Value) -> Value:
    if not isinstance(value, str):
        return float(value)
    plain = re.fullmatch(
        r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?(inf|infinity)|nan", value, re.IGNORECASE
    )
    return float(value) if plain else None


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _one_to_one(change: Callable[[str], str], text: str) -> str:
    return "".join(change(char) if len(change(char)) == 1 else char for char in text)


def _whole(function: Callable[[float], int], value: Value) -> Value:
    if isinstance(value, int) or not math.isfinite(value):
        return value
    return math.copysign(function(value), value)  # IEEE 754 keeps the sign of zero


def _all(text: str, *kinds: str) -> bool:
    return text != "" and all(unicodedata.category(char)[0] in kinds for char in text)


def _partition(text: str, separator: str) -> Value:
    return list(text.partition(separator)) if separator else None


def _levenshtein(a: str, b: str) -> int:
    x, y = a, b
    before = list(range(len(y) + 1))
    for i, one in enumerate(x, 1):
        row = [i]
        for j, other in enumerate(y, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (one != other)))
        before = row
    return before[-1]


def _sorted(items: list[Value]) -> list[Value]:
    known = [item for item in items if item is not None]
    return sorted(known, key=lambda item: (is_nan(item), item)) + [None] * (len(items) - len(known))


def _sum(items: list[Value]) -> Value:
    known = [item for item in items if item is not None]
    return sum(known) if known else None


_BLANK = " \t\n\r\f\v"
FUNCTIONS: dict[str, tuple[str, Callable[..., Value]]] = {
    "len": ("int", len),
    "lower": ("text", lambda text: _one_to_one(str.lower, text)),
    "upper": ("text", lambda text: _one_to_one(str.upper, text)),
    "strip": ("text", lambda text: text.strip(_BLANK)),
    "lstrip": ("text", lambda text: text.lstrip(_BLANK)),
    "rstrip": ("text", lambda text: text.rstrip(_BLANK)),
    "append": ("text", lambda text, end: text + end),
    "prepend": ("text", lambda text, start: start + text),
    "contains": ("bool", has),
    "starts_with": ("bool", str.startswith),
    "ends_with": ("bool", str.endswith),
    "replace": ("text", lambda text, old, new: text.replace(old, new) if old else text),
    "slice": ("same", lambda base, start, end=None: base[start:end]),
    "limit": ("same", lambda base, count: base[:count]),
    "offset": ("same", lambda base, count: base[count:]),
    "split": ("list:text", lambda text, by: text.split(by) if by else None),
    "partition": ("list:text", _partition),
    "is_alpha": ("bool", lambda text: _all(text, "L")),
    "is_alnum": ("bool", lambda text: _all(text, "L", "N")),
    "is_numeric": ("bool", lambda text: _all(text, "N")),
    "levenshtein": ("int", _levenshtein),
    "matches": ("bool", lambda text, pattern: re.search(pattern, text) is not None),
    "extract": ("text", lambda text, pattern: found[0] if (found := re.search(pattern, text)) else None),
    "find_all": ("list:text", lambda text, pattern: re.findall(pattern, text)),
    "replace_all": ("text", lambda text, pattern, new: re.sub(pattern, new, text)),
    "is_nan": ("bool", is_nan),
    "is_finite": ("bool", lambda value: isinstance(value, int) or math.isfinite(value)),
    "abs": ("same", abs),
    "floor": ("same", lambda value: _whole(math.floor, value)),
    "ceil": ("same", lambda value: _whole(math.ceil, value)),
    "round": ("same", _round),
    "sqrt": ("f64", lambda value: math.sqrt(value) if value >= 0 or is_nan(value) else None),
    "ln": ("f64", lambda value: math.log(value) if value > 0 or is_nan(value) else None),
    "int": ("int", _read_int),
    "float": ("f64", _read_float),
    "str": ("text", _text),
    "bool": ("bool", lambda value: {"true": True, "false": False}.get(value) if isinstance(value, str) else value != 0),
    "date": ("date", lambda value: dt.date.fromisoformat(value) if isinstance(value, str) else as_moment(value).date()),
    "timestamp": ("ts", _moment),
    "duration": ("dur", _length),
    "year": ("int", lambda value: value.year),
    "month": ("int", lambda value: value.month),
    "day": ("int", lambda value: value.day),
    "weekday": ("int", lambda value: value.weekday()),
    "hour": ("int", lambda value: as_moment(value).hour),
    "second": ("int", lambda value: as_moment(value).second),
    "round_to": ("ts", lambda value, unit: as_moment(value).replace(day=1, hour=0, minute=0, second=0, microsecond=0)),
    "to_epoch": ("f64", lambda value: as_nanoseconds(value) / 1e9),
    "sort": ("same", _sorted),
    "unique": ("same", lambda items: _sorted(list(dict.fromkeys(item for item in items if item is not None)))),
    "drop_nulls": ("same", lambda items: [item for item in items if item is not None]),
    "range": ("list:int", lambda count: list(range(count))),
    "list_sum": ("int", _sum),
    "join_text": ("text", lambda items, by: by.join(item for item in items if item is not None)),
}
