"""A version: immutable content, and the logs of what is said about it later (spec: 10-artifacts)."""

from __future__ import annotations

import datetime as dt
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wbtable.artifacts import logs, tables
from wbtable.artifacts.contents import Contents
from wbtable.artifacts.draft import SUFFIXES, Artifact
from wbtable.artifacts.names import check_aliases, check_tags, near
from wbtable.artifacts.reading import DOCUMENTS, Item, read_media
from wbtable.artifacts.staging import ttl_seconds
from wbtable.errors import ConflictError, NotFoundError
from wbtable.format import layout

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from wbtable.artifacts.diff import Diff
    from wbtable.artifacts.store import Store
    from wbtable.artifacts.verify import Report
    from wbtable.format.digest import Descriptor
    from wbtable.format.entry import Entry
    from wbtable.format.version_record import VersionRecord

_RECENT = 16


class Version:
    """One version of an artifact. Safe to use from several threads.

    Attributes:
        store: the store that it is in.
        record: the version record.

    """

    def __init__(self, store: Store, record: VersionRecord) -> None:
        """Show a record; nothing more is read yet."""
        self.store = store
        self.record = record

    def __repr__(self) -> str:
        """Show the qualified name."""
        return f"<Version {self.qualified_name} ({self.type}) in {self.store.url!r}>"

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same version of the same store."""
        if not isinstance(other, Version):
            return NotImplemented
        return (self.store.url, self.record.commit_id) == (other.store.url, other.record.commit_id)

    def __hash__(self) -> int:
        return hash(self.record.commit_id)

    # What the record says.

    @property
    def project(self) -> str:
        """The project's name."""
        return self.record.project

    @property
    def name(self) -> str:
        """The artifact's name."""
        return self.record.name

    @property
    def number(self) -> int:
        """The version's number."""
        return self.record.version

    @property
    def version(self) -> str:
        """``v`` and the number."""
        return f"v{self.record.version}"

    @property
    def qualified_name(self) -> str:
        """``project/name:vN``."""
        return f"{self.record.project}/{self.record.name}:v{self.record.version}"

    @property
    def type(self) -> str:
        """The artifact's type."""
        return self.record.type

    @property
    def metadata(self) -> dict[str, Any]:
        """The user's values, as they were given; a copy."""
        return dict(self.record.metadata)

    @property
    def created_at(self) -> dt.datetime:
        """When it was made, in UTC, by the writer's clock."""
        return self.record.created_at

    @property
    def digest(self) -> str:
        """The artifact digest, ``SHA-256:<64 hex>``."""
        return str(self.record.digest)

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

    # What it holds.

    @cached_property
    def contents(self) -> Contents:
        """The entries, read as they are asked for."""
        return Contents.open(self.store.objects, self.record.manifest)

    @property
    def size(self) -> int:
        """The bytes of everything in it, tables with their fragments and packs."""
        return self.contents.manifest.size

    @property
    def file_count(self) -> int:
        """How many entries there are."""
        return len(self.contents)

    def find(self, name: str) -> Entry | None:
        """Return the entry of a name with or without a table's suffix, or of a media value without its suffix."""
        for path in (name, *(name + suffix for suffix in SUFFIXES)):
            entry = self.contents.find(path)
            if entry is not None:
                return entry
        media = [e for e in self.contents.under(name + ".") if e.media is not None]
        media = [e for e in media if os.path.splitext(e.path)[0] == name]
        return media[0] if len(media) == 1 else None

    def find_descriptor(self, path: str) -> Descriptor | None:
        """Return the descriptor of the table or other document at a path, None if there is none."""
        entry = self.contents.find(path)
        return entry.descriptor() if entry is not None and entry.media_type in DOCUMENTS else None

    def __contains__(self, name: object) -> bool:
        """Whether there is an entry of this name, with or without a table's suffix."""
        return isinstance(name, str) and self.find(name) is not None

    def __getitem__(self, name: str) -> Any:
        """Return an object, see `get`.

        Raises:
            NotFoundError: there is none of this name; the message has names like it.

        """
        entry = self.find(name)
        if entry is None:
            raise self._missing(name)
        return self._object(entry)

    def get(self, name: str) -> Any:
        """Return the table, joined table, partitioned table or media value of a name; None if there is none.

        Nothing but documents is read until rows or bytes are asked for. A plain file comes as its `Item`.

        Raises:
            FormatError: what is stored is damaged.

        """
        entry = self.find(name)
        return None if entry is None else self._object(entry)

    def get_entry(self, name: str) -> Item:
        """Return the item of this name.

        Raises:
            NotFoundError: there is none; the message has names like it.

        """
        entry = self.find(name)
        if entry is None:
            raise self._missing(name)
        return Item.of_entry(entry, self)

    def files(self, names: list[str] | None = None) -> list[Item]:
        """Return every item, sorted by path; with `names`, those."""
        if names is not None:
            return [self.get_entry(name) for name in names]
        return [Item.of_entry(entry, self) for entry in self.contents]

    def _object(self, entry: Entry) -> Any:
        if entry.media is not None:
            return read_media(self.store.objects, entry)
        if entry.media_type in DOCUMENTS and entry.reference is None:
            return tables.open_entry(self, entry)
        return Item.of_entry(entry, self)

    def _missing(self, name: str) -> NotFoundError:
        known = [entry.path for entry in self.contents.manifest.entries]
        return NotFoundError(f"there is no {name!r}{near(name, known)}", place=self.qualified_name)

    # Copies and comparisons.

    def download(
        self,
        root: str | os.PathLike[str] | None = None,
        path_prefix: str | None = None,
        allow_missing_references: bool = False,
    ) -> Path:
        """Write the files below a directory, and return that directory; see `wbtable.artifacts.download`.

        Files that are right already are left as they are, so that a broken download goes on where it stopped.

        Args:
            root: the directory; None for ``./artifacts/<name>:vN``, or that below `WANDB_ARTIFACT_DIR`'s
                counterpart `WBTABLE_ARTIFACT_DIR`.
            path_prefix: only paths that begin so.
            allow_missing_references: leave out references whose content cannot be had.

        Raises:
            DigestMismatchError: stored bytes are damaged, or what a reference names has changed.
            NotFoundError: no path begins with `path_prefix`.

        """
        from wbtable.artifacts.download import download

        return download(self, root, path_prefix, allow_missing_references=allow_missing_references)

    def checkout(self, root: str | os.PathLike[str]) -> Path:
        """Make a directory hold exactly this version: what else is in it is deleted. Return the directory."""
        from wbtable.artifacts.download import checkout

        return checkout(self, root)

    def verify(self, root: str | os.PathLike[str] | None = None) -> Report:
        """Read every byte and check it: in the store, or with `root` in a download. Return a report."""
        from wbtable.artifacts.verify import verify_download, verify_version

        return verify_version(self) if root is None else verify_download(self, root)

    def diff(self, other: Version | str) -> Diff:
        """Return what `other` has added, removed and changed against this version."""
        from wbtable.artifacts.diff import diff

        return diff(self, self.store.artifact(other, project=self.project) if isinstance(other, str) else other)

    def new_draft(self) -> Artifact:
        """Return a draft with everything that this version has; only what changes is stored again."""
        return Artifact.from_version(self)

    # What is said of it later.

    @property
    def description(self) -> str | None:
        """Free text."""
        log = self._log("descriptions")
        number = logs.newest(self.store.backend, log)
        if number < 0:
            return self.record.description
        text: str | None = logs.read(self.store.backend, log, "description", number).value
        return text

    @description.setter
    def description(self, value: str | None) -> None:
        logs.append(self.store.backend, self._log("descriptions"), "description", lambda _: value)

    @property
    def aliases(self) -> list[str]:
        """The names that mean this version, ``latest`` among them if it is the newest; found by listing."""
        found = [
            alias for alias, number in self.store.aliases(self.project, self.name).items() if number == self.number
        ]
        newest = self.store.records(self.project, self.name).head()[0]
        return [*(["latest"] if newest == self.number else []), *found]

    def add_aliases(self, aliases: Iterable[str]) -> None:
        """Make names mean this version; they stop meaning another. ``latest`` is accepted and does nothing.

        Raises:
            UsageError: one is reserved or no name.

        """
        for alias in check_aliases(aliases):
            log = layout.alias_log(self.project, self.name, alias)
            logs.append(self.store.backend, log, "alias", lambda _: self.number)

    def remove_aliases(self, aliases: Iterable[str]) -> None:
        """Take names away from this version; those that mean another version, or none, are left alone."""
        for alias in check_aliases(aliases):
            log = layout.alias_log(self.project, self.name, alias)
            logs.append(
                self.store.backend,
                log,
                "alias",
                lambda now: None if now is None or now.value == self.number else now.value,
            )

    @property
    def tags(self) -> list[str]:
        """The tags, sorted."""
        return list(logs.value(self.store.backend, self._log("tags"), "tags") or [])

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
        gone = set(tags)
        self._change_tags(lambda now: now - gone)

    def _change_tags(self, change: Any) -> None:
        logs.append(
            self.store.backend,
            self._log("tags"),
            "tags",
            lambda now: sorted(change(set(now.value) if now is not None else set())),
        )

    @property
    def ttl(self) -> dt.timedelta | None:
        """How long after it was made the version may be collected; None for never."""
        seconds = logs.value(self.store.backend, self._log("ttl"), "ttl")
        return None if seconds is None else dt.timedelta(seconds=seconds)

    @ttl.setter
    def ttl(self, value: dt.timedelta | None) -> None:
        self.set_ttl_seconds(ttl_seconds(value))

    def set_ttl_seconds(self, seconds: int | None) -> None:
        """Set `ttl` in whole seconds."""
        logs.append(self.store.backend, self._log("ttl"), "ttl", lambda _: seconds)

    def delete(self, delete_aliases: bool = False) -> None:
        """Delete the version: its name stops being found; its objects are collected after the grace period.

        Raises:
            ConflictError: aliases mean it, and `delete_aliases` is False.

        """
        named = [alias for alias in self.aliases if alias != "latest"]
        if named and not delete_aliases:
            raise ConflictError(
                f"{self.qualified_name} has the aliases {', '.join(named)}: remove them, or delete_aliases=True"
            )
        self.remove_aliases(named)
        logs.append(self.store.backend, self._log("deletions"), "deletion", lambda _: True)

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

    def _lineage(self) -> list[tuple[str, str, list[str]]]:
        found = logs.entries(self.store.backend, self._log("lineage"), "lineage")
        return [(entry.value["run"], entry.value["how"], entry.value.get("inputs", [])) for entry in found]

    def _log(self, kind: str) -> str:
        return layout.version_log(self.project, self.name, kind, self.number)
