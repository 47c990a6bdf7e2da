"""A join of tables that are larger than the memory that it may use finishes, and leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wbtable.query import engine
from wbtable.query.control import QueryControl
from wbtable.tables.joined import JoinedTable
from wbtable.tables.open import open_table
from wbtable.tables.standalone import TableWriter

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.tables.table import Table

ROWS = 2_000_000
LIMIT = 45 << 20


def stored(folder: Path, ids: np.ndarray[tuple[int], np.dtype[np.int64]], seed: int) -> Table:
    """Return a table of 96 MB: six columns that do not compress."""
    rng = np.random.default_rng(seed)
    with TableWriter(folder) as writer:
        columns = {"id": ids} | {f"x{i}": rng.integers(0, 1 << 62, len(ids)) for i in range(5)}
        writer.write_batch(pa.table(columns))
    return open_table(folder)


def test_a_join_of_four_times_the_memory_spills(tmp_path: Path) -> None:
    ids = np.random.default_rng(0).permutation(ROWS)
    left, right = stored(tmp_path / "left", np.arange(ROWS), 1), stored(tmp_path / "right", ids, 2)
    assert 2 * 6 * 8 * ROWS > 4 * LIMIT
    join = JoinedTable(left, right, "id", "inner")
    view = join.view(filter="id >= 0").with_control(QueryControl(memory_limit=LIMIT, threads=1))
    expected = np.empty(ROWS, np.int64)
    expected[ids] = right["x4"].to_numpy()
    place = view.columns.index("1.x4")
    rows = 0
    for batch in view.scan(media="lazy"):
        assert batch.column(0).to_pylist()[:1] == [rows]
        assert np.array_equal(batch.column(place).to_numpy(), expected[rows : rows + batch.num_rows])
        rows += batch.num_rows
    assert rows == ROWS
    folders = [found.spill_folder for found in engine._ENGINES._kept.values()]
    assert any(folder.exists() for folder in folders)
    engine._ENGINES.close()
    assert not any(folder.exists() for folder in folders)
