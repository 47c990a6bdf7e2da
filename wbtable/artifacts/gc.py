"""Collection: deletes what no root leads to, beside writers, in six steps (spec: 10c-collection, GC-n)."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wbtable.artifacts import collections, gc_leases, ttl
from wbtable.artifacts.gc_listing import name_of, read_listing
from wbtable.artifacts.gc_mark import Marker
from wbtable.artifacts.gc_objects import Objects
from wbtable.artifacts.gc_packs import partly_dead
from wbtable.artifacts.gc_roots import Roots
from wbtable.artifacts.progress import Progress
from wbtable.errors import FormatError, NotFoundError, UsageError
from wbtable.format import layout
from wbtable.format.collection import CollectionDocument
from wbtable.format.features import check_writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.artifacts.gc_listing import Artifact, Listing
    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.storage.backend import Backend
    from wbtable.storage.key_info import KeyInfo

GRACE: Final = dt.timedelta(hours=24)
LEASE_GRACE: Final = dt.timedelta(hours=2)
"""A lease lives for so long without a sign of life, whatever grace is asked for: writers refresh it hourly."""

PART: Final = 100_000
"""So many keys are doomed by one record, which has to be one request (BACKEND-1)."""

BATCH: Final = 1000
"""After so many deletions a collector looks whether its record is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GcReport:
    """What a collection found and did (GC-7).

    Attributes:
        dry_run: whether it only looked.
        live_objects: how many objects roots lead to.
        live_bytes: their bytes, as stored; of a damaged one maybe those that it should have.
        dead_objects: how many no root leads to.
        dead_bytes: their bytes.
        reclaimable_objects: how many of those are neither too young nor leased.
        reclaimable_bytes: their bytes.
        deleted_objects: how many were deleted.
        deleted_bytes: their bytes.
        partly_dead_bytes: bytes in live packs that no live version names; None if they were not counted.
        expired: the versions whose time to live has passed, as ``project/name:vN``.
        deleted_versions: how many versions are deleted for longer than the grace period.
        leases: how many writers hold leases.
        temporary_bytes: bytes of temporary files that crashed writers left.
        stopped: whether another collector ended this one.

    """

    dry_run: bool
    live_objects: int
    live_bytes: int
    dead_objects: int
    dead_bytes: int
    reclaimable_objects: int
    reclaimable_bytes: int
    deleted_objects: int = 0
    deleted_bytes: int = 0
    partly_dead_bytes: int | None = None
    expired: tuple[str, ...] = ()
    deleted_versions: int = 0
    leases: int = 0
    temporary_bytes: int = 0
    stopped: bool = False


def gc(
    store: StoreFiles, grace: dt.timedelta | None = None, *, dry_run: bool = True, packs: bool | None = None
) -> GcReport:
    """Delete what no root leads to, or say what would be deleted; see `Store.gc`."""
    span = GRACE if grace is None else grace
    if not isinstance(span, dt.timedelta) or span < dt.timedelta(0):
        raise UsageError(f"expected a timedelta of 0 or more as grace, found {grace!r:.60}")
    check_writable(store.header.extra, store.url)
    return _Collector(store, span.total_seconds(), dry_run=dry_run).run(packs)


class _Collector:
    """One collection."""

    def __init__(self, store: StoreFiles, grace: float, *, dry_run: bool) -> None:
        self.store = store
        self.backend: Backend = store.backend
        self.grace = grace
        self.lease_grace = max(grace, LEASE_GRACE.total_seconds())
        self.dry_run = dry_run
        self.marker = Marker(store.backend)
        self.roots = Roots(self.marker, grace)
        self.leases = 0
        self.stopped = False
        self._listing: Listing | None = None

    def run(self, packs: bool | None) -> GcReport:
        with Progress("collecting", "objects") as progress:
            # 1. List the objects, then mark from all roots.
            now = store_time(self.backend)
            objects = Objects(self.backend)
            progress.advance(len(objects.keys))
            gone = self._expire(now)
            self._read_roots(now)
            dead = objects.unmarked(self.marker.live)
            old = [info for info in dead if now - info.modified >= self.grace]
            swept, deleted = self._preview(now, old) if self.dry_run else self._sweep_all(old)
            temporary = self._tidy(now)
        live = objects.live_sizes(self.marker.live)
        return GcReport(
            dry_run=self.dry_run,
            live_objects=len(live),
            live_bytes=sum(live),
            dead_objects=len(dead),
            dead_bytes=sum(info.size for info in dead),
            reclaimable_objects=len(swept),
            reclaimable_bytes=sum(info.size for info in swept),
            deleted_objects=len(deleted),
            deleted_bytes=sum(info.size for info in deleted),
            partly_dead_bytes=partly_dead(self.store, self.roots, packs),
            expired=tuple(name_of(artifact, number) for artifact, number in gone),
            deleted_versions=len(self.roots.deleted),
            leases=self.leases,
            temporary_bytes=temporary,
            stopped=self.stopped,
        )

    def _expire(self, now: float) -> list[tuple[Artifact, int]]:
        """Delete the versions whose time to live has passed; in a dry run only find them (TTL-1)."""
        listing = read_listing(self.backend)
        found = ttl.expired(self.backend, listing, (), now)
        if not self.dry_run:
            collections.remove_stale(self.backend, now, self.lease_grace)
            ttl.delete(self.backend, found)
        self._listing = None if found and not self.dry_run else listing
        return found

    def _read_roots(self, now: float) -> None:
        listing, self._listing = self._listing, None
        try:
            self.roots.read(now, listing)
        except FormatError as error:
            what = "mend it with `wbtable repair`, or delete the versions that need it"
            if (error.place or "").startswith("projects/"):
                what = (
                    "put that file back from a copy of the store, or delete its version or run:"
                    " a deleted version counts until the grace period has passed"
                )
            raise FormatError(f"nothing was deleted, for what a root leads to is not known: {error}; {what}") from error

    def _preview(self, now: float, old: list[KeyInfo]) -> tuple[list[KeyInfo], list[KeyInfo]]:
        """Return what would be deleted: leases are read, none is ended."""
        kept = self._read_leases(now, end=False)
        return [info for info in old if kept is not None and not self._is_kept(info.key, kept)], []

    def _sweep_all(self, old: list[KeyInfo]) -> tuple[list[KeyInfo], list[KeyInfo]]:
        swept: list[KeyInfo] = []
        deleted: list[KeyInfo] = []
        for start in range(0, len(old), PART):
            mine, done = self._sweep(old[start : start + PART])
            swept += mine
            deleted += done
            if self.stopped:
                break
        return swept, deleted

    def _sweep(self, old: Sequence[KeyInfo]) -> tuple[list[KeyInfo], list[KeyInfo]]:
        # 2. Publish the doomed keys.
        record = CollectionDocument(
            id=uuid.uuid4().hex, created_at=dt.datetime.now(dt.UTC), keys=tuple(info.key for info in old)
        )
        key, data = layout.collection_key(record.id), record.to_bytes()
        try:
            self.backend.create(key, data)
            now = self.backend.modified(key)
            if now is None:
                self.stopped = True
                return [], []
            # 3. Read the leases. 4. Read the roots made since.
            kept = self._read_leases(now, end=True)
            if kept is None:
                return [], []
            self._read_roots(now)
            swept = [info for info in old if not self._is_kept(info.key, kept)]
            # 5. Delete what neither names.
            return swept, self._delete(key, data, swept)
        finally:
            # 6. Remove the record. If that fails, or the process dies, another collection does it (GC-6).
            self.backend.delete([key])

    def _is_kept(self, key: str, kept: frozenset[str]) -> bool:
        return key in kept or key in self.marker.live

    def _read_leases(self, now: float, *, end: bool) -> frozenset[str] | None:
        """Return the keys that live leases name; None if one of them may use any key (LEASE-3)."""
        found = gc_leases.live(self.backend, now, self.lease_grace, end=end)
        self.leases = len(found)
        for lease in found:
            for name in lease.versions:
                self.roots.mark_version(name)
        if any(lease.keys is None for lease in found):
            return None
        return frozenset(key for lease in found for key in lease.keys or ())

    def _delete(self, key: str, data: bytes, doomed: Sequence[KeyInfo]) -> list[KeyInfo]:
        done: list[KeyInfo] = []
        for start in range(0, len(doomed), BATCH):
            if not self._still_mine(key, data):
                self.stopped = True
                break
            batch = doomed[start : start + BATCH]
            self.backend.delete([info.key for info in batch])
            done += batch
        return done

    def _still_mine(self, key: str, data: bytes) -> bool:
        try:
            return self.backend.get(key) == data
        except NotFoundError:
            return False

    def _tidy(self, now: float) -> int:
        """Remove temporary files that crashed writers left (GC-8); return their bytes."""
        stale = [info for info in self.backend.scan(layout.TEMPORARY) if now - info.modified >= self.lease_grace]
        if not self.dry_run:
            self.backend.delete([info.key for info in stale])
        return sum(info.size for info in stale)


def store_time(backend: Backend) -> float:
    """Return the time by the store's own clock: that of a key which is made for it.

    Raises:
        DeniedError: the store cannot be written.

    """
    key = f"{layout.TEMPORARY}/{uuid.uuid4().hex}.time"
    backend.replace(key, b"time")
    try:
        found = backend.modified(key)
        if found is None:
            raise NotFoundError(f"{key} vanished at once", place=backend.url)
        return found
    finally:
        with contextlib.suppress(NotFoundError):
            backend.delete([key])
