"""Entries of an artifact: a logical path and where its content is (spec: 10-artifacts, ART-n)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from wbtable.errors import FormatError, UsageError
from wbtable.format.digest import MAX_SIZE, Descriptor, Digest
from wbtable.format.documents import Reader, build, canonical
from wbtable.format.paths import check_path

if TYPE_CHECKING:
    from collections.abc import Mapping

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\x00-\x20\x7f]*")
_NO_FIELDS: dict[str, object] = {}


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
        if not isinstance(self.uri, str) or not _URI.fullmatch(self.uri):
            msg = f"expected a URI like s3://bucket/key, without blanks, found {self.uri!r:.100}"
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
    extra: Mapping[str, object] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        try:
            check_path(self.path)
        except UsageError as error:
            raise FormatError(str(error)) from None
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
            where = {
                "digest": digest,
                "etag": self.reference.etag,
                "size": self.size,
                "uri": self.reference.uri,
            }
            return Digest.of(canonical(where))
        found = self.content_digest or self.digest
        assert found is not None
        return found

    @property
    def line(self) -> bytes:
        """The entry's line in the artifact digest (ART-6)."""
        return f"{self.path}\0{self.identity}\n".encode()

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
            reference = build(
                lambda: Reference(uri=child.str("uri"), etag=child.opt_str("etag")),
                child.place,
            )
        return build(
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
    (
        "path",
        "media_type",
        "digest",
        "size",
        "pack",
        "offset",
        "content_digest",
        "data_size",
        "media",
        "reference",
    )
)


def _digest(reader: Reader, key: str) -> Digest | None:
    text = reader.opt_str(key)
    return None if text is None else Digest.parse(text, f"{reader.place}.{key}")
