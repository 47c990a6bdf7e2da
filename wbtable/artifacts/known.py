"""Blobs that a store has already, so that they are not stored again (spec: 10-artifacts, DEDUP-n)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts.contents import reachable
from wbtable.errors import FormatError, NotFoundError
from wbtable.format.digest import PACK, suffix_of
from wbtable.format.file_cell import relative_uri
from wbtable.storage.packs import FileLocation
from wbtable.storage.seen import SeenBlobs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbtable.format.digest import Descriptor, Digest
    from wbtable.storage.objects import ObjectStore


class KnownBlobs:
    """The blobs in the packs that some versions lead to, read from the packs' trailers at the first question.

    A place found here is still only a place: the writer looks whether it is there, and readers check the digest.
    """

    def __init__(self, objects: ObjectStore, roots: Iterable[Descriptor]) -> None:
        """Read nothing yet."""
        self._objects = objects
        self._roots = list(roots)
        self._packs: list[Digest] = []
        self._large: dict[Digest, int] = {}
        self._blobs: SeenBlobs | None = None

    def __call__(self, digest: Digest) -> FileLocation | None:
        """Return where a blob is, None if it is unknown."""
        blobs = self._blobs if self._blobs is not None else self._load()
        size = self._large.get(digest)
        if size is not None:
            return FileLocation(uri=relative_uri(digest, packed=False), offset=0, size=size)
        place = blobs.find_many([digest.raw])[0]
        if place is None:
            return None
        return FileLocation(uri=relative_uri(self._packs[place[0]], packed=True), offset=place[1], size=place[2])

    def _load(self) -> SeenBlobs:
        blobs = SeenBlobs()
        try:
            found = reachable(self._objects, self._roots)
        except (FormatError, NotFoundError):
            # A damaged older version is no reason not to store a new one.
            found = {}
        for descriptor in found.values():
            if descriptor.media_type == PACK:
                self._add_pack(descriptor.digest, blobs)
            elif not suffix_of(descriptor.media_type):
                self._large[descriptor.digest] = descriptor.size
        self._blobs = blobs
        return blobs

    def _add_pack(self, digest: Digest, blobs: SeenBlobs) -> None:
        try:
            entries, _ = self._objects.pack_entries(digest)
        except (FormatError, NotFoundError):
            return
        number = len(self._packs)
        self._packs.append(digest)
        for entry in entries:
            blobs.add(entry.digest.raw, (number, int(entry.offset), int(entry.size)))
