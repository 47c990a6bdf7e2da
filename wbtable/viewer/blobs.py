"""Blobs by digest: a reference holds digests and numbers, never a path, and what is read is checked against it."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from wbtable.errors import LimitError, NotFoundError
from wbtable.viewer.answers import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.documents import Json
    from wbtable.storage.objects import ObjectStore
    from wbtable.viewer.sources import Opener

MAX_BLOB: Final = 1 << 30
"""The most bytes of a blob that is shown."""
_KEPT: Final = 128 << 20
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_NUMBER: Final = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a blob is.

    Attributes:
        digest: of its bytes, 64 hexadecimal digits.
        container: the object that holds them; the same digest if it is the blob itself.
        packed: whether that is a pack.
        offset: the first byte in it.
        size: the number of bytes, None for all that follow.

    """

    digest: str
    container: str
    packed: bool = False
    offset: int = 0
    size: int | None = None

    @classmethod
    def parse(cls, digest: str, query: Mapping[str, str]) -> Self:
        """Read the parts of a reference.

        Raises:
            BadRequestError: it is none.

        """
        packed = "p" in query
        container = query.get("p") if packed else query.get("c", digest)
        offset, size = query.get("o", "0"), query.get("n")
        good = _HEX.fullmatch(digest) and _HEX.fullmatch(container or "") and _NUMBER.fullmatch(offset)
        if not good or (size is not None and not _NUMBER.fullmatch(size)):
            raise BadRequestError("expected a reference to a blob, as the cells of a table have it")
        return cls(
            digest=digest,
            container=str(container),
            packed=packed,
            offset=int(offset),
            size=None if size is None else int(size),
        )

    def file(self) -> dict[str, Any]:
        """Return the FILE group that it stands for."""
        from wbtable.format.digest import Digest
        from wbtable.format.file_cell import relative_uri

        return {
            "uri": relative_uri(Digest(self.container), packed=self.packed),
            "offset": self.offset,
            "size": self.size,
            "content_type": None,
            "checksum": str(Digest(self.digest)),
        }

    def to_json(self) -> Json:
        """Return it for a worker."""
        return {
            "digest": self.digest,
            "container": self.container,
            "packed": self.packed,
            "offset": self.offset,
            "size": self.size,
        }


class Blobs:
    """Reads blobs of the store and of the tables that were opened. For several threads."""

    def __init__(self, opener: Opener) -> None:
        """Read from the places of `opener`."""
        self._opener = opener
        self._guard = threading.Lock()
        self._roots: list[ObjectStore] | None = None
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def read(self, reference: Reference) -> bytes:
        """Return the bytes of a blob, checked.

        Raises:
            NotFoundError: it is in none of the places.
            DigestMismatchError: it is damaged.
            LimitError: it is larger than what is shown.

        """
        with self._guard:
            kept = self._kept.get(reference.digest)
            if kept is not None:
                self._kept.move_to_end(reference.digest)
                return kept
        if reference.size is not None and reference.size > MAX_BLOB:
            raise LimitError(f"expected at most {MAX_BLOB >> 20} MB, found {reference.size} bytes: download the file")
        data = self._found(reference)
        with self._guard:
            if reference.digest not in self._kept:
                self._kept[reference.digest] = data
                self._size += len(data)
            # The newest stays, however large: a player asks for it again and again, in ranges.
            while self._size > _KEPT and len(self._kept) > 1:
                self._size -= len(self._kept.popitem(last=False)[1])
        return data

    def _found(self, reference: Reference) -> bytes:
        for objects in self._objects():
            key = objects.prefix + _key(reference)
            size = objects.backend.size(key)
            if size is None:
                continue
            if reference.size is None and size > MAX_BLOB:
                raise LimitError(f"expected at most {MAX_BLOB >> 20} MB, found {size} bytes: download the file")
            return bytes(objects.read(reference.file()))
        raise NotFoundError(
            f"the blob {reference.digest} is not here: it was deleted, or the store is incomplete; "
            "wbtable verify lists what is missing"
        )

    def _objects(self) -> list[ObjectStore]:
        with self._guard:
            if self._roots is None:
                self._roots = roots(self._opener)
            return self._roots


def _key(reference: Reference) -> str:
    from wbtable.format.digest import Digest
    from wbtable.format.layout import suffixed_key

    return suffixed_key(Digest(reference.container), ".pack" if reference.packed else "")


def roots(opener: Opener) -> list[ObjectStore]:
    """Return where the blobs of what is open are."""
    from wbtable.format.layout import TABLE_SUFFIX
    from wbtable.storage.find import find_objects

    out: list[ObjectStore] = []
    if opener.places.store is not None:
        out.append(opener.store().objects)
    for path in opener.places.opened.values():
        if not path.endswith(TABLE_SUFFIX):
            continue  # somebody's file has no blobs of ours
        try:
            out.append(find_objects(path))
        except NotFoundError:
            continue  # a table without a row has no objects
    return out


def sniff(data: bytes) -> str | None:
    """Return the type of bytes that a browser may show in place, by their own signature; None: it may not."""
    for offset, magic, kind in _SIGNATURES:
        if data[offset : offset + len(magic)] == magic:
            if magic == b"RIFF":
                return _RIFF.get(data[8:12])
            return kind
    if len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2:
        return "audio/mpeg"
    return None


_SIGNATURES: Final = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"RIFF", ""),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
