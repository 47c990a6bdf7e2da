"""Items of a draft or version, and the objects that they hold (spec: 10-artifacts)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wbtable.artifacts import references
from wbtable.artifacts.tables import DOCUMENTS
from wbtable.errors import DigestMismatchError, FormatError
from wbtable.format.digest import Digest
from wbtable.format.file_cell import relative_uri
from wbtable.format.tagged import untag
from wbtable.format.types import type_from_json

if TYPE_CHECKING:
    from wbtable.format.entry import Entry
    from wbtable.storage.objects import ObjectStore


def read_entry(objects: ObjectStore, entry: Entry) -> bytes:
    """Return the bytes of an entry, checked.

    Raises:
        DigestMismatchError: they are damaged, or what a reference names has changed.
        FormatError: an object is cut short.

    """
    if entry.reference is not None:
        with references.open_reference(entry) as stream:
            data = stream.read()
        check_reference(entry, Digest.of(data), len(data))
        return data
    if entry.media_type in DOCUMENTS:
        return objects.get(entry.descriptor())
    if entry.pack is None and entry.media is None:
        return objects.get(entry.descriptor())
    return objects.read(file_cell(entry))


def check_reference(entry: Entry, found: Digest, size: int) -> None:
    """Refuse outside content that is not what was referenced (REF-3).

    Raises:
        DigestMismatchError: it is other content.

    """
    where = entry.reference.uri if entry.reference is not None else entry.path
    if entry.digest is not None and found != entry.digest:
        raise DigestMismatchError(f"expected {entry.digest}, found {found}: it changed", place=where)
    if entry.size is not None and size != entry.size:
        raise DigestMismatchError(f"expected {entry.size} bytes, found {size}: it changed", place=where)


def file_cell(entry: Entry) -> dict[str, object]:
    """Return the FILE group of an entry's blob."""
    assert entry.digest is not None
    container = entry.digest if entry.pack is None else entry.pack
    return {
        "uri": relative_uri(container, packed=entry.pack is not None),
        "offset": entry.offset or 0,
        "size": entry.size,
        "content_type": entry.media_type,
        "checksum": str(entry.digest),
    }


def read_media(objects: ObjectStore, entry: Entry) -> Any:
    """Return the media value of an entry; its bytes are read when they are asked for (ART-9).

    Raises:
        FormatError: the entry's facts are damaged.

    """
    from wbtable.media import media_class

    assert entry.media is not None
    try:
        facts = json.loads(entry.media)
        column_type = type_from_json(facts["type"], f"{entry.path}: media.type")
        cell = untag(facts["cell"])
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"the media facts are damaged: {error}", place=entry.path) from None
    if entry.media_type != "application/json" or "file" in column_type.arrow().names:
        cell["file"] = file_cell(entry)
    return media_class(column_type.kind).from_cell(cell, objects, column_type)


def media_stem(path: str) -> str:
    """Return the path of a media value without its suffix: one part, or two for a value without a blob (ART-9)."""
    stem, _, suffix = path.rpartition(".")
    return stem.rpartition(".")[0] if suffix == "json" and "." in stem else stem
