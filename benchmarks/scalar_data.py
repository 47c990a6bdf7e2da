"""Seeded predictions: 14 columns, of 3 integers, 10 float32 scores and a file name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 5_000_000
COLUMNS = ["id", "guess", "truth", *(f"score_{digit}" for digit in range(10)), "name"]
_BATCH = 100_000


def predictions(rows: int, seed: int = 0) -> pa.Table:
    """Return `rows` predictions: scores sum to 1, the guess is the highest, three in four are right."""
    random = np.random.default_rng(seed)
    batches = []
    for start in range(0, rows, _BATCH):
        count = min(_BATCH, rows - start)
        powers = np.exp(random.standard_normal((count, 10), dtype=np.float32) * np.float32(3))
        scores = powers / powers.sum(axis=1, keepdims=True)
        guess = scores.argmax(axis=1)
        truth = np.where(random.random(count) < 0.75, guess, random.integers(0, 10, count))
        ids = np.arange(start, start + count)
        columns = [pa.array(ids), pa.array(guess), pa.array(truth)]
        columns += [pa.array(np.ascontiguousarray(scores[:, digit])) for digit in range(10)]
        columns.append(pa.array([f"img_{place:07d}.png" for place in ids.tolist()]))
        batches.append(pa.record_batch(columns, names=COLUMNS))
    return pa.Table.from_batches(batches)


def write_predictions(path: Path, rows: int) -> None:
    """Write `predictions(rows)` as an Arrow file."""
    table = predictions(rows)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read_predictions(path: Path) -> pa.Table:
    """Read what `write_predictions` wrote, into memory."""
    return pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()


def as_rows(table: pa.Table) -> list[list[Any]]:
    """Return the rows of a table as lists of Python values."""
    return [list(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
