"""Tables that the viewer's cases show: predictions, as many as are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.scalar_data import predictions

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.case import Scale

LARGE = 100_000_000
SAME = 1_000_000
"""Rows of the table that is shown beside the peers."""
_BATCH = 1_000_000


def write_table(folder: Path, rows: int) -> None:
    """Write a table of that many predictions, whose ids count them: a million in memory at a time."""
    import pyarrow as pa

    from wbtable.tables.standalone import TableWriter

    with TableWriter(folder) as writer:
        for start in range(0, rows, _BATCH):
            count = min(_BATCH, rows - start)
            made = predictions(count, seed=start // _BATCH)
            writer.write_batch(made.set_column(0, "id", pa.array(range(start, start + count), pa.int64())))


def prepare_large(data: Path, scale: Scale) -> None:
    """Write 100 M rows, about 4 GB."""
    write_table(data / "table", scale.of(LARGE, 300_000))
