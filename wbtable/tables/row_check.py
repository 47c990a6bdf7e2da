"""Whether a row is like those before it, in one call for all its cells.

Rows of the same classes need the same care (`wbtable.tables.rows`). To look at each cell in a loop takes three times as
long as a function that names them all, so one is written for rows that come often, as `namedtuple` and dataclasses do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from wbtable.errors import TypeMismatchError
from wbtable.format.types import AnyType, ColumnType, NullType, NumberType, unify
from wbtable.tables.infer import MAX_INT64, MIN_INT64

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    RowCheck = Callable[[Sequence[Any]], bool]

MOST_COLUMNS = 256
"""Of wider rows no function is written: the interpreter compiles them slowly."""


def no_row(row: Sequence[Any]) -> bool:  # noqa: ARG001 - a RowCheck
    """Return False: no row is known to need no closer look."""
    return False


@dataclass(slots=True)
class RowPlan:
    """What rows of the same classes need.

    Attributes:
        ints: the positions of integers.
        texts: those of text.
        slow: those of what is inferred cell by cell.
        check: tells whether a row has these classes and needs no closer look.

    """

    ints: tuple[int, ...] = ()
    texts: tuple[int, ...] = ()
    slow: tuple[int, ...] = ()
    check: RowCheck = no_row


def is_plain(fixed: ColumnType, kind: type, column: ColumnType, *, is_optional: bool) -> bool:
    """Whether every value of a class of type `fixed` is encoded in `column` as it is."""
    if isinstance(column, AnyType):
        return False
    if not is_optional and (kind is type(None) or issubclass(kind, (float, np.floating))):
        return False
    if fixed == column or isinstance(fixed, NullType):
        return True
    if isinstance(fixed, NumberType) and isinstance(column, NumberType) and fixed.is_float == column.is_float:
        try:
            return unify(column, fixed) == column
        except TypeMismatchError:
            return False
    return False


def has_utf8(text: str) -> bool:
    """Whether a text has a UTF-8 form: half of a surrogate pair has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def row_check(kinds: Sequence[type], ints: Sequence[int], texts: Sequence[int]) -> RowCheck:
    """Return a function that tells whether a row has these classes, integers that fit 64 bits, and encodable texts.

    Args:
        kinds: the class of each cell, at least one.
        ints: the positions of integers that must be from -2**63 to 2**63 - 1.
        texts: the positions of texts that must have a UTF-8 form.

    """
    # Nothing of the data goes into the source: positions and numbered names only.
    known: dict[str, Any] = {"type": type, "has_utf8": has_utf8}
    names: dict[type, str] = {}
    for kind in kinds:
        if kind not in names:
            names[kind] = f"class_{len(names)}"
            known[names[kind]] = kind
    rules = [f"type(v{i}) is {names[kind]}" for i, kind in enumerate(kinds)]
    rules += [f"{MIN_INT64} <= v{i} <= {MAX_INT64}" for i in ints]
    rules += [f"(v{i}.isascii() or has_utf8(v{i}))" for i in texts]
    source = "\n".join(
        (
            "def check(row):",
            f"    if len(row) != {len(kinds)}:",
            "        return False",
            f"    {''.join(f'v{i}, ' for i in range(len(kinds)))}= row",
            f"    return {' and '.join(rules)}",
        )
    )
    exec(compile(source, "<row check>", "exec"), known)  # noqa: S102 - written above, from positions alone
    return cast("RowCheck", known["check"])
