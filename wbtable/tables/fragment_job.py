"""One fragment from rows to object: encoded, hashed and summarised by a job of its own (spec: 07-fragments)."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from wbtable.format.digest import FRAGMENT, Descriptor
from wbtable.format.extremes import sample_type, summary_kind
from wbtable.format.parquet import FragmentPlan, FragmentResult, encode_fragment, plan_fragments
from wbtable.format.table_manifest import ColumnChunk, Fragment
from wbtable.format.value_text import value_text
from wbtable.storage.os_errors import explained

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pyarrow as pa

    from wbtable.format.schema import Column, Schema
    from wbtable.format.sketch import ColumnSketch, TableSketch
    from wbtable.storage.objects import ObjectStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A fragment that is in the store.

    Attributes:
        result: what is known of it.
        schema: its columns.

    """

    result: FragmentResult
    schema: Schema

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return self.result.facts.rows

    @property
    def sketch(self) -> TableSketch:
        """The sketch of its rows."""
        return self.result.sketch

    def fragment(self, containers: tuple[Descriptor, ...]) -> Fragment:
        """Return what the manifest says of it (TABLE-4)."""
        facts = self.result.facts
        return Fragment(
            file=Descriptor(media_type=FRAGMENT, digest=facts.digest, size=facts.size),
            rows=facts.rows,
            xxh3=facts.xxh3,
            footer_length=facts.footer_length,
            footer_xxh3=facts.footer_xxh3,
            columns=tuple(
                _chunk(column, found, fingerprint)
                for column, found, fingerprint in zip(
                    self.schema, self.result.sketch.columns, self.result.fingerprints, strict=True
                )
            ),
            containers=containers,
        )


def _chunk(column: Column, sketch: ColumnSketch, fingerprint: str) -> ColumnChunk:
    extremes = sketch.extremes
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

    """

    objects: ObjectStore
    schema: Schema
    cuts: FragmentPlan

    @classmethod
    def plan(cls, objects: ObjectStore, schema: Schema, first: pa.Table) -> Self:
        """Decide cuts and encodings from the first rows (FRAG-2)."""
        return cls(objects=objects, schema=schema, cuts=plan_fragments(schema, first))

    @property
    def fragment_rows(self) -> int:
        """Rows of each fragment but the last."""
        return self.cuts.fragment_rows

    def write(self, table: pa.Table, first_row: int, beside: Executor | None = None) -> Written:
        """Write consecutive rows as a fragment; `beside` sketches them meanwhile.

        Raises:
            StorageError: it cannot be written.

        """
        path = self.objects.backend.temporary()
        try:
            with explained(f"write {path}"), path.open("wb") as sink:
                result = encode_fragment(table, self.schema, self.cuts, first_row, sink, beside=beside)
            self.objects.put_file(FRAGMENT, path, result.facts.digest)
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        return Written(result=result, schema=self.schema)
