"""``wbtable head``: print the first rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from wbtable.cli.options import Options, columns_option, common, complete_artifacts, examples, project_option
from wbtable.errors import UsageError

if TYPE_CHECKING:
    from rich.text import Text

EXAMPLES: Final = examples(
    "wbtable head digits/predictions",
    "wbtable head digits/predictions:v0 test.table.json -n 3 -c guess,truth",
    "wbtable head digits/predictions --json",
)


@click.command("head", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.argument("path", required=False)
@click.option("-n", "--rows", type=click.IntRange(min=0), default=10, show_default=True, metavar="N")
@columns_option
@click.option("--no-pictures", is_flag=True, help="Do not draw images, also where the terminal can.")
@project_option
@common
def command(
    options: Options,
    name: str,
    path: str | None,
    rows: int,
    columns: list[str] | None,
    no_pictures: bool,
    project: str | None,
) -> None:
    """Print the first rows of a table.

    NAME is an artifact (project/name:alias), or the path of a table or of a file, as in wbtable query. PATH is the
    table in the artifact, and may be left out where there is only one. Media are shown as what they are: image 28x28
    png 1.2 kB; in a terminal with 24-bit colours images are drawn small.
    """
    from itertools import islice

    from wbtable.cli.find import find_table
    from wbtable.cli.output import print_json, print_table
    from wbtable.cli.pictures import terminal_can
    from wbtable.cli.view_options import read_file
    from wbtable.integrations.cells import cell_json, cell_text

    table = read_file(name, path)
    if table is None:
        table, _ = find_table(options, name, path, project)
    names = table.columns
    picked = list(range(len(names)))
    if columns is not None:
        if len(set(columns)) < len(columns):
            raise UsageError(f"expected each column once, found {columns!r:.200}")
        picked = [table.schema.index(column) for column in columns]
    found = [row for _, row in islice(table.iterrows(), min(rows, len(table)))]
    titles = [names[i] for i in picked]
    if options.json:
        print_json([{title: cell_json(row[i]) for title, i in zip(titles, picked, strict=True)} for row in found])
        return
    show = cell_text if no_pictures or not terminal_can() else _drawn
    print_table(titles, [[show(row[i]) for i in picked] for row in found])
    if len(found) < len(table):
        click.echo(f"{len(found):,} of {len(table):,} rows", err=True)


def _drawn(value: Any) -> str | Text:
    from wbtable.cli.pictures import picture
    from wbtable.integrations.cells import cell_text
    from wbtable.media.image import Image

    found = picture(value) if isinstance(value, Image) else None
    return cell_text(value) if found is None else found
