"""Stored tables for the tests of reading, and ways to damage them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa

from tests.unit.tables.cases import png
from wbtable.format.table_manifest import TableManifest
from wbtable.media import Image
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.tables.open import open_table
from wbtable.tables.reader import TableReader
from wbtable.tables.save import write_source
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def pictures(rows: int, *, seed: int = 0) -> Table:
    """Return a table of numbers, text and small pictures; every fifth picture is missing."""
    return Table(
        columns=["id", "image", "text"],
        data=[[i, None if i % 5 == 4 else Image(png(seed + i), caption=f"c{i}"), f"t{i}"] for i in range(rows)],
    )


def stored(table: Table, folder: Path) -> Table:
    """Write a table, and open what was written."""
    table.write(str(folder))
    return open_table(folder)


def reader_of(table: Table) -> TableReader:
    """Return what reads a stored table."""
    source = table._source()
    assert isinstance(source, TableReader)
    return source


def fragment_paths(table: Table) -> list[Path]:
    """Return the local files of a table's fragments."""
    reader = reader_of(table)
    paths = [reader.objects.local_path(fragment.file) for fragment in reader.fragments]
    assert all(path is not None for path in paths)
    return [path for path in paths if path is not None]


def many_fragments(folder: Path, parts: Sequence[pa.Table]) -> TableReader:
    """Return a table that grew by appends, one fragment each, narrower ones too: readers take these (TABLE-7)."""
    objects = ObjectStore(open_backend(str(folder)))
    table = Table.from_arrow(parts[0])
    _, manifest = write_source(table.snapshot(), objects)
    for part in parts[1:]:
        grown = Table.from_source(TableReader(objects, manifest))
        grown = Table.from_source(_both(grown, Table.from_arrow(part)))
        with patch("wbtable.tables.save.may_stay", return_value=True):  # writers would write those again (TABLE-10)
            _, manifest = write_source(grown.snapshot(), objects)
    return TableReader(objects, TableManifest.from_json(manifest.to_json()))


def _both(first: Table, second: Table) -> Any:
    from wbtable.tables.save import widened
    from wbtable.tables.source import ConcatSource

    left, right = first._source(), second._source()
    return ConcatSource([left, right], widened(left.schema, right.schema))


def in_memory(table: Table, name: str) -> TableReader:
    """Return a table in a store that is not on a local disk: it is read by ranges."""
    objects = ObjectStore(open_backend(f"memory://{name}"))
    _, manifest = write_source(table.snapshot(), objects)
    return TableReader(objects, manifest)


class CountingBlobs:
    """Passes reads on, and counts the blobs."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.blobs = 0

    def read(self, file: Mapping[str, object]) -> bytes:
        self.blobs += 1
        data: bytes = self.inner.read(file)
        return data

    def read_many(self, files: Sequence[Mapping[str, object]]) -> list[bytes]:
        self.blobs += len(files)
        found: list[bytes] = self.inner.read_many(files)
        return found


def flip(data: bytes, at: int, bit: int = 0) -> bytes:
    """Return the bytes with one bit turned over."""
    out = bytearray(data)
    out[at] ^= 1 << bit
    return bytes(out)


def numbers(rows: int, seed: int = 0) -> pa.Table:
    """Return rows of plain columns."""
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "id": np.arange(rows),
            "score": rng.random(rows, dtype=np.float32),
            "word": pa.array([f"w{i % 97}" for i in range(rows)]),
            "maybe": pa.array([None if i % 3 == 0 else i for i in range(rows)], pa.int64()),
        }
    )
