"""The sketch that appends merge: kept in memory, written now and then (spec: 08, SUM-9, SUM-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wbtable import Table
from wbtable.errors import FormatError
from wbtable.format.sketch_file import write_sketch
from wbtable.format.summary import summaries
from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore
from wbtable.tables import sketches
from wbtable.tables.open import table_of
from wbtable.tables.reader import TableReader
from wbtable.tables.save import write_source

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.format.sketch import TableSketch
    from wbtable.format.table_manifest import TableManifest


def _rows(number: int, count: int = 50) -> Table:
    values = range(number * count, (number + 1) * count)
    return Table(columns=["n", "text"], data=[[value, f"text {value % 70}"] for value in values])


def _appended(objects: ObjectStore, manifest: TableManifest, more: Table) -> TableManifest:
    table = table_of(objects, manifest)
    table.extend(more)
    return write_source(table.snapshot(), objects)[1]


def _whole(objects: ObjectStore, manifest: TableManifest) -> TableSketch:
    return sketches.sketch_of(TableReader(objects, manifest), manifest.schema, 0)


@pytest.mark.parametrize("forgets", [False, True], ids=["same process", "another process each time"])
def test_summaries_are_of_all_rows_whatever_the_sketch_is_of(tmp_path: Path, forgets: bool) -> None:
    """SUM-10: 40 appends give the summaries of one pass; a sketch is written once for 16 fragments, not for each."""
    objects = ObjectStore(LocalBackend(tmp_path))
    _, manifest = write_source(_rows(0).snapshot(), objects)
    assert manifest.sketch_rows is None
    stored = {manifest.sketch}
    for number in range(1, 41):
        if forgets:
            sketches._kept.clear()
        manifest = _appended(objects, manifest, _rows(number))
        covered = manifest.sketch_rows or manifest.rows
        assert manifest.rows - covered <= sketches.MOST_FRAGMENTS * 50
        stored.add(manifest.sketch)
    assert len(stored) == 3
    assert list(manifest.summaries) == list(summaries(_whole(objects, manifest)))
    sketches._kept.clear()
    found = sketches.read_sketch(objects, manifest, manifest.schema)
    assert write_sketch(found) == write_sketch(_whole(objects, manifest))


def test_many_rows_behind_a_sketch_make_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SUM-10: the bound in rows."""
    monkeypatch.setattr(sketches, "MOST_ROWS", 60)
    objects = ObjectStore(LocalBackend(tmp_path))
    _, first = write_source(_rows(0).snapshot(), objects)
    second = _appended(objects, first, _rows(1))
    assert (second.sketch, second.sketch_rows) == (first.sketch, 50)
    third = _appended(objects, second, _rows(2))
    assert third.sketch != first.sketch
    assert third.sketch_rows is None


def test_a_table_that_only_ends_alike_is_no_beginning(tmp_path: Path) -> None:
    """SUM-10: what is kept of a table serves those that begin with its rows, no others."""
    objects = ObjectStore(LocalBackend(tmp_path))
    first, other = (write_source(_rows(number).snapshot(), objects)[1] for number in (0, 7))
    one, two = (_appended(objects, base, _rows(1)) for base in (first, other))
    for manifest in (one, two):
        found = sketches.read_sketch(objects, manifest, manifest.schema)
        assert write_sketch(found) == write_sketch(_whole(objects, manifest))


def test_a_sketch_of_other_rows_is_refused(tmp_path: Path) -> None:
    """SUM-10: the manifest says of how many rows the sketch is."""
    from dataclasses import replace

    objects = ObjectStore(LocalBackend(tmp_path))
    _, manifest = write_source(_rows(0).snapshot(), objects)
    sketches._kept.clear()
    with pytest.raises(FormatError, match="sketch of 7 rows"):
        sketches.read_sketch(objects, replace(manifest, sketch_rows=7), manifest.schema)
