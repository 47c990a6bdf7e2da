"""Rows into fragments (spec: 05-tables, 07-fragments)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

import wbtable
from tests.unit.tables.cases import png
from wbtable.errors import StorageError, UsageError
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.tables import writer
from wbtable.tables.open import table_of
from wbtable.tables.save import write_source
from wbtable.tables.source import ArrowSource
from wbtable.tables.writer import TableBuilder

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.format.digest import Digest


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(open_backend(str(tmp_path)))


def test_cuts_do_not_depend_on_batches(objects: ObjectStore) -> None:
    """TABLE-4, TABLE-6: the same rows give the same fragments, in whatever pieces they came."""
    rows = 70_000
    table = pa.table({"i": np.arange(rows), "a": pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(rows * 8)), 8)})
    whole = wbtable.Table.from_arrow(table)
    schema, physical = whole.schema, whole.snapshot().source.take(np.arange(rows))
    manifests = []
    for size in (rows, 1000, 65_536, 33_333):
        with TableBuilder(objects, schema) as builder:
            for batch in physical.to_batches(max_chunksize=size):
                builder.add(batch, whole.snapshot().blobs)
            manifests.append(builder.finish())
    assert len({manifest.content_digest for manifest in manifests}) == 1
    assert all(manifest == manifests[0] for manifest in manifests)
    assert sum(fragment.rows for fragment in manifests[0].tail) == rows


def test_fragments_list_their_containers(objects: ObjectStore) -> None:
    """TABLE-4: each pack that a cell names."""
    table = wbtable.Table(columns=["x"], data=[[wbtable.Image(png(i))] for i in range(5)])
    _, manifest = write_source(table.snapshot(), objects)
    named = {
        cell["file"]["uri"][3:].removesuffix(".pack").replace("/", "")
        for cell in table_of(objects, manifest)["x"].to_pylist()
    }
    assert {found.digest.hex for fragment in manifest.tail for found in fragment.containers} == named


def test_packs_are_closed_early_where_many_rows_wait(objects: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows do not wait without bound for a pack to fill."""
    monkeypatch.setattr(writer, "_MOST_WAITING", 10)
    table = wbtable.Table(columns=["x"], data=[[wbtable.Image(png(i))] for i in range(40)])
    source = table.snapshot().source
    with TableBuilder(objects, table.schema) as builder:
        for batch in source.batches(None, 8):
            builder.add(batch, source.blobs)
        manifest = builder.finish()
    assert len(manifest.tail[0].containers) > 1
    assert [row[0].bytes for row in table_of(objects, manifest).data] == [png(i) for i in range(40)]


def test_a_finished_builder_takes_no_more(objects: ObjectStore) -> None:
    table = wbtable.Table(columns=["x"], data=[[1]])
    source = table.snapshot().source
    batch = next(iter(source.batches()))
    builder = TableBuilder(objects, table.schema)
    builder.add(batch, source.blobs)
    builder.finish()
    builder.abort()
    with pytest.raises(UsageError, match="finished"):
        builder.add(batch, source.blobs)


def test_narrow_fragments_are_cast(objects: ObjectStore) -> None:
    """TABLE-7: a source with narrower columns goes in under the builder's types."""
    narrow = wbtable.Table.from_arrow(pa.table({"x": pa.array([1, None], pa.int8())}))
    wide = wbtable.Table(columns=["x", "y"], data=[[1, "a"]])
    with TableBuilder(objects, wide.schema) as builder:
        builder.add_source(narrow.snapshot().source)
        builder.add_source(wide.snapshot().source)
        manifest = builder.finish()
    assert table_of(objects, manifest).data == [[1, None], [None, None], [1, "a"]]
    assert isinstance(narrow.snapshot().source, ArrowSource)


def test_no_manifest_names_a_fragment_that_did_not_reach_the_disk(
    objects: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FRAG-6: later fragments are encoded while one is on its way to the disk; if it fails, the table does."""
    wide = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(1 << 21)), 64)
    table = wbtable.Table.from_arrow(pa.table({"a": wide}))
    failed: list[Path] = []
    put = ObjectStore.put_file

    def fail_once(store: ObjectStore, kind: str, path: Path, digest: Digest) -> object:
        if not failed:
            failed.append(path)
            raise StorageError("the disk is gone")
        return put(store, kind, path, digest)

    monkeypatch.setattr(ObjectStore, "put_file", fail_once)
    with pytest.raises(StorageError, match="the disk is gone"):
        write_source(table.snapshot(), objects)
    assert failed
    assert not failed[0].exists()
