"""Nothing that a store holds is run, and nothing that it names is opened unasked."""

from __future__ import annotations

import ast
import socket
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from tests.architecture.repository import name_of, python, tree

if TYPE_CHECKING:
    from pathlib import Path

RUNS_DATA = {"cloudpickle", "code", "codeop", "dill", "joblib", "marshal", "pickle", "shelve"}
EVALUATES = {"eval", "exec", "compile"}


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
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EVALUATES:
                found.append(f"{name_of(path)}:{node.lineno}: {node.func.id}()")
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False":
                found.append(f"{name_of(path)}:{node.value.lineno}: allow_pickle")
    assert found == []


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
