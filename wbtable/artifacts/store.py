"""The store: what is in it, by name (spec: 03-store-layout, 10-artifacts, 10b-commit)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wbtable.artifacts.commit import commit
from wbtable.artifacts.copy import CopyReport, copy_to
from wbtable.artifacts.default_place import FOLDER, VARIABLE, default_url
from wbtable.artifacts.delete import delete_versions
from wbtable.artifacts.gc import GcReport, gc
from wbtable.artifacts.names import DEFAULT_PROJECT, LATEST, parse_name
from wbtable.artifacts.repair import RepairReport, repair
from wbtable.artifacts.saved import SavedDocuments
from wbtable.artifacts.store_files import StoreFiles, children
from wbtable.artifacts.unreadable import beside
from wbtable.artifacts.usage import Usage, usage
from wbtable.artifacts.verify_store import verify_store
from wbtable.artifacts.version import Version
from wbtable.errors import AlreadyExistsError, NotFoundError, UsageError
from wbtable.storage.header import create_header
from wbtable.storage.open_backend import open_backend

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.unreadable import OnUnreadable
    from wbtable.artifacts.verify import Report
    from wbtable.storage.backend import Backend

__all__ = ["FOLDER", "VARIABLE", "Store", "children", "create_store", "default_url", "resolve_store", "set_runs_reader"]

_runs: list[Callable[..., Any]] = []


def set_runs_reader(reader: Callable[..., Any], tables: Callable[..., Any]) -> None:
    """Say how `Store.runs` and `Store.run_tables` read: that room is above this one, and hands its readers down."""
    _runs[:] = [reader, tables]


class Store(SavedDocuments):
    """A store that exists. Safe to use from several threads.

    Attributes:
        url: its root.
        backend: the bytes by key.
        objects: the bytes by digest.
        header: what ``wbtable.json`` says.

    """

    def __init__(self, url: str | os.PathLike[str] | None = None, **storage_options: Any) -> None:
        """Open a store.

        Args:
            url: a path, or a URL such as ``s3://bucket/prefix``; None: ``WBTABLE_STORE``, else the nearest ``.wbtable``
                in this folder or above.
            storage_options: passed to the file system.

        Raises:
            NotFoundError: there is no store.
            UnsupportedError: it needs a newer wbtable.

        """
        super().__init__(open_backend(default_url() if url is None else url, **storage_options))

    @classmethod
    def on(cls, backend: Backend) -> Store:
        """Open the store on a backend."""
        store = cls.__new__(cls)
        StoreFiles.__init__(store, backend)
        return store

    # By name.

    def artifact(self, name: str, type: str | None = None, project: str | None = None) -> Version:
        """Return one version: ``project/name:alias``, ``project/name:v3``, ``project/name:<digest>``.

        Args:
            name: the name; without ``:`` the newest version; without ``/`` in `project`.
            type: the type that it must have, if given.
            project: the project where the name has none; None for ``uncategorized``.

        Raises:
            UsageError: the name is malformed, or the version is of another type.
            NotFoundError: there is no such version; the message has names like it.

        """
        parsed = parse_name(name)
        found = Version(self, self.find_record(parsed, parsed.project or project or DEFAULT_PROJECT))
        if type is not None and found.type != type:
            raise UsageError(f"expected an artifact of type {type!r}, found {found.type!r}", place=found.qualified_name)
        return found

    def artifacts(
        self, project: str | None = None, type: str | None = None, *, on_unreadable: OnUnreadable | None = None
    ) -> list[Version]:
        """Return the newest version of each artifact, sorted by name.

        Artifacts are found by listing, which on some backends lags behind.

        Args:
            project: the project; None for all.
            type: the type that they must have; None for any.
            on_unreadable: called with the name of each that cannot be read, and the error; None: the first is raised.

        Raises:
            FormatError: a record is damaged, and there is no `on_unreadable`.

        """
        found = []
        for one in self.projects() if project is None else [project]:
            for name in self.artifact_names(one):
                with beside(f"{one}/{name}", on_unreadable):
                    record = self.records(one, name).head()[1]
                    if record is not None and (type is None or record.type == type):
                        found.append(Version(self, record))
        return found

    def versions(
        self, name: str, project: str | None = None, *, on_unreadable: OnUnreadable | None = None
    ) -> list[Version]:
        """Return the versions of an artifact that are not deleted, the newest last.

        Args:
            name: the artifact's name, without a version.
            project: the project where the name has none.
            on_unreadable: called with the name of each that cannot be read, and the error; None: the first is raised.

        Raises:
            NotFoundError: there is no such artifact; the message has names like it.
            FormatError: a record is damaged, and there is no `on_unreadable`.

        """
        parsed = parse_name(name)
        if parsed.alias != LATEST:
            raise UsageError(f"expected an artifact's name without a version, found {name!r}")
        one = parsed.project or project or DEFAULT_PROJECT
        records = self.records(one, parsed.name)
        newest = records.newest()
        if newest < 0:
            raise self.missing(one, parsed.name)
        found = []
        for number in range(newest + 1):
            with beside(f"{one}/{parsed.name}:v{number}", on_unreadable):
                if not records.is_deleted(number):
                    found.append(Version(self, records.read(number)))
        return found

    def runs(
        self, project: str | None = None, filter: str | None = None, *, on_unreadable: OnUnreadable | None = None
    ) -> Any:
        """Return runs, the newest last: a list that also reads their histories together (`wbtable.runs.run_list`).

        Args:
            project: the project; None for all.
            filter: an expression over ``config``, ``summary``, ``state``, ``name``, ``tags`` and the like:
                ``config.lr > 0.01 and summary.acc > 0.9``. What a run lacks is null.
            on_unreadable: called with ``run project/id`` of each that cannot be read, and the error; None: the first is
                raised.

        Raises:
            FormatError: a run is damaged, and there is no `on_unreadable`.
            UsageError: the expression is malformed, or cannot be asked of these runs.

        """
        if not _runs:
            raise UsageError("import wbtable.runs first: runs are read there")
        return _runs[0](self, project, filter, on_unreadable)

    def run_tables(
        self,
        project: str,
        key: str,
        *,
        runs: Iterable[str] | None = None,
        steps: Iterable[int] | None = None,
        last: bool = False,
    ) -> Any:
        """Return the tables that runs logged under a key as one, with columns ``run`` and ``step``.

        Args:
            project: the project of the runs.
            key: what the tables were logged under.
            runs: only these, by id or name.
            steps: only what was logged at these.
            last: of each run only the last.

        Raises:
            NotFoundError: nothing was logged under the key, or a run is not there.

        """
        if not _runs:
            raise UsageError("import wbtable.runs first: runs are read there")
        return _runs[1](
            self,
            project,
            key,
            runs=None if runs is None else list(runs),
            steps=None if steps is None else list(steps),
            last=last,
        )

    def commit(
        self,
        artifact: Artifact,
        project: str | None = None,
        aliases: Iterable[str] = (),
        tags: Iterable[str] = (),
    ) -> Version:
        """Make a draft the newest version, without a run; see `wbtable.artifacts.commit`."""
        if not hasattr(artifact, "is_draft"):
            raise UsageError(f"expected an Artifact, found {artifact.__class__.__name__}")
        return commit(self, artifact, project=project, aliases=aliases, tags=tags)

    def delete_artifact(self, name: str, project: str | None = None, delete_aliases: bool = False) -> list[Version]:
        """Delete every version of an artifact; return those that were not deleted before.

        Args:
            name: the artifact's name, without a version.
            project: the project where the name has none.
            delete_aliases: whether aliases go too; without it a version that has one is an error, and none is deleted.

        Raises:
            NotFoundError: there is no such artifact.
            ConflictError: aliases name versions of it, and `delete_aliases` is False.

        """
        return delete_versions(self.versions(name, project), delete_aliases=delete_aliases)

    def gc(self, grace: dt.timedelta | None = None, dry_run: bool = True, packs: bool | None = None) -> GcReport:
        """Say what nothing leads to any more, or with ``dry_run=False`` delete it; safe beside writers (GC-n).

        Args:
            grace: how long versions stay after they were deleted, and objects that nothing leads to after they were
                made; None for 24 hours.
            dry_run: whether to look only.
            packs: whether to count the bytes of packs that nothing names; None: if a version was ever deleted.

        Raises:
            FormatError: a version or run is damaged: nothing is deleted.
            UnsupportedError: something needs a newer wbtable: nothing is deleted.

        """
        return gc(self, grace, dry_run=dry_run, packs=packs)

    def copy_to(
        self,
        other: Store | str | os.PathLike[str],
        name: str | None = None,
        project: str | None = None,
        *,
        on_unreadable: OnUnreadable | None = None,
    ) -> CopyReport:
        """Copy versions to another store, with their numbers, commit ids, lineage, aliases and tags (COPY-n).

        Only objects that are missing there are moved; a copy that was broken off goes on where it stopped.

        Args:
            other: the store to copy to, or its URL.
            name: ``project/name:v3`` (or an alias) for one version, ``project/name`` for all of an artifact; None for
                everything, with runs, views and reports.
            project: the project of a name without one; without a name, the project to copy.
            on_unreadable: without a name, called with each artifact and run that cannot be read, and so is not copied
                or not whole, and the error; None: the first is raised.

        Raises:
            FormatError: a record is damaged here.
            NotFoundError: there is no such version or other store, or an object is missing here.
            DigestMismatchError: an object is damaged here.
            ConflictError: the other store has other versions under the same numbers.

        """
        return copy_to(self, other if isinstance(other, Store) else Store(other), name, project, on_unreadable)

    def verify(
        self, project: str | None = None, type: str | None = None, resume: str | os.PathLike[str] | None = None
    ) -> Report:
        """Read every byte of every version that is not deleted, and of every run, and check it (VERIFY-n).

        Args:
            project: the project; None for all.
            type: only artifacts of this type, and no runs.
            resume: a file for notes of what was found whole; with the notes of a verification that was broken off, it
                goes on from there.

        """
        return verify_store(self, project, type, resume)

    def repair(self, *others: Store | str | os.PathLike[str], report: Report | None = None) -> RepairReport:
        """Mend what is damaged or missing with good copies of the same objects (REPAIR-1).

        Args:
            others: stores, or URLs of stores or of folders with `objects/` in them, such as downloads.
            report: what a verification found; None to verify this store now.

        Raises:
            NotFoundError: one of the others is neither.

        """
        return repair(self, [other.objects if isinstance(other, Store) else other for other in others], report)

    def usage(self, project: str | None = None, *, on_unreadable: OnUnreadable | None = None) -> Usage:
        """Return how many bytes each artifact and the runs take, shared and alone.

        Args:
            project: the project; None for all.
            on_unreadable: called with each version and run that cannot be read, and the error; it is not counted, and
                what is unused is not known then. None: the first is raised.

        """
        return usage(self, project, on_unreadable)


def create_store(url: str | os.PathLike[str], unsafe_single_writer: bool = False, **storage_options: Any) -> Store:
    """Make a new, empty store.

    Args:
        url: a path, or a URL such as ``s3://bucket/prefix``.
        unsafe_single_writer: whether a place that lets two writers make the same key is taken all the same; the store
            records it, and only one process may write at a time.
        storage_options: passed to the file system.

    Raises:
        AlreadyExistsError: there is a store already.
        UnsupportedError: the place lets two writers make the same key.

    """
    backend = open_backend(url, **storage_options)
    create_header(backend, unsafe_single_writer=unsafe_single_writer)
    root = backend.local_path("")
    if root is not None and root.name == FOLDER:
        _ignore_in_git(root)
    return Store.on(backend)


def _ignore_in_git(folder: Path) -> None:
    (folder / ".gitignore").write_text("# Made by wbtable: this folder holds data, not sources.\n*\n", encoding="utf-8")


def resolve_store(store: Store | str | os.PathLike[str] | None = None, *, create: bool = False) -> Store:
    """Return the store that an argument means: itself, that of its URL, or the default one.

    Args:
        store: a store, a URL, or None for the default: `WBTABLE_STORE`, else the nearest ``.wbtable/`` in this folder
            or above, else ``./.wbtable``.
        create: whether the default store is made if it does not exist; one named by a URL never is.

    Raises:
        NotFoundError: there is no such store.

    """
    if isinstance(store, Store):
        return store
    if store is not None:
        return Store(store)
    url = default_url()
    try:
        return Store(url)
    except NotFoundError:
        if not create:
            raise
    try:
        return create_store(url)
    except AlreadyExistsError:
        return Store(url)
