"""Reading runs: which there are, what they came to, and their history (spec: 14-runs)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from wbtable.artifacts.names import near
from wbtable.artifacts.store import children
from wbtable.artifacts.unreadable import beside
from wbtable.errors import FormatError, NotFoundError
from wbtable.format.layout import check_name, project_prefix, unescape
from wbtable.format.run_history import (
    RESERVED,
    RUNTIME,
    STEP,
    TIMESTAMP,
    Segment,
    conform,
    merge_schemas,
    merge_steps,
    read_segment,
)
from wbtable.format.run_keys import LOGGED, USED, segment_key
from wbtable.format.schema import Schema
from wbtable.format.showing import Shows
from wbtable.format.types import NumberType, TimestampType
from wbtable.runs.files import RunFiles, now
from wbtable.runs.identity import state_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from wbtable.artifacts.store import Store
    from wbtable.artifacts.unreadable import OnUnreadable
    from wbtable.artifacts.version import Version
    from wbtable.format.run_record import RunFinish, RunStart, RunSummary
    from wbtable.tables.table import Table

_NOTHING: Final = Schema.of([(STEP, NumberType(dtype="int64")), (TIMESTAMP, TimestampType(unit="us", zone="UTC"))])
_EMPTY: Final = pa.schema([(STEP, pa.int64()), (TIMESTAMP, pa.timestamp("us", "UTC")), (RUNTIME, pa.float64())])


class RunInfo(Shows):
    """A run as it stands in a store: read when this is made, and again by :meth:`refresh`.

    Attributes:
        project: the project's name.
        id: the run's id.
        start: the record of its newest attempt.
        state: ``running``, ``finished``, ``failed`` or ``crashed``.

    """

    def __init__(self, store: Store, project: str, run_id: str) -> None:
        """Read a run.

        Raises:
            NotFoundError: there is no such run.
            FormatError: its records are damaged.

        """
        self._store = store
        self._files = RunFiles(store.backend, project, run_id)
        self.project, self.id = project, run_id
        self.start: RunStart
        self.state: str
        self._first: RunStart
        self._summary: RunSummary | None
        self._finish: RunFinish | None
        self.refresh()

    def refresh(self) -> None:
        """Read it again.

        Raises:
            NotFoundError: there is no such run.

        """
        newest = self._files.newest_attempt()
        if newest is None:
            msg = f"there is no run {self.path} in {self._store.url!r}"
            raise NotFoundError(msg)
        self.start = newest
        first = newest if newest.attempt == 0 else self._files.attempt(0)
        self._first = first or newest
        self._finish = self._files.finished(newest.attempt)
        self._summary = self._files.summary() if self._finish is None else None
        self.state = state_of(newest, self._summary, self._finish, now())

    def __repr__(self) -> str:
        """Show the path and the state."""
        return f"<RunInfo {self.path} {self.state}>"

    @property
    def path(self) -> str:
        """``project/id``."""
        return f"{self.project}/{self.id}"

    @property
    def name(self) -> str:
        """What people call it."""
        return self.start.name

    @property
    def config(self) -> dict[str, Any]:
        """The settings with all updates."""
        return dict((self._finish or self._summary or self.start).config)

    @property
    def summary(self) -> dict[str, Any]:
        """The last value of each key, and what was set."""
        found = self._finish or self._summary
        return {} if found is None else dict(found.summary)

    @property
    def created_at(self) -> dt.datetime:
        """When its first attempt started."""
        return self._first.created_at

    @property
    def finished_at(self) -> dt.datetime | None:
        """When its newest attempt ended; None if it did not."""
        return None if self._finish is None else self._finish.finished_at

    @property
    def updated_at(self) -> dt.datetime:
        """The last sign of life."""
        if self._finish is not None:
            return self._finish.finished_at
        return self.start.created_at if self._summary is None else self._summary.updated_at

    @property
    def exit_code(self) -> int | None:
        """0 if all went well; None while it was not ended."""
        return None if self._finish is None else self._finish.exit_code

    @property
    def next_step(self) -> int:
        """The step after the last, as far as the run has said."""
        found = self._finish or self._summary
        return 0 if found is None else found.next_step

    def to_json(self) -> dict[str, Any]:
        """Return what it is and came to, as values that :func:`wbtable.format.tagged.tag` can store."""
        return {
            "path": self.path,
            "name": self.name,
            "state": self.state,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "exit_code": self.exit_code,
            "attempts": self.start.attempt + 1,
            "group": self.start.group,
            "job_type": self.start.job_type,
            "tags": list(self.start.tags),
            "notes": self.start.notes,
            "config": self.config,
            "summary": self.summary,
            "environment": dict(self.start.environment),
            "used": self.used(),
            "logged": self.logged(),
        }

    def history(self, keys: Iterable[str] | None = None) -> pa.Table:
        """Return what it logged, one row for each step, as an Arrow table (``.to_pandas()`` for a DataFrame).

        Args:
            keys: the columns beside ``_step``, ``_timestamp`` and ``_runtime``; None for all.

        Raises:
            NotFoundError: nothing was logged under one of `keys`.

        """
        return read_history(self._files, self.created_at, keys)

    def history_table(self, keys: Iterable[str] | None = None, last: int | None = None) -> Table:
        """Return what it logged as a table with ``_step`` and ``_runtime``: each value as it was, media to be loaded.

        Args:
            keys: the columns beside those; None for all.
            last: only so many rows, the last ones.

        Raises:
            NotFoundError: nothing was logged under one of `keys`.

        """
        from wbtable.tables.source import ArrowSource
        from wbtable.tables.table import Table

        found, columns = _rows_of_keys(self._files, keys)
        types = {STEP: NumberType(dtype="int64"), RUNTIME: NumberType(dtype="float64")}
        schema = Schema.of([*types.items(), *((name, found.schema[name]) for name in columns)])
        times = runtimes(found.table[TIMESTAMP], self.created_at)
        arrays = [found.table[STEP], times, *(found.table[name] for name in columns)]
        rows = pa.Table.from_arrays(arrays, schema=schema.arrow())
        rows = rows if last is None else rows.slice(max(0, rows.num_rows - last))
        return Table.from_source(ArrowSource(rows, schema, self._store.objects))

    def rows(self, keys: list[str] | None = None) -> Segment:
        """Return the rows of `history` with their types; a key that was never logged is left out."""
        return read_rows(self._files, keys)

    def used(self) -> list[str]:
        """Return the versions that it used, as ``project/name:vN``."""
        return [link.version for link in self._files.links(USED)]

    def logged(self) -> list[str]:
        """Return the versions that it logged, as ``project/name:vN``."""
        return list(dict.fromkeys(link.version for link in self._files.links(LOGGED)))

    def artifacts(self) -> list[Version]:
        """Return the versions that it logged and that are not deleted."""
        return self._versions(self.logged())

    def used_artifacts(self) -> list[Version]:
        """Return the versions that it used and that are not deleted."""
        return self._versions(self.used())

    def _versions(self, names: Iterable[str]) -> list[Version]:
        out: list[Version] = []
        for name in names:
            try:
                out.append(self._store.artifact(name))
            except NotFoundError:
                continue
        return out


def run_ids(store: Store, project: str) -> list[str]:
    """Return the ids of the runs of a project, sorted; found by listing."""
    return [unescape(part) for part in children(store.backend, f"{project_prefix(project)}/runs")]


def list_runs(store: Store, project: str, on_unreadable: OnUnreadable | None = None) -> list[RunInfo]:
    """Return the runs of a project, the newest last; found by listing, which on some backends lags behind.

    Raises:
        FormatError: a run is damaged, and there is no `on_unreadable` to be told of it.

    """
    project, found = check_name(project, "project"), []
    for run_id in run_ids(store, project):
        # Where there is no run, its folder is being made.
        with beside(f"run {project}/{run_id}", on_unreadable), contextlib.suppress(NotFoundError):
            found.append(RunInfo(store, project, run_id))
    return sorted(found, key=lambda run: (run.created_at, run.id))


def read_history(files: RunFiles, started: dt.datetime, keys: Iterable[str] | None = None) -> pa.Table:
    """Return a run's rows, one for each step, in order of step (RUN-4).

    Raises:
        NotFoundError: nothing was logged under one of `keys`.
        FormatError: a segment is damaged; the message names it.

    """
    found, columns = _rows_of_keys(files, keys)
    runtime = runtimes(found.table[TIMESTAMP], started)
    return found.table.add_column(2, RUNTIME, runtime).select([STEP, TIMESTAMP, RUNTIME, *columns])


def _rows_of_keys(files: RunFiles, keys: Iterable[str] | None) -> tuple[Segment, list[str]]:
    """Return a run's rows, and the keys that were asked for, in their order."""
    wanted = None if keys is None else [key for key in listed(keys) if key not in RESERVED]
    found = read_rows(files, wanted)
    _check_keys(files, wanted, found.schema.names)
    known = [name for name in found.table.column_names if name not in RESERVED]
    return found, known if wanted is None else list(dict.fromkeys(wanted))


def listed(keys: Iterable[str]) -> Iterable[str]:
    """Return keys; a text is one key."""
    return [keys] if isinstance(keys, str) else keys


def read_rows(files: RunFiles, keys: list[str] | None = None) -> Segment:
    """Return a run's rows with their types, one for each step, in order of step (RUN-4).

    Args:
        files: the run's files.
        keys: the columns beside ``_step`` and ``_timestamp``, as far as there are such; None for all.

    Raises:
        FormatError: a segment is damaged; the message names it.

    """
    parts = _segments(files, keys)
    if not parts:
        return Segment(schema=_NOTHING, table=_NOTHING.arrow().empty_table())
    schema = merge_schemas(part.schema for part in parts)
    return Segment(schema=schema, table=merge_steps(pa.concat_tables([conform(part, schema) for part in parts])))


def runtimes(times: pa.ChunkedArray, started: dt.datetime) -> pa.Array:
    """Return the seconds from the start of a run to the times of its rows."""
    zero = int(started.timestamp() * 1_000_000)
    return pa.array((times.cast(pa.int64()).to_numpy() - zero) / 1e6, pa.float64())


def _segments(files: RunFiles, keys: list[str] | None) -> list[Segment]:
    """Return the compacted history, if an attempt ended, and the segments behind it."""
    out: list[Segment] = []
    newest = files.newest_attempt()
    start = 0
    least = 0
    for attempt in range(newest.attempt if newest is not None else -1, -1, -1):
        ended = files.finished(attempt)
        least = max(least, 0 if ended is None else ended.segments)
        if ended is not None and ended.history is not None:
            out.append(read_segment(files.get_object(ended.history), f"history of attempt {attempt}", keys))
            start = ended.segments
            break
    behind = [read_segment(data, key, keys) for _, key, data in files.segments(start)]
    if start + len(behind) < least:
        missing = segment_key(files.project, files.id, start + len(behind))
        raise FormatError(f"a segment of the history is missing: a finish record counts {least}", place=missing)
    return out + behind


def _check_keys(files: RunFiles, wanted: list[str] | None, found: list[str]) -> None:
    missing = [key for key in wanted or () if key not in found]
    if missing:
        names = merge_schemas(part.schema for part in _segments(files, None)).names
        raise NotFoundError(f"nothing was logged under {missing[0]!r}{near(missing[0], names)}")


def empty_history() -> pa.Table:
    """Return the history of a run that records nothing."""
    return _EMPTY.empty_table()
