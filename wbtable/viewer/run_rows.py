"""Runs as rows: their config and summary as columns, sorted, some at once (ENDPOINTS.md, "Runs")."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from wbtable.query.print import show_name
from wbtable.viewer.cells import encode_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wbtable.format.documents import Json
    from wbtable.runs.reading import RunInfo
    from wbtable.viewer.run_index import Known

MAX_COLUMNS: Final = 2_000
"""The most columns of runs that are listed."""
MAX_WINDOW: Final = 500
"""The most runs of a window."""
_MOST_TEXT: Final = 300
_FACTS: Final = ("name", "state", "created_at", "updated_at", "seconds", "steps", "group", "job_type", "id")
_RANKS: Final[Mapping[type, int]] = {bool: 0, int: 1, float: 1, str: 2}


def mark(known: Known) -> Json:
    """Return what says that a run changed."""
    run = known.info
    if run is None:
        return {"project": known.project, "run": known.id, "name": known.id, "state": "damaged", "error": known.error}
    return {
        "project": run.project,
        "run": run.id,
        "name": run.name,
        "state": run.state,
        "created_at": run.created_at.isoformat(),
        "updated_at": run.updated_at.isoformat(),
        "finished_at": None if run.finished_at is None else run.finished_at.isoformat(),
        "seconds": seconds(run),
        "steps": run.next_step,
    }


def seconds(run: RunInfo) -> float:
    """Return how long a run has gone on."""
    return max(0.0, (run.updated_at - run.created_at).total_seconds())


def values_of(run: RunInfo) -> dict[str, Any]:
    """Return config and summary by the expressions that name them: ``config.lr``, ``summary.`val/loss```."""
    out: dict[str, Any] = {}
    for name, found in (("config", run.config), ("summary", run.summary)):
        out.update(_leaves(name, found))
    return out


def _leaves(prefix: str, value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        # Keys of a summary have points in them: each part is a name of its own, as in a filter.
        name = ".".join([prefix, *(show_name(part) for part in str(key).split("."))])
        if isinstance(inner, Mapping) and inner and "_type" not in inner:
            yield from _leaves(name, inner)
        else:
            yield name, inner


def table_reference(value: object) -> Json | None:
    """Return where a table lies that a summary or history names (RUN-10); None if the value is something else."""
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if not isinstance(value, Mapping) or value.get("_type") != "table":
        return None
    artifact, path = value.get("artifact"), value.get("path")
    return {"artifact": artifact, "path": path} if isinstance(artifact, str) and isinstance(path, str) else None


def shown(value: Any) -> Any:
    """Return a value as a cell of a list of runs: a table by name only, long texts cut and said so."""
    if table_reference(value) is not None:
        return {"table": table_reference(value)}
    made = encode_plain(value)
    if isinstance(made, str) and len(made) > _MOST_TEXT:
        return {"cut": made[:_MOST_TEXT], "size": len(made)}
    return made


def kind_of(value: Any) -> str:
    """Return what a column of such values is."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if table_reference(value) is not None:
        return "table"
    return "string" if isinstance(value, str) else "other"


def columns_of(rows: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Return the columns that some runs have: how many have each, of which kind, and whether runs differ in it."""
    kinds: dict[str, Counter[str]] = {}
    seen: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            if value is None:
                continue
            kinds.setdefault(name, Counter())[kind_of(value)] += 1
            texts = seen.setdefault(name, set())
            if len(texts) < 2:
                texts.add(repr(value))
    out = []
    for name, counts in kinds.items():
        held = sum(counts.values())
        kind = next(iter(counts)) if len(counts) == 1 else "mixed"
        out.append({"name": name, "kind": kind, "runs": held, "differs": len(seen[name]) > 1 or held < len(rows)})
    # Config before summary, each in order of appearance: what was set, then what came of it.
    return sorted(out, key=lambda column: not str(column["name"]).startswith("config."))


def in_order(rows: Sequence[tuple[Known, Mapping[str, Any]]], keys: Sequence[Json]) -> list[int]:
    """Return the numbers of rows sorted by some keys; what a run lacks comes last, ties keep their order."""
    order = list(range(len(rows)))
    for key in reversed(keys):
        name, backward = str(key["expression"]), key.get("order") == "desc"
        found = {i: _sortable(_value(*rows[i], name)) for i in order}
        held = [i for i in order if found[i] is not None]
        held.sort(key=lambda i: found[i] or (0, 0.0), reverse=backward)
        order = [*held, *(i for i in order if found[i] is None)]
    return order


def _value(known: Known, row: Mapping[str, Any], name: str) -> Any:
    run = known.info
    if name not in _FACTS or run is None:
        return row.get(name)
    if name == "seconds":
        return seconds(run)
    if name in {"group", "job_type"}:
        return getattr(run.start, name)
    return run.next_step if name == "steps" else getattr(run, name)


def _sortable(value: Any) -> tuple[int, Any] | None:
    """Return what values of different kinds can be ordered by: numbers before texts, NaN behind all numbers."""
    if value is None:
        return None
    if isinstance(value, float) and math.isnan(value):
        return (1, (True, 0))
    rank = _RANKS.get(type(value))
    if rank is None:
        return (3, value.isoformat() if hasattr(value, "isoformat") else repr(value))
    if rank == 1:
        return (1, (False, value))
    return (rank, value.casefold() if isinstance(value, str) else value)


def window(found: Sequence[Known], keys: Sequence[Json], offset: int, count: int, wanted: Sequence[str] | None) -> Json:
    """Return some of the runs as rows, the columns that all of them have together, and how they stand.

    Args:
        found: the runs that match.
        keys: what they are sorted by: ``{expression, order}``; none: the newest first.
        offset: the first row.
        count: how many.
        wanted: the columns whose values are given; None for all.

    """
    rows = [(known, {} if known.info is None else values_of(known.info)) for known in found]
    columns = columns_of([row for known, row in rows if known.info is not None])
    picked = [rows[i] for i in in_order(rows, keys)[offset : offset + min(count, MAX_WINDOW)]]
    return {
        "matched": len(rows),
        "states": dict(Counter(known.info.state if known.info else "damaged" for known in found)),
        "columns": columns[:MAX_COLUMNS],
        "more_columns": max(0, len(columns) - MAX_COLUMNS),
        "offset": offset,
        "runs": [_row(known, row, wanted) for known, row in picked],
    }


def _row(known: Known, row: Mapping[str, Any], wanted: Sequence[str] | None) -> Json:
    out = mark(known)
    if known.info is None:
        return {**out, "values": {}}
    start = known.info.start
    names = row if wanted is None else [name for name in wanted if name in row]
    return {
        **out,
        "group": start.group,
        "job_type": start.job_type,
        "tags": list(start.tags),
        "values": {name: shown(row[name]) for name in names},
    }
