"""Parquet files of somebody's, read where they lie: nothing is copied, so the largest opens as quickly as any."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from wbtable.errors import FormatError, UnsupportedError, WbtableError
from wbtable.format.digest import FRAGMENT, Descriptor, Digest
from wbtable.format.fragment import Fragment
from wbtable.format.schema import Column, Schema
from wbtable.format.types import NdarrayType
from wbtable.query.fragment_source import castable
from wbtable.query.loose_source import LooseSource
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.tables.blobs import NoBlobs
from wbtable.tables.coerce import from_arrow_type
from wbtable.tables.conform import to_physical
from wbtable.tables.ingest import needs_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.media.base import BlobReader
    from wbtable.query.source import QuerySource
    from wbtable.tables.source import Indices

_TOGETHER: Final = 1 << 20
"""Rows of row groups that are decoded together."""
_PATTERNS: Final = frozenset("*?[]{}$'\\")
_NOBODY: Final = "0" * 32


class ParquetSource:
    """The rows of a local Parquet file.

    Attributes:
        path: the file, without links.
        names: all its columns.
        schema: the same, with their logical types.
        digest: names the file as it is now: by its place, size, time of change and footer.
        fragments: its row groups, some together.
        starts: the first row of each, and the number of rows.
        blobs: reads blobs: there are none.

    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Read the footer.

        Raises:
            FormatError: it is no Parquet file, or damaged.
            UnsupportedError: it has columns that must be converted first; read it as a table.

        """
        self.path = os.path.realpath(path)
        try:
            self._file = pa.memory_map(self.path)
            self._metadata = pq.read_metadata(self._file)
            self._arrow = self._metadata.schema.to_arrow_schema()
        except (pa.ArrowException, OSError) as error:
            raise FormatError(f"expected a Parquet file: {error}", place=self.path) from None
        self.names: Sequence[str] = self._arrow.names
        if _PATTERNS.intersection(self.path):
            raise UnsupportedError("the file's path holds characters that stand for patterns", place=self.path)
        if len(set(self.names)) != len(self.names) or not self.names:
            raise UnsupportedError("expected columns of different names", place=self.path)
        self.schema = Schema(tuple(_column(field, self.path) for field in self._arrow))
        self.blobs: BlobReader = NoBlobs()
        self.digest = str(Digest(self._name()))
        self._groups, self.fragments, self.starts = self._together()

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return int(self._metadata.num_rows)

    @property
    def objects(self) -> ObjectStore:
        """A place that is never asked: the file is read itself."""
        return ObjectStore(open_backend(str(Path(self.path).parent)))

    def query_source(self) -> QuerySource:
        """Return the rows for a query, which scans the file."""
        return LooseSource(self)

    def arrow_schema(self, number: int) -> pa.Schema:
        """Return what Parquet says of the columns."""
        return self._arrow

    def read_fragment(self, number: int, columns: Sequence[str]) -> pa.Table:
        """Return some columns of some row groups in physical form."""
        return self._read(self._groups[number], self.schema.select(columns))

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order."""
        wanted = self.schema.select(columns)
        for groups in self._groups:
            yield from self._read(groups, wanted).to_batches(max_chunksize=batch_size)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order; only the row groups that hold them are read."""
        wanted = self.schema.select(columns)
        counts = [self._metadata.row_group(group).num_rows for group in range(self._metadata.num_row_groups)]
        starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        held = np.searchsorted(starts, indices, side="right") - 1
        order = np.argsort(held, kind="stable")
        parts = []
        for group in np.unique(held).tolist():
            local = indices[order][held[order] == group] - starts[group]
            first, last = int(local.min()), int(local.max())
            part = self._read([group], wanted, first, last + 1)
            parts.append(part.take(pa.array(local - first)))
        if not parts:
            return wanted.arrow().empty_table()
        back = np.empty(len(order), dtype=np.int64)
        back[order] = np.arange(len(order), dtype=np.int64)
        found: pa.Table = pa.concat_tables(parts).take(pa.array(back))
        return found

    def _name(self) -> str:
        info = Path(self.path).stat()
        known = hashlib.sha256(
            f"{self.path}\0{info.st_size}\0{info.st_mtime_ns}\0{info.st_ino}\0".encode("utf-8", "replace")
        )
        tail = self._file.size() - min(self._file.size(), self._metadata.serialized_size + 8)
        self._file.seek(tail)
        known.update(self._file.read())
        return known.hexdigest()

    def _together(self) -> tuple[list[list[int]], tuple[Fragment, ...], Indices]:
        groups: list[list[int]] = []
        counts: list[int] = []
        for group in range(self._metadata.num_row_groups):
            rows = self._metadata.row_group(group).num_rows
            if not rows:
                continue
            if counts and counts[-1] + rows <= _TOGETHER:
                groups[-1].append(group)
                counts[-1] += rows
            else:
                groups.append([group])
                counts.append(rows)
        fragments = []
        for number, rows in enumerate(counts):
            name = hashlib.sha256(f"{self.digest}\0{number}\0{_TOGETHER}".encode()).hexdigest()
            file = Descriptor(media_type=FRAGMENT, digest=Digest(name), size=self._file.size())
            made = Fragment(file=file, rows=rows, xxh3=_NOBODY, footer_length=1, footer_xxh3=_NOBODY, columns=())
            fragments.append(made)
        return groups, tuple(fragments), np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int64)

    def _read(self, groups: Sequence[int], wanted: Schema, first: int = 0, end: int | None = None) -> pa.Table:
        try:
            # A reader is cheap once the footer is known, and not safe to share between threads.
            file = pq.ParquetFile(pa.memory_map(self.path), metadata=self._metadata)
            table = file.read_row_groups(list(groups), columns=list(wanted.names)).select(wanted.names)
            table = table.slice(first, None if end is None else end - first)
            arrays = [
                _physical(table.column(i), field.type, f'{self.path}, column "{field.name}"')
                for i, field in enumerate(wanted.arrow())
            ]
        except WbtableError:
            raise
        except (pa.ArrowException, OSError, ValueError, EOFError) as error:
            raise FormatError(f"the bytes are damaged: {error}", place=self.path) from None
        return pa.Table.from_arrays(arrays, schema=wanted.arrow())


def _physical(column: pa.ChunkedArray, target: pa.DataType, place: str) -> pa.ChunkedArray:
    if column.type.equals(target):
        return column
    return pa.chunked_array(
        [to_physical(chunk, target, place=place, error=FormatError) for chunk in column.chunks], target
    )


def _column(field: pa.Field, place: str) -> Column:
    found = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    try:
        column = Column(name=field.name, type=from_arrow_type(found))
    except WbtableError as error:
        raise UnsupportedError(str(error), place=place) from None
    odd = isinstance(found, pa.BaseExtensionType) or isinstance(column.type, NdarrayType) or needs_python(column.type)
    if odd or not castable(found, column):
        raise UnsupportedError(f"columns of type {found} are converted first", place=f'{place}, column "{field.name}"')
    return column
