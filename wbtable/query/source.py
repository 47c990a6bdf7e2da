"""What a query reads: rows that DuckDB scans and that can be taken by position (spec: 16-views, VIEW-1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from wbtable.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from wbtable.format.fragment import Fragment
    from wbtable.format.schema import Schema
    from wbtable.format.summary import ColumnSummary
    from wbtable.media.base import BlobReader
    from wbtable.storage.objects import ObjectStore

Positions = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Row positions, each from 0 to the number of rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeFile:
    """A fragment that is read by ranges, under a name of its own in our file system.

    Attributes:
        objects: where its bytes are.
        fragment: what the manifest says of it; its footer is checked when it is opened (FRAG-7).

    """

    objects: ObjectStore
    fragment: Fragment


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """Everything that the SQL of a relation names, and nothing else.

    Attributes:
        files: paths of local fragments that were checked; exactly these are allowed to be opened.
        ranges: fragments of other places, by the path that the SQL has for each.
        tables: Arrow tables by the name that the SQL has for each.
        masks: reads the masks whose pixels the SQL counts; None if it counts none.

    """

    files: frozenset[str] = frozenset()
    ranges: Mapping[str, RangeFile] = field(default_factory=dict)
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    masks: BlobReader | None = None

    @classmethod
    def union(cls, several: Iterable[Inputs]) -> Inputs:
        """Return the inputs of a query over several relations."""
        files: frozenset[str] = frozenset()
        ranges: dict[str, RangeFile] = {}
        tables: dict[str, pa.Table] = {}
        for one in several:
            files |= one.files
            ranges.update(one.ranges)
            for name, table in one.tables.items():
                if tables.setdefault(name, table) is not table:
                    msg = f"two different tables are called {name!r} in one query"
                    raise UsageError(msg)
        return cls(files=files, ranges=ranges, tables=tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Rows as DuckDB sees them.

    Attributes:
        sql: a SELECT in parentheses whose columns are ``c0``, ``c1``, … in the order asked, each of the type that
            `wbtable.query.duck_types.duck_type` gives, and last ``pos``, the row's position (BIGINT). It has no
            parameter, and names files and tables of `inputs` only.
        inputs: what it reads.

    """

    sql: str
    inputs: Inputs


class QuerySource(Protocol):
    """The rows of one table, stored or in memory, or made of others; immutable, for several threads."""

    @property
    def name(self) -> str:
        """Names the rows in this process, for what is kept about them."""

    @property
    def schema(self) -> Schema:
        """The columns and their logical types."""

    @property
    def num_rows(self) -> int:
        """The number of rows."""

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs of media cells."""

    @property
    def digest(self) -> str | None:
        """Names these rows for good, so that what was computed of them may be kept on disk; None: nothing does."""

    def relation(self, columns: Sequence[str]) -> Relation:
        """Return the rows with some columns, in the order asked.

        Raises:
            NotFoundError: there is no such column, or a fragment is missing.
            FormatError: a fragment is damaged, or its values do not fit the table's types.

        """

    def take(self, positions: Positions, columns: Sequence[str]) -> pa.Table:
        """Return rows by position in physical form, in the order asked, duplicates included."""

    def summaries(self) -> tuple[ColumnSummary, ...] | None:
        """Return what is known of each column without reading it; None if nothing is."""


class StoredRows(Protocol):
    """A stored table that can be read, as `wbtable.tables.reader` does it; handed down to this floor."""

    @property
    def objects(self) -> ObjectStore:
        """Where the fragments are."""

    @property
    def schema(self) -> Schema:
        """The columns."""

    @property
    def num_rows(self) -> int:
        """The number of rows."""

    @property
    def fragments(self) -> tuple[Fragment, ...]:
        """All fragments, oldest first."""

    @property
    def starts(self) -> Positions:
        """The position of each fragment's first row, and the number of rows."""

    def arrow_schema(self, number: int) -> pa.Schema:
        """Return what Parquet says of a fragment's columns; the fragment has been checked (FRAG-7)."""

    def read_fragment(self, number: int, columns: Sequence[str]) -> pa.Table:
        """Return some columns of one fragment in the manifest's physical types."""

    def take(self, indices: Positions, columns: Sequence[str] | None = None) -> pa.Table:
        """Return rows by position in physical form."""


class MemoryRows(Protocol):
    """Rows of a table in memory, or read through something else, as `wbtable.tables.source` has it."""

    @property
    def schema(self) -> Schema:
        """The columns."""

    @property
    def num_rows(self) -> int:
        """The number of rows."""

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs of media cells."""

    def take(self, indices: Positions, columns: Sequence[str] | None = None) -> pa.Table:
        """Return rows by position in physical form."""


@runtime_checkable
class Queryable(Protocol):
    """What gives a query its rows: tables, joined tables, comparisons."""

    def query_source(self) -> QuerySource:
        """Return the rows as they are now."""


@runtime_checkable
class SparseSource(Protocol):
    """A source whose ``pos`` names rows and orders them, but does not count them: a join.

    What `QuerySource.take` gets are such names, too.
    """

    def row_ids(self, rows: Positions) -> Positions:
        """Return the ``pos`` of rows, which are counted from 0 on; they ascend with them."""

    def row_numbers(self, ids: Positions) -> Positions:
        """Return the rows, counted from 0 on, of which ``pos`` is known."""


@runtime_checkable
class SidedSource(Protocol):
    """A source that puts the rows of several others beside each other: a join, a comparison.

    Column ``x`` of side n is the column ``n.x`` of the source; the key has no side.
    """

    @property
    def sides(self) -> tuple[Schema, ...]:
        """The columns of each side but for its keys, under their own names."""

    @property
    def key(self) -> tuple[str, ...]:
        """The names of the keys."""
