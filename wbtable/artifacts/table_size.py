"""How many bytes a table's objects are: kept for its full pages, so that an append adds up its tail (ART-3)."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final

from wbtable.artifacts.contents import reachable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbtable.format.digest import Descriptor, Digest
    from wbtable.format.table_manifest import PageEntry, TableManifest
    from wbtable.storage.objects import ObjectStore

    _Key = tuple[Digest, str]

MOST_KEPT: Final = 1 << 18
"""Of so many objects the names are kept, in about 100 bytes each."""

_KEPT_TABLES: Final = 2

_guard = Lock()
_kept: OrderedDict[tuple[str, ...], tuple[frozenset[_Key], int]] = OrderedDict()


def data_size(objects: ObjectStore, manifest: TableManifest) -> int:
    """Return the bytes of the objects that a table leads to, each counted once (ART-3).

    Raises:
        FormatError: a page is damaged.

    """
    known, size = _of_pages(objects, manifest.pages)
    if not known:
        return sum([ref.size for ref in manifest.refs])
    return size + sum([ref.size for ref in manifest.refs if _key(ref) not in known])


def _key(ref: Descriptor) -> _Key:
    return (ref.digest, ref.media_type)


def _of_pages(objects: ObjectStore, pages: tuple[PageEntry, ...]) -> tuple[frozenset[_Key], int]:
    """Return what full pages lead to, they among it, and how many bytes that is."""
    if not pages:
        return frozenset(), 0
    names = tuple(entry.page.digest.hex for entry in pages)
    with _guard:
        found = _kept.get(names)
        before = _kept.get(names[:-1])
    if found is not None:
        return found
    if before is not None:
        found = _joined(before, reachable(objects, [pages[-1].page]).values())
    else:
        found = _joined((frozenset(), 0), reachable(objects, [entry.page for entry in pages]).values())
    if len(found[0]) <= MOST_KEPT:
        with _guard:
            _kept[names] = found
            while len(_kept) > _KEPT_TABLES:
                _kept.popitem(last=False)
    return found


def _joined(known: tuple[frozenset[_Key], int], refs: Iterable[Descriptor]) -> tuple[frozenset[_Key], int]:
    keys, size = known
    new = {_key(ref): ref.size for ref in refs if _key(ref) not in keys}
    return keys | new.keys(), size + sum(new.values())
