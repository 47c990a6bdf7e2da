"""A store's files by name: records, aliases, what there is (spec: 03-store-layout, 10-artifacts)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts import logs
from wbtable.artifacts.folders import children
from wbtable.artifacts.names import LATEST, VersionName, near, near_or_all
from wbtable.artifacts.records import Records
from wbtable.artifacts.unreadable import beside
from wbtable.errors import NotFoundError
from wbtable.format import layout
from wbtable.storage.header import check_there, read_header
from wbtable.storage.objects import ObjectStore

if TYPE_CHECKING:
    from wbtable.artifacts.unreadable import OnUnreadable
    from wbtable.format.version_record import VersionRecord
    from wbtable.storage.backend import Backend

__all__ = ["StoreFiles", "children"]


class StoreFiles:
    """What a store holds, as documents. Safe to use from several threads.

    Attributes:
        url: its root.
        backend: the bytes by key.
        objects: the bytes by digest.
        header: what ``wbtable.json`` says.

    """

    def __init__(self, backend: Backend) -> None:
        """Open the store on a backend.

        Raises:
            NotFoundError: there is none.
            UnsupportedError: it needs a newer wbtable.

        """
        self.backend = backend
        self.url = backend.url
        self.objects = ObjectStore(backend)
        self.header = read_header(backend)

    def __repr__(self) -> str:
        """Show where it is."""
        return f"Store({self.url!r})"

    def is_same(self, other: StoreFiles) -> bool:
        """Whether another is the same store, also where a link leads to its folder."""
        if self.url == other.url:
            return True
        here, there = self.backend.local_path(layout.HEADER), other.backend.local_path(layout.HEADER)
        try:
            return here is not None and there is not None and here.samefile(there)
        except OSError:
            return False

    def check_there(self) -> None:
        """Refuse a store whose folder vanished: writing would make a new folder that is no store.

        Raises:
            StorageError: it did.

        """
        check_there(self.backend)

    def projects(self) -> list[str]:
        """Return the names of the projects, sorted; found by listing."""
        return sorted(layout.unescape(part) for part in children(self.backend, "projects"))

    def chosen_projects(self, project: str | None) -> list[str]:
        """Return the one project that is named, or all of them.

        Raises:
            NotFoundError: there is none of this name; the message has names like it.

        """
        known = self.projects()
        if project is None:
            return known
        if project not in known:
            raise NotFoundError(f"there is no project {project!r:.200} in {self.url!r}{near_or_all(project, known)}")
        return [project]

    def artifact_names(self, project: str) -> list[str]:
        """Return the names of a project's artifacts, sorted; found by listing."""
        prefix = f"{layout.project_prefix(project)}/artifacts"
        return sorted(layout.unescape(part) for part in children(self.backend, prefix))

    def aliases(self, project: str, name: str, *, on_unreadable: OnUnreadable | None = None) -> dict[str, int]:
        """Return the aliases of an artifact and the versions that they name; found by listing.

        Args:
            project: the project's name.
            name: the artifact's name.
            on_unreadable: called with each alias that cannot be read, and the error; None: the first is raised.

        Raises:
            FormatError: one is damaged, and there is no `on_unreadable`.

        """
        prefix = f"{layout.artifact_prefix(project, name)}/aliases"
        found: dict[str, int] = {}
        for part in children(self.backend, prefix):
            alias = layout.unescape(part)
            with beside(f"{project}/{name}:{alias}", on_unreadable):
                number = logs.value(self.backend, f"{prefix}/{part}", "alias")
                if number is not None:
                    found[alias] = number
        return dict(sorted(found.items()))

    def records(self, project: str, name: str) -> Records:
        """Return the version records of an artifact."""
        return Records(self.backend, project, name)

    def find_record(self, parsed: VersionName, project: str) -> VersionRecord:
        """Return the record that a name means (NAME-1, OPEN-1 to OPEN-3).

        Raises:
            NotFoundError: there is no such version, or it was deleted; the message has names like it.

        """
        records = self.records(project, parsed.name)
        if parsed.version is not None:
            number: int | None = parsed.version
        elif parsed.digest is not None:
            number = next((i for i in range(records.newest(), -1, -1) if records.has_digest(i, parsed.digest)), None)
        elif parsed.alias == LATEST:
            number, record = records.find_head()
            if record is not None:
                return record
        else:
            number = logs.value(self.backend, layout.alias_log(project, parsed.name, parsed.alias or ""), "alias")
        found = None if number is None or number < 0 else records.read_if_alive(number)
        if found is None:
            raise self.missing(project, parsed.name, parsed)
        return found

    def missing(self, project: str, name: str, parsed: VersionName | None = None) -> NotFoundError:
        """Return the error for what is not there, with names like it."""
        newest = self.records(project, name).newest()
        if newest >= 0 and parsed is not None:
            aliases = self.aliases(project, name)
            known = [LATEST, *(f"v{i}" for i in range(max(0, newest - 50), newest + 1)), *aliases]
            asked = parsed.alias or (f"v{parsed.version}" if parsed.version is not None else str(parsed.digest))
            gone = asked == LATEST or asked in aliases or (parsed.version is not None and parsed.version <= newest)
            state = "was deleted" if gone else "does not exist"
            hint = "" if gone else near(asked, known)
            return NotFoundError(
                f"{project}/{name}:{asked} {state} in {self.url!r}{hint}; the newest number is v{newest}"
            )
        known = [f"{one}/{other}" for one in self.projects() for other in self.artifact_names(one)]
        same_name = [full for full in known if full.partition("/")[2] == name]
        ending = f"; did you mean {same_name[0]!r}?" if same_name else near(f"{project}/{name}", known)
        if name in {full.partition("/")[0] for full in known}:
            ending = f"; {name!r} is a project: its artifacts are named {name}/NAME"
        return NotFoundError(f"there is no artifact {project}/{name} in {self.url!r}{ending}")
