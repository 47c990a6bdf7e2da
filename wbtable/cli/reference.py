"""The reference of the command line, made of the commands themselves: ``python -m wbtable.cli.reference``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

from wbtable.cli.app import COMMANDS, EPILOG, cli

__all__ = ["PLACE", "reference"]

PLACE: Final = Path(__file__).resolve().parents[2] / "docs" / "commands.md"
"""Where the reference stands in the repository."""

_HEAD: Final = """\
# Commands

This page is made of the commands themselves by `python -m wbtable.cli.reference`; `wbtable COMMAND --help` says the
same. Every command takes `--store URL`, `--json` and `--debug`, before its name or behind it. Results are on stdout;
progress and what else is to be said is on stderr. An error is one line; `--debug` shows where it was raised.
`wbtable completion` prints the completion script of a shell.

"""
_COMMON: Final = frozenset({"store_url", "as_json", "debug"})


def reference() -> str:
    """Return the text of the reference."""
    context = click.Context(cli, info_name="wbtable")
    lines = [f"| [`{name}`](#{name}) | {line} |" for name, line in COMMANDS.items()]
    codes = re.findall(r"^  (\d+)\s+(.*)$", EPILOG, re.MULTILINE)
    parts = [_HEAD, "| command | |\n|---|---|\n", *(f"{line}\n" for line in lines)]
    parts += ["\n| exit code | |\n|---|---|\n", *(f"| {code} | {text} |\n" for code, text in codes)]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        parts.append(_section(name, command, context))
    return "".join(parts)


def _section(name: str, command: click.Command, parent: click.Context) -> str:
    context = click.Context(command, info_name=name, parent=parent)
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts = [f"\n## {name}\n\n", f"    {' '.join(usage.split())}\n\n", f"{_prose(command.help or '')}\n"]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            parts.append(f"\n`wbtable {name} {inner}`: {_prose(found.help or '')}\n\n{_options(found, context)}")
    parts.append(_options(command, context))
    if command.epilog:
        shown = [line.strip() for line in command.epilog.splitlines() if line.startswith("  ")]
        parts.append("\n```sh\n" + "\n".join(shown) + "\n```\n")
    return "".join(parts)


def _options(command: click.Command, context: click.Context) -> str:
    rows = []
    for parameter in command.get_params(context):
        if not isinstance(parameter, click.Option) or parameter.name in _COMMON or "--help" in parameter.opts:
            continue
        record = parameter.get_help_record(context)
        if record is None:
            continue
        rows.append(f"| `{_cell(record[0])}` | {_cell(record[1])} |\n")
    return "\n| option | |\n|---|---|\n" + "".join(rows) if rows else ""


def _prose(text: str) -> str:
    return "\n\n".join(" ".join(part.replace("\b", "").split()) for part in text.split("\n\n")).strip()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PLACE.write_text(reference(), "utf-8")
