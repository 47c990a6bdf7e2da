"""Conversions (EXPR-8): null where a value has no counterpart, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.format.types import (
    AnyType,
    BooleanType,
    DateType,
    DecimalType,
    DurationType,
    NumberType,
    TimestampType,
    TimeType,
)
from wbtable.query.check_values import adapt
from wbtable.query.compile_decimals import is_text_decimal
from wbtable.query.compile_times import is_nanoseconds
from wbtable.query.compile_values import type_of
from wbtable.query.expression_error import ExpressionError
from wbtable.query.function import Function, Parameter
from wbtable.query.kinds import BOOLEAN, DATE, FLOAT64, INT64, TEXT, TIMESTAMP, is_float, is_text
from wbtable.query.local_time import clock
from wbtable.query.sql import narrow
from wbtable.query.time_literals import LAST_NS, read_moment

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType
    from wbtable.query.function import Result, Write
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

_GROUP: Final = "Conversion"
_FLOAT: Final = r"(?i)[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?|[+-]?(inf|infinity)|nan"
_INT: Final = "[+-]?[0-9]+"
_DATE: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT: Final = _DATE + r"([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?"
_TAGGED: Final = r'^\{"\$type":"(?:float|int|decimal)","value":"([^"]*)"\}$'


def _read(builder: Builder, term: Term, text: str, pattern: str, wanted: str) -> str:
    """Read text of one form; what else the engine would read is null."""
    found = builder.text(pattern)
    made = builder.let(
        [text], lambda v: f"TRY_CAST(CASE WHEN regexp_full_match({v[0]}, {found}) THEN {v[0]} END AS {wanted})"
    )
    builder.caution("not convertible", f"{text} IS NOT NULL AND {made} IS NULL", term)
    return made


def _untagged(builder: Builder, text: str) -> str:
    """Return the digits of a mixed cell that holds a number (ANY-1)."""
    tagged = builder.text(_TAGGED)
    return builder.let(
        [text],
        lambda v: f"(CASE WHEN starts_with({v[0]}, '{{') THEN regexp_extract({v[0]}, {tagged}, 1) ELSE {v[0]} END)",
    )


def _float(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    if isinstance(found, AnyType):
        return _read(builder, term, _untagged(builder, args[0]), _FLOAT, "DOUBLE")
    if is_text(found):
        return _read(builder, term, args[0], _FLOAT, "DOUBLE")
    if isinstance(found, BooleanType):
        return f"CAST(CAST({args[0]} AS INTEGER) AS DOUBLE)"
    return f"TRY_CAST({args[0]} AS DOUBLE)"


def _int(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    if isinstance(found, AnyType):
        return _read(builder, term, _untagged(builder, args[0]), _INT, "BIGINT")
    if is_text(found):
        return _read(builder, term, args[0], _INT, "BIGINT")
    if isinstance(found, BooleanType):
        return f"CAST({args[0]} AS BIGINT)"
    if is_text_decimal(found):
        return _read(builder, term, f"split_part({args[0]}, '.', 1)", _INT, "BIGINT")
    whole = f"trunc({args[0]})" if is_float(found) or isinstance(found, DecimalType) else args[0]
    made = narrow(whole, "BIGINT")
    if not isinstance(found, NumberType) or found.is_float or found.dtype == "uint64":
        builder.caution("not convertible", f"{args[0]} IS NOT NULL AND {made} IS NULL", term)
    return made


def _str(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    text = args[0]
    if is_text(found):
        return text
    if isinstance(found, AnyType):
        return builder.let(
            [text],
            lambda v: f"(CASE WHEN starts_with({v[0]}, '\"') THEN json_extract_string({v[0]}, '$') ELSE {v[0]} END)",
        )
    if is_float(found):
        return builder.let([text], lambda v: f"(CASE WHEN isnan({v[0]}) THEN 'nan' ELSE CAST({v[0]} AS VARCHAR) END)")
    if is_nanoseconds(found):
        return _nanoseconds_text(builder, text, term)
    if isinstance(found, TimestampType) and found.zone is not None:
        return f"(CAST(({text} AT TIME ZONE 'UTC') AS VARCHAR) || '+00:00')"
    return f"CAST({text} AS VARCHAR)"


def _nanoseconds_text(builder: Builder, text: str, term: Term) -> str:
    """Write a moment of nanoseconds; the engine has no text for the first and the last of all."""
    offset = "" if getattr(term.args[0].type, "zone", None) is None else " || '+00:00'"
    ends = f"-{LAST_NS} AND {LAST_NS}"
    builder.caution("time out of range", f"{text} IS NOT NULL AND (epoch_ns({text}) BETWEEN {ends}) IS NOT TRUE", term)
    return builder.let(
        [text], lambda v: f"(CASE WHEN epoch_ns({v[0]}) BETWEEN {ends} THEN CAST({v[0]} AS VARCHAR){offset} END)"
    )


def _bool(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    if isinstance(found, BooleanType):
        return args[0]
    if is_text(found):
        builder.caution("not convertible", f"{args[0]} NOT IN ('true', 'false')", term)
        return f"(CASE {args[0]} WHEN 'true' THEN true WHEN 'false' THEN false END)"
    return f"(TRY_CAST({args[0]} AS DOUBLE) <> 0)" if is_text_decimal(found) else f"({args[0]} <> 0)"


def _literal_text(term: Term) -> str | None:
    return term.value if term.is_literal and isinstance(term.value, str) else None


def _read_date(args: tuple[Term, ...]) -> tuple[Term, ...]:
    text = _literal_text(args[0])
    if text is None:
        return args
    found = adapt(args[0], DATE)
    if found.type != DATE:
        raise ExpressionError(f"{text[:40]!r} is no day", args[0].span, suggestion='write date("2024-01-31")')
    return (found,)


def _date(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    if isinstance(found, DateType):
        return args[0]
    if isinstance(found, TimestampType):
        return f"CAST({clock(builder, args[0], term)} AS DATE)"
    return _read(builder, term, args[0], _DATE, "DATE")


def _read_timestamp(args: tuple[Term, ...]) -> tuple[Term, ...]:
    text = _literal_text(args[0])
    if text is None:
        return args
    zone = None if read_moment(text, args[0].span)[0].tzinfo is None else "UTC"
    return (adapt(args[0], TimestampType(zone=zone)),)


def _timestamp_type(args: tuple[Term, ...]) -> ColumnType:
    return args[0].type if isinstance(args[0].type, TimestampType) else TIMESTAMP


def _timestamp(builder: Builder, term: Term, args: list[str]) -> str:
    found = term.args[0].type
    if isinstance(found, TimestampType):
        return args[0]
    if isinstance(found, DateType):
        made = narrow(args[0], "TIMESTAMP")
        builder.caution("time out of range", f"{args[0]} IS NOT NULL AND {made} IS NULL", term)
        return made
    return _read(builder, term, args[0], _MOMENT, "TIMESTAMP")


def _plain(
    name: str, kinds: str, result: Result, gives: str, doc: str, example: tuple[str, str], write: Write
) -> Function:
    return Function(
        name=name,
        group=_GROUP,
        parameters=(Parameter("value", kinds),),
        result=result,
        gives=gives,
        doc=doc,
        example=example,
        write=write,
    )


def _literal(name: str, found: ColumnType, doc: str, example: tuple[str, str]) -> Function:
    return Function(
        name=name,
        group=_GROUP,
        parameters=(Parameter("text", "text", is_literal=True),),
        result=lambda args: args[0].type,
        gives=found.kind,
        doc=doc,
        example=example,
        write=lambda builder, term, args: args[0],
        prepare=lambda args: (adapt(args[0], found),),
    )


def _read_decimal(args: tuple[Term, ...]) -> tuple[Term, ...]:
    import re
    from decimal import Decimal

    text = _literal_text(args[0]) or ""
    if not re.fullmatch(r"-?[0-9]{1,38}(\.[0-9]{1,38})?", text) or len(text.replace(".", "").lstrip("-")) > 38:
        raise ExpressionError(
            f"{text[:40]!r} is no decimal of at most 38 digits", args[0].span, suggestion='write decimal("1.50")'
        )
    whole, _, behind = text.lstrip("-").partition(".")
    found = DecimalType(precision=len(whole) + len(behind), scale=len(behind))
    from wbtable.query.terms import Term as Made

    return (Made(op="literal", type=found, value=Decimal(text), span=args[0].span),)


def _read_bytes(args: tuple[Term, ...]) -> tuple[Term, ...]:
    text = _literal_text(args[0]) or ""
    try:
        bytes.fromhex(text)
    except ValueError:
        raise ExpressionError(
            "expected bytes as pairs of hexadecimal digits", args[0].span, suggestion='write binary("00ff")'
        ) from None
    return args


def _complex(builder: Builder, term: Term, args: list[str]) -> str:
    return f"CAST(row({', '.join(f'TRY_CAST({arg} AS DOUBLE)' for arg in args)}) AS {type_of(term.type)})"


def _conversions() -> tuple[Function, ...]:
    from wbtable.format.types import BinaryType, ComplexType

    return (
        Function(
            name="binary",
            group=_GROUP,
            parameters=(Parameter("digits", "text", is_literal=True),),
            result=BinaryType(),
            gives="binary",
            doc="Bytes, from pairs of hexadecimal digits.",
            example=('binary("00ff")', "two bytes"),
            write=lambda builder, term, args: f"unhex({args[0]})",
            prepare=_read_bytes,
        ),
        Function(
            name="complex",
            group=_GROUP,
            parameters=(Parameter("real", "number"), Parameter("imag", "number")),
            result=ComplexType(),
            gives="complex",
            doc="A complex number.",
            example=("complex(1.5, -2)", "1.5 - 2i"),
            write=_complex,
        ),
    )


CONVERSION: Final = (
    _plain(
        "int", "number|boolean|text|mixed", INT64, "int64",
        "A whole number: fractions are cut off, text is read, true is 1; null where there is none.",
        ('int("42")', "42"), _int,
    ),
    _plain(
        "float", "number|boolean|text|mixed", FLOAT64, "float64",
        'A floating-point number; text may also be "nan" or "inf"; null where there is none.',
        ('float("0.5")', "0.5"), _float,
    ),
    _plain(
        "str", "number|boolean|text|mixed|date|timestamp|time", TEXT, "text",
        "The value as text; times with a zone in UTC.",
        ("str(42)", '"42"'), _str,
    ),
    _plain(
        "bool", "number|boolean|text", BOOLEAN, "boolean",
        'Whether a number is not 0; of the texts "true" and "false" their meaning; null of other texts.',
        ("bool(1)", "true"), _bool,
    ),
    Function(
        name="date", group=_GROUP, parameters=(Parameter("value", "text|timestamp|date"),), result=DATE, gives="date",
        doc="A day: written in the text, or that of a point in time, in its column's zone.",
        example=('date("2024-01-31")', "a day"), write=_date, prepare=_read_date,
    ),
    Function(
        name="timestamp", group=_GROUP, parameters=(Parameter("value", "text|timestamp|date"),), result=_timestamp_type,
        gives="timestamp",
        doc="A point in time, with a zone if an offset is written. A column's text is read to the microsecond, and "
        "null where it has more digits.",
        example=('timestamp("2024-01-31T12:00:00+00:00")', "noon in UTC"), write=_timestamp, prepare=_read_timestamp,
    ),
    _literal("time", TimeType(), "A time of day.", ('time("12:30:00")', "half past twelve")),
    _literal(
        "duration", DurationType(), "A length of time from days, hours, minutes and seconds, to the nanosecond.",
        ('duration("1d 2h 3m 4.5s")', "93784.5 seconds"),
    ),
    Function(
        name="decimal", group=_GROUP, parameters=(Parameter("digits", "text", is_literal=True),),
        result=lambda args: args[0].type, gives="decimal", doc="An exact decimal number.",
        example=('decimal("1.50")', "1.50"), write=lambda builder, term, args: args[0], prepare=_read_decimal,
    ),
    *_conversions(),
)  # fmt: skip
