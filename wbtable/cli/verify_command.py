"""``wbtable verify``: read every byte and check it."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

EXAMPLES: Final = examples(
    "wbtable verify",
    "wbtable verify digits/predictions:best",
    "wbtable verify --project digits",
    "wbtable verify digits/predictions --download ./artifacts/predictions:v4",
)


@click.command("verify", epilog=EXAMPLES)
@click.argument("name", required=False, shell_complete=complete_artifacts)
@click.option("--download", "root", metavar="DIR", help="Check this download of the version instead of the store.")
@project_option
@common
def command(options: Options, name: str | None, root: str | None, project: str | None) -> int:
    """Read and check every byte of the version NAME, of a project or of the store; exit 1 if something is damaged."""
    from wbtable.cli.app import DAMAGED, OK
    from wbtable.cli.output import print_json

    if root is not None and name is None:
        raise click.UsageError("--download needs the version's name")
    store = options.store()
    report = store.verify(project) if name is None else options.version(name, project).verify(root)
    if options.json:
        damaged = [{"where": found.where, "problem": found.problem} for found in report.damaged]
        print_json({"ok": report.ok, "checked": report.checked, "versions": report.versions, "damaged": damaged})
    else:
        for found in report.damaged:
            click.echo(f"{found.where}: {found.problem}")
        state = "all right" if report.ok else f"{len(report.damaged)} damaged"
        click.echo(f"{report.versions} versions, {report.checked} objects and files checked: {state}")
    return OK if report.ok else DAMAGED
