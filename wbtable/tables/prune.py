"""Which fragments a filter cannot match, told from their least and greatest values (spec: 05-tables, TABLE-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import UsageError
from wbtable.format.extremes import sample_type, summary_kind
from wbtable.format.value_text import from_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.fragment import ColumnChunk, Fragment
    from wbtable.format.schema import Schema
    from wbtable.format.types import ColumnType

_MAYBE_CUT = 61
"""Texts of so many bytes may have been cut to 64; they bound nothing from above."""


def may_match(condition: pc.Expression, schema: Schema, fragment: Fragment) -> bool:
    """Whether some row of a fragment may fulfil `condition`; False only if none can."""
    known: pc.Expression | None = None
    for column, chunk in zip(schema, fragment.columns, strict=False):
        bounds = _bounds(column.name, column.type, chunk, fragment.rows)
        if bounds is not None:
            known = bounds if known is None else known & bounds
    if known is None:
        return True
    # Arrow's own simplifier decides; the file is never opened. Importing it imports pandas, which takes a second.
    import pyarrow.dataset as ds
    from pyarrow.fs import LocalFileSystem

    file_format = ds.ParquetFileFormat()
    files = LocalFileSystem()
    piece = file_format.make_fragment("fragment.parquet", files, partition_expression=known)
    dataset = ds.FileSystemDataset([piece], schema.arrow(), file_format, files)
    return any(True for _ in dataset.get_fragments(condition))


def _bounds(name: str, column_type: ColumnType, chunk: ColumnChunk, rows: int) -> pc.Expression | None:
    """Return what is known of a column, as an expression; floats are left out, as NaN has no place in an order."""
    field = pc.field(name)
    if chunk.nulls == rows:
        return field.is_null()
    least = _scalar(column_type, chunk.least)
    greatest = _scalar(column_type, chunk.greatest)
    if summary_kind(column_type) == "string" and chunk.greatest and len(chunk.greatest.encode()) >= _MAYBE_CUT:
        greatest = None
    known: pc.Expression | None = None
    for part in (
        None if least is None else field >= least,
        None if greatest is None else field <= greatest,
    ):
        if part is not None:
            wide = part | field.is_null() if chunk.nulls else part
            known = wide if known is None else known & wide
    return known


def _scalar(column_type: ColumnType, text: str | None) -> pa.Scalar | None:
    """Return a bound as a value of the column's Arrow type; None where it is none, as lengths are not."""
    if text is None or summary_kind(column_type) not in {"integer", "boolean", "decimal", "string"}:
        return None
    target = column_type.arrow()
    found = from_text(pa.array([text]), sample_type(column_type), "fragment.columns")
    if pa.types.is_temporal(target):
        found = found.cast(pa.int32() if target.bit_width == 32 else pa.int64())
        return found.view(target)[0]
    return found.cast(target)[0]


def columns_of(condition: pc.Expression, schema: Schema) -> list[str]:
    """Return the columns that a filter reads.

    Raises:
        UsageError: it does not fit the columns: an unknown name, or types that do not compare.

    """
    fields = list(schema.arrow())
    _bind(condition, fields)
    needed = []
    for field in fields:
        try:
            _bind(condition, [other for other in fields if other.name != field.name])
        except UsageError:
            needed.append(field.name)
    return needed


def _bind(condition: pc.Expression, fields: Sequence[pa.Field]) -> None:
    try:
        table = pa.schema([*fields, pa.field("\0", pa.null())]).empty_table()
        table.filter(condition)
    except (pa.ArrowException, KeyError, TypeError) as error:
        msg = f"the filter does not fit the columns: {error}"
        raise UsageError(msg) from None
