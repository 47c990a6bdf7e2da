"""One fragment from rows to object: encoded, hashed and summarised by a job of its own (spec: 07-fragments)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from wbtable.format.digest import FRAGMENT, Descriptor
from wbtable.format.extremes import sample_type, summary_kind
from wbtable.format.fingerprint import fingerprint
from wbtable.format.fragment import ColumnChunk, Fragment
from wbtable.format.parquet import FragmentFacts, FragmentPlan, encode_fragment, plan_fragments, write_fragment
from wbtable.format.sketch import TableSketch, sketch_rows
from wbtable.format.sketch_grown import can_grow, grown
from wbtable.format.value_text import value_text
from wbtable.storage.os_errors import explained
from wbtable.storage.workers import run_all
from wbtable.tables.turns import Turns

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
    from pathlib import Path

    import pyarrow as pa

    from wbtable.format.extremes import Extremes
    from wbtable.format.schema import Column, Schema
    from wbtable.storage.objects import ObjectStore

_FEW_ROWS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A fragment that is encoded, and in the store or on its way to the disk.

    Attributes:
        schema: its columns.
        facts: of its file.
        fingerprints: of its columns, 32 hexadecimal characters each (FP-1).
        extremes: nulls, min and max of each column, for the manifest.
        sketch: of its rows, or with those in front of them.
        placed: done once the file is in the store; None if it is.

    """

    schema: Schema
    facts: FragmentFacts
    fingerprints: tuple[str, ...]
    extremes: tuple[Extremes, ...]
    sketch: TableSketch
    placed: Future[None] | None = None

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return self.facts.rows

    def fragment(self, containers: tuple[Descriptor, ...]) -> Fragment:
        """Return what the manifest says of it, once it is in the store (TABLE-4).

        Raises:
            StorageError: it could not be written.

        """
        if self.placed is not None:
            self.placed.result()
        facts = self.facts
        return Fragment(
            file=Descriptor(media_type=FRAGMENT, digest=facts.digest, size=facts.size),
            rows=facts.rows,
            xxh3=facts.xxh3,
            footer_length=facts.footer_length,
            footer_xxh3=facts.footer_xxh3,
            columns=tuple(
                _chunk(column, found, fingerprint)
                for column, found, fingerprint in zip(self.schema, self.extremes, self.fingerprints, strict=True)
            ),
            containers=containers,
        )


def _chunk(column: Column, extremes: Extremes, fingerprint: str) -> ColumnChunk:
    # A cut string is no bound above; a count or a length is none of the values.
    ordered = summary_kind(column.type) not in {"counts", "sizes"}
    arrow = sample_type(column.type)
    least = value_text(extremes.least, arrow) if ordered and extremes.least is not None else None
    greatest = (
        value_text(extremes.greatest, arrow)
        if ordered and extremes.greatest is not None and not extremes.greatest_cut
        else None
    )
    return ColumnChunk(nulls=extremes.nulls, fingerprint=fingerprint, least=least, greatest=greatest)


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentJob:
    """How the fragments of one table are made.

    Attributes:
        objects: where they go.
        schema: the columns.
        cuts: how rows are cut and encoded.
        turns: in which order the fragments' tasks are done.

    """

    objects: ObjectStore
    schema: Schema
    cuts: FragmentPlan
    turns: Turns = field(default_factory=Turns)

    @classmethod
    def plan(cls, objects: ObjectStore, schema: Schema, first: pa.Table) -> Self:
        """Decide cuts and encodings from the first rows (FRAG-2)."""
        # Of few rows a column takes less time than to wake a thread.
        spread = map if first.num_rows < _FEW_ROWS else run_all
        return cls(objects=objects, schema=schema, cuts=plan_fragments(schema, first, spread))

    @property
    def fragment_rows(self) -> int:
        """Rows of each fragment but the last."""
        return self.cuts.fragment_rows

    def start(self, table: pa.Table, first_row: int, *, work: Executor, sync: Executor) -> Making:
        """Begin to write consecutive rows as a fragment.

        Args:
            table: the rows, in physical form.
            first_row: the position in the whole table of the first of them.
            work: encodes them and sketches them, each a task of its own that waits for nothing, so that no core waits
                for another. A thread more than there are cores would take its time from the others. What takes longest,
                encoding, is begun first: short tasks at the end leave no core without work.
            sync: makes the file durable and gives it its name, while `work` goes on.

        """
        return Making(
            schema=self.schema,
            stored=self.turns.submit(work, self._store, table, sync),
            sketch=self.turns.submit_later(work, sketch_rows, table, self.schema, first_row),
        )

    def make(self, table: pa.Table, first_row: int, front: TableSketch) -> Written:
        """Write few consecutive rows as a fragment: in memory, and by this thread alone.

        Args:
            table: the rows, in physical form.
            first_row: the position in the whole table of the first of them.
            front: the sketch of all rows in front of them; that of the fragment is of those too.

        """
        with explained("write a fragment"):
            file, facts = encode_fragment(table, self.schema, self.cuts)
        self.objects.put_hashed(FRAGMENT, file, facts.digest)
        if can_grow(front):
            sketch, extremes = grown(front, table, first_row)
        else:
            sketch = sketch_rows(table, self.schema, first_row)
            extremes = _extremes(sketch)
            sketch = front.merge(sketch)
        return Written(
            schema=self.schema,
            facts=facts,
            fingerprints=self._fingerprints(table),
            extremes=extremes,
            sketch=sketch,
        )

    def _fingerprints(self, table: pa.Table) -> tuple[str, ...]:
        columns = zip(table.columns, self.schema, strict=True)
        return tuple(fingerprint(values, column.type).hex() for values, column in columns)

    def _store(self, table: pa.Table, sync: Executor) -> Stored:
        path = self.objects.backend.temporary()
        try:
            with explained(f"write {path}"), path.open("wb") as sink:
                facts = write_fragment(table, self.schema, self.cuts, sink)
            placed = sync.submit(self._place, path, facts)
        except BaseException:
            _remove(path)
            raise
        return Stored(facts=facts, fingerprints=self._fingerprints(table), placed=placed)

    def _place(self, path: Path, facts: FragmentFacts) -> None:
        try:
            self.objects.put_file(FRAGMENT, path, facts.digest)
        finally:
            _remove(path)


def _extremes(sketch: TableSketch) -> tuple[Extremes, ...]:
    return tuple([column.extremes for column in sketch.columns])


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A fragment that is encoded, and about to be in the store.

    Attributes:
        facts: of its file.
        fingerprints: of its columns.
        placed: done once the file is in the store.

    """

    facts: FragmentFacts
    fingerprints: tuple[str, ...]
    placed: Future[None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """A fragment that is being written.

    Attributes:
        schema: its columns.
        stored: what comes of encoding it.
        sketch: what comes of sketching it.

    """

    schema: Schema
    stored: Future[Stored]
    sketch: Future[TableSketch]

    def result(self) -> Written:
        """Wait until the rows are not needed any more.

        The file may still be on its way to the disk: nothing is gained by waiting for that before the next fragment is
        encoded, and `Written.fragment` does, so that no manifest names what is not there.

        Raises:
            StorageError: it could not be written.

        """
        stored = self.stored.result()
        sketch = self.sketch.result()
        if stored.placed.done():
            stored.placed.result()
        return Written(
            schema=self.schema,
            facts=stored.facts,
            fingerprints=stored.fingerprints,
            extremes=_extremes(sketch),
            sketch=sketch,
            placed=stored.placed,
        )

    def cancel(self) -> None:
        """Leave undone what was not begun."""
        self.stored.cancel()
        self.sketch.cancel()
