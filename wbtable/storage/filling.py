"""The pack that is being filled: which blobs go into it, and where (spec: 04-packs, PACK-2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from wbtable.format.pack import encode_trailer, trailer_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.digest import Digest
    from wbtable.storage.hashing import Blob
    from wbtable.storage.pack_files import PackFile

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
        blocks: what is not yet handed to the thread that writes.
        waiting: the bytes of those.

    """

    number: int
    file: PackFile
    target: int
    most: int
    size: int = 0
    blocks: list[Blob] = field(default_factory=list)
    waiting: int = 0
    digests: list[bytes] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def takes(self, size: int) -> bool:
        """Whether a blob of this size still goes in (PACK-2)."""
        return not self.sizes or (len(self.sizes) < self.most and self.size + size <= self.target)

    def fill(
        self, raws: Sequence[bytes], blobs: Sequence[Blob], sizes: Sequence[int], start: int, stop: int
    ) -> list[int]:
        """Take the blobs [start, stop), the first of which `takes` allows, until it is time to write or to close.

        Returns:
            The offset of each that was taken.

        """
        stop = min(stop, start + min(_AT_ONCE, self.most - len(self.sizes)))
        ends = list(accumulate(sizes[start:stop], initial=self.size))
        fit = bisect_right(ends, self.target) - 1  # ends[0] is where the first begins
        enough = bisect_left(ends, self.size + WRITE_BYTES - self.waiting)
        taken = max(1, min(fit, enough, len(ends) - 1))
        stop = start + taken
        self.digests += raws[start:stop]
        self.sizes += sizes[start:stop]
        self.blocks += blobs[start:stop]
        self.waiting += ends[taken] - self.size
        self.size = ends[taken]
        return ends[:taken]

    def take_blocks(self) -> tuple[list[Blob], int]:
        """Return what is to be written now, and its bytes."""
        blocks, size = self.blocks, self.waiting
        self.blocks, self.waiting = [], 0
        return blocks, size

    def close(self) -> Digest:
        """Put the trailer behind the blobs; return the pack's name (PACK-3)."""
        trailer = encode_trailer(self.digests, self.sizes)
        self.blocks.append(trailer)
        self.waiting += len(trailer)
        self.size += len(trailer)
        return trailer_digest(trailer)
