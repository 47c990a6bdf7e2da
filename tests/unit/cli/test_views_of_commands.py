"""What query, compare and export say of the view that they are given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

import wbtable
from wbtable.cli.app import UNSUPPORTED, USAGE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Shell

DIVIDED = "division by zero"


@pytest.fixture
def pair(shell: Shell) -> Shell:
    for b in ([0, 0, 3], [0, 2, 4]):
        draft = wbtable.Artifact("t", type="t")
        draft.add(wbtable.Table.from_arrow(pa.table({"id": [1, 2, 3], "b": b})), "t")
        shell.store.commit(draft, project="p")
    return shell


@pytest.mark.parametrize("written", ["{bad", "[1]", "{}", '{"kind": "wbtable/view", "format": "0.1", "filter": 3}'])
@pytest.mark.parametrize(
    "command", [("query", "p/t"), ("compare", "p/t:v0", "p/t:v1"), ("export", "p/t", "-o", "x.csv")]
)
def test_a_document_that_is_no_view_is_a_wrong_call(
    pair: Shell, tmp_path: Path, command: tuple[str, ...], written: str
) -> None:
    (tmp_path / "view.json").write_text(written)
    assert "--spec" in pair.fails(USAGE, *command, "--spec", "view.json")


def test_a_document_of_a_newer_version_is_said_to_be_one(pair: Shell, tmp_path: Path) -> None:
    document = pair.store.artifact("p/t:v0").get("t").view().spec.to_json()
    (tmp_path / "view.json").write_text(json.dumps(document | {"format": "9.0"}))
    pair.fails(UNSUPPORTED, "query", "p/t", "--spec", "view.json")


@pytest.mark.parametrize("command", [("compare", "a.csv", "b.csv"), ("query", "a.csv", "--compare", "b.csv")])
def test_a_key_that_is_missing_is_not_said_in_python(shell: Shell, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n1,3\n")
    (tmp_path / "b.csv").write_text("a,c\n1,2\n")
    for key in ((), ("--on", "c"), ("--on", "a", "--on", "a"), ("--on", "a", "--on", "a=c")):
        said = shell.fails(USAGE, *command, *key)
        assert "key=" not in said
        assert "mode=" not in said
        assert "tuple" not in said


def test_compare_says_what_became_null(pair: Shell) -> None:
    merged = pair.run("compare", "p/t:v0", "p/t:v1", "-d", "r=id / 0.b")
    assert f"wbtable: 1 row: {DIVIDED}" in merged.stderr
    union = pair.run("compare", "p/t:v0", "p/t:v1", "--mode", "concat", "-d", "r=id / b")
    assert f"wbtable: 3 rows: {DIVIDED}" in union.stderr
    sides = pair.run("compare", "p/t:v0", "p/t:v1", "--mode", "side_by_side", "-d", "r=id / b", "--json")
    assert f"wbtable: side 0: 2 rows: {DIVIDED}" in sides.stderr
    assert f"wbtable: side 1: 1 row: {DIVIDED}" in sides.stderr


@pytest.mark.parametrize("file", ["x.csv", "x.feather", "folder/"])
def test_export_says_what_became_null(pair: Shell, file: str) -> None:
    assert f"wbtable: 2 rows: {DIVIDED}" in pair.run("export", "p/t:v0", "-d", "r=id / b", "-o", file).stderr


@pytest.mark.parametrize("link", ["often heard", "filter=1&filter=2", "sort=3", "sort=[", "http://localhost/?nothing"])
def test_a_link_that_is_none_is_a_wrong_call(shell: Shell, link: str) -> None:
    assert "--view as the query string" in shell.fails(USAGE, "view", "--no-browser", "--view", link)
