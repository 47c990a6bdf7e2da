"""The store that the tests of the page look at: the demo's, small, made once for all workers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = 300
SONGS = 4


def demo_store(base: Path, mine: Path) -> Path:
    """Return a copy of the demo's store of a worker's own; the first to come makes the store.

    Args:
        base: a folder that the workers share.
        mine: where the copy goes.

    """
    made = base / "demo-store"
    with (base / "demo-store.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            unfinished = base / f"demo-store.{os.getpid()}"
            _make(unfinished)
            unfinished.rename(made)
    shutil.copytree(made, mine)
    return mine


def _make(folder: Path) -> None:
    from examples import fashion_mnist, songs

    with contextlib.redirect_stdout(None):
        fashion_mnist.run(folder, epochs=5, train=1000, test=IMAGES)
        songs.run(folder, songs=SONGS)
