"""Add a folder of 20 k small files to an artifact."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.media_data import SMALL_FILES, write_small_files

if TYPE_CHECKING:
    from pathlib import Path


def _prepare(data: Path, scale: Scale) -> None:
    write_small_files(data / "files", scale.of(SMALL_FILES, 500))


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    store = wbtable.create_store(work / "store")
    first = wbtable.Artifact("warm", type="dataset")
    first.add_dir(data / "files" / "part-000")
    store.commit(first, project="bench")
    with timed() as watch:
        artifact = wbtable.Artifact("files", type="dataset")
        artifact.add_dir(data / "files")
        version = store.commit(artifact, project="bench")
    return {"seconds": watch.seconds, "files": len(version.files())}


def _wandb(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    for variable in ("WANDB_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR", "WANDB_CONFIG_DIR", "WANDB_ARTIFACT_DIR"):
        os.environ[variable] = str(work / variable.lower())
    os.environ["WANDB_MODE"] = "offline"
    import wandb

    first = wandb.Artifact("warm", type="dataset")
    first.add_dir(str(data / "files" / "part-000"))
    with timed() as watch:
        artifact = wandb.Artifact("files", type="dataset")
        artifact.add_dir(str(data / "files"))
    return {"seconds": watch.seconds, "files": len(artifact.manifest.entries)}


CASE = Case(
    name="add-dir",
    work="add_dir of 20 k small files",
    data="small-files",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "Artifact.add_dir and Store.commit: read, hashed, packed, fsynced"),
        Side("wandb", _wandb, "Artifact.add_dir alone: hashed and copied to its staging folder; not logged"),
    ),
    bars=(Bar(what="wandb", ours=("wbtable", "seconds"), peer=("wandb", "seconds"), at_least=10),),
)
