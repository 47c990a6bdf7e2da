"""``wbtable put``: store files, directories and tables as a version."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, naming, project_option

if TYPE_CHECKING:
    from wbtable.artifacts.draft import Artifact

READERS: Final = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".parquet": "read_parquet",
    ".jsonl": "read_jsonl",
    ".ndjson": "read_jsonl",
}


EXAMPLES: Final = examples(
    "wbtable put photos/ --name digits/raw",
    "wbtable put train.csv test.csv --table --name digits/split --alias candidate",
)


@click.command("put", epilog=EXAMPLES)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("-n", "--name", required=True, metavar="NAME", shell_complete=complete_artifacts, help="The artifact.")
@click.option("-t", "--type", "kind", default="dataset", show_default=True, metavar="TYPE")
@click.option("-a", "--alias", "aliases", multiple=True, metavar="ALIAS", help="A name for the version; may repeat.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag for the version; may repeat.")
@click.option("--table", "as_tables", is_flag=True, help="Make tables of csv, tsv, parquet and jsonl files.")
@click.option("--description", metavar="TEXT")
@click.option("--metadata", metavar="JSON", help="An object of values to keep beside the content.")
@project_option
@common
def command(
    options: Options,
    paths: tuple[str, ...],
    name: str,
    kind: str,
    aliases: tuple[str, ...],
    tags: tuple[str, ...],
    as_tables: bool,
    description: str | None,
    metadata: str | None,
    project: str | None,
) -> None:
    """Store PATHS as the newest version of the artifact NAME (project/name), and print the version.

    A file keeps its name; of a directory everything below it is stored, under paths relative to it, but for stores in
    it. With --table each csv, tsv, parquet or jsonl file becomes a table of its name. Content that the newest version
    has gives no new version.
    """
    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.names import DEFAULT_PROJECT, parse_name
    from wbtable.cli.output import noted, print_json
    from wbtable.errors import AlreadyExistsError

    parsed = parse_name(name)
    if parsed.alias != "latest" or ":" in name:
        raise click.UsageError(f"expected a name without a version, found {name!r}; --alias names the version")
    draft = Artifact(parsed.name, type=kind, description=description, metadata=_metadata(metadata))
    for path in paths:
        try:
            noted(functools.partial(_add, draft, Path(path), as_tables=as_tables))
        except AlreadyExistsError as error:
            # What Python may do about it, behind the semicolon, is not to be had here.
            taken = str(error).partition(";")[0]
            raise AlreadyExistsError(f"{taken}: it stands under that name in another of PATHS", place=path) from None
    store = options.store(create=True)
    before = store.records(parsed.project or project or DEFAULT_PROJECT, parsed.name).newest()
    version = store.commit(draft, project=parsed.project or project, aliases=aliases, tags=tags)
    is_new = version.number > before
    if options.json:
        print_json({"version": version.qualified_name, "digest": version.digest, "size": version.size, "new": is_new})
    else:
        click.echo(version.qualified_name)
        if not is_new:
            click.echo("the newest version has this content already", err=True)


def _add(draft: Artifact, path: Path, *, as_tables: bool) -> None:
    reader = READERS.get(path.suffix.lower()) if as_tables and path.is_file() else None
    if reader is not None:
        from wbtable.tables import files

        more = {"delimiter": "\t"} if path.suffix.lower() == ".tsv" else {}
        with naming(path):
            table = getattr(files, reader)(path, **more)
        draft.add(table, path.stem)
    elif as_tables and path.is_dir():
        raise click.UsageError(f"--table takes files, found the directory {str(path)!r}: name the files in it")
    elif as_tables:
        raise click.UsageError(f"--table takes {', '.join(READERS)}, found {path.name!r}")
    elif path.is_dir():
        draft.add_dir(path)
    else:
        draft.add_file(path)


def _metadata(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"--metadata is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise click.UsageError("--metadata: expected a JSON object")
    return value
