"""Runs: what a training script logs, and how it is read again (spec: 14-runs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wbtable.artifacts.saved import set_view_opener
from wbtable.artifacts.store import Store, create_store, resolve_store, set_runs_reader

if TYPE_CHECKING:
    from wbtable.artifacts.unreadable import OnUnreadable
    from wbtable.format.view_spec import ViewSpec
    from wbtable.runs.run_list import RunList
    from wbtable.tables.union import UnionTable
    from wbtable.tables.view import View

__all__ = ["Store", "create_store", "resolve_store"]


def _read_runs(
    store: Store, project: str | None, filter: str | None, on_unreadable: OnUnreadable | None = None
) -> RunList:
    from wbtable.runs.reading import list_runs
    from wbtable.runs.run_list import RunList

    projects = store.projects() if project is None else [project]
    found = [run for one in projects for run in list_runs(store, one, on_unreadable)]
    if project is None:
        found.sort(key=lambda run: (run.created_at, run.path))
    if filter is not None:
        from wbtable.runs.filtering import matching

        found = matching(found, filter)
    return RunList(found)


def _read_tables(store: Store, project: str, key: str, **options: Any) -> UnionTable:
    from wbtable.runs.union import run_tables

    return run_tables(store, project, key, **options)


def _open_views(store: Store, spec: ViewSpec) -> list[View]:
    from wbtable.runs.view_source import open_views

    return open_views(store, spec)


# `Store.runs`, `Store.run_tables` and named views are below this room, so their readers are handed down.
set_runs_reader(_read_runs, _read_tables)
set_view_opener(_open_views)
