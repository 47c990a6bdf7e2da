"""Tables in artifacts: stored at the commit, opened without reading rows (spec: 10-artifacts, 05-tables)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


from wbtable.artifacts.contents import reachable
from wbtable.errors import FormatError, UsageError
from wbtable.format.digest import TABLE
from wbtable.format.entry import Entry
from wbtable.format.table_manifest import TableManifest
from wbtable.tables.reader import TableReader
from wbtable.tables.save import merge_appends, write_source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wbtable.artifacts.contents import Contents
    from wbtable.artifacts.known import KnownBlobs
    from wbtable.artifacts.pending import PendingDocument, PendingTable
    from wbtable.artifacts.version import Version
    from wbtable.format.digest import Descriptor
    from wbtable.storage.objects import ObjectStore


def read_manifest(objects: ObjectStore, entry: Entry) -> TableManifest:
    """Return the table manifest of an entry.

    Raises:
        FormatError: it is damaged.

    """
    return TableManifest.from_json(objects.get_document(entry.descriptor()), f"table {entry.path}")


def table_entry(objects: ObjectStore, path: str, descriptor: Descriptor, manifest: TableManifest) -> Entry:
    """Return the entry of a stored table (ART-3)."""
    found = reachable(objects, manifest.refs)
    return Entry(
        path=path,
        media_type=TABLE,
        digest=descriptor.digest,
        size=descriptor.size,
        content_digest=manifest.content_digest,
        data_size=sum(ref.size for ref in found.values()),
    )


def put_table(
    objects: ObjectStore, path: str, pending: PendingTable, base: Contents | None, known: KnownBlobs | None
) -> Entry:
    """Store a table; rows that the base's table of this path has already are not stored again."""
    descriptor, written = write_source(pending.source, objects, known=known)
    return table_entry(objects, path, descriptor, written)


def put_document(
    objects: ObjectStore,
    path: str,
    pending: PendingDocument,
    entries: Mapping[str, Entry | None],
    find_document: Callable[[str], Descriptor | None] | None,
) -> Entry:
    """Store a joined or partitioned table, whose tables are stored already."""
    raise UsageError("joined tables are not stored yet")


def open_entry(version: Version, entry: Entry) -> Any:
    """Return the table, joined table or partitioned table of an entry; rows are read when they are asked for."""
    from wbtable.tables.table import Table

    objects = version.store.objects
    if entry.media_type == TABLE:
        manifest = read_manifest(objects, entry)
        return Table.from_source(
            TableReader(objects, manifest),
            log_mode=manifest.log_mode,
            primary_key=manifest.primary_key,
            origin=version,
        )
    raise FormatError(f"the media type {entry.media_type} is unknown", place=entry.path)


def join_appends(objects: ObjectStore, path: str, base: Entry, newest: Entry, ours: Entry) -> Entry | None:
    """Return the table with the rows that both sides appended to the base's, theirs first; None if one did more.

    (COMMIT-3: appends to a table concatenate.)
    """
    base_manifest, newest_manifest, our_manifest = (read_manifest(objects, entry) for entry in (base, newest, ours))
    merged = merge_appends(objects, base_manifest, newest_manifest, our_manifest)
    return None if merged is None else table_entry(objects, path, *merged)
