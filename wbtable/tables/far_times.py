"""Dates and instants as text that lie farther away than Arrow writes right: it wraps their years, or writes none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.format.types import TimestampType

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType

FIRST: Final = -12_687_428
"""The first day of the year -32767, in days since 1970: the first that Arrow writes."""
LAST: Final = 11_248_737
"""The last day of the year 32767."""
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
