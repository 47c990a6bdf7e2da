"""Blobs that a store has already, so that they are not stored again (spec: 10-artifacts, DEDUP-n)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts.contents import reachable
from wbtable.errors import FormatError, NotFoundError
from wbtable.format.digest import PACK, Digest, suffix_of
from wbtable.format.file_cell import relative_uri
from wbtable.format.pack import decode_columns
from wbtable.storage.packs import FileLocation
from wbtable.storage.seen import SeenBlobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wbtable.format.digest import Descriptor
    from wbtable.storage.objects import ObjectStore


class KnownBlobs:
    """The blobs in the packs that some versions lead to, read from the packs' trailers at the first question.

    A place found here is still only a place: the writer looks whether it is there, and readers check the digest.
    """

    def __init__(self, objects: ObjectStore, roots: Iterable[Descriptor]) -> None:
        """Read nothing yet."""
        self._objects = objects
        self._roots = list(roots)
        self._uris: list[str] = []
        self._large: dict[bytes, int] = {}
        self._blobs: SeenBlobs | None = None

    def __call__(self, digest: Digest) -> FileLocation | None:
        """Return where a blob is, None if it is unknown."""
        found = self.find_many([digest.raw])[0]
        return None if found is None else FileLocation(uri=found[0], offset=found[1], size=found[2])

    def find_many(self, raws: Sequence[bytes]) -> list[tuple[str, int, int] | None]:
        """Return URI, offset and size of blobs by their raw digests, None where they are unknown."""
        blobs = self._blobs if self._blobs is not None else self._load()
        out: list[tuple[str, int, int] | None] = []
        for raw, place in zip(raws, blobs.find_many(raws), strict=True):
            if place is not None:
                out.append((self._uris[place[0]], place[1], place[2]))
            elif raw in self._large:
                out.append((relative_uri(Digest.from_raw(raw), packed=False), 0, self._large[raw]))
            else:
                out.append(None)
        return out

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
                self._large[descriptor.digest.raw] = descriptor.size
        self._blobs = blobs
        return blobs

    def _add_pack(self, digest: Digest, blobs: SeenBlobs) -> None:
        try:
            trailer, size = self._objects.pack_trailer(digest)
            digests, offsets, sizes = decode_columns(trailer, size)
        except (FormatError, NotFoundError):
            return
        blobs.add_run(digests, len(self._uris), offsets, sizes)
        self._uris.append(relative_uri(digest, packed=True))
