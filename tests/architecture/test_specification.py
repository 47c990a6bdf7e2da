"""The specification holds together: every rule has an id, every id a test, every citation a rule."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.architecture import repository

if TYPE_CHECKING:
    from pathlib import Path

CLAUSES = repository.clauses()
NAMES = {clause.name for clause in CLAUSES}
EXPLAINING = {"README.md", "01-concepts.md"}
"""Pages that say how to read the rules, and have none."""
PREFIXES = {name.rpartition("-")[0] for name in NAMES}


def test_no_id_stands_twice() -> None:
    assert [name for name, count in Counter(clause.name for clause in CLAUSES).items() if count > 1] == []


def test_every_must_has_an_id() -> None:
    loose = [
        f"{page.name}: {piece.splitlines()[0]}"
        for page in repository.pages()
        for piece in repository.sections(page)
        if page.name not in EXPLAINING
        and re.search(r"\bMUST\b", piece)
        and not piece.startswith("# ")
        and "**[" not in piece
    ]
    assert loose == []


def test_every_must_is_cited_by_a_test() -> None:
    cited: set[str] = set()
    for path in repository.python("tests"):
        cited |= repository.citations(path, PREFIXES)
    untested = [f"{c.page}: {c.name}" for c in CLAUSES if re.search(r"\bMUST\b", c.text) and c.name not in cited]
    assert untested == []


def test_every_cited_id_exists() -> None:
    unknown = [
        f"{repository.name_of(path)}: {name}"
        for path in [*repository.python("wbtable", "tests", "examples", "benchmarks"), *repository.pages()]
        for name in sorted(repository.citations(path, PREFIXES) - NAMES)
    ]
    assert unknown == []


@pytest.mark.parametrize("page", repository.pages(), ids=lambda page: page.name)
def test_pages_are_short(page: Path) -> None:
    assert len(page.read_text("utf-8").splitlines()) < 350


@pytest.mark.parametrize("page", repository.pages(), ids=lambda page: page.name)
def test_pages_end_in_requirements(page: Path) -> None:
    text = page.read_text("utf-8")
    assert page.name in EXPLAINING or not re.search(r"\bMUST\b", text) or "\n### Requirements\n" in text


def test_the_index_names_every_page_and_no_other() -> None:
    linked = re.findall(r"\]\(([0-9a-z][^)#]*\.md)\)", (repository.SPEC / "README.md").read_text("utf-8"))
    assert sorted(linked) == [page.name for page in repository.pages() if page.name != "README.md"]
