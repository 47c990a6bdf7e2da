"""Read the bytes of all 20 k images in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.cases.take_images import DATA, prepare

if TYPE_CHECKING:
    from pathlib import Path


def _cached(folder: Path) -> None:
    """Bring a folder's files into the page cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.read_bytes()


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    _cached(data / "wbtable")
    table = wbtable.open_table(data / "wbtable")
    table.head(1, media="bytes")
    total = rows = 0
    with timed() as watch:
        for image in table.iter_blobs("image"):
            total += 0 if image is None else len(image)
            rows += 1
    return {"seconds": watch.seconds, "images": rows, "content": total}


def _datasets(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import datasets

    _cached(data / "datasets")
    dataset = datasets.Dataset.from_file(str(data / "datasets" / "images.arrow"))
    dataset = dataset.cast_column("image", datasets.Image(decode=False)).select_columns("image")
    assert dataset[0]["image"]["bytes"]
    total = rows = 0
    with timed() as watch:
        for row in dataset:
            total += len(row["image"]["bytes"])
            rows += 1
    return {"seconds": watch.seconds, "images": rows, "content": total}


def _streaming(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import streaming

    _cached(data / "streaming")
    dataset = streaming.StreamingDataset(local=str(data / "streaming"), shuffle=False, batch_size=1)
    assert dataset[0]["image"]
    total = rows = 0
    with timed() as watch:
        for row in dataset:
            total += len(row["image"])
            rows += 1
    return {"seconds": watch.seconds, "images": rows, "content": total}


CASE = Case(
    name="images-in-order",
    work="all images in order, digests checked",
    data=DATA,
    prepare=prepare,
    sides=(
        Side("wbtable", _ours, "iter_blobs, the length of each image taken; SHA-256 checked; page cache warm"),
        Side("datasets", _datasets, "iteration over the column, decode=False; nothing checked; page cache warm"),
        Side("streaming", _streaming, "iteration over a local StreamingDataset; nothing checked; page cache warm"),
    ),
    bars=(
        Bar(what="datasets", ours=("wbtable", "seconds"), peer=("datasets", "seconds"), at_least=2),
        Bar(what="mosaicml-streaming", ours=("wbtable", "seconds"), peer=("streaming", "seconds"), at_least=2),
    ),
)
