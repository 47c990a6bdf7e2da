"""The check of documents that no digest names (spec: 04b-documents, DOC-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import xxhash

from wbtable.errors import DigestMismatchError
from wbtable.format.documents import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.documents import Json

FIELD: Final = "check"


def sealed(document: Mapping[str, object]) -> Json:
    """Return a document with its check, whatever check it had."""
    return {**document, FIELD: _check(document)}


def encode_sealed(document: Mapping[str, object]) -> bytes:
    """Return the canonical JSON of a document with its check, whatever check it had: each field is written once."""
    before = canonical({key: value for key, value in document.items() if key < FIELD})[1:-1]
    behind = canonical({key: value for key, value in document.items() if key > FIELD})[1:-1]
    found = xxhash.xxh3_128_hexdigest(b"{%b}" % b",".join(filter(None, (before, behind))))
    return b"{%b}" % b",".join(filter(None, (before, b'"%b":"%b"' % (FIELD.encode(), found.encode()), behind)))


def check_seal(document: Mapping[str, object], place: str) -> None:
    """Refuse a document whose check is missing or of other content: a bit of it is not as it was written.

    Raises:
        DigestMismatchError: it is.

    """
    found, expected = document.get(FIELD), _check(document)
    if found != expected:
        msg = f"the bytes are damaged: expected the check {expected}, found {found!r:.60}"
        raise DigestMismatchError(msg, place=place)


def _check(document: Mapping[str, object]) -> str:
    rest = {key: value for key, value in document.items() if key != FIELD}
    return xxhash.xxh3_128_hexdigest(canonical(rest))
