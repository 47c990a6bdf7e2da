"""Blobs that a store has already, so that they are not stored again (spec: 10-artifacts, DEDUP-n)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wbtable.artifacts.contents import reachable
from wbtable.errors import FormatError, NotFoundError, WbtableError
from wbtable.format.digest import PACK, Digest, suffix_of
from wbtable.format.file_cell import parse_uri, relative_uri
from wbtable.format.pack import decode_columns
from wbtable.storage.packs import FileLocation
from wbtable.storage.seen import SeenBlobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from wbtable.artifacts.blob_index import BlobIndex
    from wbtable.format.digest import Descriptor
    from wbtable.storage.objects import ObjectStore

    Columns = tuple[npt.NDArray[np.void], npt.NDArray[np.int64], npt.NDArray[np.int64]]

_MOST_NOTED = 1_000_000


class _Packs:
    """The blobs of some packs, by what their trailers say."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self._uris: list[str] = []
        self._blobs = SeenBlobs()

    def add(self, digest: Digest) -> Columns | None:
        """Read a trailer; return its columns, None if the pack is damaged or gone."""
        try:
            trailer, size = self._objects.pack_trailer(digest)
            columns = decode_columns(trailer, size)
        except (FormatError, NotFoundError):
            return None
        digests, offsets, sizes = columns
        self._blobs.add_run(digests, len(self._uris), offsets, sizes)
        self._uris.append(relative_uri(digest, packed=True))
        return columns

    def find_many(self, raws: Sequence[bytes]) -> list[tuple[str, int, int] | None]:
        """Return URI, offset and size of blobs by their raw digests, None where they are unknown."""
        places = self._blobs.find_many(raws)
        return [None if place is None else (self._uris[place[0]], place[1], place[2]) for place in places]


class KnownBlobs:
    """The blobs in the packs that some versions lead to, read from the packs' trailers at the first question.

    A place found here is still only a place: the writer looks whether it is there, and readers check the digest.
    """

    def __init__(self, objects: ObjectStore, roots: Iterable[Descriptor], index: BlobIndex | None = None) -> None:
        """Read nothing yet.

        Args:
            objects: where the versions are.
            roots: their manifests.
            index: what remembers the packs that are read, as far as it has room.

        """
        self._objects = objects
        self._roots = list(roots)
        self._index = index
        self._large: dict[bytes, int] = {}
        self._packs: _Packs | None = None

    def __call__(self, digest: Digest) -> FileLocation | None:
        """Return where a blob is, None if it is unknown."""
        return _location(self.find_many([digest.raw])[0])

    def find_many(self, raws: Sequence[bytes]) -> list[tuple[str, int, int] | None]:
        """Return URI, offset and size of blobs by their raw digests, None where they are unknown."""
        if not raws:
            return []
        packs = self._packs if self._packs is not None else self._load()
        out = packs.find_many(raws)
        for at, raw in enumerate(raws):
            if out[at] is None and raw in self._large:
                out[at] = (relative_uri(Digest.from_raw(raw), packed=False), 0, self._large[raw])
        return out

    def _load(self) -> _Packs:
        packs = _Packs(self._objects)
        try:
            found = reachable(self._objects, self._roots)
        except (FormatError, NotFoundError):
            # A damaged older version is no reason not to store a new one.
            found = {}
        noted: set[str] | None = None
        room = 0
        for descriptor in found.values():
            if descriptor.media_type == PACK:
                columns = packs.add(descriptor.digest)
                if columns is None or self._index is None:
                    continue
                if noted is None:
                    noted, room = self._index.uris(), self._index.room()
                uri = relative_uri(descriptor.digest, packed=True)
                # What is older than this commit drives out nothing.
                if uri not in noted and len(columns[0]) <= room:
                    self._index.add_pack(uri, *columns)
                    room -= len(columns[0])
            elif not suffix_of(descriptor.media_type):
                self._large[descriptor.digest.raw] = descriptor.size
        self._packs = packs
        return packs


class StoreBlobs:
    """The blobs of some versions and, where those have not a blob, what this machine knows of the store.

    The index only says where to look: the place is that in the pack's own trailer (DEDUP-2).
    """

    def __init__(self, objects: ObjectStore, versions: KnownBlobs | None, index: BlobIndex) -> None:
        """Read nothing yet."""
        self._objects = objects
        self._versions = versions
        self._index = index
        self._packs = _Packs(objects)
        self._looked: set[str] = set()
        self._noted: list[tuple[str, Columns]] = []
        self._large: list[tuple[bytes, int]] = []
        self._count = 0

    def __call__(self, digest: Digest) -> FileLocation | None:
        """Return where a blob is, None if it is unknown."""
        return _location(self.find_many([digest.raw])[0])

    def find_many(self, raws: Sequence[bytes]) -> list[tuple[str, int, int] | None]:
        """Return URI, offset and size of blobs by their raw digests, None where they are unknown."""
        out: list[tuple[str, int, int] | None] = [None] * len(raws)
        if self._versions is not None:
            out = self._versions.find_many(raws)
        left = [at for at, place in enumerate(out) if place is None]
        if left:
            for at, place in zip(left, self._indexed([raws[at] for at in left]), strict=True):
                out[at] = place
        return out

    def note(self, uri: str, digests: Sequence[bytes], sizes: Sequence[int]) -> None:
        """Remember a pack, or a large blob, that is being stored; for the index once `save` is called."""
        if not parse_uri(uri)[1]:
            self._large.append((digests[0], sizes[0]))
            return
        lengths = np.array(sizes, np.int64)
        self._noted.append((uri, (np.frombuffer(b"".join(digests), "V32"), np.cumsum(lengths) - lengths, lengths)))
        self._count += len(sizes)
        if self._count > _MOST_NOTED:
            self.save()

    def save(self) -> None:
        """Put what was noted into the index."""
        noted, self._noted, self._count = self._noted, [], 0
        for uri, columns in noted:
            self._index.add_pack(uri, *columns)
        large, self._large = self._large, []
        if large:
            digests = np.frombuffer(b"".join(raw for raw, _ in large), "V32")
            self._index.add_large(digests, np.array([size for _, size in large], np.int64))

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _indexed(self, raws: list[bytes]) -> list[tuple[str, int, int] | None]:
        hints = self._index.find_many(raws)
        out: list[tuple[str, int, int] | None] = [None] * len(raws)
        packed: list[int] = []
        for at, hint in enumerate(hints):
            if hint is None:
                continue
            try:
                digest, is_pack = parse_uri(hint[0])
            except FormatError:
                continue
            if is_pack:
                packed.append(at)
                self._look(hint[0], digest)
            elif digest.raw == raws[at]:
                out[at] = (hint[0], 0, hint[2])
        if packed:
            for at, place in zip(packed, self._packs.find_many([raws[at] for at in packed]), strict=True):
                out[at] = place
        return out

    def _look(self, uri: str, digest: Digest) -> None:
        if uri in self._looked:
            return
        self._looked.add(uri)
        try:
            self._packs.add(digest)
        except WbtableError:
            # A hint is no reason for a commit to fail.
            return


def _location(found: tuple[str, int, int] | None) -> FileLocation | None:
    return None if found is None else FileLocation(uri=found[0], offset=found[1], size=found[2])
