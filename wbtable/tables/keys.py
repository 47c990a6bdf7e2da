"""Keys and links between tables (spec: 05-tables, TABLE-8, LINK-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.types import LinkType, unify

if TYPE_CHECKING:
    from wbtable.format.schema import Schema
    from wbtable.format.types import ColumnType
    from wbtable.tables.source import Source


class RowLink(int):
    """A row's position that knows its table: a number, and in a cell of another table a link to the row.

    Attributes:
        table: the table that the row is in.

    """

    table: Any

    def __new__(cls, table: object, index: int) -> Self:
        """Name the row at `index` of `table`."""
        link = super().__new__(cls, index)
        link.table = table
        return link

    def __reduce__(self) -> tuple[Any, ...]:
        """Go with its table."""
        return RowLink, (self.table, int(self))

    def as_link(self) -> tuple[ColumnType, RowLink]:
        """Return the logical type and plain form of a cell with this link."""
        return LinkType(), self


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKeyTo:
    """A column whose values are keys of another table.

    Attributes:
        column: the column of this table.
        table: the other table, or its path in the same artifact.
        table_column: the column of the other table.
        is_stored: whether it was read with its table, which may go where the other one is not.

    """

    column: str
    table: Any
    table_column: str
    is_stored: bool = False

    @classmethod
    def of(cls, schema: Schema, column: str, table: object, table_column: str) -> Self:
        """Check and make a foreign key.

        Raises:
            NotFoundError: a column is missing.
            UsageError: `table` is no table, or the types cannot be equal.

        """
        mine = schema[column]
        other = getattr(table, "schema", None)
        if isinstance(table, str):
            return cls(column=column, table=table, table_column=table_column)
        if other is None:
            msg = f"expected a table or its path, found {type(table).__name__}"
            raise UsageError(msg)
        try:
            unify(mine, other[table_column])
        except TypeMismatchError as error:
            msg = f'the key column "{table_column}" holds other values: {error}'
            raise UsageError(msg, place=f'column "{column}"') from None
        return cls(column=column, table=table, table_column=table_column)


def check_primary_key(source: Source, column: str) -> None:
    """Accept a column whose values name rows.

    Raises:
        NotFoundError: there is no such column.
        UsageError: values repeat or are missing, or cannot be compared; the message names the row.

    """
    kind = source.schema[column]
    arrow = kind.arrow()
    if pa.types.is_nested(arrow):
        msg = f"expected values that can be compared, found {kind}"
        raise UsageError(msg, place=f'column "{column}"')
    chunks = [batch.column(0) for batch in source.batches([column])]
    values = pa.chunked_array(chunks, arrow)
    if values.null_count:
        row = pc.index(pc.is_null(values), True).as_py()
        msg = "expected a value in every row of a primary key"
        raise UsageError(msg, place=f'column "{column}", row {row}')
    if len(values) and pc.count_distinct(values).as_py() != len(values):
        counts = pc.value_counts(values)
        repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")[0]
        msg = f"expected each value of a primary key once, found {repeated.as_py()!r:.80} more often"
        raise UsageError(msg, place=f'column "{column}"')
