"""Tables written on their own: ``<name>.table.json`` beside ``objects/`` (spec: 05-tables, TABLE-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import AlreadyExistsError, TypeMismatchError, UsageError
from wbtable.format.layout import TABLE_SUFFIX
from wbtable.format.schema import Column, Schema
from wbtable.format.types import ImageType
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.tables import ingest
from wbtable.tables.coerce import column_type_of
from wbtable.tables.encode import encode
from wbtable.tables.fitting import check_kept, check_rows, may_lose, widest
from wbtable.tables.image_windows import hashed, windows
from wbtable.tables.infer import NULL
from wbtable.tables.keys import check_primary_key
from wbtable.tables.prefetch import ahead
from wbtable.tables.reader import TableReader
from wbtable.tables.rows import ColumnRule, RowBuffer
from wbtable.tables.save import widened
from wbtable.tables.spill import TableBlobs
from wbtable.tables.writer import TableBuilder

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from wbtable.format.table_manifest import TableManifest
    from wbtable.format.types import ColumnType
    from wbtable.storage.backend import Backend
    from wbtable.storage.seen import Digests
    from wbtable.tables.image_windows import Part
    from wbtable.tables.snapshot import TableSnapshot

    _Prepared = tuple[pa.RecordBatch, Schema, TableBlobs]

_SLICE_BYTES = 64 << 20


def manifest_key(name: str) -> str:
    """Return the key of the manifest of a table called `name`.

    Raises:
        UsageError: the name cannot be a path.

    """
    from wbtable.format.paths import check_path

    plain = name.removesuffix(TABLE_SUFFIX)
    check_path(plain)
    check_path(plain + TABLE_SUFFIX)
    return plain + TABLE_SUFFIX


class _Target:
    """Where a standalone table goes."""

    def __init__(self, url: str | os.PathLike[str], name: str) -> None:
        self.backend: Backend = open_backend(url)
        self.key = manifest_key(name)
        self.objects = ObjectStore(self.backend)
        self.refuse_existing()

    def refuse_existing(self) -> None:
        if self.backend.size(self.key) is not None:
            where = f"{self.key!r} in {self.backend.url}"
            msg = f"there is a table {where} already: choose another name, or append in an artifact"
            raise AlreadyExistsError(msg)

    def create(self, manifest: TableManifest) -> None:
        """Make the table: nothing of it can be found before this."""
        try:
            self.backend.create(self.key, manifest.encode())
        except AlreadyExistsError:
            self.refuse_existing()
            raise


def write_table(snapshot: TableSnapshot, url: str | os.PathLike[str], name: str) -> None:
    """Write a table on its own.

    Raises:
        AlreadyExistsError: there is one of this name.
        UsageError: it links to tables that are not written with it, or its primary key repeats.
        StorageError: it cannot be written; nothing of that name is left.

    """
    if snapshot.links or any(not isinstance(key.table, str) for key in snapshot.foreign_keys):
        msg = "the table links to rows of another table: put both into one artifact"
        raise UsageError(msg)
    if snapshot.primary_key is not None:  # rows may have come behind those that were checked (TABLE-8)
        check_primary_key(snapshot.source, snapshot.primary_key)
    target = _Target(url, name)
    with TableBuilder(target.objects, snapshot.schema) as builder:
        builder.add_source(snapshot.source)
        manifest = builder.finish(log_mode=snapshot.log_mode, primary_key=snapshot.primary_key)
    target.create(manifest)


class TableWriter:
    """Writes a table row by row or batch by batch, in bounded memory, without a Table in between.

    Nothing can be read before the writer is closed without an error; then the whole table is there. Use as a context
    manager. Not for several threads.
    """

    def __init__(
        self,
        url: str | os.PathLike[str],
        name: str = "table",
        columns: Sequence[object] | None = None,
        dtype: dict[str, object] | None = None,
    ) -> None:
        """Start a table.

        Args:
            url: a directory, or a URL of any fsspec file system.
            name: its name; slashes make folders.
            columns: names; default: those of the first batch, or the keys of the first dict row.
            dtype: types by name, such as ``{"image": wbtable.Image}`` for a column of encoded bytes.

        Raises:
            AlreadyExistsError: there is a table of this name.
            UsageError: names repeat.

        """
        self._target = _Target(url, name)
        self._dtype = {str(key): column_type_of(value) for key, value in (dtype or {}).items()}
        self._rows = 0
        self._buffer: RowBuffer | None = None
        self._builder: TableBuilder | None = None
        self._closed = False
        self._beyond: set[str] = set()  # columns with written values that a wider type may not hold
        if columns is not None:
            self._start(ingest.column_names(columns))

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close after success, abort after an error."""
        if kind is None:
            self.close()
        else:
            self.abort()

    def __len__(self) -> int:
        """Return the number of rows written so far."""
        return self._rows

    def _start(self, names: list[str]) -> RowBuffer:
        rules = [ColumnRule(declared=self._dtype.get(name)) for name in names]
        self._buffer = RowBuffer(names, [rule.declared or NULL for rule in rules], rules)
        return self._buffer

    def write_row(self, *row: Any) -> None:
        """Write one row, a value for each column.

        Raises:
            UsageError: it has another length, or the writer is closed.
            TypeMismatchError: a value has another type than its column; the row is not written.

        """
        self.write_rows([row])

    def write_rows(self, rows: Iterable[Sequence[Any] | dict[str, Any]]) -> None:
        """Write rows, each a list, a tuple, or a dict with a value for each column.

        Raises:
            UsageError: a row has another length, or the writer is closed.
            TypeMismatchError: a value has another type than its column; the rows before it are written.

        """
        self._refuse_closed()
        for row in rows:
            buffer = self._buffer
            if isinstance(row, dict):
                buffer = buffer or self._start(ingest.column_names(list(row)))
                row = self._in_order(row, buffer)
            if buffer is None:
                msg = "the first row does not say what the columns are called: give columns="
                raise UsageError(msg)
            cells = tuple(row)
            if not buffer.keep(cells):
                self._check_exact(buffer.add(cells), buffer)
            self._rows += 1
            if buffer.is_full:
                self._flush()

    def _check_exact(self, widened: Sequence[tuple[int, ColumnType, ColumnType]], buffer: RowBuffer) -> None:
        """Take back a row for which rows before it would become inexact: written integers as floats (TYPE-9)."""
        for i, before, now in widened:
            if not may_lose(before, now):
                continue
            name = buffer.names[i]
            place = f'column "{name}", row {self._rows}'
            try:
                if name in self._beyond:
                    msg = f"the column holds values beyond 2^53, or far times, which {now} does not hold"
                    raise TypeMismatchError(msg, place=place)
                check_kept(buffer.column(i)[:-1], now, place)
            except TypeMismatchError:
                buffer.drop_last(widened)
                raise

    def _in_order(self, row: dict[str, Any], buffer: RowBuffer) -> list[Any]:
        if row.keys() != set(buffer.names):
            odd = sorted(map(str, set(row) ^ set(buffer.names)))
            msg = f"expected the columns {buffer.names!r:.200}, found others: {', '.join(map(repr, odd))}"
            raise UsageError(msg, place=f"row {self._rows}")
        return [row[name] for name in buffer.names]

    def write_batch(self, batch: object) -> None:
        """Write the rows of anything with the Arrow C stream; columns are matched by name.

        Raises:
            UsageError: a column is missing, or the writer is closed.
            TypeMismatchError: a column has another type.

        """
        self._refuse_closed()
        reader = ingest.arrow_stream(batch)
        if reader is None:
            msg = f"expected Arrow data, found {type(batch).__name__}"
            raise UsageError(msg)
        buffer = self._buffer or self._start(ingest.column_names(list(reader.schema.names)))
        if set(reader.schema.names) != set(buffer.names):
            odd = sorted(set(reader.schema.names) ^ set(buffer.names))
            msg = f"expected the columns {buffer.names!r:.200}, found others: {', '.join(map(repr, odd))}"
            raise UsageError(msg)
        self._flush()

        images = self._images(reader.schema, buffer)
        prepared: Iterable[_Prepared]
        if images:
            prepared = (one for window in windows(self._parts(reader)) for one in self._hashed(window, images, buffer))
        else:  # the next rows are converted while these are stored
            prepared = ahead(lambda part: self._prepared(part, {}, TableBlobs(), buffer), self._parts(reader), depth=2)
        for rows, schema, blobs in prepared:
            self._add(rows, schema, blobs)
            self._rows += rows.num_rows
            buffer.first_row = self._rows

    def _images(self, schema: pa.Schema, buffer: RowBuffer) -> dict[str, ColumnType]:
        """Return the columns of images, which come as encoded bytes."""
        types = {
            name: ingest.declared_or_found(rule.declared, schema.field(name).type, name)
            for name, rule in zip(buffer.names, buffer.rules, strict=True)
        }
        return {name: found for name, found in types.items() if isinstance(found, ImageType)}

    def _hashed(self, window: list[Part], images: dict[str, ColumnType], buffer: RowBuffer) -> Iterator[_Prepared]:
        """Yield the rows of a window, whose images are hashed before any is stored."""
        blobs = TableBlobs()
        for part, digests in hashed(blobs, images, window):
            yield self._prepared(part, digests, blobs, buffer)

    def _prepared(self, part: Part, digests: dict[str, Digests], blobs: TableBlobs, buffer: RowBuffer) -> _Prepared:
        """Return rows in physical form, with their schema and what has the bytes of their media."""
        first, rows = part
        arrays, columns = [], []
        for name, rule in zip(buffer.names, buffer.rules, strict=True):
            array = rows.column(name)
            found = ingest.declared_or_found(rule.declared, array.type, name)
            arrays.append(ingest.physical(array, found, name, blobs, first_row=first, digests=digests.get(name)))
            columns.append(Column(name, found))
        schema = Schema(tuple(columns))
        return pa.RecordBatch.from_arrays(arrays, schema=schema.arrow()), schema, blobs

    def _parts(self, reader: pa.RecordBatchReader) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield the rows in parts of bounded size, each with the position of its first row."""
        first = self._rows
        for batch in reader:
            for part in _slices(batch):
                yield first, part
                first += part.num_rows

    def _flush(self) -> None:
        buffer = self._buffer
        if buffer is None or not buffer.count:
            return
        blobs = TableBlobs()
        types = list(buffer.types)
        schema = Schema(tuple(map(Column, buffer.names, types)))
        kept, count, first = buffer.values, buffer.count, buffer.first_row
        try:
            arrays = [encode(values, found, blobs) for values, found in zip(buffer.clear(), types, strict=True)]
            self._add(pa.RecordBatch.from_arrays(arrays, schema=schema.arrow()), schema, blobs)
        except TypeMismatchError:
            buffer.restore(kept, count)  # rows are not lost in silence: the next flush, or closing, raises again
            buffer.first_row = first
            raise

    def _add(self, batch: pa.RecordBatch, schema: Schema, blobs: TableBlobs) -> None:
        builder = self._builder_for(schema)
        from wbtable.tables.conform import conform_batch

        want = builder.schema
        whole = batch if schema == want else conform_batch(batch, schema, want, error=TypeMismatchError)
        self._note_extremes(batch, schema)
        builder.add(whole, blobs)

    def _note_extremes(self, batch: pa.RecordBatch, schema: Schema) -> None:
        for i, column in enumerate(schema):
            limit = widest(column.type)
            if limit is None or column.name in self._beyond:
                continue
            found = pc.min_max(batch.column(i).cast(pa.int64()) if column.type.kind != "number" else batch.column(i))
            if max((abs(v) for v in found.as_py().values() if v is not None), default=0) > limit:
                self._beyond.add(column.name)

    def _builder_for(self, schema: Schema) -> TableBuilder:
        """Return a builder whose columns hold the new rows; columns that widen late are written again, wider."""
        before = self._builder
        if before is None:
            return self._follow(TableBuilder(self._target.objects, schema))
        wide = widened(before.schema, schema)
        if wide == before.schema:
            return before
        written = cast("Any", TableReader(self._target.objects, before.finish()))
        again = self._follow(TableBuilder(self._target.objects, before.schema))
        try:
            for column in wide:
                check_rows(written, column.name, column.type, f'column "{column.name}"')
            again = self._follow(TableBuilder(self._target.objects, wide))
        finally:  # what was written stays, also where it cannot become wider
            again.add_source(written)
        return again

    def _follow(self, builder: TableBuilder) -> TableBuilder:
        """Write to this builder from now on; rows must fit its columns."""
        self._builder = builder
        if self._buffer is not None:
            self._buffer.types = [column.type for column in builder.schema]
        return builder

    def close(self) -> None:
        """Write what is left and make the table.

        Raises:
            StorageError: it cannot be written; nothing of its name is left.

        """
        if self._closed:
            return
        try:
            self._flush()
            if self._builder is None:
                names = self._buffer.names if self._buffer is not None else []
                types = self._buffer.types if self._buffer is not None else []
                self._builder = TableBuilder(self._target.objects, Schema(tuple(map(Column, names, types))))
            self._target.create(self._builder.finish())
        except BaseException:
            self.abort()
            raise
        self._closed = True

    def abort(self) -> None:
        """End the writer without a table."""
        self._closed = True
        if self._builder is not None:
            self._builder.abort()

    def _refuse_closed(self) -> None:
        if self._closed:
            msg = "this writer is closed"
            raise UsageError(msg)


def _slices(batch: pa.RecordBatch) -> Iterable[pa.RecordBatch]:
    """Cut a batch so that the bytes of its media fit into memory more than once."""
    rows = max(1, batch.num_rows * _SLICE_BYTES // max(_SLICE_BYTES, batch.nbytes))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


__all__ = ["TableWriter", "manifest_key", "write_table"]
