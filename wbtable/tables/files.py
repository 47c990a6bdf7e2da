"""Tables from files: Parquet, Feather, CSV and JSON Lines, streamed."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from wbtable.errors import FormatError, UsageError, WbtableError
from wbtable.storage.streams import open_stream
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Source = str | os.PathLike[str] | BinaryIO
_BATCH = 65_536
_MAX_LINE = 256 << 20


def _opened(source: Source, **storage_options: object) -> tuple[BinaryIO, str]:
    if isinstance(source, (str, os.PathLike)):
        return open_stream(os.fspath(source), **storage_options), os.fspath(source)
    if not hasattr(source, "read"):
        msg = f"expected a path, a URL or an open file, found {type(source).__name__}"
        raise UsageError(msg)
    return source, str(getattr(source, "name", "file"))


def read_parquet(
    source: Source,
    columns: Sequence[str] | None = None,
    dtype: dict[str, object] | None = None,
    **storage_options: object,
) -> Table:
    """Return a table of a Parquet file; its rows are read now, batch by batch.

    Args:
        source: a path, a URL of any fsspec file system, or an open file.
        columns: which columns; default all.
        dtype: types by name, such as ``{"image": wbtable.Image}`` for a column of encoded bytes.
        **storage_options: for fsspec.

    Raises:
        NotFoundError: there is no such file.
        FormatError: it is no Parquet, or damaged.

    """
    file, name = _opened(source, **storage_options)
    with file:
        try:
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            schema = parquet.schema_arrow
            if columns is not None:
                schema = pa.schema([schema.field(column) for column in columns])
            batches = parquet.iter_batches(_BATCH, columns=list(columns) if columns is not None else None)
            reader = pa.RecordBatchReader.from_batches(schema, (batch.cast(schema) for batch in batches))
            return Table.from_arrow(_unwrapped(reader, dtype), dtype=dtype)
        except (pa.ArrowException, OSError, KeyError) as error:
            msg = f"expected a Parquet file: {error}"
            raise FormatError(msg, place=name) from None


def read_feather(
    source: Source,
    columns: Sequence[str] | None = None,
    dtype: dict[str, object] | None = None,
    **storage_options: object,
) -> Table:
    """Return a table of a Feather file (Arrow IPC, of version 2); its rows are read now, batch by batch.

    Args:
        source: a path, a URL of any fsspec file system, or an open file.
        columns: which columns; default all.
        dtype: types by name, such as ``{"image": wbtable.Image}`` for a column of encoded bytes.
        **storage_options: for fsspec.

    Raises:
        NotFoundError: there is no such file.
        FormatError: it is no Feather file, or damaged.

    """
    file, name = _opened(source, **storage_options)
    with file:
        try:
            opened = pa.ipc.open_file(file)
            schema = opened.schema
            if columns is not None:
                schema = pa.schema([schema.field(column) for column in columns])
            batches = (opened.get_batch(i).select(schema.names) for i in range(opened.num_record_batches))
            return Table.from_arrow(_unwrapped(pa.RecordBatchReader.from_batches(schema, batches), dtype), dtype=dtype)
        except (pa.ArrowException, OSError, KeyError) as error:
            msg = f"expected a Feather file: {error}"
            raise FormatError(msg, place=name) from None


def _unwrapped(reader: pa.RecordBatchReader, dtype: dict[str, object] | None) -> pa.RecordBatchReader:
    """Return the rows with encoded bytes in place of structs that hold them, in columns declared as media."""
    from wbtable.format.types import MediaType
    from wbtable.tables.coerce import column_type_of

    found = []
    for i, field in enumerate(reader.schema):
        declared = column_type_of(dtype[field.name]) if dtype is not None and field.name in dtype else None
        if isinstance(declared, MediaType) and pa.types.is_struct(field.type):
            at = field.type.get_field_index("bytes")
            if at >= 0 and (pa.types.is_binary(field.type[at].type) or pa.types.is_large_binary(field.type[at].type)):
                found.append((i, at))
    if not found:
        return reader
    schema = reader.schema
    for i, at in found:
        schema = schema.set(i, pa.field(schema[i].name, schema[i].type[at].type))

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            columns = list(batch.columns)
            for i, at in found:
                columns[i] = pc.struct_field(columns[i], at)
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def read_csv(
    source: Source, dtype: dict[str, object] | None = None, delimiter: str = ",", **storage_options: object
) -> Table:
    """Return a table of a CSV file with a header line; empty cells of columns other than text are null.

    Args:
        source: a path, a URL of any fsspec file system, or an open file.
        dtype: types by name; else inferred from the first block, and refused where a later value is of another type.
        delimiter: what stands between cells.
        **storage_options: for fsspec.

    Raises:
        NotFoundError: there is no such file.
        FormatError: a line has another number of cells, or a cell is not of its column's type.

    """
    from wbtable.tables.coerce import column_type_of

    file, name = _opened(source, **storage_options)
    declared = {column: column_type_of(kind).arrow() for column, kind in (dtype or {}).items()}
    with file:
        try:
            return Table.from_arrow(_csv_reader(file, declared, delimiter), dtype=dtype)
        except pa.ArrowException as error:
            msg = f"expected a CSV file: {error}"
            raise FormatError(msg, place=name) from None


def csv_to_parquet(file: BinaryIO, path: os.PathLike[str], *, place: str) -> None:
    """Write the rows of a CSV file to a Parquet file as they are read, for somebody who waits: not packed tightly.

    Raises:
        FormatError: as `read_csv`.

    """
    try:
        reader = _csv_reader(file, {}, ",")
        with pq.ParquetWriter(path, reader.schema, compression="snappy", write_page_index=True) as writer:
            for batch in reader:
                writer.write_batch(batch)
    except pa.ArrowException as error:
        msg = f"expected a CSV file: {error}"
        raise FormatError(msg, place=place) from None


def _csv_reader(file: BinaryIO, declared: dict[str, pa.DataType], delimiter: str) -> pa.RecordBatchReader:
    return pa.csv.open_csv(
        file,
        read_options=pa.csv.ReadOptions(block_size=16 << 20),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(column_types=declared),
    )


def read_jsonl(source: Source, dtype: dict[str, object] | None = None, **storage_options: object) -> Table:
    """Return a table of a JSON Lines file: one object a line, its keys the columns; keys that a line lacks are None.

    Integers keep all digits. Columns are those of all lines, in the order of their first appearance.

    Args:
        source: a path, a URL of any fsspec file system, or an open file.
        dtype: types by name; else inferred from all lines.
        **storage_options: for fsspec.

    Raises:
        NotFoundError: there is no such file.
        FormatError: a line is no JSON object; the message has its number.
        TypeMismatchError: values of a column are of unlike types.

    """
    file, name = _opened(source, **storage_options)
    table: Table | None = None
    names: dict[str, None] = {}
    with file:
        rows: list[dict[str, Any]] = []
        for row in _lines(file, name):
            rows.append(row)
            names.update(dict.fromkeys(row))
            if len(rows) >= _BATCH:
                table = _extend(table, rows, names, dtype)
                rows = []
        table = _extend(table, rows, names, dtype)
    unknown = [column for column in dtype or {} if column not in names]
    if unknown:
        msg = f"dtype names the column {unknown[0]!r:.80}, which no line has; there are {list(names)!r:.200}"
        raise UsageError(msg, place=name)
    return table


def _extend(
    table: Table | None, rows: list[dict[str, Any]], names: dict[str, None], dtype: dict[str, object] | None
) -> Table:
    if table is None:
        kinds = {key: kind for key, kind in (dtype or {}).items() if key in names}
        table = Table(columns=list(names), dtype=kinds or None)
    for column in names:
        if column not in table.columns:
            table.add_column(column, [None] * len(table))
            if dtype is not None and column in dtype:
                table.cast(column, dtype[column])
    order = table.columns
    for row in rows:
        table.add_data(*[row.get(column) for column in order])
    return table


def _lines(file: BinaryIO, name: str) -> Iterator[dict[str, Any]]:
    text = io.TextIOWrapper(cast("Any", file), encoding="utf-8-sig", errors="strict")
    number = 0
    try:
        while line := text.readline(_MAX_LINE):
            number += 1
            if not line.strip():
                continue
            value = json.loads(line)
            if not isinstance(value, dict):
                msg = f"expected a JSON object, found {type(value).__name__}"
                raise FormatError(msg, place=f"{name}, line {number}")
            yield value
    except (ValueError, RecursionError) as error:
        if isinstance(error, WbtableError):
            raise
        msg = f"expected a JSON object: {error}"
        raise FormatError(msg, place=f"{name}, line {number or 1}") from None
    finally:
        text.detach()
