"""Blobs on their way into a store (spec: 05-tables, FILE-2, FILE-3)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

import wbtable
from tests.unit.tables.cases import png
from wbtable.format.digest import Digest
from wbtable.format.file_cell import FILE_TYPE, parse_uri
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.tables.open import open_table, table_of
from wbtable.tables.relocate import holds_files, map_files
from wbtable.tables.save import write_source

if TYPE_CHECKING:
    from pathlib import Path

_CELL = {"uri": "a", "offset": 1, "size": 2, "content_type": "c", "checksum": "d"}


def _changed(files: pa.StructArray) -> pa.StructArray:
    values = [None if cell is None else {**cell, "uri": "new"} for cell in files.to_pylist()]
    return pa.array(values, FILE_TYPE)


_MEDIA = pa.struct([("file", FILE_TYPE), ("width", pa.int32())])
_ITEM = {"file": _CELL, "width": 3}
_AFTER = {"file": {**_CELL, "uri": "new"}, "width": 3}


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        (_MEDIA, [_ITEM, None, {"file": None, "width": 1}], [_AFTER, None, {"file": None, "width": 1}]),
        (pa.list_(_MEDIA), [[_ITEM, None], None, [], [_ITEM]], [[_AFTER, None], None, [], [_AFTER]]),
        (
            pa.map_(pa.string(), _MEDIA),
            [[("k", _ITEM)], None, [], [("a", None), ("b", _ITEM)]],
            [[("k", _AFTER)], None, [], [("a", None), ("b", _AFTER)]],
        ),
        (
            pa.list_(pa.struct([("m", pa.list_(_MEDIA)), ("n", pa.int8())])),
            [[{"m": [_ITEM], "n": 1}], None, [{"m": None, "n": 2}, None]],
            [[{"m": [_AFTER], "n": 1}], None, [{"m": None, "n": 2}, None]],
        ),
    ],
)
def test_every_group_is_found(kind: pa.DataType, before: list[Any], after: list[Any], start: int) -> None:
    """FILE-1: however deep, in slices too; nulls stay."""
    assert holds_files(kind)
    assert map_files(pa.array(before, kind).slice(start), _changed).to_pylist() == after[start:]
    assert not holds_files(pa.struct([("a", pa.list_(pa.int8()))]))


def test_structs_that_only_look_like_groups_stay(tmp_path: Path) -> None:
    """FP-8: a struct of the user's that has the same fields is whole, beside media and around them."""
    group = {"uri": "u", "offset": 1, "size": 2, "content_type": "c", "checksum": "s"}
    table = wbtable.Table(columns=["own", "both"])
    table.add_data(group, {"group": group, "images": [wbtable.Image(png(1))]})
    table.add_data(None, None)
    table.write(str(tmp_path))
    (own, both), second = wbtable.open_table(str(tmp_path)).data
    assert (own, both["group"], both["images"][0].bytes) == (group, group, png(1))
    assert second == [None, None]


def test_cells_say_where_their_bytes_are(tmp_path: Path) -> None:
    """FILE-1, FILE-2, FILE-3: the URI resolves within objects/, and offset, size and checksum fit."""
    table = wbtable.Table(columns=["x"], data=[[wbtable.Image(png(i))] for i in (0, 1, 0)])
    table.write(str(tmp_path))
    cells = [cell["file"] for cell in open_table(tmp_path)["x"].to_pylist()]
    for cell, seed in zip(cells, (0, 1, 0), strict=True):
        digest, packed = parse_uri(cell["uri"])
        path = tmp_path / "objects" / digest.hex[:2] / f"{digest.hex[2:]}.pack"
        assert packed
        with path.open("rb") as file:
            file.seek(cell["offset"])
            data = file.read(cell["size"])
        assert data == png(seed)
        assert cell["checksum"] == str(Digest.of(data))
        assert cell["content_type"] == "image/png"
    assert cells[0] == cells[2]


def test_large_blobs_are_objects_of_their_own(tmp_path: Path) -> None:
    """FILE-2: offset 0, no pack."""
    data = png() + bytes(9 << 20)
    path = tmp_path / "large.png"
    path.write_bytes(data)
    table = wbtable.Table(columns=["x"], data=[[wbtable.Image(str(path))], [wbtable.Image(io.BytesIO(data))]])
    table.write(str(tmp_path / "out"))
    stored = open_table(tmp_path / "out")
    first, second = (cell["file"] for cell in stored["x"].to_pylist())
    assert first == second
    assert (parse_uri(first["uri"]), first["offset"]) == ((Digest.of(data), False), 0)
    assert stored.data[1][0].bytes == data


def test_between_stores(tmp_path: Path) -> None:
    """FILE-2: rows of another store's table bring their blobs."""
    table = wbtable.Table(columns=["x", "l"], data=[[wbtable.Image(png(1)), [wbtable.Image(png(2))]], [None, None]])
    table.write(str(tmp_path / "one"))
    objects = ObjectStore(open_backend(str(tmp_path / "two")))
    _, manifest = write_source(open_table(tmp_path / "one").snapshot(), objects)
    moved = table_of(objects, manifest)
    assert moved == table
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            path.unlink()
    assert moved.data[0][1][0].bytes == png(2)
