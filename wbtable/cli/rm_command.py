"""``wbtable rm``: delete versions; what only they needed goes with a later ``wbtable gc``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbtable.artifacts.delete import Unreadable
    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version

EXAMPLES: Final = examples(
    "wbtable rm digits/predictions:v3",
    "wbtable rm digits/predictions:v3 digits/predictions:v4 --aliases",
    "wbtable rm digits/predictions --all-versions",
)


@click.command("rm", epilog=EXAMPLES)
@click.argument("names", nargs=-1, required=True, shell_complete=complete_artifacts)
@click.option("--all-versions", is_flag=True, help="Delete every version of the artifacts NAMES.")
@click.option("-n", "--dry-run", is_flag=True, help="Only say what would be deleted, and what depends on it.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, also in a terminal.")
@click.option("--aliases", "delete_aliases", is_flag=True, help="Delete the aliases of the versions too.")
@project_option
@common
def command(
    options: Options,
    names: tuple[str, ...],
    all_versions: bool,
    dry_run: bool,
    yes: bool,
    delete_aliases: bool,
    project: str | None,
) -> None:
    """Delete the versions NAMES (project/name:v3), or with --all-versions whole artifacts; all of them or none.

    What depends on them is shown first, on stderr, and in a terminal it is asked whether to go on. A version that an
    alias names stays, and all others with it, unless --aliases is given. Numbers are not used again. The bytes stay for
    the grace period, and go with `wbtable gc --delete`. A version whose record is damaged is deleted by its number.
    """
    from wbtable.artifacts.delete import delete_versions
    from wbtable.artifacts.names import LATEST, parse_name
    from wbtable.cli.output import print_json

    store = options.store()
    if not all_versions:
        for name in names:
            parsed = parse_name(name)
            if parsed.alias == LATEST and not name.endswith(f":{LATEST}"):
                raise click.UsageError(f"{name} is an artifact: name a version like {name}:v3, or give --all-versions")
    asked: dict[str, Version | Unreadable] = {}
    for name in names:
        for version in store.versions(name, project) if all_versions else [_named(store, name, project)]:
            asked[version.qualified_name] = version
    versions = sorted(asked.values(), key=lambda version: (version.project, version.name, version.number))
    if not _agreed(options, versions, dry_run=dry_run, yes=yes, with_aliases=delete_aliases):
        return
    deleted = [version.qualified_name for version in delete_versions(versions, delete_aliases=delete_aliases)]
    if options.json:
        print_json({"deleted": deleted})
    else:
        for name in deleted:
            click.echo(f"deleted {name}")


def _named(store: Store, name: str, project: str | None) -> Version | Unreadable:
    """Return a version by its name, also one whose record is damaged if it is named by its number."""
    from wbtable.artifacts.delete import Unreadable
    from wbtable.artifacts.names import DEFAULT_PROJECT, parse_name
    from wbtable.errors import FormatError

    try:
        return store.artifact(name, project=project)
    except FormatError:
        parsed = parse_name(name)
        if parsed.version is None:
            raise
        one = parsed.project or project or DEFAULT_PROJECT
        return Unreadable(store=store, project=one, name=parsed.name, number=parsed.version)


def _dependents(version: Version | Unreadable, *, with_aliases: bool) -> Iterator[str]:
    """Yield a line for each alias, run and version that depends on a version, directly."""
    from wbtable.artifacts.unreadable import UNREADABLE

    name = version.qualified_name
    for alias in version.aliases if with_aliases else ():
        yield f"{name} is named {alias}"
    if not hasattr(version, "lineage"):
        yield f"{name} cannot be read: what depends on it is not known"
        return
    try:
        edges = version.lineage("down", depth=1).edges
    except UNREADABLE as error:
        yield f"{name}: what depends on it is not known, for {error}"
        return
    for edge in edges:
        how = "was used by the run" if edge.how == "used" else "is what another was made from:"
        yield f"{name} {how} {edge.target}"


def _agreed(
    options: Options, asked: list[Version | Unreadable], *, dry_run: bool, yes: bool, with_aliases: bool
) -> bool:
    """Show what depends on versions; return whether they are to be deleted."""
    from wbtable.cli.output import print_json

    # Without --aliases an alias is an error, which names it.
    found = (line for version in asked for line in _dependents(version, with_aliases=with_aliases or dry_run))
    dependents = list(dict.fromkeys(found))
    for line in dependents:
        click.echo(line, err=True)
    names = [version.qualified_name for version in asked]
    if dry_run and options.json:
        print_json({"planned": names, "dependents": dependents})
    elif dry_run:
        for name in names:
            click.echo(f"would delete {name}")
    elif sys.stdin.isatty() and not yes:
        click.confirm(f"delete {', '.join(names)}?", abort=True, err=True)
    return not dry_run
