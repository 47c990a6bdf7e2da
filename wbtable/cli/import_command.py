"""``wbtable import``: other systems' files, and folders of media, as versions and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from wbtable.cli.options import (
    Options,
    common,
    complete_artifacts,
    complete_projects,
    examples,
    naming,
    project_option,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wbtable.artifacts.draft import Artifact
    from wbtable.importers.report import Report
    from wbtable.tables.table import Table

FORMAT = 5


@click.group(
    "import",
    epilog=examples(
        "wbtable import wandb wandb/",
        "wbtable import csv train.csv --name digits/split",
        "wbtable import folder photos/ --name digits/photos",
    ),
)
@common
def command(options: Options) -> None:
    """Import files of other systems."""
    click.get_current_context().obj = {"store": options.store_url, "json": options.json}


def files_from_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds the option that allows further folders."""
    return click.option(
        "--files-from", multiple=True, metavar="DIR", type=click.Path(exists=True, file_okay=False), help=what
    )


WANDB = examples(
    "wbtable import wandb wandb/",
    "wbtable import wandb artifacts/predictions:v3 --project digits",
    "wbtable import wandb wandb/offline-run-20260131_120000-3k2j9dxa --files-from /data/photos",
)


@command.command("wandb", epilog=WANDB)
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option(
    "-p",
    "--project",
    metavar="PROJECT",
    shell_complete=complete_projects,
    help="The project; default: that of each run, and uncategorized for what has none.",
)
@click.option("-n", "--name", metavar="NAME", help="The artifact's name, for one artifact or table.")
@click.option("-t", "--type", "kind", default="dataset", show_default=True, help="The type, where no file says it.")
@files_from_option("A further folder from which files of runs may be read; may repeat.")
@click.option("--fetch", is_flag=True, help="Fetch media that are only referred to by http(s).")
@common
def wandb(
    options: Options,
    paths: tuple[str, ...],
    project: str | None,
    name: str | None,
    kind: str,
    files_from: tuple[str, ...],
    fetch: bool,
) -> int:
    """Import what W&B wrote to PATHS: tables, artifacts and runs; W&B is not needed, nor a network.

    A path is a *.table.json, the folder of an artifact or of a run (offline-run-..., run-...), or a folder above those.
    A report says what came over and what did not, item by item. Imported again, nothing comes twice.
    """
    from wbtable.importers.wandb import import_wandb

    report = import_wandb(
        paths, options.store(create=True), project=project, name=name, type=kind, files_from=files_from, fetch=fetch
    )
    return _print(options, report)


def _draft(name: str, description: str | None) -> tuple[Artifact, str | None]:
    """Return an empty draft of an artifact called ``project/name``, and the project."""
    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.names import parse_name

    parsed = parse_name(name)
    if parsed.alias != "latest" or ":" in name:
        raise click.UsageError(f"expected a name without a version, found {name!r}; --alias names the version")
    return Artifact(parsed.name, type="dataset", description=description), parsed.project


def _commit(options: Options, draft: Artifact, project: str | None, aliases: tuple[str, ...], report: Report) -> int:
    """Commit what was imported, and print the report; what the newest version has gives no new one."""
    version = options.store(create=True).commit(draft, project=project, aliases=aliases)
    report.add("artifact", draft.name, "imported", target=version.qualified_name)
    code = _print(options, report)
    if not options.json:
        click.echo(version.qualified_name)
    return code


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of what becomes an artifact."""
    for option in (
        project_option,
        click.option("--description", metavar="TEXT"),
        click.option("-a", "--alias", "aliases", multiple=True, metavar="ALIAS", help="A name; may repeat."),
        click.option(
            "-n", "--name", required=True, metavar="NAME", shell_complete=complete_artifacts, help="The artifact."
        ),
    ):
        function = option(function)
    return function


TEXT: Final = ("csv", "jsonl")
"""Kinds of files that hold no media, but may hold the paths of them."""
READERS: Final = {
    "csv": ("read_csv", "CSV files with a header line"),
    "parquet": ("read_parquet", "Parquet files"),
    "jsonl": ("read_jsonl", "JSON Lines files, one object a line,"),
    "feather": ("read_feather", "Feather (Arrow IPC) files"),
}


def _file_command(kind: str) -> click.Command:
    reader, what = READERS[kind]
    is_text = kind in TEXT
    column = "the paths of media files, relative to the file" if is_text else "encoded media"

    @click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
    @click.option("--media", multiple=True, metavar="COLUMN=KIND", help=f"A column of {column}; may repeat.")
    @_named
    @common
    def run(
        options: Options,
        files: tuple[str, ...],
        name: str,
        aliases: tuple[str, ...],
        description: str | None,
        project: str | None,
        media: tuple[str, ...],
        files_from: tuple[str, ...] = (),
        dtypes: tuple[str, ...] = (),
        **more: Any,
    ) -> int:
        from pathlib import Path

        from wbtable.artifacts.progress import Progress
        from wbtable.importers.report import Report
        from wbtable.tables import files as tables

        draft, own = _draft(name, description)
        report = Report()
        kinds = _once([*map(_typed_column, dtypes), *map(_media_column, media)])
        roots = [Path(folder) for folder in files_from]
        with Progress("importing", "files", len(files)) as progress:
            for file in map(Path, files):
                table = _read(getattr(tables, reader), file, kinds, roots if is_text else None, **more)
                draft.add(table, file.stem)
                report.add("table", str(file), "imported", f"{len(table):,} rows", target=file.stem)
                progress.advance()
        return _commit(options, draft, own or project, aliases, report)

    if is_text:
        run = click.option(
            "--dtype",
            "dtypes",
            multiple=True,
            metavar="COLUMN=TYPE",
            help="The type of a column, such as string, int64 or float32; else it is found; may repeat.",
        )(run)
        run = files_from_option("A further folder from which media files may be read; may repeat.")(run)
    if kind == "csv":
        run = click.option(
            "--delimiter", metavar="SIGN", help="What stands between cells: , by default, of .tsv files a tab."
        )(run)
    epilog = examples(f"wbtable import {kind} train.{kind} test.{kind} --name digits/split")
    return click.command(
        kind, epilog=epilog, help=f"Make tables of {what} as a version of the artifact NAME (project/name)."
    )(run)


def _read(
    reader: Callable[..., Table], file: Path, kinds: dict[str, str], roots: list[Path] | None, **more: Any
) -> Table:
    """Return the table of a file; an error names the file. With `roots` its columns of media are paths."""
    from wbtable.importers.media_files import KINDS, with_files

    if "delimiter" in more:
        usual = "\t" if file.suffix.lower() == ".tsv" else ","
        given = usual if more["delimiter"] is None else more["delimiter"]
        more["delimiter"] = "\t" if given == "\\t" else given  # as people write it in a shell
    paths = {} if roots is None else {name: kind for name, kind in kinds.items() if kind in KINDS}
    with naming(file):
        table = reader(file, dtype={**kinds, **dict.fromkeys(paths, "string")} or None, **more)
        return with_files(table, paths, [file.parent, *(roots or ())]) if paths else table


def _once(kinds: list[tuple[str, str]]) -> dict[str, str]:
    """Return kinds of columns by name."""
    found = dict(kinds)
    if len(found) < len(kinds):
        names = [name for name, _ in kinds]
        twice = next(name for name in names if names.count(name) > 1)
        raise click.UsageError(f"the column {twice!r} is given two types: give it one")
    return found


def _typed_column(text: str) -> tuple[str, str]:
    from wbtable.tables.coerce import column_type_of

    column, kind = _column_and(text, "--dtype: expected COLUMN=TYPE, such as zip=string")
    column_type_of(kind)
    return column, kind


def _media_column(text: str) -> tuple[str, str]:
    from wbtable.media import media_class

    column, kind = _column_and(text, "--media: expected COLUMN=KIND, such as photo=image")
    media_class(kind)
    return column, kind


def _column_and(text: str, expected: str) -> tuple[str, str]:
    """Return a column and what is said of it."""
    column, sign, kind = text.rpartition("=")
    if not sign or not column:
        raise click.UsageError(f"{expected}, found {text!r}")
    return column, kind


for _kind in READERS:
    command.add_command(_file_command(_kind))

FOLDER = examples(
    "wbtable import folder photos/ --name digits/photos",
    "wbtable import folder recordings/ --kind audio --name birds/songs --label species",
)


@command.command("folder", epilog=FOLDER)
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--kind",
    type=click.Choice(["image", "audio", "video", "html", "object3d", "molecule"]),
    help="Which media; needed where there are several kinds.",
)
@click.option("--label", default="label", show_default=True, help="What the column of the folders' names is called.")
@click.option("--table", "table_name", default="media", show_default=True, help="The table's name in the artifact.")
@_named
@common
def folder_command(
    options: Options,
    folder: str,
    kind: str | None,
    label: str,
    table_name: str,
    name: str,
    aliases: tuple[str, ...],
    description: str | None,
    project: str | None,
) -> int:
    """Make a table of the media files in FOLDER, with the names of their folders as labels.

    A metadata.csv or metadata.jsonl with the key file_name gives columns instead of labels; folders called train, test
    and the like give the column split. Files that are not usable are left out, and the report names them.
    """
    from wbtable.importers.folder import read_folder
    from wbtable.importers.report import Report

    draft, own = _draft(name, description)
    report = Report()
    draft.add(read_folder(folder, kind, label=label, report=report), table_name)
    return _commit(options, draft, own or project, aliases, report)


def _print(options: Options, report: Report) -> int:
    """Print a report; the exit code is 0 where every source was read."""
    from wbtable.cli.output import print_json, printable

    if options.json:
        print_json(report.to_json())
    else:
        for line in str(report).splitlines():
            click.echo(printable(line))
    return FORMAT if report.unread else 0
