"""Functions of days and points in time (EXPR-8); their parts are those of the column's own zone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.format.types import DateType, DurationType, TimestampType
from wbtable.query.compile_times import from_micros, from_nanos, inner, is_nanoseconds, micros, nanos
from wbtable.query.expression_error import ExpressionError
from wbtable.query.function import Function, Parameter
from wbtable.query.kinds import FLOAT64, INT64, TEXT, TIMESTAMP, common
from wbtable.query.local_time import check_zone, clock, local, zoned
from wbtable.query.time_literals import UNIT_NS

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

_GROUP: Final = "Time"
_MOMENT: Final = "date|timestamp"
_UNITS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_CLOCK: Final = frozenset({"hour", "minute", "second"})
_LONGEST: Final = 9_000_000_000_000
"""Seconds from 1970 that stay within the engine's time."""


def _part(name: str, doc: str) -> Function:
    def write(builder: Builder, term: Term, args: list[str]) -> str:
        found = clock(builder, args[0], term)
        if name == "weekday":
            return f"CAST(isodow({found}) - 1 AS BIGINT)"
        return f"CAST({name}({found}) AS BIGINT)"

    return Function(
        name=name,
        group=_GROUP,
        parameters=(Parameter("moment", _MOMENT),),
        result=INT64,
        gives="int64",
        doc=doc,
        example=(
            f'{name}(date("2024-01-31"))',
            {"year": "2024", "month": "1", "day": "31", "weekday": "2"}.get(name, "0"),
        ),
        write=write,
        prepare=_check_zones,
    )


def _check_zones(args: tuple[Term, ...]) -> tuple[Term, ...]:
    for arg in args:
        if isinstance(arg.type, TimestampType) and arg.type.zone is not None:
            check_zone(arg.type.zone, arg.span)
    return args


def _check_unit(args: tuple[Term, ...]) -> tuple[Term, ...]:
    unit = args[1]
    if unit.value not in _UNITS:
        raise ExpressionError(
            f"expected one of {', '.join(_UNITS)}", unit.span, suggestion='write round_to(moment, "month")'
        )
    return _check_zones(args)


def _moment_type(args: tuple[Term, ...]) -> ColumnType:
    return TIMESTAMP if isinstance(args[0].type, DateType) else TimestampType(zone=getattr(args[0].type, "zone", None))


def _round_to(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    unit, moment = term.args[1].value, inner(builder, args[0], found, term)
    wall = local(builder, moment, found)
    zone = found.zone if isinstance(found, TimestampType) else None
    if zone is None or unit not in _CLOCK:
        text = f"CAST(date_trunc('{unit}', {wall}) AS TIMESTAMP)"
        return text if zone is None else zoned(builder, text, zone)
    # Where clocks are put back, a wall clock stands for two moments: the moment itself says from which to go back.
    rest = builder.let([wall], lambda v: f"(epoch_us({v[0]}) - epoch_us(date_trunc('{unit}', {v[0]})))")
    return f"(make_timestamp(CAST({micros(moment, found)} - {rest} AS BIGINT)) AT TIME ZONE 'UTC')"


def _from_epoch(builder: Builder, term: Term, args: list[str]) -> str:
    def body(v: list[str]) -> str:
        near = f"TRY_CAST({v[0]} AS DOUBLE)"
        seconds = f"(CASE WHEN {near} BETWEEN -{_LONGEST} AND {_LONGEST} THEN {near} END)"
        return f"CAST(round({seconds} * 1000000) AS HUGEINT)"

    return from_micros(builder, builder.let(args, body), term)


def _to_epoch(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    if is_nanoseconds(found):
        return f"(CAST({nanos(args[0], found)} AS DOUBLE) / 1000000000)"
    return f"(CAST({micros(args[0], found)} AS DOUBLE) / 1000000)"


def _seconds(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    assert isinstance(found, DurationType)
    return f"(CAST({args[0]} AS DOUBLE) * {UNIT_NS[found.unit]} / 1000000000)"


def _same_zones(args: tuple[Term, ...]) -> tuple[Term, ...]:
    if common([args[0].type, args[1].type]) is None:
        raise ExpressionError(
            "times with and without a zone do not compare", args[1].span, suggestion='write in_zone(time, "UTC")'
        )
    return _check_zones(args)


def _relative(builder: Builder, term: Term, args: list[str]) -> str:
    """Write a difference in its greatest unit, with one digit."""
    a, b = (micros(text, arg.type) for text, arg in zip(args, term.args, strict=True))
    steps = (("days", 86400), ("hours", 3600), ("minutes", 60))

    def body(v: list[str]) -> str:
        text = "(CASE"
        for name, seconds in steps:
            text += f" WHEN abs({v[0]}) >= {seconds} THEN CAST(round({v[0]} / {seconds}, 1) AS VARCHAR) || ' {name}'"
        return text + f" ELSE CAST(round({v[0]}, 1) AS VARCHAR) || ' seconds' END)"

    return builder.let([f"(CAST({a} - {b} AS DOUBLE) / 1000000)"], body)


def _in_zone(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    if isinstance(found, TimestampType) and found.zone is not None:
        return args[0]
    made = zoned(builder, local(builder, inner(builder, args[0], found, term), found), term.args[1].value)
    if not is_nanoseconds(found):
        return made
    rest = f"({nanos(args[0], found)} - {micros(args[0], found)} * 1000)"
    return from_nanos(builder, f"(CAST(epoch_us({made}) AS HUGEINT) * 1000 + {rest})", term)


def _in_zone_type(args: tuple[Term, ...]) -> ColumnType:
    return TimestampType(unit="ns" if is_nanoseconds(args[0].type) else "us", zone=str(args[1].value))


def _check_in_zone(args: tuple[Term, ...]) -> tuple[Term, ...]:
    check_zone(str(args[1].value), args[1].span)
    return args


TIMES: Final = (
    _part("year", "The year."),
    _part("month", "The month, 1 to 12."),
    _part("day", "The day of the month, 1 to 31."),
    _part("weekday", "The day of the week, from 0 for Monday to 6."),
    _part("hour", "The hour, 0 to 23."),
    _part("minute", "The minute, 0 to 59."),
    _part("second", "The second, 0 to 59."),
    Function(
        name="round_to",
        group=_GROUP,
        parameters=(Parameter("moment", _MOMENT), Parameter("unit", "text", is_literal=True)),
        result=_moment_type,
        gives="timestamp",
        doc=f"The beginning of the unit in which the moment lies: {', '.join(_UNITS)}.",
        example=('round_to(date("2024-02-29"), "month")', "1 February 2024, 0:00"),
        write=_round_to,
        prepare=_check_unit,
    ),
    Function(
        name="from_epoch",
        group=_GROUP,
        parameters=(Parameter("seconds", "number"),),
        result=TimestampType(zone="UTC"),
        gives="timestamp in UTC",
        doc="The moment so many seconds from the beginning of 1970.",
        example=("from_epoch(0)", "1 January 1970, 0:00 UTC"),
        write=_from_epoch,
    ),
    Function(
        name="to_epoch",
        group=_GROUP,
        parameters=(Parameter("moment", _MOMENT),),
        result=FLOAT64,
        gives="float64",
        doc="Seconds from the beginning of 1970.",
        example=('to_epoch(date("1970-01-02"))', "86400.0"),
        write=_to_epoch,
    ),
    Function(
        name="seconds",
        group=_GROUP,
        parameters=(Parameter("length", "duration"),),
        result=FLOAT64,
        gives="float64",
        doc="A length of time in seconds.",
        example=('seconds(duration("1m"))', "60.0"),
        write=_seconds,
    ),
    Function(
        name="relative",
        group=_GROUP,
        parameters=(Parameter("moment", _MOMENT), Parameter("to", _MOMENT)),
        result=TEXT,
        gives="text",
        doc="How long after another a moment is, in days, hours, minutes or seconds.",
        example=('relative(date("2024-01-03"), date("2024-01-01"))', '"2.0 days"'),
        write=_relative,
        prepare=_same_zones,
    ),
    Function(
        name="in_zone",
        group=_GROUP,
        parameters=(Parameter("moment", _MOMENT), Parameter("zone", "text", is_literal=True)),
        result=_in_zone_type,
        gives="timestamp in the zone",
        doc="A wall clock as a moment in that zone; a moment with a zone is shown in this one from here on.",
        example=('in_zone(timestamp("2024-01-31T12:00:00"), "UTC")', "noon in UTC"),
        write=_in_zone,
        prepare=_check_in_zone,
    ),
)
