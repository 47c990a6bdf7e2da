"""Tables from files: Parquet, Feather, CSV and JSON Lines, streamed."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from wbtable.errors import FormatError, NotFoundError, UsageError, WbtableError
from wbtable.format.exact_json import EXACT_JSON
from wbtable.storage.streams import open_stream
from wbtable.tables.csv_source import check_text, read_rows
from wbtable.tables.frame_columns import column_names
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Source = str | os.PathLike[str] | BinaryIO
_BATCH = 65_536
_MAX_LINE = 256 << 20


def _opened(source: Source, **storage_options: object) -> tuple[BinaryIO, str]:
    if isinstance(source, (str, os.PathLike)):
        return open_stream(os.fspath(source), **storage_options), os.fspath(source)
    if not hasattr(source, "read") or isinstance(source, io.TextIOBase):
        msg = f"expected a path, a URL or an open binary file, found {type(source).__name__}"
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
        NotFoundError: there is no such file, or no such column.
        FormatError: it is no Parquet, or damaged.
        UsageError: two columns have one name.

    """
    file, name = _opened(source, **storage_options)
    with file:
        try:
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            schema = _picked(parquet.schema_arrow, columns, name)
            # A name picks whatever it may be a path to: of a column "a" that has a field "b" also "a.b".
            batches = parquet.iter_batches(_BATCH, columns=None if columns is None else schema.names)
            rows = (batch.select(schema.names).cast(schema) if len(schema) else batch for batch in batches)
            return Table.from_arrow(pa.RecordBatchReader.from_batches(schema, rows), dtype=dtype)
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
        NotFoundError: there is no such file, or no such column.
        FormatError: it is no Feather file, or damaged.

    """
    file, name = _opened(source, **storage_options)
    with file:
        try:
            opened = pa.ipc.open_file(file)
            schema = _picked(opened.schema, columns, name)
            batches = (opened.get_batch(i).select(schema.names) for i in range(opened.num_record_batches))
            return Table.from_arrow(pa.RecordBatchReader.from_batches(schema, batches), dtype=dtype)
        except (pa.ArrowException, OSError, KeyError) as error:
            msg = f"expected a Feather file: {error}"
            raise FormatError(msg, place=name) from None


def _picked(schema: pa.Schema, columns: Sequence[str] | None, place: str) -> pa.Schema:
    known = column_names(schema.names)
    if columns is None:
        return schema.remove_metadata()
    names, held = column_names(columns), set(known)
    unknown = [name for name in names if name not in held]
    if unknown:
        msg = f"there is no column {unknown[0]!r:.80}; there are {schema.names!r:.200}"
        raise NotFoundError(msg, place=place)
    return pa.schema([schema.field(name) for name in names])


def read_csv(
    source: Source, dtype: dict[str, object] | None = None, delimiter: str = ",", **storage_options: object
) -> Table:
    """Return a table of a CSV file with a header line.

    In columns other than text, empty cells, ``NA``, ``N/A`` and ``null`` are null; NaN is NaN. A column with an integer
    that has leading zeros, such as a postal code, is text, unless it is declared. What is not on the local disk
    is first copied to the folder for temporary files, for it may be read more than once.

    Args:
        source: a path, a URL of any fsspec file system, or an open file.
        dtype: types by name; else inferred from all rows, and text where cells are of several types.
        delimiter: what stands between cells.
        **storage_options: for fsspec.

    Raises:
        NotFoundError: there is no such file.
        FormatError: a line has another number of cells, a cell is not of the declared type, the text is not UTF-8, or a
            column of floats has an integer that no float holds: declare it, as ``"uint64"``, say; or a number is beyond
            the range of floats.
        UsageError: a type was declared that no cell of a CSV file has.

    """
    file, name = _opened(source, **storage_options)
    with file:
        return read_rows(file, lambda rows: Table.from_arrow(rows, dtype=dtype), dtype, delimiter, place=name)


def read_jsonl(source: Source, dtype: dict[str, object] | None = None, **storage_options: object) -> Table:
    """Return a table of a JSON Lines file: one object a line, its keys the columns; keys that a line lacks are None.

    Integers keep all digits. Columns are those of all lines, in the order of their first appearance.

    Args:
        source: a path, a URL of any fsspec file system, or an open file.
        dtype: types by name; else inferred from all lines.
        **storage_options: for fsspec.

    Raises:
        NotFoundError: there is no such file.
        FormatError: a line is no JSON object, a key stands twice in one, or a number is beyond the range of floats; the
            message has the number of the line.
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
    check_text(file, name)
    text = io.TextIOWrapper(cast("Any", file), encoding="utf-8-sig", errors="strict")
    number = 0
    try:
        while line := text.readline(_MAX_LINE):
            number += 1
            if not line.strip():
                continue
            value = EXACT_JSON.decode(line)
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
