"""Write 5 M rows of 14 columns from Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, size_of, timed
from benchmarks.scalar_data import ROWS, read_predictions, write_predictions

if TYPE_CHECKING:
    from pathlib import Path


def _prepare(data: Path, scale: Scale) -> None:
    write_predictions(data / "predictions.arrow", scale.of(ROWS, 200_000))


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    table = read_predictions(data / "predictions.arrow")
    with wbtable.TableWriter(work / "warm") as writer:  # imports are not what is measured
        writer.write_batch(table.slice(0, 1))
    with timed() as watch, wbtable.TableWriter(work / "table") as writer:
        writer.write_batch(table)
    return {"seconds": watch.seconds, "bytes": size_of(work / "table")}


def _lance(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import lance

    table = read_predictions(data / "predictions.arrow")
    lance.write_dataset(table.slice(0, 1), str(work / "warm.lance"))
    with timed() as watch:
        lance.write_dataset(table, str(work / "table.lance"))
    return {"seconds": watch.seconds, "bytes": size_of(work / "table.lance")}


CASE = Case(
    name="table-write",
    work="write 5 M rows x 14 columns from Arrow",
    data="predictions",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "TableWriter.write_batch with summaries, fingerprints and SHA-256; fsynced"),
        Side("lance", _lance, "write_dataset; no digests, no fsync"),
    ),
    bars=(
        Bar(what="lance's time", ours=("wbtable", "seconds"), peer=("lance", "seconds"), at_least=1.0),
        Bar(what="lance's bytes", ours=("wbtable", "bytes"), peer=("lance", "bytes"), at_most=0.8),
    ),
)
