"""Logical types: JSON form, physical form, widening (spec: 06-types)."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from wbtable.errors import FormatError, NotFoundError, TypeMismatchError
from wbtable.format.schema import Schema
from wbtable.format.types import (
    ABSENT,
    KINDS,
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
    FigureType,
    HistogramType,
    HtmlType,
    ImageType,
    IntegerType,
    LinkType,
    ListType,
    MapType,
    MoleculeType,
    NdarrayType,
    NullType,
    NumberType,
    Object3DType,
    StringType,
    StructType,
    TimestampType,
    TimeType,
    UuidType,
    VideoType,
    has_media,
    labels,
    layer_labels,
    type_from_json,
    unify,
)

INT8, INT64, UINT64 = NumberType(dtype="int8"), NumberType(dtype="int64"), NumberType(dtype="uint64")
FLOAT32, FLOAT64 = NumberType(dtype="float32"), NumberType(dtype="float64")
NULL, TEXT, ANY = NullType(), StringType(), AnyType()

ALL: list[ColumnType] = [
    NULL, INT8, UINT64, FLOAT32, IntegerType(), BooleanType(), TEXT, BinaryType(), UuidType(), ComplexType(), ANY,
    TimestampType(unit="ns"), TimestampType(unit="s", zone="Europe/Berlin"), DateType(), TimeType(unit="ms"),
    DurationType(unit="us"), DecimalType(precision=10, scale=2), DecimalType(precision=50, scale=50),
    LinkType(table="t.table.json"), ClassesType(classes=labels({0: "cat", -1: "none"})),
    ListType(item=ListType(item=INT8)), MapType(key=INT64, item=TEXT), StructType(fields=()),
    StructType(fields=(Field(name="", type=INT8), Field(name="b", type=NULL)), absent=True),
    NdarrayType(dtype="float32", shape=(2, 3)), NdarrayType(dtype="complex64"), NdarrayType(dtype=None),
    NdarrayType(dtype="str", shape=(4,)), NdarrayType(dtype="datetime64[ns]", shape=()),
    ImageType(), AudioType(), VideoType(), HtmlType(), Object3DType(), MoleculeType(), FigureType(), HistogramType(),
    ImageType(
        boxes=True, masks=True, classes=labels({1: "a"}), box_labels=layer_labels({"p": {2: "b"}}),
        mask_labels=layer_labels({"q": {3: "c"}}),
    ),
]  # fmt: skip


@pytest.mark.parametrize("column_type", ALL, ids=str)
def test_json_form_reads_back(column_type: ColumnType) -> None:
    """TYPE-1: every kind with its parameters."""
    assert type_from_json(column_type.to_json(), "t") == column_type
    assert column_type.to_json()["kind"] in KINDS
    assert isinstance(column_type.arrow(), pa.DataType)


def test_every_kind_is_tried() -> None:
    """TYPE-1: the list above leaves none out."""
    assert {column_type.kind for column_type in ALL} == set(KINDS)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"kind": "what"},
        {"kind": "number"},
        {"kind": "number", "dtype": "int7"},
        {"kind": "timestamp", "unit": "m"},
        {"kind": "timestamp", "unit": "s", "zone": "../etc"},
        {"kind": "decimal", "precision": 0, "scale": 0},
        {"kind": "decimal", "precision": 5, "scale": 6},
        {"kind": "decimal", "precision": 10**9, "scale": 0},
        {"kind": "list"},
        {"kind": "list", "item": {"kind": "list", "item": {"kind": "x"}}},
        {"kind": "struct", "fields": [{"name": "a", "type": {"kind": "null"}}] * 2},
        {"kind": "struct", "fields": [{"name": ABSENT, "type": {"kind": "null"}}]},
        {"kind": "ndarray", "dtype": "object"},
        {"kind": "ndarray", "dtype": "float32", "shape": [-1]},
        {"kind": "ndarray", "dtype": "float32", "shape": [2**31, 2**31]},
        {"kind": "ndarray", "dtype": "float32", "shape": [1] * 33},
        {"kind": "image", "classes": {"x": "y"}},
        {"kind": "image", "box_labels": {"layer": 3}},
        {"kind": "link"},
        {"kind": "link", "table": "../songs.table.json"},
        {"kind": "link", "table": "/songs.table.json"},
        {"kind": "classes", "classes": [1]},
        {"kind": "classes", "classes": {"1": 5}},
        {"kind": "classes", "classes": {"1": None}},
        {"kind": "classes", "classes": {"+1": "a"}},
        {"kind": "classes", "classes": {"01": "a", "1": "b"}},
        {"kind": "classes", "classes": {"1_0": "a"}},
        {"kind": "classes", "classes": {" 1": "a"}},
        {"kind": "classes", "classes": {"\u0661": "a"}},
        {"kind": "classes", "classes": {"9" * 5000: "a"}},
        {"kind": "map", "key": {"kind": "null"}, "item": {"kind": "null"}},
    ],
)
def test_impossible_types_are_refused(value: dict[str, Any]) -> None:
    """TYPE-1: the message names the place."""
    with pytest.raises(FormatError, match=r"columns\[3\]"):
        type_from_json(value, "columns[3].type")


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (NULL, TEXT, TEXT),
        (INT8, NumberType(dtype="int16"), INT64),
        (INT64, FLOAT32, FLOAT64),
        (FLOAT32, FLOAT64, FLOAT64),
        (NumberType(dtype="float16"), FLOAT32, FLOAT32),
        (UINT64, NumberType(dtype="uint8"), UINT64),
        (UINT64, INT64, IntegerType()),
        (IntegerType(), INT64, IntegerType()),
        (TimestampType(unit="s"), TimestampType(unit="ns"), TimestampType(unit="ns")),
        (
            TimestampType(unit="us", zone="Asia/Tokyo"),
            TimestampType(unit="us", zone="UTC"),
            TimestampType(unit="us", zone="UTC"),
        ),
        (
            DecimalType(precision=5, scale=2),
            DecimalType(precision=3, scale=3),
            DecimalType(precision=6, scale=3),
        ),
        (ListType(item=NULL), ListType(item=INT64), ListType(item=INT64)),
        (ListType(item=INT64), ListType(item=FLOAT64), ListType(item=FLOAT64)),
        (MapType(key=INT64, item=TEXT), StructType(fields=()), MapType(key=INT64, item=TEXT)),
        (
            NdarrayType(dtype="int8", shape=(2,)),
            NdarrayType(dtype="int8", shape=(3,)),
            NdarrayType(dtype="int8"),
        ),
        (NdarrayType(dtype="int8", shape=(2,)), NdarrayType(dtype="int16", shape=(2,)), NdarrayType(dtype=None)),
        (ANY, TEXT, ANY),
        (ImageType(boxes=True), ImageType(masks=True), ImageType(boxes=True, masks=True)),
        (
            ImageType(classes=labels({1: "a"})),
            ImageType(classes=labels({2: "b"})),
            ImageType(classes=labels({1: "a", 2: "b"})),
        ),
    ],
    ids=str,
)
def test_widening(left: ColumnType, right: ColumnType, expected: ColumnType) -> None:
    """TYPE-9: the narrowest type that holds both, whichever comes first."""
    assert unify(left, right) == expected
    assert unify(right, left) == expected
    assert unify(left, left) == left


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (TEXT, INT64),
        (BooleanType(), INT64),
        (IntegerType(), FLOAT64),
        (TimestampType(), TimestampType(zone="UTC")),
        (TimestampType(), DateType()),
        (ListType(item=TEXT), ListType(item=INT64)),
        (ImageType(), AudioType()),
        (DecimalType(precision=1000, scale=0), DecimalType(precision=1000, scale=1)),
        (ImageType(classes=labels({1: "a"})), ImageType(classes=labels({1: "b"}))),
        (ImageType(box_labels=layer_labels({"p": {1: "a"}})), ImageType(box_labels=layer_labels({"p": {1: "b"}}))),
        (BinaryType(), TEXT),
    ],
    ids=str,
)
def test_no_guess_is_made(left: ColumnType, right: ColumnType) -> None:
    """TYPE-9: text never widens to numbers, nor naive timestamps to zoned ones."""
    with pytest.raises(TypeMismatchError):
        unify(left, right)


def test_structs_widen_field_by_field() -> None:
    """TYPE-7: fields that differ make keys absent."""
    a = StructType(fields=(Field(name="x", type=INT64),))
    b = StructType(fields=(Field(name="y", type=TEXT), Field(name="x", type=FLOAT64)))
    both = unify(a, b)
    assert both == StructType(fields=(Field(name="x", type=FLOAT64), Field(name="y", type=TEXT)), absent=True)
    assert both.arrow().field(ABSENT).type == pa.list_(pa.string())
    assert not unify(a, a).arrow().get_field_index(ABSENT) >= 0
    with pytest.raises(TypeMismatchError, match='field "x"'):
        unify(a, StructType(fields=(Field(name="x", type=TEXT),)))


def test_physical_arrays() -> None:
    """TYPE-8: tensors are fixed-size lists, the rest shape and values."""
    assert NdarrayType(dtype="float32", shape=(2, 3)).arrow() == pa.list_(pa.float32(), 6)
    assert NdarrayType(dtype="float32", shape=(2, 0)).arrow().names == ["shape", "values"]
    assert NdarrayType(dtype="float32", shape=()).arrow().names == ["shape", "values"]
    assert NdarrayType(dtype="complex64", shape=(2,)).arrow().field("values").type.value_type == pa.float32()
    assert NdarrayType(dtype=None).arrow().names == ["dtype", "shape", "data"]


def test_physical_decimals() -> None:
    """TYPE-3: beyond 38 digits decimals are text."""
    assert DecimalType(precision=38, scale=1).arrow() == pa.decimal128(38, 1)
    assert DecimalType(precision=39, scale=1).arrow() == pa.string()


def test_media_nest() -> None:
    assert has_media(ListType(item=StructType(fields=(Field(name="i", type=ImageType()),))))
    assert not has_media(ListType(item=HistogramType()))


def test_schema_names_are_distinct_and_found_exactly() -> None:
    """TABLE-2: any text, also empty, compared exactly."""
    schema = Schema.of([("", INT8), ("A", TEXT), ("a", FLOAT32)])
    assert schema[""] == INT8
    assert schema.select(["a", ""]).names == ["a", ""]
    with pytest.raises(NotFoundError, match="did you mean 'guess'"):
        Schema.of([("guess", INT8)]).index("guesss")
    with pytest.raises(FormatError, match="more than once"):
        Schema.of([("a", INT8), ("a", INT8)])
