"""One fragment from rows to object: encoded, hashed and summarised by a job of its own (spec: 07-fragments)."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pyarrow.parquet as pq
import xxhash

from wbtable.format.digest import FRAGMENT, Descriptor, Digest
from wbtable.format.fingerprint import fingerprint
from wbtable.format.sketch import TableSketch, sketch_rows
from wbtable.format.table_manifest import ColumnChunk, Fragment

if TYPE_CHECKING:
    import pyarrow as pa

    from wbtable.format.schema import Schema
    from wbtable.storage.objects import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    rows: int
    file: Descriptor
    xxh3: str
    footer_length: int
    footer_xxh3: str
    columns: tuple[ColumnChunk, ...]
    sketch: TableSketch

    def fragment(self, containers: tuple[Descriptor, ...]) -> Fragment:
        return Fragment(
            file=self.file,
            rows=self.rows,
            xxh3=self.xxh3,
            footer_length=self.footer_length,
            footer_xxh3=self.footer_xxh3,
            columns=self.columns,
            containers=containers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentJob:
    objects: ObjectStore
    schema: Schema
    fragment_rows: int

    @classmethod
    def plan(cls, objects: ObjectStore, schema: Schema, first: pa.Table) -> Self:
        return cls(objects=objects, schema=schema, fragment_rows=1 << 20)

    def write(self, table: pa.Table, first_row: int) -> Written:
        sink = io.BytesIO()
        pq.write_table(
            table, sink, compression="zstd", write_page_index=True, write_page_checksum=True, row_group_size=65536
        )
        data = sink.getvalue()
        length = int.from_bytes(data[-8:-4], "little")
        sketch = sketch_rows(table, self.schema, first_row)
        return Written(
            rows=table.num_rows,
            file=self.objects.put(FRAGMENT, data),
            xxh3=xxhash.xxh3_128_hexdigest(data),
            footer_length=length,
            footer_xxh3=xxhash.xxh3_128_hexdigest(data[-8 - length : -8]),
            columns=tuple(
                ColumnChunk(nulls=array.null_count, fingerprint=fingerprint(array, column.type).hex())
                for array, column in zip(table.columns, self.schema, strict=True)
            ),
            sketch=sketch,
        )
