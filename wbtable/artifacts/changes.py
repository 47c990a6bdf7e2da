"""What a draft has by path: what it was made from, and what was added and removed since (spec: 10-artifacts)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wbtable.artifacts import staging
from wbtable.artifacts.compose import check_against
from wbtable.artifacts.names import name_text, near
from wbtable.artifacts.pending import Pending, PendingMedia, PendingTable
from wbtable.artifacts.reading import media_stem
from wbtable.artifacts.tables import SUFFIXES
from wbtable.errors import AlreadyExistsError, NotFoundError, WbtableError
from wbtable.format.paths import PathTree, check_path

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from wbtable.artifacts.version_content import VersionContent
    from wbtable.format.artifact_manifest import ArtifactManifest


class Changes:
    """Paths, each with what is pending there; what is not changed is that of the base.

    Attributes:
        base: the version that the draft was made from, if it was made from one.
        pending: what changed by path; None for what is removed.

    """

    def __init__(self, base: VersionContent | None = None) -> None:
        """Change nothing yet."""
        self.base = base
        self.pending: dict[str, Pending | None] = {}
        self._tree = PathTree()

    def add(self, found: Mapping[str, Pending], *, overwrite: bool | None) -> None:
        """Add several paths, or on an error none.

        Args:
            found: what is to be there.
            overwrite: whether other content may be replaced; None: no, and the caller cannot ask for it.

        Raises:
            UsageError: one is no logical path, or a file where a folder is.
            AlreadyExistsError: one is taken by other content.

        """
        added: list[str] = []
        checked: set[str] = set()
        try:
            for path, pending in found.items():
                check_path(path)
                if not overwrite and staging.is_taken(path, pending, self.pending, self.base):
                    advice = "remove it first" if overwrite is None else "remove it first, or overwrite=True"
                    raise AlreadyExistsError(f"{path!r:.200} is there already with other content; {advice}")
                if self.base is not None:
                    check_against(self.base.contents, self.pending, path, checked)
                if self._tree.add(path):
                    added.append(path)
        except WbtableError:
            for path in added:
                self._tree.remove(path)
            raise
        self.pending.update(found)

    def remove(self, name: str, place: str) -> None:
        """Remove what has this name, or everything below it.

        Raises:
            NotFoundError: there is nothing of this name.

        """
        path = self.find(name)
        prefix = name.rstrip("/") + "/"
        gone = [path] if path is not None else [other for other in self.paths() if other.startswith(prefix)]
        if not gone:
            raise self.missing(name, place)
        for other in gone:
            if self.pending.get(other) is not None:
                self._tree.remove(other)
            if self.base is not None and self.base.contents.find(other) is not None:
                self.pending[other] = None
            else:
                self.pending.pop(other, None)

    def find(self, name: str | os.PathLike[str]) -> str | None:
        """Return the path that a name means: itself, or it and a suffix, as `VersionContent.find` does."""
        name = name_text(name)
        for path in (name, *(name + suffix for suffix in SUFFIXES)):
            if path in self.pending:
                if self.pending[path] is not None:
                    return path
            elif self.base is not None and self.base.contents.find(path) is not None:
                return path
        media = [path for path, p in self.pending.items() if isinstance(p, PendingMedia) and media_stem(path) == name]
        if self.base is not None:
            kept = (entry for entry in self.base.contents.under(name + ".") if entry.path not in self.pending)
            media += [entry.path for entry in kept if entry.media is not None and media_stem(entry.path) == name]
        return media[0] if len(media) == 1 else None

    def paths(self) -> list[str]:
        """Return every path that is there."""
        own = [path for path, pending in self.pending.items() if pending is not None]
        base = [] if self.base is None else [e.path for e in self.base.contents if e.path not in self.pending]
        return own + base

    def tables(self) -> dict[int, str]:
        """Return the paths of the tables that were added, by the id of the object."""
        return {id(p.value): path for path, p in self.pending.items() if isinstance(p, PendingTable)}

    def missing(self, name: str | os.PathLike[str], place: str) -> NotFoundError:
        """Return the error that says that there is no such name, and what is like it."""
        return NotFoundError(f"there is no {name!r}{near(str(name), self.paths())}", place=place)

    def measured(self) -> ArtifactManifest:
        """Return the manifest that committing gives."""
        return staging.measure(self.pending, None if self.base is None else self.base.contents)
