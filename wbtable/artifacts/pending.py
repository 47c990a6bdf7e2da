"""What a draft holds before it is committed (spec: 10-artifacts)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wbtable.artifacts.local_files import LocalFile
    from wbtable.format.digest import Descriptor
    from wbtable.format.entry import Entry
    from wbtable.format.joined_table import JoinedTableDocument
    from wbtable.format.partitioned_table import PartitionedTableDocument
    from wbtable.media.base import Media
    from wbtable.storage.objects import ObjectStore
    from wbtable.tables.snapshot import TableSnapshot


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file of the user's."""

    file: LocalFile
    media_type: str


@dataclass(frozen=True, slots=True)
class PendingMedia:
    """A media value; `value` is what the user gave."""

    value: Media


@dataclass(frozen=True, slots=True)
class PendingTable:
    """A table as it was when it was added: `source` never changes, `value` may; `linked`: tables that it points to."""

    value: Any
    source: TableSnapshot
    linked: tuple[tuple[Any, TableSnapshot], ...] = ()


@dataclass(frozen=True, slots=True)
class PendingDocument:
    """A joined or partitioned table: a small document that names tables by their paths or versions."""

    value: Any
    document: JoinedTableDocument | PartitionedTableDocument


@dataclass(frozen=True, slots=True)
class PendingReference:
    """An entry that is ready: a reference to the outside."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """An entry of another version, taken over without copying its bytes if it is in the same store."""

    entry: Entry
    objects: ObjectStore
    refs: tuple[Descriptor, ...] = field(default=())


Pending = PendingFile | PendingMedia | PendingTable | PendingDocument | PendingReference | PendingEntry
