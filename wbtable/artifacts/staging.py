"""What a draft's objects are, and would become, before it is committed (spec: 10-artifacts)."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import shutil
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts import references
from wbtable.artifacts.compose import compose, entry_refs
from wbtable.artifacts.items import Item
from wbtable.artifacts.local_files import LocalFile, absolute, media_type_of, walk
from wbtable.artifacts.pending import (
    Pending,
    PendingDocument,
    PendingEntry,
    PendingFile,
    PendingMedia,
    PendingReference,
)
from wbtable.artifacts.progress import Progress
from wbtable.artifacts.put import put_changes
from wbtable.artifacts.tables import (
    JOINED_SUFFIX,
    PARTITIONED_SUFFIX,
    TABLE_SUFFIX,
    pending_document,
    pending_table,
)
from wbtable.errors import NotFoundError, UsageError
from wbtable.format.paths import check_path
from wbtable.media.base import FileMedia, Media
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore
from wbtable.storage.os_errors import explained
from wbtable.storage.temporary import temporary_block
from wbtable.tables.joined import JoinedTable
from wbtable.tables.partitioned import PartitionedTable
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wbtable.artifacts.contents import Contents
    from wbtable.artifacts.version_content import VersionContent
    from wbtable.format.artifact_manifest import ArtifactManifest
    from wbtable.format.digest import Digest
    from wbtable.format.entry import Entry
    from wbtable.storage.temporary import TemporaryFolder

DIGITS: Final = 20
"""How many digits of a digest name a temporary file, as W&B has it."""
BLOCK: Final = 8 << 20
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "audio/wav": ".wav", "text/html": ".html"}
_TYPES = mimetypes.MimeTypes(filenames=())


def pending_of(obj: Any, name: str, paths: Mapping[int, str]) -> tuple[str, dict[str, Pending]]:
    """Return what adding an object means: its path, and what is pending at that and further paths (ART-7).

    Args:
        obj: the object.
        name: the name that it is to have.
        paths: the paths of the draft's tables, by the id of the object.

    Raises:
        UsageError: it is no table, joined or partitioned table or media value, or the name is no logical path.

    """
    from wbtable.media import wrap

    check_path(name)
    if isinstance(obj, Table):
        path = _suffixed(name, TABLE_SUFFIX)
        return path, {path: pending_table(obj)}
    if isinstance(obj, JoinedTable | PartitionedTable):
        path = _suffixed(name, JOINED_SUFFIX if isinstance(obj, JoinedTable) else PARTITIONED_SUFFIX)
        return path, pending_document(obj, path, paths)
    media = obj if isinstance(obj, Media) else wrap(obj)
    if media is None:
        raise UsageError(
            f"expected a table, a joined or partitioned table or a media value, found {type(obj).__name__};"
            " files are added by add_file, add_dir and new_file"
        )
    suffix = media_suffix(media)
    same = {suffix, ".jpeg"} if suffix == ".jpg" else {suffix}
    path = name if os.path.splitext(name)[1].lower() in same else name + suffix
    return check_path(path), {path: PendingMedia(media)}


def _suffixed(name: str, suffix: str) -> str:
    return check_path(name if name.endswith(suffix) else name + suffix)


def media_suffix(media: Media) -> str:
    """Return the file suffix of a media value: that of its content, or of its kind if it has no blob."""
    if not isinstance(media, FileMedia):
        return f".{media.kind}.json"
    content_type = media.content_type
    return _SUFFIXES.get(content_type) or _TYPES.guess_extension(content_type) or f".{media.kind}"


def files_below(local_path: str | os.PathLike[str], name: str | None) -> dict[str, PendingFile]:
    """Return what adding a directory means: its files, their paths behind `name` and a ``/``.

    Raises:
        NotFoundError: there is no such directory.
        UsageError: it is no directory, or a link leaves it.

    """
    prefix = check_path(name.rstrip("/")) + "/" if name else ""
    found: dict[str, PendingFile] = {}
    with Progress("reading", "files") as progress:
        for inner, file in walk(absolute(local_path)):
            found[prefix + inner] = PendingFile(file, media_type_of(inner))
            progress.advance()
    return found


def named_by_content(path: str, file: LocalFile) -> str:
    """Return a logical path with the beginning of the file's digest in place of the first part of its name."""
    folder, slash, name = path.rpartition("/")
    hasher = hashlib.sha256()
    with file.open() as stream:
        while block := stream.read(BLOCK):
            hasher.update(block)
    _, dot, suffix = name.partition(".")
    return f"{folder}{slash}{hasher.hexdigest()[:DIGITS]}{dot}{suffix}"


def copied(found: Mapping[str, PendingFile], folder: TemporaryFolder) -> dict[str, Pending]:
    """Return what is pending with copies of the files as they are now.

    Raises:
        UsageError: a file changed meanwhile.
        NotFoundError: one is gone.
        StorageError: one may not be read, or there is no room for the copies.

    """
    out: dict[str, Pending] = {}
    with Progress("copying", "files", len(found)) as progress:
        for path, pending in found.items():
            target = folder.new_file()
            with explained(f"copy {pending.file.path}"), pending.file.open() as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, BLOCK)
            pending.file.check()
            out[path] = PendingFile(LocalFile.of(os.fspath(target)), pending.media_type)
            progress.advance()
    return out


def referenced(
    uri: Any,
    name: str | None,
    *,
    checksum: bool | str,
    etag: str | None,
    size: int | None,
    max_objects: int | None,
) -> dict[str, Pending]:
    """Return what adding a reference means; see `Artifact.add_reference`."""
    if not isinstance(uri, str | os.PathLike):
        pending = shared_entry(uri, name)
        return {pending.entry.path: pending}
    text = os.fspath(uri)
    entries = references.entries_of(text, name, checksum=checksum, etag=etag, size=size, max_objects=max_objects)
    return {entry.path: PendingReference(entry) for entry in entries}


def shared_entry(item: Any, name: str | None) -> PendingEntry:
    """Return what taking over an item of another version means (REF-4).

    Raises:
        UsageError: it is no item of a version.

    """
    if not isinstance(item, Item) or item.entry is None or item.version is None:
        raise UsageError(f"expected a URI or an item of a version, found {type(item).__name__}")
    entry = item.entry
    if name is not None and name != entry.path:
        from dataclasses import replace

        entry = replace(entry, path=check_path(name))
    refs = entry_refs(item.entry, item.version.contents.all_refs())
    return PendingEntry(entry, item.version.contents.objects, tuple(refs))


def is_taken(path: str, pending: Pending, changes: Mapping[str, Pending | None], base: VersionContent | None) -> bool:
    """Whether a path of a draft has other content than what is to be added there (ART-8)."""
    if path in changes:
        current = changes[path]
        return current is not None and not same(current, pending)
    entry = None if base is None else base.contents.find(path)
    return entry is not None and base is not None and not same_as_entry(entry, pending, base)


def same(left: Pending, right: Pending) -> bool:
    """Whether two pending things are the same content."""
    if left == right:
        return True
    if isinstance(left, PendingFile) and isinstance(right, PendingFile):
        try:
            left.file.check()
        except (UsageError, NotFoundError):
            # What was added is there no more; who adds the file again means what it is now.
            return False
        if left.file.size != right.file.size:
            return False
    if isinstance(left, PendingDocument) or isinstance(right, PendingDocument):
        return left == right
    return type(left) is type(right) and _identity(left) == _identity(right)


def same_as_entry(entry: Entry, pending: Pending, version: VersionContent) -> bool:
    """Whether a pending thing is the content of an entry of a version."""
    if isinstance(pending, PendingFile) and pending.file.size != entry.size:
        return False
    if isinstance(pending, PendingDocument):
        current = version.get(entry.path)
        return current is pending.value or current == pending.value
    return _identity(pending) == entry.identity


def _identity(pending: Pending) -> Digest:
    """Return the identity that a pending thing gets when it is stored (ART-6)."""
    with temporary_block() as folder:
        entry = put_changes(_objects(folder), {"x": pending}).entries["x"]
    assert entry is not None
    return entry.identity


def measure(changes: Mapping[str, Pending | None], base: Contents | None) -> ArtifactManifest:
    """Return the manifest that committing changes gives; tables are encoded to a temporary place.

    Raises:
        UsageError: a file changed since it was added.

    """
    with temporary_block() as folder:
        objects = _objects(folder)
        put = put_changes(objects, changes, base)
        return compose(objects, base, put.entries, put.known)[1]


def _objects(folder: Path) -> ObjectStore:
    return ObjectStore(LocalBackend(folder))
