"""Columns of every kind as users write them, and equality that overlooks nothing."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import io
import math
import struct
import uuid
import wave
import zoneinfo
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image as Pillow

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
DECIMAL = decimal.Decimal


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class Level(enum.IntEnum):
    LOW = 1


Point = collections.namedtuple("Point", ["x", "y"])  # noqa: PYI024 - a class that users have


def png(seed: int = 0, size: tuple[int, int] = (5, 4)) -> bytes:
    """Return a small picture, another one for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    sink = io.BytesIO()
    Pillow.fromarray(pixels).save(sink, "PNG")
    return sink.getvalue()


def wav(frames: int = 80, rate: int = 8000) -> bytes:
    """Return a short sound."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(bytes(2 * frames))
    return sink.getvalue()


def identical(left: Any, right: Any) -> bool:
    """Whether two values have one type and one value: NaN is NaN, -0.0 is not 0.0, 1 is not 1.0 nor True."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return math.isnan(left) if math.isnan(right) else struct.pack("<d", left) == struct.pack("<d", right)
    if isinstance(left, complex):
        return identical(left.real, right.real) and identical(left.imag, right.imag)
    if isinstance(left, np.ndarray):
        if left.dtype != right.dtype or left.shape != right.shape:
            return False
        return left.tobytes() == right.tobytes()
    if isinstance(left, list):
        return len(left) == len(right) and all(map(identical, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(identical(left[key], right[key]) for key in left)
    if isinstance(left, dt.datetime):
        return bool(left == right) and left.utcoffset() == right.utcoffset() and str(left) == str(right)
    if isinstance(left, decimal.Decimal):
        return bool(left == right)
    return bool(left == right)


def check_identical(found: Any, expected: list[Any]) -> None:
    """Name the first value that is another."""
    assert len(found) == len(expected)
    for i, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert identical(one, other), f"value {i}: expected {other!r} ({type(other)}), found {one!r} ({type(one)})"


def utc(*args: int) -> dt.datetime:
    """Return an instant."""
    return dt.datetime(*args, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


_FOLD = dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN)
_OFFSET = dt.timezone(dt.timedelta(hours=-3, minutes=-30))

SAME: dict[str, list[Any]] = {
    "float": [1.5, float("nan"), None, float("inf"), float("-inf"), -0.0, 0.0, 5e-324, 1.7976931348623157e308],
    "int": [2**63 - 1, -(2**63), 0, None, 2**53 + 1],
    "uint": [2**64 - 1, 0, None],
    "big": [2**70, -(2**70), None, 10**38 - 1, 2**63, 1],
    "bool": [True, False, None],
    "text": ["", "a", None, "\x00", "日本", "🙂\n", "x" * 100_000],
    "bytes": [b"", b"\x00\xff", None, bytes(range(256))],
    "naive": [dt.datetime(2024, 2, 29, 1, 2, 3, 123456), None, dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59)],  # noqa: DTZ001
    "utc": [utc(2024, 1, 1, 0, 0, 0, 1), None, utc(1900, 1, 1)],
    "zone": [_FOLD, _FOLD.replace(fold=1), dt.datetime(2024, 3, 31, 1, 59, 59, 999999, tzinfo=BERLIN), None],
    "offset": [dt.datetime(2024, 1, 1, 12, tzinfo=_OFFSET), None],
    "date": [dt.date(1, 1, 1), None, dt.date(2024, 2, 29), dt.date(9999, 12, 31)],
    "time": [dt.time(0), None, dt.time(23, 59, 59, 999999)],
    "timedelta": [dt.timedelta(microseconds=1), None, dt.timedelta(days=-3, seconds=5), dt.timedelta(days=36500)],
    "decimal": [DECIMAL("1.10"), None, DECIMAL("-0.001"), DECIMAL("12345678901234567890.5")],
    "long_decimal": [DECIMAL("1" * 60 + ".25"), None, DECIMAL("-3.5"), DECIMAL("0")],
    "huge_decimal": [DECIMAL("7" * 120 + ".125"), None],
    "uuid": [uuid.UUID(int=5), None, uuid.UUID(int=2**128 - 1)],
    "complex": [1 + 2j, None, complex(float("nan"), -0.0), complex(float("inf"), 0)],
    "list": [[1, 2], [], None, [3, None]],
    "floats": [[1.0, float("nan"), None], [], None, [-0.0]],
    "texts": [["a", None, ""], None, []],
    "nested_list": [[[1], []], None, [None, [2, None]], []],
    "decimals": [[DECIMAL("1.5"), None], [DECIMAL("2" * 50)]],
    "uuids": [[uuid.UUID(int=1)], None, []],
    "dates": [[dt.date(2020, 1, 1), None]],
    "bigs": [[2**70, 1], [], None],
    "struct": [{"a": 1, "b": "x"}, {"a": None, "b": None}, None, {"a": 2}, {}],
    "deep": [{"p": {"q": [{"r": 1.5}, {"r": None}, {}]}}, {"p": None}, {}, None, {"p": {}}],
    "empty_dicts": [{}, None, {}],
    "int_keys": [{1: "a", 2: None}, {}, None, {-5: "b"}],
    "date_keys": [{dt.date(2020, 1, 1): [1]}, None],
    "dict_of_arrays": [{"m": np.eye(2), "n": np.array(["a"])}, {"m": None}, None],
    "null": [None, None],
    "array": [np.array([[1.5, -0.0], [float("nan"), 2]], np.float32), None, np.zeros((2, 2), np.float32)],
    "ragged": [np.arange(3), np.zeros((2, 0), np.int64), None, np.array(7), np.arange(6).reshape(1, 2, 3)],
    "zero_d": [np.array(1.5), None, np.array(float("nan"))],
    "zero_size": [np.zeros((0, 3), np.int8), None, np.zeros((0, 3), np.int8)],
    "bools": [np.array([True, False]), None, np.array([[True]])],
    "strings": [np.array(["a", "bcd"]), None, np.array([["é"]])],
    "bytestrings": [np.array([b"a", b"bcd"]), None],
    "instants": [np.array(["2024-01-01T00:00:00.123456789", "NaT"], "M8[ns]"), None],
    "seconds": [np.array(["2024-01-01", "NaT"], "M8[s]"), None, np.array([["1600-01-01"]], "M8[s]")],
    "seconds_within": [[np.array(["2024-01-01"], "M8[s]")], [np.array(["NaT"], "M8[s]")], None],
    "spans": [np.array([1, 2], "m8[us]"), np.array([[3]], "m8[us]"), None],
    "complexes": [np.array([1 + 2j, complex(0, float("nan"))], np.complex64), None, np.array([], np.complex64)],
    "complex128": [np.array([[1 + 2j]]), None],
    "mixed_arrays": [np.array([1, 2], np.int8), np.array([1.5]), None, np.array(["x"]), np.array([True])],
    "half": [np.array([1.5], np.float16), np.array([65504], np.float16)],
    "unsigned": [np.array([2**64 - 1], np.uint64)],
    "fortran": [np.array([[1, 2], [3, 4]])],
    "arrays_in_lists": [[np.arange(2), np.arange(3)], [], None],
}
"""Values that come back as they are, in one column each."""

CHANGED: dict[str, tuple[list[Any], list[Any]]] = {
    "tuples": ([(1, 2), ()], [[1, 2], []]),
    "named_tuples": ([Point(1, 2)], [[1, 2]]),
    "sets": ([{3, 1}, frozenset()], [[1, 3], []]),
    "ranges": ([range(3)], [[0, 1, 2]]),
    "ordered": ([collections.OrderedDict(b=1, a=2)], [{"b": 1, "a": 2}]),
    "counter": ([collections.Counter("aab")], [{"a": 2, "b": 1}]),
    "int_and_float": ([1, 2.5, None], [1.0, 2.5, None]),
    "enums": ([Colour.RED, None, Colour.GREEN], ["RED", None, "GREEN"]),
    "paths": ([PurePosixPath("a/b")], ["a/b"]),
    "bytearray": ([bytearray(b"x"), memoryview(b"y")], [b"x", b"y"]),
    "np_ints": ([np.int8(1), np.int64(2**62), None], [1, 2**62, None]),
    "np_uint": ([np.uint64(2**64 - 1)], [2**64 - 1]),
    "np_floats": ([np.float32(1.5), np.float64("nan"), np.float16(0.5)], [1.5, float("nan"), 0.5]),
    "np_bool": ([np.bool_(True), False], [True, False]),
    "np_text": ([np.str_("a"), np.str_("b")], ["a", "b"]),
    "np_bytes": ([np.bytes_(b"a")], [b"a"]),
    "np_complex": ([np.complex64(1 + 2j)], [1 + 2j]),
    "np_days": ([np.datetime64("2024-02-29"), np.datetime64("NaT", "D")], [dt.date(2024, 2, 29), None]),
    "np_far_days": ([np.datetime64("20000-02-29"), None], [np.datetime64("20000-02-29"), None]),
    "np_far": ([np.datetime64("20000-02-29T01:02:03")], [pd.Timestamp(np.datetime64("20000-02-29T01:02:03"))]),
    "np_us": ([np.datetime64("2024-02-29T01:02:03.000004")], [dt.datetime(2024, 2, 29, 1, 2, 3, 4)]),  # noqa: DTZ001
    "np_hours": ([np.datetime64("2024-02-29T01")], [dt.datetime(2024, 2, 29, 1)]),  # noqa: DTZ001
    "np_ns": (
        [np.datetime64("2024-02-29T01:02:03.000000004"), None],
        [pd.Timestamp("2024-02-29T01:02:03.000000004"), None],
    ),
    "np_span": ([np.timedelta64(5, "ms"), np.timedelta64("NaT", "ms")], [dt.timedelta(milliseconds=5), None]),
    "np_span_ns": ([np.timedelta64(5, "ns")], [pd.Timedelta(5, "ns")]),
    "pd_nulls": ([pd.NA, pd.NaT, 5], [None, None, 5]),
    "pd_stamp": ([pd.Timestamp("2024-01-01 00:00:00.5"), pd.NaT], [dt.datetime(2024, 1, 1, 0, 0, 0, 500000), None]),  # noqa: DTZ001
    "pd_zone": (
        [pd.Timestamp(123, unit="ns", tz="Asia/Tokyo")],
        [pd.Timestamp(123, unit="ns", tz="Asia/Tokyo")],
    ),
    "pd_span": ([pd.Timedelta(5, "ns")], [pd.Timedelta(5, "ns")]),
    "zones": (
        [utc(2024, 1, 1), dt.datetime(2024, 7, 1, 2, tzinfo=BERLIN)],
        [utc(2024, 1, 1), utc(2024, 7, 1)],
    ),
    "object_array": ([np.array([1, "a"], object)[:1]], [[1]]),
    "big_endian": ([np.array([1, 2], ">i4")], [np.array([1, 2], "<i4")]),
    "fortran": ([np.asfortranarray([[1, 2], [3, 4]])], [np.array([[1, 2], [3, 4]])]),
    "strided": ([np.arange(10)[::3]], [np.array([0, 3, 6, 9])]),
}
"""Values that come back as the nearest plain ones."""
