"""The order of millions of rows by keys of fixed size, found with whole arrays (spec: 16-views, VIEW-5).

The engine sorts rows that it moves about; here only numbers are sorted. Each key becomes an unsigned integer that
orders as its values do, and the key and the row's position stand in one word of 64 bits where they fit: to sort those
words takes a tenth of the time. They are sorted in pieces as they come, then cut by common bounds into parts that are
sorted each on its own: progress is known, cancelling is heard, and several threads work.
"""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.format.types import NumberType
from wbtable.query import engine
from wbtable.query.control import Share
from wbtable.query.row_sql import RowSql
from wbtable.query.source import SparseSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from wbtable.query.control import Control
    from wbtable.query.orders import Order
    from wbtable.query.view_plan import Plan, SortKey

    Words = npt.NDArray[np.uint64]
    Codes = npt.NDArray[np.unsignedinteger[Any]]

_PIECE: Final = 1 << 20
_WORD: Final = 64
_READ: Final = 0.4
"""The part of the work that reading is."""
_KINDS: Final = frozenset({"string", "number", "boolean", "date", "time", "timestamp", "duration", "link"})
_MAX_KEYS: Final = 4
_SAME: Final = 64
"""How often each text stands in a piece on the average, at least: few are sorted, and their places stand for them."""
_MAX_TEXT: Final = 256 << 20
"""Bytes of a piece: of long texts the engine spills what does not fit."""


class _UnfitError(Exception):
    """These keys are for the engine."""


def key_order(plan: Plan, control: Control) -> Order | None:
    """Return where in the source all rows of a view are, in its order; None where the engine must sort them.

    Raises:
        CancelledError: `control` was cancelled.
        FormatError: a fragment is damaged.

    """
    if not _can(plan, control):
        return None
    try:
        found = list(_pieces(plan, control))
        if not found:
            return np.empty(0, dtype=np.uint32)
        for i, key in enumerate(plan.sort):
            _rank(found, i, descending=key.sort.order == "desc")
        fitted = _fit(found, plan.sort)
        sorter = _Wide(plan.sort, found) if fitted is None else _Narrow(fitted)
        with ThreadPoolExecutor(control.threads or os.cpu_count(), thread_name_prefix="wbtable-sort") as threads:
            return sorter.order(found, Share(control, _READ, 1.0), threads)
    except (_UnfitError, MemoryError):
        return None  # the engine spills


def _can(plan: Plan, control: Control) -> bool:
    """Whether keys are numbers, positions count, and all of them fit into memory."""
    source = plan.source
    if len(plan.sort) > _MAX_KEYS or isinstance(source, SparseSource) or source.num_rows >= 1 << 32:
        return False
    types = [key.expression.type for key in plan.sort]
    if not all(found.kind in _KINDS for found in types):
        return False
    size = sum(4 if isinstance(found, NumberType) and found.dtype in {"float16", "float32"} else 8 for found in types)
    return source.num_rows * max(16, size + 8) <= 2 * (control.memory_limit or engine.half_of_memory())


# Reading: keys as unsigned integers.


@dataclass(slots=True)
class _Numbers:
    """Unsigned integers from `base` to `top`: how far each lies above `base`, as narrow as that allows."""

    base: int
    top: int
    kept: Codes

    @classmethod
    def of(cls, values: Words) -> _Numbers:
        base, top = int(values.min()), int(values.max())
        return cls(base, top, (values - np.uint64(base)).astype(np.min_scalar_type(top - base), copy=False))

    def above(self, low: int) -> Words:
        """Return how far they lie above another base."""
        return self.kept.astype(np.uint64) + np.uint64((self.base - low) % (1 << _WORD))


@dataclass(slots=True)
class _Piece:
    """Some rows: the keys of each, which are null, and where the rows are."""

    keys: list[_Numbers | None]
    """None: all are null."""
    texts: dict[int, pa.DictionaryArray]
    """Keys that are texts, by their number, until it is known which there are."""
    nulls: list[npt.NDArray[np.bool_] | None]
    """None: none is."""
    positions: _Numbers | None
    """None: all of those from `first` to `last`."""
    first: int
    last: int
    rows: int
    is_ascending: bool

    def where(self) -> Words:
        """Return where they are."""
        if self.positions is None:
            return np.arange(self.first, self.last + 1, dtype=np.uint64)
        return self.positions.above(0)


def _pieces(plan: Plan, control: Control) -> Iterator[_Piece]:
    sql = RowSql(plan)
    sql.need(key.expression for key in plan.sort)
    texts = [f"{sql.expression(key.expression)} AS k{i}" for i, key in enumerate(plan.sort)]
    text = f"SELECT {', '.join([*texts, 't.pos'])} FROM {sql.rows()}"
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    at_once = 1 << 13 if any(key.expression.type.kind == "string" for key in plan.sort) else 1 << 16
    seen, share = 0, Share(control, 0.0, _READ, watched=False)
    for batch in engine.stream(sql.statement(text), sql.inputs, share, at_once):
        control.check()
        waiting.append(batch)
        seen += batch.num_rows
        rows += batch.num_rows
        size += batch.nbytes
        if size > _MAX_TEXT:
            raise _UnfitError
        if rows >= _PIECE:
            yield _piece(pa.Table.from_batches(waiting), plan.sort)
            share.progress(seen / plan.source.num_rows)
            waiting, rows, size = [], 0, 0
    if rows:
        yield _piece(pa.Table.from_batches(waiting), plan.sort)


def _piece(table: pa.Table, sort: Sequence[SortKey]) -> _Piece:
    keys: list[_Numbers | None] = []
    texts: dict[int, pa.DictionaryArray] = {}
    nulls: list[npt.NDArray[np.bool_] | None] = []
    for i, key in enumerate(sort):
        column = table.column(i).combine_chunks()
        missing = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
        nulls.append(missing)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            texts[i] = column.dictionary_encode()
            if len(texts[i].dictionary) * _SAME > len(column) and len(column) >= _PIECE:
                raise _UnfitError
            keys.append(None)
            continue
        codes = _codes(column)
        if key.sort.order == "desc":
            codes = ~codes
        if missing is not None and not missing.all():
            codes[missing] = codes[~missing][0]  # nothing beyond what the others take
        keys.append(None if missing is not None and missing.all() else _Numbers.of(codes))
    positions = table.column(len(sort)).to_numpy().astype(np.uint64)
    first, last = int(positions.min()), int(positions.max())
    grows = bool(np.all(positions[1:] > positions[:-1]))
    is_run = grows and last - first + 1 == len(positions)
    return _Piece(keys, texts, nulls, None if is_run else _Numbers.of(positions), first, last, len(positions), grows)


def _codes(column: pa.Array) -> Words:
    """Return unsigned integers that order as values do: NaN behind all numbers, both zeros equal."""
    kind = column.type
    if pa.types.is_floating(kind):
        values = column.fill_null(0).to_numpy(zero_copy_only=False)
        wide = values.dtype == np.float64
        values = values.astype(np.float64 if wide else np.float32, copy=False) + 0  # -0.0 + 0 is 0.0
        values[np.isnan(values)] = np.nan
        bits: Words = values.view(np.uint64 if wide else np.uint32)
        top = bits.dtype.type(1 << (63 if wide else 31))
        return np.where(bits & top, ~bits, bits | top).astype(np.uint64, copy=False)
    if pa.types.is_boolean(kind) or pa.types.is_unsigned_integer(kind):
        unsigned: Words = column.cast(pa.uint64()).fill_null(0).to_numpy(zero_copy_only=False).copy()
        return unsigned
    if not (pa.types.is_integer(kind) or pa.types.is_temporal(kind)):
        raise _UnfitError
    if not pa.types.is_integer(kind):
        column = column.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    signed = column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return signed.view(np.uint64) ^ np.uint64(1 << 63)


def _rank(pieces: Sequence[_Piece], at: int, *, descending: bool) -> None:
    """Have the place of each text among all stand for it."""
    if not any(at in piece.texts for piece in pieces):
        return
    known = pa.chunked_array([piece.texts[at].dictionary for piece in pieces]).unique()
    places = np.empty(len(known), dtype=np.uint64)
    places[pc.sort_indices(known).to_numpy()] = np.arange(len(known), dtype=np.uint64)
    if descending:
        places = np.uint64(len(known)) - places
    for piece in pieces:
        texts = piece.texts.pop(at)
        if len(texts.dictionary):
            here = places[pc.index_in(texts.dictionary, value_set=known).to_numpy()]
            piece.keys[at] = _Numbers.of(here[texts.indices.fill_null(0).to_numpy()])


# Keys and position in one word.


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a key lies in a word: its least value, the bits that it takes, and what stands for null."""

    low: int
    bits: int
    null: int
    shift: int


def _fit(pieces: Sequence[_Piece], sort: Sequence[SortKey]) -> list[_Place] | None:
    """Return where each key lies in a word with the position below them, None if they do not fit."""
    places = []
    bits = max(piece.last for piece in pieces).bit_length()
    for i, key in enumerate(sort):
        known = [found for piece in pieces if (found := piece.keys[i]) is not None]
        low = min((found.base for found in known), default=0)
        width = max((found.top for found in known), default=0) - low
        null, shift = 0, 0
        if any(piece.nulls[i] is not None for piece in pieces):
            width += 1
            null, shift = (0, 1) if key.sort.nulls == "first" else (width, 0)
        places.append(_Place(low, width.bit_length(), null, shift))
        bits += width.bit_length()
    return places if bits <= _WORD else None


class _Narrow:
    """Sorts words of keys and position."""

    def __init__(self, places: Sequence[_Place]) -> None:
        self._places = places

    def order(self, pieces: list[_Piece], control: Control, threads: ThreadPoolExecutor) -> Order:
        below = max(piece.last for piece in pieces).bit_length()
        words = _each(threads, lambda at: self._words(pieces[at], below), len(pieces), Share(control, 0.0, 0.5))
        edges = _edges(words)
        mask = np.uint64((1 << below) - 1)

        def sort(part: int) -> Words:
            whole = np.concatenate(_cut(words, edges, part))
            whole.sort()
            return whole & mask

        return _filled(edges, sort, Share(control, 0.5, 1.0), threads)

    def _words(self, piece: _Piece, below: int) -> Words:
        word = np.zeros(piece.rows, dtype=np.uint64)
        for key, missing, place in zip(piece.keys, piece.nulls, self._places, strict=True):
            code = word * np.uint64(0) if key is None else key.above(place.low - place.shift)
            if missing is not None:
                code[missing] = place.null
            word = word << np.uint64(place.bits) | code if place.bits < _WORD else code
        piece.keys.clear()  # as large as the words
        word = word << np.uint64(below) | piece.where()
        word.sort()
        return word


# One key that takes a word by itself.


class _Wide:
    """Sorts words of one key, and carries the positions along: equal keys stay as they came."""

    def __init__(self, sort: Sequence[SortKey], pieces: Sequence[_Piece]) -> None:
        in_order = all(a.last < b.first for a, b in itertools.pairwise(pieces)) and all(
            piece.is_ascending for piece in pieces
        )
        if len(sort) != 1 or not in_order:
            raise _UnfitError
        self._nulls_first = sort[0].sort.nulls == "first"

    def order(self, pieces: list[_Piece], control: Control, threads: ThreadPoolExecutor) -> Order:
        missing = [piece.where()[piece.nulls[0]].astype(np.uint32) for piece in pieces if piece.nulls[0] is not None]
        nulls = np.concatenate([np.empty(0, dtype=np.uint32), *missing])
        parts = _each(threads, lambda at: self._sorted(pieces[at]), len(pieces), Share(control, 0.0, 0.5))
        words, places = [word for word, _ in parts], [place for _, place in parts]
        edges = _edges(words, alone=True)

        def sort(part: int) -> Order:
            found: Order = np.concatenate(_cut(places, edges, part))
            if part % 2:
                return found  # all equal
            return found[np.argsort(np.concatenate(_cut(words, edges, part)), kind="stable")]

        found = _filled(edges, sort, Share(control, 0.5, 1.0), threads)
        return np.concatenate([nulls, found] if self._nulls_first else [found, nulls]) if len(nulls) else found

    @staticmethod
    def _sorted(piece: _Piece) -> tuple[Words, Order]:
        key, missing = piece.keys[0], piece.nulls[0]
        if key is None:
            return np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.uint32)
        word, places = key.above(0), piece.where().astype(np.uint32)
        piece.keys.clear()  # as large as the words
        if missing is not None:
            word, places = word[~missing], places[~missing]
        order = np.argsort(word, kind="stable")
        return word[order], places[order]


# Sorted pieces into one.


def _edges(words: Sequence[Words], *, alone: bool = False) -> npt.NDArray[np.int64]:
    """Return where common bounds cut sorted pieces; `alone`: what equals a bound is a part by itself, every second."""
    parts = max(1, sum(map(len, words)) // _PIECE)
    sample = np.concatenate([word[:: max(1, len(word) // 1024)] for word in words])
    sample.sort()
    bounds = np.unique(sample[np.arange(1, parts) * len(sample) // parts]) if len(sample) else sample
    rows = []
    for word in words:
        inner = np.searchsorted(word, bounds, side="left")
        if alone:
            inner = np.stack([inner, np.searchsorted(word, bounds, side="right")], axis=1).ravel()
        rows.append(np.concatenate([[0], inner, [len(word)]]))
    return np.stack(rows)


def _cut(arrays: Sequence[Any], edges: npt.NDArray[np.int64], part: int) -> list[Any]:
    """Return what belongs into one part."""
    return [found[edge[part] : edge[part + 1]] for found, edge in zip(arrays, edges, strict=True)]


def _filled(
    edges: npt.NDArray[np.int64], sort: Callable[[int], Any], control: Control, threads: ThreadPoolExecutor
) -> Order:
    """Return all rows: each part sorted, where it belongs."""
    ends = edges.sum(axis=0)
    out = np.empty(ends[-1], dtype=np.uint32)

    def fill(part: int) -> None:
        out[ends[part] : ends[part + 1]] = sort(part)

    _each(threads, fill, len(ends) - 1, control)
    return out


def _each(threads: ThreadPoolExecutor, work: Callable[[int], Any], number: int, control: Control) -> list[Any]:
    """Return what is made of each number."""

    def checked(at: int) -> Any:
        control.check()
        return work(at)

    todo = [threads.submit(checked, at) for at in range(number)]
    out = []
    try:
        for future in todo:
            out.append(future.result())
            control.progress(len(out) / number)
    finally:
        for future in todo:
            future.cancel()
    return out
