"""Versions, projects and stores to another store: what is missing, as it is (spec: 10c-collection, COPY-n)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wbtable.artifacts import logs
from wbtable.artifacts.copy_logs import check_same, copy_facts, create_same
from wbtable.artifacts.copy_objects import copy_missing
from wbtable.artifacts.copy_runs import copy_documents, copy_runs
from wbtable.artifacts.gc_mark import Marker
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.names import DEFAULT_PROJECT, LATEST, parse_name
from wbtable.artifacts.parallel import each
from wbtable.artifacts.unreadable import beside
from wbtable.errors import ConflictError, FormatError, UsageError
from wbtable.format import layout
from wbtable.format.features import check_writable

if TYPE_CHECKING:
    from collections.abc import Collection

    from wbtable.artifacts.records import Records
    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.artifacts.unreadable import OnUnreadable


@dataclass(slots=True)
class CopyReport:
    """What was copied.

    Attributes:
        versions: the versions that the target has now and had not before, as ``project/name:vN``.
        there: how many versions were there already.
        runs: the runs of which something was copied, as ``project/id``.
        objects: how many objects were copied.
        bytes: their bytes.

    """

    versions: list[str] = field(default_factory=list)
    there: int = 0
    runs: list[str] = field(default_factory=list)
    objects: int = 0
    bytes: int = 0


def copy_to(
    source: StoreFiles,
    target: StoreFiles,
    name: str | None,
    project: str | None,
    on_unreadable: OnUnreadable | None = None,
) -> CopyReport:
    """Copy a version, an artifact, a project or everything; see `Store.copy_to`."""
    if source.is_same(target):
        raise UsageError(f"the store {source.url!r} cannot be copied to itself")
    check_writable(target.header.extra, target.url)
    report = CopyReport()
    if name is not None:
        parsed = parse_name(name)
        one = parsed.project or project or DEFAULT_PROJECT
        if ":" in name.rpartition("/")[2]:
            record = source.find_record(parsed, one)
            _copy_artifact(source, target, one, parsed.name, [record.version], report)
        else:
            assert parsed.alias == LATEST
            _copy_artifact(source, target, one, parsed.name, None, report)
        return report
    for one in source.chosen_projects(project):
        for artifact in source.artifact_names(one):
            if source.records(one, artifact).newest() < 0:
                # Another copy died here before it made the first record: there is no artifact yet.
                continue
            with beside(f"{one}/{artifact}", on_unreadable):
                _copy_artifact(source, target, one, artifact, None, report)
        for run, objects, size in copy_runs(source, target, one, on_unreadable):
            report.runs.append(run)
            report.objects += objects
            report.bytes += size
        with beside(f"views and reports of {one}", on_unreadable):
            objects, size = copy_documents(source, target, one)
            report.objects += objects
            report.bytes += size
    return report


def _copy_artifact(
    source: StoreFiles,
    target: StoreFiles,
    project: str,
    name: str,
    numbers: Collection[int] | None,
    report: CopyReport,
) -> None:
    """Copy versions of one artifact, in the order of COPY-3; None for all that are not deleted."""
    mine, theirs = source.records(project, name), target.records(project, name)
    newest = mine.newest()
    if newest < 0:
        raise source.missing(project, name)
    live = [number for number in range(newest + 1) if not mine.is_deleted(number)]
    wanted = live if numbers is None else sorted(numbers)
    last = _last_whole(mine, newest, live) if numbers is None else max(wanted)
    have = theirs.newest()
    each(target.backend, lambda n: check_same(source.backend, target.backend, mine.key(n)), range(min(last, have) + 1))
    marker = Marker(source.backend)
    for refs in each(source.backend, lambda number: marker.record_refs(mine.key(number)), wanted):
        marker.mark(refs)
    with Lease(target.backend) as lease:
        copied, size = copy_missing(source.objects, target.objects, marker.refs(), lease)
        report.objects += copied
        report.bytes += size
        target.backend.sync()
        lease.check()
        made = _copy_records(source, target, project, name, range(have + 1, last + 1), set(wanted))
        for number in wanted:
            if theirs.is_deleted(number):
                _say_deleted(target, project, name, number, deleted=False)
                made.add(number)
        if wanted:
            lease.check_after(theirs.read(wanted[-1]))
    theirs.leave_hint(max(last, have))
    report.versions += [f"{project}/{name}:v{number}" for number in sorted(made)]
    report.there += len(wanted) - len(made)
    for number in wanted:
        copy_facts(source.backend, target.backend, project, name, number)
    for alias, number in source.aliases(project, name).items():
        if number in wanted:
            log = layout.alias_log(project, name, alias)
            logs.say(target.backend, log, "alias", number)


def _last_whole(records: Records, newest: int, live: Collection[int]) -> int:
    """Return the highest number to copy: nothing could be committed on top of damaged records of deleted versions."""
    last = newest
    while last > max(live, default=-1):
        try:
            records.read(last)
        except FormatError:
            last -= 1
        else:
            break
    return last


def _copy_records(
    source: StoreFiles, target: StoreFiles, project: str, name: str, numbers: range, wanted: set[int]
) -> set[int]:
    """Create the records that the target lacks, as deleted those of versions that are not copied (COPY-2)."""
    made: set[int] = set()
    records = source.records(project, name)
    for number in numbers:
        if number not in wanted:
            _say_deleted(target, project, name, number, deleted=True)
        try:
            if create_same(source.backend, target.backend, records.key(number)) and number in wanted:
                made.add(number)
        except ConflictError:
            # Somebody committed there meanwhile: that version is not ours to delete.
            if number not in wanted:
                _say_deleted(target, project, name, number, deleted=False)
            raise
    return made


def _say_deleted(target: StoreFiles, project: str, name: str, number: int, *, deleted: bool) -> None:
    target.records(project, name).say_deleted(number, deleted=deleted)
