"""Tables into a store: written whole, or behind the rows that are there already (spec: 05-tables)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.digest import TABLE, Descriptor
from wbtable.format.features import check_writable
from wbtable.format.schema import Schema
from wbtable.format.table_manifest import PAGE_FRAGMENTS, TableManifest
from wbtable.format.types import unify
from wbtable.tables.keys import check_primary_key
from wbtable.tables.reader import TableReader
from wbtable.tables.sketches import keep_sketch, read_sketch, sketch_of, sketched
from wbtable.tables.source import ConcatSource, SliceSource, Source
from wbtable.tables.stored_type import may_stay
from wbtable.tables.writer import TableBuilder, put_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.fragment import Fragment
    from wbtable.format.table_manifest import ForeignKey
    from wbtable.storage.objects import ObjectStore
    from wbtable.tables.snapshot import TableSnapshot
    from wbtable.tables.writer import Known


def write_source(
    source: Source | TableSnapshot,
    objects: ObjectStore,
    *,
    known: Known | None = None,
    foreign_keys: Sequence[ForeignKey] = (),
    schema: Schema | None = None,
) -> tuple[Descriptor, TableManifest]:
    """Write the rows of a source, or of a snapshot of a table, into a store.

    Rows that were read from a table of the same store, and are still in front, are not written again: their fragments
    are named again, unless a column is wider now (TABLE-10).

    Args:
        source: the rows.
        objects: where to.
        known: says where a blob is already.
        foreign_keys: those of the manifest, their tables named by path.
        schema: the source's columns with links named by path; default: its own.

    Returns:
        The descriptor of the manifest, and the manifest.

    Raises:
        WbtableError: a value cannot be stored, or the store fails; no manifest is written.
        UnsupportedError: the rows in front are of a table with a writer feature that is unknown here.

    """
    rows = cast("Source", getattr(source, "source", source) if hasattr(source, "log_mode") else source)
    want = schema or rows.schema
    key = getattr(source, "primary_key", None)
    if key is not None:  # rows may have come behind those that were checked (TABLE-8)
        check_primary_key(rows, key)
    stored, rest = _split(rows, objects)
    base = before = None if stored is None else stored.manifest
    if before is not None:
        check_writable(before.extra, "table manifest")
    if base is not None and not _grows_to(base.schema, want):
        base, rest = None, [rows]
    sketch = None if base is None else read_sketch(objects, base, want)
    with TableBuilder(objects, want, known=known, base=base, sketch=sketch) as builder:
        for part in rest:
            builder.add_source(part)
        manifest = builder.finish(
            log_mode=getattr(source, "log_mode", "IMMUTABLE"),
            primary_key=key,
            foreign_keys=foreign_keys,
            extra=None if before is None else before.extra,
        )
    return objects.put_encoded(TABLE, manifest.encode(), manifest.refs), manifest


def merge_appends(
    objects: ObjectStore, base: TableManifest, newest: TableManifest, ours: TableManifest
) -> tuple[Descriptor, TableManifest] | None:
    """Return the table with the rows that both sides put behind the base's, the newest's first (COMMIT-3).

    No row is read or written again: the fragment lists are joined. None if one side did more than append, or
    if both brought a row of the same key.

    Raises:
        TypeMismatchError: the columns of the two do not widen.

    """
    check_writable(newest.extra, "table manifest")
    before = _fragments(objects, base)
    theirs, mine = _fragments(objects, newest), _fragments(objects, ours)
    if theirs[: len(before)] != before or mine[: len(before)] != before:
        return None
    same = (newest.log_mode, newest.primary_key, newest.foreign_keys)
    if (ours.log_mode, ours.primary_key, ours.foreign_keys) != same or newest.schema != ours.schema:
        return None
    added = mine[len(before) :]
    rows = sum(fragment.rows for fragment in added)
    source = TableReader(objects, ours)
    if newest.primary_key is not None:
        both = ConcatSource([TableReader(objects, newest), SliceSource(source, base.rows, rows)], newest.schema)
        try:
            check_primary_key(both, newest.primary_key)
        except UsageError:
            return None
    sketch = read_sketch(objects, newest, newest.schema)
    sketch = sketch.merge(sketch_of(SliceSource(source, base.rows, rows), newest.schema, newest.rows))
    pages, tail = list(newest.pages), [*newest.tail, *added]
    while len(tail) >= PAGE_FRAGMENTS:
        pages.append(put_page(objects, tail[:PAGE_FRAGMENTS]))
        del tail[:PAGE_FRAGMENTS]
    manifest = replace(
        newest, rows=newest.rows + rows, pages=tuple(pages), tail=tuple(tail), **sketched(objects, sketch, newest, tail)
    )
    keep_sketch(manifest, sketch)
    return objects.put_encoded(TABLE, manifest.encode(), manifest.refs), manifest


def _split(rows: Source, objects: ObjectStore) -> tuple[TableReader | None, list[Source]]:
    """Return the stored table of the same store with which `rows` begin, if they do, and the parts behind it."""
    parts = list(rows.parts) if isinstance(rows, ConcatSource) else [rows]
    first = parts[0] if parts else None
    if isinstance(first, ConcatSource):
        stored, rest = _split(first, objects)
        return stored, [*rest, *parts[1:]]
    if isinstance(first, TableReader) and objects.is_same(first.objects):
        return first, parts[1:]
    return None, parts


def _grows_to(before: Schema, after: Schema) -> bool:
    """Whether the columns of `after` are those of `before` and maybe more, and their fragments can stay (TABLE-10)."""
    try:
        grows = widened(before, after) == after and after.names[: len(before)] == before.names
    except TypeMismatchError:
        return False
    return grows and all(may_stay(column.type, after[column.name]) for column in before)


def _fragments(objects: ObjectStore, manifest: TableManifest) -> list[Fragment]:
    return list(TableReader(objects, manifest).fragments)


def widened(left: Schema, right: Schema) -> Schema:
    """Return the columns of both, their types widened, those of `left` first.

    Raises:
        TypeMismatchError: two of one name do not widen; the message names the column.

    """
    out = {column.name: column.type for column in left}
    for column in right:
        try:
            out[column.name] = unify(out[column.name], column.type) if column.name in out else column.type
        except TypeMismatchError as error:
            raise TypeMismatchError(str(error), place=f'column "{column.name}"') from None
    return Schema.of(out.items())
