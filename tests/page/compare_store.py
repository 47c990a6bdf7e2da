"""A store whose tables differ in every way that a comparison tells: rows, values, columns, types, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import wbtable

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = "compare"
BEFORE = [(i, i * 0.5, f"the quick brown fox number {i}", "left", i) for i in range(20)]
AFTER = [
    (
        i,
        i * 0.5 + (0.25 if i % 4 == 0 else 0),
        f"the {'slow' if i % 5 == 0 else 'quick'} brown fox number {i}",
        "right",
        f"n{i}",
    )
    for i in range(2, 25)
]


def table(columns: list[str], rows: list[Any]) -> wbtable.Table:
    """Return a table."""
    made = wbtable.Table(columns=columns)
    for row in rows:
        made.add_data(*row)
    return made


def compare_store(folder: Path) -> wbtable.Store:
    """Make the store: artifact `rows` in two versions, `keyless`, `doubled`, and a run's table of three steps."""
    store = wbtable.create_store(folder)
    with wbtable.init(project=PROJECT, name="rows", store=store) as run:
        _log(run, "rows", table(["id", "score", "text", "only_left", "kind"], BEFORE))
        _log(run, "rows", table(["id", "score", "text", "only_right", "kind"], AFTER))
        _log(run, "keyless", table(["score", "flag"], [(0.5, True), (0.5, False), (1.5, True)]))
        doubled = [(1, "a"), (1, "b"), (2, "c"), (None, "d")]
        _log(run, "doubled", table(["id", "text"], doubled))
        _log(run, "doubled", table(["id", "text"], [(1, "a"), (1, "x"), (3, "c")]))
    with wbtable.init(project=PROJECT, name="steps", store=store) as run:
        for step in range(3):
            run.log({"samples": table(["id", "value"], [(i, i * (step + 1)) for i in range(6)])})
    return store


def _log(run: wbtable.Run, name: str, rows: wbtable.Table) -> None:
    artifact = wbtable.Artifact(name, type="rows")
    artifact.add(rows, "table")
    run.log_artifact(artifact)
