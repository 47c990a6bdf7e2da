"""``wbtable log``: list the versions of an artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version
    from wbtable.cli.left_out import LeftOut

EXAMPLES: Final = examples(
    "wbtable log digits/predictions",
    "wbtable log digits/predictions -n 5 --json",
)


@click.command("log", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N.")
@project_option
@common
def command(options: Options, name: str, limit: int | None, project: str | None) -> int:
    """List the versions of the artifact NAME (project/name), the newest first.

    Versions that cannot be read are left out, and named on stderr; the command exits with 1 then.
    """
    from wbtable.artifacts.unreadable import beside
    from wbtable.cli.left_out import LeftOut
    from wbtable.cli.output import print_json, print_table, size_text, text_of

    left_out = LeftOut()
    store = options.store()
    versions = store.versions(name, project=project, on_unreadable=left_out)[::-1]
    names: dict[int, list[str]] = {}
    facts: list[dict[str, Any]] = []
    for found in versions[:limit]:
        with beside(found.qualified_name, left_out):
            names = names or _names(store, found, left_out)
            facts.append(_facts(found, names.get(found.number, [])))
    if options.json:
        print_json(facts)
        return left_out.exit_code
    rows = [
        [
            fact["version"],
            ", ".join(fact["aliases"]),
            size_text(fact["size"]),
            str(fact["files"]),
            text_of(fact["created_at"]),
            fact["run"] or "",
            fact["description"] or "",
        ]
        for fact in facts
    ]
    print_table(["VERSION", "ALIASES", "SIZE", "FILES", "CREATED", "RUN", "DESCRIPTION"], rows, right=(2, 3))
    older = len(versions[limit:]) if limit is not None else 0
    if older:
        click.echo(f"{older} older versions are not shown (--limit {limit})", err=True)
    return left_out.exit_code


def _names(store: Store, version: Version, left_out: LeftOut) -> dict[int, list[str]]:
    """Return the names of the versions of an artifact: `latest`, which may be one that cannot be read, and aliases."""
    newest = store.records(version.project, version.name).head_number()
    found = {newest: ["latest"]}
    for alias, number in store.aliases(version.project, version.name, on_unreadable=left_out).items():
        found.setdefault(number, []).append(alias)
    return found


def _facts(version: Version, names: list[str]) -> dict[str, Any]:
    return {
        "version": version.version,
        "aliases": names,
        "tags": version.tags,
        "type": version.type,
        "size": version.size,
        "files": version.file_count,
        "created_at": version.created_at,
        "run": version.logged_by(),
        "digest": version.digest,
        "description": version.description,
        "metadata": version.metadata,
    }
