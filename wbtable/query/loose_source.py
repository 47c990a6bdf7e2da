"""A Parquet file of somebody's as a query reads it, where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wbtable.query.duck_types import has_floats, is_read_exactly, opaque, read_cast, text_literal
from wbtable.query.fragment_source import FragmentSource
from wbtable.query.source import Inputs, Relation, StoredRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.schema import Schema
    from wbtable.format.summary import ColumnSummary
    from wbtable.media.base import BlobReader


class LooseRows(StoredRows, Protocol):
    """What reads such a file; its fragments are its row groups, some together."""

    @property
    def path(self) -> str:
        """The file, without links, and with no character that DuckDB takes for a pattern."""

    @property
    def names(self) -> Sequence[str]:
        """All columns of the file, in its order."""

    @property
    def blobs(self) -> BlobReader:
        """Reads blobs: there are none."""

    @property
    def digest(self) -> str:
        """Names the file as it is now."""


class LooseSource(FragmentSource):
    """The rows of a Parquet file that no manifest describes: nothing is known of its values before they are read."""

    def __init__(self, rows: LooseRows) -> None:
        """Give out the rows that `rows` reads."""
        self.loose = rows
        self.rows = rows
        self.digest = rows.digest
        self.name = rows.digest

    @property
    def schema(self) -> Schema:
        """The columns."""
        return self.loose.schema

    @property
    def num_rows(self) -> int:
        """The number of rows."""
        return self.loose.num_rows

    @property
    def blobs(self) -> BlobReader:
        """Reads blobs: there are none."""
        return self.loose.blobs

    def summaries(self) -> tuple[ColumnSummary, ...] | None:
        """Return None: nothing is known before it is read."""
        return None

    def relation(self, columns: Sequence[str]) -> Relation:
        """Return the rows with some columns."""
        wanted = self.schema.select(columns)
        if not all(is_read_exactly(column.type.arrow()) for column in wanted):
            return self._decoded(range(len(self.rows.fragments)), wanted)
        places = {name: i for i, name in enumerate(self.loose.names)}
        casts = []
        for i, column in enumerate(wanted):
            value = read_cast(f"f.f{places[column.name]}", column.type)
            # NaN may be anywhere: statistics that leave it out must not be believed.
            casts.append(f"{opaque(value, column.type) if has_floats(column.type) else value} AS c{i}")
        names = ", ".join(f"f{i}" for i in range(len(self.loose.names)))
        select = ", ".join([*casts, "CAST(f.file_row_number AS BIGINT) AS pos"])
        file = f"read_parquet([{text_literal(self.loose.path)}], hive_partitioning = false)"
        return Relation(
            sql=f"(SELECT {select} FROM {file} AS f({names}))", inputs=Inputs(files=frozenset({self.loose.path}))
        )
