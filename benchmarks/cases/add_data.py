"""Add 100 k rows of 14 columns, one call each."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.scalar_data import COLUMNS, as_rows, read_predictions, write_predictions

if TYPE_CHECKING:
    from pathlib import Path


def _prepare(data: Path, scale: Scale) -> None:
    write_predictions(data / "predictions.arrow", scale.of(100_000, 5_000))


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    rows = as_rows(read_predictions(data / "predictions.arrow"))
    wbtable.Table(columns=["a"], data=[[1]]).write(str(work / "warm"))
    with timed() as whole:
        start = time.perf_counter()
        table = wbtable.Table(columns=[*COLUMNS])
        for row in rows:
            table.add_data(*row)
        adding = time.perf_counter() - start
        table.write(str(work / "table"))
    return {"add seconds": adding, "add and write seconds": whole.seconds}


def _wandb(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wandb

    rows = as_rows(read_predictions(data / "predictions.arrow"))
    wandb.Table(columns=["a"], data=[[1]])
    with timed() as adding:
        table = wandb.Table(columns=COLUMNS)
        for row in rows:
            table.add_data(*row)
    return {"add seconds": adding.seconds}


def _datasets(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    from datasets.arrow_writer import ArrowWriter

    rows = as_rows(read_predictions(data / "predictions.arrow"))
    with timed() as whole:
        writer = ArrowWriter(path=str(work / "table.arrow"))
        for row in rows:
            writer.write(dict(zip(COLUMNS, row, strict=True)))
        writer.finalize()
    return {"add and write seconds": whole.seconds}


CASE = Case(
    name="add-data",
    work="add_data 100 k rows x 14 columns",
    data="rows-100k",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "Table.add_data for each row; then Table.write, fsynced, timed as well"),
        Side("wandb", _wandb, "Table.add_data for each row; nothing written", rounds=2),
        Side("datasets", _datasets, "ArrowWriter.write of a dict for each row, then finalize; no digests, no fsync"),
    ),
    bars=(
        Bar(what="wandb", ours=("wbtable", "add seconds"), peer=("wandb", "add seconds"), at_least=50),
        Bar(
            what="datasets' ArrowWriter, both writing",
            ours=("wbtable", "add and write seconds"),
            peer=("datasets", "add and write seconds"),
            at_least=2,
        ),
    ),
)
