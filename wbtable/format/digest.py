"""Digests, descriptors and media types (spec: 02-digests)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

from wbtable.errors import DigestMismatchError, FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Buffer = bytes | bytearray | memoryview

_B = TypeVar("_B", bytes, bytearray, memoryview)

FRAGMENT = "application/vnd.wbtable.fragment+parquet"
PACK = "application/vnd.wbtable.pack"
TABLE = "application/vnd.wbtable.table+json"
FRAGMENT_PAGE = "application/vnd.wbtable.fragment-page+json"
SKETCH = "application/vnd.wbtable.sketch+parquet"
ARTIFACT = "application/vnd.wbtable.artifact+json"
ENTRY_PAGE = "application/vnd.wbtable.entry-page+parquet"
JOINED = "application/vnd.wbtable.joined-table+json"
PARTITIONED = "application/vnd.wbtable.partitioned-table+json"
HISTORY = "application/vnd.wbtable.history+parquet"
BLOB = "application/octet-stream"

_SUFFIXES = {
    FRAGMENT: ".parquet",
    PACK: ".pack",
    TABLE: ".json.zst",
    FRAGMENT_PAGE: ".json.zst",
    SKETCH: ".parquet",
    ARTIFACT: ".json.zst",
    ENTRY_PAGE: ".parquet",
    JOINED: ".json",
    PARTITIONED: ".json",
    HISTORY: ".parquet",
}
_HEX = re.compile(r"[0-9a-f]{64}")
_PREFIX = "SHA-256:"
_MEDIA_TYPE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}/[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]{0,126}")
MAX_SIZE = 2**53 - 1


def suffix_of(media_type: str) -> str:
    """Return the suffix of the keys of objects of this media type; blobs have none (LAYOUT-2)."""
    return _SUFFIXES.get(media_type, "")


def is_document(media_type: str) -> bool:
    """Whether objects of this media type are wbtable's own JSON documents."""
    return suffix_of(media_type).startswith(".json")


def is_media_type(text: object) -> bool:
    """Whether this is a media type without parameters (DIGEST-4)."""
    return isinstance(text, str) and (text in _SUFFIXES or _MEDIA_TYPE.fullmatch(text) is not None)


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The name of one immutable run of bytes (spec: 02-digests).

    Attributes:
        hex: the SHA-256, 64 lowercase hexadecimal characters.

    """

    hex: str

    def __post_init__(self) -> None:
        """Refuse anything that is not a SHA-256."""
        if not isinstance(self.hex, str) or not _HEX.fullmatch(self.hex):
            msg = f"expected 64 lowercase hexadecimal characters, found {self.hex!r:.80}"
            raise FormatError(msg)

    def __hash__(self) -> int:
        """Return the text's own hash, which it keeps: digests are keys of many mappings."""
        return hash(self.hex)

    def __str__(self) -> str:
        """Return the written form, ``SHA-256:<64 hex>`` (DIGEST-1)."""
        return _PREFIX + self.hex

    @classmethod
    def parse(cls, text: str, place: str | None = None) -> Self:
        """Read the written form (DIGEST-1).

        Raises:
            FormatError: it is not ``SHA-256:`` and 64 lowercase hexadecimal characters.

        """
        if not isinstance(text, str) or not text.startswith(_PREFIX) or not _HEX.fullmatch(text, len(_PREFIX)):
            msg = f"expected a digest like SHA-256:<64 lowercase hex>, found {text!r:.100}"
            raise FormatError(msg, place=place)
        return cls(text[len(_PREFIX) :])

    @classmethod
    def of(cls, data: Buffer) -> Self:
        """Return the digest of `data`."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def from_raw(cls, raw: bytes) -> Self:
        """Return the digest whose 32 bytes are given.

        Raises:
            FormatError: there are more or fewer.

        """
        if len(raw) != 32:
            msg = f"expected the 32 bytes of a SHA-256, found {len(raw)}"
            raise FormatError(msg)
        # Bytes have always a right hexadecimal form: millions of digests need not be checked for it.
        digest = object.__new__(cls)
        object.__setattr__(digest, "hex", raw.hex())
        return digest

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the SHA-256."""
        return bytes.fromhex(self.hex)

    def check(self, data: _B, place: str | None = None) -> _B:
        """Return `data` unchanged if this digest names it.

        Raises:
            DigestMismatchError: it names other bytes.

        """
        found = hashlib.sha256(data).hexdigest()
        if found != self.hex:
            msg = f"the bytes are damaged: expected {self}, found {_PREFIX}{found}"
            raise DigestMismatchError(msg, place=place)
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What is needed to find and check one object (spec: 02-digests).

    Attributes:
        media_type: what the bytes are; it fixes the key's suffix.
        digest: the SHA-256 of the content (of a pack: of its trailer).
        size: the content's length in bytes, before any compression for storage.

    """

    media_type: str
    digest: Digest
    size: int

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        if not is_media_type(self.media_type):
            msg = f"expected a media type like image/png, found {self.media_type!r:.80}"
            raise FormatError(msg)
        if type(self.size) is not int or not 0 <= self.size <= MAX_SIZE:
            msg = f"expected a size from 0 to 2^53 - 1, found {self.size!r:.80}"
            raise FormatError(msg)

    def to_json(self) -> dict[str, object]:
        """Return the JSON form (DIGEST-3)."""
        return {"media_type": self.media_type, "digest": str(self.digest), "size": self.size}

    @classmethod
    def from_json(cls, value: object, place: str) -> Self:
        """Read the JSON form (DIGEST-3).

        Raises:
            FormatError: a field is missing or impossible; the message names it.

        """
        fields: Mapping[str, object]
        if not isinstance(value, dict):
            msg = f"expected a descriptor object, found {type(value).__name__}"
            raise FormatError(msg, place=place)
        fields = value
        media_type, size = fields.get("media_type"), fields.get("size")
        if not isinstance(media_type, str) or not isinstance(size, int) or isinstance(size, bool):
            msg = "expected text in media_type and an integer in size"
            raise FormatError(msg, place=place)
        digest = Digest.parse(fields.get("digest"), f"{place}.digest")  # type: ignore[arg-type]
        try:
            return cls(media_type=media_type, digest=digest, size=size)
        except FormatError as error:
            raise FormatError(str(error), place=place) from None
