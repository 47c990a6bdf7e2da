"""Runs: what a training script logs, and how it is read again (spec: 14-runs)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wbtable.artifacts.store import Store, create_store, set_runs_reader

if TYPE_CHECKING:
    from wbtable.runs.reading import RunInfo
    from wbtable.tables.union import UnionTable

__all__ = ["Store", "create_store"]


def _read_runs(store: Store, project: str) -> list[RunInfo]:
    from wbtable.runs.reading import list_runs

    return list_runs(store, project)


def _read_tables(store: Store, project: str, key: str, **options: Any) -> UnionTable:
    from wbtable.runs.union import run_tables

    return run_tables(store, project, key, **options)


# `Store.runs` and `Store.run_tables` are below this room, so their readers are handed down.
set_runs_reader(_read_runs, _read_tables)
