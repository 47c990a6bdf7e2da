"""``wbtable diff``: what one version has that another has not."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

if TYPE_CHECKING:
    from wbtable.artifacts.diff import TableDiff

EXAMPLES: Final = examples(
    "wbtable diff digits/predictions:v0 digits/predictions:v4",
    "wbtable diff digits/predictions:v0 v4 --json",
)


@click.command("diff", epilog=EXAMPLES)
@click.argument("before", shell_complete=complete_artifacts)
@click.argument("after", shell_complete=complete_artifacts)
@project_option
@common
def command(options: Options, before: str, after: str, project: str | None) -> None:
    """Print which entries of a version came, went and changed in another.

    BEFORE and AFTER are artifacts (project/name:alias); AFTER may be a version of the same artifact, as v4. What
    changed in the rows of tables, wbtable compare says.
    """
    from wbtable.cli.output import print_json
    from wbtable.format.readable_text import printable

    old = options.version(before, project)
    found = old.diff(after if _is_number(after) else options.version(after, project))
    if options.json:
        print_json(asdict(found))
        return
    tables = {table.path: table for table in found.tables}
    for mark, paths in (("+", found.added), ("-", found.removed), ("~", found.changed)):
        for path in paths:
            click.echo(printable(f"{mark} {path}{_facts(tables[path]) if path in tables else ''}"))
    if not found:
        click.echo("no difference", err=True)


def _is_number(name: str) -> bool:
    return name[:1] == "v" and name[1:].isdecimal()


def _facts(table: TableDiff) -> str:
    """Return what changed in a table on one line."""
    before, after = table.rows
    facts = [f"{before:,} rows" if before == after else f"{before:,} to {after:,} rows"]
    facts += [f"+{name}" for name in table.added]
    facts += [f"-{name}" for name in table.removed]
    facts += [f"{name}: {old} to {new}" for name, old, new in table.retyped]
    return f"  ({', '.join(facts)})"
