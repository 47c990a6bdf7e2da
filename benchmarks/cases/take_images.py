"""Fetch the bytes of 1,000 random images of 20 k."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.case import Bar, Case, Scale, Side, median_of_three
from benchmarks.media_data import IMAGES, read_images, write_images

if TYPE_CHECKING:
    from pathlib import Path

DATA = "images-stored"
_TAKEN = 1_000


def prepare(data: Path, scale: Scale) -> None:
    """Store the images as each side stores them."""
    import datasets
    import lance
    import pyarrow as pa
    import streaming
    from datasets.arrow_writer import ArrowWriter

    import wbtable

    write_images(data / "images.arrow", scale.of(IMAGES, 2_000))
    images = read_images(data / "images.arrow")
    with wbtable.TableWriter(data / "wbtable", dtype={"image": wbtable.Image}) as writer:
        writer.write_batch(images)
    lance.write_dataset(images, str(data / "inline.lance"))
    # Lance keeps a column apart, for take_blobs, if its field says so.
    apart = pa.field("image", pa.large_binary(), metadata={"lance-encoding:blob": "true"})
    blobs = images.cast(pa.schema([images.schema.field("id"), apart]))
    lance.write_dataset(blobs, str(data / "blobs.lance"), data_storage_version="2.1")
    pairs = list(zip(images["id"].to_pylist(), images["image"].to_pylist(), strict=True))
    features = datasets.Features({"id": datasets.Value("int64"), "image": datasets.Image(decode=False)})
    (data / "datasets").mkdir()
    arrow = ArrowWriter(path=str(data / "datasets" / "images.arrow"), features=features)
    for place, content in pairs:
        arrow.write({"id": place, "image": {"bytes": content, "path": None}})
    arrow.finalize()
    with streaming.MDSWriter(out=str(data / "streaming"), columns={"id": "int", "image": "bytes"}) as shards:
        for place, content in pairs:
            shards.write({"id": place, "image": content})
    (data / "images.arrow").unlink()


def _rows(turn: int, count: int) -> Any:
    return np.random.default_rng(turn).permutation(count)[:_TAKEN]


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    table = wbtable.open_table(data / "wbtable")

    def take(turn: int) -> None:
        found = table.take(_rows(turn, len(table)), columns=["id", "image"], media="bytes")
        if found.num_rows != min(_TAKEN, len(table)):
            raise AssertionError(found)

    return {"seconds": median_of_three(take)}


def _lance(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import lance

    dataset = lance.dataset(str(data / "inline.lance"))
    count = dataset.count_rows()
    return {"seconds": median_of_three(lambda turn: dataset.take(_rows(turn, count), columns=["id", "image"]))}


def _blobs(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import lance

    dataset = lance.dataset(str(data / "blobs.lance"))
    count = dataset.count_rows()

    def take(turn: int) -> None:
        for blob in dataset.take_blobs("image", indices=_rows(turn, count).tolist()):
            with blob:
                blob.readall()

    return {"seconds": median_of_three(take)}


CASE = Case(
    name="take-images",
    work='take(media="bytes") of 1,000 random rows, digests checked',
    data=DATA,
    prepare=prepare,
    sides=(
        Side("wbtable", _ours, "Table.take, SHA-256 of each image checked; files in the page cache"),
        Side("lance take", _lance, "take of an inline binary column; nothing checked; files in the page cache"),
        Side("lance blobs", _blobs, "take_blobs and readall of each; nothing checked; files in the page cache"),
    ),
    bars=(
        Bar(what="lance take", ours=("wbtable", "seconds"), peer=("lance take", "seconds"), at_least=1),
        Bar(what="lance take_blobs", ours=("wbtable", "seconds"), peer=("lance blobs", "seconds"), at_least=5),
    ),
)
