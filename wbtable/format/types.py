"""The logical column types, and how two of them widen to one (spec: 06-types)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from wbtable.errors import TypeMismatchError
from wbtable.format.documents import Reader
from wbtable.format.types_base import KINDS, ColumnType, contains, read_type
from wbtable.format.types_media import (
    AudioType,
    ClassesType,
    FigureType,
    HistogramType,
    HtmlType,
    ImageType,
    Labels,
    LayerLabels,
    MediaType,
    MoleculeType,
    Object3DType,
    VideoType,
    labels,
    layer_labels,
)
from wbtable.format.types_nested import ABSENT, Field, ListType, MapType, NdarrayType, StructType, element_type
from wbtable.format.types_scalar import (
    MAX_PRECISION,
    MAX_TEXT_PRECISION,
    NUMBERS,
    UNITS,
    AnyType,
    BinaryType,
    BooleanType,
    ComplexType,
    DateType,
    DecimalType,
    DurationType,
    IntegerType,
    LinkType,
    NullType,
    NumberType,
    StringType,
    TimestampType,
    TimeType,
    UuidType,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ABSENT",
    "KINDS",
    "MAX_PRECISION",
    "NUMBERS",
    "UNITS",
    "AnyType",
    "AudioType",
    "BinaryType",
    "BooleanType",
    "ClassesType",
    "ColumnType",
    "ComplexType",
    "DateType",
    "DecimalType",
    "DurationType",
    "Field",
    "FigureType",
    "HistogramType",
    "HtmlType",
    "ImageType",
    "IntegerType",
    "Labels",
    "LayerLabels",
    "LinkType",
    "ListType",
    "MapType",
    "MediaType",
    "MoleculeType",
    "NdarrayType",
    "NullType",
    "NumberType",
    "Object3DType",
    "StringType",
    "StructType",
    "TimeType",
    "TimestampType",
    "UuidType",
    "VideoType",
    "contains",
    "element_type",
    "has_media",
    "labels",
    "layer_labels",
    "type_from_json",
    "unify",
]


def type_from_json(value: object, place: str) -> ColumnType:
    """Read a type from its JSON form (TYPE-1).

    Raises:
        FormatError: the kind is unknown, or a parameter impossible; the message names it.

    """
    return read_type(Reader(value, place))


def has_media(column_type: ColumnType) -> bool:
    """Whether cells of this type hold, or nest, blobs."""
    return contains(column_type, MediaType)


def unify(left: ColumnType, right: ColumnType) -> ColumnType:
    """Return the narrowest type that holds the values of both (TYPE-9).

    Integers widen to int64 and to float64, elements of lists and fields of structs one by one, nothing else: text is
    never made of numbers, nor numbers of booleans.

    Raises:
        TypeMismatchError: there is none.

    """
    if left == right or isinstance(right, NullType):
        return left
    if isinstance(left, NullType):
        return right
    if isinstance(left, AnyType) or isinstance(right, AnyType):
        return AnyType()
    rule = _RULES.get(type(left)) if type(left) is type(right) else _MIXED.get(frozenset({left.kind, right.kind}))
    if rule is None:
        msg = f"expected {left}, found {right}"
        raise TypeMismatchError(msg)
    return rule(left, right)


def _numbers(left: ColumnType, right: ColumnType) -> ColumnType:
    a, b = cast("NumberType", left), cast("NumberType", right)
    if a.is_float or b.is_float:
        both_float = a.is_float and b.is_float
        wider = max(a.dtype, b.dtype, key=_float_width) if both_float else "float64"
        return NumberType(dtype=wider)
    if "uint64" in {a.dtype, b.dtype}:
        unsigned = a.dtype.startswith("u") and b.dtype.startswith("u")
        return NumberType(dtype="uint64") if unsigned else IntegerType()
    return NumberType(dtype="int64")


def _float_width(dtype: str) -> int:
    return int(dtype.removeprefix("float"))


def _integer_and_number(left: ColumnType, right: ColumnType) -> ColumnType:
    number = cast("NumberType", left if isinstance(left, NumberType) else right)
    if number.is_float:
        msg = f"expected {left}, found {right}; integers beyond 64 bits do not widen to float64"
        raise TypeMismatchError(msg)
    return IntegerType()


def _timestamps(left: ColumnType, right: ColumnType) -> ColumnType:
    a, b = cast("TimestampType", left), cast("TimestampType", right)
    if (a.zone is None) != (b.zone is None):
        msg = f"expected {left}, found {right}; timestamps with and without a time zone do not mix"
        raise TypeMismatchError(msg)
    return TimestampType(unit=_finer(a.unit, b.unit), zone=a.zone if a.zone == b.zone else "UTC")


def _finer(a: str, b: str) -> str:
    return max(a, b, key=UNITS.index)


def _times(left: ColumnType, right: ColumnType) -> ColumnType:
    return TimeType(unit=_finer(cast("TimeType", left).unit, cast("TimeType", right).unit))


def _durations(left: ColumnType, right: ColumnType) -> ColumnType:
    return DurationType(unit=_finer(cast("DurationType", left).unit, cast("DurationType", right).unit))


def _decimals(left: ColumnType, right: ColumnType) -> ColumnType:
    a, b = cast("DecimalType", left), cast("DecimalType", right)
    scale = max(a.scale, b.scale)
    precision = max(a.precision - a.scale, b.precision - b.scale) + scale
    if precision > MAX_TEXT_PRECISION:
        msg = f"expected {left}, found {right}: {precision} digits would hold both, of {MAX_TEXT_PRECISION} at most"
        raise TypeMismatchError(msg)
    return DecimalType(precision=precision, scale=scale)


def _lists(left: ColumnType, right: ColumnType) -> ColumnType:
    return ListType(item=unify(cast("ListType", left).item, cast("ListType", right).item))


def _structs(left: ColumnType, right: ColumnType) -> ColumnType:
    a, b = cast("StructType", left), cast("StructType", right)
    theirs = {field.name: field.type for field in b.fields}
    fields: list[Field] = []
    for field in a.fields:
        other = theirs.pop(field.name, None)
        try:
            fields.append(field if other is None else Field(name=field.name, type=unify(field.type, other)))
        except TypeMismatchError as error:
            raise TypeMismatchError(str(error), place=f'field "{field.name}"') from None
    fields.extend(Field(name=name, type=found) for name, found in theirs.items())
    same = {field.name for field in a.fields} == {field.name for field in b.fields}
    return StructType(fields=tuple(fields), absent=a.absent or b.absent or not same)


def _maps(left: ColumnType, right: ColumnType) -> ColumnType:
    a, b = cast("MapType", left), cast("MapType", right)
    return MapType(key=unify(a.key, b.key), item=unify(a.item, b.item))


def _map_and_struct(left: ColumnType, right: ColumnType) -> ColumnType:
    found, struct = (left, right) if isinstance(left, MapType) else (right, left)
    if not cast("StructType", struct).fields:  # the empty dict
        return found
    if not isinstance(cast("MapType", found).key, StringType):
        msg = f"expected {left}, found {right}"
        raise TypeMismatchError(msg)
    out = cast("MapType", found)
    for field in cast("StructType", struct).fields:
        out = MapType(key=out.key, item=unify(out.item, field.type))
    return out


def _ndarrays(left: ColumnType, right: ColumnType) -> ColumnType:
    a, b = cast("NdarrayType", left), cast("NdarrayType", right)
    same = a.dtype == b.dtype
    return NdarrayType(dtype=a.dtype if same else None, shape=a.shape if same and a.shape == b.shape else None)


def merge_labels(left: Labels, right: Labels, what: str) -> Labels:
    """Return the labels of both.

    Raises:
        TypeMismatchError: one id has two labels.

    """
    out = dict(left)
    for key, value in right:
        if out.setdefault(key, value) != value:
            msg = f"{what} {key} is labelled {out[key]!r} and {value!r}"
            raise TypeMismatchError(msg)
    return labels(out)


def _merge_layers(left: LayerLabels, right: LayerLabels, what: str) -> LayerLabels:
    out = dict(left)
    for layer, found in right:
        out[layer] = merge_labels(out.get(layer, ()), found, f'{what} layer "{layer}": class')
    return tuple(sorted(out.items()))


def _images(left: ColumnType, right: ColumnType) -> ColumnType:
    a, b = cast("ImageType", left), cast("ImageType", right)
    return ImageType(
        boxes=a.boxes or b.boxes,
        masks=a.masks or b.masks,
        classes=merge_labels(a.classes, b.classes, "class"),
        box_labels=_merge_layers(a.box_labels, b.box_labels, "box"),
        mask_labels=_merge_layers(a.mask_labels, b.mask_labels, "mask"),
    )


def _classes(left: ColumnType, right: ColumnType) -> ColumnType:
    return ClassesType(
        classes=merge_labels(cast("ClassesType", left).classes, cast("ClassesType", right).classes, "class")
    )


_RULES: dict[type[ColumnType], Callable[[ColumnType, ColumnType], ColumnType]] = {
    NumberType: _numbers,
    TimestampType: _timestamps,
    TimeType: _times,
    DurationType: _durations,
    DecimalType: _decimals,
    ListType: _lists,
    StructType: _structs,
    MapType: _maps,
    NdarrayType: _ndarrays,
    ImageType: _images,
    ClassesType: _classes,
}
_MIXED: dict[frozenset[str], Callable[[ColumnType, ColumnType], ColumnType]] = {
    frozenset({"map", "struct"}): _map_and_struct,
    frozenset({"integer", "number"}): _integer_and_number,
}
