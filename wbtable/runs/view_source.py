"""What the document of a view names: its rows, found in a store (spec: 16-views, VIEW-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wbtable.artifacts.pinning import open_place
from wbtable.errors import NotFoundError, UsageError
from wbtable.format.view_spec import ViewSpec
from wbtable.runs.union import run_tables
from wbtable.tables.compare import SideBySide, compare
from wbtable.tables.view import Viewable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json
    from wbtable.format.view_source import TablePlace, ViewSource
    from wbtable.query.control import QueryControl
    from wbtable.query.worker_process import Control
    from wbtable.tables.view import View


def open_source(
    store: Store | None, source: ViewSource, *, urls: bool = False, tables: Sequence[Viewable] | None = None
) -> Viewable | SideBySide:
    """Return the rows that a view is of.

    Args:
        store: where the tables are; None: only `tables` are.
        source: names them.
        urls: whether places outside of the store are opened: never where the document is from a stranger.
        tables: those of `source`, in its order, if they were opened already.

    Raises:
        NotFoundError: a table is not there.
        UsageError: a place is outside of the store; a key is missing or cannot be equal.

    """
    if store is None and (source.kind == "union" or tables is None):
        msg = "expected a store, or the tables of the view"
        raise UsageError(msg)
    if source.kind == "union":
        assert source.project is not None
        assert source.run_key is not None
        assert store is not None
        return run_tables(store, source.project, source.run_key, runs=source.runs or None)
    if tables is None:
        assert store is not None
        tables = [_table(store, place, urls=urls) for place in source.tables]
    if source.kind == "table":
        return tables[0]
    if source.mode == "concat":
        return compare(tables, mode="concat")
    if source.mode == "side_by_side":
        return compare(tables, mode="side_by_side")
    return compare(tables, list(source.key) or None, how="inner" if source.how == "inner" else "outer")


def _table(store: Store, place: TablePlace, *, urls: bool) -> Viewable:
    if place.url is not None:
        if not urls:
            msg = f"the view names {place.url!r:.200}, which is outside of the store, and may not be opened here"
            raise UsageError(msg)
        from wbtable.tables.open import open_table

        return open_table(place.url)
    found = open_place(store, place)[1]()
    if not isinstance(found, Viewable):
        msg = f"{place.path!r:.200} in {place.project}/{place.artifact}:{place.version} is no table"
        raise NotFoundError(msg)
    return found


def open_views(store: Store, spec: ViewSpec, *, urls: bool = False, control: QueryControl | None = None) -> list[View]:
    """Return the view that a document describes; of tables side by side one of each.

    Raises:
        UsageError: the document does not name its rows, or does not fit them.
        NotFoundError: a table is not there.

    """
    if spec.source is None:
        msg = "the view does not say which rows it is of: it has no source"
        raise UsageError(msg)
    found = open_source(store, spec.source, urls=urls)
    views = found.view(spec=spec) if isinstance(found, SideBySide) else [found.view(spec=spec)]
    for view in views:
        view.store_url = store.url
    return views if control is None else [view.with_control(control) for view in views]


_STORES: dict[str, Store] = {}


def view_window(control: Control, store: str, spec: Json, side: int = 0, offset: int = 0, count: int = 100) -> Any:
    """Return some rows of a view, as an Arrow table: the task of a query worker.

    Args:
        control: the worker's.
        store: the store's URL.
        spec: the document of the view, with its source.
        side: which of several tables side by side.
        offset: the first row.
        count: how many.

    """
    from wbtable.artifacts.store import Store

    if store not in _STORES:
        _STORES[store] = Store(store)
    views = open_views(_STORES[store], ViewSpec.from_json(spec), control=control)  # type: ignore[arg-type]
    if not 0 <= side < len(views):
        msg = f"expected a side from 0 to {len(views) - 1}, found {side}"
        raise UsageError(msg)
    return views[side].window(offset, count)
