"""``wbtable import``: other systems' files, and folders of media, as versions and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wbtable.cli.options import Options, common, complete_projects, examples

if TYPE_CHECKING:
    from wbtable.importers.report import Report

FORMAT = 5


@click.group(
    "import",
    epilog=examples(
        "wbtable import wandb wandb/",
    ),
)
@common
def command(options: Options) -> None:
    """Import files of other systems."""
    click.get_current_context().obj = {"store": options.store_url, "json": options.json}


WANDB = examples(
    "wbtable import wandb wandb/",
    "wbtable import wandb artifacts/predictions:v3 --project digits",
    "wbtable import wandb wandb/offline-run-20260131_120000-3k2j9dxa --files-from /data/photos",
)


@command.command("wandb", epilog=WANDB)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "-p",
    "--project",
    metavar="PROJECT",
    shell_complete=complete_projects,
    help="The project; default: that of each run, and uncategorized for what has none.",
)
@click.option("-n", "--name", metavar="NAME", help="The artifact's name, for one artifact or table.")
@click.option("-t", "--type", "kind", default="dataset", show_default=True, help="The type, where no file says it.")
@click.option(
    "--files-from",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="A further folder from which files of runs may be read; may repeat.",
)
@click.option("--fetch", is_flag=True, help="Fetch media that are only referred to by http(s).")
@common
def wandb(
    options: Options,
    paths: tuple[str, ...],
    project: str | None,
    name: str | None,
    kind: str,
    files_from: tuple[str, ...],
    fetch: bool,
) -> int:
    """Import what W&B wrote to PATHS: tables, artifacts and runs; W&B is not needed, nor a network.

    A path is a *.table.json, the folder of an artifact or of a run (offline-run-..., run-...), or a folder above those.
    A report says what came over and what did not, item by item. Imported again, nothing comes twice.
    """
    from wbtable.importers.wandb import import_wandb

    report = import_wandb(
        paths, options.store(create=True), project=project, name=name, type=kind, files_from=files_from, fetch=fetch
    )
    return _print(options, report)


def _print(options: Options, report: Report) -> int:
    """Print a report; the exit code is 0 where every source was read."""
    from wbtable.cli.output import print_json, printable

    if options.json:
        print_json(report.to_json())
    else:
        for line in str(report).splitlines():
            click.echo(printable(line))
    return FORMAT if report.unread else 0
