"""Where this writer has put each blob: digest -> place, in about 60 bytes a blob.

A dict of Python objects would take 300; ten million small images are a common data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

Place = tuple[int, int, int]
"""Container, offset in bytes, size in bytes."""

_RECENT = 65_536
_FEW = 256


@runtime_checkable
class NotesPlaces(Protocol):
    """What remembers where a writer puts blobs, for other writers."""

    def note(self, uri: str, digests: Sequence[bytes], sizes: Sequence[int]) -> None:
        """Hear of a pack and its blobs in their order, or of a large blob; they may not be in place yet."""


@runtime_checkable
class KnownPlaces(Protocol):
    """What knows the places of many blobs at once."""

    def find_many(self, raws: Sequence[bytes]) -> list[tuple[str, int, int] | None]:
        """Return URI, offset and size of blobs by their raw digests, None where they are unknown."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sorted:
    """Blobs in the order of the first eight bytes of their digests."""

    heads: npt.NDArray[np.uint64]
    digests: npt.NDArray[np.void]
    places: npt.NDArray[np.int64]

    @classmethod
    def of(cls, digests: npt.NDArray[np.void], places: npt.NDArray[np.int64]) -> _Sorted:
        heads = np.ascontiguousarray(digests.view(np.uint64).reshape(-1, 4)[:, 0])
        order = np.argsort(heads, kind="stable")
        return cls(heads=heads[order], digests=digests[order], places=places[order])

    def find(self, digest: bytes, head: np.uint64, at: int) -> Place | None:
        while at < len(self.heads) and self.heads[at] == head:
            if self.digests[at].tobytes() == digest:
                container, offset, size = self.places[at].tolist()
                return container, offset, size
            at += 1
        return None


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

    def add_run(self, digests: npt.NDArray[np.void], container: int, offsets: Ints, sizes: Ints) -> None:
        """Note where all blobs of one container are."""
        places = np.stack([np.full(len(digests), container, np.int64), offsets, sizes], axis=1)
        self._merge(digests, places)

    def add_many(self, digests: Sequence[bytes], places: Ints) -> None:
        """Note where many blobs are: container, offset and size of each, an array of n x 3."""
        if len(digests) < _FEW:
            for digest, (container, offset, size) in zip(digests, places.tolist(), strict=True):
                self._recent[digest] = container, offset, size
            return
        self._merge(np.frombuffer(b"".join(digests), "V32"), places)

    def find_many(self, digests: Sequence[bytes]) -> list[Place | None]:
        """Return the place of each blob, None where it is unknown."""
        if len(self._recent) >= self._limit:
            self._settle()
        found = list(map(self._recent.get, digests))
        if not self._runs:
            return found
        wanted = np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 4)
        for run in self._runs:
            at = np.minimum(np.searchsorted(run.heads, wanted[:, 0]), len(run.heads) - 1)
            near = np.flatnonzero(run.heads[at] == wanted[:, 0])
            rows = at[near]
            same = (run.digests[rows].view(np.uint64).reshape(-1, 4) == wanted[near]).all(axis=1)
            places = run.places[rows].tolist()
            for i, row, place, is_same in zip(near.tolist(), rows.tolist(), places, same.tolist(), strict=True):
                if found[i] is None:
                    # Others may begin with the same eight bytes.
                    found[i] = tuple(place) if is_same else run.find(digests[i], wanted[i, 0], row)
        return found

    def _settle(self) -> None:
        """Move the dict into an array; arrays of like size are merged, so that few remain."""
        digests = np.frombuffer(b"".join(self._recent), "V32")
        places = np.array(list(self._recent.values()), np.int64)
        self._recent = {}
        self._merge(digests, places)

    def _merge(self, digests: npt.NDArray[np.void], places: Ints) -> None:
        while self._runs and len(self._runs[-1].heads) <= 2 * len(digests):
            last = self._runs.pop()
            digests = np.concatenate([last.digests, digests])
            places = np.concatenate([last.places, places])
        self._runs.append(_Sorted.of(digests, places))
