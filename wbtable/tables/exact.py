"""Whether a value has an exact form in a wider type than its own: digits and nanoseconds are never lost (TYPE-9)."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from wbtable.errors import TypeMismatchError
from wbtable.format.types import (
    ColumnType,
    DecimalType,
    DurationType,
    ListType,
    MapType,
    NumberType,
    StructType,
    TimestampType,
)
from wbtable.tables.infer_times import exactly

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_EXACT_FLOAT: Final = 2**53


def check_exact(wanted: ColumnType, plain: Any) -> None:
    """Accept a value, in plain form, for a type to which its own widens.

    Raises:
        TypeMismatchError: it, or a part of it, has no exact form there.

    """
    if plain is None:
        return
    if isinstance(wanted, NumberType):
        if wanted.is_float and isinstance(plain, (int, np.integer)) and abs(int(plain)) > MAX_EXACT_FLOAT:
            msg = f"the integer {plain} is beyond 2^53, so that {wanted} cannot hold it exactly"
            raise TypeMismatchError(msg)
    elif isinstance(wanted, (TimestampType, DurationType)):
        _check_time(wanted, plain)
    elif isinstance(wanted, ListType):
        for item in plain:
            check_exact(wanted.item, item)
    elif isinstance(wanted, StructType):
        for field in wanted.fields:
            check_exact(field.type, plain.get(field.name))
    elif isinstance(wanted, MapType):
        for key, item in plain.items():
            check_exact(wanted.key, key)
            check_exact(wanted.item, item)


def decimal_texts(values: Iterable[Decimal | None], found: DecimalType) -> list[str | None]:
    """Return decimals of more than 38 digits as they are stored: without exponent, with `scale` digits (TYPE-3)."""
    quantum, context = Decimal(1).scaleb(-found.scale), Context(prec=found.precision + 1)
    exact = (None if value is None else value.quantize(quantum, context=context) for value in values)
    return [None if value is None else format(value or value.copy_abs(), "f") for value in exact]


def _check_time(wanted: TimestampType | DurationType, plain: Any) -> None:
    if isinstance(plain, (np.datetime64, np.timedelta64)):
        exactly(plain, f"{plain.dtype.kind}8[{wanted.unit}]")
        return
    try:
        pa.scalar(plain, wanted.arrow())
    except (pa.ArrowException, OverflowError) as error:
        msg = f"{plain} does not fit {wanted}: {error}"
        raise TypeMismatchError(msg) from None
