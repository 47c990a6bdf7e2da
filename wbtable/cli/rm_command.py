"""``wbtable rm``: delete versions; what only they needed goes with a later ``wbtable gc``."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

EXAMPLES: Final = examples(
    "wbtable rm digits/predictions:v3",
    "wbtable rm digits/predictions:v3 digits/predictions:v4 --aliases",
    "wbtable rm digits/predictions --all-versions",
)


@click.command("rm", epilog=EXAMPLES)
@click.argument("names", nargs=-1, required=True, shell_complete=complete_artifacts)
@click.option("--all-versions", is_flag=True, help="Delete every version of the artifacts NAMES.")
@click.option("--aliases", "delete_aliases", is_flag=True, help="Delete the aliases of the versions too.")
@project_option
@common
def command(
    options: Options, names: tuple[str, ...], all_versions: bool, delete_aliases: bool, project: str | None
) -> None:
    """Delete the versions NAMES (project/name:v3), or with --all-versions whole artifacts.

    A version that an alias names stays, unless --aliases is given. Numbers are not used again. The bytes stay for the
    grace period, and go with `wbtable gc --delete`.
    """
    from wbtable.artifacts.names import LATEST, parse_name
    from wbtable.cli.output import print_json

    store = options.store()
    deleted: list[str] = []
    if not all_versions:
        for name in names:
            parsed = parse_name(name)
            if parsed.alias == LATEST and not name.endswith(f":{LATEST}"):
                raise click.UsageError(f"{name} is an artifact: name a version like {name}:v3, or give --all-versions")
    for name in names:
        if all_versions:
            deleted += [v.qualified_name for v in store.delete_artifact(name, project, delete_aliases)]
        else:
            version = options.version(name, project)
            version.delete(delete_aliases=delete_aliases)
            deleted.append(version.qualified_name)
    if options.json:
        print_json({"deleted": deleted})
    else:
        for name in deleted:
            click.echo(f"deleted {name}")
