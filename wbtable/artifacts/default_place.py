"""Where the store is if nothing else is said."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from wbtable.format import layout

FOLDER: Final = ".wbtable"
VARIABLE: Final = "WBTABLE_STORE"


def default_url(start: Path | None = None) -> str:
    """Return where things live if nothing else is said.

    `WBTABLE_STORE`, else the nearest ``.wbtable/`` in the folder `start` (None: this one) or above, else ``.wbtable``
    in it, which need not exist.
    """
    named = named_url()
    if named is not None:
        return named
    folder = Path.cwd() if start is None else start
    for candidate in (folder, *folder.parents):
        if (candidate / FOLDER / layout.HEADER).is_file():
            return str(candidate / FOLDER)
    return str(folder / FOLDER)


def named_url() -> str | None:
    """Return what `WBTABLE_STORE` says; None where it is not set, or blank."""
    named = os.environ.get(VARIABLE, "")
    return named if named.strip() else None
