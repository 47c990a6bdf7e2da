"""The history of a finished run as one object, so that a reader need not open a file for each second (RUN-4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from wbtable.format.digest import HISTORY, Descriptor
from wbtable.format.run_history import (
    WRITER_OPTIONS,
    conform,
    footer_metadata,
    merge_schemas,
    open_segment,
    read_segment,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbtable.format.schema import Schema
    from wbtable.runs.files import RunFiles
    from wbtable.storage.objects import ObjectStore

ROW_GROUP: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What compaction made.

    Attributes:
        segments: how many segments there were.
        history: the object that holds their rows; None where there was at most one segment.
        refs: every object that their cells name, and the history.

    """

    segments: int
    history: Descriptor | None
    refs: tuple[Descriptor, ...]


def compact(files: RunFiles, objects: ObjectStore) -> Compacted:
    """Write the rows of all segments, in order, as one object; the segments stay (RUN-4).

    Memory is bounded by one row group. Rows of one step are not merged here: a later segment may have more of it.
    """
    schemas: list[Schema] = []
    refs: dict[str, Descriptor] = {}
    count = 0
    for number, key, data in files.segments():
        _, schema, found = open_segment(data, key)
        count = number + 1
        schemas.append(schema)
        refs.update({str(ref.digest): ref for ref in found})
    if count <= 1:
        return Compacted(segments=count, history=None, refs=tuple(refs.values()))
    schema = merge_schemas(schemas)
    path = objects.backend.temporary()
    metadata = footer_metadata(schema, refs.values())
    try:
        with pq.ParquetWriter(path, schema.arrow().with_metadata(metadata), **WRITER_OPTIONS) as writer:
            for table in _groups(files, schema, count):
                writer.write_table(table.replace_schema_metadata(metadata), row_group_size=ROW_GROUP)
        history = objects.put_file(HISTORY, path)
    finally:
        path.unlink(missing_ok=True)
    return Compacted(segments=count, history=history, refs=(*refs.values(), history))


def _groups(files: RunFiles, schema: Schema, count: int) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    rows = 0
    for number, key, data in files.segments():
        if number >= count:
            break
        waiting.append(conform(read_segment(data, key), schema))
        rows += waiting[-1].num_rows
        if rows >= ROW_GROUP:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting)
