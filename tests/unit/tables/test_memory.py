"""Writing takes bounded memory, however much is written (issue: bounded memory)."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_BASE = """
import io, resource, sys
import numpy as np
import pyarrow as pa
from PIL import Image as Pillow
import wbtable
from wbtable.tables.open import open_table
folder = sys.argv[1]
def peak():
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size << 10
sink = io.BytesIO()
noise = np.random.default_rng(0).integers(0, 256, (600, 600, 3), dtype=np.uint8)
Pillow.fromarray(noise).save(sink, "PNG", compress_level=0)
whole = sink.getvalue()
def picture(i):
    return whole + i.to_bytes(8, "big")  # bytes behind a picture's end make another blob
with wbtable.TableWriter(folder + "/warm", columns=["i", "x"], dtype={"x": wbtable.Image}) as writer:
    writer.write_rows([[i, picture(i)] for i in range(10)])
before = peak()
"""
_ROWS = """
batch = pa.table({"i": np.arange(100_000), "x": np.random.default_rng(0).random(100_000), "s": ["text"] * 100_000})
with wbtable.TableWriter(folder, "rows") as writer:
    for _ in range(30):
        writer.write_batch(batch)
print(peak() - before)
assert len(open_table(folder + "/rows.table.json")) == 3_000_000
"""
_IMAGES = """
with wbtable.TableWriter(folder, "images", columns=["i", "x"], dtype={"x": wbtable.Image}) as writer:
    for i in range(400):
        writer.write_row(i, picture(i))
print(peak() - before)
assert len(open_table(folder + "/images.table.json")) == 400
"""
_TABLE = """
table = wbtable.Table(columns=["i", "x"], dtype={"x": wbtable.Image})
for i in range(400):
    table.add_data(i, picture(i))
table.write(folder, "table")
print(peak() - before)
assert len(open_table(folder + "/table.table.json")) == 400
"""


@pytest.mark.parametrize(
    ("program", "bound"), [(_ROWS, 200), (_IMAGES, 250), (_TABLE, 400)], ids=["rows", "images", "table"]
)
def test_writing_takes_bounded_memory(tmp_path: Path, program: str, bound: int) -> None:
    """3 million rows, or 430 MB of images, take fewer MiB than the bound beyond what the warm interpreter has."""
    environment = {**os.environ, "WBTABLE_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", _BASE + program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < bound << 20
    assert not list((tmp_path / "cache").rglob("*.pack"))
