"""The examples that a command's help gives: what it says works as it stands."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from wbtable.cli.app import COMMANDS, cli
from wbtable.query.parser import parse

if TYPE_CHECKING:
    from pathlib import Path


def _examples(name: str) -> list[str]:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return re.findall(r"^ *(wbtable .*)$", command.epilog or "", re.MULTILINE)


@pytest.mark.parametrize("example", [example for name in COMMANDS for example in _examples(name)])
def test_examples_are_calls_whose_expressions_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str
) -> None:
    """Of ``query`` one grouped by ``run,step``, which is no expression."""
    monkeypatch.chdir(tmp_path)
    for folder in ("photos", "artifacts/predictions:v4"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("train.csv", "test.csv"):
        (tmp_path / file).touch()
    words = shlex.split(re.sub(r" >>? [~/.\w]+$", "", example))[1:]  # without where a shell puts the output
    with cli.make_context("wbtable", words) as context:
        name, command, rest = cli.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None
        with command.make_context(name, rest, parent=context) as inner:
            given = inner.params
    for key in ("group", "derive", "cell", "sort", "where", "having"):
        value = given.get(key) or ()
        for text in (value,) if isinstance(value, str) else value:
            bare = text.partition("=")[2] if key in {"derive", "cell"} else re.sub(" (asc|desc)$", "", text)
            parse(bare)
