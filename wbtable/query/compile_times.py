"""Times in SQL, exact to the nanosecond (EXPR-10, EXPR-16).

The engine holds moments as microseconds, those of a column of nanoseconds as TIMESTAMP_NS: with a zone, too, as they
are in UTC. It takes the last nanosecond that it can count, and the first, for infinite, and gives no number of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.format.types import DurationType, TimestampType, TimeType
from wbtable.query.sql import narrow
from wbtable.query.time_literals import LAST_NS, UNIT_NS

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

_LATEST: Final = 9_223_371_331_200_000_000
"""Microseconds from 1970 to the end of the engine's time."""
_INNER: Final = _LATEST - 400 * 86_400_000_000
"""The same, so far from the end that no zone and no rounding leads beyond it."""
_SHIFT: Final = 9_223_372_036_854_776
"""More microseconds than a TIMESTAMP_NS counts: behind it numbers are positive, and division rounds down."""


def is_nanoseconds(found: ColumnType) -> bool:
    """Whether values are moments of nanoseconds."""
    return isinstance(found, TimestampType) and found.unit == "ns"


def epoch_ns(text: str) -> str:
    """Return the nanoseconds from 1970 to a TIMESTAMP_NS, as BIGINT."""
    last, first = f"{text} > TIMESTAMP_NS '2262-01-01'", f"{text} < TIMESTAMP_NS '1678-01-01'"
    ends = f"CASE WHEN {last} THEN {LAST_NS + 1} WHEN {first} THEN -{LAST_NS + 1} END"
    return f"COALESCE(epoch_ns({text}), {ends})"


def nanos(text: str, found: ColumnType) -> str:
    """Return a time of any unit as nanoseconds, as HUGEINT: from 1970, from midnight, or how long it is."""
    if isinstance(found, DurationType):
        return f"(CAST({text} AS HUGEINT) * {UNIT_NS[found.unit]})"
    if isinstance(found, TimeType):
        return f"epoch_ns({text})" if found.unit == "ns" else f"(epoch_us({text}) * 1000)"
    if is_nanoseconds(found):
        return f"CAST({epoch_ns(text)} AS HUGEINT)"
    return f"({micros(text, found)} * 1000)"


def micros(text: str, found: ColumnType) -> str:
    """Return the microseconds from 1970 to a moment, as HUGEINT, without the nanoseconds behind them."""
    if is_nanoseconds(found):
        return f"(({nanos(text, found)} + {_SHIFT * 1000}) // 1000 - {_SHIFT})"
    if isinstance(found, TimestampType) and found.zone is not None:
        return f"CAST(epoch_us({text}) AS HUGEINT)"
    return f"CAST(epoch_us(TRY_CAST({text} AS TIMESTAMP)) AS HUGEINT)"


def whole_micros(text: str, found: ColumnType) -> str:
    """Return a moment as TIMESTAMP, in UTC if it has a zone; the engine's own cast would round it."""
    return f"make_timestamp(CAST({micros(text, found)} AS BIGINT))"


def counted_time(value: int, found: DurationType | TimestampType | TimeType) -> str:
    """Write a time that is a number of nanoseconds."""
    if isinstance(found, DurationType):
        return f"CAST({value // UNIT_NS[found.unit]} AS BIGINT)"
    if isinstance(found, TimestampType):
        return f"make_timestamp_ns(CAST({value} AS BIGINT))"
    seconds, rest = divmod(value, 10**9)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:09}"
    return f"CAST('{text}' AS TIME_NS)"


def as_nanoseconds(text: str, found: ColumnType) -> str:
    """Return a moment of microseconds as one of nanoseconds, null beyond those that there are."""
    return f"make_timestamp_ns(TRY_CAST({nanos(text, found)} AS BIGINT))"


def to_nanoseconds(builder: Builder, text: str, term: Term) -> str:
    """Write `as_nanoseconds`; what is beyond them is counted."""
    made = as_nanoseconds(text, term.args[0].type)
    builder.caution("time out of range", f"{text} IS NOT NULL AND {made} IS NULL", term)
    return made


def ratio(builder: Builder, term: Term) -> str:
    """Write one length of time divided by another."""
    texts = []
    for arg in term.args:
        assert isinstance(arg.type, DurationType)
        texts.append(f"(CAST({builder.sql(arg)} AS DOUBLE) * {UNIT_NS[arg.type.unit]})")
    builder.caution("division by zero", f"{texts[1]} = 0 AND {texts[0]} IS NOT NULL", term)
    return f"({texts[0]} / nullif({texts[1]}, 0))"


def difference(builder: Builder, term: Term) -> str:
    """Write the time between two moments, in the unit of its type; null where that has no room for it."""
    assert isinstance(term.type, DurationType)
    count = nanos if term.type.unit == "ns" else micros
    left, right = (count(builder.sql(arg), arg.type) for arg in term.args)
    made = narrow(f"{left} - {right}", "BIGINT")
    builder.caution("overflow", f"{left} - {right} IS NOT NULL AND {made} IS NULL", term)
    return made


def shift(builder: Builder, term: Term) -> str:
    """Write a moment and a length of time behind it; null beyond the engine's time."""
    moment, length = term.args
    assert isinstance(length.type, DurationType)
    sign = "-" if term.value == "-" else "+"
    start, text = builder.sql(moment), builder.sql(length)
    if is_nanoseconds(term.type):
        made = f"({nanos(start, moment.type)} {sign} {nanos(text, length.type)})"
        return from_nanos(builder, made, term)
    factor = UNIT_NS[length.type.unit] // 1000
    return from_micros(builder, f"({micros(start, moment.type)} {sign} (CAST({text} AS HUGEINT) * {factor}))", term)


def inner(builder: Builder, text: str, found: ColumnType, term: Term) -> str:
    """Return a moment or day whose wall clock in any zone, and its rounding, the engine has; null in place of others.

    Those are counted. The engine does not give null of them, but fails.
    """
    if is_nanoseconds(found):
        return text
    first, last = (f"make_timestamp({end})" for end in (-_INNER, _INNER))
    if not isinstance(found, TimestampType):
        first, last = f"CAST({first} AS DATE)", f"CAST({last} AS DATE)"
    elif found.zone is not None:
        first, last = f"({first} AT TIME ZONE 'UTC')", f"({last} AT TIME ZONE 'UTC')"
    builder.caution("time out of range", f"{text} NOT BETWEEN {first} AND {last}", term)
    return builder.let([text], lambda v: f"(CASE WHEN {v[0]} BETWEEN {first} AND {last} THEN {v[0]} END)")


def from_micros(builder: Builder, text: str, term: Term) -> str:
    """Return the moment so many microseconds (HUGEINT) from 1970, of the term's type."""
    assert isinstance(term.type, TimestampType)
    fits = f"{text} BETWEEN -{_LATEST} AND {_LATEST}"
    builder.caution("time out of range", f"NOT ({fits})", term)
    made = f"make_timestamp(TRY_CAST(CASE WHEN {fits} THEN {text} END AS BIGINT))"
    return made if term.type.zone is None else f"({made} AT TIME ZONE 'UTC')"


def from_nanos(builder: Builder, text: str, term: Term) -> str:
    """Return the moment so many nanoseconds (HUGEINT) from 1970."""
    fits = f"{text} BETWEEN -{LAST_NS} AND {LAST_NS}"
    builder.caution("time out of range", f"NOT ({fits})", term)
    return f"make_timestamp_ns(TRY_CAST(CASE WHEN {fits} THEN {text} END AS BIGINT))"
