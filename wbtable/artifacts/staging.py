"""What a draft's objects are, and would become, before it is committed (spec: 10-artifacts)."""

from __future__ import annotations

import datetime as dt
import mimetypes
import os
import tempfile
from typing import TYPE_CHECKING, Any

from wbtable.artifacts.compose import compose, entry_refs
from wbtable.artifacts.pending import (
    Pending,
    PendingDocument,
    PendingEntry,
    PendingFile,
    PendingMedia,
    PendingTable,
)
from wbtable.artifacts.put import put_changes
from wbtable.errors import UsageError
from wbtable.format.paths import check_path
from wbtable.media.base import FileMedia, Media
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore

if TYPE_CHECKING:
    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.version import Version
    from wbtable.format.artifact_manifest import ArtifactManifest
    from wbtable.format.digest import Digest
    from wbtable.format.entry import Entry

_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "audio/wav": ".wav", "text/html": ".html"}
_TYPES = mimetypes.MimeTypes(filenames=())


def pending_of(obj: Any, name: str) -> tuple[Pending, str]:
    """Return what adding an object means, and the path that it gets (ART-7).

    Raises:
        UsageError: it is no table, joined or partitioned table or media value, or the name is no logical path.

    """
    from wbtable.tables.joined import JoinedTable
    from wbtable.tables.partitioned import PartitionedTable

    from wbtable.artifacts.draft import JOINED_SUFFIX, PARTITIONED_SUFFIX, TABLE_SUFFIX
    from wbtable.media import wrap
    from wbtable.tables.table import Table

    check_path(name)
    if isinstance(obj, Table):
        return PendingTable(obj, obj.snapshot()), _suffixed(name, TABLE_SUFFIX)
    if isinstance(obj, JoinedTable):
        return PendingDocument(obj), _suffixed(name, JOINED_SUFFIX)
    if isinstance(obj, PartitionedTable):
        return PendingDocument(obj), _suffixed(name, PARTITIONED_SUFFIX)
    media = obj if isinstance(obj, Media) else wrap(obj)
    if media is None:
        raise UsageError(
            f"expected a table, a joined or partitioned table or a media value, found {type(obj).__name__};"
            " files are added by add_file, add_dir and new_file"
        )
    suffix = media_suffix(media)
    path = (
        name
        if os.path.splitext(name)[1].lower() in {suffix, ".jpeg" if suffix == ".jpg" else suffix}
        else name + suffix
    )
    return PendingMedia(media), check_path(path)


def _suffixed(name: str, suffix: str) -> str:
    return check_path(name if name.endswith(suffix) else name + suffix)


def media_suffix(media: Media) -> str:
    """Return the file suffix of a media value: that of its content, or of its kind if it has no blob."""
    if not isinstance(media, FileMedia):
        return f".{media.kind}.json"
    content_type = media.content_type
    return _SUFFIXES.get(content_type) or _TYPES.guess_extension(content_type) or f".{media.kind}"


def shared_entry(item: Any, name: str | None) -> PendingEntry:
    """Return what taking over an item of another version means (REF-4).

    Raises:
        UsageError: it is no item of a version.

    """
    from wbtable.artifacts.reading import Item

    if not isinstance(item, Item) or item.entry is None or item.version is None:
        raise UsageError(f"expected a URI or an item of a version, found {type(item).__name__}")
    entry = item.entry
    if name is not None and name != entry.path:
        from dataclasses import replace

        entry = replace(entry, path=check_path(name))
    refs = entry_refs(item.entry, item.version.contents.all_refs())
    return PendingEntry(entry, item.version.store.objects, tuple(refs))


def same(left: Pending, right: Pending) -> bool:
    """Whether two pending things are the same content."""
    if left == right:
        return True
    if isinstance(left, PendingFile) and isinstance(right, PendingFile) and left.file.size != right.file.size:
        return False
    if isinstance(left, PendingDocument) or isinstance(right, PendingDocument):
        return left == right
    return type(left) is type(right) and _identity(left) == _identity(right)


def same_as_entry(entry: Entry, pending: Pending, version: Version) -> bool:
    """Whether a pending thing is the content of an entry of a version."""
    if isinstance(pending, PendingFile) and pending.file.size != entry.size:
        return False
    if isinstance(pending, PendingDocument):
        current = version.get(entry.path)
        return current is pending.value or current == pending.value
    return _identity(pending) == entry.identity


def _identity(pending: Pending) -> Digest:
    """Return the identity that a pending thing gets when it is stored (ART-6)."""
    with tempfile.TemporaryDirectory(prefix="wbtable-stage-") as folder:
        entry = put_changes(_objects(folder), {"x": pending}, None, None).entries["x"]
    assert entry is not None
    return entry.identity


def measure(draft: Artifact) -> ArtifactManifest:
    """Return the manifest that committing a draft gives; its tables are encoded to a temporary place.

    Raises:
        UsageError: a file changed since it was added.

    """
    base = draft._base  # noqa: SLF001 - drafts and their measure are one room
    contents = None if base is None else base.contents
    with tempfile.TemporaryDirectory(prefix="wbtable-stage-") as folder:
        objects = _objects(folder)
        find = None if base is None else base.find_descriptor
        put = put_changes(objects, draft._changes, None, None, find)  # noqa: SLF001 - as above
        return compose(objects, contents, put.entries, put.known)[1]


def _objects(folder: str) -> ObjectStore:
    from pathlib import Path

    return ObjectStore(LocalBackend(Path(folder)))


def ttl_seconds(value: dt.timedelta | None) -> int | None:
    """Return a time to live in whole seconds.

    Raises:
        UsageError: it is no timedelta, or not positive.

    """
    if value is None:
        return None
    if not isinstance(value, dt.timedelta) or value < dt.timedelta(seconds=1):
        raise UsageError(f"expected a timedelta of a second or more, or None, found {value!r:.60}")
    return int(value.total_seconds())
