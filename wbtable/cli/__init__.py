"""The command line. Each command is a module that is imported when it is called, so that ``--help`` is fast."""

from __future__ import annotations

import atexit
import os
import sys

from wbtable.cli.app import INTERRUPTED, cli

__all__ = ["cli", "main"]


def main() -> None:
    """Run the command line; the process ends with one of the documented exit codes."""
    try:
        cli.main(prog_name="wbtable")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _end_now()
        raise


def _end_now() -> None:
    """End as after Ctrl-C: what is tidied up at the end is, but no thread is waited for that waits for a server."""
    atexit._run_exitfuncs()  # noqa: SLF001 - the interpreter itself calls them only once those threads are done
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)
