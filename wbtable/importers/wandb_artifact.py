"""Artifacts of W&B into drafts of ours: tables and joins as such, everything else as files and references."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.names import check_aliases
from wbtable.errors import FormatError, NotFoundError, UsageError, WbtableError
from wbtable.importers.wandb_files import CLIENT, SERVER, ArtifactFiles, ManifestEntry
from wbtable.importers.wandb_table import ForeignKey, ReadTable, check_links, read_table, with_links
from wbtable.tables.joined import JoinedTable
from wbtable.tables.partitioned import PartitionedTable
from wbtable.tables.save import widened
from wbtable.tables.source import ConcatSource
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from wbtable.artifacts.version import Version
    from wbtable.importers.report import Report

TABLE, JOINED, PARTITIONED = ".table.json", ".joined-table.json", ".partitioned-table.json"
INCREMENTAL: Final = "wandb-run-incremental-table"
_INCREMENT = re.compile(r"(None|[0-9]{1,18})-([0-9]{1,18})\.(.+)\.table\.json", re.DOTALL)
_MAX_DOCUMENT: Final = 1 << 20
KEY: Final = "wandb"
"""Where in a version's metadata stands what W&B called it."""


@dataclass(slots=True, kw_only=True)
class WandbArtifact:
    """One version of an artifact of W&B.

    Attributes:
        source: what the report calls it.
        name: its name.
        type: its type.
        digest: the digest of its manifest.
        files: its manifest, and where its content is.
        project: its project, or None.
        description: its description, or None.
        metadata: the user's values.
        aliases: its aliases.
        tags: its tags.
        ttl: how long it is to be kept in seconds, or None.
        version: the version that W&B gave it, such as ``v3``; None if it never got one.
        client_id: the id by which others refer to it, or None.

    """

    source: str
    name: str
    type: str
    digest: str
    files: ArtifactFiles
    project: str | None = None
    description: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    aliases: Sequence[str] = ()
    tags: Sequence[str] = ()
    ttl: int | None = None
    version: str | None = None
    client_id: str | None = None

    @property
    def is_incremental(self) -> bool:
        """Whether it holds increments of one table."""
        return self.type == INCREMENTAL


class Builder:
    """Makes the draft of one artifact, entry by entry; what fails is reported and left out.

    Attributes:
        draft: what is made.
        missing: the paths that could not come over.

    """

    def __init__(
        self,
        artifact: WandbArtifact,
        report: Report,
        resolve: Callable[[str], tuple[Version, str] | None],
        *,
        name: str,
        kind: str,
        base: Version | None = None,
    ) -> None:
        """Start.

        Args:
            artifact: what it is made of.
            report: is added to.
            resolve: finds the version, and the path in it, that a reference to another W&B artifact means here.
            name: the artifact's name here.
            kind: its type here.
            base: of an incremental table the version before, behind whose rows these go.

        Raises:
            UsageError: the name or type is none, or the metadata cannot be stored.

        """
        self.draft = Artifact(name, type=kind, description=artifact.description or None, metadata=artifact.metadata)
        self.missing: list[str] = []
        self._artifact, self._report, self._resolve, self._base = artifact, report, resolve, base
        self._files = artifact.files
        self._tables: dict[str, ReadTable] = {}

    def build(self) -> Artifact:
        """Return the draft."""
        entries = [self._files.entries[path] for path in sorted(self._files.entries)]
        tables = [entry for entry in entries if entry.path.endswith(TABLE)]
        documents = [entry for entry in entries if entry.path.endswith((JOINED, PARTITIONED))]
        increments = [entry for entry in tables if self._artifact.is_incremental and _INCREMENT.fullmatch(entry.path)]
        for entry in tables:
            if entry not in increments:
                self._try("table", entry, self._add_table)
        if increments:
            self._try_increments(increments)
        self._link()
        for entry in documents:
            self._try("table", entry, self._add_document)
        done = {entry.path for entry in (*tables, *documents)}
        used = set(self._files.used)
        for entry in entries:
            if entry.path in done:
                continue
            if entry.path in used:
                self._report.add("media", self._place(entry.path), "imported", target="cells of the tables")
            elif entry.ref is not None:
                self._try("reference", entry, self._add_reference)
            else:
                self._try("file", entry, self._add_file)
        return self.draft

    def _place(self, path: str) -> str:
        return f"{self._artifact.source}:{path}"

    def _try(self, kind: str, entry: ManifestEntry, add: Callable[[ManifestEntry], None]) -> None:
        try:
            add(entry)
        except (WbtableError, OSError) as error:
            self.missing.append(entry.path)
            self._report.add(kind, self._place(entry.path), "failed", error=error)

    # Tables.

    def _add_table(self, entry: ManifestEntry) -> None:
        shared = None if entry.ref is None else self._resolve(entry.ref)
        if shared is not None:
            version, path = shared
            if version.find(path) is not None:
                self.draft.add_reference(version.get_entry(path), entry.path)
                target = f"{version.qualified_name}:{path}"
                self._report.add("table", self._place(entry.path), "imported", target=target)
                return
        found = read_table(self._files.find(entry.path), self._place(entry.path), self._files, self._report)
        self._tables[entry.path] = found
        self.draft.add(found.table, entry.path)
        self._report.add("table", self._place(entry.path), "imported", f"{len(found.table):,} rows", target=entry.path)

    def _link(self) -> None:
        """Say which columns are keys of, or links to rows of, other tables, now that all are there."""
        linked = {
            path for path, found in self._tables.items() if any(k.table_column is None for k in found.foreign_keys)
        }
        for path, found in list(self._tables.items()):
            links: dict[str, Table] = {}
            for key in found.foreign_keys:
                if key.table_column is None:
                    with self._plain_if_refused(path, key):
                        other = self._linked_to(key, linked)
                        check_links(found.table, key.column, other)
                        links[key.column] = other
            table = with_links(found.table, links) if links else found.table
            self._tables[path] = replace(found, table=table)
            for key in found.foreign_keys:
                if key.table_column is not None:
                    with self._plain_if_refused(path, key):
                        table.set_fk(key.column, self._linked_to(key), key.table_column)
            if found.foreign_keys:
                with self._plain_if_refused(path, found.foreign_keys[0]):
                    self.draft.add(table, path, overwrite=True)

    @contextlib.contextmanager
    def _plain_if_refused(self, path: str, key: ForeignKey) -> Iterator[None]:
        """Note of a column that cannot be linked that it has plain values."""
        try:
            yield
        except (WbtableError, OSError) as error:
            place = f"{self._place(path)}#{key.column}"
            self._report.add("column", place, "changed", f"its links are plain values here: {error}", error=error)

    def _linked_to(self, key: ForeignKey, refused: Collection[str] = ()) -> Table:
        """Return the table that a column leads to; one of another artifact is taken into this one for that.

        Raises:
            NotFoundError: it is not there, or one of those that are refused, which have links themselves.

        """
        path = key.table
        if path not in self._tables and path in self._files.entries and path in self.draft:
            found = read_table(self._files.find(path), self._place(path), self._files, self._report)
            self.draft.add(found.table, path, overwrite=True)
            self._tables[path] = found
        if path not in self._tables or path in refused:
            msg = f"the table {path!r:.120} is not in the artifact, or links to rows itself"
            raise NotFoundError(msg)
        return self._tables[path].table

    def _try_increments(self, entries: Sequence[ManifestEntry]) -> None:
        groups: dict[str, list[tuple[int, int, ManifestEntry]]] = {}
        for entry in entries:
            match = _INCREMENT.fullmatch(entry.path)
            if match is not None:
                number = 0 if match[1] == "None" else int(match[1])
                groups.setdefault(match[3], []).append((number, int(match[2]), entry))
        for key, found in groups.items():
            found.sort(key=lambda item: item[:2])
            try:
                self._add_increments(key, [entry for *_, entry in found])
            except (WbtableError, OSError) as error:
                self.missing += [entry.path for *_, entry in found]
                self._report.add("table", self._place(key), "failed", error=error)

    def _add_increments(self, key: str, entries: Sequence[ManifestEntry]) -> None:
        parts = []
        if self._base is not None and key in self._base:
            parts.append(self._base.get(key).snapshot().source)
        for entry in entries:
            place = self._place(entry.path)
            read = read_table(self._files.find(entry.path), place, self._files, self._report)
            parts.append(read.table.snapshot().source)
            self._report.add("table", place, "imported", f"{len(read.table):,} rows", target=key)
        schema = parts[0].schema
        for part in parts[1:]:
            schema = widened(schema, part.schema)
        table = Table.from_source(ConcatSource(parts, schema), log_mode="INCREMENTAL")
        self.draft.add(table, key)

    def _add_document(self, entry: ManifestEntry) -> None:
        value = _document(self._files.find(entry.path), entry.path)
        if entry.path.endswith(JOINED):
            self._add_joined(entry, value)
        else:
            self._add_partitioned(entry, value)
        self._report.add("table", self._place(entry.path), "imported", target=entry.path)

    def _add_joined(self, entry: ManifestEntry, value: dict[str, Any]) -> None:
        sides = [value.get("table1"), value.get("table2")]
        for side in sides:
            if not isinstance(side, str) or side not in self.draft:
                msg = f"its table {side!r:.120} is not in the artifact"
                raise NotFoundError(msg, place=entry.path)
        joined = JoinedTable(str(sides[0]), str(sides[1]), value.get("join_key"))
        for number, side in enumerate(sides):
            found = self._tables.get(str(side))
            wanted = [pair[number] for pair in joined.join_keys]
            absent = [name for name in wanted if found is not None and name not in found.table.columns]
            if absent:
                msg = f"the table {side!r:.120} has no column {absent[0]!r:.80} to join on"
                raise UsageError(msg, place=entry.path)
        self.draft.add(joined, entry.path)

    def _add_partitioned(self, entry: ManifestEntry, value: dict[str, Any]) -> None:
        folder = value.get("parts_path")
        if not isinstance(folder, str):
            msg = f"expected the path of its parts, found {folder!r:.80}"
            raise FormatError(msg, place=entry.path)
        prefix = folder.rstrip("/") + "/"
        parts = [found.table for path, found in self._tables.items() if path.startswith(prefix)]
        if not parts:
            msg = f"there is no table in {prefix!r:.120}"
            raise NotFoundError(msg, place=entry.path)
        PartitionedTable(parts)  # refuses parts whose columns have no common type
        self.draft.add(PartitionedTable(folder), entry.path)

    # Files.

    def _add_file(self, entry: ManifestEntry) -> None:
        self.draft.add_file(self._files.find(entry.path), entry.path)
        self._report.add("file", self._place(entry.path), "imported", target=entry.path)

    def _add_reference(self, entry: ManifestEntry) -> None:
        uri = entry.ref or ""
        place = self._place(entry.path)
        shared = self._resolve(uri)
        if shared is not None and shared[0].find(shared[1]) is not None:
            version, path = shared
            self.draft.add_reference(version.get_entry(path), entry.path)
            self._report.add("reference", place, "imported", target=f"{version.qualified_name}:{path}")
            return
        kept = uri.startswith((CLIENT, SERVER))
        try:
            self._add_file(entry)
        except NotFoundError:
            detail = "what it refers to is not among what is imported" if kept else "nothing was fetched"
        except (WbtableError, OSError) as error:
            detail = f"it could not be fetched: {error}"
        else:
            return
        try:
            self.draft.add_reference(uri, entry.path, checksum=False, etag=entry.etag, size=entry.size)
        except NotFoundError:
            self.draft.metadata.setdefault(KEY, {}).setdefault("references", {})[entry.path] = uri
            self._report.add("reference", place, "kept", f"it leads nowhere on this machine: {uri:.200}")
            return
        self._report.add("reference", place, "kept" if kept else "imported", detail, target=uri)


def _document(file: Path, place: str) -> dict[str, Any]:
    if file.stat().st_size > _MAX_DOCUMENT:
        msg = f"expected at most {_MAX_DOCUMENT:,} bytes"
        raise FormatError(msg, place=place)
    try:
        value = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        msg = f"expected JSON: {error}"
        raise FormatError(msg, place=place) from None
    if not isinstance(value, dict):
        msg = f"expected an object, found {type(value).__name__}"
        raise FormatError(msg, place=place)
    return value


def usable_aliases(aliases: Iterable[str], source: str, report: Report) -> list[str]:
    """Return the aliases that a version may have here; the others are reported."""
    out: list[str] = []
    for alias in aliases:
        try:
            out += check_aliases([alias])
        except UsageError as error:
            report.add("alias", f"{source}:{alias}", "failed", error=error)
    return out
