"""The parts of a view as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wbtable.errors import UsageError
from wbtable.format.view_spec import ColumnSetting, Named, Sort

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SORT = re.compile(r"(.*?)(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*", re.DOTALL | re.IGNORECASE)


def named(columns: Mapping[str, str]) -> tuple[Named, ...]:
    """Return columns by name and expression."""
    return tuple(Named(name=str(name), expression=text) for name, text in columns.items())


def settings(names: Sequence[str]) -> tuple[ColumnSetting, ...]:
    """Return the settings of columns that are shown in an order.

    Raises:
        UsageError: a text was given for a list, or one is asked for twice.

    """
    if isinstance(names, str):
        msg = f"expected a list of column names, found the text {names!r:.80}"
        raise UsageError(msg)
    if len(set(names)) != len(names):
        msg = f"expected each column once, found {list(names)!r:.200}"
        raise UsageError(msg)
    return tuple(ColumnSetting(name=name) for name in names)


def sort_keys(keys: Sequence[str]) -> tuple[Sort, ...]:
    """Return sort keys of texts: an expression, ``asc`` or ``desc``, ``nulls first`` or ``nulls last``."""
    out = []
    for key in keys:
        match = _SORT.fullmatch(key)
        assert match is not None  # every text matches
        out.append(
            Sort(
                expression=match[1].strip(),
                order=(match[2] or "asc").lower(),
                nulls=(match[3] or "last").lower(),
            )
        )
    return tuple(out)


def shown_sort(key: Sort) -> str:
    """Return the text of a sort key, as `sort_keys` reads it."""
    # Said in full: an expression may end in a word that would be read as the order.
    return f"{key.expression} {key.order}{'' if key.nulls == 'last' else ' nulls first'}"
