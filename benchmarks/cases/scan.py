"""Read all of 5 M rows to Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.scalar_data import ROWS, predictions

if TYPE_CHECKING:
    from pathlib import Path


def _prepare(data: Path, scale: Scale) -> None:
    from wbtable.tables.standalone import TableWriter

    with TableWriter(data / "table") as writer:
        writer.write_batch(predictions(scale.of(ROWS, 200_000)))


def _fragments(data: Path) -> list[Path]:
    """Return the table's fragments, in the page cache."""
    import pyarrow.parquet as pq

    files = sorted((data / "table").rglob("*/??/*.parquet"))
    fragments = [path for path in files if "score_0" in pq.read_schema(path).names]
    for path in fragments:
        path.read_bytes()
    return fragments


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    _fragments(data)
    wbtable.Table(columns=["a"], data=[[1]]).write(str(work / "warm"))
    wbtable.open_table(work / "warm").to_arrow()
    with timed() as watch:
        table = wbtable.open_table(data / "table").to_arrow()
    return {"seconds": watch.seconds, "rows": table.num_rows}


def _pyarrow(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fragments = _fragments(data)
    pq.write_table(pa.table({"a": [1]}), work / "warm.parquet")
    pq.read_table(work / "warm.parquet")
    with timed() as watch:
        table = pa.concat_tables([pq.read_table(path) for path in fragments])
    return {"seconds": watch.seconds, "rows": table.num_rows}


CASE = Case(
    name="scan",
    work="full scan of 5 M rows x 14 columns to Arrow, checks on",
    data="predictions-table",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "the first open_table and to_arrow of a process: every byte checked, types conformed"),
        Side(
            "pyarrow",
            _pyarrow,
            "the first read_table of the same files, on all cores; checks off",
        ),
    ),
    bars=(Bar(what="pyarrow unchecked", ours=("wbtable", "seconds"), peer=("pyarrow", "seconds"), at_least=0.8),),
)
