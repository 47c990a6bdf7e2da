"""The document of a joined table: which tables, on which keys (spec: 11-joined-and-partitioned-tables, JOIN-n)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import FormatError, UsageError
from wbtable.format.digest import JOINED, PARTITIONED, TABLE, Descriptor
from wbtable.format.documents import Json, Reader
from wbtable.format.features import FORMAT_VERSION, check_document
from wbtable.format.paths import check_path
from wbtable.format.refs import read_refs

if TYPE_CHECKING:
    from collections.abc import Iterable

KIND: Final = "wbtable.joined-table"
HOWS: Final = ("outer", "inner", "left", "right")
"""The kinds of join (JOIN-4)."""
_SIDES: Final = 2
_TABLES: Final = (TABLE, JOINED, PARTITIONED)
_KNOWN: Final = frozenset({"kind", "format", "features", "sides", "keys", "how", "refs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionName:
    """One version of an artifact in the same store (JOIN-2).

    Attributes:
        project: the artifact's project.
        name: the artifact's name.
        version: the version's number.

    """

    project: str
    name: str
    version: int

    def __post_init__(self) -> None:
        """Refuse what names no version."""
        if not self.project or not self.name or type(self.version) is not int or self.version < 0:
            found = f"{self.project!r:.60}, {self.name!r:.60}, {self.version!r:.20}"
            msg = f"expected project, name and version, found {found}"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form."""
        return {"project": self.project, "name": self.name, "version": self.version}

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form."""
        return cls(project=fields.str("project"), name=fields.str("name"), version=fields.int("version"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReference:
    """A table in the same artifact, by its path, or in a version of another (JOIN-2).

    Attributes:
        path: the logical path of the table's entry.
        artifact: the version that holds it; None for the artifact that holds the document.
        table: the table's own document, with `artifact` only: it is read and kept whatever becomes of the version.

    """

    path: str
    artifact: VersionName | None = None
    table: Descriptor | None = None

    def __post_init__(self) -> None:
        """Refuse what names no table."""
        try:
            check_path(self.path)
        except UsageError as error:
            raise FormatError(str(error)) from None
        if (self.artifact is None) != (self.table is None):
            msg = "expected a version and its table's descriptor together, or neither"
            raise FormatError(msg)
        if self.table is not None and self.table.media_type not in _TABLES:
            msg = f"expected the descriptor of a table, found the media type {self.table.media_type}"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form."""
        out: Json = {"path": self.path}
        if self.artifact is not None and self.table is not None:
            out["artifact"] = self.artifact.to_json()
            out["table"] = self.table.to_json()
        return out

    @classmethod
    def read(cls, fields: Reader) -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible.

        """
        artifact = table = None
        if "artifact" in fields.fields or "table" in fields.fields:
            artifact = VersionName.read(fields.child("artifact"))
            table = Descriptor.from_json(fields.object("table"), f"{fields.place}.table")
        try:
            return cls(path=fields.str("path"), artifact=artifact, table=table)
        except FormatError as error:
            raise (error if error.place else FormatError(str(error), place=fields.place)) from None


def reference_refs(references: Iterable[TableReference]) -> tuple[Descriptor, ...]:
    """Return the objects that references name, in order of digest, each once (DOC-6)."""
    found = {reference.table.digest: reference.table for reference in references if reference.table is not None}
    return tuple(found[digest] for digest in sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedTableDocument:
    """A join of two tables of which nothing is materialised (JOIN-1).

    Attributes:
        sides: the tables, side 0 and side 1.
        keys: pairs of columns that must be equal, of side 0 and of side 1.
        how: outer, inner, left or right.
        extra: fields of newer writers, kept.

    """

    sides: tuple[TableReference, TableReference]
    keys: tuple[tuple[str, str], ...]
    how: str = "outer"
    extra: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what describes no join."""
        if self.how not in HOWS:
            msg = f"expected one of {', '.join(HOWS)}, found {self.how!r:.40}"
            raise FormatError(msg, place="joined table.how")
        if not self.keys or len({left for left, _ in self.keys}) != len(self.keys):
            msg = f"expected pairs of key columns, no column of side 0 twice, found {list(self.keys)!r:.200}"
            raise FormatError(msg, place="joined table.keys")

    @property
    def refs(self) -> tuple[Descriptor, ...]:
        """The objects that the document names: tables of other artifacts (DOC-6)."""
        return reference_refs(self.sides)

    def to_json(self) -> Json:
        """Return the JSON form."""
        return {
            **self.extra,
            "kind": KIND,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "sides": [side.to_json() for side in self.sides],
            "keys": [list(pair) for pair in self.keys],
            "how": self.how,
            "refs": [ref.to_json() for ref in self.refs],
        }

    @classmethod
    def from_json(cls, value: Json, place: str = "joined table") -> Self:
        """Read the JSON form.

        Raises:
            FormatError: it is not as the specification says; the message names the field.
            UnsupportedError: it needs a newer version.

        """
        check_document(value, KIND, place)
        fields = Reader(value, place)
        sides = tuple(TableReference.read(child) for child in fields.children("sides"))
        if len(sides) != _SIDES:
            fields.fail("sides", "two tables")
        keys: list[tuple[str, str]] = []
        for pair in fields.list("keys"):
            if not isinstance(pair, list) or len(pair) != _SIDES or not all(isinstance(name, str) for name in pair):
                fields.fail("keys", "pairs of column names")
            keys.append((pair[0], pair[1]))
        document = cls(sides=(sides[0], sides[1]), keys=tuple(keys), how=fields.str("how"), extra=fields.extra(_KNOWN))
        if document.refs != read_refs(fields):
            fields.fail("refs", "exactly the objects that the other fields name, in order of digest")
        return document
