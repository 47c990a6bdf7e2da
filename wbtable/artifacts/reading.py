"""Items of a draft or version, and the objects that they hold (spec: 10-artifacts)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wbtable.artifacts import references
from wbtable.artifacts.pending import Pending, PendingEntry, PendingFile, PendingReference
from wbtable.errors import DigestMismatchError, FormatError, UsageError
from wbtable.format.digest import JOINED, PARTITIONED, TABLE, Digest
from wbtable.format.file_cell import relative_uri
from wbtable.format.tagged import untag
from wbtable.format.types import type_from_json

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.version import Version
    from wbtable.format.entry import Entry
    from wbtable.storage.objects import ObjectStore

DOCUMENTS = frozenset({TABLE, JOINED, PARTITIONED})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Item:
    """One logical path of a draft or version.

    Attributes:
        path: the path.
        size: the content's bytes; None if that is not known before the draft is logged.
        digest: the content's digest, ``SHA-256:<64 hex>``; None if it is not known.
        media_type: what the content is.
        ref: the URI, if the content is outside the store.
        local_file: the user's file, in a draft.
        entry: what the manifest says; None in a draft.
        version: the version; None in a draft.

    """

    path: str
    size: int | None = None
    digest: str | None = None
    media_type: str | None = None
    ref: str | None = None
    local_file: str | None = None
    entry: Entry | None = None
    version: Version | None = None

    @property
    def name(self) -> str:
        """The path."""
        return self.path

    @classmethod
    def of_pending(cls, path: str, pending: Pending) -> Item:
        """Return the item of something that is not stored yet."""
        if isinstance(pending, PendingFile):
            file = pending.file
            return cls(path=path, size=file.size, media_type=pending.media_type, local_file=file.path)
        if isinstance(pending, PendingReference | PendingEntry):
            return cls.of_entry(pending.entry, None)
        return cls(path=path)

    @classmethod
    def of_entry(cls, entry: Entry, version: Version | None) -> Item:
        """Return the item of an entry."""
        return cls(
            path=entry.path,
            size=entry.total_size if entry.data_size else entry.size,
            digest=None if entry.digest is None else str(entry.digest),
            media_type=entry.media_type,
            ref=None if entry.reference is None else entry.reference.uri,
            entry=entry,
            version=version,
        )

    def read(self) -> bytes:
        """Return the content, checked against its digest.

        Raises:
            UsageError: it is a table or the like, or is not stored yet.
            DigestMismatchError: the stored bytes are damaged.

        """
        if self.local_file is not None:
            with open(self.local_file, "rb") as file:
                return file.read()
        if self.entry is None or self.version is None:
            raise UsageError(f"{self.path!r} is not stored yet")
        return read_entry(self.version.store.objects, self.entry)

    def download(self, root: str | os.PathLike[str] | None = None) -> Path:
        """Write the content below a directory, as `Version.download` does, and return its path.

        Raises:
            UsageError: it is not stored yet.

        """
        if self.version is None:
            raise UsageError(f"{self.path!r} is not stored yet")
        return self.version.download(root, path_prefix=self.path) / self.path


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
