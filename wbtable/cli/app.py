"""The group of commands: found by name, imported when called; errors become one line and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from wbtable import __version__
from wbtable.errors import (
    CancelledError,
    ConflictError,
    FormatError,
    LimitError,
    NotFoundError,
    StorageError,
    UnsupportedError,
    UsageError,
    WbtableError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

OK: Final = 0
DAMAGED: Final = 1
USAGE: Final = 2
NOT_FOUND: Final = 3
CONFLICT: Final = 4
FORMAT: Final = 5
UNSUPPORTED: Final = 6
STORAGE: Final = 7
LIMIT: Final = 8
BUG: Final = 70
INTERRUPTED: Final = 130
CLOSED: Final = 141

_CODES: Final[tuple[tuple[type[WbtableError], int], ...]] = (
    (UsageError, USAGE),
    (NotFoundError, NOT_FOUND),
    (ConflictError, CONFLICT),
    (FormatError, FORMAT),
    (UnsupportedError, UNSUPPORTED),
    (StorageError, STORAGE),
    (LimitError, LIMIT),
    (CancelledError, INTERRUPTED),
)

COMMANDS: Final = {
    "init": "Make a store.",
    "ls": "List artifacts, or the files of a version.",
    "show": "Show a version, a table or a run.",
    "head": "Print the first rows of a table.",
    "query": "Filter, derive, group, sort and join; print what comes out.",
    "compare": "Say which rows of tables differ, and in what.",
    "diff": "Say which entries of two versions differ.",
    "export": "Write a table, or a view of it, to a file.",
    "log": "List the versions of an artifact.",
    "runs": "List the runs of a project.",
    "history": "Print what a run logged.",
    "lineage": "Show what a version was made from, and what was made of it.",
    "get": "Download a version.",
    "put": "Store files, directories and tables as a version.",
    "import": "Import files of other systems: W&B, tables, folders of media.",
    "alias": "Name a version, or take a name away.",
    "tag": "Label a version, or take labels away.",
    "rm": "Delete versions or whole artifacts.",
    "copy": "Copy versions, projects or everything to another store.",
    "sync": "Send what runs left on this machine.",
    "verify": "Read every byte and check it.",
    "repair": "Mend damaged objects with good copies.",
    "du": "Say how many bytes each artifact takes.",
    "gc": "Say what nothing needs any more, and delete it.",
    "cache": "Show or drop what this machine keeps.",
    "view": "Show a store, an artifact, a table or a file in the browser.",
    "report": "List reports, read one, make one file of it.",
    "doctor": "Say what is wrong with this environment or a store.",
    "completion": "Print the completion script of a shell.",
}
"""Each command and its line in the help; the command itself is in the module of its name."""

EPILOG: Final = """
\b
Exit codes:
  0    all went well
  1    verify found damage, repair could not mend all, doctor found a problem, or a list left out what is damaged
  2    the command is wrong: its message says what to change
  3    what was named does not exist
  4    it exists already, or somebody else changed it meanwhile
  5    stored bytes or a file are not in the format that they should be
  6    the data needs a newer wbtable
  7    the storage failed: no access, no space, no answer
  8    it needs more time, memory or room than it may use
  70   a fault of wbtable itself
  130  interrupted
  141  whoever read the output closed it

The store is --store, else WBTABLE_STORE, else the nearest .wbtable/ in this folder or above.
"""


class _ClosedError(Exception):
    """Whoever reads the output closed it."""


class App(click.Group):
    """The group: lists commands without importing them, and says errors in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"wbtable.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and suggest near ones if there is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=2)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; click would make an exit code of its own of a pipe that was closed."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ClosedError from error

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run, and end the process with a documented exit code."""
        given = list(sys.argv[1:] if args is None else args)
        if sys.stdout is None:  # closed by who called
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - open until the process ends
        try:
            extra |= {"standalone_mode": False, "windows_expand_args": windows_expand_args}
            result: object = super().main(given, prog_name, complete_var, **extra)
            sys.stdout.flush()
        except (BrokenPipeError, _ClosedError):
            # Whoever reads the output has enough. Python would complain once more when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.exit(CLOSED)
        except (KeyboardInterrupt, click.exceptions.Abort) as error:
            # click raises its own for Ctrl-C, from the one that was noted on.
            notes = getattr(error.__cause__ or error, "__notes__", [])
            click.echo(": ".join(["wbtable: interrupted", *notes]), err=True)
            sys.exit(INTERRUPTED)
        except Exception as error:  # noqa: BLE001 - the last place that can say it in one line
            if "--debug" in given:
                import traceback

                traceback.print_exception(error)
            sys.exit(say_error(error))
        sys.exit(result if isinstance(result, int) else OK)


def say_error(error: Exception) -> int:
    """Print one line for an error, and return the exit code for it."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return USAGE
    if isinstance(error, click.ClickException):
        message, code = error.format_message(), USAGE
        if isinstance(error, click.UsageError) and error.ctx is not None and error.ctx.command is not None:
            message += f" (see {error.ctx.command_path} --help)"
    elif isinstance(error, WbtableError):
        from wbtable.cli.advice import said

        message = said(error)
        code = next((code for kind, code in _CODES if isinstance(error, kind)), BUG)
    elif isinstance(error, OSError):
        message, code = str(error), STORAGE
    else:
        message = f"{type(error).__name__}: {error} (a fault of wbtable; --debug shows where)"
        code = BUG
    click.echo("wbtable: " + " ".join(message.split()), err=True)
    return code


@click.group(cls=App, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, message="wbtable %(version)s")
@click.option("--store", metavar="URL", help="The store: a path or a URL.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--debug", is_flag=True, help="Show where an error was raised.")
@click.pass_context
def cli(ctx: click.Context, store: str | None, as_json: bool, debug: bool) -> None:
    """Tables, artifacts and runs of machine learning, in a store of your own."""
    del debug  # read from the arguments themselves, so that it counts wherever it stands
    ctx.obj = {"store": store, "json": as_json}
