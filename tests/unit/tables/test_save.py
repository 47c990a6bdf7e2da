"""Tables that grow in a store: appended, re-written only where they changed, merged (spec: 05-tables)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import wbtable
from tests.unit.tables.cases import check_identical, png
from wbtable.errors import TypeMismatchError, UsageError
from wbtable.format.digest import FRAGMENT, FRAGMENT_PAGE, PACK, Digest
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend
from wbtable.tables.open import table_of
from wbtable.tables.reader import TableReader
from wbtable.tables.save import merge_appends, widened, write_source
from wbtable.tables.source import ConcatSource

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.format.table_manifest import TableManifest


@pytest.fixture
def objects(tmp_path: Path) -> ObjectStore:
    return ObjectStore(open_backend(str(tmp_path)))


@pytest.fixture
def quick(request: pytest.FixtureRequest) -> ObjectStore:
    """Return a store that waits for no disk."""
    return ObjectStore(open_backend(f"memory://{request.node.name}"))


def _rows(*data: list[Any], columns: tuple[str, ...] = ("a", "b")) -> wbtable.Table:
    return wbtable.Table(columns=list(columns), data=list(data))


def _save(objects: ObjectStore, table: wbtable.Table) -> TableManifest:
    return write_source(table.snapshot(), objects)[1]


def _append(objects: ObjectStore, base: TableManifest, table: wbtable.Table) -> TableManifest:
    before = table_of(objects, base)
    rows = ConcatSource([before.snapshot().source, table.snapshot().source], widened(base.schema, table.schema))
    snapshot = replace(before.snapshot(), source=rows)
    return write_source(snapshot, objects, foreign_keys=base.foreign_keys)[1]


def test_append(objects: ObjectStore) -> None:
    """TABLE-5: the rows behind are new fragments; those before are named again."""
    base = _save(objects, _rows([1, "x"], [2, None]))
    grown = _append(objects, base, _rows([3, "z"]))
    assert table_of(objects, grown).data == [[1, "x"], [2, None], [3, "z"]]
    assert grown.tail[: len(base.tail)] == base.tail
    assert base.tail[0].file in grown.refs


def test_append_widens(objects: ObjectStore) -> None:
    """TABLE-7, TABLE-10: older fragments lack what came later; they are written again where a column is wider."""
    base = _save(objects, _rows([1, "x"]))
    longer = _append(objects, base, _rows([2, [1]], columns=("a", "c")))
    assert longer.tail[0] == base.tail[0]
    check_identical(table_of(objects, longer).data, [[1, "x", None], [2, None, [1]]])
    grown = _append(objects, base, _rows([2.5, [1]], columns=("a", "c")))
    assert [len(fragment.columns) for fragment in grown.tail] == [3]
    check_identical(table_of(objects, grown).data, [[1.0, "x", None], [2.5, None, [1]]])
    with pytest.raises(TypeMismatchError, match='column "b"'):
        _append(objects, base, _rows([1, 5]))


@pytest.mark.parametrize(
    ("left", "right", "wider"),
    [
        (pa.array([-1], "int8"), pa.array([255], "uint8"), pa.array([1], "int64")),
        (pa.array([1], pa.timestamp("s")), pa.array([1], pa.timestamp("ms")), pa.array([1], pa.timestamp("us"))),
        (pa.array([{"a": 1}]), pa.array([{"b": 1}]), pa.array([{"c": 1}])),
    ],
)
def test_tables_of_other_values_have_other_content_digests_when_they_widen(
    objects: ObjectStore, left: pa.Array, right: pa.Array, wider: pa.Array
) -> None:
    """TABLE-10, TABLE-6: the bytes of the first rows are the same, what they mean is not."""

    def table(values: pa.Array) -> wbtable.Table:
        return wbtable.Table(dataframe=pa.table({"a": values}))

    bases = [_save(objects, table(values)) for values in (left, right)]
    assert bases[0].tail[0].columns[0].fingerprint == bases[1].tail[0].columns[0].fingerprint
    one, other = (
        _append(objects, _append(objects, base, table(wider)), table(values))
        for base, values in zip(bases, (right, left), strict=True)
    )
    assert table_of(objects, one).data[0] != table_of(objects, other).data[0]
    assert one.content_digest != other.content_digest


def test_pruning_after_a_unit_of_time_became_finer(objects: ObjectStore) -> None:
    """TABLE-10: the extremes of old fragments would be in the old unit."""
    base = _save(objects, wbtable.Table(dataframe=pa.table({"a": pa.array([1, 2], pa.timestamp("s"))})))
    finer = wbtable.Table(dataframe=pa.table({"a": pa.array([5], pa.timestamp("us"))}))
    grown = table_of(objects, _append(objects, base, finer))
    half = pa.scalar(500_000, pa.timestamp("us"))
    assert sum(batch.num_rows for batch in grown.scan(filter=pc.field("a") > half)) == 2


def test_appended_media_share_packs(objects: ObjectStore) -> None:
    """FILE-2: cells of older fragments keep their places."""
    base = _save(objects, _rows([1, wbtable.Image(png(1))]))
    grown = _append(objects, base, _rows([2, wbtable.Image(png(2))], [3, None]))
    assert [row[1] and row[1].bytes for row in table_of(objects, grown).data] == [png(1), png(2), None]
    assert sum(ref.media_type == PACK for ref in grown.refs) == 2


def test_known_blobs_are_not_written_again(objects: ObjectStore) -> None:
    """FILE-3: a cell may name a pack that another table wrote."""
    base = _save(objects, _rows([1, wbtable.Image(png(1))]))
    table = table_of(objects, base)
    again = wbtable.Table(columns=["i"])
    again.add_data(table.data[0][1])
    manifest = _save(objects, again)
    assert table_of(objects, manifest).data[0][0].bytes == png(1)


def test_rows_read_from_the_store_are_not_written_again(objects: ObjectStore) -> None:
    table = table_of(objects, _save(objects, _rows([1, "x"], [2, None])))
    table.add_data(3, "y")
    grown = _save(objects, table)
    assert grown.tail[0].file == table_of(objects, grown)._parts.whole().fragments[0].file  # type: ignore[attr-defined]
    assert [fragment.rows for fragment in grown.tail] == [2, 1]
    assert table_of(objects, grown).data == [[1, "x"], [2, None], [3, "y"]]


def test_pages(quick: ObjectStore) -> None:
    """TABLE-5, DOC-6: 128 fragments make a page, which no append touches again."""
    manifest = _save(quick, _rows([0, "x"]))
    seen: set[Digest] = set()
    for i in range(1, 131):
        manifest = _append(quick, manifest, _rows([i, "x"]))
        seen.update(entry.page.digest for entry in manifest.pages)
    assert [entry.rows for entry in manifest.pages] == [128]
    assert len(manifest.tail) == 3
    assert len(seen) == 1
    kinds = [ref.media_type for ref in manifest.refs]
    assert (kinds.count(FRAGMENT_PAGE), kinds.count(FRAGMENT)) == (1, 3)
    assert [ref.digest for ref in manifest.refs] == sorted(ref.digest for ref in manifest.refs)
    table = table_of(quick, manifest)
    assert table.get_column("a") == list(range(131))
    assert table.take([130, 0, 128]).column("a").to_pylist() == [130, 0, 128]


def test_summaries_of_appends_are_those_of_all_rows(objects: ObjectStore) -> None:
    """Summaries merge to what one pass over all rows gives."""
    data = [[i, f"t{i % 7}"] for i in range(40)]
    whole = _save(objects, _rows(*data))
    grown = _save(objects, _rows(*data[:10]))
    for start in range(10, 40, 10):
        grown = _append(objects, grown, _rows(*data[start : start + 10]))
    assert grown.summaries == whole.summaries
    assert grown.rows == whole.rows


def test_merge_appends(objects: ObjectStore) -> None:
    """COMMIT-3: both sides' rows, the newest's first; nothing is written again."""
    base = _save(objects, _rows([1, "x"]))
    newest = _append(objects, base, _rows([2, "y"]))
    ours = _append(objects, base, _rows([3, "z"], [4, None]))
    found = merge_appends(objects, base, newest, ours)
    assert found is not None
    merged = found[1]
    assert table_of(objects, merged).get_column("a") == [1, 2, 3, 4]
    assert merged.tail == (*newest.tail, ours.tail[-1])
    straight = _append(objects, newest, _rows([3, "z"], [4, None]))
    assert merged.content_digest == straight.content_digest
    assert merged.summaries == straight.summaries


def test_merges_make_pages(quick: ObjectStore) -> None:
    """TABLE-5."""
    base = _save(quick, _rows([0, "x"]))
    newest = ours = base
    for i in range(1, 66):
        newest = _append(quick, newest, _rows([i, "n"]))
        ours = _append(quick, ours, _rows([-i, "o"]))
    found = merge_appends(quick, base, newest, ours)
    assert found is not None
    assert (len(found[1].pages), len(found[1].tail)) == (1, 3)
    assert table_of(quick, found[1]).get_column("a") == [*range(66), *range(-1, -66, -1)]


def test_what_is_more_than_an_append(objects: ObjectStore) -> None:
    base = _save(objects, _rows([1, "x"]))
    newest = _append(objects, base, _rows([2, "y"]))
    assert merge_appends(objects, base, newest, _save(objects, _rows([9, "x"], [3, "z"]))) is None
    assert merge_appends(objects, base, newest, _append(objects, base, _rows([2.5, "x"]))) is None


def _keyed(*data: list[Any]) -> wbtable.Table:
    table = _rows(*data)
    table.set_pk("a")
    return table


def test_appends_keep_keys(objects: ObjectStore) -> None:
    """TABLE-8: a key that one side has already is refused; where both sides brought it, rows do not just add up."""
    base = _save(objects, _keyed([1, "x"]))
    with pytest.raises(UsageError, match="each value of a primary key once"):
        _append(objects, base, _rows([1, "y"]))
    newest = _append(objects, base, _rows([2, "y"]))
    ours = _append(objects, base, _rows([2, "z"]))
    assert merge_appends(objects, base, newest, ours) is None
    fine = merge_appends(objects, base, newest, _append(objects, base, _rows([3, "z"])))
    assert fine is not None
    assert fine[1].primary_key == "a"


def test_a_reader_is_a_source(objects: ObjectStore) -> None:
    manifest = _save(objects, _rows([1, np.zeros(2)], [2, None]))
    table = wbtable.Table.from_source(TableReader(objects, manifest))
    check_identical(table.data, [[1, np.zeros(2)], [2, None]])
    assert _save(objects, table) == manifest


def test_a_table_of_the_same_store_opened_again_is_not_written_again(tmp_path: Path) -> None:
    """TABLE-5: what counts is where the objects are, not through which object they are reached."""
    first, second = (ObjectStore(open_backend(tmp_path)) for _ in range(2))
    _, manifest = write_source(wbtable.Table(columns=["a"], data=[[1], [2]]).snapshot(), first)
    table = table_of(second, manifest)
    table.add_data(3)
    _, grown = write_source(table.snapshot(), first)
    assert grown.tail[0] == manifest.tail[0]
    assert grown.rows == 3
