"""Make a table of a DataFrame of 200 k rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.scalar_data import read_predictions, write_predictions

if TYPE_CHECKING:
    from pathlib import Path


def _prepare(data: Path, scale: Scale) -> None:
    write_predictions(data / "predictions.arrow", scale.of(200_000, 5_000))


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    frame = read_predictions(data / "predictions.arrow").to_pandas()
    wbtable.Table(dataframe=frame.head(10))
    with timed() as watch:
        table = wbtable.Table(dataframe=frame)
    if len(table) != len(frame):
        raise AssertionError(len(table))
    return {"seconds": watch.seconds}


def _wandb(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wandb

    frame = read_predictions(data / "predictions.arrow").to_pandas()
    wandb.Table(dataframe=frame.head(10))
    with timed() as watch:
        wandb.Table(dataframe=frame)
    return {"seconds": watch.seconds}


CASE = Case(
    name="dataframe",
    work="Table(dataframe=...) 200 k rows x 14 columns",
    data="rows-200k",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "the constructor; values are taken and checked, nothing written"),
        Side("wandb", _wandb, "the constructor; nothing written", rounds=1),
    ),
    bars=(Bar(what="wandb", ours=("wbtable", "seconds"), peer=("wandb", "seconds"), at_least=200),),
)
