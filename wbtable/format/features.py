"""The version of the format and its feature flags (spec: 12-versioning)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from wbtable.errors import FormatError, UnsupportedError
from wbtable.format.documents import Json, Reader

if TYPE_CHECKING:
    from collections.abc import Collection

FORMAT_VERSION: Final = "0.1"
"""What this version writes, MAJOR.MINOR."""
READER_FEATURES: Final[frozenset[str]] = frozenset()
"""The features that this version can read."""
WRITER_FEATURES: Final[frozenset[str]] = frozenset()
"""The features that this version can keep intact when it writes on top of them."""

_NO_FEATURES: Final[dict[str, list[str]]] = {"reader": [], "writer": []}
_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")


def parse_version(text: str, place: str) -> tuple[int, int]:
    """Return MAJOR and MINOR of a format version (VERSION-1).

    Raises:
        FormatError: it is not two numbers with a point between.

    """
    match = _VERSION.fullmatch(text)
    if match is None:
        msg = f"expected a format version like {FORMAT_VERSION}, found {text!r:.40}"
        raise FormatError(msg, place=place)
    return int(match[1]), int(match[2])


def check_document(value: Json, kind: str, place: str) -> None:
    """Accept a root document that this version can read (VERSION-2, VERSION-3).

    Raises:
        FormatError: it is of another kind, or has no version.
        UnsupportedError: its MAJOR is newer, or it needs a feature that is unknown here.

    """
    if value.get("kind") == kind and value.get("format") == FORMAT_VERSION and value.get("features") == _NO_FEATURES:
        return
    fields = Reader(value, place)
    if fields.str("kind") != kind:
        fields.fail("kind", kind)
    major, _ = parse_version(fields.str("format"), f"{place}.format")
    ours, _ = parse_version(FORMAT_VERSION, "FORMAT_VERSION")
    if major > ours:
        msg = f"it is written in format {value['format']}, this version reads up to {ours}.x: upgrade wbtable"
        raise UnsupportedError(msg, place=place)
    _refuse_unknown(fields, "reader", READER_FEATURES)


def kept_fields(fields: Reader, known: Collection[str]) -> Json:
    """Return what a document's reader keeps: the fields that are not `known` (DOC-5).

    ``features`` is among them where the document has a writer feature that is unknown here, for `check_writable`.
    """
    kept = fields.extra(known)
    if _unknown(fields, "writer", WRITER_FEATURES):
        kept["features"] = fields.fields["features"]
    return kept


def check_writable(value: Json, place: str) -> None:
    """Accept a root document, or what `kept_fields` gave of it, that this version may write on top of (VERSION-4).

    Raises:
        UnsupportedError: it has a writer feature that is unknown here.

    """
    _refuse_unknown(Reader(value, place), "writer", WRITER_FEATURES)


def _unknown(fields: Reader, side: str, known: frozenset[str]) -> list[object]:
    features = Reader(fields.object("features", optional=True), f"{fields.place}.features")
    names = features.list(side, optional=True)
    if not all(isinstance(name, str) for name in names):
        features.fail(side, "a list of texts")
    return [name for name in names if name not in known]


def _refuse_unknown(fields: Reader, side: str, known: frozenset[str]) -> None:
    unknown = _unknown(fields, side, known)
    if unknown:
        msg = f"it needs the {side} feature {unknown[0]!r:.80}, unknown to this version: upgrade wbtable"
        raise UnsupportedError(msg, place=fields.place)
