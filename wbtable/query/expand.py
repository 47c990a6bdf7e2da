"""The filter that gives the rows of a group."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from wbtable.errors import UsageError
from wbtable.format.types import (
    AnyType,
    ComplexType,
    DateType,
    DurationType,
    ListType,
    MapType,
    MediaType,
    NdarrayType,
    StringType,
    StructType,
    TimestampType,
    TimeType,
)
from wbtable.format.types_nested import ABSENT
from wbtable.query.ast import Name
from wbtable.query.compile_decimals import is_text_decimal
from wbtable.query.duck_types import from_duck
from wbtable.query.kinds import by_digest
from wbtable.query.print import quote, show
from wbtable.query.time_literals import UNIT_NS

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.group_rows import GroupRows

_YEAR: Final = re.compile(r"(?!0000)\d{4}-")


def group_filter(groups: GroupRows, number: int) -> str:
    """Return an expression over rows that is true for those of a group.

    Raises:
        UsageError: there is no such group, or a key has no literal.

    """
    if not 0 <= number < groups.num_rows:
        msg = f"expected a group from 0 to {groups.num_rows - 1}, found {number}"
        raise UsageError(msg)
    row = groups.index.slice(number, 1)
    parts = []
    for i, (name, key) in enumerate(groups.plan.groups):
        column = row.column(f"k{i}")
        text = show(key.typed.node) if isinstance(key.typed.node, Name) else f"({show(key.typed.node)})"
        if not column[0].is_valid:
            parts.append(f"{text} is null")
        elif isinstance(key.type, MediaType):
            parts.append(f"{text} == digest({quote(column[0].as_py())})")
        elif pa.types.is_floating(column.type) and math.isnan(column[0].as_py()):
            parts.append(f"is_nan({text})")
        elif is_text_decimal(key.type):
            parts.append(f"str({text}) == {quote(column[0].as_py())}")
        elif isinstance(key.type, AnyType):
            parts.append(_mixed(text, column[0].as_py()))
        else:
            found = by_digest(key.type)
            literal = literal_text(from_duck(column, found)[0], found)
            if literal is None:
                msg = f"a {key.type} of {name!r:.80} cannot be written in an expression: group by a part of it"
                raise UsageError(msg)
            parts.append(f"{text} == {literal}")
    return "(" + " and ".join(parts) + ")"


def _mixed(text: str, value: str) -> str:
    """Return the condition that a mixed value is the one of this JSON: as text it may look like another's."""
    found = json.loads(value)
    if isinstance(found, str):
        return f"{text} == {quote(found)}"
    return f"str({text}) == {quote(value)} and {text} != {quote(value)}"


def literal_text(value: pa.Scalar, found: ColumnType) -> str | None:
    """Return the text of a value in an expression, None if it has none."""
    if not value.is_valid:
        return "null"
    if isinstance(found, TimestampType):
        return _timestamp(value, found)
    if isinstance(found, DateType):
        return _date(value)
    if isinstance(found, TimeType):
        # The longest text that a time of day has is read to its last digit.
        return f"time({quote(str(value.cast(pa.time64('ns')).cast('string')))})"
    if isinstance(found, DurationType):
        return _duration(value.value * UNIT_NS[found.unit])
    if isinstance(found, ComplexType):
        return f"complex({_float(value['real'].as_py())}, {_float(value['imag'].as_py())})"
    if isinstance(found, NdarrayType | MediaType | AnyType) or is_text_decimal(found):
        return None
    if isinstance(found, ListType) and isinstance(value, pa.ListScalar | pa.LargeListScalar | pa.FixedSizeListScalar):
        items = [literal_text(item, found.item) for item in value.values]
        return None if None in items else f"[{', '.join(item for item in items if item is not None)}]"
    if isinstance(found, MapType) and isinstance(value, pa.MapScalar):
        if not isinstance(found.key, StringType):
            return None
        keys, items = value.values.field(0).to_pylist(), value.values.field(1)
        return _dict([(quote(key), literal_text(item, found.item)) for key, item in zip(keys, items, strict=True)])
    if isinstance(found, StructType) and isinstance(value, pa.StructScalar):
        lacks = value[ABSENT].as_py() or () if found.has_absent else ()
        fields = [field for field in found.fields if field.name not in lacks]
        return _dict([(quote(field.name), literal_text(value[field.name], field.type)) for field in fields])
    return _plain(value.as_py())


def _dict(pairs: list[tuple[str, str | None]]) -> str | None:
    if any(text is None for _, text in pairs):
        return None
    return "{" + ", ".join(f"{key}: {text}" for key, text in pairs) + "}"


def _plain(value: Any) -> str | None:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Decimal):
        return format(value, "f") if value != value.to_integral_value() else f"{int(value)}"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bytes):
        return f"binary({quote(value.hex())})"
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        return None if None in items else f"[{', '.join(item for item in items if item is not None)}]"
    if isinstance(value, dict):
        return _dict([(quote(str(key)), _plain(item)) for key, item in value.items()])
    return None


def _float(value: float) -> str:
    """Return a number whose text is read as the same double."""
    if not math.isfinite(value):
        return f"float({quote(str(value))})"
    text = repr(value)
    return text if "e" not in text else f"{value:.17e}"


def _timestamp(value: pa.Scalar, found: TimestampType) -> str | None:
    try:
        text = str(value.cast("string")) if found.zone is None else str(value)
    except (OverflowError, ValueError):
        return None
    # What lies in no year from 1 to 9999 has no text that an expression reads.
    return f"timestamp({quote(text.replace(' ', 'T', 1))})" if _YEAR.match(text) else None


def _date(value: pa.Scalar) -> str | None:
    text = str(value.cast("string"))
    return f"date({quote(text)})" if _YEAR.match(text) else None


def _duration(nanoseconds: int) -> str:
    seconds, behind = divmod(abs(nanoseconds), 10**9)
    days, seconds = divmod(seconds, 86400)
    text = f"{days}d " * bool(days) + f"{seconds}" + f".{behind:09}".rstrip("0") * bool(behind)
    return f"duration({quote('-' * (nanoseconds < 0) + text + 's')})"
