"""What all logical column types share (spec: 06-types)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from wbtable.errors import FormatError

if TYPE_CHECKING:
    import pyarrow as pa

    from wbtable.format.documents import Reader

KINDS: dict[str, type[ColumnType]] = {}
"""The types by kind; each class enters itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnType:
    """A logical type: what the values of a column are, whatever Parquet makes of them (TYPE-1).

    Attributes:
        kind: the name of the type in manifests.

    """

    kind: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Enter the class under its kind."""
        # No zero-argument super(): a slotted dataclass is made twice, and the cell would name the first.
        super(ColumnType, cls).__init_subclass__(**kwargs)
        if cls.kind:
            KINDS[cls.kind] = cls

    def arrow(self) -> pa.DataType:
        """Return the physical Arrow type: what fragments hold."""
        raise AssertionError(self.kind)

    def params(self) -> dict[str, Any]:
        """Return the JSON fields beside ``kind``."""
        return {}

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form (TYPE-1)."""
        return {"kind": self.kind, **self.params()}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form; `fields` stands on the type's object.

        Raises:
            FormatError: a field is missing or impossible.

        """
        del fields
        return cls()

    def children(self) -> tuple[ColumnType, ...]:
        """Return the types of nested values."""
        return ()

    def __str__(self) -> str:
        """Return a short name for people."""
        return self.kind


def read_type(fields: Reader) -> ColumnType:
    """Read a type from its JSON form (TYPE-1).

    Raises:
        FormatError: the kind is unknown, or a parameter impossible.

    """
    kind = fields.str("kind")
    found = KINDS.get(kind)
    if found is None:
        msg = f"the column type {kind!r:.80} is unknown to this version"
        raise FormatError(msg, place=fields.place)
    try:
        return found.read(fields)
    except FormatError as error:
        if error.place is not None:
            raise
        raise FormatError(str(error), place=fields.place) from None


def contains(column_type: ColumnType, wanted: type[ColumnType]) -> bool:
    """Whether a type is, or nests, one of class `wanted`."""
    return isinstance(column_type, wanted) or any(contains(child, wanted) for child in column_type.children())
