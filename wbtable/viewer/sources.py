"""The rows that a view is of: what the server opened, and nothing else.

What opens tables is imported when one is opened: the server, which opens few, is there sooner.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from wbtable.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.format.view_source import TablePlace, ViewSource
    from wbtable.format.view_spec import ViewSpec
    from wbtable.query.control import QueryControl
    from wbtable.tables.compare import SideBySide
    from wbtable.tables.view import View, Viewable

_KEPT: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What may be opened.

    Attributes:
        store: the store's URL, None if none is open.
        opened: manifests of tables outside of the store, by the id that the page has for each.

    """

    store: str | None = None
    opened: Mapping[str, str]

    def to_json(self) -> Json:
        """Return it for a worker."""
        return {"store": self.store, "opened": dict(self.opened)}

    @classmethod
    def from_json(cls, value: Json) -> Self:
        """Read what a worker was given."""
        return cls(store=value["store"], opened=dict(value["opened"]))


def joined_tables(rows: object) -> Json | None:
    """Say which tables a joined table puts beside each other, and on what; None of any other."""
    from wbtable.tables.joined import JoinedTable

    if not isinstance(rows, JoinedTable):
        return None
    names: list[Json | None] = []
    for reference in rows.references:
        found = reference.artifact
        here = rows.stored_at[0].qualified_name if rows.stored_at is not None else None
        version = here if found is None else f"{found.project}/{found.name}:v{found.version}"
        names.append(None if version is None else {"version": version, "path": reference.path})
    return {"how": rows.how, "keys": [list(pair) for pair in rows.join_keys], "tables": names or [None, None]}


class Opener:
    """Opens what views name, and keeps what was opened last: versions never change, and files say when they do."""

    def __init__(self, places: Places, store: Store | None = None) -> None:
        """Open from `places` only; `store` is theirs, if it is open already."""
        self.places = places
        self._guard = threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._store = store

    def store(self) -> Store:
        """Return the store.

        Raises:
            NotFoundError: none is open.

        """
        from wbtable.artifacts.store import Store

        if self._store is not None:
            return self._store
        url = self.places.store
        if url is None:
            raise NotFoundError("no store is open: start wbtable view with one")
        found: Store = self._once("store", lambda: Store(url))
        return found

    def table(self, place: TablePlace) -> Viewable:
        """Return a table.

        Raises:
            NotFoundError: it is not there.
            UsageError: it is outside of what the server opened.

        """
        return self._table(place)[1]

    def _table(self, place: TablePlace) -> tuple[Hashable, Viewable]:
        from wbtable.tables.view import Viewable

        if place.url is not None:
            path = self.places.opened.get(place.url)
            if path is None:
                raise UsageError(f"{place.url!r:.80} was not opened by the server, so it is not opened here")
            from wbtable.viewer.opening_files import open_opened, stamp

            # A file may be written anew meanwhile: what was opened is of the file as it was.
            name = ("url", place.url, *stamp(path))
            return name, self._once(name, lambda: open_opened(path))
        from wbtable.artifacts.pinning import open_place

        key, opened = open_place(self.store(), place)

        def checked() -> Viewable:
            found = opened()
            if not isinstance(found, Viewable):
                raise NotFoundError(
                    f"there is no table {place.path!r:.200} in {place.project}/{place.artifact}:{place.version}"
                )
            return found

        return (key, place.path), self._once((key, place.path), checked)

    def rows(self, source: ViewSource) -> Viewable | SideBySide:
        """Return the rows that a view is of.

        Raises:
            NotFoundError: something is not there.
            UsageError: a key is missing or cannot be equal; a table is outside of what the server opened.

        """
        if source.kind == "table":
            return self._table(source.tables[0])[1]
        from wbtable.runs.view_source import open_source

        if source.kind == "union":
            # What its runs logged grows: it is read anew.
            return open_source(self.store(), source)
        tables = [self._table(place) for place in source.tables]
        key = (tuple(name for name, _ in tables), source.key, source.mode, source.how)
        store = self.store() if self.places.store is not None else None
        found: Viewable | SideBySide = self._once(
            key, lambda: open_source(store, source, tables=[table for _, table in tables])
        )
        return found

    def views(self, spec: ViewSpec, control: QueryControl | None = None) -> list[View]:
        """Return the view of a document; of tables side by side one of each.

        Raises:
            UsageError: it has no source.

        """
        if spec.source is None:
            raise UsageError("the view does not say which rows it is of: it has no source")
        from wbtable.tables.compare import SideBySide

        found = self.rows(spec.source)
        views = found.view(spec=spec) if isinstance(found, SideBySide) else [found.view(spec=spec)]
        for view in views:
            view.store_url = self.places.store if self._store is None else self._store.url
        return views if control is None else [view.with_control(control) for view in views]

    def _once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = make()
        with self._guard:
            self._kept[key] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found
