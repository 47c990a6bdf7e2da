"""Verifying a project or a store: versions, records, logs, runs, views, reports (spec: 10c-collection, VERIFY-4)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from wbtable.artifacts import logs
from wbtable.artifacts.lineage import said_later
from wbtable.artifacts.parallel import each
from wbtable.artifacts.progress import Progress
from wbtable.artifacts.store_files import children
from wbtable.artifacts.verify import Damage, Report, Verifier, check_version
from wbtable.artifacts.verify_documents import verify_documents
from wbtable.artifacts.verify_notes import Notes
from wbtable.artifacts.version_content import VersionContent
from wbtable.errors import FormatError, NotFoundError, UnsupportedError
from wbtable.format import layout
from wbtable.format.documents import parse
from wbtable.format.run_history import read_segment
from wbtable.format.run_keys import segment_number
from wbtable.format.run_record import RunFinish, RunLink, RunStart, RunSummary
from wbtable.format.seal import check_bytes

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from wbtable.artifacts.records import Records
    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.format.digest import Descriptor
    from wbtable.format.version_record import VersionRecord

_FINDINGS = (FormatError, NotFoundError, UnsupportedError)
_MAX_RECORD = 64 << 20


def verify_store(
    store: StoreFiles,
    project: str | None = None,
    kind: str | None = None,
    resume: str | os.PathLike[str] | None = None,
) -> Report:
    """Read every byte of what is not deleted, each object once; see `Store.verify`."""
    report = Report()
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progress("verifying", "objects"))
        notes = None if resume is None else stack.enter_context(Notes(resume, store.url))
        verifier = Verifier(store.objects, report, progress, notes)
        for one in store.chosen_projects(project):
            for artifact in store.artifact_names(one):
                _verify_artifact(store, one, artifact, kind, verifier)
            if kind is None:
                for part in children(store.backend, f"{layout.project_prefix(one)}/runs"):
                    _verify_run(store, one, part, verifier)
                verify_documents(store, one, verifier)
    return report


def _verify_artifact(store: StoreFiles, project: str, name: str, kind: str | None, verifier: Verifier) -> None:
    records = store.records(project, name)
    damaged = verifier.report.damaged
    before: VersionRecord | None = None
    newest = records.newest()
    behind = _behind(store, records, newest)
    if behind:
        problem = f"its record is missing, while v{behind[-1]} is there: neither that nor what is behind it is found"
        damaged.append(Damage(where=f"{project}/{name}:v{newest + 1}", problem=problem))
    for number in (*range(newest + 1), *behind):
        where = f"{project}/{name}:v{number}"
        before = None if behind and number == behind[0] else before
        try:
            record = records.read(number)
        except _FINDINGS as error:
            damaged.append(Damage(where=where, problem=str(error)))
            before = None
            continue
        if before is not None and (record.parent is None or record.parent.commit_id != before.commit_id):
            damaged.append(Damage(where=where, problem=f"it was not made on top of the v{number - 1} that is there"))
        before = record
        try:
            if records.is_deleted(number) or (kind is not None and record.type != kind):
                continue
            version = VersionContent(store, record)
            check_version(version, verifier)
            # What is said of it later must be readable.
            tags = layout.version_log(project, name, "tags", number)
            _ = version.description, version.ttl, logs.value(store.backend, tags, "tags"), said_later(store, record)
        except _FINDINGS as error:
            damaged.append(Damage(where=where, problem=str(error)))
    try:
        for alias, number in store.aliases(project, name).items():
            if not records.exists(number):
                problem = f"it names v{number}, which does not exist"
                damaged.append(Damage(where=f"{project}/{name}:{alias}", problem=problem))
    except _FINDINGS as error:
        damaged.append(Damage(where=f"{project}/{name}", problem=str(error)))


def _behind(store: StoreFiles, records: Records, newest: int) -> list[int]:
    """Return the numbers of records behind a gap, which no probing finds (LOG-3); found by listing."""
    listed = []
    for key in store.backend.list(layout.versions_log(records.project, records.name)):
        with contextlib.suppress(FormatError):
            listed.append(layout.parse_log_key(key)[1])
    behind = sorted(number for number in listed if number > newest)
    # Others may have committed since the newest was looked for.
    return behind if behind and not records.exists(newest + 1) else []


def _verify_run(store: StoreFiles, project: str, part: str, verifier: Verifier) -> None:
    report = verifier.report
    report.runs += 1
    prefix = f"{layout.project_prefix(project)}/runs/{part}"
    where = f"run {project}/{layout.unescape(part)}"
    keys = sorted(store.backend.list(prefix))
    refs: list[Descriptor] = []
    for (problem, found), key in zip(each(store.backend, lambda key: _check_file(store, key), keys), keys, strict=True):
        refs += found
        if problem is not None:
            report.damaged.append(Damage(where=f"{where}: {key.removeprefix(prefix + '/')}", problem=problem))
    numbers = [number for key in keys if "/history/" in key and (number := segment_number(key)) is not None]
    gap = _gap(numbers, _least(store, [key for key in keys if "/finishes/" in key]))
    if gap is not None:
        report.damaged.append(Damage(where=f"{where}: history", problem=f"segment {gap} is missing"))
    if not verifier.walk(refs, where):
        problem = next(filter(None, map(verifier.problem, refs)))
        report.damaged.append(Damage(where=where, problem=problem))


def _check_file(store: StoreFiles, key: str) -> tuple[str | None, Sequence[Descriptor]]:
    """Return what is wrong with one file of a run, and the objects that it refers to."""
    folder = key.split("/")[-2]
    try:
        if folder == "history":
            return None, read_segment(store.backend.get(key), key).refs
        if key.endswith("/hint"):
            return None, ()
        data = store.backend.get(key)
        value = parse(data, key, max_bytes=_MAX_RECORD)
        check_bytes(data, key)
        if folder == "finishes":
            return None, RunFinish.from_json(value, key).refs
        if folder == "attempts":
            RunStart.from_json(value, key)
        elif folder in {"used", "logged"}:
            RunLink.from_json(value, key)
        else:
            RunSummary.from_json(value, key)
    except _FINDINGS as error:
        return str(error), ()
    return None, ()


def _least(store: StoreFiles, finishes: Sequence[str]) -> int:
    """Return how many segments there are at least, as finish records count them; damaged ones are reported as such."""
    least = 0
    for key in finishes:
        with contextlib.suppress(*_FINDINGS):
            value = parse(store.backend.get(key), key, max_bytes=_MAX_RECORD)
            least = max(least, RunFinish.from_json(value, key).segments)
    return least


def _gap(numbers: Sequence[int], least: int) -> int | None:
    """Return the first number that is missing; a count from outside decides no more than that."""
    here = set(numbers)
    most = max(least, max(here, default=-1) + 1)
    return next((number for number in range(min(most, len(here) + 1)) if number not in here), None)
