"""Columns of W&B's JSON into physical columns of ours, some rows at a time (spec: 06-types)."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from wbtable.errors import FormatError, TypeMismatchError, WbtableError
from wbtable.format.types import (
    AnyType,
    BooleanType,
    ClassesType,
    ColumnType,
    NdarrayType,
    NullType,
    NumberType,
    StringType,
    TimestampType,
    has_media,
    labels,
    unify,
)
from wbtable.importers.npz_column import NpzColumn
from wbtable.importers.wandb_media import holds_media, is_media
from wbtable.importers.wandb_types import field_params, item_params
from wbtable.tables.encode import encode
from wbtable.tables.exact import MAX_EXACT_FLOAT
from wbtable.tables.infer import MAX_INT64, MIN_INT64, array_dtype
from wbtable.tables.ingest import encode_values
from wbtable.tables.rows import ColumnRule, RowBuffer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from wbtable.importers.wandb_media import MediaReader
    from wbtable.importers.wandb_types import WandbType
    from wbtable.tables.encode import BlobPutter

Encoded = tuple[ColumnType, pa.Array]
_INT64, _FLOAT64 = NumberType(dtype="int64"), NumberType(dtype="float64")
_NONE: Final = type(None)
_SCALARS: Final = frozenset({bool, int, float, str, _NONE})
_MAX_MS: Final = 253_402_300_800_000
"""The year 10000, in milliseconds."""


class Column:
    """Converts one column. Not for several threads.

    Attributes:
        name: its name here.
        type: its type so far: the narrowest that holds all values converted so far.
        rejected: the JSON of cells that the column cannot hold, by row.
        reasons: why they were rejected, each reason once.
        notes: what else is to be said, each thing once.

    """

    def __init__(self, name: str, found: WandbType, media: MediaReader, blobs: BlobPutter, rows: int | None) -> None:
        """Start with no value.

        Args:
            name: its name here.
            found: what W&B says of it.
            media: reads its media cells.
            blobs: where the bytes of its media go.
            rows: how many rows the table says to have.

        """
        self.name = name
        self.type: ColumnType = NullType()
        self.rejected: dict[int, str] = {}
        self.reasons: dict[str, None] = {}
        self.notes: dict[str, None] = {}
        self._found, self._media, self._blobs = found, media, blobs
        self._beyond = False
        self._labels: dict[int, str] | None = None
        self._npz: NpzColumn | None = None
        self._lost: str | None = None
        try:
            self._open(rows)
        except (WbtableError, OSError) as error:
            self._lost = f"its values are null: {error}" if found.kind == "ndarray" else None
            if self._lost is None:
                self.notes[f"without the names of its classes: {error}"] = None

    @property
    def lost(self) -> str | None:
        """Why the column's values could not be read at all, or None."""
        return self._lost

    def close(self) -> None:
        """Close its file, if it has one."""
        if self._npz is not None:
            self._npz.close()

    def _open(self, rows: int | None) -> None:
        params = self._found.params
        if self._found.kind == "classesId":
            found = params.get("classes_obj")
            if isinstance(found, dict) and isinstance(found.get("path"), str):
                self._labels = self._media.classes(found["path"])
        stored = params.get("serialization_path")
        if self._found.kind == "ndarray" and isinstance(stored, dict):
            path, key = stored.get("path"), stored.get("key")
            if not isinstance(path, str) or not isinstance(key, str):
                msg = f"expected path and key of an array, found {stored!r:.120}"
                raise FormatError(msg)
            npz = NpzColumn(self._media.files.find(path), key)
            self._npz = npz
            if rows is not None and npz.shape[0] != rows:
                msg = f"expected {rows} arrays, found {npz.shape[0]}"
                raise FormatError(msg, place=path)

    def convert(self, values: Sequence[Any], first_row: int) -> Encoded:
        """Return type and physical array of the next values; `type` grows to hold them."""
        found, array = self._convert(values, first_row)
        try:
            merged = unify(self.type, found)
        except TypeMismatchError:
            merged = AnyType()
        if isinstance(merged, NumberType) and merged.is_float and self._beyond:
            merged = AnyType()  # integers that no double holds stay exact
        self.type = merged
        return found, array

    def _convert(self, values: Sequence[Any], first_row: int) -> Encoded:
        if self._npz is not None and self._lost is None:
            try:
                return self._arrays(self._npz.rows(len(values)))
            except WbtableError as error:
                self._lost = f"its values are null from row {first_row} on: {error}"
        kinds = set(map(type, values))
        if kinds <= _SCALARS and not has_media(self.type):
            found = self._scalars(values, kinds)
            if found is not None:
                return found
        return self._cells(values, first_row)

    def _scalars(self, values: Sequence[Any], kinds: set[type]) -> Encoded | None:
        """Return a column of plain values, None where they have no common plain type."""
        kinds = kinds - {_NONE}
        if not kinds:
            return NullType(), pa.nulls(len(values))
        if self._is_time() and kinds <= {int, float}:
            return self._timestamps(values, kinds)
        if kinds == {float}:
            return _FLOAT64, pa.array(values, pa.float64(), from_pandas=False)
        if kinds == {int}:
            return self._integers(values)
        if kinds == {bool}:
            return BooleanType(), pa.array(values, pa.bool_())
        if kinds == {str}:
            return StringType(), self._texts(values)
        if kinds == {int, float} and all(type(v) is not int or abs(v) <= MAX_EXACT_FLOAT for v in values):
            return _FLOAT64, pa.array([None if v is None else float(v) for v in values], pa.float64())
        self._beyond |= int in kinds and any(type(v) is int and abs(v) > MAX_EXACT_FLOAT for v in values)
        return self._mixed(values)

    def _is_time(self) -> bool:
        """Whether the numbers are times; W&B writes a pandas Timestamp as such, and cannot read it back."""
        found = self._found
        return found.kind == "timestamp" or (
            found.kind == "pythonObject" and found.params.get("class_name") == "Timestamp"
        )

    def _integers(self, values: Sequence[int | None]) -> Encoded | None:
        some = [value for value in values if value is not None]
        low, high = min(some), max(some)
        if low < MIN_INT64 or high > MAX_INT64:
            self._beyond = True
            return None
        self._beyond |= max(-low, high) > MAX_EXACT_FLOAT
        array = pa.array(values, pa.int64())
        if self._labels is None or isinstance(self.type, (NumberType, AnyType)):
            return _INT64, array
        unknown = set(some) - self._labels.keys()
        if unknown:
            self.notes[f"the class {min(unknown)} has no name, so that the column holds plain numbers"] = None
            self._labels = None
            return _INT64, array
        return ClassesType(classes=labels(self._labels)), array

    def _texts(self, values: Sequence[str | None]) -> pa.Array:
        try:
            return _whole(pa.array(values, pa.string()))
        except UnicodeError:
            self.notes["text that is no Unicode (lone surrogates) was written with backslashes"] = None
            return _whole(pa.array([None if v is None else _mend(v) for v in values], pa.string()))

    def _timestamps(self, values: Sequence[float | None], kinds: set[type]) -> Encoded | None:
        """Milliseconds since 1970 in UTC; fractions, which nanoseconds left behind, are kept to the microsecond."""
        if not all(v is None or (math.isfinite(v) and abs(v) < _MAX_MS) for v in values):
            self.notes["some times are beyond the year 9999 or not finite, so that the column holds numbers"] = None
            return _FLOAT64, pa.array([None if v is None else float(v) for v in values], pa.float64())
        unit, scale = ("us", 1000) if float in kinds else ("ms", 1)
        whole = [None if v is None else round(v * scale) for v in values]
        found = TimestampType(unit=unit, zone="UTC")
        return found, pa.array(whole, pa.int64()).cast(found.arrow())

    def _arrays(self, rows: np.ndarray[Any, Any]) -> Encoded:
        dtype = array_dtype(rows)
        if dtype is not None:
            found = NdarrayType(dtype=dtype, shape=rows.shape[1:])
            if found.is_tensor and rows.dtype.kind in "iufb":
                native = rows.astype(rows.dtype.newbyteorder("="), copy=False).reshape(-1)
                return found, pa.FixedSizeListArray.from_arrays(pa.array(native), type=found.arrow())
        return encode_values(list(rows), self.name, self._blobs)

    def _cells(self, values: Sequence[Any], first_row: int) -> Encoded:
        """Convert cell by cell; what the column cannot hold is null, and its JSON is kept beside it."""
        media = has_media(self.type) or any(map(holds_media, values))
        start = self.type if media else NullType()
        buffer = RowBuffer([self.name], [start], [ColumnRule(mixed=not media)])
        for row, value in enumerate(values, first_row):
            try:
                buffer.add((self._value(value, self._found.params),))
            except (WbtableError, OSError, ValueError, RecursionError) as error:
                self.rejected[row] = _text(value)
                self._media.give_back(value)
                if len(self.reasons) < 100:
                    self.reasons[f"row {row}: {error}"] = None
                buffer.add((None,))
        (plain,) = buffer.clear()
        try:
            return buffer.types[0], encode(plain, buffer.types[0], self._blobs)
        except TypeMismatchError:
            if media:
                raise
            return self._mixed(values)  # such as integers beyond 2^53 beside floats

    def _mixed(self, values: Sequence[Any]) -> Encoded:
        """Return values of any kinds, each as it is."""
        return encode_values([_mend(value) for value in values], self.name, self._blobs, declared=AnyType())

    def _value(self, value: Any, params: Mapping[str, Any]) -> Any:
        if isinstance(value, dict):
            if is_media(value):
                return self._media.read(value, params)
            return {_mend(key): self._value(item, field_params(params, key)) for key, item in value.items()}
        if isinstance(value, list):
            inner = params if is_media(value) else item_params(params)
            return [self._value(item, inner) for item in value]
        return _mend(value)


def _whole(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array


def _mend(value: Any) -> Any:
    """Return a value whose texts all have a UTF-8 form."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_mend(item) for item in value]
    if isinstance(value, dict):
        return {_mend(key): _mend(item) for key, item in value.items()}
    return value


def _text(value: Any) -> str:
    try:
        return json.dumps(value)
    except (ValueError, RecursionError):
        return repr(value)[:10_000]
