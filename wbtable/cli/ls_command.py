"""``wbtable ls``: list artifacts, or the files of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

if TYPE_CHECKING:
    from wbtable.artifacts.overview import Listed
    from wbtable.artifacts.version import Version


EXAMPLES: Final = examples(
    "wbtable ls",
    "wbtable ls digits",
    "wbtable ls digits/predictions:v4",
    "wbtable ls --type dataset --json",
)


@click.command("ls", epilog=EXAMPLES)
@click.argument("name", required=False, shell_complete=complete_artifacts)
@click.option("-t", "--type", "kind", metavar="TYPE", help="Only artifacts of this type.")
@project_option
@common
def command(options: Options, name: str | None, kind: str | None, project: str | None) -> int:
    """List artifacts, or the files of a version.

    Without NAME all artifacts of the store. NAME is a project, whose artifacts are listed, or an artifact
    (project/name, project/name:v3, project/name:best), whose files are listed. Artifacts that cannot be read are left
    out, and named on stderr; the command exits with 1 then.
    """
    from wbtable.cli.left_out import LeftOut

    left_out = LeftOut()
    if name is not None and ("/" in name or ":" in name or project is not None):
        _list_files(options, options.store().artifact(name, type=kind, project=project))
        return left_out.exit_code
    from wbtable.artifacts.overview import newest_versions, projects

    backend = options.backend()
    one = name or project
    if one is not None and one not in (known := projects(backend)):
        from wbtable.artifacts.names import near_or_all
        from wbtable.errors import NotFoundError

        raise NotFoundError(f"there is no project {one!r} in {backend.url!r}{near_or_all(one, known)}")
    _list_artifacts(options, newest_versions(backend, one, kind, left_out))
    return left_out.exit_code


def _list_artifacts(options: Options, versions: list[Listed]) -> None:
    from wbtable.cli.output import print_json, print_table, size_text, text_of

    if options.json:
        print_json(
            [
                {
                    "name": f"{found.project}/{found.name}",
                    "type": found.type,
                    "version": f"v{found.version}",
                    "size": found.size,
                    "files": found.file_count,
                    "created_at": found.created_at,
                    "digest": found.digest,
                }
                for found in versions
            ]
        )
        return
    rows = [
        [
            f"{found.project}/{found.name}",
            found.type,
            f"v{found.version}",
            size_text(found.size),
            str(found.file_count),
            text_of(found.created_at),
        ]
        for found in versions
    ]
    print_table(["NAME", "TYPE", "NEWEST", "SIZE", "FILES", "CREATED"], rows, right=(3, 4))


def _list_files(options: Options, version: Version) -> None:
    from wbtable.cli.output import print_json, print_table, size_text

    items = version.files()
    if options.json:
        print_json(
            [
                {
                    "path": item.path,
                    "size": item.size,
                    "digest": item.digest,
                    "media_type": item.media_type,
                    "reference": item.ref,
                }
                for item in items
            ]
        )
        return
    rows = [[item.path, size_text(item.size), item.ref or item.media_type or ""] for item in items]
    print_table(["PATH", "SIZE", "CONTENT"], rows, right=(1,))
