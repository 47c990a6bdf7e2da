"""How one fragment is written (spec: 07, FRAG-n): the plan, the bytes, and the facts by which it is checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import TYPE_CHECKING, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from wbtable.errors import UsageError
from wbtable.format.digest import Digest
from wbtable.format.encoding import LeafEncoding, leaf_encodings
from wbtable.format.fingerprint import canonical_size, fingerprint
from wbtable.format.sketch import TableSketch, sketch_rows
from wbtable.format.types import has_media

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from wbtable.format.schema import Schema

__all__ = [
    "PLANNED_ROWS",
    "FragmentFacts",
    "FragmentPlan",
    "FragmentResult",
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


def plan_fragments(schema: Schema, first_rows: pa.Table) -> FragmentPlan:
    """Return how a table is cut and encoded: the same for the same schema and first rows, however they are chunked.

    Args:
        schema: the columns.
        first_rows: the table's first `PLANNED_ROWS` rows, all of a shorter table; more are not looked at.

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
        leaves=leaf_encodings(seen),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentResult:
    """All that is known of a fragment when it was written.

    Attributes:
        facts: of its file.
        fingerprints: of its columns, 32 hexadecimal characters each (FP-1).
        sketch: of its rows; `sketch.columns[i].extremes` has nulls, min and max for the manifest.

    """

    facts: FragmentFacts
    fingerprints: tuple[str, ...]
    sketch: TableSketch


class HashingSink:
    """Passes bytes on, and hashes them: XXH3 at once, SHA-256, which is eight times slower, on a thread of its own."""

    _PIECE = 1 << 16
    _AHEAD = 32

    def __init__(self, sink: BinaryIO) -> None:
        """Write to `sink` from its current position on."""
        self._sink = sink
        self._sha256 = hashlib.sha256()
        self._xxh3 = xxhash.xxh3_128()
        self._small: list[bytes] = []
        self._small_size = 0
        self._tail: list[bytes] | None = None
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._room = Semaphore(self._AHEAD)  # bounds what waits for SHA-256
        self._thread: Thread | None = None
        self.size = 0
        self.closed = False

    def writable(self) -> bool:
        """Return True, as pyarrow asks."""
        return True

    def write(self, data: bytes) -> int:
        """Write and hash bytes."""
        self._sink.write(data)
        kept = bytes(data)  # no copy: pyarrow gives bytes
        self.size += len(kept)
        if self._tail is not None:
            self._tail.append(kept)
        self._small.append(kept)
        self._small_size += len(kept)
        if self._small_size >= self._PIECE:
            self._send()
        return len(kept)

    def flush(self) -> None:
        """Do nothing: the owner of the sink flushes it."""

    def close(self) -> None:
        """Do nothing: the owner of the sink closes it."""

    def keep_tail(self) -> None:
        """Keep what is written from now on: the page index and the footer."""
        self._tail = []

    def _send(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._hash, name="wbtable-sha256", daemon=True)
            self._thread.start()
        for piece in self._joined():
            self._xxh3.update(piece)
            self._room.acquire()
            self._queue.put(piece)

    def _joined(self) -> list[bytes]:
        """Return what waits to be hashed: pages as they are, headers before them in one piece."""
        small, self._small, self._small_size = self._small, [], 0
        return [b"".join(small[:-1]), *small[-1:]] if len(small) > 1 else small

    def _hash(self) -> None:
        while (piece := self._queue.get()) is not None:
            self._sha256.update(piece)
            self._room.release()

    def stop(self) -> None:
        """End the thread; nothing can be written or finished any more."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def finish(self, rows: int) -> FragmentFacts:
        """Return the facts of what was written, a whole Parquet file."""
        self.stop()
        for piece in self._joined():
            self._sha256.update(piece)
            self._xxh3.update(piece)
        tail = b"".join(self._tail or ())
        length = int.from_bytes(tail[-_TRAILER:-4], "little")
        footer = tail[-_TRAILER - length : -_TRAILER]
        return FragmentFacts(
            rows=rows,
            size=self.size,
            digest=Digest(self._sha256.hexdigest()),
            xxh3=self._xxh3.hexdigest(),
            footer_length=length,
            footer_xxh3=xxhash.xxh3_128_hexdigest(footer),
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
    physical = schema.arrow()
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_batches(rows, physical)
    if not 1 <= table.num_rows <= plan.fragment_rows:
        msg = f"expected 1 to {plan.fragment_rows} rows in a fragment, found {table.num_rows}"
        raise UsageError(msg)
    if not table.schema.equals(physical):
        expected, found = (which.to_string(show_schema_metadata=False) for which in (physical, table.schema))
        msg = f"expected columns {expected!r:.300}, found {found!r:.300}"
        raise UsageError(msg)
    table = pa.Table.from_arrays(table.columns, schema=_written_schema(table))
    hashing = HashingSink(sink)
    try:
        with pq.ParquetWriter(hashing, table.schema, **_writer_options(plan)) as writer:
            writer.write_table(table, row_group_size=plan.row_group_rows)
            hashing.keep_tail()
        return hashing.finish(table.num_rows)
    finally:
        hashing.stop()


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


def encode_fragment(
    rows: pa.Table,
    schema: Schema,
    plan: FragmentPlan,
    first_row: int,
    sink: BinaryIO,
    *,
    beside: Executor | None = None,
) -> FragmentResult:
    """Write a fragment, and fingerprint and sketch its columns. Threads may do several fragments at once.

    Args:
        rows: see `write_fragment`.
        schema: see `write_fragment`.
        plan: see `write_fragment`.
        first_row: the position in the table of the first of the rows.
        sink: see `write_fragment`.
        beside: sketches the rows while they are encoded; None: they are sketched afterwards. One of a single thread,
            shared by all fragments that are being written, is best: sketching is many short calls of numpy, and two
            threads of it spend their time waiting for the interpreter's lock, while encoding leaves that lock free.

    Raises:
        UsageError: see `write_fragment`.

    """
    sketch = beside.submit(sketch_rows, rows, schema, first_row) if beside is not None else None
    facts = write_fragment(rows, schema, plan, sink)
    return FragmentResult(
        facts=facts,
        fingerprints=tuple(
            fingerprint(values, column.type).hex() for values, column in zip(rows.columns, schema, strict=True)
        ),
        sketch=sketch_rows(rows, schema, first_row) if sketch is None else sketch.result(),
    )
