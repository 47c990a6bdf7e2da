"""Entries of the small logs: aliases, tags, descriptions, ttl, deletions, lineage (spec: 10-artifacts, LOG-n)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from wbtable.errors import FormatError
from wbtable.format.documents import Json, Reader
from wbtable.format.features import FORMAT_VERSION, check_document
from wbtable.format.seal import check_seal, sealed
from wbtable.format.version_record import check_commit_id, read_time, write_time

if TYPE_CHECKING:
    import datetime as dt

KINDS: Final = frozenset({"alias", "tags", "description", "ttl", "deletion", "lineage"})
_KNOWN = frozenset(["kind", "format", "features", "id", "created_at", "value", "check"])
_SHAPES: dict[str, tuple[type, ...]] = {
    "alias": (int, type(None)),
    "tags": (list,),
    "description": (str, type(None)),
    "ttl": (int, type(None)),
    "deletion": (bool,),
    "lineage": (dict,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One entry of a log; in all but lineage logs the newest entry alone counts (LOG-1).

    Attributes:
        kind: which log it is of.
        id: random; tells this append from any other after a lost answer.
        created_at: when, by the writer's clock.
        value: alias: a version's number or None; tags: sorted texts; description: text or None; ttl: seconds or
            None; deletion: true or false; lineage: ``{"run", "how", "inputs"}`` (LOG-2).
        extra: fields of newer versions of the format, kept as they are.

    """

    kind: str
    id: str
    created_at: dt.datetime
    value: Any
    extra: Json = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse values that this kind of log does not have."""
        check_commit_id(self.id)
        if self.kind not in KINDS:
            msg = f"expected one of {', '.join(sorted(KINDS))}, found {self.kind!r:.60}"
            raise FormatError(msg)
        if type(self.value) not in _SHAPES[self.kind] or not _fits(self.kind, self.value):
            msg = f"the {self.kind} log cannot hold {self.value!r:.80}"
            raise FormatError(msg)

    def to_json(self) -> Json:
        """Return the JSON form (LOG-1, DOC-8)."""
        document = {
            **self.extra,
            "kind": f"wbtable.{self.kind}",
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "id": self.id,
            "created_at": write_time(self.created_at),
            "value": self.value,
        }
        return sealed(document)

    @classmethod
    def from_json(cls, document: Json, kind: str, place: str) -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible; the message names it.
            DigestMismatchError: it is not as it was written.
            UnsupportedError: it needs a newer wbtable.

        """
        check_document(document, f"wbtable.{kind}", place)
        check_seal(document, place)
        reader = Reader(document, place)
        if "value" not in reader.fields:
            reader.fail("value", "a value")
        try:
            return cls(
                kind=kind,
                id=reader.str("id"),
                created_at=read_time(reader.str("created_at"), f"{place}.created_at"),
                value=reader.fields["value"],
                extra=reader.extra(_KNOWN),
            )
        except FormatError as error:
            raise (error if error.place else FormatError(str(error), place=place)) from None


def _fits(kind: str, value: Any) -> bool:
    if kind in {"alias", "ttl"}:
        return value is None or value >= 0
    if kind == "tags":
        return all(isinstance(tag, str) for tag in value) and value == sorted(set(value))
    if kind == "lineage":
        inputs = value.get("inputs", [])
        return (
            isinstance(value.get("run"), str)
            and value.get("how") in ("logged", "used")
            and isinstance(inputs, list)
            and all(isinstance(item, str) for item in inputs)
        )
    return True
