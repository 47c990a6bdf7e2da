"""A call of ``log``: values are taken, steps counted, rows and jobs handed on (spec: 14-runs, RUN-3)."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from wbtable.errors import UsageError, WbtableError
from wbtable.format.run_history import Cell, Row, to_text
from wbtable.format.types import AnyType
from wbtable.runs.console import warn, warn_once
from wbtable.runs.leasing import RunLeases
from wbtable.runs.rescue import keep_media
from wbtable.runs.rules import SummaryRules
from wbtable.runs.tables import Before, TableJob
from wbtable.runs.uploads import Uploads, media_row, store_media
from wbtable.runs.values import PLAIN, Prepared, key_fault, payloads, plain_value, prepare, take_scalars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version
    from wbtable.format.digest import Descriptor
    from wbtable.format.run_record import RunSummary
    from wbtable.runs.recorder import Recorder
    from wbtable.runs.rules import Rule
    from wbtable.runs.tables import Owner


class Intake:
    """Takes what a run logs. Safe to use from several threads and after a fork.

    Attributes:
        step: the step that the next row has.
        step_after: the step behind the last row that has a value.
        least: the lowest step that is taken as long as nothing was; None: that of `step`.
        open: whether anything is taken.
        lock: guards the step and the latest values.
        latest: the last value of each key.
        uploads: the queue of media and tables.

    """

    def __init__(
        self,
        owner: Owner,
        recorder: Recorder | None,
        store: Store | None,
        latest: dict[str, Any],
        committed: Callable[[Version, str], None],
        before: RunSummary | None = None,
    ) -> None:
        """Take rows for a run.

        Args:
            owner: the run.
            recorder: writes the rows; None if nothing is written.
            store: holds media and tables; None if nothing is written.
            latest: is kept up to date with the last value of each key.
            committed: is told of each table's version and key.
            before: where the attempt before ended: steps, and least and greatest values, go on from there.

        """
        self.step = self.step_after = self._first = 0 if before is None else before.next_step
        self.least: int | None = None
        self.open = True
        self.lock = threading.RLock()
        self.latest = latest
        self.uploads = Uploads(owner.id)
        self._owner, self._recorder, self._store, self._committed = owner, recorder, store, committed
        self._pid = os.getpid()
        self._good_keys: set[tuple[str, ...]] = set()
        # By identity: tables are equal by content, and change.
        self._tables: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self._rows: dict[tuple[int, str], int] = {}
        self._rows_before: dict[tuple[int, str], Before] = {}
        # Tables of log_mode INCREMENTAL go on behind those of the attempt before, each key's first one here.
        self._begun: set[str] = set()
        self._goes_on = before is not None and recorder is not None and recorder.owner
        self._went_back = False
        self._rules: SummaryRules | None = None
        self._before: Mapping[str, Any] = {} if before is None else before.summary
        self._leases = None if store is None else RunLeases(store.objects)
        if recorder is not None:
            recorder.drain = self.uploads.drain
            if self._leases is not None:
                recorder.settled = self._leases.settled

    def log(self, data: Mapping[str, Any], step: int | None, commit: bool | None) -> None:
        """Take one call of ``log``; see :meth:`wbtable.runs.run.Run.log`."""
        moment = time.time_ns() // 1000
        found: Prepared | None = None
        try:
            keys = tuple(data)
            if keys not in self._good_keys:
                found = self._prepare(data, keys)
            elif not PLAIN.issuperset(map(type, data.values())):
                scalars = take_scalars(data)
                if scalars is None:
                    found = self._prepare(data, keys)
                else:
                    data = scalars
        except (TypeError, AttributeError):
            found = self._prepare(data, keys := ())
        if found is not None and self._recorder is not None and (found.media or found.tables):
            self.uploads.wait_for_room()  # Before the lock: the job that makes room needs it.
        with self.lock:
            at = self._admit(step)
            if at is None:
                return
            if commit or (commit is None and step is None):
                self.step = at + 1
            self.least = None
            # A row that is still open counts: what goes on with the run must not write to it.
            has_values = bool(keys if found is None else found)
            self.step_after = max(self.step, self.step_after, at + has_values)
            if found is not None:
                self._record(found, at, moment)
                return
            self.latest.update(data)
            if self._rules is not None:
                self._rules.apply(data, self.latest, self._before)
            if self._recorder is not None:
                self._recorder.add(Row(at, moment, keys, tuple(data.values())), len(keys))

    def add_rule(self, rule: Rule) -> None:
        """Have the summary hold more, or less, of a metric than its last value (RUN-5)."""
        sums = self._sums(rule)
        with self.lock:
            if self._rules is None:
                self._rules = SummaryRules()
            self._rules.add(rule, sums)

    def _sums(self, rule: Rule) -> dict[str, tuple[float, int]]:
        """Return what a mean goes on from in a run that was resumed."""
        if "mean" not in rule.kept or not self._first or self._recorder is None or not self._recorder.owner:
            return {}
        from wbtable.runs.means import sums_before

        try:
            return sums_before(self._recorder.files, rule, self._first)
        except (WbtableError, OSError) as error:
            warn(f"run {self._owner.id}: the mean of {rule.name!r} begins anew: {error}")
            return {}

    def _prepare(self, data: Any, keys: tuple[Any, ...]) -> Prepared:
        if not hasattr(data, "items") or not hasattr(data, "values"):
            msg = f"expected a dict of names and values, found {type(data).__name__}"
            raise UsageError(msg)
        found = prepare(data)
        for problem in found.problems:
            warn_once(f"run {self._owner.id}: {problem}")
        if not found.problems and all(type(key) is str and key_fault(key) is None for key in keys):
            self._good_keys.add(keys)
        return found

    def _admit(self, step: int | None) -> int | None:
        """Return the row's step; None if that is in the past."""
        if not self.open:
            msg = f"the run {self._owner.project}/{self._owner.id} is finished: call init() to start another"
            raise UsageError(msg)
        if step is None:
            return self.step
        try:
            at = int(step)
        except (TypeError, ValueError, OverflowError):
            warn_once(f"run {self._owner.id}: expected an integer as step, found {step!r:.60}; the current one is used")
            return self.step
        if at < (self.step if self.least is None else self.least) or at >= 1 << 62:
            if not self._went_back:
                self._went_back = True
                warn(
                    f"run {self._owner.id}: log(step={at}) was left out: steps only go up, and step {self.step} was"
                    " reached; further ones are left out silently"
                )
            return None
        self.step = at
        return at

    def _record(self, found: Prepared, step: int, moment: int) -> None:
        self._summarize(found.scalars)
        if self._recorder is None:
            return
        if found.scalars:
            row = Row(step, moment, tuple(found.scalars), tuple(found.scalars.values()))
            self._recorder.add(row, len(found.scalars))
        if found.media:
            self._upload_media(self._recorder, found.media, step, moment)
        for key, table in found.tables.items():
            self._upload_table(self._recorder, key, table, step, moment)

    def _upload_media(self, recorder: Recorder, cells: dict[str, Cell], step: int, moment: int) -> None:
        store = self._store
        assert store is not None
        places = [(holder, key, holder[key]) for cell in cells.values() for holder, key in payloads(cell.value)]

        def work() -> None:
            refs: list[Descriptor] = []
            leases = self._leases
            assert leases is not None
            store.check_there()
            leases.put(lambda objects: refs.extend(store_media(objects, cells)))
            self._hand_on(recorder, media_row(step, moment, cells), refs, leased=True)

        def rescue() -> None:
            keep_media(self._owner, store.url, cells, places, step, moment)
            self._summarize(cells)

        recorder.touch()
        self.uploads.add(f"media {', '.join(map(repr, cells))}", work, rescue)

    def _upload_table(self, recorder: Recorder, key: str, table: Any, step: int, moment: int) -> None:
        store = self._store
        assert store is not None
        try:
            again = self._tables.get(id(table)) is table
            rows = self._rows.get((id(table), key), 0) if again else 0
            goes_on = self._goes_on and not again and key not in self._begun
            before = Before(None) if goes_on else self._rows_before.get((id(table), key)) if again else None
            job = TableJob.take(self._owner, key, table, again=again, logged=rows, before=before)
        except Exception as error:  # noqa: BLE001 - a table that cannot be stored must not end training
            warn(f"run {self._owner.id}: {key!r} was not logged: {error}")
            return
        with contextlib.suppress(TypeError):
            self._tables[id(table)] = table
            self._rows[id(table), key] = job.rows or 0
            self._rows_before[id(table), key] = job.before
            self._begun.add(key)

        def work() -> None:
            store.check_there()
            version = job.commit(store)
            self._committed(version, key)
            cell = Cell(AnyType(), to_text(job.reference(version)))
            self._hand_on(recorder, media_row(step, moment, {key: cell}), [])

        recorder.touch()
        url = store.url
        self.uploads.add(f"the table {key!r}", work, lambda: job.rescue(url, step, moment))

    def _hand_on(self, recorder: Recorder, row: Row, refs: list[Descriptor], *, leased: bool = False) -> None:
        recorder.add_cells(row, refs, leased=leased)
        self._summarize(dict(zip(row.keys, row.values, strict=True)))
        recorder.touch()

    def _summarize(self, values: Mapping[str, Any]) -> None:
        """Have the summary hold logged values, and what rules say of them."""
        with self.lock:
            self.latest.update({key: plain_value(value) for key, value in values.items()})
            if self._rules is not None:
                self._rules.apply(values, self.latest, self._before)

    def after_fork(self) -> None:
        """Go on in a forked child: rows and jobs that wait belong to the parent, and so does the summary (RUN-9)."""
        if self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self.lock = threading.RLock()
        self.uploads.reset()
        if self._leases is not None:
            self._leases.reset()
        if self._recorder is not None:
            self._recorder.owner = False
            self._recorder.reset()
