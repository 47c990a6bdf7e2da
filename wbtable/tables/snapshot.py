"""A table as it was at one moment: what a draft or a writer takes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from wbtable.format.schema import Schema
    from wbtable.media.base import BlobReader
    from wbtable.tables.keys import ForeignKeyTo
    from wbtable.tables.source import Indices, Source

LogMode = Literal["IMMUTABLE", "MUTABLE", "INCREMENTAL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSnapshot:
    """A table as it was at one moment; it reads like a source.

    Attributes:
        source: its rows.
        log_mode: how logging it again behaves.
        primary_key: the column that names rows, or None.
        foreign_keys: columns that name rows of other tables.
        links: for columns of row links, the table linked to.

    """

    source: Source
    log_mode: LogMode = "IMMUTABLE"
    primary_key: str | None = None
    foreign_keys: tuple[ForeignKeyTo, ...] = ()
    links: tuple[tuple[str, Any], ...] = ()

    @property
    def schema(self) -> Schema:
        """The columns."""
        return self.source.schema

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
        return self.source.batches(columns, batch_size)

    def take(self, indices: Indices, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows at `indices`, in that order."""
        return self.source.take(indices, columns)
