"""Which reads to join: neighbouring ranges of a key become one read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

MAX_RUN = 16 << 20
PART = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One read that serves several ranges.

    Attributes:
        key: what is read.
        offset: where the read begins, in bytes.
        size: its length in bytes.
        members: the ranges that it serves, by their numbers.

    """

    key: str
    offset: int
    size: int
    members: tuple[int, ...]


def coalesce(ranges: Sequence[tuple[str, int, int]], gap: int, most: int = MAX_RUN) -> list[Run]:
    """Return the reads that serve all ranges.

    Args:
        ranges: key, offset and size of each.
        gap: how many unneeded bytes between two ranges are worth a request less.
        most: no read is made longer than this by joining; a longer range is read alone.

    """
    order = sorted(range(len(ranges)), key=ranges.__getitem__)
    runs: list[Run] = []
    members: list[int] = []
    key, start, end = "", 0, 0
    for i in order:
        name, offset, size = ranges[i]
        stop = offset + size
        if members and name == key and offset <= end + gap and max(end, stop) - start <= most:
            members.append(i)
            end = max(end, stop)
            continue
        if members:
            runs.append(Run(key=key, offset=start, size=end - start, members=tuple(members)))
        key, start, end, members = name, offset, stop, [i]
    if members:
        runs.append(Run(key=key, offset=start, size=end - start, members=tuple(members)))
    return runs


def cut(ranges: Sequence[tuple[str, int, int]], runs: Sequence[Run], data: Sequence[bytes]) -> list[bytes]:
    """Return the bytes of each range out of the bytes of the runs."""
    out: list[bytes] = [b""] * len(ranges)
    for run, read in zip(runs, data, strict=True):
        for i in run.members:
            _, offset, size = ranges[i]
            start = offset - run.offset
            out[i] = read[start : start + size]
    return out


def split_long(run: Run) -> list[tuple[str, int, int]]:
    """Return the requests of a run as key, offset and size: several of 8 MiB for one of more than 16 MiB."""
    if run.size <= MAX_RUN:
        return [(run.key, run.offset, run.size)]
    return [(run.key, run.offset + at, min(PART, run.size - at)) for at in range(0, run.size, PART)]


def runs_of(sizes: npt.NDArray[np.int64], limit: int) -> Iterator[tuple[int, int]]:
    """Yield runs ``(start, rows)`` whose sizes sum to at most `limit`, or that have one row."""
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = int(ends[start - 1]) if start else 0
        end = max(start + 1, int(np.searchsorted(ends, before + limit, side="right")))
        yield start, end - start
        start = end
