"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import wbtable
from tests.architecture.repository import ROOT
from wbtable.cli import cli

if TYPE_CHECKING:
    from pathlib import Path

README = (ROOT / "README.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the names that the README's example defines, run in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WBTABLE_STORE", raising=False)
    (example,) = _blocks("python")
    names: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), names)
    return names


def test_the_example_gives_the_wrong_guesses_and_their_images(shown: dict[str, Any]) -> None:
    wrong = [i for i in range(100) if i % 7 != i % 10]
    wrong.sort(key=lambda i: i % 10)
    assert shown["wrong"].to_arrow(["id"])["id"].to_pylist() == wrong
    images = shown["images"].column("image").to_pylist()
    assert shown["images"].column("id").to_pylist() == wrong[:9]
    for row, cell in zip(wrong[:9], images, strict=True):
        assert (wbtable.Image(cell["bytes"]).to_numpy() == shown["digits"][row]).all()


def test_the_commands_run_after_the_example(shown: dict[str, Any]) -> None:
    commands = [line.partition("#")[0].strip() for line in _blocks("sh")[0].splitlines()]
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "wbtable"
        done = CliRunner().invoke(cli, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output


def test_both_commands_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for command in re.findall(r"^make ([a-z]+)", _blocks("sh")[1], re.MULTILINE):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)


def test_the_example_is_short() -> None:
    (example,) = _blocks("python")
    statements = [line for line in example.splitlines() if line.strip() and not line.startswith("import")]
    assert len(statements) <= 10
