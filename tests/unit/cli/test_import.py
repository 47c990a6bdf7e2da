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


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with pictures, and a picture beside it."""
    folder = tmp_path / "data"
    (folder / "img").mkdir(parents=True)
    for path, level in ((folder / "img" / "0.png", 0), (folder / "img" / "1.png", 9), (tmp_path / "far.png", 5)):
        wbtable.Image(np.full((2, 3), level, np.uint8)).save(path)
    return folder


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_paths_of_media(store: wbtable.Store, pictures: Path, kind: str) -> None:
    """They are relative to the file, wherever the command runs."""
    rows = [[0, "img/0.png", "x"], [1, str(pictures / "img" / "1.png"), "y"], [2, "", None]]
    write: Any = {"csv": write_csv, "jsonl": write_jsonl}[kind]
    write(wbtable.Table(columns=["id", "photo", "word"], data=rows), pictures / f"t.{kind}")
    result = call(store, kind, pictures / f"t.{kind}", "--name", "p", "--media", "photo=image")
    assert result.exit_code == 0, result.stderr
    table = store.artifact("p").get("t")
    assert [str(column.type) for column in table.schema] == ["int64", "image", "string"]
    found = table.get_column("photo")
    assert [image.to_numpy().max() for image in found[:2]] == [0, 9]
    assert found[2] is None
    assert table.get_column("id") == [0, 1, 2]


def test_paths_of_media_come_back_from_an_export(store: wbtable.Store, tmp_path: Path) -> None:
    rows = [[i, wbtable.Image(np.full((2, 2), i, np.uint8))] for i in range(3)]
    table = wbtable.Table(columns=["id", "photo"], data=rows)
    table.view().write_csv(tmp_path / "t.csv", "copy")
    assert call(store, "csv", tmp_path / "t.csv", "--name", "p", "--media", "photo=image").exit_code == 0
    found = store.artifact("p").get("t").get_column("photo")
    assert [image.bytes for image in found] == [image.bytes for image in table.get_column("photo")]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_files_elsewhere_are_read_where_it_is_said(store: wbtable.Store, pictures: Path, kind: str) -> None:
    for path in ("../far.png", str(pictures.parent / "far.png")):
        file = pictures / f"t.{kind}"
        file.write_text(f"photo\n{path}\n" if kind == "csv" else json.dumps({"photo": path}) + "\n")
        arguments = (kind, file, "--name", "p", "--media", "photo=image")
        refused = call(store, *arguments)
        assert refused.exit_code == 2
        assert "--files-from" in refused.stderr
        assert call(store, *arguments, "--files-from", pictures.parent).exit_code == 0
    file.write_text("photo\nfar.png\n" if kind == "csv" else '{"photo": "far.png"}\n')
    assert call(store, *arguments, "--files-from", pictures.parent).exit_code == 0
    missing = call(store, *arguments)
    assert missing.exit_code == 3
    assert f't.{kind}: column "photo", row 0: there is no file' in missing.stderr


@pytest.mark.parametrize(
    ("media", "said"),
    [("foto=image", "'foto'"), ("id=image", "row 0"), ("photo=audio", "row 0"), ("photo=histogram", "histogram")],
)
def test_what_is_no_path_of_media(store: wbtable.Store, pictures: Path, media: str, said: str) -> None:
    (pictures / "t.csv").write_text("id,photo\n0,img/0.png\n")
    result = call(store, "csv", pictures / "t.csv", "--name", "p", "--media", media)
    assert result.exit_code in {2, 3}
    assert "t.csv: " in result.stderr
    assert said in result.stderr


def test_csv_with_another_delimiter_and_a_damaged_one(store: wbtable.Store, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a;b\n1;2\n")
    assert call(store, "csv", tmp_path / "t.csv", "--delimiter", ";", "--name", "t").exit_code == 0
    assert store.artifact("t").get("t").columns == ["a", "b"]
    (tmp_path / "bad.csv").write_text("a,b\n1\n")
    result = call(store, "csv", tmp_path / "bad.csv", "--name", "t")
    assert result.exit_code == 5
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_types_are_declared(store: wbtable.Store, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"t.{kind}"
    file.write_text("a=b,n\n1,2\n" if kind == "csv" else '{"a=b": "1", "n": 2}\n')
    result = call(store, kind, file, "--name", "t", "--dtype", "a=b=string", "--dtype", "n=float32")
    assert result.exit_code == 0, result.stderr
    assert [str(column.type) for column in store.artifact("t").get("t").schema] == ["string", "float32"]
    twice = call(store, kind, file, "--name", "t", "--dtype", "n=string", "--media", "n=image")
    assert twice.exit_code == 2
    assert "'n' is given two types" in twice.stderr
    for wrong, said in (("n", "COLUMN=TYPE"), ("n=flaot32", "'flaot32'"), ("m=float32", "'m'")):
        result = call(store, kind, file, "--name", "t", "--dtype", wrong)
        assert result.exit_code == 2
        assert said in result.stderr


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
    assert call(store, "csv", tmp_path / "b.csv", "--name", "p/t", "--delimiter", "").exit_code == 2


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
