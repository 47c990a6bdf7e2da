"""``wbtable copy``: versions, projects or everything to another store."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

EXAMPLES: Final = examples(
    "wbtable copy s3://bucket/store digits/predictions:v3",
    "wbtable copy s3://bucket/store digits/predictions",
    "wbtable copy ./backup --project digits",
    "wbtable --store s3://bucket/store copy ./here --create",
)


@click.command("copy", epilog=EXAMPLES)
@click.argument("target", metavar="TARGET")
@click.argument("names", nargs=-1, shell_complete=complete_artifacts)
@click.option("--create", is_flag=True, help="Make the store TARGET if there is none.")
@project_option
@common
def command(options: Options, target: str, names: tuple[str, ...], create: bool, project: str | None) -> int:
    """Copy NAMES to the store TARGET: versions (project/name:v3) or whole artifacts (project/name).

    Without NAMES the project given by --project, or everything, with runs, views and reports. Only what is missing is
    moved, so that a copy that was broken off goes on where it stopped. Numbers, aliases, tags and lineage are kept.
    Without NAMES, artifacts and runs that cannot be read are left out, and named on stderr; the command exits with 1
    then.
    """
    from wbtable.artifacts.copy import CopyReport
    from wbtable.artifacts.store import Store, create_store
    from wbtable.cli.left_out import LeftOut
    from wbtable.cli.output import print_json, size_text
    from wbtable.errors import NotFoundError

    source = options.store()
    try:
        other = Store(target)
    except NotFoundError:
        if not create:
            raise
        other = create_store(target)
    total, left_out = CopyReport(), LeftOut()
    for name in names or (None,):
        report = source.copy_to(other, name, project, on_unreadable=left_out)
        total.versions += report.versions
        total.runs += report.runs
        total.there += report.there
        total.objects += report.objects
        total.bytes += report.bytes
    if options.json:
        print_json(asdict(total))
        return left_out.exit_code
    for name in (*total.versions, *(f"run {path}" for path in total.runs)):
        click.echo(f"copied {name}")
    click.echo(
        f"{total.objects:,} objects of {size_text(total.bytes)} moved; {total.there:,} versions were there already"
    )
    return left_out.exit_code
