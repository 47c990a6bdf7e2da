"""Store 20 k JPEGs as an artifact's table, then the same with 1 % of them changed as the next version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, size_of, timed
from benchmarks.cases.images_write import DATA, prepare
from benchmarks.media_data import read_images

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    import wbtable


def _commit(store: wbtable.Store, images: pa.Table) -> wbtable.Version:
    import wbtable

    artifact = wbtable.Artifact("images", type="dataset")
    artifact.add(wbtable.Table.from_arrow(images, dtype={"image": wbtable.Image}), "images")
    return store.commit(artifact, project="bench")


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import pyarrow as pa

    import wbtable

    images = read_images(data / "images.arrow")
    changed = read_images(data / "changed.arrow")["image"].to_pylist()
    content = images["image"].to_pylist()
    for place, image in enumerate(changed):
        content[place * 100 + 37] = image
    second = pa.table({"id": images["id"], "image": pa.array(content, pa.binary())})
    warm = wbtable.create_store(work / "warm")
    _commit(warm, images.slice(0, 1))
    store = wbtable.create_store(work / "store")
    with timed() as first_time:
        _commit(store, images)
    first_bytes = size_of(work / "store")
    with timed() as second_time:
        version = _commit(store, second)
    if version.version != "v1":
        raise AssertionError(version)
    return {
        "first seconds": first_time.seconds,
        "second seconds": second_time.seconds,
        "first bytes": first_bytes,
        "second bytes": size_of(work / "store") - first_bytes,
    }


CASE = Case(
    name="images-again",
    work="the same again with 1 % of the images changed, as a new version",
    data=DATA,
    prepare=prepare,
    sides=(Side("wbtable", _ours, "Table.from_arrow, Artifact.add, Store.commit; all are hashed both times; fsynced"),),
    bars=(
        Bar(what="the first time", ours=("wbtable", "second seconds"), peer=("wbtable", "first seconds"), at_least=2),
        Bar(what="bytes", ours=("wbtable", "second bytes"), peer=("wbtable", "first bytes"), at_most=0.015),
    ),
)
