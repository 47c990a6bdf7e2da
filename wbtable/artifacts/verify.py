"""Reading every byte and checking it (spec: 10-artifacts, VERIFY-n)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wbtable.artifacts.contents import refs_of
from wbtable.artifacts.download import expected_files, is_right, object_is_right
from wbtable.artifacts.progress import Progress
from wbtable.artifacts.reading import DOCUMENTS, file_cell
from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, UnsupportedError
from wbtable.format.digest import PACK, TABLE, Descriptor, Digest
from wbtable.format.entry_page import digest_of_lines
from wbtable.storage.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbtable.artifacts.store import Store
    from wbtable.artifacts.version import Version
    from wbtable.format.entry import Entry
    from wbtable.storage.objects import ObjectStore

_AT_ONCE = 4096
# A backend that fails says nothing of the bytes: that error is raised, not reported.
_FINDINGS = (FormatError, NotFoundError, UnsupportedError)


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
            if descriptor.media_type == PACK:
                self._check_pack(descriptor)
            else:
                self._check_object(descriptor)
        except _FINDINGS as error:
            return str(error)
        self.progress.advance()
        return None

    def _check_pack(self, descriptor: Descriptor) -> None:
        entries, size = self.objects.pack_entries(descriptor.digest)
        if size != descriptor.size:
            raise FormatError(f"expected a pack of {descriptor.size} bytes, found {size}")
        for start in range(0, len(entries), _AT_ONCE):
            part = entries[start : start + _AT_ONCE]
            first, last = part[0].offset, part[-1].offset + part[-1].size
            data = memoryview(self.objects.get_range(descriptor, int(first), int(last - first)))
            for entry in part:
                entry.digest.check(data[entry.offset - first : entry.offset - first + entry.size], "pack")

    def _check_object(self, descriptor: Descriptor) -> None:
        path = self.objects.local_path(descriptor)
        if path is not None and path.is_file():
            # Block by block: a large blob need not fit in memory.
            if not object_is_right(path, descriptor):
                raise DigestMismatchError(f"the bytes are damaged: expected {descriptor.digest}")
            return
        self.objects.get(descriptor)


def verify_version(version: Version) -> Report:
    """Read every byte of a version and check it, and that its documents agree (VERIFY-1, VERIFY-2)."""
    report = Report()
    with Progress("verifying", "objects") as progress:
        _verify(version, _Verifier(version.store.objects, report, progress), report)
    return report


def _verify(version: Version, verifier: _Verifier, report: Report) -> None:
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


def _entry_problem(objects: ObjectStore, entry: Entry, refs: dict[Digest, Descriptor]) -> str | None:
    """Return what is wrong with where an entry says that its content is; the objects themselves were checked."""
    if entry.reference is not None:
        return None
    container = entry.pack or entry.digest
    assert container is not None
    if container not in refs:
        return f"its object {container} is not among the manifest's refs"
    if entry.media_type == TABLE:
        from wbtable.artifacts.tables import read_manifest

        try:
            if read_manifest(objects, entry).content_digest != entry.content_digest:
                return "the table has another content digest than its entry"
        except _FINDINGS as error:
            return str(error)
    if entry.pack is None or entry.media_type in DOCUMENTS:
        return None
    try:
        objects.read(file_cell(entry))
    except _FINDINGS as error:
        return str(error)
    return None


def verify_store(store: Store, project: str | None, kind: str | None) -> Report:
    """Read every byte of every version that is not deleted, each object once."""
    report = Report()
    with Progress("verifying", "objects") as progress:
        verifier = _Verifier(store.objects, report, progress)
        for newest in store.artifacts(project, kind):
            records = store.records(newest.project, newest.name)
            for number in range(records.newest() + 1):
                if records.is_deleted(number):
                    continue
                name = f"{newest.project}/{newest.name}:v{number}"
                try:
                    version = store.artifact(name)
                except _FINDINGS as error:
                    report.damaged.append(Damage(where=name, problem=str(error)))
                    continue
                _verify(version, verifier, report)
    return report


def verify_download(version: Version, root: str | os.PathLike[str]) -> Report:
    """Read every file of a download and check it; missing and extra files are damage too (VERIFY-3)."""
    report = Report(versions=1)
    target = Path(root)
    wanted = expected_files(version)
    found = {
        (Path(folder) / name).relative_to(target).as_posix() for folder, _, names in os.walk(target) for name in names
    }

    def check(path: str) -> str | None:
        want = wanted[path]
        if path not in found:
            return "it is missing"
        if isinstance(want, Descriptor):
            right = object_is_right(target / path, want)
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
