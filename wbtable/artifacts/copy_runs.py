"""Runs, views and reports to another store (spec: 10c-collection, COPY-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wbtable.artifacts.copy_logs import create_same
from wbtable.artifacts.copy_objects import copy_missing
from wbtable.artifacts.gc_listing import sort_keys
from wbtable.artifacts.gc_mark import Marker
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.store_files import children
from wbtable.artifacts.unreadable import beside
from wbtable.format import layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.artifacts.unreadable import OnUnreadable
    from wbtable.storage.backend import Backend

_ORDER: Final = ("history", "used", "logged", "summary.json", "finishes", "attempts")
"""What says that a run exists comes last."""

_SUMMARY: Final = "summary.json"


def copy_runs(
    source: StoreFiles, target: StoreFiles, project: str, on_unreadable: OnUnreadable | None = None
) -> Iterator[tuple[str, int, int]]:
    """Copy the runs of a project; yield path, objects and bytes of each of which something was copied."""
    folder = f"{layout.project_prefix(project)}/runs"
    for part in children(source.backend, folder):
        path = f"{project}/{layout.unescape(part)}"
        copied = None
        with beside(f"run {path}", on_unreadable):
            copied = _copy_run(source, target, f"{folder}/{part}")
        if copied is not None:
            yield path, *copied


def _copy_run(source: StoreFiles, target: StoreFiles, prefix: str) -> tuple[int, int] | None:
    """Return how many objects went with a run, and their bytes; None if the target had all of it."""
    keys = {info.key: info for info in source.backend.scan(prefix)}
    marker = Marker(source.backend)
    for run in sort_keys(keys.values()).runs.values():
        for number in sorted(run.segments):
            marker.mark(marker.segment_refs(f"{prefix}/history/{number:020d}.parquet"))
        for number in sorted(run.finishes):
            marker.mark(marker.record_refs(layout.log_key(f"{prefix}/finishes", number)))
        if run.summary is not None:
            marker.mark(marker.record_refs(run.summary.key))
    with Lease(target.backend) as lease:
        copied = copy_missing(source.objects, target.objects, marker.refs(), lease)
        target.backend.sync()
        lease.check()
        files = [_copy_file(source.backend, target.backend, key) for key in _ordered(keys, prefix)]
    return copied if any(files) else None


def copy_documents(source: StoreFiles, target: StoreFiles, project: str) -> tuple[int, int]:
    """Copy the views and reports of a project; return how many objects went with them, and their bytes."""
    prefix = layout.project_prefix(project)
    keys = [key for kind in ("views", "reports") for key in source.backend.list(f"{prefix}/{kind}")]
    keys = [key for key in keys if key.endswith(".json")]
    marker = Marker(source.backend)
    for key in keys:
        marker.mark(marker.record_refs(key))
    with Lease(target.backend) as lease:
        copied = copy_missing(source.objects, target.objects, marker.refs(), lease)
        target.backend.sync()
        lease.check()
        for key in sorted(keys):
            create_same(source.backend, target.backend, key)
    return copied


def _ordered(keys: Iterable[str], prefix: str) -> list[str]:
    found = []
    names = list(keys)
    for part in _ORDER:
        found += sorted(key for key in names if key == f"{prefix}/{part}" or key.startswith(f"{prefix}/{part}/"))
    return [key for key in found if not key.endswith("/hint")]


def _copy_file(source: Backend, target: Backend, key: str) -> bool:
    if not key.endswith(_SUMMARY):
        return create_same(source, target, key)
    data = source.get(key)
    if target.size(key) is not None and target.get(key) == data:
        return False
    target.replace(key, data)
    return True
