"""The commit, in the numbered steps of the specification (spec: 10b-commit, COMMIT-n)."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts import rebase
from wbtable.artifacts.blob_index import BlobIndex
from wbtable.artifacts.compose import compose
from wbtable.artifacts.contents import Contents
from wbtable.artifacts.draft import INHERIT
from wbtable.artifacts.known import KnownBlobs, StoreBlobs
from wbtable.artifacts.lease import Lease
from wbtable.artifacts.leased_objects import CollectedError, LeasedObjects
from wbtable.artifacts.named_tables import check_joins, check_keys, kept_documents
from wbtable.artifacts.names import (
    DEFAULT_PROJECT,
    RUN_TABLE,
    check_aliases,
    check_description,
    check_tags,
    check_type,
    stored_metadata,
)
from wbtable.artifacts.pending import PendingDocument
from wbtable.artifacts.put import put_changes
from wbtable.artifacts.tables import check_document
from wbtable.artifacts.version import Version
from wbtable.errors import (
    CommitStateUnknownError,
    ConflictError,
    DeniedError,
    DiskFullError,
    NotFoundError,
    UnsupportedError,
    UsageError,
    WbtableError,
)
from wbtable.format import documents
from wbtable.format.features import check_writable
from wbtable.format.tagged import tag
from wbtable.format.version_record import MAX_RECORD, VersionRecord
from wbtable.storage.workers import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.put import PutResult
    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.format.artifact_manifest import ArtifactManifest
    from wbtable.format.digest import Descriptor
    from wbtable.format.entry import Entry

RACES: Final = 1000
"""How often others may be faster before a commit gives up."""

RETRIES: Final = 4
"""How often an answer that was lost is asked for again (COMMIT-5)."""

PAUSE: Final = 0.05

# After these nothing was made: what the place answered is definite.
_DEFINITE = (DeniedError, DiskFullError, UnsupportedError, UsageError)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """The run that commits.

    Attributes:
        project: its project; also that of its artifacts.
        id: its id.
        inputs: the versions it had used, as ``project/name:vN``.

    """

    project: str
    id: str
    inputs: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """``project/id``."""
        return f"{self.project}/{self.id}"


def commit(
    store: StoreFiles,
    draft: Artifact,
    *,
    project: str | None = None,
    run: RunInfo | None = None,
    aliases: Iterable[str] = (),
    tags: Iterable[str] = (),
) -> Version:
    """Make a draft the newest version of its artifact, or find that the newest version is it already.

    Args:
        store: where to.
        draft: what to commit; on any error it stays as it is, and nothing of it can be seen.
        project: the project; None for the run's, or ``uncategorized``.
        run: the run that commits, if one does.
        aliases: names for the version; ``latest`` is accepted and does nothing.
        tags: tags for the version.

    Raises:
        UsageError: an alias, tag or file of the draft is not usable.
        ConflictError: a path was changed here and, since the draft was made, in the store; or its version was deleted.
        CommitStateUnknownError: it is not known whether the version was made.
        StorageError: the store could not be written.
        UnsupportedError: the store or the newest version has a writer feature that is unknown here.

    """
    if not draft.is_draft():
        version: Version = draft.wait()
        if not version.is_for(store) or project not in (None, version.project):
            raise UsageError(
                f"the draft was committed as {version.qualified_name} in {version.store.url!r}: copy_to brings that to"
                " another store, and a new draft to another project"
            )
        if version.is_deleted:
            raise ConflictError(
                f"the draft was committed as {version.qualified_name}, which was deleted since: make another draft"
            )
        _record(version, run, check_aliases(aliases), check_tags(tags))
        return version
    one = project or (run.project if run is not None else None) or _base_project(draft) or DEFAULT_PROJECT
    job = _Commit(store, draft, one, run)
    names, marks = check_aliases(aliases), check_tags(tags)
    version, is_new = job.run()
    draft._become(version)  # noqa: SLF001 - drafts and commits are one room
    # 6. Append to the alias logs; `latest` needs none.
    with _said(f"{version.qualified_name} is there, not all of its aliases and tags may be"):
        _record(version, None if is_new else run, names, marks)
        if draft._ttl is not INHERIT:  # noqa: SLF001 - as above
            version.set_ttl_seconds(draft._ttl)  # type: ignore[arg-type]  # noqa: SLF001
    return version


@contextlib.contextmanager
def _said(how_far: str) -> Iterator[None]:
    """Tell who interrupts how far it was."""
    try:
        yield
    except KeyboardInterrupt as error:
        error.add_note(how_far)
        raise


def _base_project(draft: Artifact) -> str | None:
    base = draft._content.base  # noqa: SLF001 - drafts and commits are one room
    return None if base is None else base.project


def _record(version: Version, run: RunInfo | None, aliases: tuple[str, ...], tags: tuple[str, ...]) -> None:
    """Record the run of a version that another had made, then aliases and tags (COMMIT-6)."""
    if run is not None:
        version.record_run(run.path, "logged", run.inputs)
    if aliases:
        version.append_aliases(aliases)
    if tags:
        version.add_tags(tags)


class _Commit:
    """One commit."""

    def __init__(self, store: StoreFiles, draft: Artifact, project: str, run: RunInfo | None) -> None:
        self.store = store
        self.draft = draft
        self.project = project
        self.info = run
        self.records = store.records(project, draft.name)
        self.base = draft._content.base  # noqa: SLF001 - drafts and commits are one room
        place = (project, draft.name)
        if self.base is not None and not (
            (self.base.project, self.base.name) == place and self.base.store.is_same(store)
        ):
            raise UsageError(
                f"the draft was made from {self.base.qualified_name} in {self.base.store.url!r}; it can be committed"
                f" there, not to {project}/{draft.name} in {store.url!r}"
            )
        # As they are now, and as they will be read: what cannot be read again would be a version that nobody can open.
        self.facts: dict[str, Any] = {
            "type": check_type(draft.type),
            "description": check_description(draft.description),
            "metadata": stored_metadata(draft.metadata),
        }
        self.kept: list[Entry] = []
        self.commit_id = os.urandom(16).hex()

    def run(self) -> tuple[Version, bool]:
        """Return the version, and whether this commit made it."""
        check_writable(self.store.header.extra, self.store.url)
        self.store.check_there()
        changes, contents = self.draft._content.pending, None if self.base is None else self.base.contents  # noqa: SLF001 - as above
        self.kept = kept_documents(changes, contents)
        check_joins(changes, contents, self.kept)
        # What a run logs by itself is one table, which goes whatever its keys name.
        if self.draft.type != RUN_TABLE:
            check_keys(changes, contents)
        # 1. Open a lease; put every missing object.
        # What a draft was made from says where blobs are; what is newer is looked for once the objects are up.
        head = self.base.record if self.base is not None else self.records.find_head_to_follow()[1]
        roots = [] if head is None else [head.manifest]
        names = [f"{self.project}/{self.draft.name}:v{head.version}"] if head is not None else []
        try:
            return self._run(roots, names)
        except CollectedError:
            # What is known to be gone now is stored anew.
            return self._run(roots, names)

    def _run(self, roots: list[Descriptor], names: list[str]) -> tuple[Version, bool]:
        with Lease(self.store.backend, names) as lease:
            objects, index = LeasedObjects(self.store.objects, lease), BlobIndex(self.store.url)
            known = StoreBlobs(objects, KnownBlobs(objects, roots, index) if roots else None, index)
            with contextlib.closing(known):
                put = put_changes(
                    objects,
                    self.draft._content.pending,  # noqa: SLF001 - drafts and commits are one room
                    self.base.contents if self.base is not None else None,
                    known,
                )
                own = [path for path, one in self.draft._content.pending.items() if isinstance(one, PendingDocument)]  # noqa: SLF001
                for path in (*own, *(entry.path for entry in self.kept)):
                    check_document(objects, None if self.base is None else self.base.contents, put.entries, path)
                made = self._make(lease, objects, put)
                known.save()
                return made

    def _make(self, lease: Lease, objects: LeasedObjects, put: PutResult) -> tuple[Version, bool]:
        made: tuple[Descriptor, ArtifactManifest] | None = None
        made_on: int | None = None
        known = None if self.base is None else self.base.record
        for attempt in range(RACES):
            # 2. Find the newest version: a hint, then probing forward.
            newest, head = self.records.find_head_to_follow(known)
            known, number = head, -1 if head is None else head.version
            if head is not None:
                check_writable(head.extra, f"{self.project}/{self.draft.name}:v{number}")
            # 3. Compare with the newest version; replay an older draft's changes on it.
            if made is None or (self.base is not None and made_on != number):
                try:
                    made = self._compose(objects, number, head, put)
                except NotFoundError:
                    if head is None or not self.records.is_deleted(number):
                        raise
                    continue  # deleted and collected since: another one is the newest
                made_on = number
            descriptor, manifest = made
            facts = self._facts(head)
            if head is not None and head.same_as(digest=manifest.digest, **facts):
                return Version(self.store, head), False
            record = self._new_record(newest, head, descriptor, manifest, facts)
            said: list[bool] = []
            self._together(
                lambda head=head: objects.settle(lambda: self._covering(head)),  # type: ignore[misc]
                lambda record=record, said=said: said.append(self.records.is_deleted(record.version)),  # type: ignore[misc]
                lease.check,
            )
            # 4. Create the record of version n + 1. 5. After any error read it back.
            called = f"{self.project}/{self.draft.name}:v{record.version}"
            with _said(f"{called} was being made: look whether it is there"), lease.deciding():
                is_made = self._create(record)
            if is_made:
                with _said(f"{called} was made, its aliases and tags were not"):
                    if said[0]:
                        # A copy died before it made this number's record, which it was to have as deleted (COPY-2).
                        self.records.say_deleted(record.version, deleted=False)
                    self._together(
                        lambda record=record: lease.check_after(record),  # type: ignore[misc]
                        lambda record=record: self.records.leave_hint(record.version),  # type: ignore[misc]
                        lease.close,
                    )
                return Version(self.store, record, Contents(self.store.objects, manifest)), True
            if attempt > 2:
                time.sleep(random.uniform(0, min(attempt, 20) * 0.002))  # noqa: S311 - spreads racing writers
        raise ConflictError(
            f"others committed first in each of {RACES} attempts", place=f"{self.project}/{self.draft.name}"
        )

    def _together(self, *actions: Callable[[], None]) -> None:
        """Do independent things side by side where requests take long, else in this order."""
        side_by_side(bool(getattr(self.store.backend, "is_distant", False)), actions)

    def _covering(self, head: VersionRecord | None) -> list[Contents]:
        """Return the versions that are known not to be deleted: what they lead to is there (LEASE-6)."""
        found = []
        is_head = self.base is not None and head is not None and head.version == self.base.record.version
        if self.base is not None and is_head:
            found.append(self.base.contents)
        elif head is not None:
            # Deleted and collected since it was the newest, it covers nothing: what is used again is looked at itself.
            with contextlib.suppress(NotFoundError):
                found.append(Contents.open(self.store.objects, head.manifest))
        if self.base is not None and not is_head and not self.records.is_deleted(self.base.record.version):
            found.append(self.base.contents)
        return found

    def _compose(
        self, objects: LeasedObjects, number: int, head: VersionRecord | None, put: PutResult
    ) -> tuple[Descriptor, ArtifactManifest]:
        if self.base is None:
            return compose(objects, None, put.entries, put.known)
        if head is None or number == self.base.record.version:
            return compose(objects, self.base.contents, put.entries, put.known)
        newest = Contents.open(self.store.objects, head.manifest)
        changes = rebase.replay(objects, self.base.contents, newest, put.entries)
        try:
            return compose(objects, newest, changes, put.known)
        except UsageError as error:
            raise ConflictError(f"{error} in v{number}, which was made since this draft was begun") from error

    def _facts(self, head: VersionRecord | None) -> dict[str, Any]:
        """Return type, description and metadata: what the draft has as its base had it is as the newest has it."""
        if self.base is None or head is None or head.commit_id == self.base.record.commit_id:
            return self.facts
        newest = Version(self.store, head)
        return {
            name: getattr(newest, name) if tag(value) == tag(getattr(self.base, name)) else value
            for name, value in self.facts.items()
        }

    def _new_record(
        self,
        newest: int,
        head: VersionRecord | None,
        descriptor: Descriptor,
        manifest: ArtifactManifest,
        facts: dict[str, Any],
    ) -> VersionRecord:
        return VersionRecord(
            commit_id=self.commit_id,
            project=self.project,
            name=self.draft.name,
            version=newest + 1,
            parent=self.records.parent_of_next(newest, head),
            base=None if self.base is None else self.base.record.version,
            **facts,
            digest=manifest.digest,
            manifest=descriptor,
            created_at=dt.datetime.now(dt.UTC),
            run=None if self.info is None else self.info.path,
            inputs=() if self.info is None else self.info.inputs,
            size=manifest.size,
            count=manifest.count,
        )

    def _create(self, record: VersionRecord) -> bool:
        """Create a record; return False if another writer's is there (COMMIT-4, COMMIT-5)."""
        key = self.records.key(record.version)
        data = record.encode()
        if len(data) > MAX_RECORD:
            raise UsageError(f"expected metadata that fits a version record of {MAX_RECORD} bytes, found {len(data)}")
        for attempt in range(RETRIES + 1):
            try:
                self.store.backend.create(key, data)
            except WbtableError as error:
                found = self._read_back(key, error)
                if found is not None:
                    return found == self.commit_id
                if isinstance(error, _DEFINITE):
                    raise
                if attempt == RETRIES:
                    raise CommitStateUnknownError(
                        f"v{record.version} could not be created, and may yet appear: {error}", place=key
                    ) from error
                time.sleep(PAUSE * 2**attempt)
            else:
                return True
        raise AssertionError(key)

    def _read_back(self, key: str, error: WbtableError) -> str | None:
        """Return the commit id of the record that is there; None if there is none (COMMIT-5)."""
        for attempt in range(RETRIES + 1):
            try:
                found = documents.parse(self.store.backend.get(key), key, max_bytes=MAX_RECORD)
            except NotFoundError:
                return None
            except WbtableError as second:
                if attempt == RETRIES:
                    raise CommitStateUnknownError(
                        f"the record could not be created ({error}) nor read back ({second})", place=key
                    ) from error
                time.sleep(PAUSE * 2**attempt)
            else:
                return str(found.get("commit_id"))
        raise AssertionError(key)
