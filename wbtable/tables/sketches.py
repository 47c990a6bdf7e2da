"""The sketch of a table while rows are appended: kept in memory, written now and then (spec: 08, SUM-10)."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from wbtable.errors import FormatError
from wbtable.format.digest import SKETCH
from wbtable.format.sketch import TableSketch, sketch_rows
from wbtable.format.sketch_file import read_sketch as parse_sketch
from wbtable.format.sketch_file import write_sketch
from wbtable.format.summary import summaries
from wbtable.tables.reader import TableReader
from wbtable.tables.source import ConcatSource, SliceSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.fragment import Fragment
    from wbtable.format.schema import Schema
    from wbtable.format.table_manifest import TableManifest
    from wbtable.storage.objects import ObjectStore
    from wbtable.tables.source import Source

MOST_FRAGMENTS: Final = 16
"""How many fragments may lie behind the rows that a stored sketch is of (SUM-10)."""

MOST_ROWS: Final = 1 << 16
"""How many rows may (SUM-10)."""

_BATCH_ROWS: Final = 1 << 16
_KEPT: Final = 8

_guard = Lock()
_kept: deque[tuple[TableManifest, TableSketch]] = deque(maxlen=_KEPT)


def keep_sketch(manifest: TableManifest, sketch: TableSketch) -> None:
    """Remember the sketch of a table that is about to be stored: whoever appends to it need not read one."""
    with _guard:
        _kept.append((manifest, sketch))


def _kept_sketch(manifest: TableManifest) -> TableSketch | None:
    """Return the sketch of the most rows with which a table begins, as far as this process knows one."""
    with _guard:
        every = list(_kept)
    best: TableSketch | None = None
    # The last one first: who appends again and again appends to that.
    for part, sketch in reversed(every):
        if part is manifest:
            return sketch
        if (0 if best is None else best.rows) < part.rows <= manifest.rows and _begins(manifest, part):
            best = sketch
            if best.rows == manifest.rows:
                break
    return best


def _begins(whole: TableManifest, part: TableManifest) -> bool:
    """Whether a table is known to begin with all rows of another; objects say what they hold by their digests."""
    return (
        len(part.tail) <= len(whole.tail)
        and part.pages == whole.pages
        and all(a is b or a.file == b.file for a, b in zip(part.tail, whole.tail, strict=False))
        and part.schema == whole.schema
    )


def read_sketch(objects: ObjectStore, manifest: TableManifest, schema: Schema) -> TableSketch:
    """Return the sketch of a stored table for columns as wide or wider.

    Rows are read for it where those of the table are narrower, and those that the stored sketch is not of (SUM-10).

    Raises:
        FormatError: the stored sketch is not of the rows that the manifest says.

    """
    if not manifest.rows:
        return TableSketch.empty(schema)
    found: TableSketch | None = None
    if manifest.schema == schema:
        found = _kept_sketch(manifest)
        if found is None and manifest.sketch is not None:
            found = parse_sketch(objects.get(manifest.sketch), schema)
            expected = manifest.sketch_rows or manifest.rows
            if found.rows != expected:
                msg = f"expected a sketch of {expected} rows, found one of {found.rows}"
                raise FormatError(msg, place="sketch")
    found = found or TableSketch.empty(schema)
    if found.rows == manifest.rows:
        return found
    left = SliceSource(TableReader(objects, manifest), found.rows, manifest.rows - found.rows)
    return found.merge(sketch_of(left, schema, found.rows))


def sketch_of(source: Source, schema: Schema, first_row: int) -> TableSketch:
    """Return the sketch of all rows of a source, the first of which is row `first_row` of its table."""
    wide = ConcatSource([source], schema)
    sketch = TableSketch.empty(schema)
    for batch in wide.batches(None, _BATCH_ROWS):
        sketch = sketch.merge(sketch_rows(pa.Table.from_batches([batch]), schema, first_row))
        first_row += batch.num_rows
    return sketch


def sketched(
    objects: ObjectStore, sketch: TableSketch, base: TableManifest | None, tail: Sequence[Fragment]
) -> dict[str, Any]:
    """Return the fields of a manifest that follow from its sketch, which is stored if it must be (SUM-9, SUM-10).

    Args:
        objects: where to.
        sketch: of all rows.
        base: the table that was appended to.
        tail: the fragments behind the full pages.

    """
    fields: dict[str, Any] = {"summaries": summaries(sketch), "sketch": None, "sketch_rows": None}
    if not sketch.rows:
        return fields
    if base is not None and base.sketch is not None and base.schema == sketch.schema:
        covered = base.sketch_rows or base.rows
        if _is_near(covered, sketch.rows, tail):
            part = covered if covered < sketch.rows else None
            return fields | {"sketch": base.sketch, "sketch_rows": part}
    return fields | {"sketch": objects.put(SKETCH, write_sketch(sketch))}


def _is_near(covered: int, rows: int, tail: Sequence[Fragment]) -> bool:
    """Whether few rows, in few fragments, lie behind the first `covered` ones."""
    outside = rows - covered
    if outside > MOST_ROWS:
        return False
    last = sum(fragment.rows for fragment in tail[max(0, len(tail) - MOST_FRAGMENTS) :])
    return last >= outside
