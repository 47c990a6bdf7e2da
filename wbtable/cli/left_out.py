"""What a list leaves out because it cannot be read: said on stderr with what to do, and in the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wbtable.cli.advice import with_advice

if TYPE_CHECKING:
    from wbtable.errors import WbtableError


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
        said = f"wbtable: {what} is left out, for it cannot be read: {with_advice(error)}"
        click.echo(" ".join(said.split()), err=True)
