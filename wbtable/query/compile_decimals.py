"""Decimals of more than 38 digits, which are text (TYPE-3), in SQL: text has another order than numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.format.types import MAX_PRECISION, DecimalType

if TYPE_CHECKING:
    from wbtable.format.types import ColumnType


def is_text_decimal(found: ColumnType) -> bool:
    """Whether a column's values are decimals that stand in text."""
    return isinstance(found, DecimalType) and found.precision > MAX_PRECISION


def ordered(text: str, found: ColumnType) -> str:
    """Return what has the order of the values: of decimals in text their digits at fixed places, turned below zero."""
    if not is_text_decimal(found):
        return text
    assert isinstance(found, DecimalType)
    width = found.precision + 2
    below = f"'-' || translate(lpad(substring({text}, 2), {width}, '0'), '0123456789', '9876543210')"
    return f"(CASE WHEN starts_with({text}, '-') THEN {below} ELSE lpad({text}, {width}, '0') END)"


def in_order(text: str, item: ColumnType) -> str:
    """Return a list with its elements in ascending order, nulls last."""
    if not is_text_decimal(item):
        return f"list_sort({text}, 'ASC', 'NULLS LAST')"
    pairs = f"list_transform({text}, lambda d: row({ordered('d', item)}, d))"
    return f"list_transform(list_sort({pairs}, 'ASC', 'NULLS LAST'), lambda d: struct_extract_at(d, 2))"
