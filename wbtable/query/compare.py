"""What a comparison says: pure rules and values (spec: 17-comparison, CMP-n)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wbtable.errors import UsageError
from wbtable.format.types import (
    BooleanType,
    ClassesType,
    DateType,
    DecimalType,
    IntegerType,
    LinkType,
    NullType,
    NumberType,
    StringType,
    TimestampType,
    UuidType,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wbtable.format.schema import Schema
    from wbtable.format.types import ColumnType

EQUAL: Final = 0
CHANGED: Final = 1
ADDED: Final = 2
REMOVED: Final = 3
KINDS: Final = ("equal", "changed", "added", "removed")
CHANGE: Final = "_change"
TABLE: Final = "_table"
LEAST_SIDES: Final = 2
MOST_SIDES: Final = 8

_KEYS: Final = (
    *(IntegerType, StringType, UuidType, DateType, TimestampType, DecimalType, LinkType, ClassesType, BooleanType),
)
_ID: Final = re.compile(r"(^|[_\-. ])(id|ids|uid|uuid|guid|key|index|idx|hash|digest)$", re.IGNORECASE)
_CAMEL: Final = re.compile(r"[a-z0-9](Id|ID|Uuid|UUID|Key)$")
_NAME: Final = re.compile(r"(^|[_\-. ])(name|file|filename|path|filepath|url|uri|example|image|sample)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rows differ, exact (CMP-4).

    Attributes:
        added: rows that the first side lacks.
        removed: rows of the first side that another lacks.
        changed: rows that all sides have, with a different value in some column.
        equal: rows that all sides have, equal in all columns that are compared.
        duplicates: on each side, rows whose key an earlier row has; the n-th pairs with the n-th.
        nulls: on each side, rows with a null key, which pair with nothing.

    """

    added: int
    removed: int
    changed: int
    equal: int
    duplicates: tuple[int, ...]
    nulls: tuple[int, ...]

    @property
    def rows(self) -> int:
        """All rows of the outer merge."""
        return self.added + self.removed + self.changed + self.equal

    def __str__(self) -> str:
        """Return one line, and one more where keys are not what keys should be."""
        parts = [f"{getattr(self, kind):,} {kind}" for kind in ("added", "removed", "changed", "equal")]
        lines = [", ".join(parts)]
        for side, (duplicates, nulls) in enumerate(zip(self.duplicates, self.nulls, strict=True)):
            if duplicates or nulls:
                lines.append(
                    f"side {side}: {duplicates:,} rows have the key of an earlier row (the n-th is compared with the "
                    f"n-th), {nulls:,} have a null key (and are compared with none)"
                )
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChange:
    """What a comparison says of a column (CMP-6).

    Attributes:
        name: the column.
        types: its type on each side, None where a side lacks it.
        changed: the rows that all sides have and in which its values differ; None where it is not compared, because a
            side lacks it or the types have no values in common.

    """

    name: str
    types: tuple[str | None, ...]
    changed: int | None

    @property
    def status(self) -> str:
        """``equal``, ``changed``, ``added``, ``removed`` (some side lacks it) or ``retyped`` (not comparable)."""
        if None in self.types:
            return "added" if self.types[0] is None else "removed"
        if self.changed is None:
            return "retyped"
        return "changed" if self.changed else "equal"


def check_sides(count: int) -> None:
    """Refuse a number of tables that cannot be compared.

    Raises:
        UsageError: it is not from 2 to 8.

    """
    if not LEAST_SIDES <= count <= MOST_SIDES:
        raise UsageError(f"expected from {LEAST_SIDES} to {MOST_SIDES} tables to compare, found {count}")


def may_be_key(found: ColumnType) -> bool:
    """Whether a column of this type may be suggested as a key: never floats, never media (CMP-7)."""
    if isinstance(found, NumberType):
        return not found.is_float
    return isinstance(found, _KEYS)


def key_candidates(schemas: Sequence[Schema], preferred: Iterable[str | None] = ()) -> list[str]:
    """Return the columns that all sides have and that may be a key, the likeliest first (CMP-7).

    Primary keys come first, then names like ``id``, then names of files and examples, then the others in their order.

    Args:
        schemas: the columns of each side.
        preferred: the primary keys.

    """
    first = schemas[0]
    shared = [
        column.name
        for column in first
        if all(column.name in schema and may_be_key(schema[column.name]) for schema in schemas)
    ]
    wanted = set(preferred)
    return sorted(shared, key=lambda name: (name not in wanted, _rank(name)))  # the sort keeps their order


def _rank(name: str) -> int:
    if name.lower() in {"id", "uuid", "key"}:
        return 0
    if _ID.search(name) or _CAMEL.search(name):
        return 1
    return 2 if _NAME.search(name) else 3


def no_key(schemas: Sequence[Schema]) -> UsageError:
    """Return the error for tables that have no key in common; it offers to put them one after another (CMP-7)."""
    shared = [column.name for column in schemas[0] if all(column.name in schema for schema in schemas)]
    kept = [name for name in shared if not isinstance(schemas[0][name], NullType)]
    if not kept:
        message = "the tables have no column in common to compare them by"
    else:
        message = (
            "no column names the rows of all tables, each once, with values in common (they share "
            f"{', '.join(map(repr, kept))[:200]}): name one or several as key"
        )
    return UsageError(f"{message}; or put the tables one after another (mode concat)")


def key_names(key: object, sides: int) -> tuple[tuple[str, ...], ...]:
    """Return what `key` means: for each key column its name on each side.

    A list is a composite key; a tuple in it has a name for each side.

    Raises:
        UsageError: it is something else.

    """
    items = [key] if isinstance(key, str) else list(key) if isinstance(key, list | tuple) else []
    out: list[tuple[str, ...]] = []
    for item in items:
        if isinstance(item, str):
            out.append((item,) * sides)
        elif isinstance(item, tuple | list) and len(item) == sides and all(isinstance(name, str) for name in item):
            out.append(tuple(item))
        else:
            out = []
            break
    if not out or len({names[0] for names in out}) != len(out):
        raise UsageError(
            f"expected key as a column's name, or a list of names (with several tables' names in tuples of {sides}), "
            f"each once, found {key!r:.200}"
        )
    return tuple(out)
