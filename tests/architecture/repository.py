"""Where things are, for the tests that read the repository itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "wbtable"
SPEC = ROOT / "spec"
SCHEMAS = SPEC / "schemas"

_TEXT = {".py", ".md", ".json", ".toml", ".yaml", ".yml", ".js", ".css", ".html", ".txt", ".in", ".sh", ""}
_CLAUSE = re.compile(r"\*\*\[([A-Z][A-Z0-9]*-[0-9]+)\]\*\*")
_MADE = {"__pycache__", "build", "dist", "node_modules"}
_HIDDEN_AND_OURS = {".ci", ".gitignore", ".pre-commit-config.yaml"}


class Clause(NamedTuple):
    """One numbered rule of the specification."""

    name: str
    page: str
    text: str


def files() -> Iterator[Path]:
    """Yield the repository's own text files: not what tools and environments put beside them."""
    for top in sorted(ROOT.iterdir()):
        if top.name.startswith(".") and top.name not in _HIDDEN_AND_OURS:
            continue
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and path.suffix in _TEXT and not _MADE & set(path.parts):
                yield path


def python(*folders: str) -> Iterator[Path]:
    """Yield the Python files below these folders of the repository."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    """Return the parsed file."""
    return ast.parse(path.read_text("utf-8"), str(path))


def name_of(path: Path) -> str:
    """Return how a message calls this file."""
    return path.relative_to(ROOT).as_posix()


def pages() -> list[Path]:
    """Return the pages of the specification."""
    return sorted(SPEC.glob("*.md"))


def sections(page: Path) -> Iterator[str]:
    """Yield the page's text in pieces that begin at a heading or at a clause."""
    piece: list[str] = []
    fenced = False
    for line in page.read_text("utf-8").splitlines():
        fenced ^= line.lstrip().startswith("```")
        if not fenced and (line.startswith("#") or _CLAUSE.search(line)):
            yield "\n".join(piece)
            piece = []
        piece.append(line)
    yield "\n".join(piece)


def clauses() -> list[Clause]:
    """Return every clause, in the order of the pages."""
    found = []
    for page in pages():
        for piece in sections(page):
            match = _CLAUSE.search(piece)
            if match:
                found.append(Clause(match[1], page.name, piece))
    return found


def citations(path: Path, prefixes: set[str]) -> set[str]:
    """Return the ids with one of these prefixes that a file mentions; ``PACK-3 to PACK-5`` names its ends."""
    return {
        found[0]
        for found in re.finditer(r"\b([A-Z][A-Z0-9]*)-[0-9]+\b", path.read_text("utf-8"))
        if found[1] in prefixes
    }
