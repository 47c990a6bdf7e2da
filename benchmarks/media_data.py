"""Seeded images and small files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIDE = 224
IMAGES = 20_000
SMALL_FILES = 20_000
_BATCH = 1_000
_QUALITIES = (44, 70, 80, 90, 93, 95, 97, 97)


def jpeg(seed: int, quality: int = 80) -> bytes:
    """Return a colour JPEG of 224 x 224: blurred shapes under fine grain, 11-19 kB; the same for the same seed."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (7, 7, 3), np.uint8)
    image = np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.int16)
    grain = random.integers(-int(random.integers(19, 34)), 27, (SIDE // 2, SIDE // 2, 1), np.int16)
    mixed = image + np.repeat(np.repeat(grain, 2, axis=0), 2, axis=1)
    out = io.BytesIO()
    Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=quality)
    return out.getvalue()


def varied_jpeg(seed: int) -> bytes:
    """Return a JPEG of 8-38 kB, 24 kB on average; the same for the same seed."""
    return jpeg(seed, _QUALITIES[seed % len(_QUALITIES)])


def jpegs(count: int, first_seed: int = 0) -> Iterator[bytes]:
    """Return `count` images of consecutive seeds."""
    return (jpeg(seed) for seed in range(first_seed, first_seed + count))


def write_images(path: Path, count: int, first_seed: int = 0) -> None:
    """Write an Arrow file with columns `id` (int64) and `image` (binary: a JPEG), `count` rows."""
    schema = pa.schema([("id", pa.int64()), ("image", pa.binary())])
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for start in range(0, count, _BATCH):
            ids = range(start, min(start + _BATCH, count))
            images = list(jpegs(len(ids), first_seed + start))
            writer.write_batch(pa.record_batch([pa.array(ids, pa.int64()), pa.array(images, pa.binary())], schema))


def read_images(path: Path) -> pa.Table:
    """Read what `write_images` wrote, into memory."""
    return pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()


def write_small_files(folder: Path, count: int = SMALL_FILES) -> None:
    """Fill a folder with files of 0.2-8 kB, a hundred in each of its folders."""
    random = np.random.default_rng(7)
    for start in range(0, count, 100):
        inside = folder / f"part-{start // 100:03d}"
        inside.mkdir(parents=True)
        for place in range(start, min(start + 100, count)):
            (inside / f"file-{place:05d}.bin").write_bytes(random.bytes(int(random.integers(200, 8_000))))
