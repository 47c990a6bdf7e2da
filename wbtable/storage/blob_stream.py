"""The blobs of a column of a local place one after the other, read and checked ahead (spec: 04-packs, PACK-8 to 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from wbtable.storage.blob_reads import BlobRanges, BlobReads
from wbtable.storage.blobs import parse_files, sizes_of
from wbtable.storage.ranges import runs_of
from wbtable.storage.work_ahead import work_ahead
from wbtable.storage.workers import CORES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy.typing as npt

    from wbtable.storage.backend import Backend
    from wbtable.storage.open_files import OpenFiles

    Ints = npt.NDArray[np.int64]
    Describe = Callable[[int], str]

_BLOCK = 4 << 20
_ROOM = (2 + CORES) * _BLOCK


@dataclass(frozen=True, slots=True)
class _Block:
    """Neighbouring rows that are read together; their blobs have about 4 MiB, or there is one."""

    ranges: BlobRanges
    size: Ints
    describe: Describe

    @property
    def nbytes(self) -> int:
        return int(self.size.sum())


def stream_blobs(
    backend: Backend, open_files: OpenFiles, prefix: str, columns: Iterable[tuple[pa.StructArray, Describe]]
) -> Iterator[list[memoryview | None]]:
    """Yield the checked bytes of FILE arrays of a local place, some neighbouring rows at a time; None for a null cell.

    The threads and the caller read and check what comes next, so that no core waits at the end of a piece.

    Args:
        backend: where the blobs are.
        open_files: opens their files.
        prefix: what stands before `objects/` in the keys.
        columns: struct arrays with the fields of `FILE_TYPE`, and what says where a row of each stands.

    Raises:
        NotFoundError: an object is not there.
        FormatError: a cell is wrong, or an object is too short.
        DigestMismatchError: bytes are damaged.

    """

    def read(block: _Block) -> list[memoryview | None]:
        rows = len(block.size)
        starts = np.zeros(rows + 1, np.int64)
        np.cumsum(block.size, out=starts[1:])
        out = np.frombuffer(pa.allocate_buffer(int(starts[-1])), np.uint8)
        reads = BlobReads(backend, open_files, block.ranges, block.size, starts, out, block.describe)
        return reads.run_here()

    return work_ahead(read, _blocks(backend, open_files, prefix, columns), lambda block: block.nbytes, _ROOM)


def _blocks(
    backend: Backend, open_files: OpenFiles, prefix: str, columns: Iterable[tuple[pa.StructArray, Describe]]
) -> Iterator[_Block]:
    for files, describe in columns:
        ranges = parse_files(files, prefix, describe)
        size = sizes_of(backend, open_files, ranges, describe)
        for start, rows in runs_of(size, _BLOCK):
            stop = start + rows
            yield _Block(ranges.rows(start, stop), size[start:stop], _from(describe, start))


def _from(describe: Describe, start: int) -> Describe:
    return lambda row: describe(start + row)
