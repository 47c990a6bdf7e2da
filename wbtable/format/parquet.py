"""How one fragment is written (spec: 07, FRAG-n): the plan, the bytes, and the facts by which it is checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from wbtable.errors import UsageError
from wbtable.format.digest import Digest
from wbtable.format.encoding import LeafEncoding, leaf_encodings
from wbtable.format.fingerprint import canonical_size
from wbtable.format.types import has_media

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wbtable.format.encoding import Spread
    from wbtable.format.schema import Schema

__all__ = [
    "PLANNED_ROWS",
    "FragmentFacts",
    "FragmentPlan",
    "encode_fragment",
    "plan_fragments",
    "write_fragment",
]

PLANNED_ROWS: Final = 1 << 16
"""The rows of a table from which its fragments are planned (FRAG-2)."""

_MOST_ROWS: Final = 1 << 20
_MOST_BYTES: Final = 128 << 20
_GROUP_ROWS: Final = 1 << 16
_SMALL_GROUP_ROWS: Final = 1 << 12
_WIDE_ROW: Final = 1 << 10
_ZSTD_LEVEL: Final = 1
"""Level 3 makes scores and identifiers 1 % smaller in twice the time."""
_TRAILER: Final = 8
"""A Parquet file ends in the length of its metadata and the magic `PAR1`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentPlan:
    """How the fragments of a table are cut and encoded (FRAG-2..4).

    Attributes:
        fragment_rows: rows of each fragment but the last, a power of two up to 2**20.
        row_group_rows: rows of each row group but the last of a fragment; divides `fragment_rows`.
        leaves: how each leaf column is encoded; a leaf that is not listed is PLAIN.

    """

    fragment_rows: int
    row_group_rows: int
    leaves: tuple[LeafEncoding, ...] = ()

    def __post_init__(self) -> None:
        """Refuse cuts that do not fit in each other."""
        if not 1 <= self.row_group_rows <= self.fragment_rows <= _MOST_ROWS or self.fragment_rows % self.row_group_rows:
            msg = (
                f"expected row groups that divide fragments of at most {_MOST_ROWS} rows, "
                f"found {self.row_group_rows} and {self.fragment_rows}"
            )
            raise UsageError(msg)


def plan_fragments(schema: Schema, first_rows: pa.Table, spread: Spread = map) -> FragmentPlan:
    """Return how a table is cut and encoded: the same for the same schema and first rows, however they are chunked.

    Args:
        schema: the columns.
        first_rows: the table's first `PLANNED_ROWS` rows, all of a shorter table; more are not looked at.
        spread: calls a function for each column, as `map` does; see `leaf_encodings`.

    """
    seen = first_rows.slice(0, PLANNED_ROWS)
    size = sum(canonical_size(values, column.type) for values, column in zip(seen.columns, schema, strict=True))
    row_size = size / seen.num_rows if seen.num_rows else 0
    fragment_rows = _MOST_ROWS
    while fragment_rows > 1 and fragment_rows * row_size > _MOST_BYTES:
        fragment_rows //= 2
    small = row_size > _WIDE_ROW or any(has_media(column.type) for column in schema)
    return FragmentPlan(
        fragment_rows=fragment_rows,
        row_group_rows=min(fragment_rows, _SMALL_GROUP_ROWS if small else _GROUP_ROWS),
        leaves=leaf_encodings(seen, spread),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentFacts:
    """What the table manifest says of a fragment's file, so that readers can check it (FRAG-7).

    Attributes:
        rows: how many rows it holds.
        size: its bytes.
        digest: their SHA-256.
        xxh3: their XXH3-128, 32 hexadecimal characters.
        footer_length: bytes of the footer's metadata, without length and magic.
        footer_xxh3: XXH3-128 of those bytes.

    """

    rows: int
    size: int
    digest: Digest
    xxh3: str
    footer_length: int
    footer_xxh3: str


class HashingSink:
    """Passes bytes on and hashes them. Both hashes leave the interpreter's lock free, so fragments overlap."""

    def __init__(self, sink: BinaryIO) -> None:
        """Write to `sink` from its current position on."""
        self._sink = sink
        self._sha256 = hashlib.sha256()
        self._xxh3 = xxhash.xxh3_128()
        self._tail: list[bytes] | None = None
        self.size = 0
        self.closed = False

    def writable(self) -> bool:
        """Return True, as pyarrow asks."""
        return True

    def write(self, data: bytes) -> int:
        """Write and hash bytes."""
        self._sink.write(data)
        self._xxh3.update(data)
        self._sha256.update(data)
        self.size += len(data)
        if self._tail is not None:
            self._tail.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: the owner of the sink flushes it."""

    def close(self) -> None:
        """Do nothing: the owner of the sink closes it."""

    def keep_tail(self) -> None:
        """Keep what is written from now on: the page index and the footer."""
        self._tail = []

    def finish(self, rows: int) -> FragmentFacts:
        """Return the facts of what was written, a whole Parquet file."""
        length, footer_xxh3 = _footer(b"".join(self._tail or ()))
        return FragmentFacts(
            rows=rows,
            size=self.size,
            digest=Digest(self._sha256.hexdigest()),
            xxh3=self._xxh3.hexdigest(),
            footer_length=length,
            footer_xxh3=footer_xxh3,
        )


def write_fragment(
    rows: pa.Table | Sequence[pa.RecordBatch], schema: Schema, plan: FragmentPlan, sink: BinaryIO
) -> FragmentFacts:
    """Write consecutive rows of a table as one Parquet file (FRAG-1, FRAG-4..6).

    Args:
        rows: at most `plan.fragment_rows` of them, in the physical types of `schema`.
        schema: the columns.
        plan: how to encode them.
        sink: where the file goes; only its `write` is called.

    Raises:
        UsageError: there are no rows, or too many, or columns of other names or types.

    """
    table = _writable(rows, schema, plan)
    hashing = HashingSink(sink)
    with pq.ParquetWriter(hashing, table.schema, **_writer_options(plan)) as writer:
        writer.write_table(table, row_group_size=plan.row_group_rows)
        hashing.keep_tail()
    return hashing.finish(table.num_rows)


def encode_fragment(
    rows: pa.Table | Sequence[pa.RecordBatch], schema: Schema, plan: FragmentPlan
) -> tuple[bytes, FragmentFacts]:
    """Return few consecutive rows as one Parquet file: the bytes that `write_fragment` writes, and its facts.

    Nothing of Python's is called for each part of the file, of which a small one has many.
    """
    table = _writable(rows, schema, plan)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **_writer_options(plan)) as writer:
        writer.write_table(table, row_group_size=plan.row_group_rows)
    file: bytes = sink.getvalue().to_pybytes()
    length, footer_xxh3 = _footer(file)
    return file, FragmentFacts(
        rows=table.num_rows,
        size=len(file),
        digest=Digest.of(file),
        xxh3=xxhash.xxh3_128_hexdigest(file),
        footer_length=length,
        footer_xxh3=footer_xxh3,
    )


def _footer(tail: bytes) -> tuple[int, str]:
    """Return the length of the footer's metadata and their XXH3-128, by the end of a file."""
    length = int.from_bytes(tail[-_TRAILER:-4], "little")
    return length, xxhash.xxh3_128_hexdigest(tail[-_TRAILER - length : -_TRAILER])


def _writable(rows: pa.Table | Sequence[pa.RecordBatch], schema: Schema, plan: FragmentPlan) -> pa.Table:
    """Return the rows of a fragment as they are written.

    Raises:
        UsageError: see `write_fragment`.

    """
    physical = schema.arrow()
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches(rows, physical)
    if not 1 <= table.num_rows <= plan.fragment_rows:
        msg = f"expected 1 to {plan.fragment_rows} rows in a fragment, found {table.num_rows}"
        raise UsageError(msg)
    if not table.schema.equals(physical):
        expected, found = (which.to_string(show_schema_metadata=False) for which in (physical, table.schema))
        msg = f"expected columns {expected!r:.300}, found {found!r:.300}"
        raise UsageError(msg)
    return pa.Table.from_arrays(table.columns, schema=_written_schema(table))


def _written_schema(table: pa.Table) -> pa.Schema:
    """Return the schema with columns required that have no nulls: a fifth less to encode, and to decode (FRAG-1)."""
    return pa.schema(
        [
            pa.field(field.name, field.type, nullable=pa.types.is_nested(field.type) or bool(column.null_count))
            for field, column in zip(table.schema, table.columns, strict=True)
        ]
    )


def _writer_options(plan: FragmentPlan) -> dict[str, object]:
    encodings = {leaf.path: leaf.encoding for leaf in plan.leaves}
    compression = {leaf.path: "zstd" if leaf.compressed else "none" for leaf in plan.leaves}
    return {
        "version": "2.6",
        # Pages end at 1 MiB or with their row group; Arrow's default of 20,000 rows costs 15 % of the encoding.
        "max_rows_per_page": plan.row_group_rows,
        "data_page_version": "1.0",
        "use_dictionary": [path for path, found in encodings.items() if found == "DICTIONARY"] or False,
        "column_encoding": {path: found for path, found in encodings.items() if found != "DICTIONARY"} or None,
        "compression": compression or "zstd",
        "compression_level": {path: _ZSTD_LEVEL for path, codec in compression.items() if codec == "zstd"} or None,
        "write_statistics": True,
        "write_page_index": True,
        "write_page_checksum": True,
        "store_schema": True,
    }
