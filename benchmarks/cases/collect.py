"""Collect in a store of 1,000 versions and 100,000 objects where there is nothing to delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, timed
from benchmarks.versions import make_version

if TYPE_CHECKING:
    from pathlib import Path

    import wbtable
    from wbtable.format.version_record import Parent

_VERSIONS = 1_000
_FILES = 99
"""With its manifest each version has 100 objects of its own."""


def _prepare(data: Path, scale: Scale) -> None:
    """Make versions of large files: each an object of its own, as blobs from a mebibyte on are, but short here."""
    import wbtable
    from wbtable.format.digest import BLOB
    from wbtable.format.entry import Entry

    store = wbtable.create_store(data / "store")
    parent: Parent | None = None
    for number in range(scale.of(_VERSIONS, 20)):
        entries: dict[str, Entry | None] = {}
        known = {}
        for file in range(_FILES):
            path = f"part/{file:03}.bin"
            one = store.objects.put(BLOB, f"file {file} of version {number}".encode())
            entries[path] = Entry(path=path, media_type="application/octet-stream", digest=one.digest, size=one.size)
            known[one.digest] = one
        parent = make_version(store, "files", number, entries, known, parent)


def _opened(data: Path) -> wbtable.Store:
    import wbtable

    store = wbtable.Store(data / "store")
    list(store.backend.scan(""))  # the disk's own cache is warm for both
    return store


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    store = _opened(data)
    with timed() as watch:
        report = store.gc(dry_run=False)
    if report.dead_objects or report.deleted_objects or report.live_objects < scale.of(_VERSIONS, 20) * _FILES:
        raise AssertionError(report)
    return {"seconds": watch.seconds, "objects": report.live_objects}


def _listing(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    store = _opened(data)
    records = store.records("bench", "files")
    with timed() as watch:
        found = sum(1 for _ in store.backend.scan("objects"))
        numbers = sum(1 for _ in store.backend.scan("projects"))
        for number in range(records.newest() + 1):
            records.read(number)
    return {"seconds": watch.seconds, "objects": found, "records": numbers}


CASE = Case(
    name="gc",
    work="gc of 1,000 versions and 100 k objects, nothing to delete",
    data="versions-objects",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "Store.gc(dry_run=False): lists, reads records and manifests, marks, compares"),
        Side("listing", _listing, "Backend.scan of objects and of projects, Records.read of each version"),
    ),
    bars=(
        Bar(
            what="listing and reading the records",
            ours=("wbtable", "seconds"),
            peer=("listing", "seconds"),
            at_most=2,
        ),
    ),
)
