"""A version: immutable content, and the logs of what is said about it later (spec: 10-artifacts)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from wbtable.artifacts import logs
from wbtable.artifacts.diff import Diff, diff
from wbtable.artifacts.download import checkout, default_root
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.lineage import Lineage, lineage, said_later
from wbtable.artifacts.names import LATEST, check_aliases, check_list, check_tags, parse_name
from wbtable.artifacts.said_names import SaidNames
from wbtable.artifacts.verify import Report, verify_download, verify_version
from wbtable.artifacts.version_content import VersionContent
from wbtable.errors import ConflictError, NotFoundError
from wbtable.format import layout
from wbtable.tables.compare import compare

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

    from wbtable.artifacts.store_files import StoreFiles
    from wbtable.tables.compared import Comparison, How

_RECENT = 16
_NUMBER = re.compile(r"v\d+")


class Version(VersionContent):
    """One version of an artifact. Safe to use from several threads.

    Attributes:
        store: the store that it is in.
        record: the version record.

    """

    @property
    def state(self) -> str:
        """``committed``."""
        return "committed"

    def is_draft(self) -> bool:
        """Return False."""
        return False

    def wait(self, timeout: float | None = None) -> Version:
        """Return itself: it is committed."""
        return self

    def is_for(self, store: StoreFiles) -> bool:
        """Whether it is in a store, or on its way there."""
        return self.store.is_same(store)

    # Copies and comparisons.

    def checkout(self, root: str | os.PathLike[str] | None = None) -> Path:
        """Make a directory hold exactly this version: what else is in it is deleted. Return the directory.

        Args:
            root: the directory; None for that of `download`.

        Raises:
            UsageError: it is no directory, or deleting would take a store; nothing is deleted then.

        """
        return checkout(self, default_root(self) if root is None else root)

    def verify(self, root: str | os.PathLike[str] | None = None) -> Report:
        """Read every byte and check it: in the store, or with `root` in a download. Return a report."""
        return verify_version(self) if root is None else verify_download(self, root)

    def diff(self, other: Version | str) -> Diff:
        """Return what `other` has added, removed and changed against this version.

        Args:
            other: a version, or the name of one such as ``"v3"``, ``"latest"`` or ``"project/name:v3"``.

        """
        return diff(self, self._named(other))

    def compare(
        self,
        *others: Version | str,
        path: str | None = None,
        key: object = None,
        how: How = "outer",
    ) -> Comparison:
        """Merge a table of this version with the same of others; see :func:`wbtable.compare`.

        Args:
            *others: versions, or names of versions such as ``"v3"`` or ``"project/name:v3"``.
            path: which table; None for the only one of each.
            key: the column that names a row; None: one is suggested.
            how: which rows a merge shows.

        """
        versions = [self, *(self._named(other) for other in others)]
        tables = [version.only_table() if path is None else version[path] for version in versions]
        return compare(tables, key, how=how)

    def _named(self, other: Version | str) -> Version:
        if isinstance(other, Version):
            return other
        if isinstance(other, str) and (other == LATEST or _NUMBER.fullmatch(other)):  # a version of this artifact
            other = f"{self.project}/{self.name}:{other}"
        parsed = parse_name(other)
        return Version(self.store, self.store.find_record(parsed, parsed.project or self.project))

    def new_draft(self) -> Artifact:
        """Return a draft with everything that this version has; only what changes is stored again."""
        return Artifact.from_version(self)

    # What is said of it later.

    def save(self, project: str | None = None, settings: object = None) -> None:
        """Accept W&B's call: aliases, tags and a description are stored as they are set.

        Raises:
            UsageError: what `metadata` returned was changed, which changes no version.

        """
        self.check_metadata()

    @property
    def aliases(self) -> list[str]:
        """The names that mean this version, ``latest`` among them if it is the newest; found by listing.

        Names that are put into the list, or taken out of it, are given to the version, or taken away, at once.
        """
        return self._aliases()

    @aliases.setter
    def aliases(self, names: Iterable[str]) -> None:
        check_list(names, "aliases")
        self._aliases().become(names)

    def _aliases(self) -> SaidNames:
        found = self._own_aliases()
        newest = self.store.records(self.project, self.name).head_number()
        return SaidNames([*(["latest"] if newest == self.number else []), *found], self._say_aliases)

    def _say_aliases(self, come: list[str], gone: list[str]) -> None:
        self.add_aliases(come)
        self.remove_aliases(gone)

    def _own_aliases(self) -> list[str]:
        found = self.store.aliases(self.project, self.name)
        return [alias for alias, number in found.items() if number == self.number]

    def add_aliases(self, aliases: Iterable[str]) -> None:
        """Make names mean this version; they stop meaning another. ``latest`` is accepted and does nothing.

        Raises:
            UsageError: one is reserved or no name.
            NotFoundError: the version was deleted.

        """
        names = check_aliases(aliases)
        if names and self.store.records(self.project, self.name).is_deleted(self.number):
            raise NotFoundError("the version was deleted, so that no alias can lead to it", place=self.qualified_name)
        self.append_aliases(names)

    def append_aliases(self, names: Iterable[str]) -> None:
        """Make names mean this version, as `add_aliases` does for whoever has just made or found it."""
        for alias in names:
            log = layout.alias_log(self.project, self.name, alias)
            logs.say(self.store.backend, log, "alias", self.number)

    def remove_aliases(self, aliases: Iterable[str]) -> None:
        """Take names away from this version; those that mean another version, or none, are left alone."""
        self.store.records(self.project, self.name).unname(self.number, check_aliases(aliases, new=False))

    @property
    def tags(self) -> list[str]:
        """The tags, sorted; such as are put into the list, or taken out of it, are added or removed at once."""
        return self._tags()

    @tags.setter
    def tags(self, names: Iterable[str]) -> None:
        check_list(names, "tags")
        self._tags().become(names)

    def _tags(self) -> SaidNames:
        return SaidNames(logs.value(self.store.backend, self._log("tags"), "tags") or [], self._say_tags)

    def _say_tags(self, come: list[str], gone: list[str]) -> None:
        self.add_tags(come)
        self.remove_tags(gone)

    def add_tags(self, tags: Iterable[str]) -> None:
        """Add tags.

        Raises:
            UsageError: one is not words of letters, digits, ``_`` and ``-``, separated by blanks.

        """
        wanted = check_tags(tags)
        if wanted:
            self._change_tags(lambda now: now | set(wanted))

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags; those that it does not have are left alone."""
        check_list(tags, "tags")
        gone = set(tags)
        self._change_tags(lambda now: now - gone)

    def _change_tags(self, change: Any) -> None:
        logs.append(
            self.store.backend,
            self._log("tags"),
            "tags",
            lambda now: sorted(change(set(now.value) if now is not None else set())),
        )

    def delete(self, delete_aliases: bool = False) -> None:
        """Delete the version: its name stops being found; its objects are collected after the grace period.

        Raises:
            ConflictError: aliases mean it, and `delete_aliases` is False.

        """
        named = self._own_aliases()
        if named and not delete_aliases:
            raise ConflictError(
                f"{self.qualified_name} has the aliases {', '.join(named)}: remove them, or delete them"
                " too (delete_aliases=True, --aliases)"
            )
        self.remove_aliases(named)
        self.store.records(self.project, self.name).say_deleted(self.number, deleted=True)

    @property
    def is_deleted(self) -> bool:
        """Whether it was deleted."""
        return self.store.records(self.project, self.name).is_deleted(self.number)

    # Lineage.

    def record_run(self, run: str, how: str, inputs: Iterable[str] = ()) -> None:
        """Record that a run (``project/id``) ``logged`` or ``used`` this version; once is enough (LINEAGE-1)."""
        if how == "logged" and self.record.run == run:
            return
        wanted = {"run": run, "how": how, "inputs": sorted(set(inputs))}
        backend, log = self.store.backend, self._log("lineage")
        newest = logs.newest(backend, log)
        recent = range(max(0, newest - _RECENT + 1), newest + 1)
        if not any(logs.read(backend, log, "lineage", number).value == wanted for number in recent):
            logs.append(backend, log, "lineage", lambda _: wanted)

    def logged_by(self) -> str | None:
        """Return the run that made it, as ``project/id``; None if none did."""
        return self.record.run

    def all_loggers(self) -> list[str]:
        """Return every run that logged this content, the one that made it first."""
        first = [] if self.record.run is None else [self.record.run]
        return list(dict.fromkeys([*first, *(run for run, how, _ in self._lineage() if how == "logged")]))

    def used_by(self) -> list[str]:
        """Return the runs that used it, as ``project/id``, the first first."""
        return list(dict.fromkeys(run for run, how, _ in self._lineage() if how == "used"))

    def parents(self) -> list[str]:
        """Return the versions that it was made from, as ``project/name:vN``: the draft's base, the runs' inputs."""
        base = [] if self.record.base is None else [f"{self.project}/{self.name}:v{self.record.base}"]
        later = [name for _, how, inputs in self._lineage() if how == "logged" for name in inputs]
        return list(dict.fromkeys([*base, *self.record.inputs, *later]))

    def lineage(self, direction: str = "both", depth: int | None = None) -> Lineage:
        """Return what it was made from and what was made of it, as a graph of versions and runs.

        Args:
            direction: ``up`` for what it was made from, ``down`` for what was made of it, ``both``.
            depth: how many steps to follow, each from a version to a run or back; None for all.

        Raises:
            UsageError: `direction` or `depth` is none.

        """
        return lineage(self.store, self.qualified_name, direction, depth)

    def _lineage(self) -> list[tuple[str, str, list[str]]]:
        return said_later(self.store, self.record)
