"""Rows with further columns that have one value in all of them: which table, run or step they are from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from wbtable.errors import UsageError
from wbtable.format.schema import Column, Schema
from wbtable.tables.source import empty_columns, to_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wbtable.format.types import ColumnType
    from wbtable.media.base import BlobReader
    from wbtable.query.source import QuerySource
    from wbtable.tables.source import Indices, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A column of one value.

    Attributes:
        name: its name.
        type: its type.
        value: the value, as Arrow has it; None for null.

    """

    name: str
    type: ColumnType
    value: Any


class LabelledSource:
    """The rows of another source behind columns of one value each.

    Attributes:
        schema: the labels, then the columns of the other source, some under other names.
        source: the other source.
        labels: the columns of one value.

    """

    def __init__(self, source: Source, labels: Sequence[Label], renamed: Mapping[str, str] | None = None) -> None:
        """Put labels before the rows of `source`.

        Args:
            source: the rows.
            labels: the columns of one value.
            renamed: what columns of `source` are called here, by their names there.

        Raises:
            UsageError: it has a column of that name.

        """
        self.source = source
        self.labels = tuple(labels)
        called = renamed or {}
        self._inner = {called.get(name, name): name for name in source.schema.names}
        for label in self.labels:
            if label.name in self._inner:
                msg = f"a table has a column {label.name!r}, which says here where a row is from: rename that column"
                raise UsageError(msg)
        own = tuple(Column(label.name, label.type) for label in self.labels)
        inner = (Column(name, source.schema[there]) for name, there in self._inner.items())
        self.schema = Schema((*own, *inner))

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self.source.num_rows

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs of media cells."""
        return self.source.blobs

    def batches(self, columns: Sequence[str] | None = None, batch_size: int = 65536) -> Iterator[pa.RecordBatch]:
        """Yield all rows in order."""
        wanted = self.schema.select(columns)
        inner = [self._inner[name] for name in wanted.names if name in self._inner]
        found = self.source.batches(inner, batch_size) if inner else empty_columns(self.num_rows, batch_size)
        for batch in found:
            arrays = self._arrays(batch, batch.num_rows, wanted)
            if arrays:
                yield pa.RecordBatch.from_arrays(arrays, schema=wanted.arrow())
            else:
                yield batch

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        wanted = self.schema.select(columns)
        inner = [self._inner[name] for name in wanted.names if name in self._inner]
        found = self.source.take(indices, inner)
        arrays = self._arrays(found, len(indices), wanted)
        return pa.Table.from_arrays(arrays, schema=wanted.arrow()) if arrays else found

    def _arrays(self, found: Any, rows: int, wanted: Schema) -> list[Any]:
        labels = {label.name: label for label in self.labels}
        out = []
        for column in wanted:
            label = labels.get(column.name)
            if label is None:
                out.append(found.column(found.schema.get_field_index(self._inner[column.name])))
            else:
                out.append(pa.repeat(pa.scalar(label.value, column.type.arrow()), rows))
        return out

    def query_source(self) -> QuerySource:
        """Return the rows as a query reads them."""
        from wbtable.query.labelled import LabelledQuery
        from wbtable.query.memory_source import ArrowSource
        from wbtable.query.source import SparseSource
        from wbtable.tables.query_source import query_source

        inner = query_source(self.source)
        if isinstance(inner, SparseSource):  # its positions name rows, and do not count them
            return ArrowSource(self, lambda columns: to_table(self, columns))
        return LabelledQuery(inner, self, {label.name: label.value for label in self.labels}, self._inner)
