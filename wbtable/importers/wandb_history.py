"""The history of a run of W&B into history segments of ours (spec: 14-runs, RUN-3)."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.lease import Lease
from wbtable.artifacts.leased_objects import LeasedObjects
from wbtable.errors import AlreadyExistsError, FormatError, WbtableError
from wbtable.format.run_history import RESERVED, Cell, Row, make_segment, to_text, write_segment
from wbtable.format.run_keys import segment_key
from wbtable.format.types import AnyType
from wbtable.importers.wandb_media import PLURAL, is_media
from wbtable.importers.wandb_proto import decode
from wbtable.importers.wandb_run_log import parse_value, put, records
from wbtable.runs.uploads import store_media
from wbtable.runs.values import plain_value, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wbtable.importers.report import Report
    from wbtable.importers.wandb_media import MediaReader
    from wbtable.importers.wandb_run_log import RunLog
    from wbtable.runs.files import RunFiles
    from wbtable.storage.objects import ObjectStore

MAX_ROWS: Final = 8192
MAX_MEDIA: Final = 256
"""Rows, and rows with media, of one segment: these alone decide where it ends, so that importing again finds it."""
_TABLES: Final = frozenset({"table-file", "incremental-table-file", "joined-table", "partitioned-table"})
_DELIMITER: Final = "_wandb_delimeter_"
_MAX_TIME: Final = 253_402_300_800 * 1_000_000


class HistoryImport:
    """Imports the history of one log. Not for several threads.

    Attributes:
        rows: how many rows there were.
        next_step: the step behind the last.
        last: of each key that is no scalar, what the summary holds for its last value.
        last_time: the time of the last row, in microseconds since 1970; 0 if there is none.

    """

    def __init__(
        self,
        log: RunLog,
        media: MediaReader,
        table_cell: Callable[[str, dict[str, Any]], dict[str, Any] | None],
        report: Report,
    ) -> None:
        """Import nothing yet.

        Args:
            log: the run's log.
            media: reads media in the run's folder.
            table_cell: returns what the history says of a table that was logged under a key; None if it is not here.
            report: is added to.

        """
        self.rows = 0
        self.next_step = 0
        self.last: dict[str, Any] = {}
        self.last_time = 0
        self._log, self._media, self._table_cell, self._report = log, media, table_cell, report
        self._told: set[str] = set()
        self._params = _class_names(log.own)

    def write(self, files: RunFiles, objects: ObjectStore, first_segment: int) -> None:
        """Write the history as segments from a number on; those that are there already are left as they are.

        Raises:
            StorageError: the store fails.

        """
        number = first_segment
        for rows in self._groups():
            key = segment_key(files.project, files.id, number)
            number += 1
            if files.backend.size(key) is None:
                cells = {
                    f"{i}/{name}": value
                    for i, row in enumerate(rows)
                    for name, value in zip(row.keys, row.values, strict=True)
                    if isinstance(value, Cell) and not isinstance(value.type, AnyType)
                }
                with contextlib.suppress(AlreadyExistsError):
                    _write(files, objects, key, rows, cells)

    def _groups(self) -> Iterator[list[Row]]:
        rows: list[Row] = []
        media = 0
        for row, heavy in self._rows():
            rows.append(row)
            media += heavy
            if len(rows) >= MAX_ROWS or media >= MAX_MEDIA:
                yield rows
                rows, media = [], 0
        if rows:
            yield rows

    def _rows(self) -> Iterator[tuple[Row, bool]]:
        for kind, data in records(self._log.file, _ignore):
            if kind != "history":
                continue
            try:
                record = decode(data).get("history", {})
            except FormatError as error:
                self._tell("a row", "failed", error)
                continue
            nested: dict[str, Any] = {}
            for item in record.get("item", []):
                put(nested, item.get("nested_key") or [item.get("key", "")], parse_value(item, self._log.damage.append))
            yield self._row(nested, record.get("step", {}))

    def _row(self, nested: dict[str, Any], said: dict[str, Any]) -> tuple[Row, bool]:
        step = nested.pop("_step", None)
        step = step if type(step) is int and step >= 0 else max(0, int(said.get("num", self.next_step)))
        moment = self._time(nested.pop("_timestamp", None), nested.pop("_runtime", None))
        self.rows += 1
        self.next_step = max(self.next_step, step + 1)
        self.last_time = max(self.last_time, moment)
        plain: dict[str, Any] = {}
        cells: dict[str, Cell] = {}
        heavy = False
        for key, value in _flat(nested, ""):
            if isinstance(value, dict) and "_type" in value:
                heavy |= value["_type"] not in _TABLES
                self._special(key, value, plain, cells)
            else:
                plain[key] = value
        found = prepare(plain)
        for problem in found.problems:
            self._tell(problem, "failed", None)
        values = {**found.scalars, **found.media, **cells}
        self.last |= {key: plain_value(cell) for key, cell in values.items() if isinstance(cell, Cell)}
        return Row(step, moment, tuple(values), tuple(values.values())), heavy

    def _time(self, timestamp: Any, runtime: Any) -> int:
        started = int(self._log.started.timestamp() * 1e6)
        if isinstance(timestamp, int | float) and 0 <= timestamp * 1e6 < _MAX_TIME:
            return round(timestamp * 1e6)
        if isinstance(runtime, int | float) and 0 <= runtime < 1e10:
            return started + round(runtime * 1e6)
        return started

    def _special(self, key: str, value: dict[str, Any], plain: dict[str, Any], cells: dict[str, Cell]) -> None:
        """Take a value with a type of W&B: media, a list of media, a table; all else stays the JSON that it is."""
        kind = str(value["_type"])
        try:
            if kind in _TABLES:
                found = self._table_cell(key, value)
                if found is not None:
                    cells[key] = Cell(AnyType(), to_text(found))
                    return
                self._tell(key, "kept", FormatError("the table is not among what is imported"))
            elif kind in PLURAL:
                plain[key] = self._media.read_list(value, self._params.get(key))
                return
            elif is_media(value):
                plain[key] = self._media.read(value, self._params.get(key))
                return
            else:
                self._tell(key, "kept", FormatError(f"values of the type {kind!r:.60} are kept as JSON"))
        except (WbtableError, OSError, KeyError, TypeError, ValueError) as error:
            self._media.give_back(value)
            self._tell(key, "kept", error)
        cells[key] = Cell(AnyType(), to_text(value))

    def _tell(self, key: str, outcome: str, error: Exception | None) -> None:
        if key in self._told:
            return
        self._told.add(key)
        place = f"{self._log.file}#{key}"
        if outcome == "kept":
            self._report.add("history", place, "kept", error=error)
        else:
            self._report.add("history", place, "failed", None if error else key, error=error)


def _write(files: RunFiles, objects: ObjectStore, key: str, rows: list[Row], cells: dict[str, Cell]) -> None:
    """Create a segment, what it refers to first, under a lease until it does (LEASE-1)."""
    if not cells:
        files.backend.create(key, write_segment(make_segment(rows, [])))
        return
    with Lease(objects.backend) as lease:
        leased = LeasedObjects(objects, lease)
        refs = store_media(leased, cells)
        leased.settle()
        files.backend.create(key, write_segment(make_segment(rows, refs)))


def _flat(nested: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        name = prefix + str(key)
        if isinstance(value, dict) and value and "_type" not in value:
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


def flat_summary(summary: dict[str, Any], last: dict[str, Any]) -> dict[str, Any]:
    """Return the summary under the keys of the history; media and tables as the history's last value has them."""
    out: dict[str, Any] = {}
    for key, value in _flat(summary, ""):
        if key in RESERVED or key.startswith("_wandb"):
            continue
        if isinstance(value, dict) and "_type" in value and key in last:
            out[key] = last[key]
        else:
            out[key] = value
    return out


def time_from(micros: int) -> dt.datetime:
    """Return microseconds since 1970 as time."""
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=micros)


def _class_names(own: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return, by key, the names of the classes of boxes and masks, which W&B keeps in the run's settings."""
    out: dict[str, dict[str, Any]] = {}
    for what, param in (("bounding_box/class_labels", "box_class_maps"), ("mask/class_labels", "mask_class_maps")):
        found = own.get(what)
        for name, entry in found.items() if isinstance(found, dict) else ():
            key, delimiter, layer = str(name).partition(_DELIMITER)
            value = entry.get("value") if isinstance(entry, dict) else None
            if delimiter and isinstance(value, dict):
                out.setdefault(key, {}).setdefault(param, {})[layer] = value
    return out


def _ignore(_what: str) -> None:
    """Say nothing: the first pass said it."""


__all__ = ["HistoryImport", "flat_summary", "time_from"]
