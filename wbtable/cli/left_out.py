"""What a list leaves out because it cannot be read: said on stderr with what to do, and in the exit code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

from wbtable.errors import UnsupportedError

if TYPE_CHECKING:
    from wbtable.errors import WbtableError

_RECORD: Final = re.compile(r"projects/([^/]+)/artifacts/([^/]+)/versions/(\d{20})\.json")
_RUN: Final = re.compile(r"projects/[^/]+/runs/[^/]+(?=/)")


class LeftOut:
    """Says on stderr what a list leaves out, as the list comes upon it.

    Attributes:
        exit_code: what the command returns.

    """

    def __init__(self) -> None:
        """Begin with nothing left out."""
        from wbtable.cli.app import OK

        self.exit_code = OK

    def __call__(self, what: str, error: WbtableError) -> None:
        """Say in one line what is left out, why, and what to do about it."""
        from wbtable.cli.app import DAMAGED

        self.exit_code = DAMAGED
        said = f"wbtable: {what} is left out, for it cannot be read: {error}; {what_to_do(error)}"
        click.echo(" ".join(said.split()), err=True)


def what_to_do(error: WbtableError) -> str:
    """Return what to do about something that cannot be read, by where that is."""
    if isinstance(error, UnsupportedError):
        return "a newer wbtable reads it, or `wbtable verify` finds it damaged"
    place = error.place or ""
    record = _RECORD.match(place)
    if record is not None:
        from wbtable.format.layout import unescape

        name = f"{unescape(record[1])}/{unescape(record[2])}:v{int(record[3])}"
        return f"put that file back from a copy of the store, or delete the version: wbtable rm {name}"
    run = _RUN.match(place)
    if run is not None:
        return f"put that file back from a copy of the store, or remove the run: its folder {run[0]}"
    return "`wbtable verify` names all that is damaged, `wbtable repair --from STORE` mends it with good copies"
