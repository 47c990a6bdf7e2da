"""Folders for what does not fit into memory, removed at exit, or found and removed after a crash."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from wbtable.storage.cache_folder import cache_root

_PREFIX: Final = "wbtable-"


def temporary_folder() -> Path:
    """Make a folder that is removed when this process ends, or found and removed after it crashed."""
    root = cache_root() / "spill"
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_orphans(root)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=root))
    owner = os.getpid()
    atexit.register(remove_folder, folder, owner)
    return folder


def remove_folder(folder: Path, owner: int) -> None:
    """Remove a folder in the process that made it."""
    if os.getpid() == owner:  # a forked child must not remove its parent's
        shutil.rmtree(folder, ignore_errors=True)


def _remove_orphans(root: Path) -> None:
    with contextlib.suppress(OSError):
        for folder in root.iterdir():
            pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
            if folder.name.startswith(_PREFIX) and pid.isdigit() and not _is_running(int(pid)):
                shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
