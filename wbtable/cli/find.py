"""What a name on the command line means: a version, a table in it, a table on disk, a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wbtable.errors import NotFoundError, UsageError
from wbtable.format.digest import TABLE

if TYPE_CHECKING:
    from wbtable.artifacts.version import Version
    from wbtable.cli.options import Options
    from wbtable.format.entry import Entry
    from wbtable.runs.reading import RunInfo

SUFFIX = ".table.json"
JOINED = (".joined-table.json", ".partitioned-table.json")


def is_table_path(name: str) -> bool:
    """Whether a name is the path or URL of a table written on its own."""
    if name.endswith(SUFFIX):
        return "://" in name or Path(name).is_file()
    folder = Path(name)
    return folder.is_dir() and any(folder.glob(f"*{SUFFIX}"))


def table_entries(version: Version) -> list[str]:
    """Return the paths of the tables of a version, joined and partitioned ones too."""
    paths = [entry.path for entry in version.contents]
    return [path for path in paths if path.endswith((SUFFIX, *JOINED))]


def check_no_path(name: str, path: str | None) -> None:
    """Refuse a path of a table in what is a table itself.

    Raises:
        UsageError: there is one.

    """
    if path is not None:
        raise UsageError(f"{name} is a table itself, which has no table {path!r:.80} in it")


def find_table(options: Options, name: str, path: str | None, project: str | None) -> tuple[Any, str]:
    """Return a table, and what it is called.

    Args:
        options: the command's options.
        name: an artifact's name, or the path of a table written on its own.
        path: which table of the version; None for the only one.
        project: the project of a name without one.

    Raises:
        NotFoundError: there is no such version or table.
        UsageError: the version has several tables, and none was named.

    """
    if is_table_path(name):
        from wbtable.tables.open import open_table

        check_no_path(name, path)
        return open_table(name), name
    version = options.version(name, project)
    if path is None:
        found = table_entries(version)
        if not found:
            raise NotFoundError(f"there is no table in {version.qualified_name}; `wbtable ls` lists what there is")
        if len(found) > 1:
            raise UsageError(f"{version.qualified_name} has the tables {', '.join(found)}: name one of them")
        path = found[0]
    table = version[path]
    if not hasattr(table, "iterrows"):
        raise UsageError(f"{path} in {version.qualified_name} is no table")
    return table, f"{version.qualified_name}, {path}"


def manifest_of(version: Version, entry: Entry) -> Any:
    """Return the table manifest of an entry, None if it is no plain table."""
    if entry.media_type != TABLE:
        return None
    from wbtable.artifacts.tables import read_manifest

    return read_manifest(version.store.objects, entry)


def find_run(options: Options, name: str, project: str | None) -> RunInfo:
    """Return a run by ``project/id`` or ``id``.

    Raises:
        NotFoundError: there is no such run; the message has ids like it.

    """
    from wbtable.artifacts.names import DEFAULT_PROJECT, near
    from wbtable.runs.reading import RunInfo, run_ids

    store = options.store()
    one, slash, run_id = name.partition("/")
    if not slash:
        one, run_id = project or DEFAULT_PROJECT, name
    try:
        return RunInfo(store, one, run_id)
    except NotFoundError as error:
        known = [f"{other}/{item}" for other in store.projects() for item in run_ids(store, other)]
        raise NotFoundError(f"{error}{near(f'{one}/{run_id}', known)}") from None


def near_run(options: Options, name: str, project: str | None) -> RunInfo | None:
    """Return the run of a name, None if there is none."""
    if ":" in name:
        return None
    try:
        return find_run(options, name, project)
    except NotFoundError:
        return None
