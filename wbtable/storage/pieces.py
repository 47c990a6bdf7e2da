"""Many blobs in few buffers: where each lies, without a Python object for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


class Pieces:
    """Blobs in order, each a range of one of some buffers, which must not change while they are used.

    Attributes:
        buffers: what the blobs lie in, one byte an item.
        which: the number of the buffer of each blob.
        starts: where each begins in its buffer, in bytes.
        sizes: their lengths in bytes.

    """

    __slots__ = ("buffers", "sizes", "starts", "which")

    def __init__(self, buffers: Sequence[memoryview], which: Ints, starts: Ints, sizes: Ints) -> None:
        """Take ranges that lie inside their buffers."""
        self.buffers = buffers
        self.which = which
        self.starts = starts
        self.sizes = sizes

    @classmethod
    def of(cls, blobs: Sequence[bytes | bytearray | memoryview]) -> Pieces:
        """Return blobs that are an object each; of a bytearray a copy."""
        buffers = [memoryview(bytes(one) if isinstance(one, bytearray) else one).cast("B") for one in blobs]
        count = len(buffers)
        sizes = np.fromiter(map(len, buffers), np.int64, count)
        return cls(buffers, np.arange(count), np.zeros(count, np.int64), sizes)

    def __len__(self) -> int:
        """Return the number of blobs."""
        return len(self.sizes)

    def __getitem__(self, at: int) -> memoryview:
        """Return one blob."""
        start = int(self.starts[at])
        return self.buffers[int(self.which[at])][start : start + int(self.sizes[at])]

    def take(self, rows: Ints) -> Pieces:
        """Return the blobs at these positions, in their order."""
        return Pieces(self.buffers, self.which[rows], self.starts[rows], self.sizes[rows])

    def joined(self, other: Pieces) -> Pieces:
        """Return these blobs, and the other ones behind them."""
        return Pieces(
            [*self.buffers, *other.buffers],
            np.concatenate([self.which, other.which + len(self.buffers)]),
            np.concatenate([self.starts, other.starts]),
            np.concatenate([self.sizes, other.sizes]),
        )

    def to_bytes(self) -> list[bytes]:
        """Return each blob as bytes; one that is a whole bytes object is not copied."""
        out = []
        for i in range(len(self)):
            view = self[i]
            whole = view.obj
            out.append(whole if isinstance(whole, bytes) and len(whole) == len(view) else bytes(view))
        return out

    def blocks(self, start: int, stop: int) -> list[memoryview]:
        """Return the bytes of the blobs [start, stop) in order; those that lie side by side come as one."""
        if start >= stop:
            return []
        which, begins = self.which[start:stop], self.starts[start:stop]
        ends = begins + self.sizes[start:stop]
        cuts = np.flatnonzero((which[1:] != which[:-1]) | (begins[1:] != ends[:-1]))
        firsts = np.concatenate([np.zeros(1, np.int64), cuts + 1])
        lasts = np.concatenate([cuts, np.full(1, stop - start - 1)])
        ranges = zip(which[firsts].tolist(), begins[firsts].tolist(), ends[lasts].tolist(), strict=True)
        return [self.buffers[number][begin:end] for number, begin, end in ranges]
