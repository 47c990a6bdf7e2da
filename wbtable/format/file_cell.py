"""The FILE group of a media cell: where its blob was put, and the digest that checks it (spec: 05-tables, FILE-n)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_TYPE: Final = pa.struct(
    [
        pa.field("uri", pa.string()),
        pa.field("offset", pa.int64()),
        pa.field("size", pa.int64()),
        pa.field("content_type", pa.string()),
        pa.field("checksum", pa.string()),
    ]
)
"""Parquet's FILE logical type: names, types and nullability of its group (FILE-1)."""

_URI = re.compile(r"\.\./([0-9a-f]{2})/([0-9a-f]{62})(\.pack)?")


def relative_uri(digest: Digest, *, packed: bool) -> str:
    """Return the URI, relative to any fragment, of the pack or large blob that `digest` names (FILE-2)."""
    return f"../{digest.hex[:2]}/{digest.hex[2:]}{'.pack' if packed else ''}"


def parse_uri(uri: object, place: str = "uri") -> tuple[Digest, bool]:
    """Return the digest of the object that a URI names, and whether it is a pack (FILE-2).

    Raises:
        FormatError: it is not of the one form allowed, so it might lead out of the store.

    """
    match = _URI.fullmatch(uri) if isinstance(uri, str) else None
    if match is None:
        msg = f"expected ../<2 hex>/<62 hex> with or without .pack, found {uri!r:.120}"
        raise FormatError(msg, place=place)
    return Digest(match[1] + match[2]), match[3] is not None


def cell_digest(cell: Mapping[str, object], place: str = "file") -> Digest:
    """Return the digest in a FILE group.

    Raises:
        FormatError: there is none.

    """
    return Digest.parse(cell.get("checksum"), f"{place}.checksum")  # type: ignore[arg-type]
