"""What one version has that another has not (spec: 10-artifacts, DIFF-n)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from wbtable.artifacts.tables import read_manifest
from wbtable.format.digest import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wbtable.artifacts.contents import Contents
    from wbtable.artifacts.version_content import VersionContent
    from wbtable.format.digest import Digest
    from wbtable.format.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDiff:
    """What changed in a table, from the manifests alone.

    Attributes:
        path: its path.
        rows: its row counts, before and after.
        added: columns that came.
        removed: columns that went.
        retyped: columns of another type, with both types.

    """

    path: str
    rows: tuple[int, int]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()


@dataclass(slots=True)
class Diff:
    """What changed between two versions; paths are sorted.

    Attributes:
        added: paths that came.
        removed: paths that went.
        changed: paths with other content.
        tables: for each changed table, what changed in it.

    """

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    tables: list[TableDiff] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.added or self.removed or self.changed)


def diff(before: VersionContent, after: VersionContent) -> Diff:
    """Compare two versions: pages and entries with equal digests are not looked into (DIFF-1)."""
    out = Diff()
    if before.record.digest == after.record.digest:
        return out
    left, right = before.contents, after.contents
    for mine, theirs in _changes(left, right):
        if mine is None and theirs is not None:
            out.added.append(theirs.path)
        elif theirs is None and mine is not None:
            out.removed.append(mine.path)
        elif mine is not None and theirs is not None:
            out.changed.append(mine.path)
            if mine.media_type == theirs.media_type == TABLE and mine.reference is None and theirs.reference is None:
                out.tables.append(_table(left, right, mine, theirs))
    return out


_Line = tuple[str, bytes, "Callable[[], Entry]"]
"""The path of an entry, its line in the artifact digest, and what makes the entry."""


def _changes(left: Contents, right: Contents) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Yield the entries that differ side by side, sorted by path; only those are made (DIFF-1)."""
    same = {page.digest for page in left.manifest.pages} & {page.digest for page in right.manifest.pages}
    ours, theirs = _lines(left, same), _lines(right, same)
    mine, other = next(ours, None), next(theirs, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and mine[0] < other[0]):
            assert mine is not None
            yield mine[2](), None
            mine = next(ours, None)
        elif mine is None or other[0] < mine[0]:
            yield None, other[2]()
            other = next(theirs, None)
        else:
            if mine[1] != other[1]:
                yield mine[2](), other[2]()
            mine, other = next(ours, None), next(theirs, None)


def _lines(contents: Contents, skipped: set[Digest]) -> Iterator[_Line]:
    for entry in contents.manifest.entries:
        yield entry.path, entry.line, partial(_itself, entry)
    for number, page in enumerate(contents.manifest.pages):
        if page.digest not in skipped:
            rows = contents.page(number)
            for row, path in enumerate(rows.paths):
                yield path, rows.line(row), partial(rows.entry, row)


def _itself(entry: Entry) -> Entry:
    return entry


def _table(left: Contents, right: Contents, mine: Entry, theirs: Entry) -> TableDiff:
    before, after = read_manifest(left.objects, mine), read_manifest(right.objects, theirs)
    old = {column.name: column.type for column in before.schema}
    new = {column.name: column.type for column in after.schema}
    return TableDiff(
        path=mine.path,
        rows=(before.rows, after.rows),
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        retyped=tuple((n, str(old[n]), str(new[n])) for n in old if n in new and old[n] != new[n]),
    )
