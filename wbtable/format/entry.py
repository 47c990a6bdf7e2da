"""Entries of an artifact: a logical path and where its content is (spec: 10-artifacts, ART-n)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wbtable.errors import FormatError, UsageError
from wbtable.format.digest import MAX_SIZE, Descriptor, Digest, is_media_type, suffix_of
from wbtable.format.documents import Reader, canonical, parse
from wbtable.format.file_cell import parse_uri
from wbtable.format.paths import check_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
        if not is_media_type(self.media_type):
            msg = f"the entry {self.path!r:.200}: expected a media type like image/png, found {self.media_type!r:.80}"
            raise FormatError(msg)
        if not (self.media is None or isinstance(self.media, str)):
            msg = f"the entry {self.path!r:.200} has facts that are no text"
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

    def containers(self) -> list[Digest]:
        """Return the packs and objects in which the content, and further files of a media value, are (ART-5)."""
        if self.reference is not None:
            return []
        found = self.pack or self.digest
        assert found is not None
        return [found, *_media_containers(self.media)]

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


def _media_containers(media: str | None) -> list[Digest]:
    """Return where the further files of a media value are, such as an image's masks."""
    found: list[Digest] = []
    if media is None or '"uri"' not in media:
        return found

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if "checksum" in value and "uri" in value:
                found.append(parse_uri(value["uri"])[0])
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(parse(media.encode(), "media"))
    return found


def check_refs(entries: Iterable[Entry], refs: Iterable[Descriptor]) -> None:
    """Refuse entries that name an object which a document's `refs` lack, or have otherwise (DOC-6, ART-5, ART-10).

    Raises:
        FormatError: one does.

    """
    listed = {ref.digest: ref for ref in refs}
    for entry in entries:
        for digest in entry.containers():
            if digest not in listed:
                msg = f"expected every object in refs; the entry {entry.path!r:.120} names {digest}"
                raise FormatError(msg)
        if entry.pack is None and entry.reference is None and entry.digest is not None:
            ref = listed[entry.digest]
            if (ref.size, suffix_of(ref.media_type)) != (entry.size, suffix_of(entry.media_type)):
                msg = f"expected the entry {entry.path!r:.120} as refs has it, {ref.media_type} of {ref.size} bytes, "
                msg += f"found {entry.media_type} of {entry.size}"
                raise FormatError(msg)


def read_entries(items: Sequence[object], place: str) -> tuple[Entry, ...]:
    """Read the JSON form of a list of entries (ART-3).

    Raises:
        FormatError: a field is missing or impossible; the message names it.

    """
    out: list[Entry] = []
    for number, item in enumerate(items):
        try:
            out.append(_read(item))
        except FormatError as error:
            raise FormatError(str(error), place=f"{place}[{number}]") from None
    return tuple(out)


def _read(value: object) -> Entry:
    if not isinstance(value, dict):
        msg = f"expected an entry object, found {type(value).__name__}"
        raise FormatError(msg)
    fields: Any = value.get
    reference = fields("reference")
    if reference is not None:
        child = Reader(reference, "reference")
        reference = Reference(uri=child.str("uri"), etag=child.opt_str("etag"))
    return Entry(
        path=fields("path"),
        media_type=fields("media_type"),
        digest=_digest(fields("digest")),
        size=fields("size"),
        pack=_digest(fields("pack")),
        offset=fields("offset"),
        content_digest=_digest(fields("content_digest")),
        data_size=0 if fields("data_size") is None else fields("data_size"),
        media=fields("media"),
        reference=reference,
        extra=_NO_FIELDS if _FIELDS.issuperset(value) else {k: v for k, v in value.items() if k not in _FIELDS},
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


def _digest(text: str | None) -> Digest | None:
    return None if text is None else Digest.parse(text)
