"""``wbtable export`` with media: as files in a folder, as bytes in Parquet and Feather."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

import wbtable
from wbtable.cli.app import cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> wbtable.Store:
    store = wbtable.create_store(tmp_path / "store")
    rows = [[i, wbtable.Image(np.full((2, 2, 3), i, np.uint8), caption=f"c{i}")] for i in range(4)]
    draft = wbtable.Artifact("photos")
    draft.add(wbtable.Table(columns=["id", "image"], data=rows), "t")
    store.commit(draft, project="p")
    return store


def export(store: wbtable.Store, *args: object) -> Any:
    return CliRunner().invoke(cli, ["export", "p/photos", *map(str, args), "--store", store.url])


def test_a_folder(store: wbtable.Store, tmp_path: Path) -> None:
    result = export(store, "-o", f"{tmp_path}/out/", "-w", "id > 1")
    assert result.exit_code == 0, result.stderr
    back = wbtable.read_folder(tmp_path / "out")
    assert back.get_column("id") == [2, 3]
    assert [image.caption for image in back.get_column("image")] == ["c2", "c3"]


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_bytes(store: wbtable.Store, tmp_path: Path, suffix: str) -> None:
    result = export(store, "-o", tmp_path / f"t.{suffix}", "--media", "bytes")
    assert result.exit_code == 0, result.stderr
    read: Any = getattr(wbtable, f"read_{suffix}")
    back = read(tmp_path / f"t.{suffix}", dtype={"image": wbtable.Image})
    stored: Any = store.artifact("p/photos").get("t")
    assert [image.bytes for image in back.get_column("image")] == [image.bytes for image in stored.get_column("image")]


def test_one_row_is_no_rows(store: wbtable.Store, tmp_path: Path) -> None:
    assert export(store, "-o", tmp_path / "1.csv", "-w", "id == 1").stderr.startswith("1 row in ")
    assert export(store, "-o", tmp_path / "0.csv", "-w", "id == 9").stderr.startswith("0 rows in ")


def test_bytes_in_text_are_refused(store: wbtable.Store, tmp_path: Path) -> None:
    result = export(store, "-o", tmp_path / "t.csv", "--media", "bytes")
    assert result.exit_code == 2
    assert ".parquet or .feather" in result.stderr


def test_text_that_begins_like_a_formula_is_written_as_it_is(store: wbtable.Store, tmp_path: Path) -> None:
    """The page is careful with spreadsheets; who writes files by a command or in Python says so (docs/viewing.md)."""
    draft = wbtable.Artifact("sums")
    draft.add(wbtable.Table(columns=["text"], data=[["=1+1"], ["plain"]]), "t")
    version = store.commit(draft, project="p")
    path = tmp_path / "t.csv"
    result = CliRunner().invoke(cli, ["export", "p/sums", "-o", str(path), "--store", store.url])
    assert result.exit_code == 0, result.stderr
    assert path.read_text("utf-8").splitlines() == ['"text"', '"=1+1"', '"plain"']
    version.only_table().view().write_csv(path, formulas=False)
    assert path.read_text("utf-8").splitlines() == ['"text"', '"\'=1+1"', '"plain"']
