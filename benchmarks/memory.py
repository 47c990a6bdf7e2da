"""Show that writing takes bounded memory: 10 GB of images, or 100 M rows, in 512 MiB beyond the interpreter.

    python -m benchmarks.memory [--only NAME] [--full] [--work FOLDER]

Each way of writing runs in a process of its own. What is counted is its highest resident set (VmHWM) less that of a
process that has imported the same and done nothing. Without --full the sample is a tenth or less, enough for memory
that grew with the data to show.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

import wbtable
from benchmarks.case import size_of
from benchmarks.media_data import jpeg
from benchmarks.scalar_data import predictions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BOUND = 512 << 20
_DISTINCT = 200
_BATCH = 100_000


def _images(total: int) -> Iterator[bytes]:
    """Yield JPEGs of about 15 kB until they are `total` bytes: no two are the same, bytes after the end differ."""
    known = [jpeg(seed) for seed in range(_DISTINCT)]
    made = number = 0
    while made < total:
        image = known[number % _DISTINCT] + number.to_bytes(8, "little")
        yield image
        made += len(image)
        number += 1


def write_images(work: Path, *, full: bool) -> None:
    """TableWriter.write_rows of images, given as bytes."""
    with wbtable.TableWriter(work / "table", columns=["id", "image"]) as writer:
        for number, image in enumerate(_images(10_000_000_000 if full else 1_500_000_000)):
            writer.write_row(number, wbtable.Image(image))


def add_images(work: Path, *, full: bool) -> None:
    """Table.add_data of images, given as bytes; then a commit as an artifact."""
    table = wbtable.Table(columns=["id", "image"])
    for number, image in enumerate(_images(10_000_000_000 if full else 1_500_000_000)):
        table.add_data(number, wbtable.Image(image))
    artifact = wbtable.Artifact("images", type="dataset")
    artifact.add(table, "images")
    wbtable.create_store(work / "store").commit(artifact, project="bench")


def write_rows(work: Path, *, full: bool) -> None:
    """TableWriter.write_batch of 14 columns, 100,000 rows at a time."""
    part = predictions(_BATCH)
    with wbtable.TableWriter(work / "table") as writer:
        for turn in range(1_000 if full else 100):
            ids = pa.array(np.arange(turn * _BATCH, (turn + 1) * _BATCH))
            writer.write_batch(part.set_column(0, "id", ids))


def add_rows(work: Path, *, full: bool) -> None:
    """Table.add_data of 3 columns, a call for each row; then Table.write."""
    table = wbtable.Table(columns=["id", "score", "name"])
    for number in range(20_000_000 if full else 3_000_000):
        table.add_data(number, random.random(), f"img_{number % 1000}.png")
    table.write(str(work / "table"))


def nothing(work: Path, *, full: bool) -> None:
    """Only import what the others import."""
    for name in ("TableWriter", "Table", "Image", "Artifact", "create_store"):
        getattr(wbtable, name)


WAYS: dict[str, Callable[..., None]] = {
    "write-images": write_images,
    "add-images": add_images,
    "write-rows": write_rows,
    "add-rows": add_rows,
}


def peak() -> int:
    """Return this process's highest resident set so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def _run(name: str, root: Path | None, *, full: bool) -> tuple[int, float, int]:
    """Run one way in a fresh process; return its peak, seconds, and bytes written."""
    with tempfile.TemporaryDirectory(dir=root, prefix="wbtable-memory-") as work:
        command = [sys.executable, "-m", "benchmarks.memory", "--inside", name, "--work", work]
        start = time.perf_counter()
        done = subprocess.run([*command, *(["--full"] if full else [])], check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - start
        size = size_of(Path(work))
        shutil.rmtree(work, ignore_errors=True)
        Path(work).mkdir()
    return int(done.stdout.split()[-1]), seconds, size


def main() -> None:
    """Read the command line, run, print; exit code 1 if a way took more than the bound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(WAYS), help="may be repeated")
    parser.add_argument("--full", action="store_true", help="10 GB of images, 100 M rows; 20 M calls of add_data")
    parser.add_argument("--work", type=Path, help="folder to write below (default: the system's temporary one)")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        (nothing if chosen.inside == "nothing" else WAYS[chosen.inside])(chosen.work, full=chosen.full)
        print(peak())
        return
    base, _, _ = _run("nothing", chosen.work, full=chosen.full)
    print(f"{'way':<14}{'written':>12}{'seconds':>10}{'peak beyond the interpreter':>30}   bound {BOUND >> 20} MiB")
    good = True
    for name in chosen.only or WAYS:
        found, seconds, size = _run(name, chosen.work, full=chosen.full)
        beyond = found - base
        good &= beyond <= BOUND
        verdict = "ok" if beyond <= BOUND else "MISS"
        print(f"{name:<14}{size / 1e6:>9,.0f} MB{seconds:>10.1f}{beyond / 2**20:>26,.0f} MiB   {verdict}", flush=True)
    print(f"interpreter with the same imports: {base / 2**20:,.0f} MiB")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
