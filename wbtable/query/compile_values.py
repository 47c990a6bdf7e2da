"""Values, fields, elements and arithmetic in SQL (EXPR-6, EXPR-10, EXPR-12)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from wbtable.format.types import (
    ColumnType,
    ComplexType,
    DecimalType,
    DurationType,
    ListType,
    MapType,
    NullType,
    StructType,
    TimestampType,
    TimeType,
)
from wbtable.query.compile_arithmetic import arithmetic, negative
from wbtable.query.compile_times import as_nanoseconds, counted_time, is_nanoseconds, to_nanoseconds
from wbtable.query.duck_types import duck_type
from wbtable.query.kinds import is_int, is_text
from wbtable.query.sql import narrow
from wbtable.query.time_literals import UNIT_NS

if TYPE_CHECKING:
    from wbtable.query.sql import Builder
    from wbtable.query.terms import Term

__all__ = [
    "MAX_BUILT",
    "MAX_RESULT",
    "arithmetic",
    "cast",
    "concat",
    "dict_of",
    "element",
    "field",
    "list_of",
    "literal",
    "literal_value",
    "negative",
    "type_of",
]

MAX_RESULT: Final = 2**20
"""The most bytes of text, or elements of a list, that putting values together gives (EXPR-11)."""

MAX_BUILT: Final = 2**22
"""The most bytes that replacing or joining may make of one text."""

_FAR: Final = 2**62
_FILE: Final = {"size": 3, "content_type": 4, "digest": 5}


def type_of(found: ColumnType) -> str:
    """Return the engine's type of a logical type."""
    return duck_type(found)


def literal(builder: Builder, term: Term) -> str:
    """Write a value that stands in the text: text as a parameter, the rest as a checked literal."""
    return literal_value(builder, term.value, term.type)


def literal_value(builder: Builder, value: Any, found: ColumnType) -> str:
    """Write a value of a type."""
    if value is None:
        return f"CAST(NULL AS {type_of(found)})"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return builder.text(value)
    if isinstance(found, DurationType | TimestampType | TimeType) and isinstance(value, int):
        return counted_time(value, found)
    if isinstance(value, dt.datetime):
        text = (value if value.tzinfo is None else value.astimezone(dt.UTC)).isoformat(" ")
    elif isinstance(value, dt.date | dt.time):
        text = value.isoformat()
    elif is_int(found):
        return f"CAST({int(value)} AS {type_of(found)})"
    elif isinstance(found, DecimalType):
        text = format(Decimal(value), "f")
    else:
        text = repr(float(value))
    return f"CAST('{text}' AS {type_of(found)})"


def list_of(builder: Builder, term: Term) -> str:
    """Write a list."""
    assert isinstance(term.type, ListType)
    items = ", ".join(builder.sql(arg) for arg in term.args)
    return f"CAST([{items}] AS {type_of(term.type)})"


def dict_of(builder: Builder, term: Term) -> str:
    """Write a dict, field by field in the order of its type; one of any keys as it stands."""
    if isinstance(term.type, MapType):
        keys = ", ".join(builder.text(name) for name in term.value)
        items = ", ".join(builder.sql(arg) for arg in term.args)
        return f"CAST(map([{keys}], [{items}]) AS {type_of(term.type)})"
    assert isinstance(term.type, StructType)
    values = [builder.sql(arg) for arg in term.args]
    if term.type.has_absent:
        absent = ", ".join(builder.text(name) for name in term.value or ())
        values.append(f"[{absent}]" if absent else "CAST(NULL AS VARCHAR[])")
    return f"CAST(row({', '.join(values)}) AS {type_of(term.type)})"


def cast(builder: Builder, term: Term) -> str:
    """Write a cast that keeps the value, or gives null where the engine's range ends."""
    (operand,) = term.args
    if isinstance(operand.type, NullType):
        return literal_value(builder, None, term.type)
    text = builder.sql(operand)
    if is_nanoseconds(term.type) and not is_nanoseconds(operand.type):
        return to_nanoseconds(builder, text, term)
    made = cast_sql(text, operand.type, term.type)
    if isinstance(term.type, DurationType | TimestampType) and made != text:
        kind = "overflow" if isinstance(term.type, DurationType) else "time out of range"
        builder.caution(kind, f"{text} IS NOT NULL AND {made} IS NULL", term)
    return made


def cast_sql(text: str, given: ColumnType, wanted: ColumnType) -> str:
    """Return SQL of one type as another."""
    if is_text(given) and is_text(wanted):
        return text
    if isinstance(given, DurationType) and isinstance(wanted, DurationType):
        factor = UNIT_NS[given.unit] // UNIT_NS[wanted.unit]
        return text if factor == 1 else narrow(f"CAST({text} AS HUGEINT) * {factor}", "BIGINT")
    if isinstance(given, ListType) and isinstance(wanted, ListType) and _has_times(wanted):
        name = f"i{text.count('lambda')}{len(text)}"
        return f"list_transform({text}, lambda {name}: {cast_sql(name, given.item, wanted.item)})"
    if isinstance(given, TimestampType) and isinstance(wanted, TimestampType) and type_of(given) == type_of(wanted):
        return text
    if is_nanoseconds(wanted):
        return as_nanoseconds(text, given)
    if isinstance(wanted, TimestampType):
        return narrow(text, type_of(wanted))
    return f"TRY_CAST({text} AS {type_of(wanted)})"


def _has_times(found: ColumnType) -> bool:
    return isinstance(found, TimestampType | DurationType) or (isinstance(found, ListType) and _has_times(found.item))


def field(builder: Builder, term: Term) -> str:
    """Write a field, by its position: the engine finds names without regard to case."""
    (base,) = term.args
    text = builder.sql(base)
    found = base.type
    if isinstance(found, StructType):
        at = next(i for i, child in enumerate(found.fields, 1) if child.name == term.value)
        return f"struct_extract_at({text}, {at})"
    if isinstance(found, ComplexType):
        return f"struct_extract_at({text}, {1 if term.value == 'real' else 2})"
    names = [child.name for child in found.arrow()]
    if term.value in names:
        return f"struct_extract_at({text}, {names.index(term.value) + 1})"
    return f"struct_extract_at(struct_extract_at({text}, 1), {_FILE[term.value]})"


def element(builder: Builder, term: Term) -> str:
    """Write an element; indexes count from 0, negative ones from the end, and those beyond give null."""
    base, index = term.args
    text = builder.sql(base)
    if isinstance(base.type, MapType):
        return f"list_extract(map_extract({text}, {builder.sql(index)}), 1)"
    if index.is_literal and index.value is not None:
        at = max(-_FAR, min(int(index.value), _FAR))
        return f"list_extract({text}, {at + 1 if at >= 0 else at})"
    at_sql = f"TRY_CAST({builder.sql(index)} AS BIGINT)"
    return builder.let(
        [text, at_sql],
        lambda v: (
            f"list_extract({v[0]}, CASE WHEN {v[1]} >= 0 THEN least({v[1]}, {_FAR}) + 1 "
            f"ELSE greatest({v[1]}, -{_FAR}) END)"
        ),
    )


def concat(builder: Builder, term: Term) -> str:
    """Write texts, or lists, one behind the other; null where the result is longer than any query needs."""
    left, right = (builder.sql(arg) for arg in term.args)
    size = "strlen" if is_text(term.type) else "len"

    def body(v: list[str]) -> str:
        # The limit stands around an operand, not the result: an engine that folds constants computes those first.
        fits = f"CASE WHEN {size}({v[0]}) + {size}({v[1]}) <= {MAX_RESULT} THEN {v[0]} END"
        if size == "strlen":
            return f"({fits} || {v[1]})"
        return f"(CASE WHEN {v[0]} IS NOT NULL AND {v[1]} IS NOT NULL THEN list_concat({fits}, {v[1]}) END)"

    builder.caution("too long", f"{size}({left}) + {size}({right}) > {MAX_RESULT}", term)
    text = builder.let([left, right], body)
    if size == "len":
        text = builder.let(
            [left, right, text], lambda v: f"(CASE WHEN len({v[0]}) + len({v[1]}) <= {MAX_RESULT} THEN {v[2]} END)"
        )
    return text
