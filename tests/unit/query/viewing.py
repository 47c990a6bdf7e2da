"""The same rows in memory, in one stored fragment, in several, and read by ranges."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.unit.tables.reading import in_memory, many_fragments, stored
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

WAYS = ("memory", "stored", "fragments", "ranges")


def table_of(way: str, rows: pa.Table, folder: Path) -> Table:
    """Return a table of some rows, kept in one of `WAYS`."""
    if way == "memory":
        return Table.from_arrow(rows)
    if way == "stored":
        return stored(Table.from_arrow(rows), folder / uuid.uuid4().hex)
    if way == "ranges":
        return Table.from_source(in_memory(Table.from_arrow(rows), f"views-{uuid.uuid4().hex}"))
    third = max(1, rows.num_rows // 3)
    parts = [rows.slice(0, third), rows.slice(third, third), rows.slice(2 * third)]
    return Table.from_source(many_fragments(folder / uuid.uuid4().hex, [part for part in parts if part.num_rows]))
