"""Rows in, a table manifest out: blobs to packs, rows to fragments, both on threads (spec: 05-tables, 07-fragments)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import pyarrow as pa

from wbtable.errors import UsageError
from wbtable.format.digest import FRAGMENT_PAGE, Descriptor, Digest
from wbtable.format.sketch import TableSketch
from wbtable.format.table_manifest import PAGE_FRAGMENTS, PageEntry, TableManifest, encode_page, page_content_digest
from wbtable.format.types import has_media
from wbtable.storage.packs import PackWriter
from wbtable.storage.pool import Pool
from wbtable.storage.workers import CORES, end_after
from wbtable.tables.conform import conform_batch
from wbtable.tables.first_rows import FirstRows
from wbtable.tables.fragment_job import FragmentJob, Making, Written
from wbtable.tables.relocate import Relocator
from wbtable.tables.sketches import keep_sketch, sketched
from wbtable.tables.source import ArrowSource, ConcatSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from wbtable.format.documents import Json
    from wbtable.format.fragment import Fragment
    from wbtable.format.schema import Schema
    from wbtable.format.table_manifest import ForeignKey
    from wbtable.media.base import BlobReader
    from wbtable.storage.objects import ObjectStore
    from wbtable.storage.packs import FileLocation
    from wbtable.tables.source import Source

    Known = Callable[[Digest], FileLocation | None]

BATCH_ROWS = 65_536
_PLAN_ROWS = 65_536
_FEW_ROWS = 4096
_FEW_BYTES = 1 << 20
_MOST_WAITING = 1 << 20
"""Rows that may wait for their pack to be closed before it is closed early."""


@dataclass(slots=True)
class _Waiting:
    batch: pa.RecordBatch
    highest: int


@dataclass(slots=True)
class _Open:
    """The fragment that is being gathered."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0
    uris: set[str] = field(default_factory=set)


class TableBuilder:
    """Writes one table into a store, batch by batch, in bounded memory.

    Not for several threads. Use as a context manager: what was not finished is aborted, and leaves no manifest.
    """

    def __init__(
        self,
        objects: ObjectStore,
        schema: Schema,
        *,
        known: Known | None = None,
        base: TableManifest | None = None,
        sketch: TableSketch | None = None,
    ) -> None:
        """Start a table.

        Args:
            objects: where it goes.
            schema: its columns.
            known: says where a blob is already.
            base: the table behind whose rows these go; its columns are `schema`'s, or narrower.
            sketch: that table's sketch.

        """
        self.schema = schema
        self._objects = objects
        self._base = base
        self._sketch = sketch
        self._packs = PackWriter(objects, known)
        self._relocator = Relocator(objects, self._packs, schema)
        self._media = any(has_media(column.type) for column in schema)
        self._waiting: deque[_Waiting] = deque()
        self._waiting_rows = 0
        self._open = _Open()
        self._first = FirstRows()
        self._job: FragmentJob | None = None
        self._first_row = 0 if base is None else base.rows
        self._jobs: list[Making] = []
        self._written: list[Written] = []
        self._containers: list[tuple[Descriptor, ...]] = []
        self._pool: Pool | None = None
        self._sync: Pool | None = None
        self._closed = False
        self._closing = False

    def __enter__(self) -> Self:
        """Return the builder."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Abort what was not finished."""
        end_after(kind, getattr(self._objects.backend, "is_distant", False), self.abort)

    def add(self, batch: pa.RecordBatch, blobs: BlobReader, *, kept: bool = False) -> None:
        """Add rows in physical form.

        Args:
            batch: columns exactly as ``schema.arrow()``.
            blobs: reads what its media cells name.
            kept: whether the caller keeps the rows in memory, so that a copy on disk would spare nothing.

        Raises:
            UsageError: the builder is closed.
            StorageError: something cannot be written; the builder can only be aborted.

        """
        if self._closed:
            msg = "this table is finished"
            raise UsageError(msg)
        if not batch.num_rows:
            return
        if not self._media:
            self._gather(batch, frozenset(), kept=kept)
            return
        moved, highest = self._relocator.move(batch, blobs)
        self._waiting.append(_Waiting(moved, highest))
        self._waiting_rows += moved.num_rows
        if self._waiting_rows > _MOST_WAITING:
            self._packs.cut()
        self._release()

    def add_source(self, source: Source) -> None:
        """Add all rows of a source, whose columns are the builder's, or narrower."""
        for batch, blobs, kept in _stream(source, self.schema):
            self.add(batch, blobs, kept=kept)

    def _release(self) -> None:
        """Pass on the rows whose packs have names."""
        while self._waiting and self._relocator.is_ready(self._waiting[0].highest):
            first = self._waiting.popleft()
            self._waiting_rows -= first.batch.num_rows
            batch, uris = self._relocator.resolve(first.batch)
            self._gather(batch, uris)

    def _gather(self, batch: pa.RecordBatch, uris: set[str] | frozenset[str], *, kept: bool = False) -> None:
        while batch.num_rows:
            limit = _PLAN_ROWS if self._job is None else self._job.fragment_rows
            part = batch.slice(0, limit - self._open.rows)
            batch = batch.slice(part.num_rows)
            self._open.batches.append(part)
            self._open.rows += part.num_rows
            self._open.uris |= uris
            if self._job is None and not kept:
                self._first.held(self._open.batches)
            if self._open.rows < limit:
                return
            if self._job is None:
                self._plan()
            while self._job is not None and self._open.rows >= self._job.fragment_rows:
                self._submit(self._job.fragment_rows)

    def _plan(self) -> None:
        """Decide cuts and encodings from the first rows, which are all there now (FRAG-2)."""
        table = pa.Table.from_batches(self._open.batches, self.schema.arrow())
        self._job = FragmentJob.plan(self._objects, self.schema, table)

    def _submit(self, rows: int) -> None:
        job = self._job
        if job is None:
            return
        table = pa.Table.from_batches(self._open.batches, self.schema.arrow())
        part, rest = table.slice(0, rows), table.slice(rows)
        # Where the rest begins in the middle of a batch, its containers cannot be told apart: both parts list them.
        uris = self._open.uris
        self._containers.append(tuple(self._relocator.containers[uri] for uri in sorted(uris)))
        self._open = _Open(
            batches=rest.to_batches() if rest.num_rows else [],
            rows=rest.num_rows,
            uris=set(uris) if rest.num_rows else set(),
        )
        while len(self._jobs) - len(self._written) > max(2, CORES):
            self._written.append(self._jobs[len(self._written)].result())
        first = self._first_row
        self._first_row += rows
        if self._is_small(part):
            self._written.append(job.make(part, first, self._sketch or TableSketch.empty(self.schema)))
            self._sketch = None  # that of the only fragment is of the base's rows too
            return
        if self._pool is None or self._sync is None:
            self._pool = Pool(max(2, CORES), thread_name_prefix="wbtable-fragment")
            self._sync = Pool(1, thread_name_prefix="wbtable-fragment-sync")
        self._jobs.append(job.start(part, first, work=self._pool, sync=self._sync))

    def _is_small(self, part: pa.Table) -> bool:
        """Whether a fragment is the only one, of so few rows that threads would take longer to start."""
        alone = self._closing and not self._jobs and not self._open.rows
        return alone and part.num_rows < _FEW_ROWS and part.nbytes < _FEW_BYTES

    def finish(
        self,
        *,
        log_mode: str = "IMMUTABLE",
        primary_key: str | None = None,
        foreign_keys: Sequence[ForeignKey] = (),
        extra: Json | None = None,
    ) -> TableManifest:
        """Write what is left; return the manifest, which the caller stores.

        Args:
            log_mode: what logging the table again does.
            primary_key: the column whose values name rows.
            foreign_keys: columns that name rows of other tables.
            extra: fields of newer writers, of the manifest that this one follows (DOC-5); default: the base's.

        Raises:
            StorageError: something cannot be written.

        """
        self._packs.cut()
        self._release()
        self._closing = True
        if self._open.rows:
            if self._job is None:
                self._plan()
            while self._job is not None and self._open.rows:
                self._submit(min(self._open.rows, self._job.fragment_rows))
        # The last packs are synced while the last fragments are encoded: both are durable before a manifest names them.
        self._packs.seal()
        # A sketch takes less time than encoding: that of a whole new table is stored meanwhile.
        sketch = self._merged_sketch()
        stored = sketched(self._objects, sketch, None, ()) if self._base is None else None
        while len(self._written) < len(self._jobs):
            self._written.append(self._jobs[len(self._written)].result())
        self._close()
        base = self._base
        pages = list(base.pages) if base is not None else []
        tail = list(base.tail) if base is not None else []
        rows = base.rows if base is not None else 0
        for written, containers in zip(self._written, self._containers, strict=True):
            tail.append(written.fragment(containers))
            rows += written.rows
        while len(tail) >= PAGE_FRAGMENTS:
            pages.append(put_page(self._objects, tail[:PAGE_FRAGMENTS]))
            del tail[:PAGE_FRAGMENTS]
        manifest = TableManifest(
            schema=self.schema,
            rows=rows,
            pages=tuple(pages),
            tail=tuple(tail),
            **(stored or sketched(self._objects, sketch, base, tail)),
            log_mode=log_mode,
            primary_key=primary_key,
            foreign_keys=tuple(foreign_keys),
            extra=dict(extra if base is None and extra is not None else base.extra if base is not None else {}),
        )
        if base is not None:
            manifest.follow(base)
        keep_sketch(manifest, sketch)
        return manifest

    def _merged_sketch(self) -> TableSketch:
        """Return the sketch of all rows, those of the base too; fragments may still be on their way."""
        sketch = self._sketch
        parts = [written.sketch for written in self._written]
        parts += [job.sketch.result() for job in self._jobs[len(parts) :]]
        for part in parts:
            sketch = part if sketch is None else sketch.merge(part)
        return sketch or TableSketch.empty(self.schema)

    def abort(self) -> None:
        """End the builder; what it stored so far is collected later, no manifest names it."""
        if self._closed:
            return
        for job in self._jobs:
            job.cancel()
        self._close()

    def _close(self) -> None:
        self._closed = True
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        if self._sync is not None:
            self._sync.shutdown(wait=True)  # what is encoded is placed, or its temporary file removed
        self._packs.abort()


def put_page(objects: ObjectStore, fragments: Sequence[Fragment]) -> PageEntry:
    """Store one full page of the fragment list (TABLE-5)."""
    data, refs = encode_page(fragments)
    return PageEntry(
        page=objects.put_encoded(FRAGMENT_PAGE, data, refs),
        rows=sum(fragment.rows for fragment in fragments),
        content_digest=page_content_digest(fragments),
    )


def _stream(source: Source, schema: Schema) -> Iterator[tuple[pa.RecordBatch, BlobReader, bool]]:
    """Yield batches in the form of `schema`, each with what reads its blobs and whether it stays in memory anyway."""
    if isinstance(source, ConcatSource):
        for part in source.parts:
            yield from _stream(part, schema)
        return
    have = source.schema
    for batch in source.batches(None, BATCH_ROWS):
        same = have == schema
        whole = batch if same else conform_batch(batch, have, schema, error=UsageError)
        yield whole, source.blobs, same and isinstance(source, ArrowSource)
