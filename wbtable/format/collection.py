"""Leases of writers and records of collections, as documents (spec: 10c-collection, LEASE-n, GC-n)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import FormatError
from wbtable.format import documents
from wbtable.format.documents import Json, Reader
from wbtable.format.features import FORMAT_VERSION, check_document, kept_fields
from wbtable.format.version_record import check_commit_id, read_time, write_time

if TYPE_CHECKING:
    import datetime as dt

LEASE: Final = "wbtable.lease"
COLLECTION: Final = "wbtable.collection"
ALL_KEYS: Final = "*"
"""In place of a lease's list of keys: the writer may use any key, so nothing may be deleted meanwhile (LEASE-3)."""

_KNOWN_LEASE = frozenset("kind format features id created_at versions keys refs".split())
_KNOWN_COLLECTION = frozenset("kind format features id created_at keys refs".split())
_VERSION = re.compile(r"([^/:]+)/([^/:]+):v(0|[1-9][0-9]{0,14})")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseDocument:
    """What a writer uses, and may be about to refer to.

    Attributes:
        id: random; it stands in the lease's key.
        created_at: when, by the writer's clock; never decides anything.
        versions: those that the writer builds on, as ``project/name:vN``.
        keys: each key that it tests, puts or uses again; None if it may be any.
        extra: fields of newer versions of the format, kept as they are.

    """

    id: str
    created_at: dt.datetime
    versions: tuple[str, ...] = ()
    keys: tuple[str, ...] | None = ()
    extra: Json = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse what is no id or no version's name."""
        check_commit_id(self.id)
        for name in self.versions:
            split_version(name)

    def to_json(self) -> Json:
        """Return the JSON form (LEASE-1)."""
        return {
            **self.extra,
            "kind": LEASE,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "id": self.id,
            "created_at": write_time(self.created_at),
            "versions": list(self.versions),
            "keys": ALL_KEYS if self.keys is None else list(self.keys),
        }

    def to_bytes(self) -> bytes:
        """Return the document."""
        return documents.canonical(self.to_json())

    @classmethod
    def from_bytes(cls, data: bytes, place: str) -> Self:
        """Read the document.

        Raises:
            FormatError: a field is missing or impossible; the message names it.
            UnsupportedError: it needs a newer wbtable.

        """
        document = documents.parse(data, place)
        check_document(document, LEASE, place)
        reader = Reader(document, place)
        keys = None if reader.fields.get("keys") == ALL_KEYS else _texts(reader, "keys")
        return documents.build(
            lambda: cls(
                id=reader.str("id"),
                created_at=read_time(reader.str("created_at"), f"{place}.created_at"),
                versions=_texts(reader, "versions"),
                keys=keys,
                extra=kept_fields(reader, _KNOWN_LEASE),
            ),
            place,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionDocument:
    """The keys that a collector is about to delete.

    Attributes:
        id: random; it stands in the record's key.
        created_at: when, by the collector's clock; never decides anything.
        keys: the doomed keys.
        extra: fields of newer versions of the format, kept as they are.

    """

    id: str
    created_at: dt.datetime
    keys: tuple[str, ...]
    extra: Json = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse what is no id."""
        check_commit_id(self.id)

    def to_json(self) -> Json:
        """Return the JSON form (GC-1)."""
        return {
            **self.extra,
            "kind": COLLECTION,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "id": self.id,
            "created_at": write_time(self.created_at),
            "keys": list(self.keys),
        }

    def to_bytes(self) -> bytes:
        """Return the document."""
        return documents.canonical(self.to_json())

    @classmethod
    def from_bytes(cls, data: bytes, place: str) -> Self:
        """Read the document.

        Raises:
            FormatError: a field is missing or impossible; the message names it.
            UnsupportedError: it needs a newer wbtable.

        """
        document = documents.parse(data, place)
        check_document(document, COLLECTION, place)
        reader = Reader(document, place)
        return documents.build(
            lambda: cls(
                id=reader.str("id"),
                created_at=read_time(reader.str("created_at"), f"{place}.created_at"),
                keys=_texts(reader, "keys"),
                extra=kept_fields(reader, _KNOWN_COLLECTION),
            ),
            place,
        )


def split_version(name: str) -> tuple[str, str, int]:
    """Return project, artifact and number of ``project/name:vN``.

    Raises:
        FormatError: it is not of this form.

    """
    match = _VERSION.fullmatch(name)
    if match is None:
        raise FormatError(f"expected a version's name like project/name:v3, found {name!r:.80}")
    return match[1], match[2], int(match[3])


def _texts(reader: Reader, name: str) -> tuple[str, ...]:
    found = reader.list(name)
    if not all(isinstance(item, str) for item in found):
        reader.fail(name, "a list of texts")
    return tuple(found)
