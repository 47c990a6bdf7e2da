"""Columns of paths as columns of media: what a CSV or JSON Lines file says of files beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.progress import Progress
from wbtable.errors import NotFoundError, UsageError, WbtableError
from wbtable.importers.wandb_files import regular
from wbtable.media import media_class
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

KINDS: Final = frozenset({"audio", "html", "image", "molecule", "object3d", "video"})
"""Kinds of media that are files."""


def with_files(table: Table, kinds: Mapping[str, str], roots: Sequence[Path]) -> Table:
    """Return a table with media in place of the paths of their files; a path that is empty or None gives None.

    Args:
        table: its columns of paths are text.
        kinds: the kind of media of each such column, by its name.
        roots: the folders from which files may be read; a relative path is looked for in each of them.

    Raises:
        NotFoundError: there is no such column, or no such file.
        UsageError: a file is outside of the folders, or is none of its kind; the message has its row.

    """
    names = table.columns
    unknown = [name for name in kinds if name not in names]
    if unknown:
        msg = f"there is no column {unknown[0]!r:.80}; there are {names!r:.200}"
        raise NotFoundError(msg)
    made: list[Any] = [media_class(kinds[name]) if name in kinds else None for name in names]
    types = {column.name: column.type for column in table.schema if column.type.kind != "null"}
    out = Table(columns=names, dtype={**types, **{name: kinds[name] for name in kinds}})
    with Progress("importing", "rows", len(table)) as progress:
        for number, row in table.iterrows():
            for i, make in enumerate(made):
                if make is not None:
                    row[i] = _media(make, row[i], roots, f'column "{names[i]}", row {number}')
            out.add_data(*row)
            progress.advance()
    return out


def _media(make: Any, path: object, roots: Sequence[Path], place: str) -> Any:
    if path is None or path == "":
        return None
    if not isinstance(path, str):
        msg = f"expected the path of a file, found {type(path).__name__}"
        raise UsageError(msg, place=place)
    try:
        return make(_file(path, roots))
    except WbtableError as error:
        raise type(error)(str(error), place=place) from None


def _file(path: str, roots: Sequence[Path]) -> Path:
    """Return the file of a path; one behind a root goes on from it, an absolute one has to be below one."""
    found = [root / path for root in roots]
    return regular(next((file for file in found if file.is_file()), found[0]), roots)
