"""Reading the rows of a stored table (spec: 05-tables, 07-fragments)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.table_manifest import TableManifest, read_page
from wbtable.tables.fragments import Fragments, OpenFragment
from wbtable.tables.prefetch import ahead
from wbtable.tables.prune import may_match
from wbtable.tables.source import Indices, empty_columns
from wbtable.tables.take import take_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow.compute as pc

    from wbtable.format.fragment import Fragment
    from wbtable.format.schema import Schema
    from wbtable.query.source import QuerySource
    from wbtable.storage.objects import ObjectStore

_UNIT_ROWS = 1 << 17
_UNIT_BYTES = 64 << 20

Unit = tuple[int, list[int]]
"""A fragment's number, and row groups of it that are decoded together."""


class TableReader:
    """The rows of a stored table, each fragment checked before it is decoded.

    Safe to use from several threads. Nothing but the manifest's pages is read before rows are asked for.

    Attributes:
        objects: where fragments and blobs are.
        manifest: the table's root document.

    """

    def __init__(self, objects: ObjectStore, manifest: TableManifest) -> None:
        """Read the table that `manifest` describes from `objects`."""
        self.objects = objects
        self.manifest = manifest
        self._files = Fragments(objects)
        self._query: QuerySource | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Read the table anew where it is unpickled: what was opened stays in its process."""
        return TableReader, (self.objects, self.manifest)

    @property
    def schema(self) -> Schema:
        """The columns; their types are the manifest's, whatever a fragment's Parquet says."""
        return self.manifest.schema

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self.manifest.rows

    @property
    def blobs(self) -> ObjectStore:
        """Reads the blobs of media cells."""
        return self.objects

    def query_source(self) -> QuerySource:
        """Return the rows for a query; one source for all, which keeps what it read of the manifest."""
        if self._query is None:
            from wbtable.query.fragment_source import FragmentSource

            self._query = FragmentSource(self, self.manifest)
        return self._query

    @cached_property
    def fragments(self) -> tuple[Fragment, ...]:
        """All fragments, oldest first.

        Raises:
            FormatError: a page of the list is damaged.

        """
        pages: list[Fragment] = []
        places = [f"pages[{i}]" for i in range(len(self.manifest.pages))]
        for place, entry, document in zip(
            places,
            self.manifest.pages,
            ahead(lambda entry: self.objects.get_document(entry.page), self.manifest.pages, depth=8),
            strict=True,
        ):
            pages.extend(read_page(document, entry, place, len(self.schema)))
        return (*pages, *self.manifest.tail)

    @cached_property
    def starts(self) -> Indices:
        """The position of each fragment's first row, and the number of rows."""
        return np.cumsum([0, *(fragment.rows for fragment in self.fragments)], dtype=np.int64)

    def opened(self, number: int) -> OpenFragment:
        """Return a fragment, opened and checked.

        Raises:
            NotFoundError: it is missing.
            FormatError: it is damaged.

        """
        return self._opened_many([number])[0]

    def _opened_many(self, numbers: Sequence[int]) -> list[OpenFragment]:
        wanted = []
        for number in numbers:
            fragment = self.fragments[number]
            key = self.objects.key(fragment.file.digest, fragment.file.media_type)
            wanted.append((fragment, f"fragments[{number}], {key} in {self.objects.backend.url}"))
        opened = self._files.open_many(wanted)
        for found in opened:
            names = self._names[: len(found.fragment.columns)]
            if found.columns != names:
                # They are read by name: one that is called otherwise would be taken for one that was added later.
                msg = f"expected the columns {list(names)!r:.200}, found {list(found.columns)!r:.200}"
                raise FormatError(msg, place=found.place)
        return opened

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self.schema.names)

    def arrow_schema(self, number: int) -> pa.Schema:
        """Return what Parquet says of a fragment's columns, once the fragment has been checked.

        Raises:
            NotFoundError: it is missing.
            FormatError: it is damaged.

        """
        return self.opened(number).schema

    def read_fragment(self, number: int, columns: Sequence[str]) -> pa.Table:
        """Return some columns of one fragment in physical form.

        Raises:
            FormatError: it is damaged.

        """
        opened = self.opened(number)
        return opened.read(range(len(opened.starts) - 1), self.schema.select(columns))

    def read_all(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return all rows in physical form; fragments are checked and decoded side by side.

        Raises:
            FormatError: a fragment is damaged.

        """
        wanted = self.schema.select(columns)
        if not len(wanted):
            return pa.Table.from_batches(empty_columns(self.num_rows, max(1, self.num_rows)), schema=pa.schema([]))

        def read(number: int) -> pa.Table:
            opened = self.opened(number)
            return opened.read(range(len(opened.starts) - 1), wanted)

        tables = list(ahead(read, range(len(self.fragments))))
        return pa.concat_tables(tables) if tables else wanted.arrow().empty_table()

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order; the next row groups are read while the caller handles these."""
        yield from self._stream(self.schema.select(columns), batch_size, range(len(self.fragments)))

    def pruned_batches(
        self, columns: Sequence[str] | None, batch_size: int, condition: pc.Expression
    ) -> Iterator[pa.RecordBatch]:
        """Yield rows in order, leaving out fragments in which, by their least and greatest values, none can match."""
        kept = [number for number, fragment in enumerate(self.fragments) if may_match(condition, self.schema, fragment)]
        yield from self._stream(self.schema.select(columns), batch_size, kept)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order; only the row groups and columns that hold them are read."""
        fetch = self.objects.backend.get_ranges
        return take_rows(self.starts, self._opened_many, fetch, indices, self.schema.select(columns))

    def _stream(self, wanted: Schema, batch_size: int, numbers: Sequence[int]) -> Iterator[pa.RecordBatch]:
        if not len(wanted):
            yield from empty_columns(sum(self.fragments[number].rows for number in numbers), batch_size)
            return
        for table in ahead(lambda unit: self.opened(unit[0]).read(unit[1], wanted), self._units(numbers)):
            yield from table.to_batches(max_chunksize=batch_size)

    def _units(self, numbers: Sequence[int]) -> Iterator[Unit]:
        """Yield row groups in order, several at a time where they are small."""
        for number, opened in zip(numbers, ahead(self.opened, numbers), strict=True):
            unit: list[int] = []
            rows = size = 0
            for group in range(len(opened.starts) - 1):
                found = opened.metadata.row_group(group)
                unit.append(group)
                rows, size = rows + found.num_rows, size + found.total_byte_size
                if rows >= _UNIT_ROWS or size >= _UNIT_BYTES:
                    yield number, unit
                    unit, rows, size = [], 0, 0
            if unit:
                yield number, unit
