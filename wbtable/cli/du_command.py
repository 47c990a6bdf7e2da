"""``wbtable du``: how many bytes each artifact and the runs take."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import click

from wbtable.cli.options import Options, common, complete_projects, examples

EXAMPLES: Final = examples(
    "wbtable du",
    "wbtable du digits --json",
)


@click.command("du", epilog=EXAMPLES)
@click.argument("project", required=False, shell_complete=complete_projects)
@common
def command(options: Options, project: str | None) -> int:
    """Print how many bytes each artifact of PROJECT, or of the store, takes, and its runs.

    SIZE counts what it shares with others, ALONE is what deleting all its versions would free.
    Versions and runs that cannot be read are not counted, and named on stderr; the command exits with 1 then.
    """
    from wbtable.cli.left_out import LeftOut
    from wbtable.cli.output import print_json, print_table, size_text

    left_out = LeftOut()
    found = options.store().usage(project, on_unreadable=left_out)
    if options.json:
        print_json(asdict(found))
        return left_out.exit_code
    shares = sorted(found.shares, key=lambda share: share.bytes, reverse=True)
    rows = [[s.name, f"{s.versions:,}", size_text(s.bytes), size_text(s.alone)] for s in shares]
    print_table(["NAME", "VERSIONS", "SIZE", "ALONE"], rows, right=(1, 2, 3))
    if found.unused is not None:
        click.echo(
            f"{found.objects:,} objects of {size_text(found.bytes)}; {size_text(found.unused)} are of no version"
        )
    return left_out.exit_code
