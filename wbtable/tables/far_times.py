"""Dates and instants far away: as text where Arrow wraps their years, or writes none, and those that Parquet lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import TypeMismatchError
from wbtable.format.map_entries import entries_of
from wbtable.format.types import TimestampType

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType

FIRST: Final = -12_687_428
"""The first day of the year -32767, in days since 1970: the first that Arrow writes."""
LAST: Final = 11_248_737
"""The last day of the year 32767."""
_MAX_SECONDS: Final = (2**63 - 1) // 1000
"""The farthest instant in seconds: in Parquet seconds become milliseconds (TYPE-12)."""
_A_DAY: Final = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def _days(kind: pa.DataType) -> int | None:
    """Return how many of a type's units are a day; None if it holds neither dates nor instants."""
    if pa.types.is_date32(kind):
        return 1
    return _A_DAY[kind.unit] if pa.types.is_timestamp(kind) else None


def has_far(array: pa.Array) -> bool:
    """Whether there is a date or instant in it of which Arrow makes no right text."""
    day = _days(array.type)
    if day is None or (pa.types.is_timestamp(array.type) and array.type.unit == "ns"):
        return False
    counts = array.cast(pa.int32()).cast(pa.int64()) if day == 1 else array.cast(pa.int64())
    ends = pc.min_max(counts).as_py()
    return ends["min"] is not None and (ends["min"] < FIRST * day or ends["max"] >= (LAST + 1) * day)


def far_text(array: pa.Array) -> pa.Array:
    """Return dates or instants as text, in the form in which Arrow writes nearer ones."""
    kind = array.type
    if pa.types.is_date32(kind):
        counts = array.cast(pa.int32()).cast(pa.int64())
        unit: Any = "D"
    else:
        counts, unit = array.cast(pa.int64()), kind.unit
    moments = counts.fill_null(0).to_numpy(zero_copy_only=False).astype(f"M8[{unit}]")
    texts = np.char.replace(np.datetime_as_string(moments, unit=unit), "T", " ")
    if unit != "D" and kind.tz is not None:
        texts = np.char.add(texts, "Z")
    return pc.if_else(array.is_valid(), pa.array(texts.tolist(), pa.string()), None)


def has_zone(found: ColumnType) -> bool:
    """Whether a column holds instants, whose text says where."""
    return isinstance(found, TimestampType) and found.zone is not None


def instant(value: Any) -> Any:
    """Return what says that numpy's instant is one in UTC; of pandas and Python they say it themselves."""
    return f"{value}+00:00" if isinstance(value, np.datetime64) else value


def check_seconds(array: pa.Array, place: str, first_row: int = 0) -> None:
    """Accept Arrow data whose instants in seconds, also within lists and structs, have a form in Parquet (TYPE-12).

    Raises:
        TypeMismatchError: one has none; the message has its row, if the first one's number is `first_row`.

    """
    if not _has_beyond(array):
        return
    start, stop = 0, len(array)
    while stop - start > 1:
        half = (start + stop) // 2
        start, stop = (start, half) if _has_beyond(array.slice(start, half - start)) else (half, stop)
    raise TypeMismatchError(_BEYOND, place=f"{place}, row {first_row + start}")


_BEYOND: Final = "an instant in seconds is more than 292 million years from 1970, which cannot be stored"


def _has_beyond(array: pa.Array) -> bool:
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _has_beyond(array.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return _has_beyond(pc.run_end_decode(array))
    if pa.types.is_struct(kind):
        return any(map(_has_beyond, array.flatten()))
    if pa.types.is_map(kind):
        return _has_beyond(entries_of(array))
    if pa.types.is_nested(kind):
        return _has_beyond(array.flatten())
    if not pa.types.is_timestamp(kind) or kind.unit != "s":
        return False
    ends = pc.min_max(array.cast(pa.int64())).as_py()
    return ends["min"] is not None and (ends["min"] < -_MAX_SECONDS or ends["max"] > _MAX_SECONDS)


def check_moments(value: Any) -> None:
    """Accept one of numpy's times, or an array of them: what is in seconds has a form in Parquet (TYPE-12).

    Raises:
        TypeMismatchError: it has none.

    """
    if value.dtype.kind != "M" or np.datetime_data(value.dtype)[0] != "s":
        return
    counts = value.astype(np.int64)
    if (((counts < -_MAX_SECONDS) | (counts > _MAX_SECONDS)) & ~np.isnat(value)).any():
        raise TypeMismatchError(_BEYOND)
