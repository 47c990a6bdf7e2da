"""What a new table is filled from: rows, arrays, DataFrames, Arrow streams, other tables."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.types import AnyType, ColumnType, ImageType, unify
from wbtable.tables import ingest
from wbtable.tables.coerce import column_type_of
from wbtable.tables.fitting import check_rows
from wbtable.tables.frame_columns import column_name
from wbtable.tables.image_windows import hashed, windows
from wbtable.tables.parts import SMALL
from wbtable.tables.prefetch import ahead
from wbtable.tables.readable import Readable
from wbtable.tables.rows import ColumnRule
from wbtable.tables.source import ProjectedSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from wbtable.storage.seen import Digests
    from wbtable.tables.parts import Parts

_DEFAULT_COLUMNS = ("Input", "Output", "Expected")


def fill(parts: Parts, source: object) -> None:
    """Add the rows of `source` to an empty table.

    Args:
        parts: the table's rows.
        source: a list of rows, an array, a DataFrame, an Arrow stream, or another table.

    Raises:
        UsageError: it is none of these, or its columns are not the table's.
        TypeMismatchError: a value has another type than its column; the message names column and row.

    """
    names = parts.buffer.names
    if isinstance(source, Readable):
        _append_table(parts, source)
    elif ingest.is_pandas(source):
        found = list(ingest.pandas_columns(source))
        _append_columns(
            parts, [(name, found[i][1]) for name, i in zip(names, _picked([n for n, _ in found], names), strict=True)]
        )
    elif isinstance(source, np.ndarray):
        _append_columns(parts, _array_columns(source, names))
    elif not isinstance(source, (list, tuple)) and (reader := ingest.arrow_stream(source)) is not None:
        _append_stream(parts, reader)
    else:
        for row in _rows_of(source):
            parts.add(_ordered(parts, row))


def extend(parts: Parts, table: Readable) -> None:
    """Add the rows of a table behind those of another, whose columns become as wide as both need.

    Raises:
        UsageError: it has other columns.
        TypeMismatchError: two columns' types have none in common, or they link to two tables; no row is added.

    """
    names = parts.buffer.names
    source = table._source()  # noqa: SLF001 - the rows that every readable thing has
    found = source.schema.names
    if sorted(found) != sorted(names):
        msg = f"expected rows with the columns {names!r:.200}, found {found!r:.200}"
        raise UsageError(msg)
    types = []
    for rule, name, have in zip(parts.buffer.rules, names, parts.buffer.types, strict=True):
        try:
            types.append(unify(have, source.schema[name]))
        except TypeMismatchError as error:
            raise TypeMismatchError(str(error), place=f'column "{name}"') from None
        if rule.declared is not None and types[-1] != rule.declared:
            msg = f"expected {rule.declared}, found {source.schema[name]}"
            raise TypeMismatchError(msg, place=f'column "{name}"')
    links = _links_of(table)
    for name, linked in links.items():
        if parts.buffer.links.get(name, linked) is not linked:
            msg = "expected links to rows of the table that the column links to, found some to another table"
            raise TypeMismatchError(msg, place=f'column "{name}"')
    parts.flush()
    whole = parts.whole()
    for name, wide in zip(names, types, strict=True):
        for part in (whole, source):
            check_rows(part, name, wide, f'column "{name}"')
    parts.buffer.types = types
    parts.buffer.links |= links
    parts.append(source if found == names else ProjectedSource(source, names))


def _links_of(table: Readable) -> dict[str, Any]:
    """Return to whose rows columns of a table link, where no path says it yet (LINK-1)."""
    snapshot = getattr(table, "snapshot", None)
    return {} if snapshot is None else dict(snapshot().links)


def _append_table(parts: Parts, table: Readable) -> None:
    """Take over the rows of another table as they are, media and all."""
    source = table._source()  # noqa: SLF001 - the rows that every readable thing has
    names = parts.buffer.names
    found = source.schema.names
    inner = [found[i] for i in _picked(found, names)]
    rules = parts.buffer.rules
    if inner != found or names != found:
        source = ProjectedSource(source, inner, names)
    if any(rule.declared is not None for rule in rules):
        for rule, column in zip(rules, source.schema, strict=True):
            if rule.declared not in {None, column.type}:
                msg = f"expected {rule.declared}, found {column.type}; use cast to give a column another type"
                raise TypeMismatchError(msg, place=f'column "{column.name}"')
    parts.buffer.types = [column.type for column in source.schema]
    links = _links_of(table)
    parts.buffer.links |= {name: links[there] for name, there in zip(names, inner, strict=True) if there in links}
    for rule, name in zip(rules, names, strict=True):
        if not rule.optional:
            first = 0
            for batch in source.batches([name]):
                _refuse_missing(batch.column(0), name, first)
                first += batch.num_rows
    parts.append(source)


def _append_stream(parts: Parts, reader: pa.RecordBatchReader) -> None:
    names, rules = parts.buffer.names, parts.buffer.rules
    at = _picked(list(reader.schema.names), names)
    types = [
        ingest.declared_or_found(rule.declared, reader.schema.field(i).type, name)
        for rule, i, name in zip(rules, at, names, strict=True)
    ]
    parts.buffer.types = types
    schema = parts.schema

    def prepare(part: tuple[int, pa.RecordBatch], digests: Mapping[int, Digests]) -> pa.Table:
        first, batch = part
        arrays = []
        for i, found, rule, name in zip(at, types, rules, names, strict=True):
            column, known = batch.column(i), digests.get(i)
            if not rule.optional:
                _refuse_missing(column, name, first)
            arrays.append(ingest.physical(column, found, name, parts.blobs, first_row=first, digests=known))
        return pa.Table.from_arrays(arrays, schema=schema.arrow())

    batches = _numbered(reader)
    images = {i: found for i, found in zip(at, types, strict=True) if isinstance(found, ImageType)}
    if images:
        tables: Iterator[pa.Table] = itertools.starmap(
            prepare, (one for window in windows(batches) for one in hashed(parts.blobs, images, window))
        )
    else:
        tables = ahead(lambda part: prepare(part, {}), batches)
    for table in _gathered(tables):
        parts.append_table(table, schema)


def _numbered(reader: pa.RecordBatchReader) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the batches that have rows, each with the position of its first row."""
    first = 0
    for batch in reader:
        if batch.num_rows:
            yield first, batch
            first += batch.num_rows


def _gathered(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Put small neighbours together once, rather than each behind those before it."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(one.num_rows for one in waiting) >= SMALL:
            yield pa.concat_tables(waiting).combine_chunks() if len(waiting) > 1 else table
            waiting.clear()
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _append_columns(parts: Parts, columns: Iterable[tuple[str, object]]) -> None:
    encoded = [
        encode_column(parts, name, values, rule)
        for rule, (name, values) in zip(parts.buffer.rules, columns, strict=True)
    ]
    parts.buffer.types = [found for found, _ in encoded]
    schema = parts.schema
    parts.append_table(pa.Table.from_arrays([array for _, array in encoded], schema=schema.arrow()), schema)


def encode_column(parts: Parts, name: str, values: object, rule: ColumnRule) -> tuple[ColumnType, pa.Array]:
    """Return type and physical array of the values of a whole column.

    Raises:
        TypeMismatchError: a value does not fit; the message names column and row.

    """
    is_arrow = isinstance(values, (pa.Array, pa.ChunkedArray))
    if is_arrow and not isinstance(rule.declared, AnyType):
        array: Any = pa.concat_arrays(values.chunks) if isinstance(values, pa.ChunkedArray) else values
        try:
            found = ingest.declared_or_found(rule.declared, array.type, name)
        except TypeMismatchError:
            values = array.to_pylist()
        else:
            if not rule.optional:
                _refuse_missing(array, name)
            return found, ingest.physical(array, found, name, parts.blobs)
    elif is_arrow:
        values = cast("Any", values).to_pylist()
    return ingest.encode_values(
        cast("Sequence[Any]", values),
        name,
        parts.blobs,
        declared=rule.declared,
        optional=rule.optional,
        mixed=rule.mixed,
        links=parts.buffer.links,
    )


def _refuse_missing(array: pa.Array, name: str, first_row: int = 0) -> None:
    """Refuse nulls and NaN in a column that is declared with ``optional=False``."""
    row = pc.index(pc.is_null(array, nan_is_null=True), True).as_py()
    if row >= 0:
        msg = "expected a value in every row; the column is declared with optional=False"
        raise TypeMismatchError(msg, place=f'column "{name}", row {first_row + row}')


def _ordered(parts: Parts, row: object) -> Sequence[Any]:
    """Return the cells of a row in the order of the columns, as they are now."""
    place = f"row {parts.num_rows}"
    if isinstance(row, dict):
        names = parts.buffer.names
        by_name = {column_name(key): value for key, value in row.items()}
        unknown = [name for name in by_name if name not in names]
        if unknown:
            msg = f"unknown column {unknown[0]!r}; there are {names!r:.200}"
            raise UsageError(msg, place=place)
        missing = [name for name in names if name not in by_name]
        if missing:
            msg = f"expected {len(names)} values, found {len(row)}: missing {', '.join(map(repr, missing))}"
            raise UsageError(msg, place=place)
        return [by_name[name] for name in names]
    if not isinstance(row, (list, tuple, np.ndarray)):
        msg = f"expected a row as list, tuple or dict, found {type(row).__name__}"
        raise UsageError(msg, place=place)
    return tuple(row)


def has_python_form(column_type: ColumnType) -> bool:
    """Whether values of the type are better converted one by one."""
    return column_type.kind in {"uuid", "complex", "any", "integer", "ndarray", "struct", "list", "map"}


def with_names(source: object) -> object:
    """Return a source that says what its columns are called: a stream in place of what only gives one.

    Raises:
        UsageError: it is only a plan of a DataFrame.

    """
    if type(source).__name__ == "LazyFrame":
        raise UsageError("expected a DataFrame, found a LazyFrame: call its collect() first")
    if isinstance(source, (list, tuple, np.ndarray, Readable)) or hasattr(source, "columns"):
        return source
    reader = ingest.arrow_stream(source)
    return source if reader is None else reader


def names_of(source: object) -> list[str]:
    """Return the column names that a source of rows has itself, or W&B's default ones."""
    if source is None:
        return list(_DEFAULT_COLUMNS)
    if isinstance(source, (list, tuple)):
        if source and isinstance(source[0], dict):
            return ingest.column_names(
                list(dict.fromkeys(key for row in source if isinstance(row, dict) for key in row))
            )
        return list(_DEFAULT_COLUMNS)
    if isinstance(source, np.ndarray):
        return list(_DEFAULT_COLUMNS) if source.dtype.names is None else ingest.column_names(source.dtype.names)
    if isinstance(source, (pa.Table, pa.RecordBatch, pa.RecordBatchReader)):
        return ingest.column_names(list(source.schema.names))
    columns: Any = getattr(source, "columns", None)
    if columns is None:
        return list(_DEFAULT_COLUMNS)
    return ingest.column_names(list(columns))


def rules_of(names: Sequence[str], dtype: object, optional: object, *, mixed: bool) -> list[ColumnRule]:
    """Return what the arguments of a table say of each column.

    Raises:
        UsageError: there are more or fewer types than columns, or a type for an unknown one.

    """
    count = len(names)
    if dtype is None:
        types: list[ColumnType | None] = [None] * count
    elif isinstance(dtype, dict):
        unknown = [key for key in dtype if key not in names]
        if unknown:
            msg = f"dtype names the unknown column {unknown[0]!r}; there are {list(names)!r:.200}"
            raise UsageError(msg)
        types = [column_type_of(dtype[name]) if name in dtype else None for name in names]
    elif isinstance(dtype, (list, tuple)):
        if len(dtype) != count:
            msg = f"expected {count} types in dtype, found {len(dtype)}"
            raise UsageError(msg)
        types = [None if one is None else column_type_of(one) for one in dtype]
    else:
        types = [column_type_of(dtype)] * count
    if isinstance(optional, (list, tuple)):
        if len(optional) != count:
            msg = f"expected {count} booleans in optional, found {len(optional)}"
            raise UsageError(msg)
        allowed = [bool(one) for one in optional]
    else:
        allowed = [bool(optional)] * count
    return [ColumnRule(declared=t, optional=o, mixed=mixed) for t, o in zip(types, allowed, strict=True)]


def _rows_of(source: object) -> Iterable[object]:
    if isinstance(source, (str, bytes, dict)) or not hasattr(source, "__iter__"):
        msg = f"expected data as a list of rows, an array or a DataFrame, found {type(source).__name__}"
        raise UsageError(msg)
    return cast("Iterable[object]", source)


def _array_columns(array: np.ndarray[Any, Any], names: Sequence[str]) -> list[tuple[str, object]]:
    if isinstance(array, np.matrix):  # whose columns have two dimensions
        array = np.asarray(array)
    if array.dtype.names is not None and array.ndim == 1:  # structured: of rows that have named fields
        own = list(array.dtype.names)
        picked = zip(names, _picked(own, names), strict=True)
        return [(name, ingest.array_column(np.asanyarray(array[own[i]]))) for name, i in picked]
    if array.ndim < 2:
        msg = f"expected an array of rows and columns, found {array.ndim} dimensions"
        raise UsageError(msg)
    if array.shape[1] != len(names):
        msg = f"expected {len(names)} columns, found {array.shape[1]}: name them with columns="
        raise UsageError(msg)
    return [(name, ingest.array_column(array[:, i])) for i, name in enumerate(names)]


def _picked(found: Sequence[str], names: Sequence[str]) -> list[int]:
    """Return which column of a source each column of the table is: the one of its name, or all in order, renamed."""
    counts = Counter(found)
    if all(counts[name] == 1 for name in names):
        places = {name: i for i, name in enumerate(found)}
        return [places[name] for name in names]
    if len(found) != len(names):
        msg = f"expected {len(found)} column names, found {len(names)}, not all of them names of {list(found)!r:.200}"
        raise UsageError(msg)
    moved = [name for i, name in enumerate(names) if name in counts and found[i] != name]
    if moved:
        msg = f"expected names of columns, or new ones for all, found {moved[0]!r} in another column's place"
        raise UsageError(msg)
    return list(range(len(names)))
