"""The version record: the one small file whose creation is a commit (spec: 10b-commit, COMMIT-n)."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from wbtable.errors import FormatError
from wbtable.format.digest import ARTIFACT, Descriptor, Digest
from wbtable.format.documents import Json, Reader
from wbtable.format.features import FORMAT_VERSION, check_document, kept_fields
from wbtable.format.refs import read_refs
from wbtable.format.seal import check_seal, encode_sealed, sealed
from wbtable.format.tagged import tag, untag

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND: Final = "wbtable.version"
MAX_RECORD: Final = 1 << 20
"""A version record is one small request: at most 1 MiB (COMMIT-4)."""

MAX_VERSION: Final = 10**15
_KNOWN = frozenset(
    "kind format features commit_id project name version parent base artifact_type description metadata digest "
    "manifest size count created_at run inputs refs check".split()
)
_COMMIT_ID = re.compile(r"[0-9a-f]{32}")
_TIME_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def write_time(moment: dt.datetime) -> str:
    """Return the written form of a moment: UTC, microseconds (COMMIT-4)."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_time(text: str, place: str) -> dt.datetime:
    """Read the written form of a moment.

    Raises:
        FormatError: it is not of the one form allowed.

    """
    try:
        if _TIME_SHAPE.fullmatch(text):
            return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    msg = f"expected a time like 2026-01-31T12:00:00.000000Z, found {text!r:.60}"
    raise FormatError(msg, place=place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The version that a record was made on top of: a chain that shows a lost or exchanged record (COMMIT-4)."""

    version: int
    commit_id: str

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        check_version(self.version)
        check_commit_id(self.commit_id)


def check_version(version: object) -> None:
    """Refuse what cannot be a version's number.

    Raises:
        FormatError: it is no integer from 0 up to the greatest that is allowed.

    """
    if type(version) is not int or not 0 <= version <= MAX_VERSION:
        msg = f"expected a version number, found {version!r:.60}"
        raise FormatError(msg)


def check_commit_id(commit_id: object) -> None:
    """Refuse what is no commit id.

    Raises:
        FormatError: it is not 32 lowercase hexadecimal characters.

    """
    if not isinstance(commit_id, str) or not _COMMIT_ID.fullmatch(commit_id):
        msg = f"expected a commit id of 32 lowercase hexadecimal characters, found {commit_id!r:.60}"
        raise FormatError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """One version of one artifact.

    Attributes:
        commit_id: random; tells this commit from any other after a lost answer.
        project: the project's name.
        name: the artifact's name.
        version: the number that the record's key has.
        parent: the version before it; None for version 0.
        base: the version that the draft was made from; None for a draft made from nothing.
        type: the artifact's type, such as ``dataset``.
        description: free text; None if there is none.
        metadata: the user's values, as they were given.
        digest: the artifact digest.
        manifest: the artifact manifest's object.
        size, count: the bytes and entries that it says; None in a record that does not repeat them.
        created_at: when, by the writer's clock.
        run: ``project/id`` of the run that made it; None if none did.
        inputs: the versions that run had used, as ``project/name:vN``.
        extra: fields of newer versions of the format, kept as they are.

    """

    commit_id: str
    project: str
    name: str
    version: int
    parent: Parent | None
    base: int | None
    type: str
    description: str | None
    metadata: Mapping[str, object] = field(hash=False)
    digest: Digest
    manifest: Descriptor
    created_at: dt.datetime
    run: str | None
    inputs: tuple[str, ...]
    size: int | None = None
    count: int | None = None
    extra: Json = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        check_commit_id(self.commit_id)
        check_version(self.version)
        if (self.parent is None) != (self.version == 0):
            msg = f"expected a parent in every version but v0, found {self.parent} in v{self.version}"
            raise FormatError(msg)
        if self.parent is not None and self.parent.version != self.version - 1:
            msg = f"expected the parent v{self.version - 1}, found v{self.parent.version}"
            raise FormatError(msg)
        if self.manifest.media_type != ARTIFACT:
            msg = f"expected an artifact manifest, found {self.manifest.media_type}"
            raise FormatError(msg)
        if (self.size is None) != (self.count is None) or min(self.size or 0, self.count or 0) < 0:
            msg = f"expected a size and a count, or neither, found {self.size} and {self.count}"
            raise FormatError(msg)

    def same_as(
        self,
        *,
        digest: Digest,
        type: str,
        description: str | None,
        metadata: Mapping[str, object],
    ) -> bool:
        """Whether a commit of these would repeat this version (COMMIT-3)."""
        mine = (self.digest, self.type, self.description, tag(dict(self.metadata)))
        return mine == (digest, type, description, tag(dict(metadata)))

    def to_json(self) -> Json:
        """Return the JSON form (COMMIT-4, DOC-8)."""
        return sealed(self._fields())

    def encode(self) -> bytes:
        """Return the canonical JSON (DOC-3)."""
        return encode_sealed(self._fields())

    def _fields(self) -> Json:
        parent = None if self.parent is None else {"version": self.parent.version, "commit_id": self.parent.commit_id}
        return {
            **self.extra,
            **({} if self.size is None else {"size": self.size, "count": self.count}),
            "kind": KIND,
            "format": FORMAT_VERSION,
            "features": {"reader": [], "writer": []},
            "commit_id": self.commit_id,
            "project": self.project,
            "name": self.name,
            "version": self.version,
            "parent": parent,
            "base": self.base,
            "artifact_type": self.type,
            "description": self.description,
            "metadata": tag(dict(self.metadata), "metadata"),
            "digest": str(self.digest),
            "manifest": self.manifest.to_json(),
            "created_at": write_time(self.created_at),
            "run": self.run,
            "inputs": list(self.inputs),
            "refs": [self.manifest.to_json()],
        }

    @classmethod
    def from_json(cls, document: Json, place: str) -> Self:
        """Read the JSON form.

        Raises:
            FormatError: a field is missing or impossible; the message names it.
            DigestMismatchError: it is not as it was written.
            UnsupportedError: it needs a newer wbtable.

        """
        check_document(document, KIND, place)
        check_seal(document, place)
        reader = Reader(document, place)
        manifest = Descriptor.from_json(reader.object("manifest"), f"{place}.manifest")
        if read_refs(reader) != (manifest,):
            # Collection walks these: what they do not name would be deleted (COMMIT-0, DOC-6).
            reader.fail("refs", "the artifact manifest alone")
        try:
            return cls(
                commit_id=reader.str("commit_id"),
                project=reader.str("project"),
                name=reader.str("name"),
                version=reader.int("version"),
                parent=_parent(reader),
                base=reader.opt_int("base"),
                type=reader.str("artifact_type"),
                description=reader.opt_str("description"),
                metadata=untag(reader.object("metadata"), f"{place}.metadata"),
                digest=Digest.parse(reader.str("digest"), f"{place}.digest"),
                manifest=manifest,
                created_at=read_time(reader.str("created_at"), f"{place}.created_at"),
                run=reader.opt_str("run"),
                inputs=_inputs(reader),
                size=reader.opt_int("size"),
                count=reader.opt_int("count"),
                extra=kept_fields(reader, _KNOWN),
            )
        except FormatError as error:
            raise (error if error.place else FormatError(str(error), place=place)) from None


def _inputs(reader: Reader) -> tuple[str, ...]:
    items = reader.list("inputs", optional=True)
    if not all(isinstance(item, str) for item in items):
        reader.fail("inputs", "a list of texts")
    return tuple(items)


def _parent(reader: Reader) -> Parent | None:
    if reader.fields.get("parent") is None:
        return None
    child = reader.child("parent")
    return Parent(version=child.int("version"), commit_id=child.str("commit_id"))
