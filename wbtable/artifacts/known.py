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
from wbtable.storage.seen import UNKNOWN, SeenBlobs, digests_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from wbtable.artifacts.blob_index import BlobIndex
    from wbtable.format.digest import Descriptor
    from wbtable.storage.objects import ObjectStore
    from wbtable.storage.seen import Digests, Ints

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

    def find_places(self, raws: Digests) -> tuple[list[str], Ints]:
        """See `KnownPlaces.find_places`."""
        return list(self._uris), self._blobs.find(raws)


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
        return _location(*self.find_places(digests_of([digest.raw])))

    def find_places(self, raws: Digests) -> tuple[list[str], Ints]:
        """See `KnownPlaces.find_places`."""
        packs = self._packs if self._packs is not None else self._load()
        uris, places = packs.find_places(raws)
        if self._large:
            for at in np.flatnonzero(places[:, 0] == UNKNOWN).tolist():
                raw = raws[at].tobytes()
                if raw in self._large:
                    places[at] = len(uris), 0, self._large[raw]
                    uris.append(relative_uri(Digest.from_raw(raw), packed=False))
        return uris, places

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
        return _location(*self.find_places(digests_of([digest.raw])))

    def find_places(self, raws: Digests) -> tuple[list[str], Ints]:
        """See `KnownPlaces.find_places`."""
        if self._versions is not None:
            uris, places = self._versions.find_places(raws)
        else:
            uris, places = [], np.full((len(raws), 3), UNKNOWN, np.int64)
        left = np.flatnonzero(places[:, 0] == UNKNOWN)
        if len(left):
            more, found = self._indexed(raws[left].tolist())
            found[found[:, 0] != UNKNOWN, 0] += len(uris)
            places[left] = found
            uris += more
        return uris, places

    def note(self, uri: str, digests: Digests, sizes: Ints) -> None:
        """Remember a pack, or a large blob, that is being stored; for the index once `save` is called."""
        if not parse_uri(uri)[1]:
            self._large.append((digests[0].tobytes(), int(sizes[0])))
            return
        self._noted.append((uri, (digests, np.cumsum(sizes) - sizes, sizes)))
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
            self._index.add_large(
                digests_of([raw for raw, _ in large]), np.array([size for _, size in large], np.int64)
            )

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _indexed(self, raws: list[bytes]) -> tuple[list[str], Ints]:
        hints = self._index.find_many(raws)
        uris: list[str] = []
        places = np.full((len(raws), 3), UNKNOWN, np.int64)
        packed: list[int] = []
        for at, hint in enumerate(hints):
            if hint is None:
                continue
            if hint[0] in self._looked:  # as nearly all are: a pack has thousands of blobs
                packed.append(at)
                continue
            try:
                digest, is_pack = parse_uri(hint[0])
            except FormatError:
                continue
            if is_pack:
                packed.append(at)
                self._look(hint[0], digest)
            elif digest.raw == raws[at]:
                places[at] = len(uris), 0, hint[2]
                uris.append(hint[0])
        if packed:
            more, found = self._packs.find_places(digests_of([raws[at] for at in packed]))
            found[found[:, 0] != UNKNOWN, 0] += len(uris)
            places[packed] = found
            uris += more
        return uris, places

    def _look(self, uri: str, digest: Digest) -> None:
        self._looked.add(uri)
        try:
            self._packs.add(digest)
        except WbtableError:
            # A hint is no reason for a commit to fail.
            return


def _location(uris: Sequence[str], places: Ints) -> FileLocation | None:
    (number, offset, size) = places[0].tolist()
    return None if number == UNKNOWN else FileLocation(uri=uris[number], offset=offset, size=size)
