"""The objects of a store, as a collector lists them (spec: 10c-collection, GC-2, GC-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.format import layout
from wbtable.storage.key_info import KeyInfo

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from wbtable.artifacts.gc_mark import PlainRef
    from wbtable.storage.backend import Backend

_COMPRESSED: Final = ".zst"


class Objects:
    """What a listing of `objects/` showed.

    Where a listing has names alone, as on a local disk, sizes and times are asked for later, and only of what may be
    deleted: nearly everything is live, and to look at each file takes longer than all else.

    Attributes:
        keys: what was there.

    """

    def __init__(self, backend: Backend) -> None:
        """List them."""
        self._backend = backend
        names = getattr(backend, "names", None)
        self._found: dict[str, KeyInfo] | None = None
        self.keys: Collection[str]
        if names is None:
            self.keys = self._found = {info.key: info for info in backend.scan(layout.OBJECTS)}
        else:
            self.keys = list(names(layout.OBJECTS))

    def unmarked(self, live: Mapping[str, PlainRef]) -> list[KeyInfo]:
        """Return the objects that are not marked. What is no object is not ours to delete.

        Those that are gone meanwhile are left out, and those that were replaced are as young as that made them.
        """
        left = [key for key in self.keys if key not in live]
        infos = [self._info(key) for key in left if layout.is_object_key(key)]
        return [info for info in infos if info is not None]

    def live_sizes(self, live: Mapping[str, PlainRef]) -> list[int]:
        """Return the stored bytes of each marked object that was there."""
        found = self._found
        if found is not None:
            return [found[key].size for key in self.keys if key in live]
        marked = [live[key] for key in self.keys if key in live]
        # Nearly all are stored as they are: then their size is the one that whatever refers to them says.
        sizes = [ref[3] for ref in marked]
        for at in [at for at, ref in enumerate(marked) if ref[0].endswith(_COMPRESSED)]:
            sizes[at] = self._backend.size(marked[at][0]) or 0
        return sizes

    def _info(self, key: str) -> KeyInfo | None:
        if self._found is not None:
            return self._found[key]
        size, modified = self._backend.size(key), self._backend.modified(key)
        return None if size is None or modified is None else KeyInfo(key, size, modified)
