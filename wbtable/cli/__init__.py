"""The command line. Each command is a module that is imported when it is called, so that ``--help`` is fast."""

from __future__ import annotations

from wbtable.cli.app import cli

__all__ = ["cli", "main"]


def main() -> None:
    """Run the command line; the process ends with one of the documented exit codes."""
    cli.main(prog_name="wbtable")
