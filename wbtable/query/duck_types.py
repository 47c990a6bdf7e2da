"""Which type each column has inside DuckDB, and the way back (spec: 16-views, ENGINE-3).

The manifest's types rule. DuckDB has no half floats, no durations of one unit, in version 1 no zoned nanoseconds, and
finds fields of structs without regard to case: what comes out of it is put back by position into the column's physical
type.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import UnsupportedError
from wbtable.format.types import (
    BinaryType,
    BooleanType,
    ClassesType,
    ColumnType,
    ComplexType,
    DateType,
    DecimalType,
    DurationType,
    IntegerType,
    LinkType,
    ListType,
    MapType,
    NdarrayType,
    NumberType,
    StringType,
    StructType,
    TimestampType,
    TimeType,
    UuidType,
)
from wbtable.query.duck_library import duck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.schema import Schema

_NUMBERS = {
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float16": "FLOAT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
}
_PLAIN: tuple[type[ColumnType], ...] = (
    *(NumberType, IntegerType, BooleanType, StringType, BinaryType, UuidType, DateType, TimestampType, TimeType),
    *(DurationType, DecimalType, LinkType, ClassesType, ComplexType),
)


def duck_type(found: ColumnType) -> str:
    """Return DuckDB's type of a column: what relations give and expressions compute with.

    Times are microseconds, those of nanoseconds TIMESTAMP_NS and TIME_NS: with a zone, too, as they are in UTC, since
    DuckDB 1 has no zoned ones. Durations are counts of their unit.
    """
    if isinstance(found, NumberType):
        return _NUMBERS[found.dtype]
    if isinstance(found, TimestampType):
        if found.unit == "ns":
            return "TIMESTAMP_NS"
        return "TIMESTAMP" if found.zone is None else "TIMESTAMPTZ"
    if isinstance(found, TimeType):
        return "TIME_NS" if found.unit == "ns" else "TIME"
    if isinstance(found, ListType):
        return f"{duck_type(found.item)}[]"
    if isinstance(found, MapType):
        return f"MAP({duck_type(found.key)}, {duck_type(found.item)})"
    return _of_arrow(found.arrow())


def read_cast(text: str, found: ColumnType) -> str:
    """Return a column of a Parquet file, if it `is_read_exactly`, as the type that `duck_type` names."""
    return f"CAST({text} AS {duck_type(found)})"


def is_read_exactly(stored: pa.DataType) -> bool:
    """Whether DuckDB reads all that a column of a Parquet file says: DuckDB 1 cuts zoned nanoseconds."""
    if pa.types.is_timestamp(stored):
        return stored.tz is None or stored.unit != "ns" or reads_zoned_nanoseconds()
    return all(is_read_exactly(stored.field(i).type) for i in range(stored.num_fields))


@cache
def reads_zoned_nanoseconds() -> bool:
    """Whether this DuckDB has zoned nanoseconds: DuckDB 2 does."""
    return int(duck().__version__.partition(".")[0]) >= 2


def memory_column(text: str, found: ColumnType) -> str:
    """Return a column of a table in memory as filters may ask for it.

    DuckDB 1 hands filters to Arrow, and loses nanoseconds on the way: there, it must not know what it filters.
    """
    is_moment = isinstance(found, TimestampType | TimeType) and found.unit == "ns"
    if not is_moment or reads_zoned_nanoseconds():
        return text
    return f"(CASE WHEN {text} IS NULL THEN NULL ELSE {text} END)"


def _of_arrow(found: pa.DataType) -> str:
    """Return DuckDB's type of a physical type."""
    simple = _SIMPLE.get(found)
    if simple is not None:
        return simple
    if pa.types.is_decimal(found):
        return f"DECIMAL({found.precision}, {found.scale})"
    if pa.types.is_timestamp(found):
        if found.unit == "ns":
            return "TIMESTAMP_NS"
        return "TIMESTAMP" if found.tz is None else "TIMESTAMPTZ"
    if pa.types.is_time(found):
        return "TIME_NS" if found.unit == "ns" else "TIME"
    if pa.types.is_map(found):
        return f"MAP({_of_arrow(found.key_type)}, {_of_arrow(found.item_type)})"
    if pa.types.is_struct(found):
        names = _field_names([field.name for field in found])
        fields = (f"{quoted(name)} {_of_arrow(field.type)}" for name, field in zip(names, found, strict=True))
        return f"STRUCT({', '.join(fields)})"
    return f"{_of_arrow(found.value_type)}[]"


_SIMPLE: dict[pa.DataType, str] = {
    pa.null(): "INTEGER",
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.large_string(): "VARCHAR",
    pa.binary(): "BLOB",
    pa.large_binary(): "BLOB",
    pa.date32(): "DATE",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
    pa.float16(): "FLOAT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    **{pa.duration(unit): "BIGINT" for unit in ("s", "ms", "us", "ns")},
}


def _field_names(names: Sequence[str]) -> list[str]:
    """Return names that are distinct without regard to case, as DuckDB needs them: as its Parquet reader makes them."""
    seen: set[str] = set()
    out = []
    for name in names:
        made, n = name, 0
        while made.lower() in seen or not made:
            n += 1
            made = f"{name}_{n}"
        seen.add(made.lower())
        out.append(made)
    return out


def quoted(name: str) -> str:
    """Return a name as DuckDB's SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """Return text as DuckDB's SQL quotes it: for paths and names of ours; values are parameters."""
    return "'" + text.replace("'", "''") + "'"


def is_plain(found: ColumnType) -> bool:
    """Whether a column of this type comes out of DuckDB as it went in, and as fast as anything else reads it."""
    if isinstance(found, TimestampType):
        return found.zone is None or found.unit != "ns" or reads_zoned_nanoseconds()
    return isinstance(found, _PLAIN)


def is_exact(found: ColumnType) -> bool:
    """Whether DuckDB reads all that a value of this type says: DuckDB 1 does not so with zoned nanoseconds."""
    if isinstance(found, TimestampType):
        return is_plain(found)
    return all(is_exact(child) for child in found.children())


def memory_columns(table: pa.Table, schema: Schema) -> list[pa.ChunkedArray]:
    """Return physical columns as DuckDB takes them in, of the types that `duck_type` names.

    Raises:
        UnsupportedError: a time lies farther away than DuckDB's do.

    """
    out = []
    for at, column in enumerate(schema):
        target = _input_type(column.type.arrow())
        found = table.column(at)
        try:
            out.append(found if found.type.equals(target) else _input(found, target))
        except pa.ArrowInvalid as error:  # seconds and milliseconds reach farther than microseconds
            msg = f"a value is beyond what queries compute with: {error}"
            raise UnsupportedError(msg, place=f'column "{column.name}"') from None
    return out


def _input(column: pa.ChunkedArray, target: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([_into(chunk, target) for chunk in column.chunks], target)


def _into(array: pa.Array, target: pa.DataType) -> pa.Array:
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), target)
    if pa.types.is_timestamp(array.type):
        # DuckDB's instants end at microseconds; what lies too far away is an error, and no other instant.
        return array.cast(target, safe=array.type.unit != "ns")
    if pa.types.is_struct(target):
        children = [_into(array.field(i), field.type) for i, field in enumerate(target)]
        mask = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays(children, fields=list(target), mask=mask)
    if pa.types.is_list(target):
        if pa.types.is_fixed_size_list(array.type):
            return array.cast(target)
        return _same_lists(array, _into(array.values, target.value_type), target)
    if pa.types.is_map(target):
        entries = pa.StructArray.from_arrays(
            [_into(array.keys, target.key_type), _into(array.items, target.item_type)],
            fields=[target.key_field, target.item_field],
        )
        return _same_lists(array, entries, target)
    return array.cast(target)


def _same_lists(array: pa.Array, values: pa.Array, target: pa.DataType) -> pa.Array:
    """Return lists of the same lengths over other values."""
    validity = pc.if_else(array.is_valid(), True, False).buffers()[1] if array.null_count else None
    offsets = pa.array(array.offsets.to_numpy(), pa.int32())
    return pa.Array.from_buffers(
        target, len(array), [validity, offsets.buffers()[1]], null_count=array.null_count, children=[values]
    )


def _input_type(found: pa.DataType) -> pa.DataType:
    if pa.types.is_null(found):
        return pa.int32()
    if pa.types.is_duration(found):
        return pa.int64()
    if pa.types.is_float16(found):
        return pa.float32()
    if pa.types.is_timestamp(found):
        if found.unit == "ns":
            return pa.timestamp("ns")
        return pa.timestamp("us", "UTC" if found.tz is not None else None)
    if pa.types.is_time(found):
        return pa.time64("ns" if found.unit == "ns" else "us")
    if pa.types.is_struct(found):
        names = _field_names([field.name for field in found])
        return pa.struct([pa.field(name, _input_type(f.type)) for name, f in zip(names, found, strict=True)])
    if pa.types.is_map(found):
        return pa.map_(_input_type(found.key_type), _input_type(found.item_type))
    if pa.types.is_list(found) or pa.types.is_fixed_size_list(found):
        return pa.list_(_input_type(found.value_type))
    return found


def from_duck(column: pa.ChunkedArray, found: ColumnType) -> pa.ChunkedArray:
    """Return a column that DuckDB gave, in the physical type of its logical type."""
    target = found.arrow()
    if column.type.equals(target):
        return column
    return pa.chunked_array([_back(chunk, target) for chunk in column.chunks], target)


def _back(array: pa.Array, target: pa.DataType) -> pa.Array:
    if array.type.equals(target):
        return array
    if pa.types.is_null(target):
        return pa.nulls(len(array))
    if pa.types.is_struct(target):
        children = [_back(array.field(i), field.type) for i, field in enumerate(target)]
        return pa.StructArray.from_arrays(
            children, fields=list(target), mask=array.is_null() if array.null_count else None
        )
    if pa.types.is_fixed_size_list(target):
        return _fixed(array, target)
    if pa.types.is_map(target):
        entries = pa.StructArray.from_arrays(
            [_back(array.keys, target.key_type), _back(array.items, target.item_type)],
            fields=[target.key_field, target.item_field],
        )
        return _same_lists(array, entries, target)
    if pa.types.is_list(target):
        return _same_lists(array, _back(array.values, target.value_type), target)
    return array.cast(target)


def _fixed(array: pa.ListArray, target: pa.DataType) -> pa.Array:
    """Return lists as cells of one size; a null cell has elements too."""
    size = target.list_size
    flat = _back(array.flatten(), target.value_type)
    if not array.null_count:
        return pa.FixedSizeListArray.from_arrays(flat, type=target)
    valid = array.is_valid().to_numpy(zero_copy_only=False)
    at = np.repeat(np.cumsum(valid) - 1, size) * size + np.tile(np.arange(size), len(array))
    spread = flat.take(pa.array(at, mask=np.repeat(~valid, size)))
    return pa.FixedSizeListArray.from_arrays(spread, type=target, mask=array.is_null())


def has_floats(found: ColumnType) -> bool:
    """Whether nested values of a type hold floating-point numbers that may be NaN; facts of media are finite."""
    if isinstance(found, NumberType):
        return found.is_float
    if isinstance(found, ComplexType):
        return True
    if isinstance(found, NdarrayType):
        return found.is_tensor and (found.dtype or "").startswith("float")
    return any(has_floats(child) for child in found.children())


def opaque(text: str, found: ColumnType) -> str:
    """Return the same value, of which the engine believes nothing that Parquet's statistics say.

    Those leave NaN out. The engine takes them for bounds of all values, and then finds no NaN where there is one.
    """
    if not has_floats(found):
        return text
    if isinstance(found, StructType):
        inner = [
            f"{quoted(name)} := {opaque(f'struct_extract_at({text}, {i + 1})', field.type)}"
            for i, (name, field) in enumerate(zip(struct_names(found), found.fields, strict=False))
        ]
        if found.has_absent:
            inner.append(f"{quoted(struct_names(found)[-1])} := struct_extract_at({text}, {len(found.fields) + 1})")
        return f"CASE WHEN {text} IS NULL THEN NULL ELSE struct_pack({', '.join(inner)}) END"
    if isinstance(found, MapType):
        pair = f"struct_pack(key := e.key, value := {opaque('e.value', found.item)})"
        return f"map_from_entries(list_transform(map_entries({text}), lambda e: {pair}))"
    if isinstance(found, ListType):
        name = f"x{text.count('lambda')}{len(text)}"
        return f"list_transform({text}, lambda {name}: {opaque(name, found.item)})"
    if isinstance(found, NdarrayType):
        return f"list_transform({text}, lambda x: CASE WHEN x IS NULL THEN NULL ELSE x END)"
    return f"(CASE WHEN {text} IS NULL THEN NULL ELSE {text} END)"


def struct_names(found: StructType) -> list[str]:
    """Return what DuckDB calls the fields of a struct, that which says what is absent among them."""
    return _field_names([field.name for field in found.arrow()])
