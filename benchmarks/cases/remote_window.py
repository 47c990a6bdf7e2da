"""Look at a window deep in a table of 10 M rows, where each read takes 30 ms."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.cases.query_table import prepare, warm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_DELAY = 0.03


class _Distant:
    """A local folder as a distant place is: nothing has a path, each read takes 30 ms, and all are noted."""

    is_distant = True

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._guard = threading.Lock()
        self.url = "distant:" + inner.url
        self.unsafe_single_writer = False
        self.reads: list[tuple[float, float]] = []
        self.received = 0

    def local_path(self, key: str) -> None:
        """Have no local files."""

    def _read(self, read: Callable[[], Any], size: Callable[[Any], int]) -> Any:
        start = time.perf_counter()
        time.sleep(_DELAY)
        found = read()
        with self._guard:
            self.reads.append((start, time.perf_counter()))
            self.received += size(found)
        return found

    def get(self, key: str) -> Any:
        return self._read(lambda: self._inner.get(key), len)

    def get_range(self, key: str, offset: int, size: int) -> Any:
        return self._read(lambda: self._inner.get_range(key, offset, size), len)

    def get_tail(self, key: str, size: int) -> Any:
        return self._read(lambda: self._inner.get_tail(key, size), len)

    def get_ranges(self, ranges: Sequence[tuple[str, int, int]]) -> Any:
        # Requests that are sent side by side, as those of a distant place are.
        return self._read(lambda: self._inner.get_ranges(ranges), lambda parts: sum(map(len, parts)))

    def size(self, key: str) -> Any:
        return self._read(lambda: self._inner.size(key), lambda _: 0)

    def rounds(self) -> int:
        """Return how many reads follow one another: the most of which each began after the last had ended."""
        count, until = 0, 0.0
        for start, end in sorted(self.reads, key=lambda read: read[1]):
            if start >= until:
                count, until = count + 1, end
        return count


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable
    from wbtable.storage.objects import ObjectStore
    from wbtable.tables.open import table_of

    warm()
    manifest = wbtable.open_table(data / "table").snapshot().source.manifest  # type: ignore[attr-defined]
    objects = wbtable.open_table(data / "table").snapshot().source.objects  # type: ignore[attr-defined]
    place = _Distant(objects.backend)
    view = table_of(ObjectStore(place, objects.prefix), manifest).view()  # type: ignore[arg-type]  # it is only read
    with timed() as watch:
        found = view.window(manifest.rows * 4 // 5, 100)
    return {
        "seconds": watch.seconds,
        "sequential_reads": place.rounds(),
        "received_bytes": place.received,
        "rows": found.num_rows,
    }


CASE = Case(
    name="remote-window",
    work="a window of 100 rows deep in 10 M x 14 columns, 30 ms a read",
    data="query-table",
    prepare=prepare,
    sides=(Side("wbtable", _ours, "View.window of a table whose manifest was read; local files, each read delayed"),),
    bars=(
        Bar(what="reads that follow one another", ours=("wbtable", "sequential_reads"), at_most=5),
        Bar(what="bytes", ours=("wbtable", "received_bytes"), at_most=10e6),
    ),
)
