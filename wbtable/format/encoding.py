"""How each leaf of a fragment is encoded, chosen from the first rows of a table (spec: 07, FRAG-4).

Nothing here is needed to read a fragment: Parquet files say how they are encoded. The choices were measured on 5 M rows
of 14 columns: a dictionary where values do not repeat costs pyarrow half of its time and makes the file larger.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from wbtable.format.fingerprint import is_variable, offsets_of, plain
from wbtable.format.map_entries import entries_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

__all__ = ["LeafEncoding", "leaf_encodings"]

Encoding = Literal["DICTIONARY", "PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT", "DELTA_BYTE_ARRAY"]

_SAMPLED: Final = 1 << 14
"""How many values of a leaf are looked at."""
_SAMPLED_FLOATS: Final = 1 << 16
"""How many floats: split bytes pay in pages as long as those that will be written, and little in shorter ones."""
_REPEATS: Final = 4
"""A dictionary pays where a value comes this often on average."""
_DELTA_BLOCK: Final = 32
"""Values in a miniblock of DELTA_BINARY_PACKED as Arrow writes it."""
_FEW: Final = 1 << 12
"""Of fewer rows nothing is tried: that would take longer than writing them."""
_WORTH: Final = 0.97
"""What compression must bring a leaf down to: reading costs time too."""
_LONG: Final = 1 << 10
"""Bytes of a value, on average, from which on it is known by its hash."""
_LOOKED_AT: Final = 257
"""How many strings are compared with the one before, and the first."""
_PREFIX_MEAN: Final = 24
"""Strings shorter than this on average are faster, and not much larger, as PLAIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafEncoding:
    """How one leaf column is written.

    Attributes:
        path: its path in the Parquet schema, joined with points.
        encoding: the encoding of its data pages.
        compressed: whether its pages are zstd frames.

    """

    path: str
    encoding: Encoding
    compressed: bool = True


_Leaf = tuple[str, "pa.Array | pa.ChunkedArray | None"]
"""A path, and the values that have it; None where several leaves have it."""


class Spread(Protocol):
    """Calls a function for each item, several at the same time if it can; returns the results in order."""

    def __call__(
        self, function: Callable[[_Leaf], LeafEncoding], items: Sequence[_Leaf], /
    ) -> Iterable[LeafEncoding]: ...


def leaf_encodings(table: pa.Table, spread: Spread = map) -> tuple[LeafEncoding, ...]:
    """Return how each leaf of a table like `table` is best encoded.

    Leaves are looked at by `spread`: most of the time goes into trial compression, which leaves the interpreter's lock
    free. The result depends on the values of `table` alone. Where two leaves have one path (a column `a.b` beside a
    field `b` of a column `a`), Parquet's writer cannot tell them apart: both are PLAIN.
    """
    leaves: dict[str, pa.Array | None] = {}
    for name, values in zip(table.column_names, table.columns, strict=True):
        found = _long_leaf(name, values) if is_variable(values.type) else None
        for path, leaf in [found] if found is not None else _leaves(name, _joined(values)):
            leaves[path] = None if path in leaves else leaf
    return tuple(spread(_choose, list(leaves.items())))


def _long_leaf(path: str, values: pa.Array | pa.ChunkedArray) -> _Leaf | None:
    """Return a leaf of long values in pieces, as far as it is looked at; None if they are not long."""
    few = values.slice(0, _SAMPLED)
    long = isinstance(few, pa.ChunkedArray) and few.nbytes > _LONG * len(few)
    return (path, few) if long else None


def _joined(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return the first values of a column in one piece: as many as give each leaf all that is looked at, or all."""
    if isinstance(values, pa.Array):
        return values
    chunks, sizes = [], np.zeros(0, np.int64)
    for chunk in values.chunks:
        chunks.append(chunk)
        found = np.array([len(leaf) for _, leaf in _leaves("", chunk)], np.int64)
        sizes = found if not sizes.size else sizes + found
        if sizes.size and sizes.min() >= _SAMPLED_FLOATS:
            break
    return chunks[0] if len(chunks) == 1 else pa.chunked_array(chunks, values.type).combine_chunks()


def _leaves(path: str, values: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    values = plain(values)
    kind = values.type
    if not pa.types.is_nested(kind):
        yield path, values
    elif pa.types.is_struct(kind):
        for i, child in enumerate(values.flatten()):
            yield from _leaves(f"{path}.{kind.field(i).name}", child)
    elif pa.types.is_map(kind):
        for name, child in zip(("key", "value"), entries_of(values).flatten().flatten(), strict=True):
            yield from _leaves(f"{path}.key_value.{name}", child)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from _leaves(f"{path}.list.element", values.flatten())
    else:
        yield path, values


def _choose(named: _Leaf) -> LeafEncoding:
    path, leaf = named
    if leaf is None:
        return LeafEncoding(path=path, encoding="PLAIN")
    kind = leaf.type
    if isinstance(leaf, pa.ChunkedArray):
        return LeafEncoding(path=path, encoding=_long(leaf))
    values = leaf.slice(0, _SAMPLED)
    values = values.drop_null() if values.null_count else values
    if not len(values) or pa.types.is_null(kind):
        return LeafEncoding(path=path, encoding="PLAIN")
    if pa.types.is_boolean(kind):
        return LeafEncoding(path=path, encoding="PLAIN")
    if _repeats(values):
        return LeafEncoding(path=path, encoding="DICTIONARY")
    if len(leaf) < _FEW:
        return LeafEncoding(path=path, encoding="PLAIN", compressed=not pa.types.is_floating(kind))
    if pa.types.is_float32(kind) or pa.types.is_float64(kind):
        return _floats(path, leaf.slice(0, _SAMPLED_FLOATS).drop_null())
    if pa.types.is_integer(kind) or pa.types.is_temporal(kind):
        return LeafEncoding(path=path, encoding=_integers(values))
    if is_variable(kind):
        return LeafEncoding(path=path, encoding=_strings(values))
    return LeafEncoding(path=path, encoding="PLAIN")


def _repeats(values: pa.Array) -> bool:
    """Whether a value comes `_REPEATS` times on average. A third of the values may tell already that none does."""
    few = values.slice(0, len(values) // 3)
    if len(pc.unique(few)) * _REPEATS > len(values):
        return False
    return len(pc.unique(values)) * _REPEATS <= len(values)


def _bytes_of(array: pa.Array) -> Iterator[pa.Buffer]:
    """Yield the bytes of values but for nulls; a scalar of Arrow's would be a copy."""
    data = array.buffers()[2]
    offsets = offsets_of(array).tolist() if len(array) else []
    for (start, end), held in zip(pairwise(offsets), array.is_valid().to_pylist(), strict=True):
        if held:
            yield data.slice(start, end - start) if end > start else pa.py_buffer(b"")


def _long(leaf: pa.ChunkedArray) -> Encoding:
    """Choose as for other strings, but copy no value: a table of all distinct ones would hold them all again."""
    values = [value for chunk in leaf.chunks for value in _bytes_of(chunk)]
    if not values:
        return "PLAIN"
    if len({xxhash.xxh3_128_digest(value) for value in values}) * _REPEATS <= len(values):
        return "DICTIONARY"
    if len(leaf) < _FEW:
        return "PLAIN"
    mean = sum(value.size for value in values) / len(values)
    return _shared([value.to_pybytes() for value in values[:_LOOKED_AT]], mean)


def _zstd_size(raw: np.ndarray) -> int:
    return int(pa.Codec("zstd", compression_level=1).compress(pa.py_buffer(np.ascontiguousarray(raw))).size)


def _floats(path: str, values: pa.Array) -> LeafEncoding:
    """Split the bytes where zstd then finds more; no compression where it finds nothing either way."""
    width = values.type.byte_width
    raw = np.frombuffer(values.buffers()[1], np.uint8, len(values) * width, values.offset * width)
    as_is, split = _zstd_size(raw), _zstd_size(raw.reshape(-1, width).T)
    smallest = min(as_is, split)
    if smallest > _WORTH * raw.size:
        return LeafEncoding(path=path, encoding="PLAIN", compressed=False)
    return LeafEncoding(path=path, encoding="BYTE_STREAM_SPLIT" if split < as_is else "PLAIN")


def _integers(values: pa.Array) -> Encoding:
    """Pack differences where the widest difference of each miniblock leaves less than PLAIN."""
    width = values.type.bit_width
    stored = max(width, 32)  # Parquet has no narrower integers
    numbers = np.frombuffer(values.buffers()[1], f"<i{width // 8}", len(values), values.offset * (width // 8))
    exact = numbers.astype(np.int64)
    steps: npt.NDArray[np.int64] = exact[1:] - exact[:-1]
    steps = steps[: steps.size // _DELTA_BLOCK * _DELTA_BLOCK].reshape(-1, _DELTA_BLOCK)
    if not steps.size:
        return "PLAIN"
    # Differences wrap around as the encoder's do.
    spread = (steps - steps.min(axis=1, keepdims=True)).view(np.uint64).max(axis=1).astype(np.float64)
    bits = np.ceil(np.log2(spread + 1)).mean()
    return "DELTA_BINARY_PACKED" if bits < 0.75 * stored else "PLAIN"


def _strings(values: pa.Array) -> Encoding:
    """Share prefixes with the value before where long strings have most of their bytes in common with it."""
    offsets = offsets_of(values)
    mean = int(offsets[-1] - offsets[0]) / len(values)
    if mean < _PREFIX_MEAN:
        return "PLAIN"
    return _shared([x.as_buffer().to_pybytes() for x in values.slice(0, _LOOKED_AT)], mean)


def _shared(looked_at: Sequence[bytes], mean: float) -> Encoding:
    """Choose for strings of some mean length by the first of them."""
    shared = [_common_prefix(a, b) for a, b in pairwise(looked_at)]
    return "DELTA_BYTE_ARRAY" if shared and sum(shared) / len(shared) > mean / 2 else "PLAIN"


def _common_prefix(a: bytes, b: bytes) -> int:
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))
