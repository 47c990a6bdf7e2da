"""``wbtable compare``: which rows of tables were added, removed and changed, and in what."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option
from wbtable.cli.view_options import (
    key_option,
    print_rows,
    print_warnings,
    rows_of,
    spec_of,
    two_tables,
    view_options,
)
from wbtable.errors import UsageError

if TYPE_CHECKING:
    from wbtable.tables.compared import Comparison
    from wbtable.tables.readable import Readable

EXAMPLES: Final = examples(
    "wbtable compare digits/predictions:v0 digits/predictions:v4",
    "wbtable compare digits/predictions:v0 digits/predictions:v4 --on id -w '0.guess != truth and 1.guess == truth'",
    "wbtable compare a.csv b.csv --on name --only added,removed",
    "wbtable compare digits/small:latest#val digits/large:latest#val --mode side_by_side -w 'guess != truth'",
)


@click.command("compare", epilog=EXAMPLES)
@click.argument("names", nargs=-1, required=True, shell_complete=complete_artifacts)
@click.option("--on", multiple=True, metavar="KEY", help="The column that names a row; may be repeated.")
@click.option("--mode", type=click.Choice(["join", "concat", "side_by_side"]), default="join", show_default=True)
@click.option(
    "--how",
    type=click.Choice(["outer", "inner", "left", "right"]),
    help="Which rows merged tables have; outer by default.",
)
@click.option(
    "--only", metavar="KINDS", help="Rows that are these: equal, changed, added, removed; without it those that differ."
)
@view_options
@click.option("-n", "--rows", type=click.IntRange(min=0), default=10, show_default=True, metavar="N")
@project_option
@common
def command(
    options: Options,
    names: tuple[str, ...],
    on: tuple[str, ...],
    mode: str,
    how: Any,
    only: str | None,
    rows: int,
    project: str | None,
    **given: Any,
) -> None:
    """Compare two to eight tables: count what differs, by row and by column, and print rows that do.

    NAMES are artifacts (project/name:alias), artifacts with the path of a table (project/name:alias#val), tables
    written on their own, or files of CSV, TSV, JSON Lines, Parquet and Feather. Rows are merged on a key; without --on
    one is suggested.
    """
    from wbtable.tables.compare import compare

    for option, value in (("--on", on), ("--how", how), ("--only", only)):
        if mode != "join" and value:
            raise UsageError(f"{option} is of merged rows: it has no meaning with --mode {mode}")
    tables = [two_tables(options, name, project) for name in names]
    spec = spec_of(given)
    if mode == "concat":
        union = compare(tables, mode="concat")
        for conflict in union.conflicts:
            click.echo(f"wbtable: {conflict}", err=True)
        together = union.view(**spec)
        print_rows(options, together, 0, rows)
        print_warnings(together)
        return
    if mode == "side_by_side":
        views = compare(tables, mode="side_by_side").view(**spec)
        _side_by_side(options, names, views, rows)
        for side, view in enumerate(views):
            print_warnings(view, f"side {side}: ")
        return
    found = compare(tables, key_option(on, len(tables)), how=how or "outer")
    kinds = () if only is None else only.split(",")
    shown = found.only(*kinds) if kinds else found.changed
    view = shown.view(**_narrow(found, spec))
    _print(options, found, view, rows)
    print_warnings(view)


def _narrow(found: Comparison, spec: dict[str, Any]) -> dict[str, Any]:
    """Show the keys, the columns that changed on all sides, and what happened, if no columns were asked for."""
    if "spec" in spec or spec["columns"] is not None or spec["group"]:
        return spec
    names = [change.name for change in found.changes if change.status == "changed"]
    columns = [f"{side}.{name}" for name in names for side in range(found.sides)]
    derived = [name for name in spec["derive"] if name not in {*found.key, *columns, "_change"}]
    return {**spec, "columns": [*found.key, *columns, *derived, "_change"]}


def _print(options: Options, found: Comparison, view: Readable, rows: int) -> None:
    from wbtable.cli.output import print_json, print_table, printable
    from wbtable.integrations.cells import cell_json

    if options.json:
        names, cells, _ = rows_of(view, 0, rows)
        print_json(
            {
                "key": found.key,
                "key_was_suggested": found.key_was_suggested,
                "counts": asdict(found.counts),
                "columns": [{**asdict(change), "status": change.status} for change in found.changes],
                "rows": [{name: cell_json(cell) for name, cell in zip(names, row, strict=True)} for row in cells],
            }
        )
        return
    key = printable(", ".join(found.key))
    click.echo(f"key: {key}{' (suggested)' if found.key_was_suggested else ''}")
    click.echo(str(found.counts))
    titles = ["COLUMN", "STATUS", "CHANGED", *(f"TYPE {side}" for side in range(found.sides))]
    lines = [
        [change.name, change.status, "" if change.changed is None else f"{change.changed:,}"]
        + [kind or "" for kind in change.types]
        for change in found.changes
    ]
    click.echo()
    print_table(titles, lines, [2])
    if rows and len(view):
        click.echo()
        print_rows(options, view, 0, rows)


def _side_by_side(options: Options, names: tuple[str, ...], views: list[Any], rows: int) -> None:
    from wbtable.cli.output import print_json
    from wbtable.integrations.cells import cell_json

    if options.json:
        out = []
        for name, view in zip(names, views, strict=True):
            titles, cells, _ = rows_of(view, 0, rows)
            lines = [{t: cell_json(cell) for t, cell in zip(titles, row, strict=True)} for row in cells]
            out.append({"table": name, "rows": lines, "count": len(view)})
        print_json(out)
        return
    for side, (name, view) in enumerate(zip(names, views, strict=True)):
        click.echo(f"{'' if side == 0 else chr(10)}{side}: {name}")
        print_rows(options, view, 0, rows)
