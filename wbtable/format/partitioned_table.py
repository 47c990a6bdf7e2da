"""The document of a partitioned table: tables read as one union (spec: 11-joined-and-partitioned-tables, PART-n)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import FormatError, UsageError
from wbtable.format.documents import Json, Reader
from wbtable.format.features import FORMAT_VERSION, check_document
from wbtable.format.joined_table import TableReference, reference_refs
from wbtable.format.paths import check_path
from wbtable.format.refs import read_refs

if TYPE_CHECKING:
    from wbtable.format.digest import Descriptor

KIND: Final = "wbtable.partitioned-table"
_KNOWN: Final = frozenset({"kind", "format", "features", "prefix", "parts", "refs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionedTableDocument:
    """Tables that read as one (PART-1).

    Attributes:
        prefix: a folder of the same artifact whose tables are the parts, in order of path; None if `parts` names them.
        parts: the tables, in order; empty with `prefix`.
        extra: fields of newer writers, kept.

    """

    prefix: str | None = None
    parts: tuple[TableReference, ...] = ()
    extra: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what names no tables."""
        if (self.prefix is None) == (not self.parts):
            msg = "expected either a prefix or parts"
            raise FormatError(msg, place="partitioned table")
        if self.prefix is not None:
            try:
                check_path(self.prefix, "prefix")
            except UsageError as error:
                raise FormatError(str(error), place="partitioned table.prefix") from None

    @property
    def refs(self) -> tuple[Descriptor, ...]:
        """The objects that the document names: tables of other artifacts (DOC-6)."""
        return reference_refs(self.parts)

    def to_json(self) -> Json:
        """Return the JSON form."""
        named: Json = (
            {"prefix": self.prefix} if self.prefix is not None else {"parts": [part.to_json() for part in self.parts]}
        )
        return {
            **self.extra,
            "kind": KIND,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            **named,
            "refs": [ref.to_json() for ref in self.refs],
        }

    @classmethod
    def from_json(cls, value: Json, place: str = "partitioned table") -> Self:
        """Read the JSON form.

        Raises:
            FormatError: it is not as the specification says; the message names the field.
            UnsupportedError: it needs a newer version.

        """
        check_document(value, KIND, place)
        fields = Reader(value, place)
        document = cls(
            prefix=fields.opt_str("prefix"),
            parts=tuple(TableReference.read(child) for child in fields.children("parts", optional=True)),
            extra=fields.extra(_KNOWN),
        )
        if document.refs != read_refs(fields):
            fields.fail("refs", "exactly the objects that the other fields name, in order of digest")
        return document
