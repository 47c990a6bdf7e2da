"""The one local folder of everything that can be made again, or waits to be sent."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from wbtable.errors import UsageError

SIZE_VARIABLE: Final = "WBTABLE_CACHE_SIZE"
DEFAULT_SIZE: Final = 10_000_000_000

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)


def cache_root() -> Path:
    """Return ``WBTABLE_CACHE_DIR``, else ``wbtable`` in the user's cache folder."""
    given = os.environ.get("WBTABLE_CACHE_DIR")
    if given:
        return Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "wbtable"


def parse_size(text: str) -> int:
    """Return a number of bytes: ``10GB``, ``500 MB``, ``2GiB``, ``0``.

    Raises:
        UsageError: it is none.

    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UsageError(f"expected a size such as 10GB, found {text!r:.40}")
    return int(float(match[1]) * (1024 if match[3] else 1000) ** " kmgt".index(match[2].lower() or " "))


def cache_size() -> int:
    """Return how many bytes the cache may have: `WBTABLE_CACHE_SIZE`, else 10 GB; 0 for no cache.

    Raises:
        UsageError: the variable is no size.

    """
    text = os.environ.get(SIZE_VARIABLE)
    return DEFAULT_SIZE if text is None else parse_size(text)
