"""Rows that were moved from memory to a temporary file, and are read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from wbtable.storage.os_errors import explained
from wbtable.tables.source import ArrowSource, empty_columns, take_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from wbtable.format.schema import Schema
    from wbtable.media.base import BlobReader
    from wbtable.storage.temporary import TemporaryFolder
    from wbtable.tables.source import Indices

_BATCH_ROWS: Final = 1 << 14


class SpilledSource:
    """Rows in an Arrow file of this process's own.

    The file is open while it is read only: pages of one that stayed mapped would count as this process's memory for as
    long as the table lives.

    Attributes:
        schema: the columns.
        blobs: reads the blobs of media cells.
        num_rows: the number of rows.

    """

    def __init__(self, path: Path, folder: TemporaryFolder, schema: Schema, num_rows: int, blobs: BlobReader) -> None:
        """Give out the rows of a file that `spill` wrote; its folder is there as long as this is."""
        self.schema = schema
        self.blobs = blobs
        self.num_rows = num_rows
        self._path = path
        self._folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        """Give the rows away: the file is this process's own."""
        return ArrowSource, (self.read_all(), self.schema, self.blobs)

    @classmethod
    def spill(cls, source: ArrowSource, path: Path, folder: TemporaryFolder) -> SpilledSource:
        """Write rows to a file.

        Raises:
            StorageError: it cannot be written.

        """
        with explained(f"write rows to {path}"), pa.ipc.new_file(path, source.table.schema) as sink:
            sink.write_table(source.table, max_chunksize=_BATCH_ROWS)
        return cls(path, folder, source.schema, source.num_rows, source.blobs)

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order."""
        if not (self.schema.names if columns is None else columns):
            yield from empty_columns(self.num_rows, batch_size)
            return
        with pa.OSFile(str(self._path)) as file:
            reader, order = self._reader(file, columns)
            for at in range(reader.num_record_batches):
                batch = reader.get_batch(at).select(order)
                for start in range(0, batch.num_rows, batch_size):
                    yield batch.slice(start, batch_size)

    def read_all(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows."""
        return pa.Table.from_batches(self.batches(columns), schema=self.schema.select(columns).arrow())

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        with pa.memory_map(str(self._path)) as file:
            reader, order = self._reader(file, columns)
            # What is taken is copied: nothing of it lies in the file.
            return take_table(reader.read_all().select(order), indices)

    def _reader(self, file: pa.NativeFile, columns: Sequence[str] | None) -> tuple[pa.RecordBatchFileReader, list[int]]:
        """Return what reads some columns, and in which order it has them."""
        wanted = list(range(len(self.schema))) if columns is None else [self.schema.index(name) for name in columns]
        read = sorted(set(wanted))
        options = pa.ipc.IpcReadOptions(included_fields=read)
        places = {at: i for i, at in enumerate(read)}
        return pa.ipc.open_file(file, options=options), [places[at] for at in wanted]
