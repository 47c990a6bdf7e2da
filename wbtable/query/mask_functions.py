"""Counting the pixels of masks, in batches, for the engine (EXPR-13)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from wbtable.errors import FormatError, UsageError
from wbtable.media.masks import Mask
from wbtable.query.functions_media import OVERLAP, PIXELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from wbtable.media.base import BlobReader

__all__ = ["MaskFunctions"]

_FILE: Final = 'STRUCT(uri VARCHAR, "offset" BIGINT, size BIGINT, content_type VARCHAR, checksum VARCHAR)'
_MAX_COUNTS: Final = 100_000
_MAX_OVERLAPS: Final = 100_000
_MAX_BYTES: Final = 2**26

_File = dict[str, Any]
_Counts = dict[int, int]


class MaskFunctions:
    """Gives an engine the functions that count pixels of masks, and remembers what it counted, by digest.

    Register them before the engine's configuration is locked. A mask is decoded once for all its classes; the blobs of
    a batch are read together. Safe from several threads.

    Args:
        blobs: where masks are read, digest-checked.

    """

    def __init__(self, blobs: BlobReader) -> None:
        self._blobs = blobs
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, _Counts] = OrderedDict()
        self._overlaps: OrderedDict[tuple[str, int, str, int], int] = OrderedDict()
        self._arrays: OrderedDict[str, NDArray[Any]] = OrderedDict()
        self._bytes = 0

    def register(self, connection: Any) -> None:
        """Give a DuckDB connection the functions."""
        options = {"type": "arrow", "null_handling": "special"}
        connection.create_function(PIXELS, self.pixels, [_FILE, "BIGINT"], "BIGINT", **options)
        connection.create_function(OVERLAP, self.overlaps, [_FILE, "BIGINT", _FILE, "BIGINT"], "BIGINT", **options)

    def pixels(self, files: pa.Array, classes: pa.Array) -> pa.Array:
        """Return how many pixels of each mask are of a class; null where there is no mask.

        Raises:
            FormatError: a mask is damaged.

        """
        rows = list(zip(_files(files), classes.to_pylist(), strict=True))
        wanted = {file["checksum"]: file for file, _ in rows if file is not None}
        missing = {digest: file for digest, file in wanted.items() if self._known(digest) is None}
        counted = {digest: _count(array) for digest, array in self._read(missing).items()}
        with self._lock:
            for digest, counts in counted.items():
                _keep(self._counts, digest, counts, _MAX_COUNTS)
        out: list[int | None] = []
        for file, number in rows:
            if file is None or number is None:
                out.append(None)
                continue
            digest = file["checksum"]
            counts = counted.get(digest) or self._known(digest) or _count(self._read({digest: file})[digest])
            out.append(counts.get(number, 0))
        return pa.array(out, pa.int64())

    def overlaps(self, first: pa.Array, classes: pa.Array, second: pa.Array, others: pa.Array) -> pa.Array:
        """Return how many pixels are of a class in one mask and of a class in the other.

        Raises:
            FormatError: a mask is damaged.

        """
        columns = (_files(first), classes.to_pylist(), _files(second), others.to_pylist())
        out: list[int | None] = []
        for one, a, other, b in zip(*columns, strict=True):
            if one is None or other is None or a is None or b is None:
                out.append(None)
                continue
            key = (one["checksum"], a, other["checksum"], b)
            with self._lock:
                found = self._overlaps.get(key)
            if found is None:
                arrays = self._arrays_of([one, other])
                found = _overlap(arrays[key[0]], a, arrays[key[2]], b)
                with self._lock:
                    _keep(self._overlaps, key, found, _MAX_OVERLAPS)
            out.append(found)
        return pa.array(out, pa.int64())

    def _known(self, digest: str) -> _Counts | None:
        with self._lock:
            return self._counts.get(digest)

    def _arrays_of(self, files: list[_File]) -> dict[str, NDArray[Any]]:
        """Return decoded masks, of which the last used are kept."""
        out: dict[str, NDArray[Any]] = {}
        with self._lock:
            for file in files:
                found = self._arrays.get(file["checksum"])
                if found is not None:
                    self._arrays.move_to_end(file["checksum"])
                    out[file["checksum"]] = found
        fresh = self._read({file["checksum"]: file for file in files if file["checksum"] not in out})
        with self._lock:
            for digest, array in fresh.items():
                if digest not in self._arrays:
                    self._arrays[digest] = array
                    self._bytes += array.nbytes
            while self._bytes > _MAX_BYTES and self._arrays:
                self._bytes -= self._arrays.popitem(last=False)[1].nbytes
        return out | fresh

    def _read(self, files: Mapping[str, _File]) -> dict[str, NDArray[Any]]:
        if not files:
            return {}
        out = {}
        for digest, data in zip(files, self._blobs.read_many(list(files.values())), strict=True):
            try:
                out[digest] = Mask(data).to_numpy()
            except (FormatError, UsageError) as error:
                raise FormatError(str(error), place=f"mask {digest}") from None
        return out


def _files(files: pa.Array) -> list[_File | None]:
    return [None if file is None or file["checksum"] is None else file for file in files.to_pylist()]


def _keep(cache: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    cache[key] = value
    while len(cache) > most:
        cache.popitem(last=False)


def _count(array: NDArray[Any]) -> _Counts:
    numbers, counts = np.unique(array, return_counts=True)
    return dict(zip(numbers.tolist(), counts.tolist(), strict=True))


def _overlap(first: NDArray[Any], a: int, second: NDArray[Any], b: int) -> int:
    """Count pixels in both; the second mask is looked at where the first one's pixels have their middle."""
    if first.shape != second.shape:
        rows, columns = (
            (2 * np.arange(size) + 1) * other // (2 * size)
            for size, other in zip(first.shape, second.shape, strict=True)
        )
        second = second[np.ix_(rows, columns)]
    return int(np.count_nonzero((first == a) & (second == b)))
