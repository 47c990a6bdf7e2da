"""Whether the numbers of a whole column have a form in another width: nothing is rounded to infinity (TYPE-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wbtable.errors import TypeMismatchError
from wbtable.format.types import NumberType

if TYPE_CHECKING:
    from wbtable.errors import WbtableError

MAX_EXACT: Final = 2**53
"""The largest magnitude up to which every integer is a double."""


def check_integers(
    array: pa.Array, target: pa.DataType, place: str, error: type[WbtableError], first_row: int | None
) -> None:
    """Refuse integers that have no exact form in a floating-point type."""
    limit = {16: 2**11, 32: 2**24}.get(target.bit_width, MAX_EXACT)
    bounds = pc.min_max(array)
    low, high = bounds["min"].as_py(), bounds["max"].as_py()
    if low is None or (-limit <= low and high <= limit):
        return
    worst = high if high > limit else low
    at = pc.index(array, pa.scalar(worst, array.type)).as_py()
    msg = f"the integer {worst} is beyond 2^{limit.bit_length() - 1} and has no exact form as {target}"
    raise error(msg, place=place if first_row is None else f"{place}, row {first_row + at}")


def check_finite(array: pa.Array, out: pa.Array, place: str, error: type[WbtableError], first_row: int | None) -> None:
    """Refuse numbers that became infinite in a narrower type: Arrow's cast says nothing of them."""
    infinite = np.isinf(out.to_numpy(zero_copy_only=False))
    if not infinite.any():
        return
    numbers = array.to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(infinite & np.isfinite(numbers))
    if len(rows):
        msg = f"{numbers[rows[0]]} is beyond the range of float{out.type.bit_width}"
        raise error(msg, place=place if first_row is None else f"{place}, row {first_row + int(rows[0])}")


def exact_numbers(numbers: pa.ChunkedArray, have: NumberType, want: NumberType, place: str) -> pa.ChunkedArray:
    """Return numbers, of which one kind is floating point, in another width that holds each of them exactly.

    Raises:
        TypeMismatchError: one has no exact form there; the message names the row.

    """
    if have.dtype == "float16":
        # Arrow does not compare half floats; each is a float32.
        have = NumberType(dtype="float32")
        numbers = numbers.cast(have.arrow())
    # Unchecked, there and back: what is the same again was held. A float beyond an integer's range has no way there.
    out = numbers.cast(want.arrow(), safe=False)
    same = pc.equal(out.cast(have.arrow(), safe=False), numbers)
    if have.is_float and want.is_float:
        same = pc.or_(same, pc.is_nan(numbers))
    elif have.is_float:
        low, high = float(np.iinfo(want.dtype).min), float(int(np.iinfo(want.dtype).max) + 1)
        same = pc.and_(same, pc.and_(pc.greater_equal(numbers, low), pc.less(numbers, high)))
    row = pc.index(same, pa.scalar(False)).as_py()
    if row >= 0:
        msg = f"expected {want}, found {numbers[row]}, which it does not hold exactly"
        raise TypeMismatchError(msg, place=f"{place}, row {row}")
    return out
