"""What `wbtable view` was given: a store, an artifact, a run, a folder, a table, a file; tables in memory.

What reads each of them is imported for it alone: the page of a folder of tables does not wait for what reads stores.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.default_place import FOLDER
from wbtable.errors import NotFoundError, UsageError, WbtableError
from wbtable.format.layout import HEADER, TABLE_SUFFIX
from wbtable.viewer.opening_files import FILES, open_file
from wbtable.viewer.state import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wbtable.artifacts.version import Version
    from wbtable.format.documents import Json
    from wbtable.tables.source import Source
    from wbtable.tables.view import Viewable

_STORE_PAGE: Final = {"page": "store"}


def _say_nothing(_what: str, _done: float | None) -> None:
    """Do without progress."""


@dataclass(slots=True, kw_only=True)
class Opening:
    """What is to be shown.

    Attributes:
        folder: where tables are written that are not stored yet.
        store: the store's URL.
        opened: tables outside of it.
        start: what the page shows first.
        progress: is told what takes a while, and how far it is from 0 to 1, None if that is not known.

    """

    folder: Path
    store: str | None = None
    opened: list[Opened] = field(default_factory=list)
    start: Json = field(default_factory=lambda: dict(_STORE_PAGE))
    progress: Callable[[str, float | None], None] = _say_nothing

    def add(self, title: str, path: str) -> None:
        """Open the manifest of a table; the first is what is shown."""
        made = Opened(id=f"open:{len(self.opened)}", title=title, path=path)
        self.opened.append(made)
        if len(self.opened) == 1:
            self.start = {"page": "table", "source": made.source}

    def add_rows(self, title: str, rows: Viewable | Source) -> None:
        """Write rows that lie in memory, or are computed, where workers can read them."""
        from wbtable.tables.table import Table
        from wbtable.tables.view import Viewable

        name = f"table{len(self.opened)}"
        source = rows._source() if isinstance(rows, Viewable) else rows  # noqa: SLF001 - what can be viewed gives its rows
        made = rows if type(rows) is Table else Table.from_source(source)
        made.write(str(self.folder / name), name)
        self.add(title, str(self.folder / name / f"{name}{TABLE_SUFFIX}"))

    def compare(self, sides: Sequence[Viewable | Source], **how: Any) -> Json:
        """Open tables and show them against each other; return the source."""
        for number, side in enumerate(sides):
            self.add_rows(f"side {number}", side)
        source = {"kind": "compare", "tables": [{"url": each.id} for each in self.opened], **how}
        self.start = {"page": "table", "source": source}
        return source


def open_target(
    target: str | None,
    folder: Path,
    store: str | None = None,
    progress: Callable[[str, float | None], None] = _say_nothing,
) -> Opening:
    """Return what a name or path means; a path that exists wins over a name, and needs no store.

    Args:
        target: what was asked for; None for the store.
        folder: where files are converted to.
        store: the store's URL, None for the default one.
        progress: is told what takes a while.

    Raises:
        NotFoundError: it is nothing; the message says what was looked for.
        UsageError: the file is of a kind that is not read.

    """
    opening = Opening(folder=folder, progress=progress)
    if target is None:
        from wbtable.artifacts.store import resolve_store

        opening.store = resolve_store(store).url
        return opening
    path = Path(target)
    with contextlib.suppress(OSError):
        if path.is_dir():
            _open_folder(opening, path)
            return opening
        if path.is_file():
            open_file(opening, target)
            return opening
    if "://" in target:
        _open_url(opening, target)
        return opening
    try:
        _open_name(opening, target, store)
    except NotFoundError as error:
        if path.suffix.lower() in FILES:
            raise NotFoundError(f"there is no file {target!r}; {error}") from None
        raise
    return opening


def _open_folder(opening: Opening, path: Path) -> None:
    for candidate in (path, path / FOLDER):
        if (candidate / HEADER).is_file():
            from wbtable.artifacts.store import Store

            opening.store = str(candidate)
            Store(candidate)  # so that what is wrong with it is said now
            return
    tables = sorted(found for found in path.glob(f"*{TABLE_SUFFIX}") if found.is_file())
    files = sorted(found for found in path.iterdir() if found.suffix.lower() in FILES and found.is_file())
    for found in tables:
        opening.add(found.name.removesuffix(TABLE_SUFFIX), str(found.resolve()))
    for found in [] if tables else files:
        open_file(opening, str(found))
    if not opening.opened:
        raise NotFoundError(
            f"there is no store, no *{TABLE_SUFFIX} and no {', '.join(FILES)} file in it", place=str(path)
        )


def _open_url(opening: Opening, url: str) -> None:
    from wbtable.artifacts.store import Store

    if url.endswith((TABLE_SUFFIX, *FILES)):
        open_file(opening, url)
        return
    try:
        opening.store = Store(url).url
    except NotFoundError:
        from wbtable.storage.find import manifests_in
        from wbtable.storage.open_backend import open_backend

        keys = manifests_in(open_backend(url))
        if not keys:
            raise
        for key in keys:
            opening.add(key.removesuffix(TABLE_SUFFIX), f"{url.rstrip('/')}/{key}")


def _open_name(opening: Opening, name: str, store: str | None) -> None:
    from wbtable.artifacts.store import resolve_store
    from wbtable.runs.reading import RunInfo, run_ids

    try:
        found = resolve_store(store)
    except NotFoundError as error:
        raise NotFoundError(f"there is no file or folder {name!r}, and {error}") from None
    opening.store = found.url
    if "/" not in name and ":" not in name and name in found.projects():
        opening.start = {"page": "project", "project": name}
        return
    project, _, rest = name.partition("/")
    try:
        opening.start = version_page(found.artifact(name))
    except NotFoundError:
        if not rest or rest not in run_ids(found, project):
            raise
        RunInfo(found, project, rest)
        opening.start = {"page": "run", "project": project, "run": rest}


def version_page(version: Version) -> Json:
    """Return what is shown of a version: its table if it has just one."""
    from wbtable.artifacts.tables import DOCUMENTS

    place = {"project": version.project, "artifact": version.name, "version": version.version}
    with contextlib.suppress(WbtableError):
        tables = [entry for entry in version.contents if entry.media_type in DOCUMENTS and entry.reference is None]
        if len(tables) == 1:
            source = {"kind": "table", "tables": [{**place, "path": tables[0].path}]}
            return {"page": "table", "source": source}
    return {"page": "artifact", **place}


def open_thing(thing: Any, folder: Path, store: Any = None) -> Opening:
    """Return what a Python object means: a store, version, run, table or view, a name or path, anything with rows.

    Raises:
        UsageError: it is nothing that can be shown.

    """
    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version
    from wbtable.format.view_spec import ViewSpec
    from wbtable.query.compare import CHANGE
    from wbtable.runs.reading import RunInfo
    from wbtable.runs.run import Run
    from wbtable.tables.compare import SideBySide, table_of
    from wbtable.tables.compared import Comparison
    from wbtable.tables.view import Viewable

    if thing is None or isinstance(thing, str) or hasattr(thing, "__fspath__"):
        url = store.url if isinstance(store, Store) else store
        return open_target(None if thing is None else str(thing), folder, url)
    opening = Opening(folder=folder)
    if isinstance(thing, Store):
        opening.store = thing.url
    elif isinstance(thing, Version):
        opening.store, opening.start = thing.store.url, version_page(thing)
    elif isinstance(thing, RunInfo):
        opening.store = thing._store.url  # noqa: SLF001 - a run knows its store
        opening.start = {"page": "run", "project": thing.project, "run": thing.id}
    elif isinstance(thing, Run):
        raise UsageError("a run is shown with its store: wbtable.view(wbtable.Store(...))")
    elif isinstance(thing, SideBySide):
        opening.compare(thing.sides, key=[], mode="side_by_side", how="outer")
    elif isinstance(thing, Comparison) and thing.is_plain:
        source = opening.compare(thing.rows_of_sides, key=thing.key, mode="join", how=thing.how)
        if thing.kinds is not None:
            asked = " or ".join(f'{CHANGE} == "{kind}"' for kind in thing.kinds) or "false"
            opening.start["view"] = {**ViewSpec(filter=asked).to_json(), "source": source}
    elif isinstance(thing, Viewable):
        opening.add_rows("table", thing)
    else:
        opening.add_rows("table", table_of(thing))
    return opening
