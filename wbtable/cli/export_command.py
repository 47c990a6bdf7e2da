"""``wbtable export``: write the rows of a view to a file."""

from __future__ import annotations

from typing import Any, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option
from wbtable.cli.query_command import source_options, table_of
from wbtable.cli.view_options import spec_of, view_options, watched
from wbtable.errors import UsageError

EXAMPLES: Final = examples(
    "wbtable export digits/predictions -o predictions.csv",
    "wbtable export digits/predictions test -o mistakes.parquet -w 'guess != truth' -c id,image,guess --media copy",
    "wbtable export digits --logged val -o all.jsonl",
)
SUFFIXES: Final = ("csv", "jsonl", "parquet")


@click.command("export", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.argument("path", required=False)
@click.option("-o", "--output", required=True, metavar="FILE", help="A file ending in .csv, .jsonl or .parquet.")
@click.option(
    "--media",
    type=click.Choice(["paths", "copy"]),
    default="paths",
    show_default=True,
    help="What media become: where each lies, or its path in a folder beside FILE.",
)
@source_options
@view_options
@project_option
@common
def command(
    options: Options, name: str, path: str | None, output: str, media: str, project: str | None, **given: Any
) -> None:
    """Write a table, or what a view gives of it, to a file for other programs.

    Rows are written as they come; the file appears whole or not at all. NAME and PATH are as in wbtable query.
    """
    suffix = output.rpartition(".")[2].lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"expected a file ending in .csv, .jsonl or .parquet, found {output!r:.200}")
    view = table_of(options, name, path, project, given).view(**spec_of(given))
    with watched(view) as shown:
        getattr(shown, f"write_{suffix}")(output, media)
    if options.json:
        from wbtable.cli.output import print_json

        print_json({"file": output, "rows": len(view), "columns": view.columns})
    else:
        click.echo(f"{len(view):,} rows in {output}", err=True)
