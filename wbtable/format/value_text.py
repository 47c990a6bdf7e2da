"""Values of a summary as text (spec: 08, SUM-7): documents hold no floats, and integers may pass 2**53."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from wbtable.errors import FormatError
from wbtable.format.es_number import es_text

__all__ = ["MAX_TEXT", "Value", "cut", "cut_key", "cut_sample", "from_text", "to_text"]

MAX_TEXT: Final = 64
"""The longest text kept of a string, in bytes of UTF-8."""

_MOST_ALIKE: Final = 1e10
"""Below this ECMAScript's text of a float is Arrow's too, which has an exponent from here on."""
_DOUBLE: Final = pa.float64()
_SINGLE: Final = pa.float32()

Value = int | float | bool | str | Decimal


def cut(text: str) -> tuple[str, bool]:
    """Return at most `MAX_TEXT` bytes of a text, ending between code points, and whether that left something out."""
    raw = text.encode()
    if len(raw) <= MAX_TEXT:
        return text, False
    return raw[:MAX_TEXT].decode(errors="ignore"), True


def cut_key(text: str, *, was_cut: bool) -> bytes:
    """Return what a text that may have been cut is ordered by (SUM-2).

    The byte 0xFF, which UTF-8 never has, stands for what was left out. So cutting keeps the order: where one text ends
    early because a long code point did not fit, that code point is the greater one.
    """
    return text.encode() + (b"\xff" if was_cut else b"")


def cut_sample(texts: pa.Array) -> pa.StringArray:
    """Return strings in the form in which a sample keeps them (SUM-6).

    A string of more than `MAX_TEXT` bytes is cut, and the XXH3-64 of the whole follows as 16 hexadecimal digits: so it
    is longer than any that was not cut, and different strings stay different.
    """
    longest = pc.max(pc.binary_length(texts)).as_py()
    if longest is None or longest <= MAX_TEXT:
        return texts.cast(pa.string())
    return pa.array(
        [
            found
            if found is None or len(found.encode()) <= MAX_TEXT
            else cut(found)[0] + xxhash.xxh3_64_hexdigest(found.encode())
            for found in texts.to_pylist()
        ],
        pa.string(),
    )


def to_text(values: pa.Array) -> pa.StringArray:
    """Return numbers, booleans, decimals or strings as text, nulls as null (SUM-7)."""
    kind = values.type
    if pa.types.is_decimal(kind):
        return pa.array([None if x is None else f"{x:f}" for x in values.to_pylist()], pa.string())
    text = values.cast(pa.string())
    if pa.types.is_floating(kind) and not pc.all(pc.is_finite(values), min_count=0).as_py():
        names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
        text = pa.array([names.get(x, x) for x in text.to_pylist()], pa.string())
    return text


def from_text(texts: pa.Array, kind: pa.DataType, place: str) -> pa.Array:
    """Return the values that texts stand for, in the Arrow type `kind`; the other way round of `to_text`.

    Raises:
        FormatError: a text is no value of that type.

    """
    try:
        if pa.types.is_decimal(kind):
            return pa.array([None if x is None else Decimal(x) for x in texts.to_pylist()], kind)
        return texts.cast(kind)
    except (pa.ArrowInvalid, InvalidOperation) as error:
        msg = f"expected values of type {kind} as text: {error!s:.200}"
        raise FormatError(msg, place=place) from None


def value_text(value: Value, kind: pa.DataType) -> str:
    """Return one value as text; see `to_text`."""
    # An array takes 30 microseconds, of a few values for each column of an append.
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        if 0 < abs(value) < _MOST_ALIKE:
            if kind == _DOUBLE:
                return es_text(float.__repr__(value))
            if kind == _SINGLE:
                return es_text(str(np.float32(value)))
    elif pa.types.is_integer(kind):
        return str(value)
    text: str = to_text(pa.array([value], kind))[0].as_py()
    return text


def finite(values: np.ndarray) -> np.ndarray:
    """Return the values that are neither NaN nor infinite."""
    chosen: np.ndarray = values[np.isfinite(values)]
    return chosen
