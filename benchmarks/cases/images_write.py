"""Store 20 k JPEGs as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, size_of, timed
from benchmarks.media_data import IMAGES, read_images, write_images

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = "images"


def prepare(data: Path, scale: Scale) -> None:
    """Write 20 k images, and the 200 that replace some of them in a later version."""
    count = scale.of(IMAGES, 1_000)
    write_images(data / "images.arrow", count)
    write_images(data / "changed.arrow", count // 100, first_seed=1_000_000)


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    images = read_images(data / "images.arrow")
    with wbtable.TableWriter(work / "warm", dtype={"image": wbtable.Image}) as writer:
        writer.write_batch(images.slice(0, 1))
    with timed() as watch, wbtable.TableWriter(work / "table", dtype={"image": wbtable.Image}) as writer:
        writer.write_batch(images)
    return {"seconds": watch.seconds, "bytes": size_of(work / "table")}


def _lance(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import lance

    images = read_images(data / "images.arrow")
    with timed() as watch:
        lance.write_dataset(images, str(work / "images.lance"))
    return {"seconds": watch.seconds, "bytes": size_of(work / "images.lance")}


def _datasets(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import datasets

    datasets.disable_progress_bars()
    images = read_images(data / "images.arrow")
    pairs = list(zip(images["id"].to_pylist(), images["image"].to_pylist(), strict=True))
    features = datasets.Features({"id": datasets.Value("int64"), "image": datasets.Image()})

    def rows() -> Iterator[dict[str, object]]:
        for place, content in pairs:
            yield {"id": place, "image": {"bytes": content, "path": None}}

    with timed() as watch:
        datasets.Dataset.from_generator(rows, features=features, cache_dir=str(work / "datasets"))
    return {"seconds": watch.seconds, "bytes": size_of(work)}


def _arrow_writer(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import datasets
    from datasets.arrow_writer import ArrowWriter

    images = read_images(data / "images.arrow")
    rows = zip(images["id"].to_pylist(), images["image"].to_pylist(), strict=True)
    features = datasets.Features({"id": datasets.Value("int64"), "image": datasets.Image()})
    with timed() as watch:
        writer = ArrowWriter(path=str(work / "images.arrow"), features=features)
        for place, content in rows:
            writer.write({"id": place, "image": {"bytes": content, "path": None}})
        writer.finalize()
    return {"seconds": watch.seconds, "bytes": size_of(work)}


CASE = Case(
    name="images-write",
    work="store 20 k JPEGs of about 15 kB as table rows, hashing all",
    data=DATA,
    prepare=prepare,
    sides=(
        Side("wbtable", _ours, "TableWriter.write_batch of a column of images; SHA-256 of each, sizes read; fsynced"),
        Side("lance", _lance, "write_dataset of a binary column; hashes nothing, no fsync"),
        Side("datasets", _datasets, "Dataset.from_generator, its way to store rows; hashes no image, no fsync"),
        Side(
            "ArrowWriter",
            _arrow_writer,
            "the writer inside datasets by itself, not for users; hashes nothing, no fsync",
        ),
    ),
    bars=(
        Bar(what="lance", ours=("wbtable", "seconds"), peer=("lance", "seconds"), at_least=0.8),
        Bar(what="datasets", ours=("wbtable", "seconds"), peer=("datasets", "seconds"), at_least=2),
        Bar(what="datasets' bare ArrowWriter", ours=("wbtable", "seconds"), peer=("ArrowWriter", "seconds")),
    ),
)
