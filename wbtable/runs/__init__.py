"""Runs: what a training script logs, and how it is read again (spec: 14-runs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts.store import Store, create_store, set_runs_reader

if TYPE_CHECKING:
    from wbtable.runs.reading import RunInfo

__all__ = ["Store", "create_store"]


def _read_runs(store: Store, project: str) -> list[RunInfo]:
    from wbtable.runs.reading import list_runs

    return list_runs(store, project)


# `Store.runs` is below this room, so its reader is handed down.
set_runs_reader(_read_runs)
