"""Reading every byte and checking it (spec: 10-artifacts, VERIFY-n)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import xxhash

from wbtable.artifacts.contents import refs_of
from wbtable.artifacts.download import directory, expected_files, is_right, object_is_right
from wbtable.artifacts.parallel import each
from wbtable.artifacts.progress import Progress
from wbtable.artifacts.reading import file_cell
from wbtable.artifacts.tables import open_entry, read_manifest
from wbtable.artifacts.verify_cells import CellCheck
from wbtable.artifacts.verify_fragments import FragmentFacts
from wbtable.errors import DigestMismatchError, FormatError, NotFoundError, UnsupportedError, UsageError
from wbtable.format.digest import FRAGMENT, FRAGMENT_PAGE, JOINED, PACK, PARTITIONED, TABLE, Descriptor, Digest
from wbtable.format.entry_page import digest_of_lines
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore
from wbtable.storage.verify import verify_object
from wbtable.storage.workers import run_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbtable.artifacts.verify_notes import Notes
    from wbtable.artifacts.version_content import VersionContent
    from wbtable.format.entry import Entry
    from wbtable.format.fragment import Fragment

# A backend that fails says nothing of the bytes: that error is raised, not reported.
_FINDINGS = (FormatError, NotFoundError, UnsupportedError)

_Name: TypeAlias = tuple[Digest, str]


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
        runs: how many runs were looked at.
        objects: the objects that are damaged or missing: what `repair` mends.

    """

    damaged: list[Damage] = field(default_factory=list)
    checked: int = 0
    versions: int = 0
    runs: int = 0
    objects: list[Descriptor] = field(default_factory=list)

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


class Verifier:
    """Checks each object once, however many versions lead to it.

    Attributes:
        objects: what is checked.
        report: what was found.

    """

    def __init__(self, objects: ObjectStore, report: Report, progress: Progress, notes: Notes | None = None) -> None:
        """Check nothing yet; `notes` has what an earlier verification found whole (VERIFY-5)."""
        self.objects = objects
        self.report = report
        self._progress = progress
        self._notes = notes
        self._problems: dict[_Name, str] = {}
        self._leads: dict[_Name, tuple[Descriptor, ...]] = {}
        self._cells = CellCheck(objects)
        self._right_cells: set[str] = set()
        self._fragments = FragmentFacts()
        self._tables: list[Descriptor] = []

    def walk(self, roots: Iterable[Descriptor], where: str) -> bool:
        """Check every object that the roots lead to (VERIFY-1); return whether all are whole."""
        waiting = list(roots)
        seen: set[_Name] = set()
        whole = True
        while waiting:
            names = {(d.digest, d.media_type): d for d in waiting if (d.digest, d.media_type) not in seen}
            seen.update(names)
            self._check_new([d for name, d in names.items() if name not in self._leads], where)
            whole = whole and not any(name in self._problems for name in names)
            waiting = [ref for name in names for ref in self._leads[name]]
        return self._check_tables(where) and whole

    def problem(self, root: Descriptor) -> str | None:
        """Return what is wrong with what an object leads to, which was walked; None if nothing is."""
        waiting = [root]
        seen: set[_Name] = set()
        while waiting:
            descriptor = waiting.pop()
            name = (descriptor.digest, descriptor.media_type)
            if name in self._problems:
                return f"{self.objects.key(*name)}: {self._problems[name]}"
            if name not in seen:
                seen.add(name)
                waiting += self._leads.get(name, ())
        return None

    def cell_problem(self, entry: Entry) -> str | None:
        """Return what is wrong with the media cells of a table whose objects are whole (VERIFY-7), None if nothing."""
        key = self.objects.key(entry.descriptor().digest, TABLE)
        if key in self._right_cells or (self._notes is not None and self._notes.has(key)):
            return None
        try:
            self._cells.check(read_manifest(self.objects, entry))
        except _FINDINGS as error:
            return str(error)
        self._right_cells.add(key)
        if self._notes is not None:
            self._notes.add(key)
        return None

    def _check_new(self, new: list[Descriptor], where: str) -> None:
        for descriptor, (problem, refs) in zip(new, each(self.objects.backend, self._check, new), strict=True):
            name = (descriptor.digest, descriptor.media_type)
            self._leads[name] = tuple(refs)
            self.report.checked += 1
            if problem is not None:
                self._problems[name] = problem
                self.report.damaged.append(Damage(where=f"{where}: {self.objects.key(*name)}", problem=problem))
                self.report.objects.append(descriptor)
            elif descriptor.media_type == TABLE:
                self._tables.append(descriptor)

    def _check_tables(self, where: str) -> bool:
        """Check what the tables that were found say of their fragments that are whole (VERIFY-6)."""
        tables, self._tables = self._tables, []
        said: list[tuple[Descriptor, Fragment]] = []
        for table in tables:
            pages = [ref for ref in self._leads[table.digest, TABLE] if ref.media_type == FRAGMENT_PAGE]
            if any((page.digest, FRAGMENT_PAGE) in self._problems for page in pages):
                continue  # which was said
            try:
                fragments = list(self._fragments.new(self.objects, table))
            except _FINDINGS as error:
                self._add(table, str(error), where)
                continue
            whole = (one for one in fragments if (one.file.digest, FRAGMENT) not in self._problems)
            said += [(table, fragment) for fragment in whole]
        found = each(self.objects.backend, lambda one: self._fragments.problem(self.objects, one[1]), said)
        for (table, _), problem in zip(said, found, strict=True):
            if problem is not None:
                self._add(table, problem, where)
        return not any((table.digest, TABLE) in self._problems for table in tables)

    def _add(self, table: Descriptor, problem: str, where: str) -> None:
        # Its bytes are those of its name: nothing mends it.
        self._problems.setdefault((table.digest, TABLE), problem)
        self.report.damaged.append(Damage(where=f"{where}: {self.objects.key(table.digest, TABLE)}", problem=problem))

    def _check(self, descriptor: Descriptor) -> tuple[str | None, list[Descriptor]]:
        key = self.objects.key(descriptor.digest, descriptor.media_type)
        try:
            if self._notes is None or not self._notes.has(key):
                hasher = xxhash.xxh3_128() if descriptor.media_type == FRAGMENT else None
                verify_object(self.objects, descriptor, None if hasher is None else hasher.update)
                if hasher is not None:
                    self._fragments.xxh3[descriptor.digest] = hasher.hexdigest()
            refs = refs_of(self.objects, descriptor)
        except _FINDINGS as error:
            return str(error), []
        if self._notes is not None and descriptor.media_type != TABLE:  # a table is whole once its cells are, too
            self._notes.add(key)
        self._progress.advance()
        return None, refs


def verify_version(version: VersionContent) -> Report:
    """Read every byte of a version and check it, and that its documents agree (VERIFY-1, VERIFY-2)."""
    report = Report()
    with Progress("verifying", "objects") as progress:
        check_version(version, Verifier(version.store.objects, report, progress))
    return report


def check_version(version: VersionContent, verifier: Verifier) -> None:
    """Check one version; damage is reported for each path that it touches."""
    report, objects = verifier.report, verifier.objects
    report.versions += 1
    name = version.qualified_name
    whole = verifier.walk([version.record.manifest], name)
    try:
        contents = version.contents
        if contents.manifest.digest != version.record.digest:
            raise FormatError(f"expected the artifact digest {version.record.digest}, found {contents.manifest.digest}")
        recorded, found = (version.record.size, version.record.count), (contents.manifest.size, contents.manifest.count)
        if recorded not in (found, (None, None)):
            raise FormatError(f"expected size and count {recorded} as the record has them, found {found}")
        entries = list(contents)
        if digest_of_lines(entries) != contents.manifest.digest:
            raise FormatError(f"expected entries with the artifact digest {contents.manifest.digest}, found others")
        refs = contents.all_refs()
    except _FINDINGS as error:
        report.damaged.append(Damage(where=name, problem=str(error)))
        return
    for entry in entries:
        problem = _entry_problem(objects, entry, refs)
        if problem is None and entry.reference is None:
            problem = _content_problem(version, verifier, entry, whole=whole)
        if problem is not None:
            report.damaged.append(Damage(where=f"{name}: {entry.path}", problem=problem))
    packed: dict[Digest, list[Entry]] = {}
    for entry in entries:
        if entry.pack is not None and entry.reference is None:
            packed.setdefault(entry.pack, []).append(entry)
    for digest, inside in packed.items():
        damaged = verifier.problem(Descriptor(media_type=PACK, digest=digest, size=0)) is not None
        report.damaged += _packed_damage(objects, digest, inside, name, damaged=damaged)


def _packed_damage(
    objects: ObjectStore, pack: Digest, entries: list[Entry], name: str, *, damaged: bool
) -> list[Damage]:
    """Return what is wrong with entries in a pack: of a whole one the trailer says where blobs are (VERIFY-2)."""
    out = []
    if not damaged:
        try:
            blobs = {(blob.offset, blob.size, blob.digest) for blob in objects.pack_entries(pack)[0]}
        except _FINDINGS as error:
            return [Damage(where=f"{name}: {entry.path}", problem=str(error)) for entry in entries]
        for entry in entries:
            if (entry.offset, entry.size, entry.digest) not in blobs:
                problem = f"the pack {pack} has no such blob at {entry.offset}"
                out.append(Damage(where=f"{name}: {entry.path}", problem=problem))
        return out
    for entry in entries:
        try:
            objects.read(file_cell(entry))
        except _FINDINGS as error:
            out.append(Damage(where=f"{name}: {entry.path}", problem=str(error)))
    return out


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


def _content_problem(version: VersionContent, verifier: Verifier, entry: Entry, *, whole: bool) -> str | None:
    """Return what is wrong with an entry's content; of a whole version only what its documents name is looked at."""
    problem = None
    if entry.media_type in {JOINED, PARTITIONED}:
        problem = _named_problem(version, entry)
    if problem is None and not whole and entry.pack is None:
        problem = verifier.problem(entry.descriptor())
    if problem is None and entry.media_type == TABLE and entry.pack is None:
        problem = verifier.cell_problem(entry)
    return problem


def _named_problem(version: VersionContent, entry: Entry) -> str | None:
    """Return what is wrong with the tables that a joined or partitioned table names; nothing of their rows is read."""
    try:
        open_entry(version, entry)
    except (*_FINDINGS, UsageError) as error:
        return str(error)
    return None


def verify_download(version: VersionContent, root: str | os.PathLike[str]) -> Report:
    """Read every file of a download and check it; missing and extra files are damage too (VERIFY-3).

    Raises:
        UsageError: it is no directory.

    """
    report = Report(versions=1)
    target = directory(root)
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
