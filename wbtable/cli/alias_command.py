"""``wbtable alias``: name a version, or take a name away."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

EXAMPLES: Final = examples(
    "wbtable alias digits/predictions:v3 best production",
    "wbtable alias digits/predictions:v3 production --delete",
    "wbtable alias digits/predictions:best",
)


@click.command("alias", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.argument("aliases", nargs=-1)
@click.option("-d", "--delete", "remove", is_flag=True, help="Take the names away from the version.")
@project_option
@common
def command(options: Options, name: str, aliases: tuple[str, ...], remove: bool, project: str | None) -> None:
    """Make ALIASES mean the version NAME (project/name:v3), and print its names; without ALIASES only print them.

    A name that another version had means this one from now on. `latest` is always the newest.
    """
    from wbtable.cli.output import print_json

    version = options.version(name, project)
    if remove and not aliases:
        raise click.UsageError("--delete needs the names to take away")
    if remove:
        version.remove_aliases(aliases)
    else:
        version.add_aliases(aliases)
    if options.json:
        print_json({"version": version.qualified_name, "aliases": version.aliases})
    else:
        click.echo(f"{version.qualified_name}  {', '.join(version.aliases)}".rstrip())
