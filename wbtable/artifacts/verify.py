"""Reading every byte and checking it (spec: 10-artifacts, VERIFY-n)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wbtable.artifacts.contents import refs_of
from wbtable.artifacts.download import expected_files, is_right, object_is_right
from wbtable.artifacts.progress import Progress
from wbtable.artifacts.reading import file_cell
from wbtable.artifacts.tables import read_manifest
from wbtable.artifacts.version_content import VersionContent
from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, UnsupportedError
from wbtable.format.digest import TABLE, Descriptor, Digest
from wbtable.format.entry_page import digest_of_lines
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore
from wbtable.storage.verify import verify_object
from wbtable.storage.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.format.entry import Entry

# A backend that fails says nothing of the bytes: that error is raised, not reported.
_FINDINGS = (FormatError, NotFoundError, UnsupportedError)


_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that is not as it should be.

    Attributes:
        where: the version and path, or the object's key.
        problem: what is wrong, for people.

    """

    where: str
    problem: str


@dataclass(slots=True)
class Report:
    """What a verification found.

    Attributes:
        damaged: what is not as it should be.
        checked: how many objects and files were read.
        versions: how many versions were looked at.

    """

    damaged: list[Damage] = field(default_factory=list)
    checked: int = 0
    versions: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything is as it should be."""
        return not self.damaged

    def raise_if_damaged(self) -> None:
        """Raise an error for the first damage.

        Raises:
            DigestMismatchError: something is damaged.

        """
        if self.damaged:
            first = self.damaged[0]
            more = f" (and {len(self.damaged) - 1} more)" if len(self.damaged) > 1 else ""
            raise DigestMismatchError(f"{first.problem}{more}", place=first.where)


class _Verifier:
    """Checks each object once, however many versions lead to it."""

    def __init__(self, objects: ObjectStore, report: Report, progress: Progress) -> None:
        self.objects = objects
        self.report = report
        self.progress = progress
        self._seen: dict[tuple[Digest, str], bool] = {}

    def walk(self, roots: Iterable[Descriptor], where: str) -> None:
        """Check every object that the roots lead to (VERIFY-1)."""
        waiting = list(roots)
        while waiting:
            new = [d for d in dict.fromkeys(waiting) if (d.digest, d.media_type) not in self._seen]
            waiting = []
            checked = run_all(self._check, new)
            for descriptor, problem in zip(new, checked, strict=True):
                self._seen[descriptor.digest, descriptor.media_type] = problem is None
                self.report.checked += 1
                if problem is not None:
                    key = self.objects.key(descriptor.digest, descriptor.media_type)
                    self.report.damaged.append(Damage(where=f"{where}: {key}", problem=problem))
                    continue
                try:
                    waiting += refs_of(self.objects, descriptor)
                except _FINDINGS as error:
                    self.report.damaged.append(Damage(where=where, problem=str(error)))

    def _check(self, descriptor: Descriptor) -> str | None:
        try:
            verify_object(self.objects, descriptor)
        except _FINDINGS as error:
            return str(error)
        self.progress.advance()
        return None


def verify_version(version: VersionContent) -> Report:
    """Read every byte of a version and check it, and that its documents agree (VERIFY-1, VERIFY-2)."""
    report = Report()
    with Progress("verifying", "objects") as progress:
        _verify(version, _Verifier(version.store.objects, report, progress), report)
    return report


def _verify(version: VersionContent, verifier: _Verifier, report: Report) -> None:
    report.versions += 1
    name = version.qualified_name
    verifier.walk([version.record.manifest], name)
    try:
        contents = version.contents
        if contents.manifest.digest != version.record.digest:
            raise FormatError(f"expected the artifact digest {version.record.digest}, found {contents.manifest.digest}")
        entries = list(contents)
        if digest_of_lines(entries) != contents.manifest.digest:
            raise FormatError(f"expected entries with the artifact digest {contents.manifest.digest}, found others")
        refs = contents.all_refs()
    except _FINDINGS as error:
        report.damaged.append(Damage(where=name, problem=str(error)))
        return
    for entry in entries:
        problem = _entry_problem(version.store.objects, entry, refs)
        if problem is not None:
            report.damaged.append(Damage(where=f"{name}: {entry.path}", problem=problem))
    packed = [entry for entry in entries if entry.pack is not None and entry.reference is None]
    for start in range(0, len(packed), _AT_ONCE):
        _verify_packed(version.store.objects, packed[start : start + _AT_ONCE], name, report)


def _verify_packed(objects: ObjectStore, entries: list[Entry], name: str, report: Report) -> None:
    """Check that entries are where they say; one by one only if together they are not (VERIFY-2)."""
    try:
        objects.read_blobs([file_cell(entry) for entry in entries])
    except _FINDINGS:
        for entry in entries:
            try:
                objects.read(file_cell(entry))
            except _FINDINGS as error:
                report.damaged.append(Damage(where=f"{name}: {entry.path}", problem=str(error)))


def _entry_problem(objects: ObjectStore, entry: Entry, refs: dict[Digest, Descriptor]) -> str | None:
    """Return what is wrong with what an entry says; the objects themselves were checked."""
    if entry.reference is not None:
        return None
    container = entry.pack or entry.digest
    assert container is not None
    if container not in refs:
        return f"its object {container} is not among the manifest's refs"
    if entry.media_type == TABLE:
        try:
            if read_manifest(objects, entry).content_digest != entry.content_digest:
                return "the table has another content digest than its entry"
        except _FINDINGS as error:
            return str(error)
    return None


def verify_store(store: StoreFiles, project: str | None, kind: str | None) -> Report:
    """Read every byte of every version that is not deleted, each object once."""
    report = Report()
    with Progress("verifying", "objects") as progress:
        verifier = _Verifier(store.objects, report, progress)
        for one in store.projects() if project is None else [project]:
            for artifact in store.artifact_names(one):
                records = store.records(one, artifact)
                for number in range(records.newest() + 1):
                    if records.is_deleted(number):
                        continue
                    try:
                        record = records.read(number)
                    except _FINDINGS as error:
                        report.damaged.append(Damage(where=f"{one}/{artifact}:v{number}", problem=str(error)))
                        continue
                    if kind is None or record.type == kind:
                        _verify(VersionContent(store, record), verifier, report)
    return report


def verify_download(version: VersionContent, root: str | os.PathLike[str]) -> Report:
    """Read every file of a download and check it; missing and extra files are damage too (VERIFY-3)."""
    report = Report(versions=1)
    target = Path(root)
    copies = ObjectStore(LocalBackend(target))
    wanted = expected_files(version)
    found = {
        (Path(folder) / name).relative_to(target).as_posix() for folder, _, names in os.walk(target) for name in names
    }

    def check(path: str) -> str | None:
        want = wanted[path]
        if path not in found:
            return "it is missing"
        if isinstance(want, Descriptor):
            right = object_is_right(copies, want)
        elif want.digest is None:
            return None
        else:
            right = is_right(target / path, want.digest, want.size)
        return None if right else "its bytes are not those of the version"

    paths = sorted(wanted)
    for path, problem in zip(paths, run_all(check, paths), strict=True):
        report.checked += 1
        if problem is not None:
            report.damaged.append(Damage(where=str(target / path), problem=problem))
    for path in sorted(found - wanted.keys()):
        report.damaged.append(Damage(where=str(target / path), problem="it is not in the version"))
    return report
