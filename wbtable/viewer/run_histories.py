"""What runs logged, as curves: kept between questions; of a run that goes on only what is new is read (RUN-4)."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import WbtableError
from wbtable.format.run_history import RESERVED, STEP, TIMESTAMP, open_segment, read_segment
from wbtable.format.tagged import untag
from wbtable.format.types import AnyType
from wbtable.runs.files import RunFiles
from wbtable.viewer.run_rows import table_reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from wbtable.artifacts.store import Store
    from wbtable.format.documents import Json

    Floats = NDArray[np.float64]
    Steps = NDArray[np.int64]

MAX_BYTES: Final = 256 << 20
"""The most bytes of histories that are kept."""
_MAX_PROBLEMS: Final = 20
_ROW: Final = 24
_NO_NUMBER: Final = frozenset('"[{tfn')
_TAGGED: Final = '{"$type":'


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers that were logged under a key: one for each step, in order of step.

    Attributes:
        steps: the steps.
        times: microseconds since 1970.
        values: the numbers.

    """

    steps: Steps
    times: Steps
    values: Floats


@dataclass(slots=True)
class History:
    """What a run logged, as far as it was read.

    Attributes:
        numbers: by key, in order of appearance.
        tables: by key: step, version and path of each table, one for each step.
        others: keys some of whose values are neither, and what they are.
        problems: what is damaged; the rest is there.

    """

    numbers: dict[str, list[Series]] = field(default_factory=dict)
    tables: dict[str, list[Json]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    segments: int = 0
    size: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def series(self, key: str) -> Series | None:
        """Return the numbers of a key, None if there are none."""
        with self.guard:
            parts = self.numbers.get(key)
            if not parts:
                return None
            if len(parts) > 1:
                parts[:] = [_merged(parts)]
            return parts[0]


def _merged(parts: list[Series]) -> Series:
    """Return one number for each step: of several the last that was logged (RUN-4)."""
    steps = np.concatenate([part.steps for part in parts])
    times = np.concatenate([part.times for part in parts])
    values = np.concatenate([part.values for part in parts])
    if len(steps) > 1 and not bool((steps[1:] > steps[:-1]).all()):
        order = np.argsort(steps, kind="stable")
        ordered = steps[order]
        order = order[np.concatenate([ordered[1:] != ordered[:-1], [True]])]
        steps, times, values = steps[order], times[order], values[order]
    return Series(steps, times, values)


class Histories:
    """The histories of runs that were asked for last. Safe to use from several threads."""

    def __init__(self, open_store: Callable[[], Store], max_bytes: int = MAX_BYTES) -> None:
        """Read nothing yet."""
        self._open = open_store
        self._max_bytes = max_bytes
        self._guard = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], History] = OrderedDict()

    def read(self, project: str, run_id: str) -> History:
        """Return what a run has logged by now; what is damaged is said in `problems`, and left out."""
        key = (project, run_id)
        with self._guard:
            history = self._kept.setdefault(key, History())
            self._kept.move_to_end(key)
        with history.guard:
            _extend(history, RunFiles(self._open().backend, project, run_id))
        with self._guard:
            while len(self._kept) > 1 and sum(kept.size for kept in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)
        return history


def _extend(history: History, files: RunFiles) -> None:
    if history.segments == 0:
        history.segments = _take_compacted(history, files)
    for number, place, data in files.segments(history.segments):
        _take(history, data, place)
        history.segments = number + 1


def _take_compacted(history: History, files: RunFiles) -> int:
    """Take the compacted history, if an attempt ended with one; return how many segments it stands for."""
    newest = files.newest_attempt()
    for attempt in range(newest.attempt if newest is not None else -1, -1, -1):
        try:
            ended = files.finished(attempt)
            if ended is None or ended.history is None:
                continue
            data = files.get_object(ended.history)
        except (WbtableError, OSError) as error:
            # The segments are still there.
            _say(history, f"the history of attempt {attempt} cannot be read, its segments are: {error}")
            continue
        if _take(history, data, f"history of attempt {attempt}"):
            return ended.segments
    return 0


def _take(history: History, data: bytes, place: str) -> bool:
    """Add the rows of one segment; return whether they could be read."""
    try:
        _, schema, _ = open_segment(data, place)
        wanted, texts = [], []
        for column in schema:
            if column.name in RESERVED:
                continue
            if _is_number(column.type.arrow()):
                wanted.append(column.name)
            elif isinstance(column.type, AnyType):
                texts.append(column.name)
            else:
                history.others.setdefault(column.name, column.type.kind)
        table = read_segment(data, place, [*wanted, *texts]).table
    except (WbtableError, pa.ArrowException) as error:
        _say(history, str(error))
        return False
    steps = table[STEP].to_numpy()
    times = table[TIMESTAMP].cast(pa.int64()).to_numpy()
    for name in wanted:
        column = table[name]
        if column.null_count == 0:
            _add(history, name, Series(steps, times, _floats(column)))
        else:
            here = pc.is_valid(column).to_numpy(zero_copy_only=False)
            _add(history, name, Series(steps[here], times[here], _floats(column.drop_null())))
    for name in texts:
        _take_mixed(history, name, steps, times, table[name])
    return True


def _take_mixed(history: History, name: str, steps: Steps, times: Steps, column: pa.ChunkedArray) -> None:
    """Add values of several kinds: tables and numbers are found among them, whatever else was logged under the key."""
    tables: dict[int, Json] = {}
    at: list[int] = []
    values: list[float] = []
    others = False
    for i, cell in enumerate(column.to_pylist()):
        if cell is None:
            continue
        number = _number(cell)
        table = table_reference(cell) if number is None else None
        if number is not None:
            at.append(i)
            values.append(number)
        elif table is not None:
            step = int(steps[i])
            tables[step] = {"step": step, **table}
        else:
            others = True
    if at:
        _add(history, name, Series(steps[at], times[at], np.array(values, np.float64)))
    if tables:
        known = {one["step"]: one for one in history.tables.get(name, ())} | tables
        history.tables[name] = [known[step] for step in sorted(known)]
    if others or not (at or tables):
        history.others.setdefault(name, "any")


def _add(history: History, name: str, part: Series) -> None:
    """Add the numbers of a key in one segment; of a key that is null throughout there are none."""
    if len(part.steps):
        history.numbers.setdefault(name, []).append(_merged([part]))
        history.size += _ROW * len(part.steps)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _floats(column: pa.ChunkedArray) -> Floats:
    # A curve is drawn of the nearest double, also where an integer has none of its own.
    return column.cast(pa.float64(), safe=False).to_numpy()


def _number(cell: str) -> float | None:
    """Return the number that a mixed value is (ANY-1), None if it is something else."""
    if cell[:1] in _NO_NUMBER and not cell.startswith(_TAGGED):
        return None
    try:
        found = untag(json.loads(cell))
        if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
            return None
        return float(found)
    except (WbtableError, ValueError, RecursionError, OverflowError):
        return None


def _say(history: History, text: str) -> None:
    if len(history.problems) < _MAX_PROBLEMS:
        history.problems.append(text[:500])


def curve(history: History, key: str, x: str, started: float, points: int) -> Json | None:
    """Return the curve of a key: its numbers over step, time or another key, thinned to some points.

    Where there are more numbers than points, each point is the mean of its neighbours, with the least and the
    greatest beside it; the first and the last stay. Numbers that are not finite are gaps, and counted.

    Args:
        history: what the run logged.
        key: the key.
        x: ``_step``, ``_runtime`` (seconds since the start), ``_timestamp`` (seconds since 1970), or a key.
        started: when the run started, in seconds since 1970.
        points: the most points.

    Returns:
        None if the run logged nothing under the key, or nothing at the same steps under `x`.

    """
    found = history.series(key)
    if found is None:
        return None
    across, values = _across(history, found, x, started)
    if not len(values):
        return None
    finite = np.isfinite(values)
    out: Json = {"rows": len(values), "not_finite": int(len(values) - finite.sum())}
    if len(values) <= points:
        return {**out, "sampled": False, "x": across.tolist(), "y": _gaps(values)}
    starts = np.concatenate([[0], np.linspace(1, len(values) - 1, points - 1).astype(np.int64)])
    held = np.add.reduceat(finite.astype(np.int64), starts)
    sums = np.add.reduceat(np.where(finite, values, 0.0), starts)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.where(held > 0, sums / held, np.nan)
    low = np.minimum.reduceat(np.where(finite, values, np.inf), starts)
    high = np.maximum.reduceat(np.where(finite, values, -np.inf), starts)
    sizes = np.diff(np.append(starts, len(values)))
    return {
        **out,
        "sampled": True,
        "x": (np.add.reduceat(across, starts) / sizes).tolist(),
        "y": _gaps(means),
        "low": _gaps(low),
        "high": _gaps(high),
    }


def _across(history: History, found: Series, x: str, started: float) -> tuple[Floats, Floats]:
    if x == STEP:
        return found.steps.astype(np.float64), found.values
    if x == TIMESTAMP:
        return found.times / 1e6, found.values
    if x == "_runtime":
        return found.times / 1e6 - started, found.values
    other = history.series(x)
    if other is None:
        return np.empty(0), np.empty(0)
    at = np.searchsorted(other.steps, found.steps)
    at[at == len(other.steps)] = 0
    both = other.steps[at] == found.steps
    across, values = other.values[at[both]], found.values[both]
    kept = np.isfinite(across)
    order = np.argsort(across[kept], kind="stable")
    return across[kept][order], values[kept][order]


def _gaps(values: Floats) -> list[Any]:
    return [value if np.isfinite(value) else None for value in values.tolist()]
