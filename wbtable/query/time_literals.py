"""Times that stand in the text, exact to the nanosecond (EXPR-6, EXPR-16).

A day is a `datetime.date`, a moment or time of day a `datetime` or `time`; where its type has nanoseconds, it is their
number: since 1970 in UTC, or since midnight. A length of time always is.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from wbtable.format.types import DateType, DurationType, TimestampType, TimeType
from wbtable.query.expression_error import ExpressionError
from wbtable.query.kinds import DATE

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.expression_error import Span
    from wbtable.query.terms import Term

UNIT_NS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
"""Nanoseconds of each unit of time, the coarsest first."""
LAST_NS: Final = 2**63 - 2
"""The last nanosecond since 1970, and the first before it, that an engine counts."""

_WRITTEN: Final = frozenset({"date", "timestamp", "time"})
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
# What stands behind the sixth digit of a fraction, which is none of an offset's.
_BEHIND: Final = re.compile(r"(?<![+-][0-9]{2}:[0-9]{2}:[0-9]{2})(?<![+-][0-9]{6})(?<=[.,][0-9]{6})[0-9]+")
_DURATION: Final = re.compile(
    r"(-?)(?:(\d{1,19})d)? ?(?:(\d{1,19})h)? ?(?:(\d{1,19})m)? ?(?:(\d{1,19})(\.\d{1,9})?s)?", re.ASCII
)


def written_time(term: Term) -> Term | None:
    """Return the literal behind ``date("…")``, ``timestamp("…")`` or ``time("…")``; None of anything else."""
    if term.op != "call" or term.value not in _WRITTEN or len(term.args) != 1:
        return None
    (inner,) = term.args
    is_time = inner.is_literal and inner.type == term.type and not isinstance(inner.value, str)
    return inner if is_time and inner.value is not None else None


def retime(found: ColumnType, value: object, wanted: ColumnType) -> tuple[ColumnType, object] | None:
    """Return a time as one of another unit, with the unit that holds it; None where it is none of that kind."""
    if isinstance(found, TimestampType | DateType) and isinstance(wanted, TimestampType):
        zone = found.zone if isinstance(found, TimestampType) else None
        if (zone is None) != (wanted.zone is None):
            return None
        if isinstance(value, int):
            moment, rest = _EPOCH + value // 1000 * _MICROSECOND, value % 1000
            return _moment(moment if zone else moment.replace(tzinfo=None), rest, wanted)
        assert isinstance(value, dt.date)
        moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
        return _moment(moment, 0, wanted)
    if isinstance(found, TimeType) and isinstance(wanted, TimeType):
        assert isinstance(value, int | dt.time)
        return _time(value if isinstance(value, int) else _of_day(value), wanted)
    return None


def text_as_time(value: str, wanted: ColumnType, span: Span) -> tuple[ColumnType, object] | None:
    """Read text as the time that it is compared with, with the unit that holds it; None where it has another zone.

    Raises:
        ExpressionError: it is none.

    """
    if isinstance(wanted, DurationType):
        count = read_duration(value, span)
        return DurationType(unit=_unit(count, wanted.unit, span)), count
    if isinstance(wanted, TimeType):
        return _time(read_time(value, span), wanted)
    moment, rest = read_moment(value, span)
    if isinstance(wanted, DateType):
        if moment.time() == dt.time() and not rest and moment.tzinfo is None and len(value) <= 10:
            return DATE, moment.date()
        return None if moment.tzinfo else _moment(moment, rest, TimestampType(), span)
    assert isinstance(wanted, TimestampType)
    if (moment.tzinfo is None) != (wanted.zone is None):
        raise ExpressionError(
            f"expected a time {'with' if wanted.zone else 'without'} an offset, as the column's",
            span,
            suggestion='write "2024-01-31T12:00:00+00:00"' if wanted.zone else 'write "2024-01-31T12:00:00"',
        )
    return _moment(moment, rest, wanted, span)


def read_moment(value: str, span: Span) -> tuple[dt.datetime, int]:
    """Read a day or a point in time: to the microsecond, and the nanoseconds behind that.

    Raises:
        ExpressionError: the text is none, or has more than nine digits behind the second.

    """
    text, rest = _nine(value, span)
    try:
        return dt.datetime.fromisoformat(text), rest
    except ValueError:
        raise ExpressionError(
            f"{value[:40]!r} is no date or time", span, suggestion='write "2024-01-31" or "2024-01-31T12:00:00"'
        ) from None


def read_time(value: str, span: Span) -> int:
    """Read a time of day as nanoseconds since midnight.

    Raises:
        ExpressionError: the text is none, or has more than nine digits behind the second.

    """
    text, rest = _nine(value, span)
    try:
        found = dt.time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None:
        raise ExpressionError(f"{value[:40]!r} is no time of day", span, suggestion='write "12:30:00"')
    return _of_day(found) + rest


def read_duration(value: str, span: Span) -> int:
    """Read a length of time, such as ``1d 2h 3m 4.5s``, as nanoseconds.

    Raises:
        ExpressionError: the text is none.

    """
    match = _DURATION.fullmatch(value)
    if match is None or not any(match.groups()[1:]):
        raise ExpressionError(f"{value[:40]!r} is no duration", span, suggestion='write "1d 2h 3m 4.5s"')
    sign, days, hours, minutes, seconds, fraction = match.groups()
    whole = int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    nanoseconds = whole * 10**9 + int(Decimal(f"0{fraction or '.0'}") * 10**9)
    return -nanoseconds if sign else nanoseconds


def _nine(value: str, span: Span) -> tuple[str, int]:
    """Return text with at most six digits behind the second, and the nanoseconds that the next three are."""
    found = _BEHIND.search(value)
    if found is None:
        return value, 0
    digits = found[0].rstrip("0")
    if len(digits) > 3:
        raise ExpressionError(
            f"{value[:40]!r} has more than nine digits behind the second",
            span,
            suggestion="leave out what lies below nanoseconds",
        )
    return value[: found.start()] + value[found.end() :], int(digits.ljust(3, "0"))


def _moment(
    moment: dt.datetime, rest: int, wanted: TimestampType, span: Span | None = None
) -> tuple[ColumnType, object]:
    """Return a moment in a unit that holds it: nanoseconds where it has some, or they are wanted and reach so far."""
    count = (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)) - _EPOCH
    nanoseconds = count // _MICROSECOND * 1000 + rest
    if rest or wanted.unit == "ns":
        if abs(nanoseconds) <= LAST_NS:
            return TimestampType(unit="ns", zone=wanted.zone), nanoseconds
        if rest:
            assert span is not None
            raise ExpressionError(
                "a time with nanoseconds lies between 21 September 1677 and 11 April 2262",
                span,
                suggestion="write at most six digits behind the second",
            )
    unit = wanted.unit if wanted.unit != "ns" and not nanoseconds % UNIT_NS[wanted.unit] else "us"
    return TimestampType(unit=unit, zone=wanted.zone), moment


def _time(count: int, wanted: TimeType) -> tuple[ColumnType, object]:
    if count % 1000 or wanted.unit == "ns":
        return TimeType(unit="ns"), count
    whole = (_EPOCH + count // 1000 * _MICROSECOND).time()
    return TimeType(unit="us" if count % UNIT_NS[wanted.unit] else wanted.unit), whole


def _of_day(value: dt.time) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 10**9 + value.microsecond * 1000


def _unit(count: int, wanted: str, span: Span) -> str:
    """Return the unit that holds a length of time: the one wanted, a finer one where it has digits, else a coarser."""
    names = list(UNIT_NS)
    at = names.index(wanted)
    for name in (*names[at:], *reversed(names[:at])):
        if not count % UNIT_NS[name] and abs(count) // UNIT_NS[name] < 2**63:
            return name
    raise ExpressionError(
        "the duration is longer than its digits allow", span, suggestion="write fewer digits, or fewer days"
    )
