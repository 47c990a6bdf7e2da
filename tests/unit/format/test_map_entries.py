"""Maps as lists of their entries, in parts too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import wbtable
from wbtable.format.map_entries import entries_of

if TYPE_CHECKING:
    from pathlib import Path

_NOTHING = pa.struct([("x", pa.int64()), ("n", pa.null())])
_MAPS = [[(i, {"x": i, "n": None}), (-i, None)] for i in range(1, 9)] + [None, []]


@pytest.mark.parametrize("start", [0, 5, 8, 10])
@pytest.mark.parametrize("kind", [_NOTHING, pa.struct([("x", pa.int32())]), pa.list_(_NOTHING), pa.null()])
def test_parts_of_maps(start: int, kind: pa.DataType) -> None:
    """Arrow's cast made an invalid array of a part of maps with a field of nulls."""
    maps = [
        cells
        and [
            (key, [value] if pa.types.is_list(kind) else None if pa.types.is_null(kind) else value)
            for key, value in cells
        ]
        for cells in _MAPS
    ]
    if kind == pa.struct([("x", pa.int32())]):
        maps = [cells and [(key, value and {"x": value["x"]}) for key, value in cells] for cells in maps]
    whole = pa.array(maps, pa.map_(pa.int64(), kind))
    found = entries_of(whole.slice(start))
    found.validate(full=True)
    assert found.to_pylist() == [
        cells if cells is None else [{"key": key, "value": value} for key, value in cells] for cells in maps[start:]
    ]
    assert len(found.flatten()) == sum(len(cells or ()) for cells in maps[start:])


def test_a_table_of_maps_with_nothing_in_a_field(tmp_path: Path) -> None:
    """FP-5: it is written and compared in parts; the process ended there."""
    rows = [{i: {"x": i, "n": None}} for i in range(1, 12)]
    whole = pa.table({"a": pa.array([list(row.items()) for row in rows], pa.map_(pa.int64(), _NOTHING))})
    table = wbtable.Table.from_arrow(whole.slice(7))
    table.write(tmp_path / "t")
    assert wbtable.open_table(tmp_path / "t") == table
    assert table.get_column("a") == rows[7:]
