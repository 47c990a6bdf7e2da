"""What this machine keeps, by kind: what each folder below the one root is for, its size and bound, and what may go."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wbtable.storage.cache_folder import cache_root, cache_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["KINDS", "Kept", "drop", "kept"]

KINDS: Final = {
    "objects": "copies of remote objects",
    "columns": "decoded columns, for sorted views",
    "orders": "orders of sorted views",
    "thumbnails": "small pictures",
    "index": "which blobs a store has",
    "spill": "temporary files of running processes",
    "spool": "runs that wait for wbtable sync",
}
"""Folders below the root, in the order in which they are shown."""
_STAYS: Final = frozenset({"spill", "spool"})
"""What is in use, or has no other copy: never dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of one kind.

    Attributes:
        kind: the folder's name, a key of `KINDS`.
        files: how many there are.
        size: their bytes.
        limit: how many bytes there may be; None where rows or other things bound it.

    """

    kind: str
    files: int
    size: int
    limit: int | None


def kept() -> list[Kept]:
    """Return what is kept of each kind."""
    from wbtable.query.column_files import LIMIT
    from wbtable.query.orders import ON_DISK
    from wbtable.viewer.thumbnails import MAX_KEPT

    limits = {"objects": cache_size(), "columns": LIMIT, "orders": ON_DISK, "thumbnails": MAX_KEPT}
    found = []
    for kind in KINDS:
        sizes = list(_sizes(cache_root() / kind))
        found.append(Kept(kind=kind, files=len(sizes), size=sum(sizes), limit=limits.get(kind)))
    return found


def drop() -> int:
    """Remove what can be made or read again; return how many bytes that were. Processes that use it go on."""
    freed = 0
    for kind in KINDS:
        if kind in _STAYS:
            continue
        folder = cache_root() / kind
        before = sum(_sizes(folder))
        shutil.rmtree(folder, ignore_errors=True)
        freed += before - sum(_sizes(folder))
    return freed


def _sizes(folder: Path) -> Iterator[int]:
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                yield os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - thousands of files, not of Paths
