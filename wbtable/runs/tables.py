"""Artifacts of a run: tables that are logged by key, drafts that are logged by name (spec: 14-runs, RUN-6, RUN-10)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from wbtable.artifacts.commit import RunInfo, commit
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.local_files import absolute
from wbtable.artifacts.names import RUN_TABLE
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import AlreadyExistsError, NotFoundError, TypeMismatchError, UsageError
from wbtable.runs.console import warn, warn_once
from wbtable.runs.naming import table_artifact, table_entry
from wbtable.runs.spool import spool_root, write_note
from wbtable.tables.keys import check_primary_key
from wbtable.tables.save import widened
from wbtable.tables.source import ConcatSource, SliceSource
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wbtable.artifacts.version import Version
    from wbtable.tables.snapshot import TableSnapshot


TABLES: Final = "tables.jsonl"
"""The file beside a run's spool with a line for each table that waits in the local store there."""


@dataclass(slots=True)
class Before:
    """The rows that a run had logged under a key before a table of log_mode INCREMENTAL was logged there.

    Attributes:
        rows: how many there are; None until a version is looked at, as for the first table of a run that was resumed.

    """

    rows: int | None = 0


class Owner(Protocol):
    """What a job needs to know of its run."""

    @property
    def project(self) -> str:
        """The run's project."""

    @property
    def id(self) -> str:
        """The run's id."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The versions that the run used so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableJob:
    """A table that was logged under a key, as it was then.

    Attributes:
        owner: the run.
        key: the key.
        draft: holds the table's content.
        path: where in the draft the table is.
        rows: how many rows it has, None if that is not known without reading it.
        logged: of a table of log_mode INCREMENTAL, how many of its rows were logged before; None of others.
        snapshot: of such a table, its rows.
        before: of such a table, the rows that go before its own.

    """

    owner: Owner
    key: str
    draft: Artifact
    path: str
    rows: int | None
    logged: int | None = None
    snapshot: TableSnapshot | None = None
    before: Before = field(default_factory=Before)

    @classmethod
    def take(
        cls, owner: Owner, key: str, table: Any, *, again: bool, logged: int = 0, before: Before | None = None
    ) -> TableJob:
        """Take a table's content as it is now.

        Args:
            owner: the run.
            key: what it is logged under.
            table: a table, joined table or partitioned table.
            again: whether this very object was logged before.
            logged: how many rows it had then.
            before: the rows that go before its own; None for none.

        Raises:
            UsageError: it cannot be stored; the message says why.

        """
        mode = getattr(table, "log_mode", None)
        if again and mode == "IMMUTABLE":
            warn_once(
                f"run {owner.id}: the table {key!r} is IMMUTABLE and was logged before; it is stored again as it is"
                " now (log_mode='MUTABLE' says that this is meant)"
            )
        draft = Artifact(table_artifact(owner.id, key), type=RUN_TABLE)
        item = draft.add(table, table_entry(key))
        rows = len(table) if hasattr(table, "__len__") else None
        job = cls(owner=owner, key=key, draft=draft, path=item.path, rows=rows)
        if mode != "INCREMENTAL":
            return job
        return replace(job, logged=logged, snapshot=table.snapshot(), before=before or Before())

    def commit(self, store: Store) -> Version:
        """Commit it, or find that it is the newest version already."""
        return commit_artifact(self.owner, self._grown(store) or self.draft, store)

    def _grown(self, store: Store) -> Artifact | None:
        """Return a draft of the rows logged before and the new ones behind them; None if they are gone (RUN-11)."""
        if self.snapshot is None or self.logged is None or (not self.logged and self.before.rows == 0):
            return None
        try:
            stored = store.artifact(f"{self.owner.project}/{self.draft.name}:latest").get(self.path)
        except NotFoundError:
            self.before.rows = self.before.rows or 0
            return None
        first = self.before.rows
        if first is None:
            first = self.before.rows = self._rows_that_stay(stored)
        known = len(stored) - first
        if not self.logged <= known <= self.snapshot.num_rows or not first + known:
            return None
        added = SliceSource(self.snapshot.source, known, self.snapshot.num_rows - known)
        before = stored.snapshot().source
        rows = ConcatSource([before, added], widened(before.schema, self.snapshot.schema))
        if first and self.snapshot.primary_key is not None:
            try:
                check_primary_key(rows, self.snapshot.primary_key)
            except UsageError:  # a row of the earlier attempt has the same key
                self.before.rows = 0
                return None
        draft = Artifact(self.draft.name, type=RUN_TABLE)
        grown = Table.from_source(
            rows,
            log_mode="INCREMENTAL",
            primary_key=self.snapshot.primary_key,
            foreign_keys=self.snapshot.foreign_keys,
        )
        draft.add(grown, table_entry(self.key))
        return draft

    def _rows_that_stay(self, stored: Any) -> int:
        """Return how many rows of an earlier attempt go before those of this table: all, if it has such columns."""
        assert self.snapshot is not None
        schema = self.snapshot.schema
        if getattr(stored, "log_mode", None) != "INCREMENTAL" or stored.columns != schema.names:
            return 0
        try:
            widened(stored.snapshot().source.schema, schema)
        except TypeMismatchError:
            return 0
        return len(stored)

    def reference(self, version: Version) -> dict[str, Any]:
        """Return what history and summary say of it (RUN-10)."""
        out = {"_type": "table", "artifact": version.qualified_name, "path": self.path, "rows": self.rows}
        if self.logged is None or self.rows is None:
            return out
        first, last = (rows + (self.before.rows or 0) for rows in (self.logged, self.rows))
        return {**out, "rows": last, "increment": [first, last]}

    def rescue(self, url: str, step: int, moment: int) -> None:
        """Commit it to a local store beside the run's spool, for ``sync``, and say where that is.

        Args:
            url: the store that it is for.
            step: the row of the history that is to name it.
            moment: that row's time, in microseconds since 1970.

        """
        folder = spool_root(self.owner.project, self.owner.id)
        write_note(folder, url)
        root = folder / "store"
        try:
            root.parent.mkdir(parents=True, exist_ok=True)
            store = create_store(root)
        except AlreadyExistsError:
            store = Store(root)
        version = commit_artifact(self.owner, self.draft, store) if self.before.rows is None else self.commit(store)
        line = {"key": self.key, "step": step, "time": moment, "value": self.reference(version)}
        with (folder / TABLES).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        warn(f"run {self.owner.id}: the table {self.key!r} waits as {version.qualified_name} in {root}")


def commit_artifact(
    owner: Owner, draft: Artifact, store: Store, aliases: Iterable[str] = (), tags: Iterable[str] = ()
) -> Version:
    """Commit a draft for a run."""
    info = RunInfo(project=owner.project, id=owner.id, inputs=owner.inputs)
    return commit(store, draft, run=info, aliases=aliases, tags=tags)


def check_is(version: Version, kind: str | None) -> None:
    """Refuse a version of another type than the one that was asked for; None asks for none.

    Raises:
        UsageError: it is of another.

    """
    if kind is not None and version.type != kind:
        place = version.name if version.is_draft() else version.qualified_name
        raise UsageError(f"expected an artifact of type {kind!r}, found {version.type!r}", place=place)


def as_draft(given: Any, name: str | None, kind: str | None, run_id: str) -> Artifact:
    """Return the draft that ``log_artifact`` was given, or one made of a file or directory.

    Raises:
        UsageError: it is neither; a name or type was given that is not the draft's.
        NotFoundError: there is no such file.

    """
    if isinstance(given, Artifact):
        for what, asked, has in (("name", name, given.name), ("type", kind, given.type)):
            if asked is not None and asked != has:
                msg = f"the artifact's {what} is {has!r}, and {asked!r} was asked for: make it so when it is made"
                raise UsageError(msg)
        return given
    if not isinstance(given, (str, os.PathLike)):
        msg = f"expected an Artifact or the path of a file or directory, found {type(given).__name__}"
        raise UsageError(msg)
    path = Path(absolute(given))
    draft = Artifact(name or f"run-{run_id}-{path.resolve().name}", type=kind or "unspecified")
    if path.is_dir():
        draft.add_dir(path)
    else:
        draft.add_file(path)
    return draft
