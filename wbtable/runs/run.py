"""A run: what a training script logs to (spec: 14-runs)."""

from __future__ import annotations

import os
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from wbtable.artifacts.lease import Lease
from wbtable.artifacts.leased_objects import LeasedObjects
from wbtable.artifacts.store import Store, resolve_store
from wbtable.errors import UsageError, WbtableError
from wbtable.format.run_keys import LOGGED, USED
from wbtable.format.run_record import RunFinish, RunStart, RunSummary
from wbtable.format.showing import Shows
from wbtable.runs import exits
from wbtable.runs.compaction import compact
from wbtable.runs.console import warn, warn_once
from wbtable.runs.files import RunFiles, now
from wbtable.runs.foreign import Accepting, without_entity
from wbtable.runs.intake import Intake
from wbtable.runs.links import is_here, record_link
from wbtable.runs.reading import empty_history, read_history
from wbtable.runs.recorder import Recorder
from wbtable.runs.rescue import commit_or_keep
from wbtable.runs.rules import Rule
from wbtable.runs.settings import Settings, not_recorded
from wbtable.runs.sync import keep_finish, with_history
from wbtable.runs.tables import as_draft, check_is

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    import pyarrow as pa

    from wbtable.artifacts.version import Version
    from wbtable.storage.backend import Backend

PATIENCE: Final = 10.0
"""Seconds for which ``finish`` waits for a store that does not answer."""

_live: weakref.WeakSet[Run] = weakref.WeakSet()


class Run(Accepting, Shows):
    """One run of a training script, open for logging. Safe to use from several threads and after a fork.

    ``log`` never waits for the store and never raises because of it. Made by :func:`wbtable.init`.

    Attributes:
        project: the project's name.
        id: the run's id, unique in its project.
        name: what people call it.
        tags: its labels.
        notes: free text, or None.
        group: what it belongs to, or None.
        job_type: what part it plays there, or None.
        config: its settings.
        summary: the last value of each key, and what was set.

    """

    def __init__(
        self,
        start: RunStart,
        store: Store | None,
        resumed: RunSummary | None = None,
        finished: Callable[[Run], None] | None = None,
        joined: bool = False,
        read_from: Store | str | os.PathLike[str] | None = None,
    ) -> None:
        """Open a run whose start record is written.

        Args:
            start: the start record.
            store: where it is written; None writes nothing.
            resumed: where an earlier attempt ended.
            finished: is told when the run is finished.
            joined: another process owns the run: it writes the summary and ends it (RUN-9).
            read_from: where a run without a store finds the versions that it uses; None: in the default one.

        """
        self.project, self.id, self.name = start.project, start.id, start.name
        self.tags, self.notes, self.group, self.job_type = start.tags, start.notes, start.group, start.job_type
        self._start, self._store, self._finished, self._read_from = start, store, finished, read_from
        self._used: dict[str, None] = {}
        self._recorder: Recorder | None = None
        latest: dict[str, Any] = {}
        self.config = Settings("config", self._touch, start.config)
        self.summary = Settings("summary", self._touch, {} if resumed is None else resumed.summary, latest)
        self._files = None if store is None else RunFiles(store.backend, self.project, self.id)
        self._recorder = None if self._files is None else Recorder(self._files, self._summarize, owner=not joined)
        self._intake = Intake(self, self._recorder, store, latest, self._link_table, resumed)
        # Rows of several processes meet in a step: whoever comes late may begin with the first.
        self._intake.least = 0 if joined else None
        _live.add(self)

    # What it is.

    @property
    def path(self) -> str:
        """``project/id``."""
        return f"{self.project}/{self.id}"

    @property
    def store(self) -> Store | None:
        """The store that it is written to; None if it is disabled."""
        return self._store

    @property
    def disabled(self) -> bool:
        """Whether nothing is written."""
        return self._store is None

    @property
    def is_open(self) -> bool:
        """Whether it takes values."""
        return self._intake.open

    @property
    def resumed(self) -> bool:
        """Whether it goes on from an earlier attempt."""
        return self._start.attempt > 0

    @property
    def start_time(self) -> float:
        """When it started, in seconds since 1970."""
        return self._start.created_at.timestamp()

    @property
    def step(self) -> int:
        """The step that the next row has."""
        return self._intake.step

    @property
    def inputs(self) -> tuple[str, ...]:
        """The versions that it used, as ``project/name:vN``."""
        return tuple(self._used)

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to another process, which logs to the same run and does not end it."""
        known = replace(self._summarize(), next_step=self._intake.step)
        return join, (self._start, None if self._store is None else self._store.backend, known)

    def __repr__(self) -> str:
        """Show what and where it is."""
        where = "disabled" if self._store is None else f"in {self._store.url}"
        return f"<Run {self.path} {where}{'' if self._intake.open else ', finished'}>"

    # Logging.

    def log(self, data: Mapping[str, Any], step: int | None = None, commit: bool | None = None) -> None:
        """Record values; they are taken as they are now, and the call returns at once.

        Scalars of any kind, nested dicts (their keys joined by ``.``), media, histograms, lists of media, tables. A
        value that cannot be stored is warned of, by its key, and left out; the others are recorded.

        Args:
            data: names and values.
            step: the row that they belong to; None for the current one. Steps only go up: for an earlier one
                nothing is recorded, with a warning.
            commit: whether the row is complete, and the next call starts a new one. None: exactly if `step` is None.

        Raises:
            UsageError: `data` is no mapping, or the run is finished.

        """
        self._intake.log(data, step, commit)

    def log_artifact(
        self,
        artifact_or_path: Any,
        name: str | None = None,
        type: str | None = None,
        aliases: Iterable[str] = (),
        tags: Iterable[str] = (),
    ) -> Version:
        """Commit a draft as the newest version of its artifact, recorded as made by this run.

        Args:
            artifact_or_path: a draft, or the path of a file or directory of which one is made.
            name: the artifact's name, for a path; ``run-<id>-<file name>`` by default.
            type: the artifact's type, for a path.
            aliases: names for the version beside ``latest``.
            tags: labels for the version.

        Returns:
            The version: a new one, or the newest if that has the same content; in state ``pending`` if the store
            stays unreachable: then it waits on this machine. A disabled run returns the draft.

        Raises:
            UsageError: it is no draft, or a name is malformed.
            ConflictError: others changed the same paths meanwhile.
            StorageError: neither the store nor this machine takes it; the draft stays usable.

        """
        self._check_open()
        draft = as_draft(artifact_or_path, name, type, self.id)
        if self._store is None:
            return draft.dropped()  # type: ignore[return-value]
        self._intake.uploads.drain()
        version = commit_or_keep(self, draft, self._store, aliases, tags)
        if version.state == "committed":
            self._link(LOGGED, version)
        return version

    def use_artifact(
        self, artifact_or_name: Any, type: str | None = None, aliases: Any = None, use_as: str | None = None
    ) -> Version:
        """Return a version and record that this run used it.

        Args:
            artifact_or_name: ``name:alias`` of this project, ``project/name:alias``, or a version. An entity before
                the project, as W&B's pages show it, means nothing here.
            type: the type that it must have, if given.
            aliases: accepted for W&B's sake, as `use_as`.
            use_as: accepted.

        Raises:
            NotFoundError: there is no such version; the message has names like it.
            UsageError: the name is malformed, or the version is of another type.

        """
        self._check_open()
        if aliases or use_as:
            warn_once("use_artifact(aliases=..., use_as=...) have no meaning here and do nothing")
        if isinstance(artifact_or_name, str):
            self._intake.uploads.drain()
            place = self._store or resolve_store(self._read_from)
            version = place.artifact(without_entity(artifact_or_name), type=type, project=self.project)
        elif hasattr(artifact_or_name, "wait"):
            version = artifact_or_name.wait()
        else:
            raise UsageError(f"expected a version or its name, found {artifact_or_name.__class__.__name__}")
        check_is(version, type)
        if not version.is_draft() and is_here(version, self._store, self.id):
            self._link(USED, version)
        return version

    def _link_table(self, version: Version, key: str) -> None:
        self._link(LOGGED, version, key)

    def _link(self, how: str, version: Version, key: str | None = None) -> None:
        name = version.qualified_name
        if how == USED:
            if name in self._used:
                return
            self._used[name] = None
        if self._files is not None:
            record_link(self._files, how, version, key)

    # Reading.

    def history(self, keys: Iterable[str] | None = None) -> pa.Table:
        """Return what was logged so far, one row for each step, as an Arrow table (``.to_pandas()`` for a DataFrame).

        Args:
            keys: the columns beside ``_step``, ``_timestamp`` and ``_runtime``; None for all.

        Raises:
            NotFoundError: nothing was logged under one of `keys`.

        """
        if self._files is None:
            return empty_history()
        if self._recorder is not None and self._intake.open:
            self._intake.uploads.drain()
            self._recorder.flush()
        return read_history(self._files, self._start.created_at, keys)

    # The end.

    def finish(self, exit_code: int | None = None, quiet: bool | None = None) -> None:
        """Write everything, and end the run; ending it again does nothing.

        Args:
            exit_code: 0 (or None) if all went well.
            quiet: accepted for W&B's sake.

        Raises:
            UsageError: `exit_code` is no integer; the run stays open.

        """
        code = exits.checked(exit_code)
        self._intake.after_fork()
        with self._intake.lock:
            if not self._intake.open:
                return
            self._intake.open = False
        if self._finished is not None:
            self._finished(self)
        if self._recorder is None:
            return
        self._intake.uploads.close()
        done = self._recorder.close(PATIENCE)
        if not self._recorder.owner:
            return
        try:
            if done:
                self._write_finish(code)
            else:
                keep_finish(self.project, self.id, self._recorder.files.backend.url, self._finish_record(code))
        except (WbtableError, OSError) as error:
            warn(f"run {self.id}: its end was not recorded: {error}")

    def _write_finish(self, exit_code: int) -> None:
        assert self._files is not None
        assert self._store is not None
        with Lease(self._store.backend) as lease:
            objects = LeasedObjects(self._store.objects, lease)
            made = compact(self._files, objects)
            objects.settle()
            if not self._files.finish(with_history(self._finish_record(exit_code), made)):
                warn(f"run {self.id}: another process ended it first")

    def _finish_record(self, exit_code: int) -> RunFinish:
        return RunFinish(
            attempt=self._start.attempt,
            finished_at=now(),
            exit_code=exit_code,
            next_step=self._intake.step_after,
            config=self.config.as_dict(),
            summary=self.summary.as_dict(),
        )

    def __enter__(self) -> Self:
        """Return the run."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Finish: with exit code 0, that of a ``sys.exit`` in the block, or 1 if it raised something else."""
        self.finish(exits.code_of(error))

    def define_metric(
        self,
        name: str,
        step_metric: str | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: str | None = None,
        goal: str | None = None,
        overwrite: bool | None = None,
    ) -> None:
        """Say what the summary holds of a metric beside its last value (RUN-5).

        Args:
            name: its key, or a pattern such as ``val.*``.
            step_metric: accepted; any key of the history can be an axis.
            step_sync: accepted, as `step_metric`.
            hidden: accepted; nothing is hidden here.
            summary: one or several of ``min``, ``max``, ``mean``, ``best``, ``first``, separated by commas: they stand
                under ``<key>.min`` and so on; ``none`` leaves the last value out; ``last`` and ``copy`` are as without.
            goal: ``minimize`` (the default) or ``maximize``: what is best.
            overwrite: whether it counts without `summary`; a later one counts, and one of a name before patterns.

        Raises:
            UsageError: `summary` or `goal` is none of these.

        """
        del step_metric, step_sync, hidden
        self._intake.add_rule(Rule.of(name, summary, goal, overwrite=overwrite))

    def _check_open(self) -> None:
        if not self._intake.open:
            raise UsageError(f"the run {self.path} is finished: call init() to start another")

    def _touch(self) -> None:
        if self._recorder is not None and self._intake.open and self._recorder.owner:
            self._recorder.touch()
        elif self._recorder is not None:
            warn_once(f"run {self.id}: {not_recorded(is_open=self._intake.open)}")

    def _summarize(self) -> RunSummary:
        with self._intake.lock:
            return RunSummary(
                attempt=self._start.attempt,
                updated_at=now(),
                next_step=self._intake.step_after,
                config=self.config.as_dict(),
                summary=self.summary.as_dict(),
            )


def join(start: RunStart, backend: Backend | None, known: RunSummary) -> Run:
    """Return a run that another process owns, open for logging here (RUN-9)."""
    return Run(start, None if backend is None else Store.on(backend), known, joined=True)


def _fork() -> None:
    for run in list(_live):
        run._intake.after_fork()  # noqa: SLF001 - this module's own class


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fork)
