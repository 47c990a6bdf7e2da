"""Rows with columns of one value, as a query reads them: the engine skips whole tables by them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from wbtable.errors import UsageError
from wbtable.format.documents import canonical
from wbtable.query.duck_types import duck_type, text_literal
from wbtable.query.source import Relation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from wbtable.format.schema import Schema
    from wbtable.format.summary import ColumnSummary
    from wbtable.media.base import BlobReader
    from wbtable.query.source import MemoryRows, Positions, QuerySource


class LabelledQuery:
    """The rows of another source behind columns of one value each.

    Attributes:
        name: names the rows in this process.
        digest: names them for good, where the other source has such a name.

    """

    def __init__(
        self, source: QuerySource, rows: MemoryRows, values: Mapping[str, object], names: Mapping[str, str]
    ) -> None:
        """Give out `rows`: those of `source` with `values`, which are text, integers or null.

        `names` says what the columns are called in `source`.
        """
        self._inner = source
        self._rows = rows
        self._values = dict(values)
        self._names = names
        said = {"labels": [[k, v] for k, v in values.items()], "of": source.digest or source.name}
        called = [[here, there] for here, there in names.items() if here != there]
        whole = canonical({**said, "called": called} if called else said)
        self.name = f"labelled{hashlib.sha256(whole).hexdigest()}"
        self.digest: str | None = self.name if source.digest else None

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
        return bool(getattr(self._inner, "scans_in_order", False))

    def summaries(self) -> tuple[ColumnSummary, ...] | None:
        """Return None: there are none for the labels."""
        return None

    def take(self, positions: Positions, columns: Sequence[str]) -> pa.Table:
        """Return rows by position."""
        return self._rows.take(positions, columns)

    def relation(self, columns: Sequence[str]) -> Relation:
        """Return the rows with some columns."""
        wanted = self.schema.select(columns)
        inner = [self._names[name] for name in wanted.names if name not in self._values]
        relation = self._inner.relation(inner)
        at = {name: i for i, name in enumerate(inner)}
        selected = []
        for i, column in enumerate(wanted):
            if column.name in self._values:
                selected.append(f"CAST({_literal(self._values[column.name])} AS {duck_type(column.type)}) AS c{i}")
            else:
                selected.append(f"l.c{at[self._names[column.name]]} AS c{i}")
        selected.append("l.pos AS pos")
        return Relation(sql=f"(SELECT {', '.join(selected)} FROM {relation.sql} AS l)", inputs=relation.inputs)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        if "\0" in value:
            raise UsageError(f"expected a label without NUL, found {value!r:.80}")
        return text_literal(value)
    assert isinstance(value, int)
    return str(value)
