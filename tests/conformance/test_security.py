"""Nothing that a store holds is run, and nothing that it names is opened unasked."""

from __future__ import annotations

import ast
import re
import socket
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from tests.architecture.repository import name_of, python, tree
from wbtable.tables import row_check

if TYPE_CHECKING:
    from pathlib import Path

RUNS_DATA = {"cloudpickle", "code", "codeop", "dill", "joblib", "marshal", "pickle", "shelve"}
EVALUATES = {"eval", "exec", "compile"}
WRITES_ITSELF = {"wbtable/tables/row_check.py": {"exec", "compile"}}
"""Modules that run what they wrote themselves; a test below looks at what that is."""


def _imports(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return set()


def test_no_module_can_run_what_it_reads() -> None:
    # SEC-1
    found = []
    for path in python("wbtable"):
        for node in ast.walk(tree(path)):
            if _imports(node) & RUNS_DATA:
                found.append(f"{name_of(path)}:{ast.unparse(node)}")
            refused = EVALUATES - WRITES_ITSELF.get(name_of(path), set())
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in refused:
                found.append(f"{name_of(path)}:{node.lineno}: {node.func.id}()")
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
                found.append(f"{name_of(path)}:{node.value.lineno}: allow_pickle")
    assert found == []


def test_nothing_of_the_data_goes_into_a_function_for_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    # SEC-1
    sources = []
    hostile = type("int: import os; os.abort() #", (int,), {"__module__": "os.abort()", "__qualname__": "x\nraise"})

    def compiled(source: str, *rest: Any) -> Any:
        sources.append(source)
        return compile(source, *rest)

    monkeypatch.setattr(row_check, "compile", compiled, raising=False)
    check = row_check.row_check([int, str, hostile], [0], [1])
    assert check((1, "import os; os.abort()", hostile(3)))
    assert not check((1, 2, hostile(3)))
    table = wbtable.Table(columns=["x = row", "__import__('os').abort()"])
    for number in range(2_000):
        table.add_data(number, f"'); import os; os.abort() # {number}")
    assert len(sources) == 2
    word = re.compile(r"v\d+|class_\d+|-?\d+|def|check|row|if|len|return|False|type|is|and|or|isascii|has_utf8")
    for source in sources:
        assert not [found for found in re.findall(r"-?\w+", source) if not word.fullmatch(found)]
        assert not set(re.sub(r"\w", "", source)) - set(" \n():,.=!<-")


@pytest.mark.parametrize("value", [object(), lambda: 1, np.array([object()], dtype=object)])
def test_what_only_a_pickle_could_hold_is_refused_when_added(value: object) -> None:
    # SEC-1
    table = wbtable.Table(columns=["x"], allow_mixed_types=True)
    with pytest.raises(wbtable.UsageError):
        table.add_data(value)
    table.add_data(1)
    assert len(table) == 1


def test_references_are_not_followed_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # SEC-2
    def refuse(*given: Any) -> None:
        raise AssertionError(given)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    outside = tmp_path / "outside.bin"
    outside.write_bytes(b"outside")
    store = wbtable.create_store(str(tmp_path / "store"))
    artifact = wbtable.Artifact("data", type="dataset")
    artifact.add_reference("https://example.invalid/x.bin", name="far.bin", checksum=False)
    artifact.add_reference(outside.as_uri(), name="near.bin")
    artifact.add(wbtable.Table(columns=["x"], data=[[1]]), "table")
    with wbtable.init(project="p", store=store) as run:
        version = run.log_artifact(artifact)
    outside.unlink()
    again = wbtable.Store(str(tmp_path / "store")).artifact("p/data:latest")
    assert again.digest == version.digest
    assert {entry.path for entry in again.files()} >= {"far.bin", "near.bin"}
    assert list(again.get("table").to_pandas()["x"]) == [1]
    again.download(str(tmp_path / "got"), path_prefix="table")
