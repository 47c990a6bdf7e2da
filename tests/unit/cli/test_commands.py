from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from click.testing import CliRunner

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store
from wbtable.cli.app import CONFLICT, DAMAGED, FORMAT, NOT_FOUND, USAGE, cli
from wbtable.media.image import Image
from wbtable.runs.init import init
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Shell


def test_init_makes_a_store(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["init"])
    assert result.exit_code == 0
    assert Store(tmp_path / ".wbtable").projects() == []
    assert (tmp_path / ".wbtable" / ".gitignore").is_file()
    again = CliRunner().invoke(cli, ["init"])
    assert again.exit_code == CONFLICT
    made = CliRunner().invoke(cli, ["init", "other", "--json"])
    assert json.loads(made.stdout) == {"store": str(tmp_path / "other")}


def test_init_takes_the_environments_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBTABLE_STORE", str(tmp_path / "named"))
    assert CliRunner().invoke(cli, ["init"]).exit_code == 0
    assert Store(tmp_path / "named").url == str(tmp_path / "named")


def test_ls_lists_artifacts_and_files(digits: Shell) -> None:
    text = digits.ok("ls")
    assert text.splitlines()[0].split() == ["NAME", "TYPE", "NEWEST", "SIZE", "FILES", "CREATED"]
    assert text.splitlines()[1].split()[:3] == ["digits/predictions", "predictions", "v1"]
    [found] = digits.json("ls", "digits")
    assert (found["version"], found["files"]) == ("v1", 2)
    assert digits.json("ls", "--type", "model") == []
    files = digits.json("ls", "digits/predictions:best")
    assert [item["path"] for item in files] == ["notes.txt", "test.table.json"]
    assert digits.ok("ls", "digits/predictions").splitlines()[1].split()[:3] == ["notes.txt", "7", "B"]


def test_ls_of_what_does_not_exist(digits: Shell) -> None:
    assert "did you mean 'digits'" in digits.fails(NOT_FOUND, "ls", "digit")
    assert "predictions" in digits.fails(NOT_FOUND, "ls", "digits/prediction")


def test_log_lists_versions_the_newest_first(digits: Shell) -> None:
    lines = digits.ok("log", "digits/predictions").splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["v1", "v0"]
    assert "latest" in lines[1]
    assert "best" in lines[2]
    newest, oldest = digits.json("log", "digits/predictions")
    assert (newest["aliases"], oldest["aliases"]) == (["latest"], ["best"])
    assert (newest["tags"], newest["metadata"]) == (["checked"], {"epoch": 1})
    assert oldest["description"] == "epoch 0"
    cut = digits.run("log", "predictions", "-p", "digits", "-n", "1")
    assert cut.stdout.count("\n") == 2
    assert "1 older versions are not shown" in cut.stderr


def test_show_a_version_with_its_tables(digits: Shell) -> None:
    text = digits.ok("show", "digits/predictions:best")
    assert "digits/predictions:v0" in text
    assert "epoch 0" in text
    assert "test.table.json" in text
    assert "COLUMN" in text
    found = digits.json("show", "digits/predictions:best")
    assert found["aliases"] == ["best"]
    assert found["tables"] == ["test.table.json"]


def test_show_a_table_from_its_manifest_alone(digits: Shell) -> None:
    version = digits.store.artifact("digits/predictions")
    for ref in version.contents.manifest.refs:
        path = digits.store.objects.local_path(ref)
        assert path is not None
        if path.suffix in {".parquet", ".pack"}:
            path.unlink()
    lines = digits.ok("show", "digits/predictions", "test").splitlines()
    columns = {line.split()[0]: line for line in lines if line and not line.startswith(("version", "table"))}
    assert "int64" in columns["id"]
    assert columns["id"].split()[2:5] == ["0", "0", "19"]
    assert columns["score"].split()[2] == "4"
    assert "image" in columns["image"]
    assert any(bar in columns["id"] for bar in "▁▂▃▄▅▆▇█")
    found = digits.json("show", "digits/predictions", "test.table.json")
    assert found["rows"] == 20
    assert [column["name"] for column in found["columns"]] == ["id", "image", "guess", "score"]
    assert found["columns"][0]["summary"]["nulls"] == 0


def test_names_are_printed_on_one_line(shell: Shell) -> None:
    """What a terminal would obey is made visible in titles, too."""
    draft = Artifact("odd")
    draft.add(Table(columns=["id", "a\nb", "\x1b[31mred"], data=[[1, 2, 3]]), "t")
    shell.store.commit(draft, project="p")
    with init(project="p", id="r", store=shell.store, config={"x\ny": 1, "x\\ny": 2}) as run:
        run.log({"k\x1b[2J": 1})
    for command in (("head", "p/odd"), ("query", "p/odd"), ("show", "p/odd"), ("history", "p/r"), ("show", "p/r")):
        said = shell.ok(*command)
        assert "\x1b" not in said
        assert "\nb" not in said
    assert "a\\nb" in shell.ok("head", "p/odd")
    assert shell.ok("show", "p/r").count("x\\ny") == 2
    assert "key: a\\nb" in shell.ok("compare", "p/odd", "p/odd", "--on", "a\nb")


def test_a_run_has_no_tables_to_show(shell: Shell) -> None:
    with init(project="p", id="r", store=shell.store):
        pass
    assert "p/r is a run" in shell.fails(USAGE, "show", "p/r", "val")


def test_show_a_file_and_what_is_not_there(digits: Shell) -> None:
    assert digits.json("show", "digits/predictions", "notes.txt")["size"] == 7
    assert "did you mean 'notes.txt'" in digits.fails(NOT_FOUND, "show", "digits/predictions", "note.txt")
    digits.fails(NOT_FOUND, "show", "digits/predictions:v9")
    digits.fails(USAGE, "show", "digits/a/b:c:d\n")


def test_head_prints_rows_for_people(digits: Shell) -> None:
    result = digits.run("head", "digits/predictions", "-n", "2")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["id", "image", "guess", "score"]
    assert lines[1].startswith("0   image 5x4 png ")
    assert "'digit 0'" in lines[1]
    assert len(lines) == 3
    assert "2 of 20 rows" in result.stderr
    rows = digits.json("head", "digits/predictions", "test", "-n", "2", "-c", "guess,score,image")
    assert list(rows[1]) == ["guess", "score", "image"]
    assert (rows[1]["guess"], rows[1]["score"]) == ("odd", 1 / 7)
    assert rows[1]["image"]["width"] == 5
    assert rows[1]["image"]["digest"].startswith("SHA-256:")
    assert digits.json("head", "digits/predictions", "-n", "0") == []


def test_head_of_what_is_no_table(digits: Shell) -> None:
    assert "is no table" in digits.fails(USAGE, "head", "digits/predictions", "notes.txt")
    assert "guess" in digits.fails(NOT_FOUND, "head", "digits/predictions", "-c", "gues")


def test_tables_written_on_their_own(shell: Shell, tmp_path: Path) -> None:
    Table(columns=["a"], data=[[1], [2]]).write(str(tmp_path / "alone"), name="t")
    for name in ("alone", "alone/t.table.json"):
        assert shell.json("head", name) == [{"a": 1}, {"a": 2}]
        assert shell.json("show", name)["rows"] == 2


def test_several_tables_want_a_name(shell: Shell, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(f"x,{name}\n1,y\n2,z\n")
    assert shell.ok("put", "a.csv", "b.csv", "--table", "--name", "p/two", "--type", "t") == "p/two:v0\n"
    assert "a.table.json, b.table.json" in shell.fails(USAGE, "head", "p/two")
    assert "name the files" in shell.fails(USAGE, "put", tmp_path, "--table", "--name", "p/two")
    assert shell.json("head", "p/two", "b") == [{"x": 1, "b": "y"}, {"x": 2, "b": "z"}]


def test_put_files_and_directories(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "d" / "sub").mkdir(parents=True)
    (tmp_path / "d" / "sub" / "x.bin").write_bytes(b"x")
    (tmp_path / "one.txt").write_text("1")
    args = ["put", "d", "one.txt", "-n", "p/files", "-a", "good", "--tag", "t", "--metadata", '{"k": [1]}']
    first = shell.json(*args, "--description", "text")
    assert first["new"] is True
    version = shell.store.artifact("p/files:good")
    assert [item.path for item in version.files()] == ["one.txt", "sub/x.bin"]
    assert (version.type, version.tags, version.metadata) == ("dataset", ["t"], {"k": [1]})
    assert version.description == "text"
    again = shell.json(*args, "--description", "text")
    assert (again["version"], again["new"]) == ("p/files:v0", False)


def test_put_makes_the_default_store(tmp_path: Path) -> None:
    (tmp_path / "f.txt").write_text("x")
    result = CliRunner().invoke(cli, ["put", "f.txt", "--name", "p/f"])
    assert result.exit_code == 0, result.output
    assert Store(tmp_path / ".wbtable").artifact("p/f").version == "v0"


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_put_tables(shell: Shell, tmp_path: Path, suffix: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / f"t{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), path)
    elif suffix == ".jsonl":
        path.write_text('{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n')
    else:
        path.write_text("a,b\n1,x\n2,y\n".replace(",", "\t" if suffix == ".tsv" else ","))
    shell.ok("put", path, "--table", "-n", "p/t")
    assert shell.json("head", "p/t") == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]


def test_put_what_cannot_be(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "f.bin").write_bytes(b"\x00")
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    shell.fails(USAGE, "put", "missing", "-n", "p/a")
    shell.fails(USAGE, "put", "f.bin")
    shell.fails(USAGE, "put", "f.bin", "-n", "p/a:v1")
    shell.fails(USAGE, "put", "f.bin", "-n", "p/a", "--metadata", "[1]")
    shell.fails(USAGE, "put", "f.bin", "-n", "p/a", "--metadata", "{")
    shell.fails(USAGE, "put", "f.bin", "-n", "p/a", "--table")
    shell.fails(USAGE, "put", "f.bin", "-n", "p/a", "-a", "v3")
    shell.fails(FORMAT, "put", "bad.parquet", "-n", "p/a", "--table")
    assert shell.json("ls") == []


def test_put_two_files_of_one_name(shell: Shell, tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text(folder)
    said = shell.fails(CONFLICT, "put", "a", "b/x.txt", "-n", "p/a")
    assert said == (
        "wbtable: b/x.txt: 'x.txt' is there already with other content: it stands under that name in another of PATHS\n"
    )


def test_put_leaves_the_store_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "code").mkdir()
    monkeypatch.chdir(tmp_path / "code")
    Path("train.py").write_text("x")
    for _ in range(2):
        result = CliRunner().invoke(cli, ["put", ".", "-n", "p/code"])
        assert result.stdout == "p/code:v0\n"
    assert "wbtable: the store" in result.stderr


def test_get_downloads_a_version(digits: Shell, tmp_path: Path) -> None:
    where = Path(digits.ok("get", "digits/predictions:best", "-o", "out").strip())
    assert (where / "notes.txt").read_text() == "epoch 0"
    assert digits.json("head", str(where), "-n", "1")[0]["id"] == 0
    (where / "extra").write_text("x")
    assert digits.json("get", "digits/predictions", "-o", "out", "--exact")["version"] == "digits/predictions:v1"
    assert not (where / "extra").exists()
    digits.ok("get", "digits/predictions", "-o", "part", "--path", "notes")
    assert [path.name for path in (tmp_path / "part").iterdir()] == ["notes.txt"]
    digits.fails(USAGE, "get", "digits/predictions", "--exact")
    # an empty variable of a shell is not this folder
    (tmp := Path("kept")).write_text("x")
    for options in (("-o", ""), ("-o", "", "--exact"), ("-o", "kept")):
        digits.fails(USAGE, "get", "digits/predictions", *options)
    assert tmp.exists()


def test_alias(digits: Shell) -> None:
    assert digits.json("alias", "digits/predictions:v1", "best", "prod")["aliases"] == ["latest", "best", "prod"]
    assert digits.json("alias", "digits/predictions:v0")["aliases"] == []
    assert digits.ok("alias", "digits/predictions:prod", "prod", "--delete").strip().endswith("latest, best")
    digits.fails(USAGE, "alias", "digits/predictions:v1", "latest:x")
    digits.fails(USAGE, "alias", "digits/predictions:v1", "v7")
    digits.fails(USAGE, "alias", "digits/predictions:v1", "--delete")


def test_latest_is_kept_by_the_store(digits: Shell) -> None:
    for arguments in (("digits/predictions", "latest", "-d"), ("digits/predictions:v0", "latest", "prod")):
        assert "always means the newest version" in digits.fails(USAGE, "alias", *arguments)
    assert digits.json("alias", "digits/predictions:v1", "latest")["aliases"] == ["latest"]
    assert digits.json("alias", "digits/predictions:v0")["aliases"] == ["best"]


def test_an_alias_that_is_not_there_is_said(digits: Shell) -> None:
    assert "it means v0" in digits.fails(NOT_FOUND, "alias", "digits/predictions:v1", "best", "-d")
    assert "it has 'best'" in digits.fails(NOT_FOUND, "alias", "digits/predictions:v0", "best", "bset", "-d")
    assert "it has none" in digits.fails(NOT_FOUND, "alias", "digits/predictions:v1", "bset", "-d")
    assert digits.json("alias", "digits/predictions:v0")["aliases"] == ["best"]


def test_verify_finds_damage(digits: Shell) -> None:
    assert "all right" in digits.ok("verify")
    report = digits.json("verify", "digits/predictions:v0")
    assert (report["ok"], report["damaged"]) == (True, [])
    pack = next(Path(digits.store.url).glob("objects/*/*.pack"))
    data = bytearray(pack.read_bytes())
    data[10] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(data)
    result = digits.run("verify", "--json")
    assert result.exit_code == DAMAGED
    assert json.loads(result.stdout)["damaged"]
    assert digits.run("verify").exit_code == DAMAGED
    digits.fails(USAGE, "verify", "--download", "x")


def test_runs_history_and_show_of_a_run(shell: Shell) -> None:
    with init(project="p", store=shell.store, id="r1", name="first", config={"lr": 0.5}) as run:
        run.log({"loss": 0.5, "note": "a\x1b[31m"})
        run.log({"loss": float("nan")})
        run.log({"t": Table(columns=["a"], data=[[1]])})
    lines = shell.ok("runs", "p").splitlines()
    assert lines[1].split()[:3] == ["p/r1", "first", "finished"]
    [found] = shell.json("runs")
    assert found["config"] == {"lr": 0.5}
    assert found["summary"]["loss"] == "NaN"
    assert shell.json("runs", "--state", "crashed") == []
    text = shell.ok("show", "p/r1")
    assert "finished" in text
    assert "run-r1-t:v0" in text
    assert "\x1b" not in text
    assert shell.json("show", "r1", "-p", "p")["logged"] == ["p/run-r1-t:v0"]
    history = shell.json("history", "p/r1", "-k", "loss")
    assert [row.get("loss") for row in history] == [0.5, "NaN", None]
    assert shell.ok("history", "p/r1", "-n", "1").splitlines()[0].split()[:2] == ["_step", "_runtime"]
    assert "did you mean 'p/r1'" in shell.fails(NOT_FOUND, "history", "p/r2")
    shell.fails(NOT_FOUND, "history", "p/r1", "-k", "los")
    shell.fails(NOT_FOUND, "runs", "q")


def test_history_shows_values_as_they_were_logged(shell: Shell) -> None:
    """Not in the form in which they are stored where a key had several kinds of them."""
    image = Image(np.zeros((2, 3), np.uint8), caption="c")
    with init(project="p", store=shell.store, id="r") as run:
        run.log({"mixed": 1, "list": [1, 2], "at": dt.datetime(2020, 1, 1), "count": 5, "image": image})  # noqa: DTZ001
        run.log({"mixed": "a", "count": 2**60})
    first, second = shell.json("history", "p/r")
    assert (first["mixed"], first["list"], first["at"], first["count"]) == (1, [1, 2], "2020-01-01T00:00:00", 5)
    assert (first["image"]["width"], first["image"]["caption"]) == (3, "c")
    assert (second["mixed"], second["count"], set(second)) == ("a", 2**60, {"_step", "_runtime", "mixed", "count"})
    text = shell.ok("history", "p/r", "-k", "mixed,at,image")
    assert "image 3x2 png" in text
    assert "2020-01-01 00:00:00" in text
    assert text.splitlines()[2].split()[2:] == ["a"]
