"""Tables in artifacts: stored at the commit, opened without reading rows (spec: 10-artifacts, 05-tables)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, cast

from wbtable.artifacts.pending import Pending, PendingDocument, PendingTable
from wbtable.artifacts.table_size import data_size
from wbtable.errors import FormatError, NotFoundError, UsageError
from wbtable.format.digest import JOINED, PARTITIONED, TABLE
from wbtable.format.entry import Entry
from wbtable.format.joined_table import JoinedTableDocument, TableReference, VersionName
from wbtable.format.partitioned_table import PartitionedTableDocument
from wbtable.format.paths import check_path
from wbtable.format.schema import Column, Schema
from wbtable.format.table_manifest import ForeignKey, TableManifest
from wbtable.format.types import LinkType
from wbtable.tables.joined import JoinedTable
from wbtable.tables.open import table_of
from wbtable.tables.partitioned import PartitionedTable
from wbtable.tables.save import merge_appends, write_source
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from wbtable.artifacts.contents import Contents, Holder
    from wbtable.artifacts.known import StoreBlobs
    from wbtable.format.digest import Descriptor
    from wbtable.storage.objects import ObjectStore
    from wbtable.tables.readable import Readable
    from wbtable.tables.snapshot import TableSnapshot

TABLE_SUFFIX = ".table.json"
JOINED_SUFFIX = ".joined-table.json"
PARTITIONED_SUFFIX = ".partitioned-table.json"
SUFFIXES = (TABLE_SUFFIX, JOINED_SUFFIX, PARTITIONED_SUFFIX)
DOCUMENTS = frozenset({TABLE, JOINED, PARTITIONED})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableOrigin:
    """Where a table was read from, or was committed to.

    Attributes:
        version: the version.
        path: its path there.
        source: the rows that it had then; if it has others now, it is another table.

    """

    version: Holder
    path: str
    source: object

    @classmethod
    def of(cls, table: object) -> TableOrigin | None:
        """Return the origin of a table that is still as it was there; None if there is none."""
        found = getattr(table, "origin", None)
        if not isinstance(found, cls):
            return None
        source = table._source() if isinstance(table, Table) else None  # noqa: SLF001 - not copied, only compared
        return found if source is found.source else None


def read_manifest(objects: ObjectStore, entry: Entry) -> TableManifest:
    """Return the table manifest of an entry.

    Raises:
        FormatError: it is damaged.

    """
    return load_manifest(objects, entry.descriptor(), entry.path)


def load_manifest(objects: ObjectStore, descriptor: Descriptor, path: str) -> TableManifest:
    """Return a table manifest; one that was just read or written by way of `objects` is not read again.

    Raises:
        FormatError: it is damaged.

    """
    found = objects.recent.get(descriptor.digest)
    if not isinstance(found, TableManifest):
        found = TableManifest.from_json(objects.get_document(descriptor), f"table {path}")
        objects.recent.add(descriptor.digest, found)
    return found


def stem(path: str) -> str:
    """Return a path without its table suffix."""
    for suffix in SUFFIXES:
        if path.endswith(suffix):
            return path[: -len(suffix)]
    return path


def pending_table(table: Table) -> PendingTable:
    """Take a table as it is now, and the tables to whose rows it points (ART-7)."""
    snapshot = table.snapshot()
    others: dict[int, tuple[Any, TableSnapshot]] = {}
    waiting = [snapshot]
    while waiting:
        for other in _pointed_to(waiting.pop()):
            if other is not table and id(other) not in others:
                taken = other.snapshot()
                others[id(other)] = (other, taken)
                waiting.append(taken)
    return PendingTable(table, snapshot, tuple(others.values()))


def _pointed_to(snapshot: TableSnapshot) -> list[Any]:
    found = [key.table for key in snapshot.foreign_keys if not isinstance(key.table, str)]
    return [*found, *(table for _, table in snapshot.links)]


def pending_document(obj: JoinedTable | PartitionedTable, path: str, paths: Mapping[int, str]) -> dict[str, Pending]:
    """Return what adding a joined or partitioned table means: itself, and those of its tables that are nowhere yet.

    A table of the draft is named by its path, one of a version by that version; another is put beside the document,
    as ``<name>.0.table.json`` and so on (JOIN-2).

    Args:
        obj: the joined or partitioned table.
        path: its path.
        paths: the paths of the draft's tables, by the id of the object.

    """
    out: dict[str, Pending] = {}
    references: list[TableReference] = []

    def resolve(side: Readable | str) -> TableReference:
        reference = _reference(side, path, len(references), paths, out)
        references.append(reference)
        return reference

    document = obj.document(resolve)
    out[path] = PendingDocument(obj, document)
    return out


def _reference(
    side: Readable | str, path: str, number: int, paths: Mapping[int, str], out: dict[str, Pending]
) -> TableReference:
    if isinstance(side, str):
        return TableReference(path=check_path(side))
    if id(side) in paths:
        return TableReference(path=paths[id(side)])
    origin = TableOrigin.of(side)
    if origin is not None:
        version = origin.version
        name = VersionName(project=version.project, name=version.name, version=version.number)
        return TableReference(path=origin.path, artifact=name, table=version.find_descriptor(origin.path))
    for where, pending in out.items():
        if getattr(pending, "value", None) is side:
            return TableReference(path=where)
    inner = f"{stem(path)}.{number}"
    if isinstance(side, Table):
        out[inner + TABLE_SUFFIX] = pending_table(side)
        return TableReference(path=inner + TABLE_SUFFIX)
    if isinstance(side, JoinedTable | PartitionedTable):
        where = inner + (JOINED_SUFFIX if isinstance(side, JoinedTable) else PARTITIONED_SUFFIX)
        out |= pending_document(side, where, paths)
        return TableReference(path=where)
    raise UsageError(f"expected tables in a joined or partitioned table, found {type(side).__name__}")


def with_linked(changes: Mapping[str, Pending | None]) -> tuple[dict[str, Pending | None], dict[int, str]]:
    """Return the changes with every table to whose rows another points, and the path of each table object (ART-7).

    A table that was not added itself is put beside the one that points to it.
    """
    out = dict(changes)
    paths = {id(p.value): path for path, p in changes.items() if isinstance(p, PendingTable)}
    for path, pending in changes.items():
        if not isinstance(pending, PendingTable):
            continue
        number = 0
        for value, snapshot in pending.linked:
            if id(value) in paths:
                continue
            while (inner := f"{stem(path)}.linked{number or ''}{TABLE_SUFFIX}") in out:
                number += 1
            out[inner] = PendingTable(value, snapshot)
            paths[id(value)] = inner
    return out, paths


def put_table(
    objects: ObjectStore, path: str, pending: PendingTable, paths: Mapping[int, str], known: StoreBlobs | None
) -> Entry:
    """Store a table; rows and blobs that are there already are not stored again."""
    snapshot = pending.source
    keys = [
        ForeignKey(
            column=key.column,
            table=key.table if isinstance(key.table, str) else paths[id(key.table)],
            table_column=key.table_column,
        )
        for key in snapshot.foreign_keys
    ]
    links = {name: LinkType(table=paths[id(table)]) for name, table in snapshot.links}
    schema = Schema(tuple(Column(c.name, links.get(c.name, c.type)) for c in snapshot.schema)) if links else None
    descriptor, written = write_source(snapshot, objects, known=known, foreign_keys=keys, schema=schema)
    return table_entry(objects, path, descriptor, written)


def table_entry(objects: ObjectStore, path: str, descriptor: Descriptor, manifest: TableManifest) -> Entry:
    """Return the entry of a stored table (ART-3)."""
    objects.recent.add(descriptor.digest, manifest)
    return Entry(
        path=path,
        media_type=TABLE,
        digest=descriptor.digest,
        size=descriptor.size,
        content_digest=manifest.content_digest,
        data_size=data_size(objects, manifest),
    )


def put_document(objects: ObjectStore, path: str, pending: PendingDocument, has_path: Callable[[str], bool]) -> Entry:
    """Store a joined or partitioned table, whose tables are stored already.

    Raises:
        NotFoundError: it names a table of the same artifact that is not there.

    """
    document = pending.document
    named = document.sides if isinstance(document, JoinedTableDocument) else document.parts
    for reference in named:
        if reference.artifact is None and not has_path(reference.path):
            what = f"it names the table {reference.path!r:.200}, which the artifact does not have"
            raise NotFoundError(f"{what}: add that table, or remove this", place=path)
    media_type = JOINED if isinstance(document, JoinedTableDocument) else PARTITIONED
    descriptor = objects.put_document(media_type, document.to_json())
    return Entry(path=path, media_type=media_type, digest=descriptor.digest, size=descriptor.size)


@dataclass(frozen=True, slots=True)
class _Composed:
    """The entries that a draft's changes make of its base: what its joined tables may name."""

    objects: ObjectStore
    base: Contents | None
    entries: Mapping[str, Entry | None]

    @property
    def contents(self) -> _Composed:
        return self

    def find_descriptor(self, path: str) -> Descriptor | None:
        found = self.entries[path] if path in self.entries else self.base.find(path) if self.base is not None else None
        return found.descriptor() if found is not None and found.media_type in DOCUMENTS else None

    def under(self, prefix: str) -> list[Entry]:
        kept = {} if self.base is None else {entry.path: entry for entry in self.base.under(prefix)}
        ours = {path: entry for path, entry in self.entries.items() if path.startswith(prefix)}
        return [entry for _, entry in sorted((kept | ours).items()) if entry is not None]


def check_document(objects: ObjectStore, base: Contents | None, entries: Mapping[str, Entry | None], path: str) -> None:
    """Open a joined or partitioned table of a draft as its version will: keys and types are found wrong now (JOIN-5).

    Raises:
        UsageError: its keys, or the types of its columns, do not go together, or it names itself.
        NotFoundError: a table in it is not there.

    """
    composed = _Composed(objects, base, entries)
    descriptor = composed.find_descriptor(path)
    assert descriptor is not None
    try:
        found = _open(cast("Any", composed), descriptor, path, 0, own=False)
        found.schema  # noqa: B018 - which is made of its tables' schemas
    except (UsageError, _DepthError) as error:
        raise UsageError(str(error), place=None if isinstance(error, _DepthError) else path) from None


def open_entry(version: Holder, entry: Entry) -> Any:
    """Return the table, joined table or partitioned table of an entry; rows are read when they are asked for.

    Raises:
        FormatError: a document is damaged, or does not fit the tables that it names.
        NotFoundError: it names a table that is not there.

    """
    try:
        found = _open(version, entry.descriptor(), entry.path, 0)
    except UsageError as error:  # what a caller who makes such a table did wrong
        raise FormatError(str(error), place=entry.path) from None
    if isinstance(found, JoinedTable | PartitionedTable):
        found.stored_at = (version, entry.path)
    return found


_MAX_DEPTH = 32
_MAX_TABLES = 1 << 16


class _DepthError(FormatError):
    """Documents refer to each other in a circle, or nearly so, or to more tables than anybody has (JOIN-8)."""


def _open(
    version: Holder,
    descriptor: Descriptor,
    path: str,
    depth: int,
    *,
    own: bool = True,
    numbers: Iterator[int] | None = None,
) -> Any:
    numbers = numbers or count(1)
    if depth > _MAX_DEPTH:
        raise _DepthError(f"joined tables refer to each other more than {_MAX_DEPTH} deep", place=path)
    if next(numbers) > _MAX_TABLES:
        raise _DepthError(f"joined tables lead to more than {_MAX_TABLES:,} tables", place=path)
    objects = version.contents.objects
    if descriptor.media_type == TABLE:
        table = table_of(objects, load_manifest(objects, descriptor, path))
        if own:
            mark_origin(table, version, path)
        return table
    document = objects.get_document(descriptor)

    def load(reference: TableReference) -> Any:
        if reference.table is not None:
            return _open(version, reference.table, reference.path, depth + 1, own=False, numbers=numbers)
        found = version.find_descriptor(reference.path)
        if found is None:
            raise NotFoundError(f"it names the table {reference.path!r}, which is not there", place=path)
        return _open(version, found, reference.path, depth + 1, own=own, numbers=numbers)

    if descriptor.media_type == JOINED:
        return JoinedTable.from_document(JoinedTableDocument.from_json(document, path), load)

    def tables_below(prefix: str) -> list[TableReference]:
        found = version.contents.under(prefix.rstrip("/") + "/")
        return [TableReference(path=entry.path) for entry in found if entry.media_type in DOCUMENTS]

    return PartitionedTable.from_document(PartitionedTableDocument.from_json(document, path), load, tables_below)


def mark_origin(table: Table, version: Holder, path: str) -> None:
    """Remember where a table is stored, so that joining it stores a reference and not a copy."""
    table.origin = TableOrigin(version=version, path=path, source=table._source())  # noqa: SLF001 - only compared


def join_appends(objects: ObjectStore, path: str, base: Entry, newest: Entry, ours: Entry) -> Entry | None:
    """Return the table with the rows that both sides appended to the base's, the newest's first (COMMIT-3).

    None if one of them did more than append.
    """
    manifests = [read_manifest(objects, entry) for entry in (base, newest, ours)]
    merged = merge_appends(objects, *manifests)
    return None if merged is None else table_entry(objects, path, *merged)
