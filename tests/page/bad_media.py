"""A table of media that are hard to show: damaged ones of each kind, a picture of 8,192 pixels a side, many classes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image

import wbtable
from tests.page import media_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIDE: Final = 8192
CLASSES: Final = 360
"""More than the page lists at once, and more than one byte tells apart."""
KINDS: Final[dict[str, Callable[[int], Any]]] = {
    "picture": media_table.picture,
    "sound": media_table.tone,
    "clip": media_table.clip,
    "page": media_table.page,
    "thing": media_table.thing,
    "figure": media_table.figure,
    "molecule": media_table.molecule,
}
"""Columns whose first row lies damaged on the disk; the second is as it should be."""
DAMAGED, WHOLE = 12, 7
"""Which rows of the table of media they are: the first draws nothing over the picture's edge, the second has a mesh."""


def _huge() -> bytes:
    """Return a picture of 201 MB of pixels that takes few bytes: black, with a red corner."""
    image = Image.new("RGB", (SIDE, SIDE))
    image.paste((255, 0, 0), (0, 0, SIDE // 2, SIDE // 2))
    sink = io.BytesIO()
    image.save(sink, "PNG", compress_level=1)
    return sink.getvalue()


def _classes() -> wbtable.Image:
    """Return a picture whose mask has all classes but the background, in stripes."""
    ids = np.repeat(np.arange(1, CLASSES + 1, dtype=np.uint16)[None, :], 40, axis=0)
    labels = {i: f"class number {i}" for i in range(1, CLASSES + 1)}
    masks = {"model": {"mask_data": ids, "class_labels": labels}}
    return wbtable.Image(np.zeros((40, CLASSES, 3), np.uint8), masks=masks)


def write_bad_media(folder: Path) -> Path:
    """Write the table to a folder, and turn bits of what its first row holds; return the folder."""
    table = wbtable.Table(columns=["id", "huge", "many", "broken", *KINDS])
    # Rows that no other table has: what is decoded once is kept by its digest.
    first = [make(DAMAGED) for make in KINDS.values()]
    table.add_data(0, wbtable.Image(_huge()), _classes(), wbtable.Image(media_table.broken_png()), *first)
    small = wbtable.Image(media_table.scene(1))
    table.add_data(1, small, _classes(), small, *(make(WHOLE) for make in KINDS.values()))
    table.write(str(folder), "bad")
    for value in first:
        _rot(folder, value.bytes)
    return folder


def _rot(folder: Path, data: bytes) -> None:
    for path in folder.rglob("*"):
        held = path.read_bytes() if path.is_file() else b""
        at = held.find(data)
        if at >= 0:
            middle = at + len(data) // 2
            path.chmod(0o600)
            path.write_bytes(held[:middle] + bytes([held[middle] ^ 0xFF]) + held[middle + 1 :])
            return
    raise AssertionError("the bytes are in none of the files")
