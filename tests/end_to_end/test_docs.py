"""The pages in docs/ show code that runs, and name what exists."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import click
import pytest

from benchmarks.cases import CASES
from tests.architecture.repository import ROOT
from wbtable.cli.app import cli

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"


@pytest.mark.parametrize(
    ("page", "most"),
    [
        ("guide.md", 10),
        ("ask-your-table.md", 8),
        ("coming-from-wandb.md", 3),
        ("files-in-and-out.md", 5),
        ("reports.md", 2),
        ("runs.md", 4),
        ("sharing.md", 2),
        ("viewing.md", 1),
    ],
)
def test_a_pages_blocks_run_one_after_the_other(
    page: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WBTABLE_STORE", raising=False)
    text = (DOCS / page).read_text("utf-8")
    names: dict[str, Any] = {}
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    assert len(blocks) > most
    for block in blocks:
        # Blank lines before it, so that an error names the page's line.
        before = "\n" * text[: block.start(1)].count("\n")
        exec(compile(before + block[1], str(DOCS / page), "exec"), names)


@pytest.mark.parametrize(
    "page", ["ask-your-table.md", "coming-from-wandb.md", "files-in-and-out.md", "reports.md", "viewing.md"]
)
def test_a_pages_commands_are_commands(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    assert lines
    for line in lines:
        words = shlex.split(line, comments=True)
        assert words[0] == "wbtable"
        command: Any = cli
        context = click.Context(cli)
        for word in words[1:]:
            command = command.get_command(context, word)
            if not isinstance(command, click.Group):
                break
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, line


def test_links_lead_somewhere() -> None:
    for page in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), (page.name, target)


def test_the_page_of_benchmarks_has_a_row_for_each_case() -> None:
    text = (DOCS / "benchmarks.md").read_text("utf-8")
    for case in CASES:
        assert f"| {case.work}" in text, case.name
