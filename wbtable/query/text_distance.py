"""The edit distance of texts that are not ASCII, in batches, for the engine (EXPR-8).

DuckDB's own counts bytes of UTF-8 in some versions and characters in others, which comes to the same for ASCII alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from wbtable.query.functions_text import DISTANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["distance", "register"]


def register(connection: Any) -> None:
    """Give a DuckDB connection the function; before its configuration is locked."""
    connection.create_function(
        DISTANCE, _distances, ["VARCHAR", "VARCHAR"], "BIGINT", type="arrow", null_handling="special"
    )


def distance(one: str, other: str) -> int:
    """Return how many characters (code points) to change, add or leave out to make one text of the other.

    Wagner and Fischer's table row by row (The String-to-String Correction Problem, 1974); within a row, what is added
    one after the other is a running minimum. Takes len(one) steps, each over an array of len(other).
    """
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    points = _points(longer)
    steps = np.arange(len(longer) + 1)
    row = steps.copy()
    for number, point in enumerate(_points(shorter).tolist(), 1):
        changed = np.minimum(row[1:] + 1, row[:-1] + (points != point))
        row = np.minimum.accumulate(np.concatenate(([number], changed)) - steps) + steps
    return int(row[-1])


def _points(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def _distances(ones: pa.Array, others: pa.Array) -> pa.Array:
    pairs = zip(ones.to_pylist(), others.to_pylist(), strict=True)
    return pa.array([None if a is None or b is None else distance(a, b) for a, b in pairs], pa.int64())
