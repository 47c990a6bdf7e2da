"""Columns of encoded images that come batch by batch: many are hashed at once, on all cores, before the rest is done.

Hashing takes the interpreter's lock behind each blob. Beside a thread that holds it, and stores the rows before, it
takes longer than one after the other: 20 k images of 15 kB on two cores 440 ms in place of 330.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from wbtable.tables.ingest import image_slices

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pyarrow as pa

    from wbtable.format.types import ColumnType
    from wbtable.storage.seen import Digests
    from wbtable.tables.spill import TableBlobs

    Part = tuple[int, pa.RecordBatch]

_A = TypeVar("_A")

WINDOW_BYTES: Final = 64 << 20
"""Bytes of batches that are hashed together."""


def windows(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Yield batches, each with the position of its first row, so many together that they are worth all cores."""
    window: list[Part] = []
    size = 0
    for part in parts:
        window.append(part)
        size += part[1].nbytes
        if size >= WINDOW_BYTES:
            yield window
            window, size = [], 0
    if window:
        yield window


def hashed(
    blobs: TableBlobs, images: Mapping[_A, ColumnType], window: list[Part]
) -> Iterator[tuple[Part, dict[_A, Digests]]]:
    """Yield the batches of a window with the digests of their columns of images.

    Args:
        blobs: keeps the bytes of the images where they are.
        images: the types of the columns of images by name or number.
        window: the batches.

    """
    known: list[dict[_A, Digests]] = [{} for _ in window]
    slices = [(k, i, image_slices(batch.column(i), images[i])) for k, (_, batch) in enumerate(window) for i in images]
    borrowed = [(k, i, one) for k, i, one in slices if one is not None]
    if borrowed:
        for (k, i, _), digests in zip(borrowed, blobs.put_slices([one for _, _, one in borrowed]), strict=True):
            known[k][i] = digests
    yield from zip(window, known, strict=True)
