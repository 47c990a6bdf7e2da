"""JSON read so that nothing of it is lost without a word: for documents, and for the files of others."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, Final


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON, as `object_pairs_hook`: of a key that stands twice one value would silently be lost.

    Raises:
        ValueError: a key stands twice.

    """
    out = dict(pairs)
    if len(out) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        msg = f"the key {twice!r:.80} stands twice in one object"
        raise ValueError(msg)
    return out


def finite(text: str) -> float:
    """Return a number of JSON, as `parse_float`: one beyond the range of floats would silently become infinite.

    Raises:
        ValueError: it is beyond that range.

    """
    value = float(text)
    if not math.isfinite(value):
        msg = f"the number {text:.40} is out of range"
        raise ValueError(msg)
    return value


EXACT_JSON: Final = json.JSONDecoder(object_pairs_hook=unique_keys, parse_float=finite)
"""Reads files of others: integers keep all digits, and NaN and infinities are what Python writes them as."""
