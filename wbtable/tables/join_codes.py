"""Small integers in the place of keys: equal where the keys are, so that counting and grouping need no hashing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from wbtable.tables.source import Indices

_SPARE = 4
_SMALL = 1 << 20
NO_CODE = -1
"""The code of null and of a key that is not known."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of some keys, from 0 to `size` - 1.

    Attributes:
        size: one more than the largest code.
        least: the key of code 0, where codes are differences to it; else None.
        known: the keys in order of code, where codes are their places.

    """

    size: int
    least: int | None
    known: pa.Array | None

    @classmethod
    def of(cls, keys: pa.Array | pa.ChunkedArray) -> Codes:
        """Return codes for `keys`: integers that lie close together are their own, others are hashed."""
        if pa.types.is_integer(keys.type) and len(keys) > keys.null_count:
            bounds = pc.min_max(keys).as_py()
            span = bounds["max"] - bounds["min"] + 1
            if span <= max(_SPARE * len(keys), _SMALL) and bounds["max"] < 2**63:
                return cls(span, bounds["min"], None)
        known = pc.unique(keys).drop_null()
        return cls(len(known), None, known)

    def codes(self, keys: pa.Array | pa.ChunkedArray) -> Indices:
        """Return the code of each key, -1 for null and for keys that have none."""
        if self.least is None:
            found = pc.index_in(keys, value_set=self.known, skip_nulls=True).fill_null(NO_CODE)
            return found.to_numpy(zero_copy_only=False).astype(np.int64)
        lowest, highest = self.least, self.least + self.size - 1
        if pa.types.is_uint64(keys.type):
            # What is too large for int64 is beyond `highest` too.
            keys = pc.min_element_wise(keys, pa.scalar(2**63 - 1, pa.uint64()), skip_nulls=False)
        keys = keys.cast(pa.int64())
        valid = keys.is_valid().to_numpy(zero_copy_only=False) if keys.null_count else None
        plain: np.ndarray[Any, np.dtype[np.int64]] = (keys.fill_null(lowest) if valid is not None else keys).to_numpy(
            zero_copy_only=False
        )
        inside = (plain >= lowest) & (plain <= highest)
        if valid is not None:
            inside &= valid
        if inside.all():
            return plain - lowest
        return np.where(inside, np.where(inside, plain, lowest) - lowest, NO_CODE)


def by_code(codes: Indices, counts: Indices) -> Indices:
    """Return the positions of `codes` that are not -1 in order of code, then of position; `counts` has one per code."""
    if len(counts) and int(counts.max()) > 1:
        order = np.argsort(codes, kind="stable")
        return order[int(np.searchsorted(codes[order], 0)) :]
    places = np.full(len(counts), NO_CODE, dtype=np.int64)
    known = codes >= 0
    positions = np.arange(len(codes), dtype=np.int64)
    if known.all():
        places[codes] = positions
    else:
        places[codes[known]] = positions[known]
    found: Indices = places[places >= 0]
    return found


def key_counts(keys: pa.Array | pa.ChunkedArray) -> tuple[int, int]:
    """Return how many keys are null, and how many others an earlier row has."""
    if _ascend(keys):
        return 0, 0
    codes = Codes.of(keys)
    found = codes.codes(keys)
    nulls = int(keys.null_count)
    seen = np.zeros(codes.size, dtype=np.bool_)
    seen[found[found >= 0]] = True
    return nulls, len(keys) - nulls - int(np.count_nonzero(seen))


def _ascend(keys: pa.Array | pa.ChunkedArray) -> bool:
    """Whether keys are integers, each greater than the one before, as row numbers are: none comes twice."""
    if not pa.types.is_integer(keys.type) or keys.null_count:
        return False
    last: int | None = None
    for chunk in keys.chunks if isinstance(keys, pa.ChunkedArray) else [keys]:
        values = chunk.to_numpy()
        if len(values) and ((last is not None and values[0] <= last) or not (values[1:] > values[:-1]).all()):
            return False
        last = values[-1] if len(values) else last
    return True
