"""Places on this machine that a user names; a URL is none, and would become a folder of its name."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from wbtable.errors import UsageError

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def path_here(place: str | os.PathLike[str], instead: str = "write it here, and copy it there") -> Path:
    """Return the path of a file or folder of this machine.

    Args:
        place: the path.
        instead: what to do where it is a URL.

    Raises:
        UsageError: it is a URL.

    """
    text = os.fspath(place)
    if isinstance(text, str) and _URL.match(text):
        what = "leave out 'file://'" if text.startswith("file://") else instead
        raise UsageError(f"expected a path of this machine, found the URL {text!r:.200}: {what}")
    return Path(place)
