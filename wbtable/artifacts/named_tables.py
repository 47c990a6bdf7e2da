"""Whether the tables that a draft's tables name are there (spec: 05-tables, TABLE-8; 11, JOIN-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts.pending import Pending, PendingDocument, PendingEntry, PendingTable
from wbtable.artifacts.tables import DOCUMENTS, TABLE_SUFFIX
from wbtable.errors import NotFoundError
from wbtable.format.digest import JOINED, PARTITIONED
from wbtable.format.joined_table import JoinedTableDocument
from wbtable.format.partitioned_table import PartitionedTableDocument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wbtable.artifacts.contents import Contents
    from wbtable.format.entry import Entry
    from wbtable.format.joined_table import TableReference


def check_keys(changes: Mapping[str, Pending | None], base: Contents | None) -> None:
    """Refuse new foreign keys that name no table of the artifact (TABLE-8).

    Raises:
        NotFoundError: there is none at the path; the message has the column, and what to do.

    """
    for path, pending in changes.items():
        for key in pending.source.foreign_keys if isinstance(pending, PendingTable) else ():
            if not isinstance(key.table, str) or key.is_stored:
                continue
            what = f'the foreign key of the column "{key.column}" names the table {key.table!r:.200}'
            if not _is_table(key.table, changes, base):
                full = key.table + TABLE_SUFFIX
                hint = "add it too, or give set_fk the table itself"
                if _is_table(full, changes, base):
                    hint = f"name {full!r:.200}"
                raise NotFoundError(f"{what}, which the artifact does not have: {hint}", place=path)
            other = changes.get(key.table)
            if isinstance(other, PendingTable) and key.table_column not in other.source.schema:
                names = other.source.schema.names
                raise NotFoundError(
                    f"{what}, which has no column {key.table_column!r:.80}, but {names!r:.200}", place=path
                )


def kept_documents(changes: Mapping[str, Pending | None], base: Contents | None) -> list[Entry]:
    """Return the joined and partitioned tables of the base that stay while tables beside them change or go.

    What they name may be gone with that, or have other columns.
    """
    # In their order, so that each page of entries is read once.
    if base is None or not any(_is_stored_table(path, base) for path in sorted(changes)):
        return []
    documents = (entry for entry in base if entry.media_type in {JOINED, PARTITIONED} and entry.reference is None)
    return [entry for entry in documents if entry.path not in changes]


def check_joins(changes: Mapping[str, Pending | None], base: Contents | None, kept: Sequence[Entry]) -> None:
    """Refuse to take a table away that a joined or partitioned table which stays names (JOIN-2).

    Raises:
        NotFoundError: it would not be there; the message has both paths.

    """
    if base is None:
        return
    for entry in kept:
        for reference in _named_by(entry, base):
            path = reference.path
            if reference.artifact is None and path in changes and not _is_table(path, changes, base):
                what = f"it names the table {path!r:.200}, which the draft removes"
                raise NotFoundError(f"{what}: keep that table, or remove this too", place=entry.path)


def _is_table(path: str, changes: Mapping[str, Pending | None], base: Contents | None) -> bool:
    if path not in changes:
        return base is not None and _is_stored_table(path, base)
    found = changes[path]
    if isinstance(found, PendingEntry):
        return found.entry.media_type in DOCUMENTS
    return isinstance(found, PendingTable | PendingDocument)


def _is_stored_table(path: str, base: Contents) -> bool:
    found = base.find(path)
    return found is not None and found.media_type in DOCUMENTS


def _named_by(entry: Entry, base: Contents) -> Sequence[TableReference]:
    document = base.objects.get_document(entry.descriptor())
    if entry.media_type == JOINED:
        return JoinedTableDocument.from_json(document, entry.path).sides
    return PartitionedTableDocument.from_json(document, entry.path).parts or ()
