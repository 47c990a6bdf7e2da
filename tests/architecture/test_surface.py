"""The public names are pinned, and no class grows without saying why."""

from __future__ import annotations

import ast
from typing import NamedTuple

import pytest

import wbtable
from tests.architecture import repository

METHODS = 20
SURFACES = {
    "Artifact": "W&B's artifact being made, whose method names people know",
    "Comparison": "reads like a Table",
    "JoinedTable": "reads like a Table",
    "LeasedObjects": "an ObjectStore, whose methods its writers call, and what settles it",
    "ObjectStore": "bytes by digest, put and read alone, many at once, by range and as documents",
    "PartitionedTable": "reads like a Table",
    "Store": "what is there by name: versions, runs, views, reports, and how all of it is kept",
    "UnionTable": "reads like a Table",
    "Table": "W&B's table, whose method names people know, and reading as Arrow, pandas and Polars users expect it",
    "PendingVersion": "a Version that waits",
    "Version": "W&B's artifact once logged",
    "View": "reads like a Table, and refines itself",
}
"""Classes that may have more public methods, and why."""

EXPORTS = [
    "AlreadyExistsError", "Artifact", "Audio", "CancelledError", "Classes", "CommitStateUnknownError",
    "ConflictError", "DeniedError", "DigestMismatchError", "DiskFullError", "FormatError", "Histogram", "Html",
    "Image", "JoinedTable", "LimitError", "MissingExtraError", "Molecule", "NotFoundError", "Object3D",
    "PartitionedTable", "Plotly", "Run", "Settings", "StorageError", "Store", "Table", "TableWriter",
    "TypeMismatchError", "UnsupportedError", "UsageError", "Version", "Video", "WbtableError", "box3d", "compare",
    "config", "create_store", "define_metric", "finish", "import_wandb", "init", "log", "log_artifact", "login",
    "open_table", "read_csv", "read_feather", "read_folder", "read_jsonl", "read_parquet", "run", "summary",
    "unwatch", "use_artifact", "view", "watch",
]  # fmt: skip


def test_exports_are_pinned() -> None:
    assert wbtable.__all__ == EXPORTS
    assert dir(wbtable) == sorted(EXPORTS)


@pytest.mark.parametrize("name", EXPORTS)
def test_every_export_is_there(name: str) -> None:
    assert hasattr(wbtable, name)


def test_other_names_are_not_there() -> None:
    assert not hasattr(wbtable, "no_such_name")


class _Class(NamedTuple):
    place: str
    methods: frozenset[str]
    bases: tuple[str, ...]


def _is_method(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
        return False
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    return not any("property" in mark or mark.endswith((".setter", ".deleter")) for mark in marks)


def _classes() -> dict[str, _Class]:
    found = {}
    for path in repository.python("wbtable"):
        for node in ast.walk(repository.tree(path)):
            if isinstance(node, ast.ClassDef):
                methods = frozenset(item.name for item in node.body if _is_method(item))  # type: ignore[attr-defined]
                bases = tuple(ast.unparse(base).partition("[")[0] for base in node.bases)
                found[node.name] = _Class(repository.name_of(path), methods, bases)
    return found


def _methods(name: str, classes: dict[str, _Class]) -> frozenset[str]:
    if name not in classes:
        return frozenset()
    own = classes[name]
    return own.methods.union(*(_methods(base, classes) for base in own.bases if base != name))


def test_classes_have_under_20_public_methods() -> None:
    classes = _classes()
    large = {
        f"{place.place}: {name}": count
        for name, place in classes.items()
        if name not in SURFACES and (count := len(_methods(name, classes))) >= METHODS
    }
    assert large == {}
