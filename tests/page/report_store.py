"""A small store for views and reports: pictures, words, numbers and sounds, two versions of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

import wbtable

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store

PROJECT: Final = "fashion"
ROWS: Final = 24
HOSTILE: Final = "<img src=x onerror=alert(1)><script>alert(2)</script>"
SOURCE: Final = {
    "kind": "table",
    "tables": [{"project": PROJECT, "artifact": "predictions", "version": "v0", "path": "test.table.json"}],
}


def make_store(folder: Path) -> Store:
    """Make the store."""
    store = wbtable.create_store(folder)
    for version in range(2):
        draft = wbtable.Artifact("predictions", type="predictions")
        draft.add(_table(version), "test")
        store.commit(draft, project=PROJECT)
    return store


def _table(version: int) -> wbtable.Table:
    rng = np.random.default_rng(version)
    names = ("shirt", "coat", "bag")
    table = wbtable.Table(columns=["id", "image", "truth", "guess", "score", "sound", "note"])
    for i in range(ROWS):
        pixels = (rng.random((20, 20)) * 120).astype("uint8")
        pixels[4:16, 4 + i % 8 : 12] = 255
        tone = 0.3 * np.sin(np.arange(2400) / 8000 * 2 * np.pi * (220 + 20 * i)).astype("float32")
        note = HOSTILE if i == 3 else f"note {i}"
        table.add_data(
            i,
            wbtable.Image(pixels),
            names[i % 3],
            names[(i // 2 + version) % 3],
            round(float(rng.random()), 4),
            wbtable.Audio(tone, sample_rate=8000),
            note,
        )
    return table
