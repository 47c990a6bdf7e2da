"""``wbtable query``: filter, derive, group, sort, join; print what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option
from wbtable.cli.view_options import (
    key_option,
    print_rows,
    print_warnings,
    spec_of,
    two_tables,
    view_options,
    watched,
)
from wbtable.errors import UsageError

if TYPE_CHECKING:
    from wbtable.tables.view import Viewable

EXAMPLES: Final = examples(
    "wbtable query digits/predictions -w 'guess != truth' -s 'score_0 desc' -n 10",
    "wbtable query digits/predictions -g guess --cell 'precision=avg(guess == truth)' -s precision",
    "wbtable query digits/predictions -d 'loops=score_0 + score_6 + score_8 + score_9' -s 'loops desc'",
    "wbtable query music/original_songs --join music/synth_songs --on song_id -g 1.instrument",
    "wbtable query digits/predictions:v0 --compare digits/predictions:v4 --on id -w '0.guess != 1.guess'",
    "wbtable query digits --logged val -g run -g step --cell 'accuracy=avg(guess == truth)'",
)
HOWS: Final = ("outer", "inner", "left", "right")


def source_options(function: Any) -> Any:
    """Add the options that say what the rows are, beside a name."""
    for option in reversed(
        [
            click.option("--join", metavar="NAME", help="Join this table: NAME or NAME#PATH."),
            click.option("--compare", multiple=True, metavar="NAME", help="Compare with this table; up to seven."),
            click.option(
                "--on", multiple=True, metavar="KEY", help="The key of a join or comparison, or a=b; may be repeated."
            ),
            click.option(
                "--how", type=click.Choice(HOWS), help="Which rows a join or comparison has; outer by default."
            ),
            click.option(
                "--logged", metavar="KEY", help="NAME is a project: the tables that its runs logged under this key."
            ),
        ]
    ):
        function = option(function)
    return function


def table_of(options: Options, name: str, path: str | None, project: str | None, given: dict[str, Any]) -> Viewable:
    """Take the options that say what the rows are out of a command's, and return the table.

    Raises:
        UsageError: they do not go together.
        NotFoundError: a table is not there.

    """
    join, others, on = given.pop("join"), given.pop("compare"), given.pop("on")
    how, logged = given.pop("how"), given.pop("logged")
    if sum(map(bool, (join, others, logged))) > 1:
        raise UsageError("--join, --compare and --logged each say what the rows are: give one of them")
    if (on or how) and not (join or others):
        raise UsageError(f"{'--on' if on else '--how'} is of --join or --compare: name the other table")
    kind: Any = how or "outer"
    if logged:
        if path is not None:
            raise UsageError(f"expected a project and --logged {logged}, found the path {path!r:.80} too")
        found: Viewable = options.store().run_tables(name, logged)
        for conflict in getattr(found, "conflicts", ()):
            click.echo(f"wbtable: {conflict}", err=True)
        return found
    first: Viewable = two_tables(options, name, project, path)
    if join:
        from wbtable.tables.joined import JoinedTable

        key = key_option(on)
        if key is None:
            raise UsageError("name the key of the join with --on")
        return JoinedTable(first, two_tables(options, join, project), key, kind)
    if others:
        from wbtable.tables.compare import compare

        tables = [first, *(two_tables(options, other, project) for other in others)]
        return compare(tables, key_option(on, len(tables)), how=kind)
    return first


@click.command("query", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.argument("path", required=False)
@source_options
@view_options
@click.option("-n", "--rows", type=click.IntRange(min=0), default=10, show_default=True, metavar="N")
@click.option("--offset", type=click.IntRange(min=0), default=0, metavar="N", help="Leave out the first rows.")
@click.option("--sql", "as_sql", is_flag=True, help="Print the SQL that the engine runs, for reading.")
@click.option("--explain", is_flag=True, help="Print the engine's plan.")
@click.option("--python", "as_python", is_flag=True, help="Print the Python that makes this view.")
@project_option
@common
def command(
    options: Options,
    name: str,
    path: str | None,
    rows: int,
    offset: int,
    as_sql: bool,
    explain: bool,
    as_python: bool,
    project: str | None,
    **given: Any,
) -> None:
    """Ask a table: filter, derive, group and sort its rows, and print what comes out.

    NAME is an artifact (project/name:alias), or the path of a table or of a file of CSV, TSV, JSON Lines, Parquet or
    Feather. PATH is the table in the artifact, and may be left out where there is only one.
    """
    if as_sql + explain + as_python > 1:
        raise UsageError("--sql, --explain and --python each say what to print: give one of them")
    table = table_of(options, name, path, project, given)
    view = table.view(**spec_of(given))
    if as_sql:
        _print_text(options, "sql", view.sql())
    elif explain:
        _print_text(options, "plan", view.explain())
    elif as_python:
        _print_text(options, "python", view.to_python())
    else:
        with watched(view) as shown:
            print_rows(options, shown, offset, rows)
            print_warnings(shown)


def _print_text(options: Options, name: str, text: str) -> None:
    from wbtable.cli.output import print_json

    if options.json:
        print_json({name: text})
    else:
        click.echo(text)
