"""What users may write for a column's type, and how values become of a declared type."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import os
import uuid
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa

from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.types import (
    KINDS,
    AnyType,
    BinaryType,
    BooleanType,
    ClassesType,
    ColumnType,
    ComplexType,
    DateType,
    DecimalType,
    DurationType,
    Field,
    ListType,
    MapType,
    MediaType,
    NdarrayType,
    NullType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
    TimeType,
    UuidType,
)
from wbtable.tables.exact import MAX_EXACT_FLOAT
from wbtable.tables.infer import as_media, common_type, infer, is_missing
from wbtable.tables.type_text import parse_type

if TYPE_CHECKING:
    from collections.abc import Callable

_CLASSES: dict[object, ColumnType] = {
    bool: BooleanType(),
    int: NumberType(dtype="int64"),
    float: NumberType(dtype="float64"),
    str: StringType(),
    bytes: BinaryType(),
    complex: ComplexType(),
    dt.datetime: TimestampType(),
    dt.date: DateType(),
    dt.time: TimeType(),
    dt.timedelta: DurationType(),
    decimal.Decimal: DecimalType(precision=38, scale=9),
    uuid.UUID: UuidType(),
    np.ndarray: NdarrayType(dtype=None),
    dict: StructType(fields=()),
    list: ListType(item=NullType()),
    type(None): NullType(),
    Any: AnyType(),
    object: AnyType(),
}
_ROUNDED_UP = {"float16": 2.0**16 - 2.0**4, "float32": 2.0**128 - 2.0**103}
"""The least number that is infinite in a narrower type: halfway behind the greatest."""
_NEED_MORE = frozenset({"number", "list", "struct", "map", "ndarray", "decimal"})
"""Kinds of which a name does not say what they hold."""
_NAMES = {"number": "float64", "int": "int64", "float": "float64", "double": "float64"}


def column_type_of(dtype: object) -> ColumnType:
    """Return the logical type that a user's notation means.

    Args:
        dtype: one of our types; a Python class (``int``, ``str``, ``wbtable.Image``); a numpy or Arrow type; a name
            (``"float32"``, ``"image"``, ``"string"``); the text of a type (``"list<timestamp[us, UTC]>"``); ``[T]`` for
            lists; ``{"key": T}`` for dicts; an object with ``get_type()``, such as ``Classes``.

    Raises:
        UsageError: it means none.

    """
    if isinstance(dtype, ColumnType):
        return dtype
    if isinstance(dtype, str):
        return _named(dtype)
    if isinstance(dtype, (list, tuple)):
        return ListType(item=common_type([column_type_of(item) for item in dtype], mixed=True))
    if isinstance(dtype, dict):
        return StructType(fields=tuple(Field(name=str(k), type=column_type_of(v)) for k, v in dtype.items()))
    if isinstance(dtype, pa.DataType):
        return from_arrow_type(dtype)
    try:
        if dtype in _CLASSES:
            return _CLASSES[dtype]
    except TypeError:
        pass
    kind = getattr(dtype, "kind", None)
    if isinstance(dtype, type) and isinstance(kind, str) and kind in KINDS:
        return KINDS[kind]()
    if isinstance(dtype, type) and issubclass(dtype, enum.Enum):
        return _of_enum(dtype)
    get_type = getattr(dtype, "get_type", None)
    if callable(get_type):
        return cast("ColumnType", get_type())
    try:
        return _numpy(np.dtype(cast("Any", dtype)))
    except TypeError:
        msg = f"expected a column type such as int, 'float32', [str] or wbtable.Image, found {dtype!r:.80}"
        raise UsageError(msg) from None


def _of_enum(kind: type[enum.Enum]) -> ColumnType:
    """Return the type of what members of an enum are stored as, see `of_member`."""
    base = next((base for base in (int, float, complex) if issubclass(kind, base)), str)
    if issubclass(kind, decimal.Decimal):
        return common_type([infer(member)[0] for member in kind], mixed=False)
    return _CLASSES[base]


def _named(name: str) -> ColumnType:
    name = _NAMES.get(name, name)
    if name in KINDS and name not in _NEED_MORE:
        return KINDS[name]()
    if name in {"str", "text"}:
        return StringType()
    try:
        return _numpy(np.dtype(name))
    except (TypeError, ValueError):
        if any(sign in name for sign in "<[("):  # which no name in it has
            return parse_type(name, _named)
        known = sorted({*KINDS, "int64", "float32", "float64"} - _NEED_MORE)
        said = "to be said in full" if name in _NEED_MORE else "unknown"
        msg = f"the column type {name!r:.80} is {said}; there are {', '.join(known)}, decimal.Decimal, [int] and more"
        raise UsageError(msg) from None


def _numpy(dtype: np.dtype[Any]) -> ColumnType:
    if dtype.kind == "b":
        return BooleanType()
    if dtype.kind in "iuf":
        return NumberType(dtype=dtype.name)
    if dtype.kind == "c":
        return ComplexType()
    if dtype.kind in "US":
        return StringType() if dtype.kind == "U" else BinaryType()
    if dtype.kind in "mM":
        return from_arrow_type(pa.from_numpy_dtype(dtype))
    if dtype.kind == "O":
        return AnyType()
    msg = f"columns of dtype {dtype} cannot be stored"
    raise UsageError(msg)


def from_arrow_type(found: pa.DataType) -> ColumnType:  # noqa: C901, PLR0912 - one line a type
    """Return the logical type of an Arrow type (TYPE-11).

    Raises:
        UsageError: there is none.

    """
    types = pa.types
    if isinstance(found, pa.FixedShapeTensorType):
        order = found.permutation or range(len(found.shape))
        shape = tuple(found.shape[axis] for axis in order)
        return NdarrayType(dtype=str(np.dtype(found.value_type.to_pandas_dtype())), shape=shape)
    if isinstance(found, pa.BaseExtensionType):
        if found.extension_name == "arrow.uuid":
            return UuidType()
        if found.extension_name == "arrow.bool8":
            return BooleanType()
        return from_arrow_type(found.storage_type)
    if types.is_null(found):
        return NullType()
    if types.is_boolean(found):
        return BooleanType()
    if types.is_integer(found) or types.is_floating(found):
        return NumberType(
            dtype={"halffloat": "float16", "float": "float32", "double": "float64"}.get(str(found), str(found))
        )
    if types.is_string(found) or types.is_large_string(found) or types.is_string_view(found):
        return StringType()
    if (
        types.is_binary(found)
        or types.is_large_binary(found)
        or types.is_fixed_size_binary(found)
        or types.is_binary_view(found)
    ):
        return BinaryType()
    if types.is_timestamp(found):
        return TimestampType(unit=found.unit, zone=found.tz)
    if types.is_date32(found):
        return DateType()
    if types.is_date64(found):
        return DateType()
    if types.is_time(found):
        return TimeType(unit=found.unit)
    if types.is_duration(found):
        return DurationType(unit=found.unit)
    if types.is_decimal(found):
        if found.scale < 0:
            return DecimalType(precision=found.precision - found.scale, scale=0)
        return DecimalType(precision=found.precision, scale=found.scale)
    if types.is_dictionary(found) or types.is_run_end_encoded(found):
        return from_arrow_type(found.value_type)
    if types.is_map(found):
        return MapType(key=from_arrow_type(found.key_type), item=from_arrow_type(found.item_type))
    if (
        types.is_list(found)
        or types.is_large_list(found)
        or types.is_fixed_size_list(found)
        or types.is_list_view(found)
        or types.is_large_list_view(found)
    ):
        return ListType(item=from_arrow_type(found.value_type))
    if types.is_struct(found):
        return StructType(fields=tuple(Field(name=child.name, type=from_arrow_type(child.type)) for child in found))
    msg = f"Arrow columns of type {found} cannot be stored"
    raise UsageError(msg)


MAX_NESTING = 16
"""Levels of lists and dicts in a cell: each takes up to three of the 64 levels of a document (DOC-2)."""


def check_depth(column_type: ColumnType, levels: int = MAX_NESTING) -> None:
    """Accept a type that a document can say.

    Raises:
        TypeMismatchError: it nests too deep.

    """
    if levels < 0:
        msg = f"expected at most {MAX_NESTING} levels of nesting"
        raise TypeMismatchError(msg)
    for child in column_type.children():
        check_depth(child, levels - 1)


def coercion(declared: ColumnType) -> Callable[[Any], Any] | None:
    """Return what makes a value of a declared type from a value given for it; None: values are taken as they are."""
    if isinstance(declared, MediaType):
        return _media_maker(declared.kind)
    if isinstance(declared, ClassesType):
        allowed = dict(declared.classes)
        return lambda value: _class_id(value, allowed)
    if isinstance(declared, NumberType):
        return _float_maker(declared.dtype) if declared.is_float else None
    if isinstance(declared, ListType):
        return lambda value: value.tolist() if isinstance(value, np.ndarray) else value
    return None


def _float_maker(dtype: str) -> Callable[[Any], Any]:
    limit = _ROUNDED_UP.get(dtype)
    if limit is None:
        return _floats

    def make(value: Any) -> Any:
        number = _floats(value)
        if isinstance(number, (float, np.floating)) and abs(float(number)) >= limit and np.isfinite(number):
            msg = f"{value!r:.80} is beyond the range of {dtype}"
            raise TypeMismatchError(msg)
        return number

    return make


def _floats(value: Any) -> Any:
    if type(value) is int and abs(value) <= MAX_EXACT_FLOAT:
        return float(value)
    return value


def _media_maker(kind: str) -> Callable[[Any], Any]:
    def make(value: Any) -> Any:
        if value is None or is_missing(value):
            return None
        media = as_media(value)
        if media is not None:
            return media
        if isinstance(value, (bytes, bytearray, memoryview, str, os.PathLike, np.ndarray)) or hasattr(value, "read"):
            from wbtable.media import media_class

            return cast("Any", media_class(kind))(value)
        msg = f"expected {kind}, found {type(value).__name__}"
        raise TypeMismatchError(msg)

    return make


def _class_id(value: Any, allowed: dict[int, str]) -> Any:
    if value is None or is_missing(value):
        return None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        msg = f"expected a class id, found {value!r:.80}"
        raise TypeMismatchError(msg)
    if allowed and int(value) not in allowed:
        msg = f"expected one of the class ids {sorted(allowed)!r:.120}, found {value}"
        raise TypeMismatchError(msg)
    return int(value)
