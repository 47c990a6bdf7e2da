"""``wbtable show``: show a version, a table or a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from wbtable.cli.options import Options, common, complete_artifacts, examples, project_option

if TYPE_CHECKING:
    from wbtable.artifacts.version import Version
    from wbtable.runs.reading import RunInfo


EXAMPLES: Final = examples(
    "wbtable show digits/predictions",
    "wbtable show digits/predictions:v0 test.table.json",
    "wbtable show digits/3k2j9dxa",
)


@click.command("show", epilog=EXAMPLES)
@click.argument("name", shell_complete=complete_artifacts)
@click.argument("path", required=False)
@project_option
@common
def command(options: Options, name: str, path: str | None, project: str | None) -> None:
    """Show a version, a table or a run.

    NAME is an artifact (project/name:alias), a run (project/id), or the path of a table written on its own. PATH is a
    table of the version. Of a table, each column is shown with its type, nulls, least and greatest value, number of
    distinct values and distribution, all from its manifest: no row is read.
    """
    from wbtable.cli.find import check_no_path, is_table_path, near_run
    from wbtable.errors import NotFoundError, UsageError

    if is_table_path(name):
        from wbtable.tables.open import open_table

        check_no_path(name, path)
        _print_table(options, {"table": name}, open_table(name), None)
        return
    try:
        version = options.version(name, project)
    except NotFoundError:
        run = near_run(options, name, project)
        if run is None:
            raise
        if path is not None:
            raise UsageError(f"{run.path} is a run, which has no table {path!r:.80} in it") from None
        _print_run(options, run)
        return
    if path is not None:
        _show_entry(options, version, path)
        return
    _print_version(options, version)


def _show_entry(options: Options, version: Version, path: str) -> None:
    from wbtable.cli.find import manifest_of
    from wbtable.cli.output import print_fields, print_json
    from wbtable.integrations.cells import cell_json, cell_text

    entry = version.get_entry(path).entry
    assert entry is not None
    found = version[path]
    title = {"version": version.qualified_name, "table": entry.path}
    if hasattr(found, "iterrows"):
        _print_table(options, title, found, manifest_of(version, entry))
        return
    facts = {"version": version.qualified_name, "path": entry.path, "size": entry.size, "digest": str(entry.digest)}
    if hasattr(found, "to_cell"):
        facts["media"] = cell_json(found) if options.json else cell_text(found)
    if options.json:
        print_json(facts)
    else:
        print_fields(facts)
        _draw(found)


def _draw(found: Any) -> None:
    """Draw an image, where the terminal can."""
    from wbtable.cli.pictures import picture, terminal_can
    from wbtable.media.image import Image

    if isinstance(found, Image) and terminal_can():
        from rich.console import Console

        drawn = picture(found, 64, 48)
        if drawn is not None:
            Console().print(drawn)


def _print_version(options: Options, version: Version) -> None:
    from wbtable.cli.find import manifest_of, table_entries
    from wbtable.cli.output import print_fields, print_json, size_text

    fields: dict[str, Any] = {
        "version": version.qualified_name,
        "type": version.type,
        "aliases": version.aliases,
        "tags": version.tags,
        "description": version.description,
        "created_at": version.created_at,
        "run": version.logged_by(),
        "used_by": version.used_by(),
        "parents": version.parents(),
        "size": version.size,
        "files": version.file_count,
        "digest": version.digest,
        "metadata": version.metadata,
    }
    tables = table_entries(version)
    if options.json:
        print_json({**fields, "tables": tables})
        return
    fields["size"] = size_text(version.size)
    print_fields({key.replace("_", " "): value for key, value in fields.items()})
    for path in tables:
        entry = version.get_entry(path).entry
        assert entry is not None
        click.echo()
        _print_table(options, {"table": path}, version[path], manifest_of(version, entry))


def _print_table(options: Options, title: dict[str, Any], table: Any, manifest: Any) -> None:
    from wbtable.cli.output import print_fields, print_json, print_table
    from wbtable.cli.summaries import TITLES, column_facts, column_row

    summaries = _summaries(table, manifest)
    facts = [
        column_facts(column.name, column.type, summary) for column, summary in zip(table.schema, summaries, strict=True)
    ]
    if options.json:
        print_json({**title, "rows": len(table), "columns": facts})
        return
    print_fields({**title, "rows": f"{len(table):,}", "columns": len(facts)})
    print_table(TITLES, [column_row(found) for found in facts], right=(2, 5))


def _summaries(table: Any, manifest: Any) -> list[dict[str, Any] | None]:
    """Return the summary of each column; None for all where a table has none, such as a joined one."""
    if manifest is None:
        manifest = getattr(table._source(), "manifest", None)  # noqa: SLF001 - a reader shows its manifest, others have none
    found = list(getattr(manifest, "summaries", ()))
    return found if len(found) == len(table.schema) else [None] * len(table.schema)


def _print_run(options: Options, run: RunInfo) -> None:
    from wbtable.cli.output import plain, print_fields, print_json

    facts = run.to_json()
    if options.json:
        print_json(plain(facts))
        return
    config, summary, environment = facts.pop("config"), facts.pop("summary"), facts.pop("environment")
    process = run.start.process
    facts["attempts"] = facts["attempts"] if facts["attempts"] > 1 else None
    facts["process"] = f"{process.pid} on {process.host}"
    print_fields({"run" if key == "path" else key.replace("_", " "): value for key, value in facts.items()})
    for name, values in (("config", config), ("summary", summary), ("environment", environment)):
        if values:
            click.echo(f"\n{name}")
            print_fields({f"  {key}": value for key, value in values.items()})
