"""``wbtable lineage``: what a version was made from, and what was made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

if TYPE_CHECKING:
    from wbtable.artifacts.lineage import Lineage

EXAMPLES: Final = examples(
    "wbtable lineage digits/predictions:v3",
    "wbtable lineage digits/model --down --depth 2",
    "wbtable lineage digits/model --mermaid > lineage.mmd",
)


@click.command("lineage", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.option("--up", is_flag=True, help="What it was made from; without --down only that.")
@click.option("--down", is_flag=True, help="What was made of it; without --up only that.")
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Follow N steps at most.")
@click.option("--mermaid", is_flag=True, help="Print a graph for Mermaid.")
@project_option
@common
def command(
    options: Options, name: str, up: bool, down: bool, depth: int | None, mermaid: bool, project: str | None
) -> None:
    """Show what the version NAME (project/name:alias) was made from, and what was made of it.

    Each line is a step from one version or run to the next: a run used a version, a run logged a version, a version
    was made from another.
    """
    from wbtable.cli.output import print_json

    direction = "both" if up == down else "up" if up else "down"
    found = options.version(name, project).lineage(direction, depth)
    if mermaid and not options.json:
        click.echo(found.to_mermaid(), nl=False)
    elif options.json:
        print_json({**found.to_json(), "mermaid": found.to_mermaid()} if mermaid else found.to_json())
    else:
        _print(found)
    if found.cut:
        click.echo(f"{found.cut} of {len(found.nodes)} go on beyond --depth {depth}", err=True)


def _print(found: Lineage) -> None:
    from wbtable.cli.output import print_table

    gone = {node.id for node in found.nodes if node.deleted}
    kinds = {node.id: node.type or node.kind for node in found.nodes}

    def shown(node: str) -> str:
        return f"{node} ({kinds[node]}{', deleted' if node in gone else ''})"

    if not found.edges:
        click.echo(f"{shown(found.root)}: nothing is recorded")
        return
    print_table(["FROM", "HOW", "TO"], [[shown(edge.source), edge.how, shown(edge.target)] for edge in found.edges])
