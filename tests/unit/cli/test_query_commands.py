"""The commands query, compare, diff and export."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wbtable
from wbtable.cli.app import CONFLICT, NOT_FOUND, USAGE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Shell


def put(shell: Shell, name: str, **tables: dict[str, list[Any]]) -> None:
    draft = wbtable.Artifact(name, type="t")
    for key, columns in tables.items():
        draft.add(wbtable.Table.from_arrow(pa.table(columns)), key)
    shell.store.commit(draft, project="p")


@pytest.fixture
def guesses(shell: Shell) -> Shell:
    put(
        shell,
        "g",
        val={"id": [1, 2, 3, 4], "guess": [0, 1, 1, 0], "truth": [0, 1, 0, 1], "score": [0.5, 0.9, 0.7, 0.6]},
    )
    put(
        shell,
        "g",
        val={"id": [1, 2, 3, 5], "guess": [0, 1, 0, 0], "truth": [0, 1, 0, 1], "score": [0.5, 0.9, 0.7, 0.6]},
    )
    put(shell, "names", names={"truth": [0, 1], "name": ["zero", "one"]})
    return shell


def test_query_filters_derives_and_sorts(guesses: Shell) -> None:
    found = guesses.json("query", "p/g:v0", "-w", "guess != truth", "-s", "score desc", "-d", "twice=score * 2")
    assert found == [
        {"id": 3, "guess": 1, "truth": 0, "score": 0.7, "twice": 1.4},
        {"id": 4, "guess": 0, "truth": 1, "score": 0.6, "twice": 1.2},
    ]
    text = guesses.ok("query", "p/g:v0", "val", "-c", "id,score", "-n", "2", "--offset", "1")
    assert [line.split() for line in text.splitlines()] == [["id", "score"], ["2", "0.9"], ["3", "0.7"]]


def test_query_groups(guesses: Shell) -> None:
    options = ("-g", "guess", "--cell", "precision=avg(guess == truth)", "-s", "precision desc", "-s", "guess")
    found = guesses.json("query", "p/g:v1", *options)
    assert [row["precision"] for row in found] == [1.0, pytest.approx(2 / 3)]
    assert [row["guess"] for row in found] == [1, 0]
    few = guesses.json("query", "p/g:v1", *options, "--having", "count() > 1")
    assert [row["count"] for row in few] == [3]


def test_query_says_what_became_null(guesses: Shell) -> None:
    found = guesses.run("query", "p/g:v0", "-d", "r=score / guess", "-w", "id < 4", "--json")
    assert [row["r"] for row in json.loads(found.stdout)] == [None, 0.9, 0.7]
    assert found.stderr == "wbtable: 1 row: division by zero in \"score / guess\" (derive[0] 'r')\n"
    assert not guesses.run("query", "p/g:v0", "-d", "r=if(guess != 0, score / guess, 0.0)").stderr


def test_query_joins_and_compares(guesses: Shell) -> None:
    joined = guesses.json("query", "p/g:v0", "--join", "p/names#names", "--on", "truth", "-w", '1.name == "one"')
    assert [row["0.id"] for row in joined] == [2, 4]
    pairs = guesses.json(
        "query", "p/g:v0", "--join", "p/names", "--on", "guess=truth", "--how", "inner", "-c", "1.name"
    )
    assert [row["1.name"] for row in pairs] == ["zero", "one", "one", "zero"]
    differ = guesses.json("query", "p/g:v0", "--compare", "p/g:v1", "--on", "id", "-w", "0.guess != 1.guess")
    assert [(row["id"], row["_change"]) for row in differ] == [(3, "changed")]


def test_query_reads_what_runs_logged(shell: Shell) -> None:
    for epoch in range(2):
        with wbtable.init(project="p", store=shell.store) as run:
            run.log({"val": wbtable.Table(columns=["id", "ok"], data=[[1, epoch], [2, 1]])})
    found = shell.json("query", "p", "--logged", "val", "-g", "run", "--cell", "accuracy=avg(ok)", "-s", "accuracy")
    assert [row["accuracy"] for row in found] == [0.5, 1.0]


def test_query_takes_a_document_and_shows_how_it_is_made(guesses: Shell, tmp_path: Path) -> None:
    table = guesses.store.artifact("p/g:v0").get("val")
    view = table.view(filter="guess != truth", sort="id desc")
    (tmp_path / "view.json").write_text(json.dumps(view.spec.to_json()))
    found = guesses.json("query", "p/g:v0", "--spec", "view.json")
    assert [row["id"] for row in found] == [4, 3]
    assert guesses.fails(USAGE, "query", "p/g:v0", "--spec", "view.json", "-s", "id")
    assert "guess != truth" in guesses.ok("query", "p/g:v0", "--python", "-w", "guess != truth")
    assert "SELECT" in guesses.ok("query", "p/g:v0", "--sql", "-w", "guess != truth")
    assert guesses.ok("query", "p/g:v0", "--explain").strip()


def test_query_says_what_is_wrong(guesses: Shell) -> None:
    assert "guess" in guesses.fails(USAGE, "query", "p/g", "-w", "guesss == 1")
    assert "NAME=EXPRESSION" in guesses.fails(USAGE, "query", "p/g", "-d", "guess == truth")
    assert "NAME=EXPRESSION" in guesses.fails(USAGE, "query", "p/g", "-d", "guess != truth")
    assert "--on" in guesses.fails(USAGE, "query", "p/g", "--join", "p/names")
    assert "--on" in guesses.fails(USAGE, "query", "p/g", "--on", "id")
    assert "give one" in guesses.fails(USAGE, "query", "p/g", "--join", "p/names", "--on", "id", "--logged", "val")
    assert "no key column" in guesses.fails(USAGE, "query", "p/g", "--join", "p/names", "--on", "id")
    assert "cannot be equal" in guesses.fails(USAGE, "query", "p/g", "--join", "p/names", "--on", "id=name")
    guesses.fails(NOT_FOUND, "query", "p/nothing")
    guesses.fails(NOT_FOUND, "query", "p", "--logged", "nothing")


def test_compare_counts_and_shows_what_differs(guesses: Shell) -> None:
    found = guesses.json("compare", "p/g:v0", "p/g:v1")
    assert (found["key"], found["key_was_suggested"]) == (["id"], True)
    assert found["counts"] == {
        "added": 1, "removed": 1, "changed": 1, "equal": 2, "duplicates": [0, 0], "nulls": [0, 0],
    }  # fmt: skip
    assert {column["name"]: column["changed"] for column in found["columns"]} == {"guess": 1, "truth": 0, "score": 0}
    assert found["rows"] == [
        {"id": 3, "0.guess": 1, "1.guess": 0, "_change": "changed"},
        {"id": 4, "0.guess": 0, "1.guess": None, "_change": "removed"},
        {"id": 5, "0.guess": None, "1.guess": 0, "_change": "added"},
    ]
    text = guesses.ok("compare", "p/g:v0", "p/g:v1", "--on", "id")
    assert text.splitlines()[:2] == ["key: id", "1 added, 1 removed, 1 changed, 2 equal"]
    only = guesses.json("compare", "p/g:v0", "p/g:v1", "--only", "added,removed")
    assert [row["id"] for row in only["rows"]] == [4, 5]
    worse = guesses.json("compare", "p/g:v0", "p/g:v1", "-w", "0.guess != 0.truth and 1.guess == 1.truth")
    assert [row["id"] for row in worse["rows"]] == [3]


def test_compare_files_one_after_another_and_side_by_side(guesses: Shell, tmp_path: Path) -> None:
    for name, cells in (("a", "1,x\n2,y"), ("b", "1,x\n2,z")):
        (tmp_path / f"{name}.csv").write_text(f"k,v\n{cells}\n")
    assert guesses.json("compare", "a.csv", "b.csv", "--on", "k")["counts"]["changed"] == 1
    both = guesses.json("compare", "a.csv", "b.csv", "--mode", "concat", "-s", "v desc", "-n", "1")
    assert both == [{"_table": 1, "k": 2, "v": "z"}]
    sides = guesses.json("compare", "p/g:v0", "p/g:v1", "--mode", "side_by_side", "-w", "guess != truth")
    assert [side["count"] for side in sides] == [2, 1]
    assert "1: p/g:v1" in guesses.ok("compare", "p/g:v0", "p/g:v1", "--mode", "side_by_side")


def test_several_tables_are_compared_by_a_key(guesses: Shell) -> None:
    others = ("--compare", "p/g:v1", "--compare", "p/g:v0")
    found = guesses.json("query", "p/g:v0", *others, "--on", "id", "-c", "id,_change")
    assert [row["_change"] for row in found] == ["equal", "equal", "changed", "removed", "added"]
    assert "two tables" in guesses.fails(USAGE, "query", "p/g:v0", *others, "--on", "id=id")


def test_what_compare_shows_may_be_derived_anew(guesses: Shell) -> None:
    derived = ("-d", "_change=upper(_change)", "-d", "0.guess=0.guess + 10", "-d", "more=1")
    rows = guesses.json("compare", "p/g:v0", "p/g:v1", *derived)["rows"]
    assert rows[0] == {"id": 3, "0.guess": 11, "1.guess": 0, "more": 1, "_change": "CHANGED"}


def test_compare_says_what_is_wrong(guesses: Shell, tmp_path: Path) -> None:
    assert "concat" in guesses.fails(USAGE, "compare", "p/g:v0", "p/names#names", "--on", "id")
    (tmp_path / "other.csv").write_text("other\n1\n")
    assert "no column in common" in guesses.fails(USAGE, "compare", "p/g:v0", "other.csv")
    assert "from 2 to 8" in guesses.fails(USAGE, "compare", "p/g:v0")
    assert "words of" in guesses.fails(USAGE, "compare", "p/g:v0", "p/g:v1", "--only", "new")
    assert "two tables" in guesses.fails(USAGE, "compare", "p/g:v0", "p/g:v1", "p/g:v0", "--on", "id=id")
    assert guesses.json("compare", "p/g:v0", "p/g:v1", "p/g:v0", "--on", "id")["counts"]["added"] == 1


def test_diff_names_entries(guesses: Shell, tmp_path: Path) -> None:
    found = guesses.json("diff", "p/g:v0", "v1")
    assert (found["added"], found["removed"], found["changed"]) == ([], [], ["val.table.json"])
    assert guesses.ok("diff", "p/g:v0", "p/g:v1") == "~ val.table.json  (4 rows)\n"
    assert guesses.ok("diff", "p/g:v0", "p/names").splitlines() == ["+ names.table.json", "- val.table.json"]
    assert guesses.ok("diff", "p/g:v0", "p/g:v0") == ""
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "a\n\x1b[31m").touch()
    guesses.ok("put", "odd", "--name", "p/odd")
    assert "+ a\\n\\x1b[31m" in guesses.ok("diff", "p/g:v0", "p/odd").splitlines()
    guesses.fails(NOT_FOUND, "diff", "p/g:v0", "v7")


def test_export_writes_files(guesses: Shell, tmp_path: Path) -> None:
    told = guesses.json("export", "p/g:v0", "-o", "wrong.csv", "-w", "guess != truth", "-c", "id,score")
    assert told == {"file": "wrong.csv", "rows": 2, "columns": ["id", "score"]}
    with (tmp_path / "wrong.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["id", "score"], ["3", "0.7"], ["4", "0.6"]]
    guesses.ok("export", "p/g:v0", "val", "-o", "all.parquet")
    assert pq.read_table(tmp_path / "all.parquet")["id"].to_pylist() == [1, 2, 3, 4]
    guesses.ok("export", "p/g:v0", "--join", "p/names", "--on", "truth", "-o", "joined.jsonl")
    lines = (tmp_path / "joined.jsonl").read_text().splitlines()
    assert [json.loads(line)["1.name"] for line in lines] == ["zero", "one", "zero", "one"]
    assert ".parquet" in guesses.fails(USAGE, "export", "p/g:v0", "-o", "all.xlsx")
    assert "no folder 'none'" in guesses.fails(NOT_FOUND, "export", "p/g:v0", "-o", "none/all.csv")


@pytest.mark.parametrize("options", [("csv",), ("jsonl",), ("parquet",), ("parquet", "--media", "bytes"), ("feather",)])
def test_export_replaces_a_file_where_it_is_said(guesses: Shell, tmp_path: Path, options: tuple[str, ...]) -> None:
    suffix, *more = options
    file = tmp_path / f"out.{suffix}"
    file.write_text("precious")
    assert "--overwrite" in guesses.fails(CONFLICT, "export", "p/g:v0", "-o", file, *more)
    assert file.read_text() == "precious"
    guesses.ok("export", "p/g:v0", "-o", file, *more, "--overwrite")
    first = file.read_bytes()
    assert first != b"precious"
    guesses.fails(CONFLICT, "export", "p/g:v1", "-o", file, *more)
    assert file.read_bytes() == first


def test_options_that_do_nothing_are_refused(guesses: Shell) -> None:
    """They were left out of account without a word."""
    assert "give one of them" in guesses.fails(USAGE, "query", "p/g", "--sql", "--python")
    for command in (("query", "p/g"), ("export", "p/g", "-o", "x.csv")):
        assert "--how is of --join or --compare" in guesses.fails(USAGE, *command, "--how", "left")
    for mode in ("concat", "side_by_side"):
        for option in (("--on", "id"), ("--how", "outer"), ("--only", "added")):
            said = guesses.fails(USAGE, "compare", "p/g:v0", "p/g:v1", "--mode", mode, *option)
            assert f"{option[0]} is of merged rows" in said
    inner = guesses.json("query", "p/g:v0", "--compare", "p/g:v1", "--on", "id", "--how", "inner")
    assert [row["id"] for row in inner] == [1, 2, 3]


def test_what_is_given_twice_is_refused(guesses: Shell) -> None:
    """The first was left out without a word."""
    assert "'x' twice" in guesses.fails(USAGE, "query", "p/g", "-d", "x=1", "-d", "x = 2")
    assert "'n' twice" in guesses.fails(USAGE, "query", "p/g", "-g", "guess", "--cell", "n=1", "--cell", "n=2")
    for command in ("head", "query"):
        assert "each column once" in guesses.fails(USAGE, command, "p/g", "-c", "id", "-c", "id")


def test_files_are_read_as_tables(guesses: Shell, tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("id\tname\n1\ta, b\n")
    guesses.ok("export", "p/g:v0", "-o", "t.feather", "-c", "id")
    for command in ("head", "query"):
        assert guesses.json(command, "t.tsv") == [{"id": 1, "name": "a, b"}]
        assert [row["id"] for row in guesses.json(command, "t.feather")] == [1, 2, 3, 4]
        assert "no file" in guesses.fails(NOT_FOUND, command, "none.csv")
        assert "a table itself" in guesses.fails(USAGE, command, "t.tsv", "t")


def test_export_replaces_no_folder(guesses: Shell, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_text("x")
    guesses.fails(CONFLICT, "export", "p/g:v0", "-o", "out/")
    assert "new or empty" in guesses.fails(USAGE, "export", "p/g:v0", "-o", "out/", "--overwrite")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("-c", '"a,b",id'), ["a,b", "id"]),
        (("-c", "id", "-c", '"a,b", "say ""hi"""'), ["id", "a,b", 'say "hi"']),
        (("-c", '5" wide, id'), ['5" wide', "id"]),
    ],
)
def test_columns_with_commas_are_named(guesses: Shell, given: tuple[str, ...], names: list[str]) -> None:
    columns = {"id": [1], "a,b": [2], 'say "hi"': [3], '5" wide': [4]}
    put(guesses, "odd", t=columns)
    for command in ("query", "head"):
        assert list(guesses.json(command, "p/odd", *given)[0]) == names
        assert "separated by commas" in guesses.fails(USAGE, command, "p/odd", "-c", '"a,b')
        assert "unknown column 'a'" in guesses.fails(NOT_FOUND, command, "p/odd", "-c", "a,b")


def test_what_makes_no_view_is_the_command_that_is_wrong(guesses: Shell) -> None:
    """It was said to be a fault of the data."""
    for options in (("--cell", "n=count()"), ("--having", "count() > 1"), ("-s", ""), ("-d", "x= ")):
        guesses.fails(USAGE, "query", "p/g", *options)
    table = wbtable.Table(columns=["a"], data=[[1]])
    parts: list[dict[str, Any]] = [{"having": "count() > 1"}, {"sort": [3]}, {"derive": {"x": ""}}, {"group": [""]}]
    for wrong in parts:
        with pytest.raises(wbtable.UsageError):
            table.view(**wrong)
    with pytest.raises(wbtable.UsageError):
        table.view().sort("")
    with pytest.raises(wbtable.UsageError):
        table.view().group_by("a", having="")


def test_code_and_plans_are_json_where_it_is_asked_for(guesses: Shell) -> None:
    for option, key in (("--sql", "sql"), ("--python", "python"), ("--explain", "plan")):
        assert guesses.json("query", "p/g", option)[key].strip() == guesses.ok("query", "p/g", option).strip()


def test_a_table_that_stands_alone_has_no_tables_in_it(guesses: Shell, tmp_path: Path) -> None:
    """The path was not looked at."""
    wbtable.Table(columns=["a"], data=[[1]]).write(str(tmp_path / "alone"))
    (tmp_path / "a.csv").write_text("a\n1\n")
    for command, name in (("query", "a.csv"), ("query", "alone"), ("head", "alone"), ("show", "alone")):
        assert "a table itself" in guesses.fails(USAGE, command, name, "val")


def test_more_rows_than_there_can_be(guesses: Shell) -> None:
    for command in ("head", "query"):
        assert len(guesses.json(command, "p/g", "-n", 10**20)) == 4
