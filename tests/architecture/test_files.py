"""Files stay small, say what is true on every machine, and leave nothing unfinished."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.architecture import repository

if TYPE_CHECKING:
    from pathlib import Path

LINES = 400


def _matches(pattern: str, paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{repository.name_of(path)}:{number}: {line.strip()[:100]}")
    return found


def test_files_are_under_400_lines() -> None:
    long = {
        repository.name_of(path): lines
        for path in repository.files()
        if path.suffix in {".py", ".js"}
        and path.parent.name != "vendor"
        and (lines := len(path.read_text("utf-8").splitlines())) >= LINES
    }
    assert long == {}


def test_no_path_of_a_machine() -> None:
    assert _matches(r"(?<![\w.])/(work|root|farm|tmp)/\w", list(repository.files())) == []


def test_nothing_is_unfinished_or_skipped() -> None:
    unfinished = r"TO[D]O|FIX[M]E|\bNotImplemented[E]rror|pytest\.mark\.(ski[p]|xfai[l])|pytest\.(ski[p]|xfai[l])\("
    assert _matches(unfinished, list(repository.python("wbtable", "tests", "examples", "benchmarks"))) == []


def test_a_silenced_check_is_named() -> None:
    silenced = r"#\s*noq[a]\s*($|[^:])|#\s*type:\s*ignor[e]\s*($|[^\[])"
    assert _matches(silenced, list(repository.python("wbtable", "tests", "examples", "benchmarks"))) == []


def test_every_lint_rule_that_is_off_has_its_reason() -> None:
    text = (repository.ROOT / "pyproject.toml").read_text("utf-8")
    listed = re.findall(r'^ +"[A-Z]+[0-9]*",.*$', text, re.MULTILINE)
    assert listed
    assert [line for line in listed if not re.search(r"# \w", line)] == []


def test_every_dependency_has_its_reason() -> None:
    project = (repository.ROOT / "pyproject.toml").read_text("utf-8")
    core = re.search(r"^dependencies = \[(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert core is not None
    reasons = (repository.ROOT / "CONTRIBUTING.md").read_text("utf-8")
    names = re.findall(r'"([a-z0-9-]+)', core[1])
    assert [name for name in names if f"| `{name}` |" not in reasons] == []
