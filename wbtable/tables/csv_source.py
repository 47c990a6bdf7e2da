"""CSV files as a stream of Arrow batches: types are inferred, and no digit is lost by that."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from wbtable.errors import FormatError, UsageError
from wbtable.format.types import MediaType
from wbtable.tables.coerce import column_type_of
from wbtable.tables.exact import MAX_EXACT_FLOAT

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

_NULLS = [text for text in pa.csv.ConvertOptions().null_values if "nan" not in text.lower()]
_MAX_HEADER = 1 << 20
_TAIL = 1 << 16
_NO_TEXT = {
    b"\x1f\x8b": "gzip: unpack it first",
    b"\xff\xfe": "UTF-16: convert it first",
    b"\xfe\xff": "UTF-16: convert it first",
}
_LONG_INTEGER = r"^\s*[+-]?[0-9]{16,}\s*$"


def csv_reader(
    file: BinaryIO, dtype: dict[str, object] | None = None, delimiter: str = ",", *, place: str
) -> pa.RecordBatchReader:
    """Return the rows of a CSV file with a header line.

    Args:
        file: its bytes.
        dtype: types by name; the others are inferred from the first block.
        delimiter: what stands between cells.
        place: what the file is called, for messages; reading the rows raises what this does.

    Raises:
        FormatError: it is no CSV file, or not UTF-8, or inferred floats would lose digits.
        UsageError: the delimiter is no single character of ASCII, or no cell has a declared type.

    """
    if len(delimiter) != 1 or delimiter in '\r\n"' or not delimiter.isascii():
        msg = f"expected a delimiter of one character of ASCII, found {delimiter!r:.40}"
        raise UsageError(msg)
    declared = {name: _cell_type(name, kind) for name, kind in (dtype or {}).items()}
    check_text(file, place)
    try:
        file = _with_line_end(file)
        reader = _opened(file, delimiter, column_types=declared)
        names = reader.schema.names
    except (pa.ArrowException, UnicodeDecodeError) as error:
        msg = f"expected a CSV file: {error}"
        raise FormatError(msg, place=place) from None
    for field in reader.schema:
        if pa.types.is_binary(field.type) and field.name not in declared:
            msg = f"column {field.name!r:.80}: expected text in UTF-8, found other bytes"
            raise FormatError(msg, place=place)
    floats = [name for name in names if reader.schema.types[names.index(name)] == pa.float64() and name not in declared]
    return pa.RecordBatchReader.from_batches(reader.schema, _checked(reader, file, delimiter, floats, place))


def check_text(file: BinaryIO, place: str) -> None:
    """Refuse what people often have in place of text in UTF-8, and say what it is.

    Raises:
        FormatError: it is compressed, or in UTF-16.

    """
    if not file.seekable():
        return
    start = file.tell()
    found = _NO_TEXT.get(file.read(2))
    file.seek(start)
    if found is not None:
        msg = f"expected text in UTF-8, found {found}"
        raise FormatError(msg, place=place)


def _with_line_end(file: BinaryIO) -> BinaryIO:
    """Return a file of a header alone with a line end behind it, which pyarrow needs to take it for one."""
    if not file.seekable():
        return file
    start = file.tell()
    text = file.read(_MAX_HEADER)
    file.seek(start)
    is_whole = 0 < len(text) < _MAX_HEADER
    return io.BytesIO(text + b"\n") if is_whole and b"\n" not in text and b"\r" not in text else file


def _cell_type(name: str, dtype: object) -> pa.DataType:
    found = column_type_of(dtype)
    arrow = found.arrow()
    if isinstance(found, MediaType) or pa.types.is_nested(arrow):
        msg = f"no cell of a CSV file is of type {found}; read text, and convert it"
        raise UsageError(msg, place=f'column "{name}"')
    return arrow


def _opened(file: BinaryIO, delimiter: str, **convert: Any) -> pa.csv.CSVStreamingReader:
    return pa.csv.open_csv(
        file,
        read_options=pa.csv.ReadOptions(block_size=16 << 20),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(null_values=_NULLS, **convert),
    )


def _checked(
    reader: pa.csv.CSVStreamingReader, file: BinaryIO, delimiter: str, floats: list[str], place: str
) -> Iterator[pa.RecordBatch]:
    """Yield the rows; where large numbers are among inferred floats, look at their text afterwards."""
    large: set[str] = set()
    last: pa.RecordBatch | None = None
    try:
        for batch in reader:
            last = batch if batch.num_rows else last
            for name in set(floats) - large:
                size = pc.abs(batch.column(batch.schema.get_field_index(name)))
                if pc.any(pc.and_(pc.is_finite(size), pc.greater_equal(size, MAX_EXACT_FLOAT))).as_py():
                    large.add(name)
            yield batch
        if last is not None:
            _check_closed(last, file, place)
        if large and file.seekable():
            file.seek(0)
            types = {name: pa.string() for name in large}
            _check_integers(_opened(file, delimiter, include_columns=list(large), column_types=types), place)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        msg = f"expected a CSV file: {error}"
        raise FormatError(msg, place=place) from None


def _check_closed(last: pa.RecordBatch, file: BinaryIO, place: str) -> None:
    """Refuse a file that ends inside quotes: Arrow gives what follows the last quote as one cell, rows and all."""
    cells = last.columns[-1]
    text = cells[-1].as_py() if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type) else None
    if text is None or "\n" not in text or not file.seekable():
        return
    end = file.seek(0, io.SEEK_END)
    file.seek(max(0, end - _TAIL))
    tail = file.read(_TAIL).rstrip(b" \t\r\n")
    if tail and not tail.endswith(b'"'):
        msg = f"expected a quote that ends the last cell, which begins {text!r:.60} and has {text.count(chr(10))} lines"
        raise FormatError(msg, place=place)


def _check_integers(reader: pa.csv.CSVStreamingReader, place: str) -> None:
    for batch in reader:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            for text in column.filter(pc.match_substring_regex(column, _LONG_INTEGER)).to_pylist():
                if int(float(text)) != int(text):
                    msg = (
                        f"column {name!r:.80}: the integer {text.strip():.80} has no exact form as a float, as which "
                        'the column was read; declare it with dtype=, as "uint64" or "string"'
                    )
                    raise FormatError(msg, place=place)


def csv_to_parquet(file: BinaryIO, path: os.PathLike[str], *, place: str) -> None:
    """Write the rows of a CSV file to a Parquet file as they are read, for somebody who waits: not packed tightly.

    Raises:
        FormatError: as `csv_reader`.

    """
    try:
        reader = csv_reader(file, place=place)
        with pq.ParquetWriter(path, reader.schema, compression="snappy", write_page_index=True) as writer:
            for batch in reader:
                writer.write_batch(batch)
    except pa.ArrowException as error:
        msg = f"expected a CSV file: {error}"
        raise FormatError(msg, place=place) from None
