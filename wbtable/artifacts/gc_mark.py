"""Marking what roots lead to: only `refs` are looked at, in parallel, each document once (spec: GC-3, GC-5)."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from wbtable.artifacts.parallel import each
from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, UnsupportedError
from wbtable.format import documents
from wbtable.format.digest import (
    ARTIFACT,
    BLOB,
    ENTRY_PAGE,
    FRAGMENT,
    FRAGMENT_PAGE,
    HISTORY,
    MAX_SIZE,
    PACK,
    SKETCH,
    TABLE,
    Descriptor,
    is_document,
    suffix_of,
)
from wbtable.format.entry_page import page_refs
from wbtable.format.features import check_document, check_writable
from wbtable.format.layout import OBJECTS, object_key
from wbtable.format.run_history import open_segment
from wbtable.format.seal import check_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wbtable.storage.backend import Backend

_COMPRESSED: Final = ".zst"


class Ref(NamedTuple):
    """An object that something refers to."""

    key: str
    media_type: str
    hex: str
    size: int


PlainRef = tuple[str, str, str, int]
"""What a `Ref` holds, bare: through a hundred thousand objects of a class Python's own collector goes again and again,
and plain tuples of texts it lets be."""

_key: Final = itemgetter(0)
_media_type: Final = itemgetter(1)


class Marker:
    """Marks what roots lead to.

    Attributes:
        backend: the store's.
        live: the objects that are marked, by their keys; `refs` gives them names.

    """

    def __init__(self, backend: Backend) -> None:
        """Mark nothing yet."""
        self.backend = backend
        self.live: dict[str, PlainRef] = {}

    def refs(self, media_type: str | None = None) -> Iterator[Ref]:
        """Yield the objects that are marked, all or those of one media type."""
        return (Ref(*ref) for ref in self.live.values() if media_type in (None, ref[1]))

    def mark(self, refs: Iterable[PlainRef], *, lenient: bool = False) -> None:
        """Mark objects, and all that they lead to.

        Args:
            refs: what a root refers to.
            lenient: whether documents may be missing: the root is a deleted version, which another collection with a
                shorter grace period may have taken already.

        Raises:
            FormatError: a document is damaged or missing, so that what it leads to is unknown (GC-5).
            UnsupportedError: one has a feature that is unknown here.

        """
        waiting = list(refs)
        while waiting:
            new = dict(zip(map(_key, waiting), waiting, strict=True))
            for key in new.keys() & self.live.keys():
                del new[key]
            self.live.update(new)
            types = {media_type for media_type in set(map(_media_type, new.values())) if leads_on(media_type)}
            leading = [Ref(*ref) for ref in new.values() if ref[1] in types] if types else []
            led = each(self.backend, lambda ref: self._refs_of(ref, lenient=lenient), leading)
            for ref, found in zip(leading, led, strict=True):
                if found is None:
                    # Should it be put again, another root will have it read.
                    del self.live[ref.key]
            waiting = [inner for found in led if found is not None for inner in found]

    def record_refs(self, key: str) -> list[PlainRef]:
        """Return what a record of a log refers to; its `refs` may be absent.

        Raises:
            FormatError: it is damaged.
            NotFoundError: it is not there.
            UnsupportedError: it has a feature that is unknown here.

        """
        data = self.backend.get(key)
        found = _refs(_parse(data, key), key)
        check_bytes(data, key)
        return found

    def segment_refs(self, key: str) -> list[PlainRef]:
        """Return what a history segment refers to; errors as in `record_refs`."""
        _, _, found = open_segment(self.backend.get(key), key)
        return [ref_of(descriptor) for descriptor in found]

    def _refs_of(self, ref: Ref, *, lenient: bool) -> list[PlainRef] | None:
        try:
            data = self.backend.get(ref.key)
            if ref.key.endswith(_COMPRESSED):
                data = documents.decompress(data, ref.size, ref.key)
            if hashlib.sha256(data).hexdigest() != ref.hex:
                raise DigestMismatchError("the bytes are damaged", place=ref.key)
            if ref.media_type == ENTRY_PAGE:
                return [ref_of(descriptor) for descriptor in page_refs(data, ref.key)]
            return _refs(_parse(data, ref.key), ref.key)
        except NotFoundError as error:
            if lenient:
                return None
            raise FormatError(f"{error}, and a root leads to it") from error


def ref_of(descriptor: Descriptor) -> Ref:
    """Return a descriptor as a reference."""
    key = object_key(descriptor.digest, descriptor.media_type)
    return Ref(key, descriptor.media_type, descriptor.digest.hex, descriptor.size)


def _parse(data: bytes, place: str) -> dict[str, Any]:
    """Read a document, and refuse what this version may not understand (GC-5).

    Not as strictly as elsewhere: of a document whose digest was checked, or which decides nothing else, only `refs`
    are used, and thousands have to be read. But two readers could see two `refs` where the key stands twice (DOC-1).
    """
    if b'"features":{"reader":[],"writer":[]}' not in data or data.count(b'"refs"') > 1 or b"\\u" in data:
        return _parse_features(documents.parse(data, place), place)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return documents.parse(data, place)  # which says what is wrong with it
    if not isinstance(value, dict):
        raise FormatError(f"expected a JSON object, found {type(value).__name__}", place=place)
    return _parse_features(value, place)


def _parse_features(value: dict[str, Any], place: str) -> dict[str, Any]:
    kind = value.get("kind")
    if not isinstance(kind, str) or not kind.startswith("wbtable."):
        raise UnsupportedError(f"expected a document of wbtable, found the kind {kind!r:.60}", place=place)
    check_document(value, kind, place)
    check_writable(value, place)
    return value


@cache
def leads_on(media_type: str) -> bool:
    """Whether objects of a media type refer to others."""
    return is_document(media_type) or media_type == ENTRY_PAGE


def _refs(value: dict[str, Any], place: str) -> list[PlainRef]:
    refs = value.get("refs", [])
    if not isinstance(refs, list):
        raise FormatError(f"expected a list, found {type(refs).__name__}", place=f"{place}.refs")
    found = _quick(refs)
    if found is not None:
        return found
    return [ref_of(Descriptor.from_json(item, f"{place}.refs[{i}]")) for i, item in enumerate(refs)]


_SUFFIXES: Final = {
    media_type: suffix_of(media_type)
    for media_type in (FRAGMENT, PACK, TABLE, FRAGMENT_PAGE, SKETCH, ARTIFACT, ENTRY_PAGE, HISTORY, BLOB)
}
_PREFIX: Final = "SHA-256:"


def _quick(refs: list[Any]) -> list[PlainRef] | None:
    """Return what descriptors of known types refer to; None where one of them has to be looked at more closely.

    A collection reads a hundred thousand of them: several objects and checks for each would be most of its time.
    """
    if not refs:
        return []
    try:
        types = [item["media_type"] for item in refs]
        digests = [item["digest"] for item in refs]
        sizes = [item["size"] for item in refs]
        names = [digest[8:] for digest in digests]
        name = "".join(names)
        are_right = (
            set(map(type, sizes)) == {int}
            and min(sizes) >= 0
            and max(sizes) <= MAX_SIZE
            and _SUFFIXES.keys() >= set(types)
            and {digest[:8] for digest in digests} == {_PREFIX}
            and set(map(len, names)) == {64}
            and bytes.fromhex(name).hex() == name  # it takes upper case and spaces too, and gives neither back
        )
    except (TypeError, KeyError, ValueError):
        return None
    if not are_right:
        return None
    keys = [f"{OBJECTS}/{name[:2]}/{name[2:]}{_SUFFIXES[kind]}" for name, kind in zip(names, types, strict=True)]
    return list(zip(keys, types, names, sizes, strict=True))
