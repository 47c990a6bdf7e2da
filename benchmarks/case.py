"""What one row of the table measures: data, sides, bars."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much data a measurement takes.

    Attributes:
        quick: a tenth or less, to see that everything runs; bars are not meant for it.

    """

    quick: bool = False

    def of(self, count: int, quick: int) -> int:
        """Return `count`, or `quick` of a quick run."""
        return quick if self.quick else count


_TOUCHED = 1 << 30
"""Bytes of memory that are touched before a block is timed: more than any side takes anew."""


class Measure(Protocol):
    """One side's work, run in a process of its own: figures by name, times in seconds, sizes in bytes."""

    def __call__(self, data: Path, work: Path, scale: Scale) -> Mapping[str, float]:
        """Do the work on what was prepared in folder `data`, writing only below the empty folder `work`."""


@dataclass(frozen=True, slots=True)
class Side:
    """Ours or a peer's way to do the work.

    Attributes:
        does: what is inside the time, and what it leaves out.
        rounds: at most this many runs, for peers that take minutes.

    """

    name: str
    measure: Measure
    does: str
    rounds: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What must hold between medians.

    Attributes:
        what: the bar in words.
        ours: side and figure.
        peer: side and figure, or None where the bar is a bound on our figure itself.
        at_least: the smallest good value of peer's figure / ours.
        at_most: the largest good value of ours / peer's figure, or of our figure. Without a bound the ratio (peer's /
            ours) is shown, and nothing is asked of it.

    """

    what: str
    ours: tuple[str, str]
    peer: tuple[str, str] | None = None
    at_least: float | None = None
    at_most: float | None = None

    def value(self, figures: Mapping[tuple[str, str], float]) -> float | None:
        """Return what is compared with the bound, or None if a side has no figures."""
        ours = figures.get(self.ours)
        if ours is None:
            return None
        if self.peer is None:
            return ours
        peer = figures.get(self.peer)
        if peer is None:
            return None
        return ours / peer if self.at_most is not None else peer / ours

    def holds(self, value: float) -> bool:
        """Return whether `value` is within the bound."""
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is None or value <= self.at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One row of the table.

    Attributes:
        prepare: fills an empty folder with seeded input; done once and kept.
        data: the folder's name; cases with the same name share what the first prepares.

    """

    name: str
    work: str
    data: str
    prepare: Callable[[Path, Scale], None]
    sides: tuple[Side, ...]
    bars: tuple[Bar, ...] = field(default=())

    def side(self, name: str) -> Side:
        """Return the side of that name."""
        return next(side for side in self.sides if side.name == name)


class Stopwatch:
    """Seconds between the start and the end of a `timed` block."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0


def _touch_memory() -> None:
    """Use some free memory for files and give it back, which leaves it with the machine."""
    block = b"\1" * (1 << 22)
    with tempfile.TemporaryFile() as file:
        for _ in range(_TOUCHED // len(block)):
            file.write(block)


@contextmanager
def timed() -> Iterator[Stopwatch]:
    """Time a block, once earlier writes have reached the disk, so that nobody pays for another's.

    A virtual machine may have given its free memory back to its host: touching it for the first time then costs more
    than writing to it, and whoever runs soon after another's large files were deleted would not pay. So each side
    begins with memory that was touched just before.
    """
    os.sync()
    _touch_memory()
    watch = Stopwatch()
    start = time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - start


def median_of_three(action: Callable[[int], object]) -> float:
    """Return the median seconds of `action(1..3)`, after `action(0)` warmed caches and imports."""
    action(0)
    seconds = []
    for turn in range(1, 4):
        start = time.perf_counter()
        action(turn)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[1]


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder; a file with several names counts once."""
    seen: dict[tuple[int, int], int] = {}
    for path in folder.rglob("*"):
        if path.is_file():
            stat = path.stat()
            seen[stat.st_dev, stat.st_ino] = stat.st_size
    return sum(seen.values())


def sync_file_tree(folder: Path) -> None:
    """Make a peer's files durable as ours are: fsync of each file and directory."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
