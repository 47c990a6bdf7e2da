"""``wbtable import``: each source to a version, with a report and a documented exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import wbtable
from wbtable.cli.app import cli
from wbtable.tables.files_out import write_csv, write_feather, write_jsonl, write_parquet

FIXTURES = Path(__file__).parents[1] / "importers" / "fixtures"


@pytest.fixture
def store(tmp_path: Path) -> wbtable.Store:
    return wbtable.create_store(tmp_path / "store")


def call(store: wbtable.Store, *args: object) -> Any:
    return CliRunner().invoke(cli, ["import", *map(str, args), "--store", store.url])


def test_wandb(store: wbtable.Store) -> None:
    result = call(store, "wandb", FIXTURES / "scalars", FIXTURES / "dupcols", "--project", "digits")
    assert result.exit_code == 0, result.stderr
    assert "2 artifact" in result.stdout
    assert "a_2" in result.stdout
    assert len(store.artifact("digits/scalars").get("scalars")) == 3
    again = call(store, "wandb", FIXTURES / "scalars", "--project", "digits", "--json")
    assert json.loads(again.stdout)["counts"] == {"present": {"artifact": 1}}


def test_wandb_of_a_source_that_cannot_be_read(store: wbtable.Store, tmp_path: Path) -> None:
    (tmp_path / "run-x.wandb").write_bytes(b"nonsense")
    result = call(store, "wandb", tmp_path / "run-x.wandb")
    assert result.exit_code == 5
    assert "expected a W&B run file" in result.stdout
    assert call(store, "wandb", tmp_path / "nothing").exit_code == 2


@pytest.mark.parametrize(
    ("kind", "write"),
    [("csv", write_csv), ("parquet", write_parquet), ("jsonl", write_jsonl), ("feather", write_feather)],
)
def test_files(store: wbtable.Store, tmp_path: Path, kind: str, write: Any) -> None:
    table = wbtable.Table(columns=["id", "word"], data=[[1, "a"], [2, "b"]])
    write(table, tmp_path / f"train.{kind}")
    write(table, tmp_path / f"test.{kind}")
    name = "digits/split"
    result = call(store, kind, tmp_path / f"train.{kind}", tmp_path / f"test.{kind}", "--name", name, "--alias", "new")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "digits/split:v0"
    version = store.artifact("digits/split:new")
    assert version.get("train").data == version.get("test").data == table.data


def test_media_in_parquet(store: wbtable.Store, tmp_path: Path) -> None:
    table = wbtable.Table(columns=["photo"], data=[[wbtable.Image(np.zeros((2, 2), np.uint8))]])
    write_parquet(table, tmp_path / "t.parquet")
    result = call(store, "parquet", tmp_path / "t.parquet", "--name", "p", "--media", "photo=image")
    assert result.exit_code == 0, result.stderr
    assert store.artifact("p").get("t").get_column("photo")[0].width == 2
    wrong = call(store, "parquet", tmp_path / "t.parquet", "--name", "p", "--media", "photo")
    assert wrong.exit_code == 2
    assert "COLUMN=KIND" in wrong.stderr


def test_csv_with_another_delimiter_and_a_damaged_one(store: wbtable.Store, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a;b\n1;2\n")
    assert call(store, "csv", tmp_path / "t.csv", "--delimiter", ";", "--name", "t").exit_code == 0
    assert store.artifact("t").get("t").columns == ["a", "b"]
    (tmp_path / "bad.csv").write_text("a,b\n1\n")
    result = call(store, "csv", tmp_path / "bad.csv", "--name", "t")
    assert result.exit_code == 5
    assert result.stderr.count("\n") == 1


def test_folder(store: wbtable.Store, tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        wbtable.Image(np.zeros((2, 2), np.uint8)).save(tmp_path / "photos" / label / "1.png")
    (tmp_path / "photos" / "notes.txt").write_text("x")
    result = call(store, "folder", tmp_path / "photos", "--name", "digits/photos", "--label", "animal")
    assert result.exit_code == 0, result.stderr
    assert "notes.txt could not come over" in result.stdout
    assert store.artifact("digits/photos").get("media").get_column("animal") == ["cat", "dog"]


@pytest.mark.parametrize("name", ["wandb", "csv", "parquet", "jsonl", "feather", "folder"])
def test_each_is_documented(name: str) -> None:
    text = CliRunner().invoke(cli, ["import", name, "--help"]).stdout
    for option in ("--json", "--store", "--debug", "Examples:", f"wbtable import {name}"):
        assert option in text


def test_a_name_with_a_version_is_refused(store: wbtable.Store, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n")
    result = call(store, "csv", tmp_path / "t.csv", "--name", "x:v3")
    assert result.exit_code == 2
    assert "without a version" in result.stderr


def test_signs_between_cells(store: wbtable.Store, tmp_path: Path) -> None:
    for name, text in (("a.tsv", "x\ty\n1\t2\n"), ("b.csv", "x\ty\n1\t2\n"), ("c.csv", "x;y\n1;2\n")):
        (tmp_path / name).write_text(text)
    for file, options in (("a.tsv", ()), ("b.csv", ("--delimiter", "\\t")), ("c.csv", ("--delimiter", ";"))):
        result = call(store, "csv", tmp_path / file, "--name", "p/t", *options)
        assert result.exit_code == 0, result.stderr
        assert store.artifact("p/t").get(file[0]).data == [[1, 2]]
    assert call(store, "csv", tmp_path / "c.csv", "--name", "p/t", "--delimiter", "§").exit_code == 2


def test_errors_name_the_file(store: wbtable.Store, tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "bad.jsonl").write_text('{"a": 1}\n{"a": "x"}\n')
    (tmp_path / "bad.csv").write_text("a,a\n1,2\n")
    for kind, files in (("jsonl", ("good.jsonl", "bad.jsonl")), ("csv", ("bad.csv",))):
        result = call(store, kind, *(tmp_path / name for name in files), "--name", "p/t")
        assert result.exit_code == 2
        assert f"bad.{kind}: " in result.stderr
    stored = CliRunner().invoke(
        cli, ["put", str(tmp_path / "bad.csv"), "--table", "--name", "p/t", "--store", store.url]
    )
    assert "bad.csv: " in stored.stderr
