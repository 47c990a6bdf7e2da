"""CSV files as a stream of Arrow batches: types are inferred, and no digit is lost by that."""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from wbtable.errors import FormatError, UsageError
from wbtable.format.types import MediaType
from wbtable.tables.coerce import column_type_of
from wbtable.tables.csv_types import types_of
from wbtable.tables.csv_zeros import FLOAT, Watched, ZeroFinder, ZerosError, check_zeros, patterns_of, with_zeros
from wbtable.tables.disk_rows import DiskRows, disk_rows, native_bytes
from wbtable.tables.exact import MAX_EXACT_FLOAT

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterable, Iterator

_NULLS = [text for text in pa.csv.ConvertOptions().null_values if "nan" not in text.lower()]
_MAX_HEADER = 1 << 20
_TAIL = 1 << 16
_NO_TEXT = {
    b"\x1f\x8b": "gzip: unpack it first",
    b"\xff\xfe": "UTF-16: convert it first",
    b"\xfe\xff": "UTF-16: convert it first",
}
_LARGE = r"[eE]\+?[0-9]|[0-9]{39}"  # what may be beyond the range of floats: most numbers are not looked at
_LONG_INTEGER = r"^\s*[+-]?[0-9]{16,}\s*$"
_BLOCK = 16 << 20
_MISFIT = re.compile(r"In CSV column #(\d+): CSV conversion error to ([^:]*): (?:invalid value )?(.*)", re.DOTALL)

T = TypeVar("T")


def read_rows(
    file: BinaryIO,
    take: Callable[[pa.RecordBatchReader], T],
    dtype: dict[str, object] | None = None,
    delimiter: str = ",",
    *,
    place: str,
    progress: Callable[[float], None] | None = None,
) -> T:
    """Give the rows of a CSV file with a header line to `take`, and return what that returns.

    A column of numbers in which an integer has leading zeros is text. Where that is seen late, or a cell does not fit
    the type that the first block shows, `take` is called anew.

    Args:
        file: its bytes.
        take: reads the rows, all of them.
        dtype: types by name; the others are inferred.
        delimiter: what stands between cells.
        place: what the file is called, for messages.
        progress: called with the part of the rows that was read, from 0 to 1, after each block.

    Raises:
        FormatError: it is no CSV file, or not UTF-8, or inferred floats would lose digits.
        UsageError: the delimiter is no single character of ASCII, or no cell has a declared type.

    """
    if len(delimiter) != 1 or delimiter in '\r\n"' or not delimiter.isascii():
        msg = f"expected a delimiter of one character of ASCII, found {delimiter!r:.40}"
        raise UsageError(msg)
    declared = {name: _cell_type(name, kind) for name, kind in (dtype or {}).items()}
    with disk_rows(file) as disk:
        check_text(disk.file, place)
        texts, watched = _look_at_the_beginning(disk, delimiter, declared)
        rows = _Rows(disk, delimiter, place, {**dict.fromkeys(texts, pa.string()), **declared}, watched, progress)
        while True:
            try:
                return take(rows.reader())
            except ZerosError as error:
                rows.declared |= dict.fromkeys(error.columns, pa.string())
            except _NarrowError:
                rows.widen()


class _NarrowError(Exception):
    """A cell does not fit the type that its column was inferred to be of."""


def _look_at_the_beginning(
    rows: DiskRows, delimiter: str, declared: dict[str, pa.DataType]
) -> tuple[list[str], Watched | None]:
    """Return the columns of which the first block shows that they are no numbers, and who looks at the others."""
    block = rows.rewind().read(_BLOCK)
    finder = ZeroFinder(delimiter)
    finder.look(block)
    is_whole = len(block) < _BLOCK
    texts: list[str] = []
    if finder.found:
        head = block if is_whole else block[: block.rfind(b"\n") + 1]
        # What is wrong with the block is said where it is read; it may end inside of quotes.
        with contextlib.suppress(pa.ArrowException, UnicodeDecodeError):
            patterns = patterns_of(_opened(native_bytes(head), delimiter).schema, declared)
            texts += with_zeros(_opened_as_text(native_bytes(head), delimiter, patterns), patterns) if patterns else ()
    return texts, None if is_whole else Watched(rows.file, finder)


def _opened_as_text(file: pa.NativeFile, delimiter: str, columns: Collection[str]) -> pa.csv.CSVStreamingReader:
    return _opened(file, delimiter, include_columns=list(columns), column_types=dict.fromkeys(columns, pa.string()))


@dataclass
class _Rows:
    """The rows of a file.

    Attributes:
        disk: has them.
        delimiter: what stands between cells.
        place: what the file is called.
        declared: types of columns that are what they are.
        watched: says in the end whether there may be numbers with leading zeros.
        progress: is told the part that was read.
        inferred: types by all rows, of columns that are not declared; empty where those of the first block do.

    """

    disk: DiskRows
    delimiter: str
    place: str
    declared: dict[str, pa.DataType]
    watched: Watched | None
    progress: Callable[[float], None] | None
    inferred: dict[str, pa.DataType] = field(default_factory=dict)

    def reader(self) -> pa.RecordBatchReader:
        """Return the rows; errors at their end say which columns of numbers have leading zeros, or lost digits."""
        try:
            reader = _opened(_with_line_end(self.disk), self.delimiter, column_types={**self.inferred, **self.declared})
            patterns = patterns_of(reader.schema, self.declared)
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise self._said(error) from None
        for column in reader.schema:
            if pa.types.is_binary(column.type) and column.name not in self.declared:
                msg = f"column {column.name!r:.80}: expected text in UTF-8, found other bytes"
                raise FormatError(msg, place=self.place)
        return pa.RecordBatchReader.from_batches(reader.schema, self._checked(self._typed(reader), patterns))

    def _typed(self, reader: pa.csv.CSVStreamingReader) -> Iterator[pa.RecordBatch]:
        try:
            yield from reader
        except (pa.ArrowException, UnicodeDecodeError) as error:
            said, misfit = self._said(error), _MISFIT.search(str(error))
            if misfit is None or self.inferred or self._names()[int(misfit[1])] in self.declared:
                raise said from None
            raise _NarrowError from said

    def _said(self, error: Exception) -> FormatError:
        """Return the error by the names of the columns: Arrow has numbers."""
        misfit = _MISFIT.search(str(error))
        msg = f"expected a CSV file: {error}"
        if misfit is not None:
            column, kind, cell = misfit.groups()
            msg = f"column {self._names()[int(column)]!r:.80}: expected {kind}, found {cell:.80}"
        return FormatError(msg, place=self.place)

    def _names(self) -> list[str]:
        return _opened(self.disk.opened(), self.delimiter).schema.names

    def _checked(self, batches: Iterable[pa.RecordBatch], patterns: dict[str, str]) -> Iterator[pa.RecordBatch]:
        watched = self.watched if patterns else None
        large: set[str] = set()
        infinite: set[str] = set()
        last: pa.RecordBatch | None = None
        for blocks, batch in enumerate(batches, 1):
            if self.progress is not None:
                self.progress(min(1.0, blocks * _BLOCK / self.disk.size))
            last = batch if batch.num_rows else last
            large.update(_large_floats(batch, {name for name in patterns if patterns[name] == FLOAT} - large))
            infinite.update(_infinite_floats(batch, infinite))
            if watched is not None:
                watched.look_on(_BLOCK)
            yield batch
        if last is not None:
            _check_closed(last, self.disk, self.place)
        if watched is not None and watched.found_to_the_end(_BLOCK):
            check_zeros(self._as_text(patterns), patterns)
        if large:
            _check_integers(self._as_text(large), self.place)
        if infinite and last is not None:
            _check_range(self._as_text(infinite), last.schema, self.place)

    def _as_text(self, columns: Collection[str]) -> Iterator[pa.RecordBatch]:
        try:
            yield from _opened_as_text(self.disk.opened(), self.delimiter, columns)
        except (pa.ArrowException, UnicodeDecodeError) as error:
            raise self._said(error) from None

    def widen(self) -> None:
        """Infer the types of what is not declared from all rows."""
        counts = Counter(self._names())
        names = [name for name, count in counts.items() if name not in self.declared and count == 1]
        self.inferred = types_of(self._as_text(names), _conversion())


def _large_floats(batch: pa.RecordBatch, names: set[str]) -> Iterator[str]:
    """Yield the columns that have numbers so large that digits may be lost."""
    for name in names:
        size = pc.abs(batch.column(batch.schema.get_field_index(name)))
        if pc.any(pc.and_(pc.is_finite(size), pc.greater_equal(size, MAX_EXACT_FLOAT))).as_py():
            yield name


def _infinite_floats(batch: pa.RecordBatch, known: Collection[str]) -> Iterator[str]:
    """Yield the further columns of floats that have infinite ones."""
    names = batch.schema.names
    counts = Counter(names)
    for name, column in zip(names, batch.columns, strict=True):
        if pa.types.is_floating(column.type) and name not in known and counts[name] == 1:
            found = pc.max(pc.abs(column)).as_py()
            if found is not None and math.isinf(found):
                yield name


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


def _with_line_end(disk: DiskRows) -> pa.NativeFile:
    """Return a file of a header alone with a line end behind it, which pyarrow needs to take it for one."""
    if 0 < disk.size < _MAX_HEADER:
        text = disk.rewind().read()
        if b"\n" not in text and b"\r" not in text:
            return native_bytes(text + b"\n")
    return disk.opened()


def _cell_type(name: str, dtype: object) -> pa.DataType:
    found = column_type_of(dtype)
    arrow = found.arrow()
    if isinstance(found, MediaType) or pa.types.is_nested(arrow):
        msg = f"no cell of a CSV file is of type {found}; read text, and convert it"
        raise UsageError(msg, place=f'column "{name}"')
    # Arrow's reader lacks half floats; the table makes them of doubles.
    return pa.float64() if pa.types.is_float16(arrow) else arrow


def _opened(file: pa.NativeFile, delimiter: str, **convert: Any) -> pa.csv.CSVStreamingReader:
    return pa.csv.open_csv(
        file,
        read_options=pa.csv.ReadOptions(block_size=_BLOCK),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=_conversion(**convert),
    )


def _conversion(**convert: Any) -> pa.csv.ConvertOptions:
    return pa.csv.ConvertOptions(null_values=_NULLS, **convert)


def _check_closed(last: pa.RecordBatch, disk: DiskRows, place: str) -> None:
    """Refuse a file that ends inside quotes: Arrow gives what follows the last quote as one cell, rows and all."""
    cells = last.columns[-1]
    text = cells[-1].as_py() if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type) else None
    if text is None or "\n" not in text:
        return
    disk.file.seek(disk.start + max(0, disk.size - _TAIL))
    tail = disk.file.read(_TAIL).rstrip(b" \t\r\n")
    if tail and not tail.endswith(b'"'):
        msg = f"expected a quote that ends the last cell, which begins {text!r:.60} and has {text.count(chr(10))} lines"
        raise FormatError(msg, place=place)


def _check_integers(reader: Iterable[pa.RecordBatch], place: str) -> None:
    for batch in reader:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            for text in column.filter(pc.match_substring_regex(column, _LONG_INTEGER)).to_pylist():
                if int(float(text)) != int(text):
                    msg = (
                        f"column {name!r:.80}: the integer {text.strip():.80} has no exact form as a float, as which "
                        'the column was read; declare it with dtype=, as "uint64" or "string"'
                    )
                    raise FormatError(msg, place=place)


def _check_range(reader: Iterable[pa.RecordBatch], schema: pa.Schema, place: str) -> None:
    """Refuse numbers that Arrow made infinite; those that are called infinite are."""
    for batch in reader:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            kind = schema.field(name).type
            for text in column.filter(pc.match_substring_regex(column, _LARGE)).to_pylist():
                if math.isinf(pa.scalar(float(text), pa.float64()).cast(kind, safe=False).as_py()):
                    what = f"the number {text.strip():.80} is beyond the range of float{kind.bit_width}"
                    msg = f"column {name!r:.80}: {what}"
                    raise FormatError(msg, place=place)


def csv_to_parquet(
    file: BinaryIO, path: os.PathLike[str], *, place: str, progress: Callable[[float], None] | None = None
) -> None:
    """Write the rows of a CSV file to a Parquet file as they are read, for somebody who waits: not packed tightly.

    Arguments as `read_rows`.

    Raises:
        FormatError: as `read_rows`.

    """

    def write(reader: pa.RecordBatchReader) -> None:
        with pq.ParquetWriter(path, reader.schema, compression="snappy", write_page_index=True) as writer:
            for batch in reader:
                writer.write_batch(batch)

    try:
        read_rows(file, write, place=place, progress=progress)
    except pa.ArrowException as error:
        msg = f"expected a CSV file: {error}"
        raise FormatError(msg, place=place) from None
