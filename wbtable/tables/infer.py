"""What logical type a Python value has, and its plain form for encoding (spec: 06-types, TYPE-10)."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import math
import os
import sys
import uuid
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from wbtable.errors import TypeMismatchError
from wbtable.format.tagged import of_member
from wbtable.format.types import (
    MAX_PRECISION,
    AnyType,
    BinaryType,
    BooleanType,
    ColumnType,
    ComplexType,
    DateType,
    DecimalType,
    DurationType,
    Field,
    IntegerType,
    ListType,
    MapType,
    NdarrayType,
    NullType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
    UuidType,
    unify,
)
from wbtable.tables.exact import check_exact
from wbtable.tables.far_times import check_moments
from wbtable.tables.infer_times import (
    Typed,
    check_length,
    exactly,
    of_datetime,
    of_datetime64,
    of_time,
    of_timedelta,
    of_timedelta64,
    unit_of,
    zone_name,
)
from wbtable.tables.text import check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

INT64 = NumberType(dtype="int64")
FLOAT64 = NumberType(dtype="float64")
STRING = StringType()
NULL = NullType()
MAX_INT64 = 2**63 - 1
MIN_INT64 = -(2**63)
_MAX_INTEGER = 10**MAX_PRECISION - 1
_MAX_STRUCT_KEYS = 1000

FIXED: dict[type, ColumnType] = {
    type(None): NULL,
    bool: BooleanType(),
    float: FLOAT64,
    str: STRING,
    bytes: BinaryType(),
    dt.date: DateType(),
    uuid.UUID: UuidType(),
    complex: ComplexType(),
    np.bool_: BooleanType(),
    np.str_: STRING,
    np.bytes_: BinaryType(),
    np.complex64: ComplexType(),
    np.complex128: ComplexType(),
    **{
        getattr(np, name): NumberType(dtype=name)
        for name in (
            "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
        )
    },
}  # fmt: skip
"""Classes whose instances all have one type and are their own plain form."""


def infer(value: object) -> Typed:
    """Return the logical type of `value` and its plain form.

    Raises:
        TypeMismatchError: it cannot be stored; the message says what can.

    """
    found = FIXED.get(type(value))
    if found is not None:
        if found is STRING:
            check_text(cast("str", value))
        return found, value
    make = _MAKERS.get(type(value))
    return _other(value) if make is None else make(value)


def infer_int(value: int) -> ColumnType:
    """Return the narrowest of int64, uint64 and integer that holds `value`.

    Raises:
        TypeMismatchError: it has more than 38 digits.

    """
    if MIN_INT64 <= value <= MAX_INT64:
        return INT64
    if 0 <= value < 2**64:
        return NumberType(dtype="uint64")
    if abs(value) <= _MAX_INTEGER:
        return IntegerType()
    msg = (
        f"the integer has {len(str(abs(value)))} digits, at most {MAX_PRECISION} can be stored as a number; store text"
    )
    raise TypeMismatchError(msg)


def _int(value: Any) -> Typed:
    return infer_int(value), value


def _decimal(value: Any) -> Typed:
    if not value.is_finite():
        msg = f"the decimal {value} is not finite; use a float column"
        raise TypeMismatchError(msg)
    _, digits, exponent = value.as_tuple()
    scale = max(0, -exponent)
    precision = max(len(digits) + max(exponent, 0), scale, 1)
    if precision > 1000:
        msg = f"the decimal has {precision} digits, at most 1000 can be stored"
        raise TypeMismatchError(msg)
    return DecimalType(precision=precision, scale=scale), value


_LIST_OF: dict[frozenset[type], ColumnType] = {
    frozenset({kind}): ListType(item=found) for kind, found in FIXED.items() if kind in {float, str, bool, bytes}
}
_EMPTY_LIST = ListType(item=NULL)


def _list(value: Any) -> Typed:
    items = list(value)
    kinds = frozenset(map(type, items))
    known = _LIST_OF.get(kinds)
    if known is not None:
        if str in kinds:
            for text in items:
                check_text(text)
        return known, items
    if kinds == {int}:
        return ListType(item=unify(infer_int(max(items)), infer_int(min(items)))), items
    item: ColumnType = NULL
    plain = []
    is_mixed = False
    for i, element in enumerate(items):
        try:
            found, kept = infer(element)
            if found != item:
                is_mixed = is_mixed or not (item is NULL or found is NULL)
                item = unify(item, found)
        except TypeMismatchError as error:
            raise TypeMismatchError(str(error), place=f"element {i}") from None
        plain.append(kept)
    if is_mixed:
        check_exact(ListType(item=item), plain)
    return (ListType(item=item) if items else _EMPTY_LIST), plain


def _set(value: Any) -> Typed:
    try:
        return _list(sorted(value))
    except TypeError:
        return _list(sorted(value, key=repr))


def _dict(value: Any) -> Typed:
    if len(value) > _MAX_STRUCT_KEYS or not all(isinstance(key, str) for key in value):
        keys, kept_keys = _list(list(value))
        items, kept_items = _list(list(value.values()))
        odd = next((key for key, kept in zip(value, kept_keys, strict=True) if not isinstance(kept, Hashable)), None)
        if odd is not None or None in kept_keys:
            msg = f"a dict key of type {type(odd).__name__} cannot be stored; give keys of text or numbers"
            raise TypeMismatchError(msg)
        plain = dict(zip(kept_keys, kept_items, strict=True))
        if len(plain) != len(value):
            msg = "two keys of the dict are stored as the same one"
            raise TypeMismatchError(msg)
        return MapType(key=cast("ListType", keys).item, item=cast("ListType", items).item), plain
    fields, plain = [], {}
    for key, item in value.items():
        try:
            check_text(key)
            name = str.__str__(key)  # of a member of an enum `str` may give its class and name
            found_item, plain[name] = infer(item)
        except TypeMismatchError as error:
            raise TypeMismatchError(str(error), place=f'field "{key}"') from None
        fields.append(Field(name=name, type=found_item))
    return StructType(fields=tuple(fields)), plain


def array_dtype(array: np.ndarray[Any, Any]) -> str | None:
    """Return the dtype name under which an array is stored; None if it has none (object, void)."""
    kind = array.dtype.kind
    if (kind in "iuf" and array.dtype.itemsize <= 8) or kind == "b":
        return array.dtype.name
    if kind == "c" and array.dtype.itemsize in {8, 16}:
        return array.dtype.name
    if kind in "US":
        return "str" if kind == "U" else "bytes"
    if (
        kind in "mM"
        and np.datetime_data(array.dtype)[0] in {"s", "ms", "us", "ns"}
        and np.datetime_data(array.dtype)[1] == 1
    ):
        return array.dtype.name
    return None


def _ndarray(value: Any) -> Typed:
    dtype = array_dtype(value)
    if dtype is not None:
        # A copy: the caller may fill the same buffer again.
        kept = np.array(value, dtype=value.dtype.newbyteorder("="), order="C", copy=True)
        if dtype == "str":
            check_text("".join(kept.ravel().tolist()))
        check_moments(kept)
        return NdarrayType(dtype=dtype, shape=kept.shape), kept
    if value.dtype.kind in "mM":
        check_length(value)
        return _ndarray(exactly(value, f"{value.dtype.kind}8[{unit_of(value) or 's'}]"))
    if value.dtype.kind == "O":
        return infer(value.tolist())
    msg = f"arrays of dtype {value.dtype} cannot be stored"
    raise TypeMismatchError(msg)


def _bytes(value: Any) -> Typed:
    return FIXED[bytes], bytes(value)


_BASES: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, bytes),
    (dict, dict),
    (list, list),
    (tuple, tuple),
    (set, set),
    (frozenset, set),
)
"""Subclasses of these are stored as what they extend."""


_MAKERS: dict[type, Callable[[Any], Typed]] = {
    int: _int,
    dt.datetime: of_datetime,
    decimal.Decimal: _decimal,
    list: _list,
    tuple: _list,
    range: _list,
    set: _set,
    frozenset: _set,
    dict: _dict,
    np.ndarray: _ndarray,
    np.datetime64: of_datetime64,
    np.timedelta64: of_timedelta64,
    dt.timedelta: of_timedelta,
    dt.time: of_time,
    bytearray: _bytes,
    memoryview: _bytes,
}


def _other(value: object) -> Typed:
    """Infer what no exact class decides: subclasses, media, and values of libraries that need not be installed."""
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    if module == "pandas":
        return _pandas(value, kind.__name__)
    if isinstance(value, enum.Enum):
        return infer(of_member(value))
    if isinstance(value, dt.datetime):
        return of_datetime(value)
    if isinstance(value, dt.date):
        return FIXED[dt.date], value
    media = as_media(value)
    if media is not None:
        return media.column_type(), media
    if isinstance(value, np.generic) and value.dtype.kind in "fcV":  # of more than 64 bits a part, or a record
        msg = f"a value of numpy's type {value.dtype} cannot be stored; convert it to float64 or complex128"
        raise TypeMismatchError(msg)
    if module in {"torch", "jax", "jaxlib", "tensorflow"} or hasattr(value, "__array__"):
        return _tensor(value)
    for base, plain in _BASES:
        if isinstance(value, base):
            return infer(plain(value))
    if isinstance(value, os.PathLike):
        return infer(os.fspath(value))
    hint = "; put the table into the artifact and link to its rows" if kind.__name__.endswith("Table") else ""
    msg = f"a value of type {kind.__module__}.{kind.__qualname__} cannot be stored{hint}"
    raise TypeMismatchError(msg)


def as_media(value: object) -> Any:
    """Return the media object that `value` is or wraps, else None; imports no media library for it."""
    from wbtable.media.base import Media

    if isinstance(value, Media):
        return value
    from wbtable.media.wrap import wrap

    return wrap(value)


def _pandas(value: Any, name: str) -> Typed:
    if name in {"NAType", "NaTType"}:
        return NULL, None
    if name == "Timestamp":
        return TimestampType(unit=value.unit, zone=zone_name(value)), value
    if name == "Timedelta":
        return DurationType(unit=value.unit), value.to_timedelta64()
    if hasattr(value, "to_numpy"):
        return infer(value.to_numpy())
    msg = f"a pandas {name} cannot be stored in a cell"
    raise TypeMismatchError(msg)


def _tensor(value: Any) -> Typed:
    detach = getattr(value, "detach", None)
    if callable(detach):
        value = detach().cpu()
        if "bfloat16" in str(value.dtype):
            value = value.float()
        value = value.numpy()
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        if value is np.ma.masked:
            return NULL, None
        msg = "the array has masked elements, which have no stored form; fill them, or give a list with None"
        raise TypeMismatchError(msg)
    array = np.asarray(value)
    return infer(array[()]) if array.ndim == 0 and not isinstance(value, np.ndarray) else _ndarray(array)


def is_missing(value: object) -> bool:
    """Whether `value` is None, NaN, or a null of pandas: what a column with ``optional=False`` refuses."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is pandas.NA or value is pandas.NaT)


def common_type(types: Iterable[ColumnType], *, mixed: bool) -> ColumnType:
    """Return the narrowest type that holds all, or ``any`` if there is none and `mixed` allows it.

    Raises:
        TypeMismatchError: there is none.

    """
    out: ColumnType = NULL
    for found in types:
        try:
            out = unify(out, found)
        except TypeMismatchError:
            if not mixed:
                raise
            return AnyType()
    return out
