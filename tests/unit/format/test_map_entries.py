"""Maps as lists of their entries, in parts too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

import wbtable
from wbtable.format.map_entries import entries_of

if TYPE_CHECKING:
    from pathlib import Path

_NOTHING = pa.struct([("x", pa.int64()), ("n", pa.null())])
_VALUES = [
    (_NOTHING, {"x": 1, "n": None}),
    (pa.list_(_NOTHING), [{"x": 1, "n": None}]),
    (pa.int32(), 7),
    (pa.null(), None),
]


@pytest.mark.parametrize("start", [0, 5, 8, 10])
@pytest.mark.parametrize(("kind", "value"), _VALUES)
def test_parts_of_maps(start: int, kind: pa.DataType, value: Any) -> None:
    """Arrow's cast made an invalid array of a part of maps with a field of nulls."""
    maps: list[Any] = [[(i, value), (-i, None)] for i in range(1, 9)]
    maps += [None, []]
    found = entries_of(pa.array(maps, pa.map_(pa.int64(), kind)).slice(start))
    found.validate(full=True)
    expected = [cells and [dict(zip(("key", "value"), cell, strict=True)) for cell in cells] for cells in maps[start:]]
    assert found.to_pylist() == expected
    assert len(found.flatten()) == sum(len(cells or ()) for cells in maps[start:])


def test_a_table_of_maps_with_nothing_in_a_field(tmp_path: Path) -> None:
    """FP-5: it is written and compared in parts; the process ended there."""
    rows = [{i: {"x": i, "n": None}} for i in range(1, 12)]
    whole = pa.table({"a": pa.array([list(row.items()) for row in rows], pa.map_(pa.int64(), _NOTHING))})
    table = wbtable.Table.from_arrow(whole.slice(7))
    table.write(str(tmp_path / "t"))
    assert wbtable.open_table(tmp_path / "t") == table
    assert table.get_column("a") == rows[7:]
