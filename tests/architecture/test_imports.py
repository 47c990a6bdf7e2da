"""`import wbtable` is quick and pulls in nothing; optional packages are imported where they are used."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.architecture import repository

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONAL = {"PIL", "adlfs", "av", "datasets", "gcsfs", "matplotlib", "pandas", "plotly", "polars", "ray", "s3fs"} | {
    "soundfile",
    "torch",
}
SLOW = OPTIONAL | {
    "click",
    "duckdb",
    "fsspec",
    "numpy",
    "pyarrow",
    "rich",
    "starlette",
    "uvicorn",
    "xxhash",
    "zstandard",
}

_MEASURE = """
import json, sys
before = set(sys.modules)
import wbtable
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_import_loads_no_package() -> None:
    """So it is fast on any machine; how fast, `python -X importtime -c 'import wbtable'` shows."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE], cwd=repository.ROOT, check=True, capture_output=True, text=True
    )
    assert set(json.loads(done.stdout)) & SLOW == set()


_ELSEWHERE = """
import os, pkgutil, importlib, sys
# What others import is theirs.
import click, duckdb, fsspec, numpy, pandas, PIL.Image, pyarrow.parquet, rich, soundfile, starlette, uvicorn, xxhash
import zstandard
import multiprocessing.connection, subprocess
for name in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None
for name in ("register_at_fork", "fork", "pread", "preadv", "writev", "O_CLOEXEC", "O_DIRECTORY", "sched_getaffinity"):
    if hasattr(os, name):
        delattr(os, name)
import wbtable
for module in pkgutil.walk_packages(wbtable.__path__, "wbtable."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
for act in (lambda: wbtable.create_store("store"), lambda: wbtable.Store("s3://bucket/store")):
    try:
        act()
    except wbtable.UnsupportedError as error:
        print(error)
"""


def test_a_system_without_posix_is_told_so() -> None:
    """Linux and macOS are supported. Elsewhere everything is imported, and a store is refused with words."""
    done = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE], cwd=repository.ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("runs on Linux and macOS") == 2


def _at_import_time(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the packages that running these statements imports."""
    for statement in body:
        if isinstance(statement, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            yield (statement.module or "").partition(".")[0]
        elif isinstance(statement, ast.If) and ast.unparse(statement.test).endswith("TYPE_CHECKING"):
            yield from _at_import_time(statement.orelse)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            for block in ("body", "orelse", "finalbody"):
                yield from _at_import_time(getattr(statement, block, []))
            for handler in getattr(statement, "handlers", []):
                yield from _at_import_time(handler.body)


def test_optional_packages_are_imported_inside_functions() -> None:
    early = {
        repository.name_of(path): sorted(found)
        for path in repository.python("wbtable")
        if (found := OPTIONAL & set(_at_import_time(repository.tree(path).body)))
    }
    assert early == {}


def test_the_format_opens_no_file() -> None:
    opened = [
        f"{repository.name_of(path)}:{node.lineno}"
        for path in repository.python("wbtable/format")
        for node in ast.walk(repository.tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    ]
    assert opened == []


def test_exactly_two_modules_import_fsspec() -> None:
    importers = [
        repository.name_of(path)
        for path in repository.python("wbtable")
        for node in ast.walk(repository.tree(path))
        if (isinstance(node, ast.Import) and any(alias.name.partition(".")[0] == "fsspec" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "fsspec")
    ]
    assert set(importers) == {"wbtable/storage/fsspec_kinds.py", "wbtable/storage/range_file_system.py"}
