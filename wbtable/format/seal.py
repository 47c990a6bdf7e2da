"""The check of documents that no digest names (spec: 04b-documents, DOC-8)."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

import xxhash

from wbtable.errors import DigestMismatchError
from wbtable.format.documents import canonical, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wbtable.format.documents import Json

FIELD: Final = "check"

_STORED: Final = re.compile(rb'"check":"([0-9a-f]{32})",?')
_MOST: Final = 8
"""So many places are tried: fields whose names come before this one in a document seldom hold any."""


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


def check_bytes(data: bytes, place: str) -> None:
    """Refuse the stored form of a document whose check is of other content; one that has no check passes.

    The canonical form is compared as it stands: to write it once more would take longer than all else.

    Raises:
        DigestMismatchError: it is.
        FormatError: it is no document.

    """
    for match in islice(_STORED.finditer(data), _MOST):
        start = match.start()
        if not match[0].endswith(b",") and data[start - 1 : start] == b",":
            start -= 1
        if xxhash.xxh3_128_hexdigest(data[:start] + data[match.end() :]).encode() == match[1]:
            return
    if b'"check"' in data:
        # Or it stands in another form, or the check is that of something in it.
        document = parse(data, place)
        if FIELD in document:
            check_seal(document, place)


def _check(document: Mapping[str, object]) -> str:
    rest = {key: value for key, value in document.items() if key != FIELD}
    return xxhash.xxh3_128_hexdigest(canonical(rest))
