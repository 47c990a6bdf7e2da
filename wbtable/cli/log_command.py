"""``wbtable log``: list the versions of an artifact."""

from __future__ import annotations

from typing import Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

EXAMPLES: Final = examples(
    "wbtable log digits/predictions",
    "wbtable log digits/predictions -n 5 --json",
)


@click.command("log", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N.")
@project_option
@common
def command(options: Options, name: str, limit: int | None, project: str | None) -> None:
    """List the versions of the artifact NAME (project/name), the newest first."""
    from wbtable.cli.output import print_json, print_table, size_text, text_of

    store = options.store()
    versions = store.versions(name, project=project)[::-1]
    shown = versions[:limit]
    names: dict[int, list[str]] = {}
    if shown:
        names = {shown[0].number: ["latest"]} if shown[0] is versions[0] else {}
        for alias, number in store.aliases(shown[0].project, shown[0].name).items():
            names.setdefault(number, []).append(alias)
    if options.json:
        print_json(
            [
                {
                    "version": found.version,
                    "aliases": names.get(found.number, []),
                    "tags": found.tags,
                    "type": found.type,
                    "size": found.size,
                    "files": found.file_count,
                    "created_at": found.created_at,
                    "run": found.logged_by(),
                    "digest": found.digest,
                    "description": found.description,
                    "metadata": found.metadata,
                }
                for found in shown
            ]
        )
        return
    rows = [
        [
            found.version,
            ", ".join(names.get(found.number, [])),
            size_text(found.size),
            str(found.file_count),
            text_of(found.created_at),
            found.logged_by() or "",
            found.description or "",
        ]
        for found in shown
    ]
    print_table(["VERSION", "ALIASES", "SIZE", "FILES", "CREATED", "RUN", "DESCRIPTION"], rows, right=(2, 3))
    if len(shown) < len(versions):
        click.echo(f"{len(versions) - len(shown)} older versions are not shown (--limit {limit})", err=True)
