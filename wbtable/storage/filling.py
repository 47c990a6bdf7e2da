"""The pack that is being filled: which blobs go into it, and where (spec: 04-packs, PACK-2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from wbtable.format.pack import encode_columns, trailer_digest

if TYPE_CHECKING:
    from wbtable.format.digest import Digest
    from wbtable.storage.hashing import Blob
    from wbtable.storage.pack_files import PackFile
    from wbtable.storage.pieces import Pieces
    from wbtable.storage.seen import Digests, Ints

WRITE_BYTES: Final = 4 << 20
"""So many bytes are written together."""
_AT_ONCE: Final = 1024
"""Blobs that are looked at together: few more than are written together."""


@dataclass(slots=True, kw_only=True)
class Container:
    """A pack or a large blob; it has a name once it can grow no more."""

    uri: str | None = None
    digest: Digest | None = None
    size: int = 0
    packed: bool = True


@dataclass(slots=True, kw_only=True)
class FillingPack:
    """A pack that can still grow.

    Attributes:
        number: its number among its writer's containers.
        file: where its bytes go.
        target: it is closed before its blobs exceed this many bytes.
        most: it is closed before it holds more blobs than this.
        size: bytes of its blobs so far.
        count: how many they are.
        blocks: what is not yet handed to the thread that writes.
        waiting: the bytes of those.
        digests: of its blobs, in the arrays in which they came.
        sizes: the same for their lengths in bytes.

    """

    number: int
    file: PackFile
    target: int
    most: int
    size: int = 0
    count: int = 0
    blocks: list[Blob] = field(default_factory=list)
    waiting: int = 0
    digests: list[Digests] = field(default_factory=list)
    sizes: list[Ints] = field(default_factory=list)

    def takes(self, size: int) -> bool:
        """Whether a blob of this size still goes in (PACK-2)."""
        return not self.count or (self.count < self.most and self.size + size <= self.target)

    def fill(self, digests: Digests, blobs: Pieces, start: int, stop: int) -> Ints:
        """Take the blobs [start, stop), the first of which `takes` allows, until it is time to write or to close.

        Returns:
            The offset of each that was taken.

        """
        stop = min(stop, start + min(_AT_ONCE, self.most - self.count))
        ends = self.size + np.cumsum(blobs.sizes[start:stop])
        fit = int(np.searchsorted(ends, self.target, side="right"))
        enough = int(np.searchsorted(ends, self.size + WRITE_BYTES - self.waiting)) + 1
        taken = max(1, min(fit, enough, len(ends)))
        stop = start + taken
        sizes = blobs.sizes[start:stop]
        self.digests.append(digests[start:stop])
        self.sizes.append(sizes)
        self.count += taken
        self.blocks += blobs.blocks(start, stop)
        self.waiting += int(ends[taken - 1]) - self.size
        self.size = int(ends[taken - 1])
        return ends[:taken] - sizes

    def take_blocks(self) -> tuple[list[Blob], int]:
        """Return what is to be written now, and its bytes."""
        blocks, size = self.blocks, self.waiting
        self.blocks, self.waiting = [], 0
        return blocks, size

    def columns(self) -> tuple[Digests, Ints]:
        """Return the digests and sizes of its blobs, in their order."""
        return np.concatenate(self.digests), np.concatenate(self.sizes)

    def close(self) -> tuple[bytes, Digest]:
        """Return the trailer, which is to stand behind the blobs, and the pack's name (PACK-3)."""
        trailer = encode_columns(*self.columns())
        self.size += len(trailer)
        return trailer, trailer_digest(trailer)
