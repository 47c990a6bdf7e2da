"""``wbtable export``: write the rows of a view to a file."""

from __future__ import annotations

from typing import Any, Final

import click

from wbtable.cli.options import (
    Options,
    check_new,
    common,
    complete_artifacts,
    examples,
    overwrite_option,
    project_option,
)
from wbtable.cli.query_command import source_options, table_of
from wbtable.cli.view_options import print_warnings, spec_of, view_options, watched
from wbtable.errors import UsageError

EXAMPLES: Final = examples(
    "wbtable export digits/photos -o photos/",
    "wbtable export digits/predictions -o predictions.csv",
    "wbtable export digits/predictions test -o mistakes.parquet -w 'guess != truth' -c id,image,guess --media copy",
    "wbtable export digits --logged val -o all.jsonl",
)
SUFFIXES: Final = ("csv", "jsonl", "parquet")
WITH_BYTES: Final = ("feather", "parquet")
"""Formats that can hold the encoded bytes of media."""


@click.command("export", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.argument("path", required=False)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="A file ending in .csv, .jsonl, .parquet or .feather; or a folder, ending in /, for media as files.",
)
@click.option(
    "--media",
    type=click.Choice(["paths", "copy", "bytes"]),
    default="paths",
    show_default=True,
    help="What media become: where each lies, its path in a folder beside FILE, or (parquet, feather) its bytes.",
)
@overwrite_option
@source_options
@view_options
@project_option
@common
def command(
    options: Options,
    name: str,
    path: str | None,
    output: str,
    media: str,
    overwrite: bool,
    project: str | None,
    **given: Any,
) -> None:
    """Write a table, or what a view gives of it, to a file for other programs.

    Rows are written as they come; the file appears whole or not at all. One that is there already is only replaced with
    --overwrite; a folder has to be new or empty. NAME and PATH are as in wbtable query.
    """
    suffix = output.rpartition(".")[2].lower()
    whole = output.endswith("/") or suffix == "feather" or media == "bytes"
    if not output.endswith("/") and suffix not in (WITH_BYTES if whole else SUFFIXES):
        what = (
            "with bytes in .parquet or .feather" if whole else "in .csv, .jsonl, .parquet or .feather, or a folder in /"
        )
        raise UsageError(f"expected a file ending {what}, found {output!r:.200}")
    if output.endswith("/"):
        if overwrite:
            raise UsageError("--overwrite is for a file: a folder for media has to be new or empty")
    else:
        check_new(output, overwrite=overwrite)
    view = table_of(options, name, path, project, given).view(**spec_of(given))
    with watched(view) as shown:
        if whole:
            _write_whole(shown, output, suffix, overwrite=overwrite)
        else:
            getattr(shown, f"write_{suffix}")(output, media)
        print_warnings(shown)
    if options.json:
        from wbtable.cli.output import print_json

        print_json({"file": output, "rows": len(view), "columns": view.columns})
    else:
        click.echo(f"{len(view):,} row{'s' * (len(view) != 1)} in {output}", err=True)


def _write_whole(view: Any, output: str, suffix: str, *, overwrite: bool) -> None:
    """Write rows with their media: as files in a folder, or as bytes in a file."""
    from wbtable.artifacts.progress import Progress
    from wbtable.tables import files_out

    with Progress("writing", "rows") as progress:
        if output.endswith("/"):
            files_out.write_folder(view, output, progress=progress.advance)
        elif suffix == "feather":
            files_out.write_feather(view, output, overwrite=overwrite, progress=progress.advance)
        else:
            files_out.write_parquet(view, output, overwrite=overwrite, progress=progress.advance)
