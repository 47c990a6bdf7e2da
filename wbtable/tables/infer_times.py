"""What logical type a time has: Python's, and numpy's in any unit (spec: 06-types, TYPE-10)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from wbtable.errors import TypeMismatchError
from wbtable.format.types import ColumnType, DateType, DurationType, NullType, TimestampType, TimeType
from wbtable.tables.far_times import check_moments

Typed = tuple[ColumnType, Any]
"""A logical type, and the plain value that is encoded under it."""

_UNITS = ("s", "ms", "us", "ns")
_UNIT_OF = {**dict.fromkeys("YMWD"), "h": "s", "m": "s", **dict(zip(_UNITS, _UNITS, strict=True))}
_MAX_DURATION = dt.timedelta(microseconds=2**63 - 1)
_DATE32 = 2**31


def zone_name(value: dt.datetime) -> str | None:
    """Return the name of a datetime's zone: an IANA name, ``UTC``, or a fixed offset such as ``+02:00``.

    Raises:
        TypeMismatchError: the offset has seconds.

    """
    zone = value.tzinfo
    if zone is None:
        return None
    if zone is dt.UTC:
        return "UTC"
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if isinstance(name, str):
        return name
    offset = value.utcoffset() or dt.timedelta()
    if not offset:
        return "UTC"
    minutes, rest = divmod(offset, dt.timedelta(minutes=1))
    if rest:
        msg = f"the zone of {value} is {offset} from UTC; an offset of whole minutes can be stored"
        raise TypeMismatchError(msg)
    return f"{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def of_datetime(value: Any) -> Typed:
    """Return the type of a datetime with its zone; it is its own plain form."""
    return TimestampType(unit="us", zone=zone_name(value)), value


def of_datetime64(value: Any) -> Typed:
    """Return the type of a datetime64, a date where its unit is a day or longer.

    Raises:
        TypeMismatchError: no unit from seconds to nanoseconds holds it, or it is too far from now to be stored.

    """
    if np.isnat(value):
        return NullType(), None
    unit, count = np.datetime_data(value.dtype)
    known = unit_of(value)
    if known is None:
        # A date, or days since 1970 beyond the years that Python's dates have: Arrow takes both, but no datetime64[D].
        day = exactly(value, "datetime64[D]").item()
        if isinstance(day, int) and not -_DATE32 <= day < _DATE32:
            msg = f"the date {value} is too far from now to be stored"
            raise TypeMismatchError(msg)
        return DateType(), day
    plain = value if known == unit and count == 1 else exactly(value, f"datetime64[{known}]")
    check_moments(plain)
    return TimestampType(unit=known), plain


def of_timedelta64(value: Any) -> Typed:
    """Return the type of a timedelta64.

    Raises:
        TypeMismatchError: it has no certain length, or no unit from seconds to nanoseconds holds it.

    """
    if np.isnat(value):
        return NullType(), None
    unit, count = np.datetime_data(value.dtype)
    check_length(value)
    known = unit_of(value) or "s"
    return DurationType(unit=known), value if known == unit and count == 1 else exactly(value, f"timedelta64[{known}]")


def check_length(value: Any) -> None:
    """Accept one of numpy's lengths of time, or an array of them.

    Raises:
        TypeMismatchError: they are counted in months or years, which have no certain length, or in no unit.

    """
    if value.dtype.kind == "m" and np.datetime_data(value.dtype)[0] in {"Y", "M", "generic"}:
        msg = f"{value.dtype} is no certain length of time; give it in days, seconds or less"
        raise TypeMismatchError(msg)


def unit_of(value: Any) -> str | None:
    """Return the unit in which one of numpy's times, or an array of them, is stored; None for days and longer."""
    return _UNIT_OF.get(np.datetime_data(value.dtype)[0], "ns")


def exactly(value: Any, dtype: str) -> Any:
    """Return one of numpy's times, or an array of them, in another unit.

    Raises:
        TypeMismatchError: it has no exact form there.

    """
    try:
        out = value.astype(dtype)
        # Not-a-time equals nothing, itself included.
        exact = (out.astype(value.dtype) == value) | np.isnat(value)
    except OverflowError:
        exact = np.False_
    if not exact.all():
        msg = f"{value!r:.80} has no exact form as {dtype}"
        raise TypeMismatchError(msg)
    return out


def of_timedelta(value: Any) -> Typed:
    """Return the type of a timedelta.

    Raises:
        TypeMismatchError: it is too long.

    """
    if not -_MAX_DURATION <= value <= _MAX_DURATION:
        msg = f"{value} is beyond the 292,000 years that 64 bits of microseconds hold"
        raise TypeMismatchError(msg)
    return DurationType(unit="us"), value


def of_time(value: Any) -> Typed:
    """Return the type of a time of day.

    Raises:
        TypeMismatchError: it has a zone.

    """
    if value.tzinfo is not None:
        msg = f"the time of day {value} has a zone, which is not stored; give a datetime, or a time without one"
        raise TypeMismatchError(msg)
    return TimeType(unit="us"), value
