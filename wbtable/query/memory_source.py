"""Tables in memory, and rows that are read through Python, as a query reads them (spec: 16-views)."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wbtable.query.duck_types import memory_column, memory_columns
from wbtable.query.source import Inputs, Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wbtable.format.schema import Schema
    from wbtable.format.summary import ColumnSummary
    from wbtable.media.base import BlobReader
    from wbtable.query.source import MemoryRows, Positions

_NUMBERS = itertools.count()


class ArrowSource:
    """The rows of a table in memory.

    Attributes:
        name: names the rows in this process.
        digest: None: rows in memory have no name beyond this process.
        scans_in_order: its relation gives rows by position when nothing reorders them.

    """

    digest: str | None = None
    scans_in_order = True

    def __init__(self, rows: MemoryRows, read: Callable[[Sequence[str]], pa.Table]) -> None:
        """Give out `rows`; `read` returns all rows of some columns in physical form, without copying if it can."""
        self.name = f"memory{next(_NUMBERS)}"
        self._rows = rows
        self._read = read

    @property
    def schema(self) -> Schema:
        """The columns."""
        return self._rows.schema

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self._rows.num_rows

    @property
    def blobs(self) -> BlobReader:
        """Reads the blobs of media cells."""
        return self._rows.blobs

    def relation(self, columns: Sequence[str]) -> Relation:
        """Return the rows with some columns."""
        wanted = self.schema.select(columns)
        return table_relation(self._read(columns), wanted, name=self.name)

    def take(self, positions: Positions, columns: Sequence[str]) -> pa.Table:
        """Return rows by position."""
        return self._rows.take(positions, columns)

    def summaries(self) -> tuple[ColumnSummary, ...] | None:
        """Return None: nothing is known before it is read."""
        return None


def table_relation(table: pa.Table, schema: Schema, *, name: str, positions: Positions | None = None) -> Relation:
    """Return the relation of rows in physical form that are in memory.

    Args:
        table: the rows.
        schema: their columns.
        name: how what the SQL calls them begins; made here, never from outside. A number follows: one query may read
            the same rows twice.
        positions: the position of each row; from 0 on if None.

    """
    rows = np.arange(table.num_rows, dtype=np.int64) if positions is None else positions
    name = f"{name}_{next(_NUMBERS)}"
    columns = [*memory_columns(table, schema), pa.chunked_array([pa.array(rows)])]
    names = [*(f"c{i}" for i in range(len(schema))), "pos"]
    inputs = Inputs(tables={name: pa.Table.from_arrays(columns, names=names)})
    taken = [memory_column(f"m.c{i}", column.type) for i, column in enumerate(schema)]
    selected = ", ".join(text if text == f"m.c{i}" else f"{text} AS c{i}" for i, text in enumerate(taken))
    return Relation(sql=f"(SELECT {selected}{', ' if taken else ''}m.pos FROM {name} AS m)", inputs=inputs)


def empty_relation(schema: Schema) -> Relation:
    """Return the relation of no rows: each has a name of its own, for a query may be over several."""
    return table_relation(schema.arrow().empty_table(), schema, name=f"no_rows{next(_NUMBERS)}")
