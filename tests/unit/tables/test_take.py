"""Rows by position: in the order asked, from any number of fragments and row groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.tables.cases import png
from tests.unit.tables.reading import many_fragments, numbers, pictures, stored
from wbtable.errors import NotFoundError, UsageError
from wbtable.media import Image
from wbtable.tables import take
from wbtable.tables.blobs import read_files
from wbtable.tables.source import ArrowSource, ConcatSource, ProjectedSource, SliceSource, check_indices
from wbtable.tables.table import Table
from wbtable.tables.take import DecodedColumns

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.tables.source import Source


@pytest.fixture(scope="module")
def parts() -> list[pa.Table]:
    """Return rows of three fragments."""
    return [numbers(rows, seed) for seed, rows in enumerate((70_000, 1, 300))]


@pytest.fixture(scope="module")
def source(parts: list[pa.Table], tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Return them stored."""
    return many_fragments(tmp_path_factory.mktemp("take"), parts)


@given(st.lists(st.integers(-70_301, 70_300), max_size=40))
@settings(max_examples=60, deadline=None)
def test_rows_come_in_the_order_asked(source: Source, parts: list[pa.Table], rows: list[int]) -> None:
    whole = pa.concat_tables(parts)
    found = Table.from_source(source).take(rows)
    assert found.equals(whole.take(pa.array([row % whole.num_rows for row in rows], pa.int64())))


@pytest.mark.parametrize("rows", [[70_301], [-70_302], [0, 1, 99_999_999]])
def test_rows_out_of_range_are_named(source: Source, rows: list[int]) -> None:
    with pytest.raises(NotFoundError, match=rf"from -70301 to 70300, found {rows[-1]} at place {len(rows) - 1}"):
        Table.from_source(source).take(rows)


def test_what_are_no_positions_is_a_usage_error(source: Source) -> None:
    table = Table.from_source(source)
    for wrong in ([1.5], ["a"], [[1, 2]], 3, [None], [True]):
        with pytest.raises(UsageError, match="list of row positions"):
            table.take(wrong)
    assert table.take([]).num_rows == 0
    assert table.take(np.array([3], np.uint8)).num_rows == 1
    assert table.take(range(2)).num_rows == 2
    with pytest.raises(NotFoundError):
        check_indices(np.array([2**63 + 1], np.uint64), 10)
    with pytest.raises(UsageError, match="from 0"):
        table.head(-1)
    assert Table(columns=["a"]).head(3).num_rows == 0


def test_taken_columns_are_kept_within_bounds(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = DecodedColumns(limit=1 << 20)
    monkeypatch.setattr(take, "_DECODED", kept)
    table = Table.from_source(source)
    for start in range(0, 70_000, 3000):
        table.take([start])
    assert 0 < kept._size <= 1 << 20
    assert kept._size == sum(size for _, size in kept._kept.values())


def test_the_second_take_decodes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = stored(pictures(50), tmp_path / "t")
    first = table.take([5, 1, 44], media="bytes")
    import pyarrow.parquet as pq

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", None)
    assert table.take([5, 1, 44], media="bytes").equals(first)


def test_slices_projections_and_unions_of_sources(parts: list[pa.Table], source: Source) -> None:
    whole = pa.concat_tables(parts)
    schema = source.schema
    memory = ArrowSource(whole.combine_chunks(), schema)
    for inner in (source, memory):
        cut = SliceSource(inner, 69_990, 200)
        assert pa.Table.from_batches(cut.batches(["word"], 64)).equals(whole.slice(69_990, 200).select(["word"]))
        assert cut.take(np.array([150, 0]), None).equals(whole.slice(69_990, 200).take([150, 0]))
        large = SliceSource(inner, 5, 70_000)
        assert pa.Table.from_batches(large.batches(None, 1000)).equals(whole.slice(5, 70_000))
        renamed = ProjectedSource(inner, ["word", "id"], ["w", "i"])
        assert renamed.schema.names == ["w", "i"]
        assert renamed.take(np.array([3]), ["i"]).to_pylist() == [{"i": 3}]
        assert next(renamed.batches(["i", "w"], 2)).to_pylist()[1] == {"i": 1, "w": "w1"}
        union = ConcatSource([cut, renamed], schema)
        assert union.num_rows == 200 + whole.num_rows
        assert union.take(np.array([200, 0, 199]), ["word"]).to_pylist() == [
            {"word": None}, {"word": whole["word"][69_990].as_py()}, {"word": whole["word"][70_189].as_py()},
        ]  # fmt: skip
    with pytest.raises(UsageError, match="rows within 0 to"):
        SliceSource(source, 70_300, 2)
    with pytest.raises(UsageError, match="expected the physical columns"):
        ArrowSource(whole.select(["id"]), schema)


@pytest.mark.parametrize("nested", ["list", "dict", "map", "masks"])
def test_of_nested_media_only_those_of_the_rows_are_read(
    nested: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each once and no more: a slice read what the whole column has; batches hold what they say, wherever media lie."""
    asked: list[int] = []

    def read(blobs: Any, files: pa.StructArray, describe: Any) -> pa.Array:
        asked.append(len(files) - files.null_count)
        return read_files(blobs, files, describe)

    def cell(i: int) -> Any:
        image = Image(png(i))
        if nested == "masks":
            return Image(png(i), masks={"m": {"mask_data": np.full((2, 2), i)}})
        return {"list": [image, None], "dict": {"a": image}, "map": {i: image}}[nested]

    source = stored(Table(columns=["x"], data=[[cell(i) if i % 5 else None] for i in range(50)]), tmp_path)
    monkeypatch.setattr("wbtable.tables.logical.read_files", read)
    whole = source.to_arrow(media="bytes")["x"].to_pylist()
    count = sum(asked)
    assert count == (80 if nested == "masks" else 40)
    for size in (1, 7):
        asked.clear()
        batches = list(source.scan(batch_size=size, media="bytes"))
        assert (sum(asked), [row for batch in batches for row in batch["x"].to_pylist()]) == (count, whole)
    monkeypatch.setattr("wbtable.tables.present._ENCODED", 3 * len(png(1)))
    # Of three images; a row without one takes no room.
    assert max(batch.num_rows for batch in source.scan(media="bytes")) <= 4


@given(
    cells=st.lists(
        st.one_of(
            st.none(), st.lists(st.one_of(st.none(), st.dictionaries(st.sampled_from("abc"), st.integers(0, 5))))
        ),
        min_size=1,
        max_size=30,
    ),
    data=st.data(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_slices_of_nested_columns_keep_their_values(cells: list[object], data: st.DataObject) -> None:
    source = Table(columns=["x"], data=[[cell] for cell in cells])._source()
    start = data.draw(st.integers(0, len(cells)))
    rows = data.draw(st.integers(0, len(cells) - start))
    part = Table.from_source(SliceSource(source, start, rows))
    assert part.get_column("x") == cells[start : start + rows]
    picks = data.draw(st.lists(st.integers(0, len(cells) - 1), max_size=10))
    taken = Table.from_source(ArrowSource(source.take(np.array(picks, np.int64)), source.schema))
    assert taken.get_column("x") == [cells[i] for i in picks]
