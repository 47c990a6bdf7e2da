"""``wbtable alias``: name a version, or take a name away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option
from wbtable.errors import NotFoundError

if TYPE_CHECKING:
    from wbtable.artifacts.version import Version

LATEST: Final = "latest"

EXAMPLES: Final = examples(
    "wbtable alias digits/predictions:v3 best production",
    "wbtable alias digits/predictions:v3 production --delete",
    "wbtable alias digits/predictions:best",
)


def _missing(version: Version, alias: str) -> NotFoundError:
    """Return the error for a name that a version does not have, and say what it has, or which version has the name."""
    other = version.store.aliases(version.project, version.name).get(alias)
    if other is not None:
        hint = f"it means v{other}"
    else:
        has = [repr(name) for name in version.aliases if name != LATEST]
        hint = f"it has {', '.join(has)}" if has else "it has none"
    return NotFoundError(f"{version.qualified_name} has no alias {alias!r}; {hint}")


@click.command("alias", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.argument("aliases", nargs=-1)
@click.option("-d", "--delete", "remove", is_flag=True, help="Take the names away from the version.")
@project_option
@common
def command(options: Options, name: str, aliases: tuple[str, ...], remove: bool, project: str | None) -> None:
    """Make ALIASES mean the version NAME (project/name:v3), and print its names; without ALIASES only print them.

    A name that another version had means this one from now on. `latest` always means the newest: the store keeps it.
    """
    from wbtable.artifacts.names import check_aliases
    from wbtable.cli.output import print_json

    if remove and not aliases:
        raise click.UsageError("--delete needs the names to take away")
    version = options.version(name, project)
    check_aliases(aliases)
    # An alias whose file is damaged is mended by being given anew: what there is, is looked at where it matters only.
    current = version.aliases if remove or LATEST in aliases else []
    if LATEST in aliases and (remove or LATEST not in current):
        raise click.UsageError("'latest' always means the newest version: the store keeps it, and nobody moves it")
    if remove:
        for alias in aliases:
            if alias not in current:
                raise _missing(version, alias)
        version.remove_aliases(aliases)
    else:
        version.add_aliases(aliases)
    if options.json:
        print_json({"version": version.qualified_name, "aliases": version.aliases})
    else:
        click.echo(f"{version.qualified_name}  {', '.join(version.aliases)}".rstrip())
