"""Entries of an artifact: a logical path and where its content is (spec: 10-artifacts, ART-n)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from wbtable.errors import ConflictError, FormatError, UsageError
from wbtable.format.digest import MAX_SIZE, Descriptor, Digest
from wbtable.format.documents import Reader, build, canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_PATH_BYTES = 4096
MAX_NAME_BYTES = 255
RESERVED = "objects"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}(?:/[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}){0,8}")
_NO_FIELDS: dict[str, object] = {}


def path_fault(path: object) -> str | None:
    """Return what is wrong with a logical path, None if nothing is (ART-1).

    The rules keep every path inside the directory that an artifact is downloaded to, on every system.
    """
    if not isinstance(path, str):
        return f"expected text, found {type(path).__name__}"
    if _PLAIN.fullmatch(path) and not path.startswith(RESERVED):
        return None
    fault = _text_fault(path)
    if fault is not None:
        return fault
    names = path.split("/")
    if names[0].lower() == RESERVED:
        return f"the name {RESERVED!r} at the root is kept for the objects of tables"
    for name in names:
        if name in {"", ".", ".."}:
            return f"a part of the path is {name!r}" if name else "a part of the path is empty"
        if len(name.encode()) > MAX_NAME_BYTES:
            return f"a part of the path is longer than {MAX_NAME_BYTES} bytes"
    return None


def _text_fault(path: str) -> str | None:
    if not path:
        return "the path is empty"
    if path.startswith("/") or re.match(r"[A-Za-z]:($|/)", path):
        return "the path is absolute"
    if "\\" in path:
        return "the path has a backslash; separate names by '/'"
    control = _CONTROL.search(path)
    if control:
        return f"the path has the control character U+{ord(control[0]):04X}"
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "the path is not Unicode text"
    return f"the path is longer than {MAX_PATH_BYTES} bytes" if size > MAX_PATH_BYTES else None


def check_path(path: object) -> str:
    """Return `path` if it may name an entry (ART-1).

    Raises:
        UsageError: it may not; the message says why.

    """
    fault = path_fault(path)
    if fault is not None:
        msg = f"{fault}: {path!r:.200}"
        raise UsageError(msg, place="path")
    return str(path)


def parents(path: str) -> list[str]:
    """Return the directories that `path` implies, the outermost first."""
    names = path.split("/")
    return ["/".join(names[:depth]) for depth in range(1, len(names))]


def check_no_clash(paths: Iterable[str]) -> None:
    """Refuse a set of paths in which a file is also a directory (ART-2).

    Raises:
        ConflictError: one path is both.

    """
    files = set(paths)
    seen: set[str] = set()
    for path in files:
        if "/" not in path:
            continue
        for directory in reversed(parents(path)):
            if directory in seen:
                break
            seen.add(directory)
            if directory in files:
                msg = f"{directory!r} is a file, and {path!r} needs it to be a directory"
                raise ConflictError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where the content of an entry is, outside the store (ART-8).

    Attributes:
        uri: the absolute URI.
        etag: what the server called this state of the content, if it was asked.

    """

    uri: str
    etag: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no absolute URI."""
        if not isinstance(self.uri, str) or not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", self.uri):
            msg = f"expected a URI like s3://bucket/key, found {self.uri!r:.100}"
            raise FormatError(msg)
        if _CONTROL.search(self.uri):
            msg = f"the URI has a control character: {self.uri!r:.100}"
            raise FormatError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One logical path of an artifact (ART-3).

    Attributes:
        path: the logical path.
        media_type: what the content is.
        digest: the SHA-256 of the content; None only for a reference that was not checksummed.
        size: the content's bytes; None only for a reference of unknown size.
        pack: the pack that holds the content; None if the content is an object of its own, or outside.
        offset: where in the pack the content begins.
        content_digest: what the entry means, where that is more or less than its bytes: a table's content digest.
        data_size: the bytes of the objects that the content refers to, each counted once.
        media: the type and facts of a media value, as canonical JSON.
        reference: where the content is, if outside the store.
        extra: fields of newer versions of the format, kept as they are.

    """

    path: str
    media_type: str
    digest: Digest | None
    size: int | None
    pack: Digest | None = None
    offset: int | None = None
    content_digest: Digest | None = None
    data_size: int = 0
    media: str | None = None
    reference: Reference | None = None
    extra: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        fault = path_fault(self.path)
        if fault is not None:
            msg = f"{fault}: {self.path!r:.200}"
            raise FormatError(msg)
        if self.reference is None and (self.digest is None or self.size is None):
            msg = f"the entry {self.path!r:.200} has neither a digest and size nor a reference"
            raise FormatError(msg)
        if (self.pack is None) != (self.offset is None):
            msg = f"the entry {self.path!r:.200} has only one of pack and offset"
            raise FormatError(msg)
        for number in (self.size, self.offset, self.data_size):
            if number is not None and not (type(number) is int and 0 <= number <= MAX_SIZE):
                msg = f"the entry {self.path!r:.200} has an impossible size or offset: {number!r:.40}"
                raise FormatError(msg)

    @property
    def identity(self) -> Digest:
        """What the artifact digest takes for this entry's content (ART-6)."""
        if self.reference is not None:
            digest = None if self.digest is None else str(self.digest)
            where = {"digest": digest, "etag": self.reference.etag, "size": self.size, "uri": self.reference.uri}
            return Digest.of(canonical(where))
        return self.content_digest or self.digest  # type: ignore[return-value] - checked in __post_init__

    @property
    def line(self) -> bytes:
        """The entry's line in the artifact digest (ART-6)."""
        return f"{self.path}\t{self.identity}\n".encode()

    @property
    def total_size(self) -> int:
        """The bytes of the content and of what it refers to."""
        return (self.size or 0) + self.data_size

    def descriptor(self) -> Descriptor:
        """Return the descriptor of the entry's own object.

        Raises:
            FormatError: the content is outside, so there is none.

        """
        if self.digest is None or self.size is None:
            msg = f"the entry {self.path!r} is a reference without a digest"
            raise FormatError(msg)
        return Descriptor(media_type=self.media_type, digest=self.digest, size=self.size)

    def same_content(self, other: Entry) -> bool:
        """Whether both stand for the same content (ART-6)."""
        return self.identity == other.identity

    def to_json(self) -> dict[str, object]:
        """Return the JSON form (ART-3); absent fields are left out."""
        out: dict[str, object] = {"path": self.path, "media_type": self.media_type}
        for name in ("digest", "pack", "content_digest"):
            digest: Digest | None = getattr(self, name)
            if digest is not None:
                out[name] = str(digest)
        for name in ("size", "offset", "media"):
            value = getattr(self, name)
            if value is not None:
                out[name] = value
        if self.data_size:
            out["data_size"] = self.data_size
        if self.reference is not None:
            etag = {} if self.reference.etag is None else {"etag": self.reference.etag}
            out["reference"] = {"uri": self.reference.uri} | etag
        return dict(self.extra) | out

    @classmethod
    def from_json(cls, reader: Reader) -> Self:
        """Read the JSON form (ART-3).

        Raises:
            FormatError: a field is missing or impossible; the message names it.

        """
        reference = None
        if reader.fields.get("reference") is not None:
            child = reader.child("reference")
            reference = build(lambda: Reference(uri=child.str("uri"), etag=child.opt_str("etag")), child.place)
        return build(  # type: ignore[no-any-return] - `build` returns what the lambda does
            lambda: cls(
                path=reader.str("path"),
                media_type=reader.str("media_type"),
                digest=_digest(reader, "digest"),
                size=reader.opt_int("size"),
                pack=_digest(reader, "pack"),
                offset=reader.opt_int("offset"),
                content_digest=_digest(reader, "content_digest"),
                data_size=reader.opt_int("data_size") or 0,
                media=reader.opt_str("media"),
                reference=reference,
                extra=reader.extra(_FIELDS) if reader.fields.keys() - _FIELDS else _NO_FIELDS,
            ),
            reader.place,
        )


_FIELDS = frozenset(
    ("path", "media_type", "digest", "size", "pack", "offset", "content_digest", "data_size", "media", "reference")
)


def _digest(reader: Reader, key: str) -> Digest | None:
    text = reader.opt_str(key)
    return None if text is None else Digest.parse(text, f"{reader.place}.{key}")
