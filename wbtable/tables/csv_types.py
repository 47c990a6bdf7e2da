"""The types of CSV columns by all of their rows, where those of the first block turned out too narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv

if TYPE_CHECKING:
    from collections.abc import Iterable

_TIMES = (pa.date32(), pa.timestamp("s"), pa.timestamp("ns"))


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return the type of a column that has cells of both, as Arrow infers types: text, if there is no other."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if {one, other} == {pa.int64(), pa.float64()}:
        return pa.float64()
    if one in _TIMES and other in _TIMES:
        return max(one, other, key=_TIMES.index)
    return pa.string()


def types_of(texts: Iterable[pa.RecordBatch], options: pa.csv.ConvertOptions) -> dict[str, pa.DataType]:
    """Return the type of each column by all rows.

    Args:
        texts: the rows, each cell as its text.
        options: says what is null; it declares no types.

    """
    found: dict[str, pa.DataType] = {}
    for batch in texts:
        out = pa.BufferOutputStream()
        pa.csv.write_csv(batch, out)
        text = out.getvalue()
        read = pa.csv.read_csv(
            pa.BufferReader(text),
            # Cells may have line ends; one block has all rows, for only of the first one the types are inferred.
            read_options=pa.csv.ReadOptions(block_size=text.size),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=options,
        )
        for field in read.schema:
            found[field.name] = wider(found.get(field.name, pa.null()), field.type)
    return found
