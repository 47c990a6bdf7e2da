"""``wbtable repair``: mend damaged objects with good copies from elsewhere."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, examples

EXAMPLES: Final = examples(
    "wbtable repair --from s3://bucket/backup",
    "wbtable repair --from ./artifacts/predictions:v4 --from /mnt/old-store",
)


@click.command("repair", epilog=EXAMPLES)
@click.option(
    "--from", "others", metavar="URL", multiple=True, required=True, help="A store or download with good copies."
)
@common
def command(options: Options, others: tuple[str, ...]) -> int:
    """Verify the store, and mend what is damaged or missing with copies of the same objects; exit 1 if some is left.

    Copies are checked before they are used, so that any store that once had the objects will do, and any folder with
    `objects/` in it, such as a download.
    """
    from wbtable.cli.app import DAMAGED, OK
    from wbtable.cli.output import print_json

    report = options.store().repair(*others)
    if options.json:
        print_json({"ok": report.ok, "mended": report.mended, "left": report.left})
    else:
        for key, url in report.mended.items():
            click.echo(f"mended {key} from {url}")
        for key, problem in report.left.items():
            click.echo(f"{key}: {problem}")
        click.echo(f"{len(report.mended)} mended, {len(report.left)} left")
    return OK if report.ok else DAMAGED
