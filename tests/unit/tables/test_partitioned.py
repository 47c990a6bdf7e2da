"""Partitioned tables: several tables read as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.unit.tables.reading import pictures, stored
from wbtable.errors import ConflictError, FormatError, UsageError
from wbtable.format.documents import canonical, parse
from wbtable.format.joined_table import TableReference
from wbtable.format.partitioned_table import PartitionedTableDocument
from wbtable.tables.joined import JoinedTable
from wbtable.tables.partitioned import PartitionedTable
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path


def make(**columns: list[Any]) -> Table:
    """Return a table of columns."""
    return Table(columns=list(columns), data=[list(row) for row in zip(*columns.values(), strict=True)])


# PART-2, PART-3: the parts' rows in order; columns of the narrowest common type.
def test_the_rows_of_all_parts_in_order() -> None:
    union = PartitionedTable([make(a=[1, 2], b=["x", "y"]), make(b=["z"], a=[2.5]), make(a=[None], c=[True])])
    assert union.columns == ["a", "b", "c"]
    assert [row for _, row in union.iterrows()] == [
        [1.0, "x", None], [2.0, "y", None], [2.5, "z", None], [None, None, True],
    ]  # fmt: skip
    assert len(union) == 4
    assert union.take([3, 0], ["c"])["c"].to_pylist() == [True, None]
    found = pa.Table.from_batches(union.scan(["b"], filter=pc.field("a") > 1))
    assert found["b"].to_pylist() == ["y", "z"]
    assert union.to_arrow([]).num_rows == 4
    assert repr(union).startswith("PartitionedTable: 4 rows x 3 columns")


def test_dicts_lack_the_keys_that_their_part_lacks() -> None:
    union = PartitionedTable([make(a=[{"x": 1}]), make(a=[{"y": 2, "x": None}]), make(a=[None])])
    assert union.get_column("a") == [{"x": 1}, {"x": None, "y": 2}, None]


def test_columns_that_have_no_common_type_are_refused_at_once() -> None:
    with pytest.raises(UsageError, match='part 1, column "a": expected int64, found string'):
        PartitionedTable([make(a=[1]), make(a=["x"])])


def test_an_integer_that_the_common_type_cannot_hold_is_a_conflict() -> None:
    union = PartitionedTable([make(a=[2**53 + 1]), make(a=[0.5])])
    with pytest.raises(ConflictError, match=r'part 0, column "a", row 0: the integer 9007199254740993'):
        union.to_arrow()


def test_media_of_parts_in_different_places(tmp_path: Path) -> None:
    parts = [pictures(2), stored(pictures(2, seed=7), tmp_path / "a"), stored(pictures(2, seed=9), tmp_path / "b")]
    union = PartitionedTable(parts)
    expected = [value.bytes for part in parts for value in part.get_column("image")]
    assert [value.bytes for value in union.get_column("image")] == expected
    assert [cell["bytes"] for cell in union.to_arrow(media="bytes")["image"].to_pylist()] == expected
    joined = JoinedTable(union, union, "id", "inner")
    assert len(joined) == 18
    assert [row[1].bytes for _, row in joined.iterrows()][:3] == [expected[0]] * 3


def test_a_union_follows_its_parts() -> None:
    part = make(a=[1])
    union = PartitionedTable([part, part])
    part.add_data(2)
    assert union.get_column("a") == [1, 2, 1, 2]
    assert union == PartitionedTable([part, part])
    assert union != PartitionedTable([part])
    assert union != 3


# PART-1: a prefix, or a list of tables.
def test_the_document_comes_back() -> None:
    for document in (
        PartitionedTableDocument(prefix="parts"),
        PartitionedTableDocument(parts=(TableReference(path="a.table.json"), TableReference(path="b.table.json"))),
    ):
        data = canonical(document.to_json())
        assert PartitionedTableDocument.from_json(parse(data, "x")) == document
    cases: list[dict[str, Any]] = [
        {}, {"prefix": "a", "parts": [{"path": "b"}]}, {"prefix": "../a"}, {"parts": []},
    ]  # fmt: skip
    for wrong in cases:
        whole = {"kind": "wbtable.partitioned-table", "format": "0.1", "refs": [], **wrong}
        with pytest.raises(FormatError):
            PartitionedTableDocument.from_json(whole)


def test_a_folder_is_read_where_it_is_known() -> None:
    union = PartitionedTable("parts/")
    assert (union.parts_path, union.parts) == ("parts", ())
    assert repr(union) == "PartitionedTable('parts')"
    with pytest.raises(UsageError, match="from the version that holds it"):
        len(union)
    document = union.document(lambda _: TableReference(path="never"))
    tables = {"parts/0.table.json": make(a=[1]), "parts/1.table.json": make(a=[2])}
    found = PartitionedTable.from_document(
        document,
        lambda reference: tables[reference.path],
        lambda prefix: [TableReference(path=path) for path in tables if path.startswith(prefix)],
    )
    assert found.get_column("a") == [1, 2]
    assert found.document(lambda _: TableReference(path="never")) == document
    listed = PartitionedTable(["a.table.json"])
    with pytest.raises(UsageError, match=r"'a\.table\.json' is known"):
        listed.to_arrow()
    again = PartitionedTable.from_document(
        listed.document(lambda path: TableReference(path=str(path))), lambda _: make(a=[5]), lambda _: []
    )
    assert again.get_column("a") == [5]


def test_wrong_arguments_are_usage_errors() -> None:
    cases: list[Any] = [[], [5], ["x.csv"]]
    for wrong in cases:
        with pytest.raises(UsageError):
            PartitionedTable(wrong)


def test_an_empty_folder_is_an_empty_table() -> None:
    assert len(PartitionedTable("parts", parts=[])) == 0
