"""Where the objects of a manifest are: beside it, or in a folder above (spec: 03-store-layout, LAYOUT-8)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wbtable.errors import NotFoundError
from wbtable.format.layout import OBJECTS, TABLE_SUFFIX
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.storage.backend import Backend

_MOST_ABOVE = 32


def find_objects(url: str | os.PathLike[str], **storage_options: object) -> ObjectStore:
    """Return the objects that belong to a manifest or a folder.

    Args:
        url: the path or URL of a file or of a folder; a file's own folder is where the search begins.
        storage_options: passed to the file system.

    Raises:
        NotFoundError: neither the folder nor one above it has `objects/`.

    """
    backend = open_backend(url, **storage_options)
    if isinstance(backend, LocalBackend):
        return ObjectStore(LocalBackend(_local_root(backend.root)))
    text = os.fspath(url).rstrip("/")
    scheme, _, rest = text.partition("://")
    parts = rest.split("/")
    # A URL's first part is a bucket or a host. Whether the last is a file makes no difference: it has no objects.
    for length in range(len(parts), max(0, len(parts) - _MOST_ABOVE), -1):
        candidate = open_backend(f"{scheme}://{'/'.join(parts[:length])}", **storage_options)
        if _has_objects(candidate):
            return ObjectStore(candidate)
    raise _nothing(text)


def manifests_in(backend: Backend) -> list[str]:
    """Return the names of the manifests that lie right in a folder, sorted; no folder in it is looked into."""
    local = backend.local_path("")
    if local is None:
        names = [key for key in backend.list("") if "/" not in key]
    else:
        with explained(f"list {local}"):
            names = [item.name for item in os.scandir(local) if item.is_file()]
    return sorted(name for name in names if name.endswith(TABLE_SUFFIX))


def _local_root(path: Path) -> Path:
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.parents):
        if (folder / OBJECTS).is_dir():
            return folder
    raise _nothing(str(path))


def _has_objects(backend: Backend) -> bool:
    return next(iter(backend.list(OBJECTS)), None) is not None


def _nothing(where: str) -> NotFoundError:
    return NotFoundError(f"neither this folder nor one above it has {OBJECTS}/", place=where)
