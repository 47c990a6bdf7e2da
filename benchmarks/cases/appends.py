"""2,000 appends of 1,000 rows to one table, each a commit that is durable."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

_APPENDS = 2_000
_FIRST = 200
_ROWS = 1_000


def _prepare(data: Path, scale: Scale) -> None:
    (data / "nothing").write_bytes(b"")


def _rows(number: int) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    chance = np.random.default_rng(number)
    columns = {
        "id": np.arange(number * _ROWS, (number + 1) * _ROWS),
        "loss": chance.random(_ROWS),
        "score": chance.random(_ROWS).astype("float32"),
        "name": [f"name {i}" for i in chance.integers(0, 100, _ROWS)],
    }
    return pa.table(columns)


def _around(seconds: list[float], at: int) -> float:
    """Return the median of the appends around one: a single one is at the mercy of the disk."""
    return statistics.median(seconds[max(0, at - 5) : at + 5])


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    store = wbtable.create_store(work / "store")
    draft = wbtable.Artifact("rows")
    draft.add(wbtable.Table.from_arrow(_rows(0)), "table")
    version = store.commit(draft)
    seconds = []
    for number in range(1, scale.of(_APPENDS, 20) + 1):
        rows = _rows(number)
        start = time.perf_counter()
        draft = version.new_draft()
        table = draft["table"]
        table.extend(rows)
        draft.add(table, "table", overwrite=True)
        version = store.commit(draft)
        seconds.append(time.perf_counter() - start)
    if len(store.artifact("rows")["table"]) != (len(seconds) + 1) * _ROWS:
        raise AssertionError
    return {
        "first seconds": sum(seconds[:_FIRST]),
        "10th seconds": _around(seconds, 10),
        "last seconds": _around(seconds, len(seconds)),
    }


def _lance(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import lance

    url = str(work / "table")
    lance.write_dataset(_rows(0), url)
    seconds = []
    for number in range(1, scale.of(_FIRST, 20) + 1):
        rows = _rows(number)
        start = time.perf_counter()
        lance.write_dataset(rows, url, mode="append")
        seconds.append(time.perf_counter() - start)
    return {"first seconds": sum(seconds)}


CASE = Case(
    name="appends",
    work="2,000 appends of 1,000 rows x 4 columns, each a commit",
    data="nothing",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "new_draft, Table.extend, Artifact.add, Store.commit; digests, summaries, fsynced"),
        Side("lance", _lance, "write_dataset(mode='append'), the first 200; no digests, no fsync"),
    ),
    bars=(
        Bar(
            what="the first 200, lance's time",
            ours=("wbtable", "first seconds"),
            peer=("lance", "first seconds"),
            at_most=2,
        ),
        Bar(
            what="the last, the 10th's time",
            ours=("wbtable", "last seconds"),
            peer=("wbtable", "10th seconds"),
            at_most=1.5,
        ),
    ),
)
