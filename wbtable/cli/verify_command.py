"""``wbtable verify``: read every byte and check it."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

EXAMPLES: Final = examples(
    "wbtable verify",
    "wbtable verify digits/predictions:best",
    "wbtable verify --project digits",
    "wbtable verify --resume notes.txt",
    "wbtable verify digits/predictions --download ./artifacts/predictions:v4",
)


@click.command("verify", epilog=EXAMPLES)
@click.argument("name", required=False, shell_complete=complete_artifacts)
@click.option(
    "--download",
    "root",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="Check this download of the version instead of the store.",
)
@click.option("--resume", metavar="FILE", help="Note in FILE what is whole, and go on from what it has.")
@project_option
@common
def command(options: Options, name: str | None, root: str | None, resume: str | None, project: str | None) -> int:
    """Read and check every byte of the version NAME, of a project or of the store; exit 1 if something is damaged.

    Of a project or a store also its runs, and that each version was made on top of the one before.
    """
    from wbtable.cli.app import DAMAGED, OK
    from wbtable.cli.output import print_json

    if root is not None and name is None:
        raise click.UsageError("--download needs the version's name")
    if resume is not None and name is not None:
        raise click.UsageError("--resume is for a project or a store: leave out the name")
    store = options.store()
    report = store.verify(project, resume=resume) if name is None else options.version(name, project).verify(root)
    if options.json:
        damaged = [{"where": found.where, "problem": found.problem} for found in report.damaged]
        print_json(
            {
                "ok": report.ok,
                "checked": report.checked,
                "versions": report.versions,
                "runs": report.runs,
                "damaged": damaged,
            }
        )
    else:
        for found in report.damaged:
            click.echo(f"{found.where}: {found.problem}")
        state = "all right" if report.ok else f"{len(report.damaged)} damaged"
        runs = f"{report.runs} runs, " if report.runs else ""
        click.echo(f"{report.versions} versions, {runs}{report.checked} objects and files checked: {state}")
    return OK if report.ok else DAMAGED
