"""``wbtable history``: print what a run logged."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_runs, examples, names_given, project_option

EXAMPLES: Final = examples(
    "wbtable history digits/3k2j9dxa -k loss,accuracy -n 20",
    "wbtable history digits/3k2j9dxa --json",
)


@click.command("history", epilog=EXAMPLES)
@click.argument("run", shell_complete=complete_runs)
@click.option(
    "-k",
    "--keys",
    multiple=True,
    metavar="A,B",
    callback=names_given,
    help="Only these keys, separated by commas; may be repeated. A key with a comma stands in double quotes.",
)
@click.option("-n", "--last", type=click.IntRange(min=1), metavar="N", help="Only the last N rows.")
@project_option
@common
def command(options: Options, run: str, keys: list[str] | None, last: int | None, project: str | None) -> None:
    """Print what RUN (project/id) logged, one row for each step; a run may still be running."""
    from wbtable.cli.find import find_run
    from wbtable.cli.output import print_json, print_table
    from wbtable.integrations.cells import cell_json, cell_text

    history = find_run(options, run, project).history_table(keys, last)
    titles = history.columns
    rows = [row for _, row in history.iterrows()]
    if options.json:
        shown = ({title: cell for title, cell in zip(titles, row, strict=True) if cell is not None} for row in rows)
        print_json([{title: cell_json(cell) for title, cell in row.items()} for row in shown])
        return
    print_table(titles, [[cell_text(cell) for cell in row] for row in rows], right=tuple(range(len(titles))))
