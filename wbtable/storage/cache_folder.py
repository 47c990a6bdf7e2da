"""The one local folder of everything that can be made again, or waits to be sent."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """Return ``WBTABLE_CACHE_DIR``, else ``wbtable`` in the user's cache folder."""
    given = os.environ.get("WBTABLE_CACHE_DIR")
    if given:
        return Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "wbtable"
