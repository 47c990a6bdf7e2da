"""The columns of a table (spec: 05-tables, TABLE-n)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from wbtable.errors import FormatError, NotFoundError
from wbtable.format.types_base import ColumnType, read_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from wbtable.format.documents import Reader


@dataclass(frozen=True, slots=True)
class Column:
    """One named, typed column.

    Attributes:
        name: any text; unique in its table, also where it is empty.
        type: its logical type.

    """

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a table, in order.

    Attributes:
        columns: them; no two of one name (TABLE-2).

    """

    columns: tuple[Column, ...]
    # Both follow from the columns, so that nothing that can be seen changes.
    _arrow: pa.Schema | None = field(default=None, init=False, repr=False, compare=False)
    _places: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse two columns of one name."""
        places = self._places
        for i, column in enumerate(self.columns):
            places[column.name] = i
        if len(places) != len(self.columns):
            names = self.names
            twice = min(name for i, name in enumerate(names) if places[name] != i)
            msg = f"expected distinct column names, found {twice!r} more than once"
            raise FormatError(msg)

    @classmethod
    def of(cls, columns: Iterable[tuple[str, ColumnType]]) -> Self:
        """Make a schema of names and types."""
        return cls(tuple(Column(name, found) for name, found in columns))

    @property
    def names(self) -> list[str]:
        """The names, in order."""
        return [column.name for column in self.columns]

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.columns)

    def __iter__(self) -> Iterator[Column]:
        """Iterate over the columns."""
        return iter(self.columns)

    def __contains__(self, name: object) -> bool:
        """Whether there is a column of this name."""
        return isinstance(name, str) and name in self._places

    def index(self, name: str) -> int:
        """Return the position of a column.

        Raises:
            NotFoundError: there is none of this name; the message has near ones.

        """
        found = self._places.get(name) if isinstance(name, str) else None
        if found is not None:
            return found
        import difflib

        near = difflib.get_close_matches(str(name), self.names, n=3)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are {self.names!r:.300}"
        msg = f"unknown column {name!r}; {hint}"
        raise NotFoundError(msg)

    def __getitem__(self, name: str) -> ColumnType:
        """Return the type of a column.

        Raises:
            NotFoundError: there is none of this name.

        """
        return self.columns[self.index(name)].type

    def select(self, names: Sequence[str] | None) -> Schema:
        """Return the schema of some columns, in the order asked; all if None.

        Raises:
            NotFoundError: there is none of a name.

        """
        if names is None:
            return self
        columns = tuple(self.columns[self.index(name)] for name in names)
        return self if columns == self.columns else Schema(columns)

    def arrow(self) -> pa.Schema:
        """Return the physical Arrow schema: what fragments hold."""
        found = self._arrow
        if found is None:
            found = pa.schema([pa.field(column.name, column.type.arrow()) for column in self.columns])
            object.__setattr__(self, "_arrow", found)
        return found

    def to_json(self) -> list[dict[str, Any]]:
        """Return the JSON form (TABLE-2)."""
        return [{"name": column.name, "type": column.type.to_json()} for column in self.columns]

    @classmethod
    def read(cls, children: Iterable[Reader]) -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a column is not as the specification says.

        """
        return cls(tuple(Column(child.str("name"), read_type(child.child("type"))) for child in children))
