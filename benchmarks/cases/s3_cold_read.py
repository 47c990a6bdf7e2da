"""Read 100 random rows with their images from S3, in a process that has read nothing, with an empty cache."""

from __future__ import annotations

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.case import Bar, Case, Scale, Side
from benchmarks.cases import s3_images
from benchmarks.servers import DELAY, gateway, metered

if TYPE_CHECKING:
    from pathlib import Path

_TAKEN = 100
_MANY = 1_000_000
_TABLES = ("few", "many")


def _prepare(data: Path, scale: Scale) -> None:
    """Write a table of all images, and a long one in which they repeat: what is read of a row is the same."""
    import pyarrow as pa

    import wbtable

    s3_images.prepare(data, scale)
    images = s3_images.read(data)["image"].combine_chunks()
    for name, count in (("few", len(images)), ("many", scale.of(_MANY, 20_000))):
        chance = np.random.default_rng(5)
        with wbtable.TableWriter(data / name, dtype={"image": wbtable.Image}) as writer:
            for start in range(0, count, len(images)):
                ids = np.arange(start, min(start + len(images), count))
                columns = {
                    "id": pa.array(ids),
                    "name": pa.array([f"img_{i:07}.jpg" for i in ids]),
                    "score": pa.array(chance.random(len(ids), dtype=np.float32)),
                    "image": images.slice(0, len(ids)),
                }
                writer.write_batch(pa.table(columns))
    (data / "images.arrow").unlink()


def _read(url: str, options: dict[str, Any], name: str, cache: str) -> dict[str, float]:
    """Open the store and read, counting from the first request on."""
    os.environ["WBTABLE_CACHE_DIR"] = cache
    import wbtable

    with metered(DELAY) as meter:
        start = time.perf_counter()
        table = wbtable.Store(url, **options).artifact("bench/tables").get(name)
        rows = np.random.default_rng(11).permutation(len(table))[:_TAKEN]
        found = table.take(rows, media="bytes")
        seconds = time.perf_counter() - start
    images = set(found["image"].combine_chunks().field("bytes").to_pylist())
    return {
        f"{name} seconds": seconds,
        f"{name} received bytes": meter.received,
        f"{name} needed bytes": sum(map(len, images)),
        f"{name} sequential_reads": meter.rounds(),
    }


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    import wbtable

    figures: dict[str, float] = {}
    with gateway(work) as place:
        url = place.url()
        draft = wbtable.Artifact("tables")
        for name in _TABLES:
            draft.add(wbtable.open_table(data / name), name)
        wbtable.create_store(url, **place.options).commit(draft, project="bench")
        for name in _TABLES:
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                figures |= pool.submit(_read, url, place.options, name, str(work / f"cache-{name}")).result()
    return figures


def _bars(name: str, rows: str, times: float) -> tuple[Bar, ...]:
    received, needed = f"{name} received bytes", f"{name} needed bytes"
    return (
        Bar(what=f"{rows}, bytes needed", ours=("wbtable", received), peer=("wbtable", needed), at_most=times),
        Bar(what=f"{rows}, round trips", ours=("wbtable", f"{name} sequential_reads"), at_most=8),
    )


CASE = Case(
    name="s3-cold-read",
    work="100 random rows with images from S3, read cold",
    data="s3-tables",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "Store, artifact, get, Table.take(media='bytes') in a fresh process, its cache empty"),
    ),
    bars=(*_bars("few", "12,000 rows", 1.5), *_bars("many", "1 M rows", 8)),
)
