"""``wbtable tag``: label a version, or take labels away."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option
from wbtable.errors import NotFoundError

EXAMPLES: Final = examples(
    "wbtable tag digits/predictions:v3 checked 'for the paper'",
    "wbtable tag digits/predictions:v3 checked --delete",
    "wbtable tag digits/predictions:best",
)


@click.command("tag", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.argument("tags", nargs=-1)
@click.option("-d", "--delete", "remove", is_flag=True, help="Take the labels away from the version.")
@project_option
@common
def command(options: Options, name: str, tags: tuple[str, ...], remove: bool, project: str | None) -> None:
    """Label the version NAME (project/name:v3) with TAGS, and print its labels; without TAGS only print them."""
    from wbtable.cli.output import print_json

    if remove and not tags:
        raise click.UsageError("--delete needs the labels to take away")
    version = options.version(name, project)
    if remove:
        current = version.tags
        gone = next((tag for tag in tags if tag not in current), None)
        if gone is not None:
            has = f"it has {', '.join(map(repr, current))}" if current else "it has none"
            raise NotFoundError(f"{version.qualified_name} has no label {gone!r}; {has}")
        version.remove_tags(tags)
    else:
        version.add_tags(tags)
    if options.json:
        print_json({"version": version.qualified_name, "tags": version.tags})
    else:
        click.echo(f"{version.qualified_name}  {', '.join(version.tags)}".rstrip())
