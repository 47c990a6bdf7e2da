"""History segments: rows of logged values <-> Parquet bytes (spec: 14-runs, RUN-3).

A segment is a Parquet file with the columns ``_step`` and ``_timestamp`` and one column for each key; its footer
holds a document with the logical types and every object that its cells name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from wbtable.errors import FormatError, TypeMismatchError
from wbtable.format.digest import Descriptor
from wbtable.format.documents import Reader, canonical, parse
from wbtable.format.features import FORMAT_VERSION, check_document
from wbtable.format.schema import Schema
from wbtable.format.seal import check_bytes, encode_sealed
from wbtable.format.tagged import tag
from wbtable.format.types import (
    AnyType,
    BooleanType,
    ColumnType,
    IntegerType,
    NumberType,
    StringType,
    TimestampType,
    unify,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

STEP: Final = "_step"
TIMESTAMP: Final = "_timestamp"
RUNTIME: Final = "_runtime"
RESERVED: Final = frozenset({STEP, TIMESTAMP, RUNTIME})
"""The names that no key may have."""

KIND: Final = "wbtable.history"
_METADATA: Final = b"wbtable"
_EXACT: Final = 2**53
_INT = NumberType(dtype="int64")
_FLOAT = NumberType(dtype="float64")
_FIXED: Final = ((STEP, _INT), (TIMESTAMP, TimestampType(unit="us", zone="UTC")))


@dataclass(frozen=True, slots=True)
class Cell:
    """One logged value that is no scalar, in the physical form of its type.

    Attributes:
        type: its logical type.
        value: what a column of that type holds.

    """

    type: ColumnType
    value: Any


class Row(NamedTuple):
    """What one call of ``log`` recorded.

    Attributes:
        step: the row's step.
        time: microseconds since 1970.
        keys: the names of the values.
        values: plain scalars, :class:`Cell` objects, or anything that has a tagged form.

    """

    step: int
    time: int
    keys: tuple[str, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The rows of one segment.

    Attributes:
        schema: the logical types of all columns, `_step` and `_timestamp` among them.
        table: the rows, in physical form.
        refs: every object that a cell names.

    """

    schema: Schema
    table: pa.Table
    refs: tuple[Descriptor, ...] = field(default=())


def make_segment(rows: Sequence[Row], refs: Iterable[Descriptor] = ()) -> Segment:
    """Return rows as columns; a key that some rows lack is null there (RUN-3).

    Integers and floats of one key become float64 where that is exact; other mixtures become tagged JSON.
    """
    steps, times, keys, values = zip(*rows, strict=True)
    columns: dict[str, tuple[ColumnType, pa.Array]] = {
        STEP: (_FIXED[0][1], pa.array(steps, pa.int64())),
        TIMESTAMP: (_FIXED[1][1], pa.array(times, pa.int64()).cast(_FIXED[1][1].arrow())),
    }
    for key, found in _spread(keys, values).items():
        columns[key] = make_column(found)
    schema = Schema.of((name, kind) for name, (kind, _) in columns.items())
    table = pa.Table.from_arrays([array for _, array in columns.values()], schema=schema.arrow())
    return Segment(schema=schema, table=table, refs=tuple(refs))


def _spread(keys: Sequence[tuple[str, ...]], values: Sequence[tuple[Any, ...]]) -> dict[str, Sequence[Any]]:
    """Return the values of each key, one for each row."""
    if len(set(keys)) == 1:
        return dict(zip(keys[0], zip(*values, strict=True), strict=True))
    groups: dict[tuple[str, ...], list[int]] = {}
    for i, names in enumerate(keys):
        groups.setdefault(names, []).append(i)
    out: dict[str, list[Any]] = {}
    for names, positions in groups.items():
        for key, found in zip(names, zip(*(values[i] for i in positions), strict=True), strict=True):
            column = out.setdefault(key, [None] * len(keys))
            for i, value in zip(positions, found, strict=True):
                column[i] = value
    return dict(out)


def make_column(values: Sequence[Any]) -> tuple[ColumnType, pa.Array]:
    """Return the type of some logged values, and the values in its physical form."""
    kinds = set(map(type, values)) - {type(None)}
    try:
        if kinds == {float}:
            return _FLOAT, pa.array(values, pa.float64())
        if kinds == {int}:
            return _integers(values)
        if kinds == {bool}:
            return BooleanType(), pa.array(values, pa.bool_())
        if kinds == {str}:
            return StringType(), pa.array(values, pa.string())
    except (pa.ArrowInvalid, OverflowError, UnicodeError):
        return as_any(values)
    if kinds == {int, float} and all(type(value) is not int or abs(value) <= _EXACT for value in values):
        return _FLOAT, pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds == {Cell}:
        return _cells(values)
    return as_any(values)


def _integers(values: Sequence[int | None]) -> tuple[ColumnType, pa.Array]:
    """Integers that a float64 may lack get the type that never widens to one (RUN-3)."""
    exact = all(value is None or -_EXACT <= value <= _EXACT for value in values)
    kind = _INT if exact else IntegerType()
    return kind, pa.array(values, pa.int64() if exact else kind.arrow())


def _cells(values: Sequence[Cell | None]) -> tuple[ColumnType, pa.Array]:
    found = [cell for cell in values if cell is not None]
    kind = found[0].type
    try:
        for cell in found[1:]:
            kind = unify(kind, cell.type)
        return kind, pa.array([None if cell is None else cell.value for cell in values], kind.arrow())
    except (TypeMismatchError, pa.ArrowInvalid, pa.ArrowTypeError):
        return as_any(values)


def as_any(values: Iterable[Any]) -> tuple[ColumnType, pa.Array]:
    """Return values as tagged canonical JSON, None as null."""
    return AnyType(), pa.array([None if value is None else to_text(value) for value in values], pa.string())


def to_text(value: object) -> str:
    """Return a value as tagged canonical JSON (ANY-1)."""
    if isinstance(value, Cell):
        if isinstance(value.type, AnyType):
            return str(value.value)
        plain = value.value
    else:
        plain = value.encode("utf-8", "backslashreplace").decode("utf-8") if isinstance(value, str) else value
    return canonical(tag(plain)).decode("utf-8")


def write_segment(segment: Segment) -> bytes:
    """Return the Parquet file of a segment (RUN-3)."""
    sink = pa.BufferOutputStream()
    schema = segment.table.schema.with_metadata({_METADATA: _footer(segment.schema, segment.refs)})
    with pq.ParquetWriter(sink, schema, **WRITER_OPTIONS) as writer:
        writer.write_table(segment.table.replace_schema_metadata(schema.metadata))
    return sink.getvalue().to_pybytes()


WRITER_OPTIONS: Final[dict[str, Any]] = {
    "compression": "zstd",
    "write_page_checksum": True,
    "use_dictionary": False,
    "version": "2.6",
}


def _footer(schema: Schema, refs: Iterable[Descriptor]) -> bytes:
    by_digest = {ref.digest: ref for ref in refs}
    return encode_sealed(
        {
            "kind": KIND,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "columns": schema.to_json(),
            "refs": [by_digest[digest].to_json() for digest in sorted(by_digest)],
        }
    )


def footer_metadata(schema: Schema, refs: Iterable[Descriptor]) -> dict[bytes, bytes]:
    """Return the key-value metadata of a segment's or a history's footer (RUN-3)."""
    return {_METADATA: _footer(schema, refs)}


def open_segment(data: bytes, place: str) -> tuple[pq.ParquetFile, Schema, tuple[Descriptor, ...]]:
    """Return a segment's file, the types of its columns and the objects that it names.

    Raises:
        FormatError: the bytes are no segment.
        UnsupportedError: it needs a newer version.

    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        metadata = (file.schema_arrow.metadata or {}).get(_METADATA)
    except (pa.ArrowException, OSError, ValueError) as error:
        msg = f"expected a history segment, found bytes that are no Parquet: {error}"
        raise FormatError(msg, place=place) from None
    if metadata is None:
        msg = "expected a history segment, found Parquet without wbtable's document in its footer"
        raise FormatError(msg, place=place)
    value = parse(metadata, place)
    check_document(value, KIND, place)
    check_bytes(metadata, place)
    fields = Reader(value, place)
    schema = Schema.read(fields.children("columns"))
    refs = tuple(Descriptor.from_json(ref, f"{place}.refs[{i}]") for i, ref in enumerate(fields.list("refs")))
    if schema.names != file.schema_arrow.names or schema.names[: len(_FIXED)] != [name for name, _ in _FIXED]:
        msg = f"expected the columns {schema.names!r:.200}, found {file.schema_arrow.names!r:.200}"
        raise FormatError(msg, place=place)
    return file, schema, refs


def read_segment(data: bytes, place: str, columns: Sequence[str] | None = None) -> Segment:
    """Read a segment; of its columns only those in `columns`, with `_step` and `_timestamp`.

    Raises:
        FormatError: the bytes are no segment, or are damaged.
        UnsupportedError: it needs a newer version.

    """
    file, schema, refs = open_segment(data, place)
    if columns is not None:
        schema = schema.select([name for name in schema.names if name in columns or name in {STEP, TIMESTAMP}])
    try:
        table = file.read(columns=schema.names).select(schema.names).cast(schema.arrow())
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FormatError(str(error), place=place) from None
    return Segment(schema=schema, table=table, refs=refs)


def merge_schemas(schemas: Iterable[Schema]) -> Schema:
    """Return the columns of all segments, in order of appearance; a key of several types widens or becomes any."""
    found: dict[str, ColumnType] = {}
    for schema in schemas:
        for column in schema:
            before = found.get(column.name)
            found[column.name] = column.type if before is None else widen(before, column.type)
    return Schema.of(found.items())


def widen(left: ColumnType, right: ColumnType) -> ColumnType:
    """Return the type of a key that was logged with two types."""
    try:
        return unify(left, right)
    except TypeMismatchError:
        return AnyType()


def conform(segment: Segment, schema: Schema) -> pa.Table:
    """Return a segment's rows with the columns of `schema`."""
    arrays = []
    rows = segment.table.num_rows
    for column in schema:
        if column.name not in segment.schema:
            arrays.append(pa.chunked_array([pa.nulls(rows, column.type.arrow())]))
            continue
        arrays.append(_convert(segment.table[column.name], segment.schema[column.name], column.type))
    return pa.Table.from_arrays(arrays, schema=schema.arrow())


def _convert(array: pa.ChunkedArray, have: ColumnType, want: ColumnType) -> pa.ChunkedArray:
    if have == want:
        return array
    if isinstance(want, AnyType):
        values = array.to_pylist()
        if isinstance(have, IntegerType):
            values = [None if value is None else int(value) for value in values]
        return pa.chunked_array([as_any(values)[1]])
    if isinstance(want, NumberType | IntegerType):
        return array.cast(want.arrow())
    return pa.chunked_array([pa.array(array.to_pylist(), want.arrow())])


def merge_steps(table: pa.Table) -> pa.Table:
    """Return one row for each step, in order: of each column the last value that is not null (RUN-4)."""
    steps = table[STEP].to_numpy()
    if len(steps) < 2 or bool((steps[1:] > steps[:-1]).all()):
        return table
    import numpy as np

    order = np.argsort(steps, kind="stable")
    ordered = steps[order]
    group = np.concatenate([[0], np.cumsum(ordered[1:] != ordered[:-1])])
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    arrays = []
    for column in table.columns:
        valid = column.is_valid().to_numpy(zero_copy_only=False)[order]
        last = np.full(int(group[-1]) + 1, -1, dtype=np.int64)
        np.maximum.at(last, group[valid], np.flatnonzero(valid))
        rows = np.where(last >= 0, order[last], order[np.flatnonzero(first)])
        arrays.append(column.take(pa.array(rows)))
    return pa.Table.from_arrays(arrays, schema=table.schema)
