"""The pages in docs/ show code that runs, and name what exists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from benchmarks.cases import CASES
from tests.architecture.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

DOCS = ROOT / "docs"


def test_the_guides_blocks_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WBTABLE_STORE", raising=False)
    text = (DOCS / "guide.md").read_text("utf-8")
    names: dict[str, Any] = {}
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert len(blocks) > 10
    for block in blocks:
        # Blank lines before it, so that an error names the page's line.
        before = "\n" * text[: block.start(1)].count("\n")
        exec(compile(before + block[1], str(DOCS / "guide.md"), "exec"), names)


def test_links_lead_somewhere() -> None:
    for page in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), (page.name, target)


def test_the_page_of_benchmarks_has_a_row_for_each_case() -> None:
    text = (DOCS / "benchmarks.md").read_text("utf-8")
    for case in CASES:
        assert f"| {case.work}" in text, case.name
