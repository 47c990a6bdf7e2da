"""What runs logged under one key, as one table with ``run`` and ``step`` (spec: 17-comparison, CMP-9)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from wbtable.artifacts.names import near
from wbtable.errors import NotFoundError
from wbtable.format.run_history import STEP as HISTORY_STEP
from wbtable.format.schema import Schema
from wbtable.format.types import NumberType, StringType
from wbtable.runs.reading import RunInfo, list_runs, run_ids
from wbtable.tables.labelled import Label, LabelledSource
from wbtable.tables.source import ArrowSource, SliceSource
from wbtable.tables.union import UnionTable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from wbtable.artifacts.store import Store
    from wbtable.format.run_history import Segment
    from wbtable.tables.source import Source

RUN: Final = "run"
STEP: Final = "step"
_RUN_TYPE: Final = StringType()
_STEP_TYPE: Final = NumberType(dtype="int64")


class LoggedTable(NamedTuple):
    """A table that a run logged.

    Attributes:
        run: the run's id.
        step: the step at which it was logged.
        artifact: the version that holds it, as ``project/name:vN``.
        path: where it is in the version.
        first: of a table of log_mode INCREMENTAL, the first row that is new at this step; 0 of others.

    """

    run: str
    step: int
    artifact: str
    path: str
    first: int


def logged_tables(runs: Iterable[RunInfo], key: str) -> list[LoggedTable]:
    """Return the tables logged under a key, in order of run and step; runs without it are left out."""
    out = []
    for run in runs:
        out += _tables(run, run.rows([key]), key)
    return out


def _tables(run: RunInfo, rows: Segment, key: str) -> list[LoggedTable]:
    """Return the tables that the rows of a run refer to under a key: by cells of type `any` (RUN-10)."""
    out: list[LoggedTable] = []
    if key not in rows.schema.names or rows.schema[key].kind != "any":
        return out
    for step, cell in zip(rows.table[HISTORY_STEP].to_pylist(), rows.table[key].to_pylist(), strict=True):
        reference = _reference(cell)
        if reference is not None:
            first = int(reference["increment"][0]) if "increment" in reference else 0
            out.append(LoggedTable(run.id, step, reference["artifact"], reference["path"], first))
    return out


def _reference(cell: object) -> dict[str, Any] | None:
    """Return the reference to a table in a history's cell (RUN-10), None if it is something else."""
    if not isinstance(cell, str) or not cell.startswith("{"):
        return None
    try:
        found = json.loads(cell)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("_type") != "table":
        return None
    return found if isinstance(found.get("artifact"), str) and isinstance(found.get("path"), str) else None


def run_tables(
    store: Store,
    project: str,
    key: str,
    *,
    runs: Collection[str] | None = None,
    steps: Collection[int] | None = None,
    last: bool = False,
) -> UnionTable:
    """Return the tables that the runs of a project logged under one key, one after another, oldest run first.

    Columns ``run`` (the run's id) and ``step`` stand before the tables' own, whose types widen; where they do not,
    `UnionTable.conflicts` names the column. What tables call ``run`` or ``step`` themselves is ``own_run`` or
    ``own_step`` here. Of a table of log_mode INCREMENTAL each row is there once, at its step.
    Images, numbers and all else that was logged there make a row each, in a column with the name of the key.

    Args:
        store: where the runs are.
        project: their project.
        key: what they were logged under.
        runs: only these, by id or name; None for all.
        steps: only what was logged at these; None for all.
        last: of each run only the last of these.

    Raises:
        NotFoundError: nothing was logged under the key, or a run is not there.

    """
    picked = list_runs(store, project) if runs is None else _picked(store, project, runs)
    found: list[_Part] = []
    for run in picked:
        found += _parts(store, run, key, steps, last=last)
    if not found:
        where = "" if steps is None else " at these steps"
        msg = f"no run of {project!r} logged anything under {key!r}{where}"
        raise NotFoundError(msg)
    renamed = _renamed([part.source for part in found])
    names = [f"run {part.run}" if part.step is None else f"run {part.run}, step {part.step}" for part in found]
    return UnionTable([_labelled(part, renamed) for part in found], names)


class _Part(NamedTuple):
    """Rows that a run logged: a table's, or (`step` is None) values of several steps behind a column of those."""

    source: Source
    run: str
    step: int | None


def _parts(store: Store, run: RunInfo, key: str, steps: Collection[int] | None, *, last: bool) -> list[_Part]:
    """Return what a run logged under a key, tables first; only what is there of the last step that has something."""
    rows = run.rows([key])
    tables = [table for table in _tables(run, rows, key) if steps is None or table.step in steps]
    out: list[_Part] = []
    for table in reversed(tables) if last else tables:
        source = _rows(store, table, whole=last)
        if source is not None:
            out.append(_Part(source, table.run, table.step))
            if last:
                break
    values = _values(store, rows, key, steps)
    if values is None or not values.num_rows:
        return out
    if not last:
        return [*out, _Part(values, run.id, None)]
    step = values.table[HISTORY_STEP][-1].as_py()
    is_later = any(part.step is not None and part.step > step for part in out)
    return out if is_later else [_Part(SliceSource(values, values.num_rows - 1, 1), run.id, None)]


def _labelled(part: _Part, renamed: dict[str, str]) -> LabelledSource:
    labels = [Label(name=RUN, type=_RUN_TYPE, value=part.run)]
    if part.step is not None:
        labels.append(Label(name=STEP, type=_STEP_TYPE, value=part.step))
    return LabelledSource(part.source, labels, renamed | {HISTORY_STEP: STEP} if part.step is None else renamed)


def _renamed(sources: Sequence[Source]) -> dict[str, str]:
    """Return what the sources' own columns ``run`` and ``step`` are called: not as one that any of them has (CMP-9)."""
    taken = {name for source in sources for name in source.schema.names}
    out = {}
    for name in (RUN, STEP):
        called = f"own_{name}"
        while called in taken:
            called = f"own_{called}"
        out[name] = called
    return out


def _values(store: Store, found: Segment, key: str, steps: Collection[int] | None) -> ArrowSource | None:
    """Return what a run logged under a key that is no table, a row for each step; None if it logged nothing there."""
    if key not in found.schema.names:
        return None
    cells, numbers = found.table.column(key), found.table.column(HISTORY_STEP)
    kept = cells.is_valid()
    if found.schema[key].kind == "any":
        kept = pc.and_(kept, pa.array([_reference(cell) is None for cell in cells.to_pylist()], pa.bool_()))
    if steps is not None:
        kept = pc.and_(kept, pc.is_in(numbers, value_set=pa.array(list(steps), pa.int64())))
    schema = Schema.of([(HISTORY_STEP, _STEP_TYPE), (key, found.schema[key])])
    table = pa.Table.from_arrays([numbers, cells], schema=schema.arrow())
    return ArrowSource(table.filter(kept), schema, store.objects)


def picked_runs(store: Store, project: str, names: Collection[str]) -> list[RunInfo]:
    """Return the runs of a union: those by id or name, of no names all; the oldest first.

    Raises:
        NotFoundError: there is no such run.

    """
    return _picked(store, project, names) if names else list_runs(store, project)


def _picked(store: Store, project: str, names: Collection[str]) -> list[RunInfo]:
    """Return runs by id or name, the oldest first; others are only read if a name is no id.

    Raises:
        NotFoundError: there is no such run.

    """
    found: dict[str, RunInfo] = {}
    others: list[str] = []
    ids = set(run_ids(store, project))
    for name in names:
        if name in ids:
            found[name] = RunInfo(store, project, name)
        else:
            others.append(name)
    if others:
        known = list_runs(store, project)
        for name in others:
            matching = [run for run in known if run.name == name]
            if not matching:
                msg = f"there is no run {name!r} in {project!r}{near(name, [run.id for run in known])}"
                raise NotFoundError(msg)
            found |= {run.id: run for run in matching}
    return sorted(found.values(), key=lambda run: (run.created_at, run.id))


def _rows(store: Store, table: LoggedTable, *, whole: bool) -> Source | None:
    """Return the rows of a logged table that are new at its step; None if its version was deleted."""
    try:
        version = store.artifact(table.artifact)
    except NotFoundError:
        return None
    source: Source = version[table.path]._source()  # noqa: SLF001 - what reads like a table has one
    if whole or not table.first:
        return source
    return SliceSource(source, table.first, source.num_rows - table.first)
