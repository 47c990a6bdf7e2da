"""What a declared type makes of the values that come for it (spec: 06-types, TYPE-10)."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from wbtable.errors import TypeMismatchError
from wbtable.format.types import (
    ColumnType,
    DurationType,
    Field,
    IntegerType,
    ListType,
    MapType,
    NullType,
    NumberType,
    StructType,
    TimestampType,
    TimeType,
    unify,
)
from wbtable.tables.coerce import coercion
from wbtable.tables.infer_times import exactly

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_Times = TimestampType | DurationType | TimeType
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": 1}
# Kinds of which a value may have more than was declared: digits, labels.
_GROWING = frozenset({"decimal", "image"})


def is_open(declared: ColumnType) -> bool:
    """Whether a declaration leaves the rest to the values: null, and a dict without keys."""
    return isinstance(declared, NullType) or (isinstance(declared, StructType) and not declared.fields)


def filled(declared: ColumnType, found: ColumnType) -> ColumnType:
    """Return a declared type with what it leaves open as the type that was found has it."""
    if isinstance(declared, NullType) or (is_open(declared) and isinstance(found, (StructType, MapType))):
        return found
    if isinstance(declared, ListType) and isinstance(found, ListType):
        return ListType(item=filled(declared.item, found.item))
    if isinstance(declared, MapType) and isinstance(found, MapType):
        return MapType(key=filled(declared.key, found.key), item=filled(declared.item, found.item))
    if isinstance(declared, StructType) and isinstance(found, StructType):
        theirs = {field.name: field.type for field in found.fields}
        own = tuple(Field(name=f.name, type=filled(f.type, theirs.get(f.name, f.type))) for f in declared.fields)
        return StructType(fields=own, absent=declared.absent)
    return declared


def check_fields(declared: ColumnType, found: ColumnType) -> None:
    """Refuse dicts with keys that were not declared: they would be lost.

    Raises:
        TypeMismatchError: there are some.

    """
    if isinstance(declared, StructType) and isinstance(found, StructType):
        own = {field.name: field.type for field in declared.fields}
        for field in found.fields:
            if field.name not in own:
                msg = f"expected {declared}, found {found}, of which {field.name!r:.80} would be lost"
                raise TypeMismatchError(msg)
            check_fields(own[field.name], field.type)
    elif type(declared) is type(found):
        for own_child, child in zip(declared.children(), found.children(), strict=False):
            check_fields(own_child, child)


def check_units(wanted: ColumnType, found: ColumnType, values: Iterable[Any], name: str) -> None:
    """Refuse values that need a finer unit of time than they are to have.

    Args:
        wanted: the type that they are to have.
        found: the type that holds them.
        values: the values of a column.
        name: the column's name.

    Raises:
        TypeMismatchError: there are such.

    """
    if not _is_finer(found, wanted):
        return
    for row, value in enumerate(values):
        if value is not None and _is_finer(_held(wanted, wanted, found, [value]), wanted):
            msg = f"expected {wanted}, found {value!r:.80}, which does not convert exactly"
            raise TypeMismatchError(msg, place=f'column "{name}", row {row}')


def _is_finer(found: ColumnType | None, wanted: ColumnType) -> bool:
    """Whether a type has times of another unit than is wanted, be it deep inside."""
    if found is None or type(found) is not type(wanted):
        return False
    if isinstance(found, _Times):
        return found.unit != wanted.unit  # type: ignore[attr-defined]  # it is of the same class
    return any(map(_is_finer, found.children(), wanted.children()))


def held(declared: ColumnType, column: ColumnType, merged: ColumnType, found: ColumnType, plain: object) -> ColumnType:
    """Return the type of a declared column that also holds a value.

    Python cannot type as narrowly as can be declared: what fits stays, and a dict or list that was left open widens.

    Args:
        declared: what was declared.
        column: what the column is by now.
        merged: that and the type of the value, widened.
        found: the type of the value.
        plain: the value.

    Raises:
        TypeMismatchError: it does not fit.

    """
    kept = _held(declared, column, merged, [plain])
    if kept is not None:
        return kept
    if type(declared) is type(merged) and declared.arrow() == merged.arrow():
        return merged
    if unify(declared, found) == declared:
        return declared
    msg = f"expected {declared}, found {found}"
    raise TypeMismatchError(msg)


def _held(declared: ColumnType, column: ColumnType, merged: ColumnType, values: Sequence[Any]) -> ColumnType | None:
    """Return the type that has what was declared and holds values, None if they need more than that."""
    if declared == merged or is_open(declared):
        return merged
    there = [value for value in values if value is not None]
    if isinstance(declared, NumberType) and isinstance(merged, (NumberType, IntegerType)):
        return _number(declared, there)
    if isinstance(declared, _Times) and type(merged) is type(declared):
        return declared if column == declared and all(_fits(declared, value) for value in there) else merged
    if declared.kind in _GROWING and type(merged) is type(declared):
        return merged
    if isinstance(declared, ListType) and isinstance(merged, ListType) and isinstance(column, ListType):
        item = _held(declared.item, column.item, merged.item, [item for value in there for item in value])
        return None if item is None else ListType(item=item)
    if isinstance(declared, MapType) and isinstance(merged, MapType) and isinstance(column, MapType):
        key = _held(declared.key, column.key, merged.key, [key for value in there for key in value])
        item = _held(declared.item, column.item, merged.item, [item for value in there for item in value.values()])
        return None if key is None or item is None else MapType(key=key, item=item)
    if isinstance(declared, StructType) and isinstance(merged, StructType) and isinstance(column, StructType):
        return _struct(declared, column, merged, there)
    return None


def _number(declared: NumberType, values: Sequence[Any]) -> ColumnType | None:
    if declared.is_float:
        make = coercion(declared)
        assert make is not None
        for value in values:
            make(value)
        return declared
    if not all(isinstance(value, (int, np.integer)) for value in values):
        return None
    bounds = np.iinfo(declared.dtype)
    return declared if all(int(bounds.min) <= int(value) <= int(bounds.max) for value in values) else None


def _struct(declared: StructType, column: StructType, merged: StructType, values: Sequence[Any]) -> ColumnType | None:
    if [field.name for field in declared.fields] != [field.name for field in merged.fields]:
        return None
    if merged.absent and not declared.absent:
        return None
    fields = []
    for own, before, wide in zip(declared.fields, column.fields, merged.fields, strict=True):
        kept = _held(own.type, before.type, wide.type, [value.get(own.name) for value in values])
        if kept is None:
            return None
        fields.append(Field(name=own.name, type=kept))
    return StructType(fields=tuple(fields), absent=merged.absent)


def _fits(declared: _Times, value: Any) -> bool:
    """Whether a time has a form in a unit, and is of a zone or of none as is declared."""
    if isinstance(value, (np.datetime64, np.timedelta64)):
        try:
            exactly(value, f"{value.dtype.kind}8[{declared.unit}]")
        except TypeMismatchError:
            return False
        return True
    if isinstance(value, dt.timedelta):
        return value % dt.timedelta(microseconds=_MICROSECONDS[declared.unit]) == dt.timedelta(0)
    if getattr(value, "nanosecond", 0) and declared.unit != "ns":  # of pandas, whose microseconds say nothing of them
        return False
    return isinstance(value, (dt.datetime, dt.time)) and value.microsecond % _MICROSECONDS[declared.unit] == 0
