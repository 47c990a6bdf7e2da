"""``wbtable head``: print the first rows of a table."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

EXAMPLES: Final = examples(
    "wbtable head digits/predictions",
    "wbtable head digits/predictions:v0 test.table.json -n 3 -c guess,truth",
    "wbtable head digits/predictions --json",
)


@click.command("head", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.argument("path", required=False)
@click.option("-n", "--rows", type=click.IntRange(min=0), default=10, show_default=True, metavar="N")
@click.option("-c", "--columns", metavar="A,B", help="Only these columns, separated by commas.")
@project_option
@common
def command(options: Options, name: str, path: str | None, rows: int, columns: str | None, project: str | None) -> None:
    """Print the first rows of a table.

    NAME is an artifact (project/name:alias), or the path of a table written on its own. PATH is the table in it, and
    may be left out where there is only one. Media are shown as what they are: image 28x28 png 1.2 kB.
    """
    from itertools import islice

    from wbtable.integrations.cells import cell_json, cell_text
    from wbtable.cli.find import find_table
    from wbtable.cli.output import print_json, print_table

    table, _ = find_table(options, name, path, project)
    names = table.columns
    picked = list(range(len(names)))
    if columns is not None:
        picked = [table.schema.index(column) for column in columns.split(",")]
    found = [row for _, row in islice(table.iterrows(), rows)]
    titles = [names[i] for i in picked]
    if options.json:
        print_json([{title: cell_json(row[i]) for title, i in zip(titles, picked, strict=True)} for row in found])
        return
    print_table(titles, [[cell_text(row[i]) for i in picked] for row in found])
    if len(found) < len(table):
        click.echo(f"{len(found):,} of {len(table):,} rows", err=True)
