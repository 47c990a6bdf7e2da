"""Several sources one after another, as a query reads them (spec: 11, PART-n)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from wbtable.format.documents import canonical
from wbtable.format.types import NumberType
from wbtable.query.duck_types import duck_type
from wbtable.query.memory_source import empty_relation, table_relation
from wbtable.query.source import Inputs, Relation, SparseSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from wbtable.format.schema import Schema
    from wbtable.format.summary import ColumnSummary
    from wbtable.format.types import ColumnType
    from wbtable.media.base import BlobReader
    from wbtable.query.source import MemoryRows, Positions, QuerySource


class UnionQuery:
    """The rows of several sources, one source after another; a column that one lacks is null there.

    Attributes:
        name: names the rows in this process.
        digest: names them for good, where all parts have such a name.

    """

    def __init__(self, parts: Sequence[QuerySource], rows: MemoryRows) -> None:
        """Give out `rows`, which stand in `parts`, each in its place."""
        self._parts = tuple(parts)
        self._rows = rows
        digests = [part.digest for part in self._parts]
        names = [digest or part.name for digest, part in zip(digests, self._parts, strict=True)]
        whole = canonical({"union": names, "columns": rows.schema.to_json()})
        self.name = f"union{hashlib.sha256(whole).hexdigest()}"
        self.digest: str | None = self.name if all(digests) else None
        self._starts = np.cumsum([0, *(part.num_rows for part in self._parts)], dtype=np.int64)

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

    @property
    def scans_in_order(self) -> bool:
        """Whether its relation gives rows by position when nothing reorders them."""
        return all(getattr(part, "scans_in_order", False) for part in self._parts)

    def summaries(self) -> tuple[ColumnSummary, ...] | None:
        """Return None: summaries of parts do not add up to those of the whole."""
        return None

    def take(self, positions: Positions, columns: Sequence[str]) -> pa.Table:
        """Return rows by position."""
        return self._rows.take(positions, columns)

    def relation(self, columns: Sequence[str]) -> Relation:
        """Return the rows with some columns."""
        wanted = self.schema.select(columns)
        parts = [self._part(number, wanted) for number, part in enumerate(self._parts) if part.num_rows]
        if not parts:
            return empty_relation(wanted)
        inputs = Inputs.union(part.inputs for part in parts)
        return Relation(sql=f"({' UNION ALL '.join(part.sql for part in parts)})", inputs=inputs)

    def _part(self, number: int, wanted: Schema) -> Relation:
        part = self._parts[number]
        start = int(self._starts[number])
        here = [column for column in wanted if column.name in part.schema]
        if isinstance(part, SparseSource) or not all(castable(part.schema[c.name], c.type) for c in here):
            # Python widens as the specification says, where no cast of the engine does.
            rows = np.arange(start, start + part.num_rows, dtype=np.int64)
            table = self._rows.take(rows, wanted.names)
            found = table_relation(table, wanted, name=self.name, positions=rows)
            return Relation(sql=found.sql[1:-1], inputs=found.inputs)
        relation = part.relation([column.name for column in here])
        places = {column.name: i for i, column in enumerate(here)}
        casts = []
        for i, column in enumerate(wanted):
            value = f"u.c{places[column.name]}" if column.name in places else "NULL"
            casts.append(f"CAST({value} AS {duck_type(column.type)}) AS c{i}")
        select = ", ".join([*casts, f"u.pos + {start} AS pos"])
        return Relation(sql=f"SELECT {select} FROM {relation.sql} AS u", inputs=relation.inputs)


def castable(have: ColumnType, want: ColumnType) -> bool:
    """Whether the engine's cast of a column is exact, and is the widening that the specification has (TYPE-9)."""
    if have == want:
        return True
    if not (isinstance(have, NumberType) and isinstance(want, NumberType)):
        return False
    if have.is_float or not want.is_float:
        return True
    return int(have.dtype.removeprefix("u").removeprefix("int")) < 64
