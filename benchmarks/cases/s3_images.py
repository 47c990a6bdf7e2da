"""Store 12,000 images of 8-40 kB on a real S3 server, as rows of a table, and as one object each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.media_data import varied_jpeg
from benchmarks.servers import gateway

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

IMAGES = 12_000
DATA = "images-varied"
_WARM = 64


def prepare(data: Path, scale: Scale) -> None:
    """Write an Arrow file with columns `id` and `image`."""
    import pyarrow as pa

    schema = pa.schema([("id", pa.int64()), ("image", pa.binary())])
    with pa.OSFile(str(data / "images.arrow"), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        count = scale.of(IMAGES, 500)
        for start in range(0, count, 500):
            ids = range(start, start + 500)
            writer.write_batch(pa.record_batch([pa.array(ids), pa.array(list(map(varied_jpeg, ids)))], schema=schema))


def read(data: Path) -> pa.Table:
    """Read what `prepare` wrote, into memory."""
    from benchmarks.media_data import read_images

    return read_images(data / "images.arrow")


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    images = read(data)
    with gateway(work) as place:
        store = wbtable.create_store(place.url(), **place.options)

        def commit(rows: pa.Table, name: str) -> None:
            draft = wbtable.Artifact(name)
            draft.add(wbtable.Table.from_arrow(rows, dtype={"image": wbtable.Image}), "images")
            store.commit(draft, project="bench")

        commit(images.slice(0, _WARM), "warm")  # connections are open then, on both sides
        with timed() as watch:
            commit(images, "images")
        return {"seconds": watch.seconds}


def _each(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import fsspec

    contents = read(data)["image"].to_pylist()
    with gateway(work) as place:
        fs = fsspec.filesystem("s3", **place.options)
        root = place.url().partition("://")[2]
        fs.pipe({f"{root}/warm/{i}.jpg": contents[i] for i in range(_WARM)})
        with timed() as watch:
            fs.pipe({f"{root}/images/{i:06}.jpg": content for i, content in enumerate(contents)})
        return {"seconds": watch.seconds}


CASE = Case(
    name="s3-images",
    work="store 12,000 images of 8-40 kB on Ceph's S3 gateway",
    data=DATA,
    prepare=prepare,
    sides=(
        Side("wbtable", _ours, "Table.from_arrow, Artifact.add, Store.commit: SHA-256 of each, packs, the table"),
        Side("one object each", _each, "s3fs.pipe of all, 128 side by side; no digests, no table", rounds=2),
    ),
    bars=(
        Bar(
            what="one object each",
            ours=("wbtable", "seconds"),
            peer=("one object each", "seconds"),
            at_least=15,
        ),
    ),
)
