"""Families of types: which operators a type takes, and the type that two share (EXPR-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.format.types import (
    AnyType,
    AudioType,
    BinaryType,
    BooleanType,
    ClassesType,
    ColumnType,
    ComplexType,
    DateType,
    DecimalType,
    DurationType,
    Field,
    HistogramType,
    ImageType,
    IntegerType,
    LinkType,
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
    VideoType,
    element_type,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

INT64: Final = NumberType(dtype="int64")
FLOAT64: Final = NumberType(dtype="float64")
FLOAT32: Final = NumberType(dtype="float32")
INTEGER: Final = IntegerType()
BOOLEAN: Final = BooleanType()
TEXT: Final = StringType()
NULL: Final = NullType()
DATE: Final = DateType()
TIMESTAMP: Final = TimestampType()
DURATION: Final = DurationType()
INT64_RANGE: Final = (-(2**63), 2**63 - 1)


def is_int(found: ColumnType) -> bool:
    """Whether values are whole numbers."""
    if isinstance(found, NumberType):
        return not found.is_float
    return isinstance(found, IntegerType | ClassesType | LinkType)


def is_float(found: ColumnType) -> bool:
    """Whether values are floating-point numbers."""
    return isinstance(found, NumberType) and found.is_float


def is_number(found: ColumnType) -> bool:
    """Whether values are numbers."""
    return isinstance(found, NumberType | IntegerType | ClassesType | LinkType | DecimalType)


def is_boolean(found: ColumnType) -> bool:
    """Whether a type is boolean, or has only nulls."""
    return isinstance(found, BooleanType | NullType)


def is_text(found: ColumnType) -> bool:
    """Whether values are text."""
    return isinstance(found, StringType | UuidType)


def is_moment(found: ColumnType) -> bool:
    """Whether values are days or points in time."""
    return isinstance(found, DateType | TimestampType)


def is_ordered(found: ColumnType) -> bool:
    """Whether values have an order."""
    return (
        is_number(found)
        or is_text(found)
        or is_moment(found)
        or isinstance(found, BooleanType | TimeType | DurationType)
    )


def int_bits(found: ColumnType) -> int:
    """Return the width of whole numbers in bits; of those of 38 digits 128."""
    if isinstance(found, NumberType):
        return int(found.dtype.removeprefix("u").removeprefix("int"))
    return 128 if isinstance(found, IntegerType) else 64


def is_wide(found: ColumnType) -> bool:
    """Whether whole numbers may lie beyond int64."""
    return isinstance(found, IntegerType) or (isinstance(found, NumberType) and found.dtype == "uint64")


def int_range(found: ColumnType) -> tuple[int, int]:
    """Return the least and the greatest whole number of a type."""
    if isinstance(found, IntegerType):
        return -(10**38) + 1, 10**38 - 1
    bits = int_bits(found)
    if isinstance(found, NumberType) and found.dtype.startswith("u"):
        return 0, 2**bits - 1
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def list_item(found: ColumnType) -> ColumnType | None:
    """Return the type of a list's elements; None for what is no list of one dimension."""
    if isinstance(found, ListType):
        return found.item
    if isinstance(found, NdarrayType) and found.is_tensor and len(found.shape or ()) == 1 and found.dtype is not None:
        element_type(found.dtype)
        return BOOLEAN if found.dtype == "bool" else NumberType(dtype=found.dtype)
    return None


def by_digest(found: ColumnType) -> ColumnType:
    """Return the type that values have whose media, in lists and dicts too, are digests (EXPR-6)."""
    if isinstance(found, MediaType):
        return TEXT
    if isinstance(found, ListType):
        return ListType(item=by_digest(found.item))
    if isinstance(found, MapType):
        return MapType(key=found.key, item=by_digest(found.item))
    if isinstance(found, StructType):
        fields = tuple(Field(name=field.name, type=by_digest(field.type)) for field in found.fields)
        return StructType(fields=fields, absent=found.absent)
    return found


_KINDS: Final[dict[str, type[ColumnType] | tuple[type[ColumnType], ...]]] = {
    "boolean": BooleanType,
    "text": (StringType, UuidType),
    "binary": BinaryType,
    "date": DateType,
    "timestamp": TimestampType,
    "time": TimeType,
    "duration": DurationType,
    "dict": (StructType, MapType),
    "image": ImageType,
    "audio": AudioType,
    "video": VideoType,
    "media": MediaType,
    "complex": ComplexType,
    "histogram": HistogramType,
    "mixed": AnyType,
    "ndarray": NdarrayType,
}


def is_kind(found: ColumnType, kind: str) -> bool:
    """Whether a type is of a kind that a function's parameter names."""
    if kind == "any":
        return True
    if isinstance(found, NullType):
        return True
    if kind == "number":
        return is_number(found)
    if kind == "integer":
        return is_int(found)
    if kind == "list":
        return list_item(found) is not None
    if kind == "ordered":
        return is_ordered(found)
    return isinstance(found, _KINDS[kind])


def common(types: Iterable[ColumnType]) -> ColumnType | None:
    """Return the type that values of all these become where they stand for each other; None where there is none.

    Whole numbers of unlike widths become int64, or integers of 38 digits; whole and floating-point numbers float64.
    """
    out: ColumnType = NULL
    for found in types:
        if found == out or isinstance(found, NullType):
            continue
        shared = found if isinstance(out, NullType) else _common(out, found)
        if shared is None:
            return None
        out = shared
    return out


def _common(a: ColumnType, b: ColumnType) -> ColumnType | None:
    if is_int(a) and is_int(b):
        return INTEGER if is_wide(a) or is_wide(b) else INT64
    if is_number(a) and is_number(b):
        return FLOAT64
    if is_text(a) and is_text(b):
        return TEXT
    if is_moment(a) and is_moment(b):
        return _moments(a, b)
    if isinstance(a, TimeType) and isinstance(b, TimeType):
        return TimeType(unit="ns" if "ns" in {a.unit, b.unit} else "us")
    if isinstance(a, DurationType) and isinstance(b, DurationType):
        return DurationType(unit=max(a.unit, b.unit, key=("s", "ms", "us", "ns").index))
    if isinstance(a, ListType) and isinstance(b, ListType):
        item = common([a.item, b.item])
        return None if item is None else ListType(item=item)
    return None


def _moments(a: ColumnType, b: ColumnType) -> ColumnType | None:
    times = [found for found in (a, b) if isinstance(found, TimestampType)]
    zones = {found.zone for found in times}
    # Units widen to the finer, as columns' do (TYPE-9).
    unit = "ns" if any(found.unit == "ns" for found in times) else "us"
    if len(zones) > 1:
        return None if None in zones else TimestampType(unit=unit, zone="UTC")
    return TimestampType(unit=unit, zone=zones.pop())
