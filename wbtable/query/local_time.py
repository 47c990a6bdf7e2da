"""Wall clocks of zoned times, in SQL (EXPR-10)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wbtable.format.types import TimestampType
from wbtable.query.compile_times import inner, is_nanoseconds, whole_micros
from wbtable.query.expression_error import ExpressionError

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.expression_error import Span
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

_OFFSET = re.compile(r"([+-])([0-9]{2}):?([0-9]{2})")


def check_zone(zone: str, span: Span) -> None:
    """Refuse what is no zone.

    Raises:
        ExpressionError: nobody knows it.

    """
    import zoneinfo

    if _OFFSET.fullmatch(zone):
        return
    try:
        zoneinfo.ZoneInfo(zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ExpressionError(
            f"{zone[:40]!r} is no time zone", span, suggestion='write "UTC", "Europe/Berlin" or "+02:00"'
        ) from None


def local(builder: Builder, text: str, found: ColumnType) -> str:
    """Return the wall clock of a moment in its own zone, as TIMESTAMP, without the nanoseconds behind it."""
    if not isinstance(found, TimestampType):
        return f"TRY_CAST({text} AS TIMESTAMP)"
    if is_nanoseconds(found):
        text = whole_micros(text, found)
        text = text if found.zone is None else f"({text} AT TIME ZONE 'UTC')"
    if found.zone is None:
        return text
    minutes = _minutes(found.zone)
    if minutes is not None:
        return f"(({text} AT TIME ZONE 'UTC') + INTERVAL ({minutes}) MINUTE)"
    return f"({text} AT TIME ZONE {builder.text(found.zone)})"


def clock(builder: Builder, text: str, term: Term) -> str:
    """Return the wall clock of a function's first argument; null, and counted, where its zone has none."""
    found = term.args[0].type
    is_zoned = isinstance(found, TimestampType) and found.zone is not None
    return local(builder, inner(builder, text, found, term) if is_zoned else text, found)


def zoned(builder: Builder, text: str, zone: str) -> str:
    """Return a wall clock in a zone as a moment."""
    minutes = _minutes(zone)
    if minutes is not None:
        return f"(({text} - INTERVAL ({minutes}) MINUTE) AT TIME ZONE 'UTC')"
    return f"({text} AT TIME ZONE {builder.text(zone)})"


def _minutes(zone: str) -> int | None:
    match = _OFFSET.fullmatch(zone)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return -minutes if match[1] == "-" else minutes
