"""Where this writer has put each blob: digest -> place, in about 60 bytes a blob.

A dict of Python objects would take 300; ten million small images are a common data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from wbtable.format.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Digests = npt.NDArray[np.void]

Place = tuple[int, int, int]
"""Container, offset in bytes, size in bytes."""

UNKNOWN = -1
"""The container of a blob that is nowhere."""

_RECENT = 65_536
_FEW = 256


@runtime_checkable
class NotesPlaces(Protocol):
    """What remembers where a writer puts blobs, for other writers."""

    def note(self, uri: str, digests: Digests, sizes: Ints) -> None:
        """Hear of a pack and its blobs in their order, or of a large blob; they may not be in place yet."""


@runtime_checkable
class KnownPlaces(Protocol):
    """What knows the places of many blobs at once."""

    def find_places(self, raws: Digests) -> tuple[Sequence[str], Ints]:
        """Return URIs, and for each raw digest the number of its URI or -1, offset and size: an array of n x 3."""


class Located(Protocol):
    """Where one blob is: see `FileLocation`."""

    @property
    def uri(self) -> str:
        """Its container."""

    @property
    def offset(self) -> int:
        """Where it begins in that, in bytes."""

    @property
    def size(self) -> int:
        """Its length in bytes."""


def places_of(known: Callable[[Digest], Located | None] | None, raws: Digests) -> tuple[list[str], Ints]:
    """Return what `KnownPlaces.find_places` does, from what knows the places of single blobs, or from nothing."""
    uris: dict[str, int] = {}
    places = np.full((len(raws), 3), UNKNOWN, np.int64)
    for i, raw in enumerate(raws.tolist() if known is not None else ()):
        found = known(Digest.from_raw(raw)) if known is not None else None
        if found is not None:
            places[i] = uris.setdefault(found.uri, len(uris)), found.offset, found.size
    return list(uris), places


def digests_of(raws: Sequence[bytes]) -> Digests:
    """Return raw digests, 32 bytes each, as one array."""
    return np.frombuffer(b"".join(raws), "V32")


def first_of_equals(digests: Digests) -> Ints:
    """Return for each digest the position of the first that equals it, which is nearly always its own."""
    out = np.arange(len(digests))
    heads = _heads(digests)
    order = np.argsort(heads, kind="stable")
    same = np.flatnonzero(heads[order[1:]] == heads[order[:-1]])
    if len(same):
        firsts: dict[bytes, int] = {}
        for i in np.unique(np.concatenate([order[same], order[same + 1]])).tolist():
            out[i] = firsts.setdefault(digests[i].tobytes(), i)
    return out


def _words(digests: Digests) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(digests).view(np.uint64).reshape(-1, 4)


def _heads(digests: Digests) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(_words(digests)[:, 0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sorted:
    """Blobs in the order of the first eight bytes of their digests."""

    heads: npt.NDArray[np.uint64]
    digests: Digests
    places: Ints

    @classmethod
    def of(cls, parts: list[tuple[Digests, Ints]]) -> _Sorted:
        """Sort what the parts hold, which is taken out of the list: millions of blobs are not kept twice."""
        digests, places = np.concatenate([one for one, _ in parts]), [one for _, one in parts]
        parts.clear()
        heads = _heads(digests)
        order = np.argsort(heads, kind="stable")
        heads, digests = heads[order], digests[order]
        whole = np.concatenate(places)
        places.clear()
        return cls(heads=heads, digests=digests, places=whole[order])

    def find(self, words: npt.NDArray[np.uint64], heads: npt.NDArray[np.uint64], order: Ints, out: Ints) -> None:
        """Put the places of blobs into the rows of `out` that have none yet.

        Args:
            words: their digests, four words each.
            heads: the first words, sorted: what is looked up in order stays in the processor's cache.
            order: the row of each of `heads`.
            out: a row for each.

        """
        at = np.minimum(np.searchsorted(self.heads, heads), len(self.heads) - 1)
        alike = np.flatnonzero(self.heads[at] == heads)
        near, rows = order[alike], at[alike]
        unset = out[near, 0] == UNKNOWN
        near, rows = near[unset], rows[unset]
        same = (_words(self.digests[rows]) == words[near]).all(axis=1)
        out[near[same]] = self.places[rows[same]]
        for i, row in zip(near[~same].tolist(), rows[~same].tolist(), strict=True):
            # Others may begin with the same eight bytes.
            self._find_behind(words[i], row, out[i])

    def _find_behind(self, wanted: npt.NDArray[np.uint64], at: int, out: Ints) -> None:
        digest = wanted.tobytes()
        while at < len(self.heads) and self.heads[at] == wanted[0]:
            if self.digests[at].tobytes() == digest:
                out[:] = self.places[at]
                return
            at += 1


class SeenBlobs:
    """A map from raw digests to places that grows by little."""

    def __init__(self, recent: int = _RECENT) -> None:
        """Start empty; the last `recent` blobs are kept in a dict, the others in sorted arrays."""
        self._limit = recent
        self._recent: dict[bytes, Place] = {}
        self._runs: list[_Sorted] = []

    def __len__(self) -> int:
        """Return how many blobs are known."""
        return len(self._recent) + sum(len(run.heads) for run in self._runs)

    def add(self, digest: bytes, place: Place) -> None:
        """Note where a blob is."""
        self._recent[digest] = place

    def add_run(self, digests: Digests, container: int, offsets: Ints, sizes: Ints) -> None:
        """Note where all blobs of one container are."""
        places = np.stack([np.full(len(digests), container, np.int64), offsets, sizes], axis=1)
        self._merge(digests, places)

    def add_many(self, digests: Digests, places: Ints) -> None:
        """Note where many blobs are: container, offset and size of each, an array of n x 3."""
        if len(digests) < _FEW:
            for digest, (container, offset, size) in zip(digests.tolist(), places.tolist(), strict=True):
                self._recent[digest] = container, offset, size
            return
        self._merge(digests, places)

    def find(self, digests: Digests) -> Ints:
        """Return where blobs are: container, offset and size, an array of n x 3; the container is -1 if unknown."""
        if len(self._recent) >= self._limit:
            self._settle()
        out = np.full((len(digests), 3), UNKNOWN, np.int64)
        if self._recent:
            for i, place in enumerate(map(self._recent.get, digests.tolist())):
                if place is not None:
                    out[i] = place
        if self._runs and len(digests):
            words = _words(digests)
            order = np.argsort(words[:, 0])
            heads = words[order, 0]
            for run in self._runs:
                run.find(words, heads, order, out)
        return out

    def columns(self) -> tuple[Digests, Ints]:
        """Return all digests and their places; one that was noted again may stand there twice."""
        self._settle()
        if not self._runs:
            return digests_of([]), np.empty((0, 3), np.int64)
        return (
            np.concatenate([run.digests for run in self._runs]),
            np.concatenate([run.places for run in self._runs]),
        )

    def _settle(self) -> None:
        """Move the dict into an array; arrays of like size are merged, so that few remain."""
        if not self._recent:
            return
        digests = digests_of(list(self._recent))
        places = np.array(list(self._recent.values()), np.int64)
        self._recent = {}
        self._merge(digests, places)

    def _merge(self, digests: Digests, places: Ints) -> None:
        parts, total = [(digests, places)], len(digests)
        while self._runs and len(self._runs[-1].heads) <= 2 * total:
            last = self._runs.pop()
            parts.insert(0, (last.digests, last.places))
            total += len(last.heads)
            del last
        self._runs.append(_Sorted.of(parts))
