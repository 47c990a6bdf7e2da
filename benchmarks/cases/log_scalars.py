"""Log 10 scalars a step: what one call takes of the training loop, and how much memory many take."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side

if TYPE_CHECKING:
    from collections.abc import Callable

_STEPS = 200_000
_PEER_STEPS = 5_000
_WARM = 500
_ROOT = Path(__file__).parents[2]
_TRACKIO = _ROOT / ".venv-bench-trackio" / "bin" / "python"
"""An environment of its own: its huggingface-hub is not that of the other peers."""


def _prepare(data: Path, scale: Scale) -> None:
    """Need nothing: what is logged is made in the loop."""


def _seconds_of_1000(log: Callable[[dict[str, float]], object], steps: int) -> float:
    rows = [{f"metric_{i}": (i + 1) / (j + 1) for i in range(10)} for j in range(100)]
    for step in range(_WARM):
        log(rows[step % 100])
    start = time.perf_counter()
    for step in range(steps):
        log(rows[step % 100])
    return (time.perf_counter() - start) / steps * 1_000


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    os.environ["WBTABLE_CACHE_DIR"] = str(work / "cache")
    import wbtable

    run = wbtable.init(project="bench", store=wbtable.create_store(work / "store"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = _seconds_of_1000(run.log, scale.of(_STEPS, 2_000))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    run.finish()
    return {"seconds": seconds, "bytes": grown}


def _wandb(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_DIR": str(work)}
    import wandb

    run = wandb.init(project="bench", dir=str(work))
    seconds = _seconds_of_1000(run.log, scale.of(_PEER_STEPS, 200))
    run.finish()
    return {"seconds": seconds}


def _trackio(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    if not _TRACKIO.exists():
        raise RuntimeError(f"make bench installs trackio in {_TRACKIO.parents[1].name}: it is not there")
    environment = {**os.environ, "TRACKIO_DIR": str(work / "trackio")}
    environment |= {"HF_HUB_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False"}
    command = [str(_TRACKIO), str(_ROOT / "benchmarks" / "log_trackio.py"), str(scale.of(_PEER_STEPS, 200)), str(_WARM)]
    done = subprocess.run(command, env=environment, cwd=_ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    seconds: dict[str, float] = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    return seconds


CASE = Case(
    name="log-scalars",
    work="log 10 scalars, 1,000 calls",
    data="nothing",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "Run.log of ten floats, 200,000 times; a thread writes Parquet meanwhile"),
        Side("wandb", _wandb, "Run.log of ten floats, offline, 5,000 times; its service writes meanwhile"),
        Side("trackio", _trackio, "log of ten floats into a local project, 5,000 times; its threads write meanwhile"),
    ),
    bars=(
        Bar(what="beside a thread that writes", ours=("wbtable", "seconds"), at_most=20e-3),
        Bar(what="wandb offline", ours=("wbtable", "seconds"), peer=("wandb", "seconds"), at_least=10),
        Bar(what="trackio, into a local project", ours=("wbtable", "seconds"), peer=("trackio", "seconds")),
        Bar(what="bytes that memory grew", ours=("wbtable", "bytes"), at_most=200e6),
    ),
)
