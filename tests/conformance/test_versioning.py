"""Stores and documents of later versions are read where they can be, and never written on top of by guessing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from wbtable.format.seal import sealed
from wbtable.format.table_manifest import TableManifest
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.tables.reader import TableReader
from wbtable.tables.save import widened, write_source
from wbtable.tables.source import ConcatSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _log(store: wbtable.Store, rows: int) -> wbtable.Version:
    artifact = wbtable.Artifact("data", type="dataset")
    artifact.add(wbtable.Table(columns=["x"], data=[[i] for i in range(rows)]), "table")
    with wbtable.init(project="p", store=store) as run:
        return run.log_artifact(artifact)


def _edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    value = json.loads(path.read_bytes())
    change(value)
    path.chmod(0o644)
    path.write_text(json.dumps(sealed(value) if "check" in value else value))


def _need_writer(value: dict[str, Any]) -> None:
    value["features"] = {"reader": [], "writer": ["row-tombstones"]}


def _need_reader(value: dict[str, Any]) -> None:
    value["features"] = {"reader": ["encrypted-packs"], "writer": []}


def _become_newer(value: dict[str, Any]) -> None:
    value["format"] = "1.0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _log(wbtable.create_store(str(tmp_path / "store")), 3)
    return tmp_path / "store"


def _record(root: Path) -> Path:
    (path,) = root.glob("projects/p/artifacts/data/versions/*.json")
    return path


@pytest.mark.parametrize("change", [_need_reader, _become_newer])
def test_a_store_of_a_later_version_is_not_opened(root: Path, change: Callable[[dict[str, Any]], None]) -> None:
    _edit(root / "wbtable.json", change)
    with pytest.raises(wbtable.UnsupportedError, match="upgrade wbtable"):  # VERSION-2, VERSION-3, HEADER-2
        wbtable.Store(str(root))


@pytest.mark.parametrize("change", [_need_reader, _become_newer])
def test_a_version_of_a_later_version_is_not_read(root: Path, change: Callable[[dict[str, Any]], None]) -> None:
    _edit(_record(root), change)
    with pytest.raises(wbtable.UnsupportedError, match="upgrade wbtable"):  # VERSION-2, VERSION-3
        wbtable.Store(str(root)).artifact("p/data:v0")


@pytest.mark.parametrize("which", ["header", "record"])
def test_an_unknown_writer_feature_lets_read_and_refuses_to_commit(root: Path, which: str) -> None:
    # VERSION-4
    _edit(root / "wbtable.json" if which == "header" else _record(root), _need_writer)
    store = wbtable.Store(str(root))
    assert len(store.artifact("p/data:latest").get("table")) == 3
    with pytest.raises(wbtable.UnsupportedError, match="row-tombstones"):
        _log(store, 4)
    assert len(list(root.glob("projects/p/artifacts/data/versions/*.json"))) == 1


def test_a_table_with_an_unknown_writer_feature_is_not_appended_to(tmp_path: Path) -> None:
    # VERSION-4
    objects = ObjectStore(open_backend(str(tmp_path)))
    table = wbtable.Table(columns=["x"], data=[[1]]).snapshot()
    _, manifest = write_source(table.source, objects)
    value = manifest.to_json()
    _need_writer(value)
    later = TableManifest.from_json(value)
    assert later.rows == 1
    with pytest.raises(wbtable.UnsupportedError, match="row-tombstones"):
        write_source(ConcatSource([TableReader(objects, later), table.source], later.schema), objects)


@pytest.mark.parametrize("value", [2, 0.5])
def test_an_append_keeps_or_refuses_what_it_does_not_know_whether_it_widens_a_column_or_not(
    tmp_path: Path, value: float
) -> None:
    # DOC-5, VERSION-4
    objects = ObjectStore(open_backend(str(tmp_path)))
    table = wbtable.Table(columns=["x"], data=[[1]]).snapshot()
    rows = wbtable.Table(columns=["x"], data=[[value]]).snapshot().source
    _, manifest = write_source(table.source, objects)
    stored = manifest.to_json()
    later = TableManifest.from_json(stored | {"later": {"a": [1]}})
    wide = widened(later.schema, rows.schema)
    _, again = write_source(ConcatSource([TableReader(objects, later), rows], wide), objects)
    assert again.rows == 2
    assert again.to_json()["later"] == {"a": [1]}
    _need_writer(stored)
    later = TableManifest.from_json(stored)
    with pytest.raises(wbtable.UnsupportedError, match="row-tombstones"):
        write_source(ConcatSource([TableReader(objects, later), rows], wide), objects)
