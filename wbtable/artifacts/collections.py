"""The records of collections that are under way (spec: 10c-collection, GC-1, GC-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.errors import NotFoundError
from wbtable.format import layout
from wbtable.format.collection import CollectionDocument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbtable.storage.backend import Backend


def under_way(backend: Backend) -> Iterator[tuple[str, CollectionDocument]]:
    """Yield key and record of each collection that is under way.

    Raises:
        FormatError: one is damaged.
        UnsupportedError: one needs a newer wbtable.

    """
    for key in backend.list(layout.COLLECTIONS):
        if not key.endswith(".json"):
            continue
        try:
            data = backend.get(key)
        except NotFoundError:
            continue
        yield key, CollectionDocument.from_bytes(data, key)


def dooming(backend: Backend, keys: frozenset[str]) -> str | None:
    """Return what to call a collection that dooms one of these keys, None if there is none (GC-4)."""
    for key, record in under_way(backend):
        if not keys.isdisjoint(record.keys):
            return f"the collection {key}"
    return None


def remove_stale(backend: Backend, now: float, grace: float) -> None:
    """Remove the records of collectors that show no sign of life: theirs stop then (GC-6)."""
    backend.delete([info.key for info in backend.scan(layout.COLLECTIONS) if now - info.modified >= grace])
