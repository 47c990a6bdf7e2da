"""Tables one after another, whose columns need not fit: what does not is said (spec: 17-comparison, CMP-9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.schema import Schema
from wbtable.format.types import AnyType, NullType, has_media, unify
from wbtable.tables.source import ConcatSource, ProjectedSource
from wbtable.tables.view import Viewable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.types import ColumnType
    from wbtable.tables.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeConflict:
    """A column whose types in several tables widen to none.

    Attributes:
        column: the column.
        types: each type, and the tables that have it.
        kept: whether the union has the column, with cells of mixed types; media and other types do not mix.

    """

    column: str
    types: tuple[tuple[str, tuple[str, ...]], ...]
    kept: bool

    def __str__(self) -> str:
        """Return one line."""
        found = "; ".join(f"{kind} in {_some(tables)}" for kind, tables in self.types)
        what = (
            "its cells are of mixed types" if self.kept else "it is left out, because media do not mix with other types"
        )
        return f'column "{self.column}": {found}; {what}'


class UnionTable(Viewable):
    """The rows of several tables, one table after another, in the order given.

    Columns are those of all tables in order of first appearance, each of the type to which its types widen; a table
    that lacks a column has null there. A column whose types widen to none is in :attr:`conflicts`.
    """

    def __init__(self, parts: Sequence[Source], names: Sequence[str]) -> None:
        """Put sources one after another.

        Args:
            parts: them.
            names: what messages call each.

        Raises:
            UsageError: there is none.

        """
        if not parts:
            raise UsageError("expected at least one table")
        types, self._conflicts = merged_types([part.schema for part in parts], names)
        left_out = {conflict.column for conflict in self._conflicts if not conflict.kept}
        kept = [
            ProjectedSource(part, [name for name in part.schema.names if name not in left_out])
            if left_out.intersection(part.schema.names)
            else part
            for part in parts
        ]
        self._rows = ConcatSource(kept, Schema.of(types.items()))
        self._names = tuple(names)

    @property
    def conflicts(self) -> tuple[TypeConflict, ...]:
        """The columns whose types do not widen to one."""
        return self._conflicts

    @property
    def parts(self) -> tuple[str, ...]:
        """What each of the tables is called, in order."""
        return self._names

    def _source(self) -> ConcatSource:
        return self._rows


def merged_types(
    schemas: Sequence[Schema], names: Sequence[str]
) -> tuple[dict[str, ColumnType], tuple[TypeConflict, ...]]:
    """Return the columns of a union, and those whose types do not widen to one."""
    types: dict[str, ColumnType] = {}
    seen: dict[str, dict[str, list[str]]] = {}
    found: dict[str, list[ColumnType]] = {}
    for schema, name in zip(schemas, names, strict=True):
        for column in schema:
            seen.setdefault(column.name, {}).setdefault(str(column.type), []).append(name)
            found.setdefault(column.name, []).append(column.type)
    conflicts = []
    for column_name, several in found.items():
        wide: ColumnType = NullType()
        try:
            for one in several:
                wide = unify(wide, one)
        except TypeMismatchError:
            kept = not any(has_media(one) for one in several)
            kinds = tuple((kind, tuple(tables)) for kind, tables in seen[column_name].items())
            conflicts.append(TypeConflict(column=column_name, types=kinds, kept=kept))
            if kept:
                types[column_name] = AnyType()
            continue
        types[column_name] = wide
    return types, tuple(conflicts)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= len(names[:3]) else f"{shown} and {len(names) - 3} more"
