"""Several tables read as one (spec: 11-joined-and-partitioned-tables, PART-n)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from wbtable.errors import ConflictError, TypeMismatchError, UsageError
from wbtable.format.partitioned_table import PartitionedTableDocument
from wbtable.format.paths import check_path
from wbtable.format.schema import Schema
from wbtable.format.types import NullType, unify
from wbtable.tables.readable import Readable
from wbtable.tables.source import ConcatSource
from wbtable.tables.view import Viewable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wbtable.format.joined_table import TableReference
    from wbtable.format.types import ColumnType
    from wbtable.tables.source import Source


class PartitionedTable(Viewable):
    """The rows of several tables, one table after another; nothing is materialised.

    Columns are those of all parts, in order of first appearance, each of the narrowest type that holds all its values;
    a part that lacks a column has null there.

    Attributes:
        stored_at: the version and the path that it was read from; None if it was made here.

    """

    stored_at: Any = None

    def __init__(self, parts_path: str | Sequence[Readable | str], *, parts: Sequence[Readable] | None = None) -> None:
        """Read several tables as one.

        Args:
            parts_path: the folder of an artifact in which the parts lie; or the tables themselves, or their paths.
            parts: the tables in the folder, where they are known.

        Raises:
            UsageError: a column's types in two parts have none in common; or an argument is of another kind.

        """
        self._prefix: str | None = None
        self._parts: tuple[Readable | str, ...] | None
        if isinstance(parts_path, str):
            self._prefix = check_path(parts_path.rstrip("/"), "folder of the parts")
            self._parts = None if parts is None else tuple(parts)
        elif isinstance(parts_path, Iterable):
            self._parts = tuple(parts_path)
        else:
            msg = f"expected the folder of the parts, or a list of tables, found {type(parts_path).__name__}"
            raise UsageError(msg)
        for part in self._parts or ():
            if not isinstance(part, Readable) and not (isinstance(part, str) and part.endswith("table.json")):
                msg = f"expected tables, or paths of tables ending in .table.json, found {type(part).__name__}"
                raise UsageError(msg)
        if self._parts is not None and not self._parts and self._prefix is None:
            msg = "expected at least one table"
            raise UsageError(msg)
        self._union: tuple[tuple[Source, ...], ConcatSource] | None = None
        if self._parts is not None and not any(isinstance(part, str) for part in self._parts):
            self._source()

    @property
    def parts(self) -> tuple[Readable | str, ...]:
        """The tables, in order; empty where only their folder is known."""
        return self._parts or ()

    @property
    def parts_path(self) -> str | None:
        """The folder in which the parts lie, if they were given so."""
        return self._prefix

    def _source(self) -> Source:
        if self._parts is None:
            msg = (
                f"only the folder {self._prefix!r} is known: read the partitioned table from the version that holds it"
            )
            raise UsageError(msg)
        sources = []
        for part in self._parts:
            if isinstance(part, str):
                msg = f"only the path {part!r} is known: read the partitioned table from the version that holds it"
                raise UsageError(msg)
            sources.append(part._source())  # noqa: SLF001 - the same room
        if self._union is None or any(a is not b for a, b in zip(self._union[0], sources, strict=True)):
            schema = union_schema([source.schema for source in sources])
            self._union = (tuple(sources), ConcatSource(sources, schema, ConflictError))
        return self._union[1]

    def document(self, resolve: Callable[[Readable | str], TableReference]) -> PartitionedTableDocument:
        """Return the document that stands for the union (PART-1); `resolve` says where a part is."""
        if self._prefix is not None:
            return PartitionedTableDocument(prefix=self._prefix)
        return PartitionedTableDocument(parts=tuple(resolve(part) for part in self._parts or ()))

    @classmethod
    def from_document(
        cls,
        document: PartitionedTableDocument,
        load_table: Callable[[TableReference], Readable],
        list_tables: Callable[[str], Sequence[TableReference]],
    ) -> Self:
        """Return the union that a document stands for.

        Args:
            document: it.
            load_table: opens a part.
            list_tables: gives the tables below a folder of the same artifact, in order of path.

        """
        if document.prefix is not None:
            found = [load_table(reference) for reference in list_tables(document.prefix)]
            return cls(document.prefix, parts=found)
        return cls([load_table(reference) for reference in document.parts])

    def __eq__(self, other: object) -> bool:
        """Whether the other is the union of equal tables."""
        if not isinstance(other, PartitionedTable):
            return NotImplemented
        return self is other or (self._prefix == other._prefix and self._parts == other._parts)

    __hash__ = None  # type: ignore[assignment]  # its tables may change

    def __repr__(self) -> str:
        """Return size, columns and the first rows."""
        if self._parts is None or any(isinstance(part, str) for part in self._parts):
            return f"PartitionedTable({self._prefix if self._prefix is not None else list(self.parts)!r})"
        return super().__repr__()


def union_schema(schemas: Sequence[Schema]) -> Schema:
    """Return the columns of a union (PART-3).

    Raises:
        UsageError: the types of a column have none in common; the message names the column and both types.

    """
    types: dict[str, ColumnType] = {}
    for number, schema in enumerate(schemas):
        for column in schema:
            try:
                types[column.name] = unify(types.get(column.name, NullType()), column.type)
            except TypeMismatchError as error:
                msg = f'part {number}, column "{column.name}": {error}'
                raise UsageError(msg) from None
    return Schema.of(types.items())
