"""How many bytes each artifact takes, shared and alone (spec: 10c-collection)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wbtable.artifacts.gc_mark import Marker
from wbtable.artifacts.store_files import children
from wbtable.artifacts.unreadable import beside
from wbtable.format import layout

if TYPE_CHECKING:
    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.artifacts.unreadable import OnUnreadable
    from wbtable.errors import WbtableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one artifact, or the runs of one project, take.

    Attributes:
        name: ``project/name``, or ``project`` and what else is in it.
        versions: how many versions that are not deleted, or how many runs.
        bytes: of every object that they lead to, each once, as stored; of runs those of their own files, too.
        alone: of those that nothing else leads to: what deleting all of them would free.

    """

    name: str
    versions: int
    bytes: int
    alone: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a store takes.

    Attributes:
        shares: of each artifact and of the runs of each project, sorted by name.
        bytes: of every object that is there, whether anything leads to it or not.
        objects: how many there are.
        unused: bytes of objects to which nothing in `shares` leads; deleted versions among it. None for one project,
            and where something cannot be read.

    """

    shares: tuple[Share, ...]
    bytes: int
    objects: int
    unused: int | None


def usage(store: StoreFiles, project: str | None, on_unreadable: OnUnreadable | None = None) -> Usage:
    """Return what a store takes; see `Store.usage`.

    Raises:
        FormatError: a document is damaged, so that what it leads to is unknown, and there is no `on_unreadable`.
        NotFoundError: there is no such project.

    """
    store.chosen_projects(project)
    left_out: list[str] = []

    def leave_out(what: str, error: WbtableError) -> None:
        if on_unreadable is None:
            raise error
        left_out.append(what)
        on_unreadable(what, error)

    sizes = {info.key: info.size for info in store.backend.scan(layout.OBJECTS)}
    found: dict[str, tuple[int, set[str]]] = {}
    own: dict[str, int] = {}
    for one in store.projects():
        for name in store.artifact_names(one):
            found[f"{one}/{name}"] = _artifact(store, one, name, leave_out)
        runs = _runs(store, one, leave_out)
        if runs[0]:
            found[f"{one} (runs)"] = runs
            own[f"{one} (runs)"] = sum(info.size for info in store.backend.scan(f"{layout.project_prefix(one)}/runs"))
    holders = Counter(key for _, keys in found.values() for key in keys)
    shares = [
        Share(
            name=name,
            versions=count,
            bytes=own.get(name, 0) + sum(sizes.get(key, 0) for key in keys),
            alone=own.get(name, 0) + sum(sizes.get(key, 0) for key in keys if holders[key] == 1),
        )
        for name, (count, keys) in sorted(found.items())
        if project is None or name.startswith((f"{project}/", f"{project} "))
    ]
    unused = sum(size for key, size in sizes.items() if key not in holders)
    return Usage(
        shares=tuple(shares),
        bytes=sum(sizes.values()),
        objects=len(sizes),
        unused=unused if project is None and not left_out else None,
    )


def _artifact(store: StoreFiles, project: str, name: str, leave_out: OnUnreadable) -> tuple[int, set[str]]:
    records = store.records(project, name)
    marker = Marker(store.backend)
    count = 0
    for number in range(records.newest() + 1):
        with beside(f"{project}/{name}:v{number}", leave_out):
            if not records.is_deleted(number):
                marker.mark(marker.record_refs(records.key(number)))
                count += 1
    return count, set(marker.live)


def _runs(store: StoreFiles, project: str, leave_out: OnUnreadable) -> tuple[int, set[str]]:
    folder = f"{layout.project_prefix(project)}/runs"
    parts = children(store.backend, folder)
    marker = Marker(store.backend)
    count = 0
    for part in parts:
        with beside(f"run {project}/{layout.unescape(part)}", leave_out):
            for key in store.backend.list(f"{folder}/{part}/history"):
                marker.mark(marker.segment_refs(key))
            for key in store.backend.list(f"{folder}/{part}/finishes"):
                marker.mark(marker.record_refs(key))
            count += 1
    return count, set(marker.live)
