"""Joins, pairs and unions as queries read them give what reading them as tables gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from wbtable.errors import ConflictError
from wbtable.media import Classes
from wbtable.query.duck_types import from_duck
from wbtable.query.engine import run
from wbtable.query.expression_error import ExpressionError
from wbtable.query.source import SidedSource, SparseSource
from wbtable.query.statement import Statement
from wbtable.tables.compare import compare
from wbtable.tables.joined import JoinedTable
from wbtable.tables.open import open_table
from wbtable.tables.partitioned import PartitionedTable
from wbtable.tables.query_source import query_source
from wbtable.tables.same import same_values
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.query.source import QuerySource
    from wbtable.tables.joined import How
    from wbtable.tables.readable import Readable

HOWS: tuple[How, ...] = ("outer", "inner", "left", "right")


def read(source: QuerySource, columns: list[str], where: str = "true") -> tuple[pa.Table, list[int]]:
    """Return the rows of a relation in order of position, and the positions."""
    relation = source.relation(columns)
    found = run(Statement(f"SELECT * FROM {relation.sql} AS t WHERE {where} ORDER BY t.pos"), relation.inputs)
    wanted = source.schema.select(columns)
    arrays = [from_duck(found.column(i), column.type) for i, column in enumerate(wanted)]
    return pa.Table.from_arrays(arrays, schema=wanted.arrow()), found["pos"].to_pylist()


def check(table: Readable, columns: list[str] | None = None) -> QuerySource:
    """Check that a query sees what reading sees, in its order, and can name each row."""
    source = query_source(table._source())
    names = table.columns if columns is None else columns
    found, positions = read(source, names)
    expected = table._source().take(np.arange(len(table)), names)
    assert same_values(found.to_pylist(), expected.to_pylist())
    ids = source.row_ids(np.arange(len(table))) if isinstance(source, SparseSource) else np.arange(len(table))
    assert positions == ids.tolist()
    picks = np.random.default_rng(0).integers(0, len(table), 20) if len(table) else np.empty(0, np.int64)
    assert same_values(source.take(ids[picks], names).to_pylist(), expected.take(pa.array(picks)).to_pylist())
    return source


def sides(folder: Path | None, seed: int = 0, rows: int = 60) -> tuple[Table, Table]:
    rng = np.random.default_rng(seed)
    made = []
    for name in ("x", "y"):
        keys = [None if key == 0 else int(key) for key in rng.integers(0, 30, rows)]
        table = Table.from_arrow(pa.table({"k": pa.array(keys, pa.int64()), name: rng.random(rows)}))
        if folder is not None:
            table.write(str(folder / name))
            table = open_table(folder / name)
        made.append(table)
    return made[0], made[1]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("where", ["memory", "stored"])
def test_a_query_sees_the_rows_of_a_join(how: How, where: str, tmp_path: Path) -> None:
    left, right = sides(tmp_path if where == "stored" else None)
    join = JoinedTable(left, right, "k", how)
    source = check(join)
    assert isinstance(source, SidedSource)
    assert [side.names for side in source.sides] == [["x"], ["y"]]
    assert source.key == ("k",)
    check(join, ["1.y"])
    check(join, ["0.x", "k"])
    assert (source.digest is None) == (where == "memory")


def typed(kind: str | pa.DataType, values: list[Any], name: str) -> Table:
    return Table.from_arrow(pa.table({"k": pa.array(values, kind), name: range(len(values))}))


# JOIN-5: keys are equal if their values are, in the engine too.
@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("int64", [1, 2**53 + 1, None]), ("float64", [1.0, 2.0**53, float("nan")])),
        (("uint64", [2**64 - 1, 1]), ("int64", [-1, 1])),
        (("int8", [1, -1]), ("int64", [2**40, 1])),
        (("float32", [0.1, float("nan"), -0.0]), ("float64", [0.1, float("nan"), 0.0])),
        (("string", ["a", "A", ""]), ("string", ["", "a", None])),
        (("bool", [True, None]), ("bool", [True, False])),
        (("timestamp[s]", [1, 2]), ("timestamp[us]", [1_000_000, 2_000_001])),
        (("timestamp[us]", [1, 2]), ("timestamp[us]", [2, 1])),
        (("date32", [1, 2]), ("date32", [2, 3])),
    ],
)
@pytest.mark.parametrize("how", HOWS)
def test_keys_are_equal_in_the_engine_as_elsewhere(
    left: tuple[str, list[Any]], right: tuple[str, list[Any]], how: How
) -> None:
    made = [typed(*found, name) for found, name in zip((left, right), ("x", "y"), strict=True)]
    check(JoinedTable(made[0], made[1], "k", how), ["0.x", "1.y"])


# JOIN-6: a key is of the type to which both sides' widen, in the engine too.
@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("duration[s]", [1, 2, None]), ("duration[ms]", [1500, 2000])),
        (("timestamp[s]", [1, 2]), ("timestamp[ns]", [1_000_000_001, 2_000_000_000])),
        (("time32[s]", [1, 2]), ("time64[ns]", [1, 2_000_000_000])),
        ((pa.decimal128(5, 2), [1, 2]), (pa.decimal128(38, 10), [2, 3])),
        (("int8", [1, 2]), ("uint64", [2, 2**64 - 1])),
        (("int64", [1, 2]), ("float32", [2.0, 0.5])),
        (("null", [None]), ("duration[ms]", [1500])),
    ],
)
@pytest.mark.parametrize("how", HOWS)
def test_keys_are_widened_in_the_engine_as_elsewhere(
    left: tuple[Any, list[Any]], right: tuple[Any, list[Any]], how: How
) -> None:
    made = [typed(*found, name) for found, name in zip((left, right), ("x", "y"), strict=True)]
    check(JoinedTable(made[0], made[1], "k", how))


def test_a_key_that_its_type_cannot_hold_is_refused_by_queries_too() -> None:
    left, right = typed("int64", [2**53 + 1], "x"), typed("float64", [0.5], "y")
    join = JoinedTable(left, right, "k")
    with pytest.raises(ConflictError, match="no exact form"):
        join.to_arrow()
    with pytest.raises(ConflictError, match="no exact form"):
        join.view(filter="k > 0").to_arrow()


@pytest.mark.parametrize("how", HOWS)
def test_class_ids_meet_floats_as_the_integers_that_they_are(how: How) -> None:
    pets = Table(columns=["k", "x"], data=[[0, 1], [1, 2], [None, 3]])
    pets.cast("k", Classes([{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}]).get_type())
    floats = typed("float64", [1.0, 0.5], "y")
    for left, right in ((pets, floats), (floats, pets)):
        check(JoinedTable(left, right, "k", how))
        check(compare([left, right, left], "k", how=how))
    far = typed("int64", [2**53 + 1], "x")
    with pytest.raises(ConflictError, match='key "k" of side 0'):
        len(compare([far, floats, far], "k"))


@pytest.mark.parametrize("how", HOWS)
def test_composite_keys_of_other_names(how: How) -> None:
    left = Table(columns=["a", "b", "x"], data=[[1, "p", 0], [1, "q", 1], [None, "q", 2], [1, "p", 3]])
    right = Table(columns=["c", "b", "y"], data=[["p", 1, 0], ["q", 1, 1], ["q", 2, 2]])
    check(JoinedTable(left, right, [("a", "b"), ("b", "c")], how))


@pytest.mark.parametrize("how", HOWS)
def test_a_join_of_joins(how: How) -> None:
    one, other = sides(None, 1, 20)
    third, _ = sides(None, 2, 20)
    inner = JoinedTable(one, other, "k", "outer")
    join = JoinedTable(inner, third, "k", how)
    source = check(join)
    assert "0.0.x" in source.schema
    check(JoinedTable(third, inner, "k", how), ["k", "1.1.y"])


# EXPR-15: what is called 0.a is found by that name, whether there are sides or not.
def test_columns_are_found_as_they_are_shown() -> None:
    left = Table(columns=["k", "x", "a.b"], data=[[1, 2, 3], [2, 3, 4]])
    join = JoinedTable(left, Table(columns=["k", "x"], data=[[1, 5]]), "k", "left")
    inner = JoinedTable(join, left, "k")
    for found in (join, join.view(), join.view().view(), PartitionedTable([join]), Table.from_arrow(join.to_arrow())):
        for name in ("0.x", 'row["0.x"]', "`0.x`"):
            assert found.view(filter=f"{name} > 2").to_arrow(["k"])["k"].to_pylist() == [2]
        assert found.view(sort='row["0.a.b"] desc', columns=["k"])["k"].to_pylist() == [2, 1]
        assert found.view(group="1.x", cells={"n": "max(0.`a.b`)"})["n"].to_pylist() == [3, 4]
    for deep in (inner, inner.view()):
        assert deep.view(filter='0.1.x == 5 and row["0.1.x"] == 5').to_arrow(["k"])["k"].to_pylist() == [1]
    derived = join.view(derive={"0.x": "0.x + 10"})
    assert derived.view(filter="0.x > 12")["k"].to_pylist() == [2]
    with pytest.raises(ExpressionError, match="no sides here"):
        left.view(filter="0.x > 1")
    with pytest.raises(ExpressionError, match="unknown column"):
        join.view(filter="`2.x` > 1")


# VIEW-3, EXPR-15: a derived column that is called as one of a side replaces it for all that comes later.
def test_a_derived_column_replaces_one_of_a_side() -> None:
    left = Table(columns=["k", "x"], data=[[1, 2], [2, 3]])
    join = JoinedTable(left, Table(columns=["k", "x", "y"], data=[[1, 12, 5], [2, 3, 6]]), "k")
    seen = join.view(derive={"0.x": "0.x + 10", "later": "0.x", "0.z": "0.x + 1", "1.y": "str(y)"})
    shown = seen.to_arrow().to_pydict()
    assert seen.columns == ["k", "0.x", "1.x", "1.y", "later", "0.z"]
    assert (shown["0.x"], shown["later"], shown["0.z"]) == ([12, 13], [12, 13], [13, 14])
    for name in ("0.x", "`0.x`", 'row["0.x"]', "later", "0.z - 1"):
        assert seen.where(f"{name} > 12")["k"].to_pylist() == [2]
    for text in ("0.x == 1.x", "x == 12 and 1.x == 12", 'y == "5"', "k == 1 and 0.k == 1"):
        assert seen.where(text)["k"].to_pylist() == [1]
    assert seen.where("*.x == 13 or x == 2")["k"].to_pylist() == [2]
    assert seen.sort("0.x desc")["k"].to_pylist() == [2, 1]
    assert seen.group_by("0.x", cells={"n": "max(0.x)"})["n"].to_pylist() == [12, 13]
    merged = compare([left, Table(columns=["k", "x"], data=[[1, 2], [2, 4]])], "k")
    assert merged.view(derive={"1.x": "0.x"}, filter="0.x == 1.x").to_arrow()["_change"].to_pylist() == [
        "equal",
        "changed",
    ]
    with pytest.raises(ExpressionError, match="column of side 1"):
        seen.where("1.z > 1")


def test_a_join_without_rows(tmp_path: Path) -> None:
    empty = Table.from_arrow(pa.table({"k": pa.array([], pa.int64()), "x": pa.array([], pa.int64())}))
    empty.write(str(tmp_path / "empty"))
    stored = open_table(tmp_path / "empty")
    _, right = sides(None)
    for how in HOWS:
        check(JoinedTable(empty, right, "k", how))
        check(JoinedTable(right, empty, "k", how))
        check(JoinedTable(empty, empty, "k", how))
        check(JoinedTable(stored, stored, "k", how))
    check(JoinedTable(JoinedTable(empty, empty, "k"), right, "k"))


def test_a_filter_reaches_both_sides_and_only_asked_columns_are_read(tmp_path: Path) -> None:
    left, right = sides(tmp_path)
    source = query_source(JoinedTable(left, right, "k", "inner")._source())
    relation = source.relation(["k", "0.x"])
    plan = run(Statement(f"EXPLAIN SELECT c1 FROM {relation.sql} AS t WHERE c0 = 7"), relation.inputs)
    text = str(plan.column(1).to_pylist()[0])
    # Once on each side, where row groups without the key are skipped.
    assert len(re.findall(r"Filters: \w+ ?= ?7", text)) == 2, text
    found, _ = read(source, ["k", "0.x"], "c0 = 7")
    assert set(found["k"].to_pylist()) == {7}


def test_media_and_nested_columns_come_through(tmp_path: Path) -> None:
    left = Table(columns=["k", "tags"], data=[[i, ["a"] * i] for i in range(3)])
    right = Table(columns=["k", "facts"], data=[[i, {"n": i, "s": str(i)}] for i in range(1, 4)])
    check(JoinedTable(left, right, "k"))


def test_a_query_sees_the_rows_of_a_union(tmp_path: Path) -> None:
    left, right = sides(tmp_path)
    widened = Table(columns=["k", "x"], data=[[0.5, 1], [None, None]])
    check(PartitionedTable([left, right, left]))
    check(PartitionedTable([left, widened]), ["x", "k"])
    check(PartitionedTable([Table(columns=["a"], data=[[1], [2]]), JoinedTable(left, right, "k"), widened]))
    empty = Table.from_arrow(pa.table({"k": pa.array([], pa.int64())}))
    check(PartitionedTable([empty, empty]))


def test_a_view_of_a_union_streams_in_order_without_sorting(tmp_path: Path) -> None:
    parts = []
    for number in range(4):
        ids = np.arange(number * 150_000, (number + 1) * 150_000)
        Table.from_arrow(pa.table({"id": ids, "odd": ids % 2 == 1})).write(str(tmp_path / str(number)))
        parts.append(open_table(tmp_path / str(number)))
    both = compare(parts, mode="concat")
    assert getattr(query_source(both._source()), "scans_in_order", False)
    view = both.view(filter="odd")
    found = np.concatenate([batch.column("id").to_numpy() for batch in view.scan(["id", "_table"])])
    assert np.array_equal(found, np.arange(1, 600_000, 2))
    mixed = PartitionedTable([parts[0], JoinedTable(parts[1], parts[2], "id")])
    assert not getattr(query_source(mixed._source()), "scans_in_order", True)
