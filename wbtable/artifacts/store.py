"""The store: what is in it, by name (spec: 03-store-layout, 10-artifacts, 10b-commit)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts import logs
from wbtable.artifacts.names import DEFAULT_PROJECT, LATEST, VersionName, near, parse_name
from wbtable.artifacts.probe import probe_backend
from wbtable.artifacts.records import Records
from wbtable.errors import AlreadyExistsError, FormatError, NotFoundError, UsageError
from wbtable.format import documents, layout
from wbtable.format.features import FORMAT_VERSION, check_document
from wbtable.storage.backend import open_backend
from wbtable.storage.objects import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wbtable.artifacts.draft import Artifact
    from wbtable.artifacts.verify import Report
    from wbtable.artifacts.version import Version
    from wbtable.storage.backend import Backend

KIND: Final = "wbtable.store"
FOLDER: Final = ".wbtable"
VARIABLE: Final = "WBTABLE_STORE"
MAX_HEADER: Final = 1 << 20

_runs: list[Callable[[Store, str], Any]] = []


def set_runs_reader(reader: Callable[[Store, str], Any]) -> None:
    """Say how `Store.runs` reads runs: that room is above this one, and hands its reader down."""
    _runs[:] = [reader]


class Store:
    """A store that exists. Safe to use from several threads.

    Attributes:
        url: its root.
        backend: the bytes by key.
        objects: the bytes by digest.

    """

    def __init__(self, url: str | os.PathLike[str], **storage_options: Any) -> None:
        """Open a store.

        Args:
            url: a path, or a URL such as ``s3://bucket/prefix``.
            storage_options: passed to the file system.

        Raises:
            NotFoundError: there is no store.
            UnsupportedError: it needs a newer wbtable.

        """
        self._open(open_backend(url, **storage_options))

    @classmethod
    def on(cls, backend: Backend) -> Store:
        """Open the store on a backend."""
        store = cls.__new__(cls)
        store._open(backend)
        return store

    def _open(self, backend: Backend) -> None:
        self.backend = backend
        self.url = backend.url
        self.objects = ObjectStore(backend)
        try:
            data = backend.get(layout.HEADER)
        except NotFoundError:
            raise NotFoundError(
                f"there is no store at {backend.url!r}: create one with wbtable.create_store({backend.url!r})"
                " or the command `wbtable init`"
            ) from None
        self.header = documents.parse(data, layout.HEADER, max_bytes=MAX_HEADER)
        check_document(self.header, KIND, f"{layout.HEADER} in {backend.url}")
        backend.unsafe_single_writer = self.header.get("unsafe_single_writer") is True

    def __repr__(self) -> str:
        """Show where it is."""
        return f"Store({self.url!r})"

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
        found = self._find(parsed, parsed.project or project or DEFAULT_PROJECT)
        if type is not None and found.type != type:
            raise UsageError(f"expected an artifact of type {type!r}, found {found.type!r}", place=found.qualified_name)
        return found

    def artifacts(self, project: str | None = None, type: str | None = None) -> list[Version]:
        """Return the newest version of each artifact, sorted by name.

        Artifacts are found by listing, which on some backends lags behind.

        Args:
            project: the project; None for all.
            type: the type that they must have; None for any.

        """
        found = []
        for one in self.projects() if project is None else [project]:
            for name in self._artifact_names(one):
                number, record = self.records(one, name).head()
                if record is not None and number >= 0 and (type is None or record.type == type):
                    found.append(self._version(one, name, number))
        return found

    def versions(self, name: str, project: str | None = None) -> list[Version]:
        """Return the versions of an artifact that are not deleted, the newest last.

        Raises:
            NotFoundError: there is no such artifact; the message has names like it.

        """
        parsed = parse_name(name)
        if parsed.alias != LATEST:
            raise UsageError(f"expected an artifact's name without a version, found {name!r}")
        one = parsed.project or project or DEFAULT_PROJECT
        records = self.records(one, parsed.name)
        newest = records.newest()
        if newest < 0:
            raise self._missing(one, parsed.name)
        return [self._version(one, parsed.name, i) for i in range(newest + 1) if not records.is_deleted(i)]

    def projects(self) -> list[str]:
        """Return the names of the projects, sorted; found by listing."""
        return sorted(layout.unescape(part) for part in children(self.backend, "projects"))

    def runs(self, project: str) -> Any:
        """Return the runs of a project, see `wbtable.runs`."""
        if not _runs:
            raise UsageError("import wbtable.runs first: runs are read there")
        return _runs[0](self, project)

    def commit(
        self,
        artifact: Artifact,
        project: str | None = None,
        aliases: Iterable[str] = (),
        tags: Iterable[str] = (),
    ) -> Version:
        """Make a draft the newest version, without a run; see `wbtable.artifacts.commit`."""
        from wbtable.artifacts.commit import commit

        return commit(self, artifact, project=project, aliases=aliases, tags=tags)

    def verify(self, project: str | None = None, type: str | None = None) -> Report:
        """Read every byte of every version that is not deleted, and check it."""
        from wbtable.artifacts.verify import verify_store

        return verify_store(self, project, type)

    def records(self, project: str, name: str) -> Records:
        """Return the version records of an artifact."""
        return Records(self.backend, project, name)

    # How.

    def _version(self, project: str, name: str, number: int) -> Version:
        from wbtable.artifacts.version import Version

        return Version(self, self.records(project, name).read(number))

    def _find(self, parsed: VersionName, project: str) -> Version:
        records = self.records(project, parsed.name)
        if parsed.version is not None:
            number: int | None = parsed.version
        elif parsed.digest is not None:
            number = next((i for i in range(records.newest(), -1, -1) if records.has_digest(i, parsed.digest)), None)
        elif parsed.alias == LATEST:
            number = records.head()[0]
        else:
            number = logs.value(self.backend, layout.alias_log(project, parsed.name, parsed.alias or ""), "alias")
        if number is None or number < 0 or not records.exists(number) or records.is_deleted(number):
            raise self._missing(project, parsed.name, parsed)
        return self._version(project, parsed.name, number)

    def _missing(self, project: str, name: str, parsed: VersionName | None = None) -> NotFoundError:
        """Return the error for what is not there, with names like it."""
        newest = self.records(project, name).newest()
        if newest >= 0 and parsed is not None:
            known = [LATEST, *(f"v{i}" for i in range(max(0, newest - 50), newest + 1)), *self.aliases(project, name)]
            asked = parsed.alias or (f"v{parsed.version}" if parsed.version is not None else str(parsed.digest))
            state = "was deleted" if parsed.version is not None and parsed.version <= newest else "does not exist"
            ending = (
                f"; the newest is v{newest}" if asked == LATEST else f"{near(asked, known)}; the newest is v{newest}"
            )
            return NotFoundError(f"{project}/{name}:{asked} {state} in {self.url!r}{ending}")
        known = [f"{one}/{other}" for one in self.projects() for other in self._artifact_names(one)]
        same_name = [full for full in known if full.partition("/")[2] == name]
        ending = f"; did you mean {same_name[0]!r}?" if same_name else near(f"{project}/{name}", known)
        return NotFoundError(f"there is no artifact {project}/{name} in {self.url!r}{ending}")

    def aliases(self, project: str, name: str) -> dict[str, int]:
        """Return the aliases of an artifact and the versions that they name; found by listing."""
        prefix = f"{layout.artifact_prefix(project, name)}/aliases"
        found: dict[str, int] = {}
        for part in children(self.backend, prefix):
            number = logs.value(self.backend, f"{prefix}/{part}", "alias")
            if number is not None:
                found[layout.unescape(part)] = number
        return dict(sorted(found.items()))

    def _artifact_names(self, project: str) -> list[str]:
        prefix = f"{layout.project_prefix(project)}/artifacts"
        return sorted(layout.unescape(part) for part in children(self.backend, prefix))


def children(backend: Backend, prefix: str) -> list[str]:
    """Return the names right below a prefix, sorted; those that are no escaped names are left out."""
    local = backend.local_path(prefix)
    if local is not None:
        try:
            names = {item.name for item in os.scandir(local) if item.is_dir()}
        except (FileNotFoundError, NotADirectoryError):
            return []
    else:
        names = {key[len(prefix) + 1 :].partition("/")[0] for key in backend.list(prefix)}
    return sorted(name for name in names if _is_escaped(name))


def _is_escaped(part: str) -> bool:
    try:
        layout.unescape(part)
    except FormatError:
        return False
    return True


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
    if backend.size(layout.HEADER) is not None:
        raise AlreadyExistsError(f"there is a store already at {backend.url!r}")
    backend.unsafe_single_writer = unsafe_single_writer
    probe = probe_backend(backend)
    header = {
        "kind": KIND,
        "format": FORMAT_VERSION,
        "features": {"reader": [], "writer": []},
        "algorithm": "SHA-256",
        "probe": probe,
        "unsafe_single_writer": unsafe_single_writer,
        "refs": [],
    }
    try:
        backend.create(layout.HEADER, documents.canonical(header))
    except AlreadyExistsError:
        raise AlreadyExistsError(f"there is a store already at {backend.url!r}") from None
    root = backend.local_path("")
    if root is not None and root.name == FOLDER:
        _ignore_in_git(root)
    return Store.on(backend)


def _ignore_in_git(folder: Path) -> None:
    (folder / ".gitignore").write_text("# Made by wbtable: this folder holds data, not sources.\n*\n", encoding="utf-8")


def default_url(start: Path | None = None) -> str:
    """Return where things live if nothing else is said.

    `WBTABLE_STORE`, else the nearest ``.wbtable/`` in the folder `start` (None: this one) or above, else ``.wbtable``
    in it, which need not exist.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return named
    folder = Path.cwd() if start is None else start
    for candidate in (folder, *folder.parents):
        if (candidate / FOLDER / layout.HEADER).is_file():
            return str(candidate / FOLDER)
    return str(folder / FOLDER)


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
