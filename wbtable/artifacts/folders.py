"""The names below a prefix of a store; found by listing (spec: 03-store-layout, LAYOUT-4)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wbtable.errors import FormatError
from wbtable.format import layout
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from wbtable.storage.backend import Backend


def children(backend: Backend, prefix: str) -> list[str]:
    """Return the names right below a prefix, sorted; those that are no escaped names are left out."""
    local = backend.local_path(prefix)
    if local is not None:
        with explained(f"list {local}"):
            try:
                names = {item.name for item in os.scandir(local) if item.is_dir()}
            except (FileNotFoundError, NotADirectoryError):
                return []
    else:
        names = {key[len(prefix) + 1 :].partition("/")[0] for key in backend.list(prefix)}
    return sorted(name for name in names if _is_escaped(name))


def _is_escaped(part: str) -> bool:
    try:
        layout.unescape(part)
    except FormatError:
        return False
    return True
