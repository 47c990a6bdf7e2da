"""Comparisons say exactly what differs, in a defined order, and read nothing that fingerprints say is equal."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wbtable
from tests.unit.query.test_join_query import check
from wbtable.errors import NotFoundError, UsageError
from wbtable.query.compare import KINDS
from wbtable.tables.compare import compare, suggest_key
from wbtable.tables.compared import HOWS
from wbtable.tables.same import same_values
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wbtable.tables.compared import How
    from wbtable.tables.readable import Readable

Row = list[Any]


def rows_of(table: Readable) -> list[Row]:
    return [row for _, row in table.iterrows()]


def oracle(sides: list[list[Row]], how: str = "outer") -> list[Row]:
    """Compare rows (key, value) in the plainest way: the n-th of a key with the n-th; nulls with nothing."""
    named: list[dict[Any, Row]] = []
    for side in sides:
        seen: dict[Any, int] = {}
        found: dict[Any, Row] = {}
        for place, row in enumerate(side):
            key = row[0]
            if key is None:
                found["null", len(named), place] = row
            else:
                seen[key] = seen.get(key, 0) + 1
                found[key, seen[key]] = row
        named.append(found)
    out = []
    for name in dict.fromkeys(itertools.chain.from_iterable(named)):
        cells = [found.get(name) for found in named]
        present = [cell for cell in cells if cell is not None]
        if cells[0] is None:
            kind = "added"
        elif len(present) < len(cells):
            kind = "removed"
        else:
            kind = "equal" if all(same_values(cell[1:], present[0][1:]) for cell in present) else "changed"
        if how == "inner" and len(present) < len(cells):
            continue
        if (how == "left" and cells[0] is None) or (how == "right" and cells[-1] is None):
            continue
        out.append([present[0][0], *(None if cell is None else cell[1] for cell in cells), kind])
    return out


_CELLS = st.one_of(st.none(), st.sampled_from([0.0, 1.0, float("nan"), float("inf")]))


# CMP-2: the n-th occurrence of a key with the n-th, null with nothing. CMP-3: the order. CMP-4: exact counts.
@given(data=st.data(), sides=st.integers(2, 4), how=st.sampled_from(HOWS), text=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_comparison_says_what_the_plainest_comparison_says(
    data: st.DataObject, sides: int, how: How, text: bool
) -> None:
    keys = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]) if text else st.integers(-2, 3))
    row = st.tuples(keys, _CELLS).map(list)
    given_rows = [data.draw(st.lists(row, max_size=8)) for _ in range(sides)]
    made = [Table(columns=["k", "v"], data=rows, dtype=[str if text else int, float]) for rows in given_rows]
    expected = oracle(given_rows, how)
    found = compare(made, key="k", how=how)
    assert found.columns == ["k", *(f"{side}.v" for side in range(sides)), "_change"]
    assert same_values(rows_of(found), expected)
    every = oracle(given_rows)
    counts = found.counts
    assert {kind: getattr(counts, kind) for kind in KINDS} == {
        kind: sum(1 for row in every if row[-1] == kind) for kind in KINDS
    }
    assert counts.rows == len(every)
    assert counts.nulls == tuple(sum(1 for row in rows if row[0] is None) for rows in given_rows)
    for rows, duplicates in zip(given_rows, counts.duplicates, strict=True):
        held = [row[0] for row in rows if row[0] is not None]
        assert duplicates == len(held) - len(set(held))
    changed = sum(1 for row in every if row[-1] == "changed")
    assert [(c.name, c.changed) for c in found.changes] == [("v", changed)]
    assert same_values(rows_of(found.changed), [row for row in expected if row[-1] != "equal"])
    assert same_values(rows_of(found.only("equal")), [row for row in expected if row[-1] == "equal"])
    check(found)


def stored(folder: Path, name: str, table: pa.Table) -> Table:
    Table.from_arrow(table).write(str(folder / name))
    return wbtable.open_table(folder / name)


def predictions(rows: int = 1000, epoch: int = 0) -> pa.Table:
    rng = np.random.default_rng(5)
    guess = rng.integers(0, 10, rows)
    if epoch:
        guess[::7] = (guess[::7] + epoch) % 10
    return pa.table(
        {"id": np.arange(rows), "truth": rng.integers(0, 10, rows), "guess": guess, "score": rng.random(rows)}
    )


def spy(monkeypatch: pytest.MonkeyPatch, tables: Sequence[Table]) -> list[tuple[int, str]]:
    """Return where the columns that are read will be noted."""
    sources = [table._source() for table in tables]
    asked: list[tuple[int, str]] = []
    for name in ("batches", "take", "read_all", "read_fragment"):
        original = getattr(type(sources[0]), name)

        def noted(self: Any, *args: Any, _original: Any = original, **options: Any) -> Any:
            columns = options.get("columns", next((arg for arg in args if isinstance(arg, list)), None))
            if self in sources:
                asked.extend((sources.index(self), column) for column in columns or self.schema.names)
            return _original(self, *args, **options)

        monkeypatch.setattr(type(sources[0]), name, noted)
    return asked


# CMP-1: with equal fingerprints of the key rows pair by position, and equal columns are not read.
def test_equal_fingerprints_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [stored(tmp_path, f"t{epoch}", predictions(epoch=epoch)) for epoch in (0, 4)]
    asked = spy(monkeypatch, tables)
    found = compare(tables, key="id")
    assert found.by_position
    assert asked == []
    assert {change.name: change.changed for change in found.changes} == {"truth": 0, "guess": 143, "score": 0}
    assert set(asked) == {(0, "guess"), (1, "guess")}
    assert (found.counts.changed, found.counts.equal) == (143, 857)
    assert set(asked) == {(0, "guess"), (1, "guess"), (0, "id")}
    assert [change.status for change in found.changes] == ["equal", "changed", "equal"]
    check(found, ["id", "1.guess", "_change"])


# CMP-1: keys in another order pair by their values.
def test_rows_in_another_order_pair_by_key(tmp_path: Path) -> None:
    base = predictions()
    shuffled = predictions(epoch=4).take(np.random.default_rng(1).permutation(1000))
    tables = [stored(tmp_path, "a", base), stored(tmp_path, "b", shuffled)]
    found = compare(tables, key="id")
    assert not found.by_position
    assert {change.name: change.changed for change in found.changes} == {"truth": 0, "guess": 143, "score": 0}
    assert found["id"].to_pylist() == list(range(1000))
    assert found["1.guess"].to_pylist() == predictions(epoch=4)["guess"].to_pylist()
    check(found)


def test_equal_keys_with_nulls_still_do_not_match(tmp_path: Path) -> None:
    table = pa.table({"k": pa.array([1, None, 2]), "v": [1, 2, 3]})
    found = compare([stored(tmp_path, "a", table), stored(tmp_path, "b", table)], key="k")
    assert not found.by_position
    assert rows_of(found) == [
        [1, 1, 1, "equal"],
        [None, 2, None, "removed"],
        [2, 3, 3, "equal"],
        [None, None, 2, "added"],
    ]
    assert found.counts.nulls == (1, 1)
    assert "null key" in str(found.counts)


def test_composite_keys_and_keys_of_other_names() -> None:
    left = Table(columns=["a", "b", "v"], data=[[1, "x", 1], [1, "y", 2]])
    right = Table(columns=["c", "b", "v"], data=[[1, "y", 3], [1, "x", 1]])
    found = compare([left, right], key=[("a", "c"), "b"])
    assert found.key == ["a", "b"]
    assert rows_of(found) == [[1, "x", 1, 1, "equal"], [1, "y", 2, 3, "changed"]]
    same = Table(columns=["a", "b", "v"], data=[[1, "y", 3]])
    assert rows_of(compare([left, same], key=["a", "b"], how="inner")) == [[1, "y", 2, 3, "changed"]]


# CMP-6: a column on one side only, or of another type, is shown, and does not make rows differ.
def test_columns_on_one_side_and_of_another_type() -> None:
    left = Table(columns=["k", "both", "gone", "kind", "wide"], data=[[1, "a", 1, 5, 1], [2, "b", 2, 6, 2]])
    right = Table(columns=["k", "both", "kind", "new", "wide"], data=[[1, "a", "5", 1, 1.0], [2, "c", "6", 2, 2.5]])
    found = compare([left, right], key="k")
    assert [(c.name, c.status, c.changed) for c in found.changes] == [
        ("both", "changed", 1),
        ("wide", "changed", 1),
        ("gone", "removed", None),
        ("kind", "retyped", None),
        ("new", "added", None),
    ]
    assert next(c.types for c in found.changes if c.name == "kind") == ("int64", "string")
    assert next(c.types for c in found.changes if c.name == "new") == (None, "int64")
    assert (found.counts.changed, found.counts.equal) == (1, 1)
    assert found.columns == [
        *("k", "0.both", "0.gone", "0.kind", "0.wide", "1.both", "1.kind", "1.new", "1.wide", "_change"),
    ]
    with pytest.raises(NotFoundError, match="gone"):
        found.histogram("gone")


# CMP-5: nested values and media compare by content.
def test_nested_values_and_media() -> None:
    pixels = [np.full((4, 4), value, np.uint8) for value in range(3)]
    rows: list[list[Any]] = [
        [0, wbtable.Image(pixels[0]), [1, 2], {"a": 1.0}, np.arange(3)],
        [1, wbtable.Image(pixels[1]), None, {"a": float("nan")}, np.arange(3)],
        [2, wbtable.Image(pixels[2]), [], {"a": None}, np.arange(3)],
    ]
    names = ["id", "image", "list", "dict", "array"]
    left = Table(columns=names, data=rows)
    same = Table(columns=names, data=[list(row) for row in rows])
    assert compare([left, same], key="id").counts.equal == 3
    rows[0][1], rows[1][2], rows[2][3], rows[0][4] = wbtable.Image(pixels[1]), [], {"a": 0.0}, np.arange(3) + 1
    right = Table(columns=names, data=rows)
    changes = compare([left, right], key="id").changes
    assert {c.name: c.changed for c in changes} == {"image": 1, "list": 1, "dict": 1, "array": 1}


def test_rows_changed_in_a_column() -> None:
    left = Table(columns=["k", "a", "b"], data=[[1, 1, 1], [2, 2, 2], [3, 3, 3]])
    right = Table(columns=["k", "a", "b"], data=[[1, 1, 9], [2, 9, 2], [4, 3, 3]])
    found = compare([left, right], key="k")
    assert found.rows_changed_in("a")["k"].to_pylist() == [2]
    assert found.rows_changed_in("b")["k"].to_pylist() == [1]
    check(found.rows_changed_in("b"))
    with pytest.raises(NotFoundError):
        found.rows_changed_in("c")


# CMP-8: differences and histograms have the same bins on all sides.
@pytest.mark.parametrize(
    ("dtype", "base"), [("int64", 2**53), ("int64", 2**63 - 4), ("int64", -(2**63)), ("uint64", 2**64 - 4)]
)
def test_bins_of_integers_beyond_doubles_are_exact(dtype: str, base: int) -> None:
    sides = [
        Table.from_arrow(pa.table({"k": [1, 2, 3], "n": pa.array([base + each for each in some], dtype)}))
        for some in ((1, 1, 3), (0, 3, 2))
    ]
    found = compare(sides, key="k").histogram("n")
    assert found.edges == tuple(base + each for each in range(5))
    assert found.counts == ((0, 2, 0, 1), (1, 0, 1, 1))


def test_differences_and_two_sided_histograms() -> None:
    left = Table(columns=["k", "n", "x"], data=[[1, 1, 0.5], [2, 5, float("nan")], [3, None, 2.0], [4, 7, 1.0]])
    right = Table(columns=["k", "n", "x"], data=[[1, 4, 1.5], [2, 5, 1.0], [3, 3, float("inf")], [9, 9, 0.0]])
    found = compare([left, right], key="k")
    by_n = found.histogram("n")
    assert by_n.edges == tuple(range(1, 11))
    assert by_n.counts == ((1, 0, 0, 0, 1, 0, 1, 0, 0), (0, 0, 1, 1, 1, 0, 0, 0, 1))
    assert (by_n.nulls, by_n.others) == ((1, 0), (0, 0))
    (n,) = found.differences("n")
    assert (n.side, n.count, n.skipped, n.differing) == (1, 2, 1, 1)
    assert (n.mean, n.mean_absolute, n.least, n.greatest) == (1.5, 1.5, 0.0, 3.0)
    assert (n.edges, n.counts) == ((0.0, 1.0, 2.0, 3.0, 4.0), (1, 0, 0, 1))
    by_x = found.histogram("x")
    assert len(by_x.edges) == 21
    assert [sum(counts) for counts in by_x.counts] == [3, 3]
    assert (by_x.nulls, by_x.others) == ((0, 0), (1, 1))
    (x,) = found.differences("x")
    assert (x.count, x.skipped, x.mean) == (1, 2, 1.0)
    wide = [Table(columns=["k", "n"], data=[[1, value]]) for value in (-(2**63), 2**63 - 1)]
    (far,) = compare(wide, key="k").differences("n")
    assert far.mean == float(2**64 - 1)
    with pytest.raises(UsageError, match="numbers"):
        compare([Table(columns=["k", "s"], data=[[1, "a"]])] * 2, key="k").histogram("s")


def test_differences_that_no_float_holds_are_as_great_as_one_can_be() -> None:
    """CMP-8: what is finite on both sides has a finite difference."""
    numbers = [[1.7e308, -1.7e308, 1.7e308, 0.0], [-1.7e308, 1.7e308, -1.7e308, 0.0]]
    sides = [pa.table({"k": [1, 2, 3, 4], "x": column}) for column in numbers]
    [found] = compare(sides, key="k").differences("x")
    assert found.least is not None
    assert found.greatest is not None
    assert (found.count, found.differing, found.greatest, found.least) == (4, 3, np.finfo(float).max, -found.greatest)
    assert np.isfinite(np.array([found.mean, found.mean_absolute, *found.edges], np.float64)).all()
    assert sum(found.counts) == 4


# CMP-7: never float or media; unique on each side, with values in common; names like id first.
def test_suggested_keys() -> None:
    def suggested(*columns: dict[str, list[Any]]) -> str | None:
        return suggest_key([Table.from_arrow(pa.table(found))._source() for found in columns])

    ids = {"row": [1, 2, 3], "id": [4, 5, 6]}
    assert suggested(ids, ids) == "id"
    assert suggested({"row": [1, 2], "image_id": [3, 4]}, {"row": [1, 2], "image_id": [4, 3]}) == "image_id"
    assert suggested({"n": [1, 2], "file": ["a", "b"]}, {"n": [1, 2], "file": ["b", "c"]}) == "file"
    assert suggested({"x": [1.0, 2.0]}, {"x": [1.0, 2.0]}) is None
    assert suggested({"id": [1, 1], "n": [1, 2]}, {"id": [1, 2], "n": [2, 3]}) == "n"
    assert suggested({"id": [1, 2]}, {"id": [3, 4]}) is None
    assert suggested({"id": [1, 2]}, {"id": ["1", "2"]}) is None
    assert suggested({"id": [1, None]}, {"id": [1, 2]}) == "id"
    primary = Table.from_arrow(pa.table({"id": [1, 2], "n": [1, 2]}))
    primary.set_pk("n")
    assert compare([primary, primary]).key == ["n"]
    found = compare([Table.from_arrow(pa.table(ids))] * 2)
    assert (found.key, found.key_was_suggested) == (["id"], True)


def test_without_a_key_concatenation_is_offered() -> None:
    left = Table(columns=["a"], data=[[1]])
    right = Table(columns=["b"], data=[["x"]])
    with pytest.raises(UsageError, match=r"no column in common.*\(mode concat\)"):
        compare([left, right])
    with pytest.raises(UsageError, match="no column names the rows"):
        compare([Table(columns=["a"], data=[[1], [1]])] * 2)
    both = compare([left, right], mode="concat")
    assert both.columns == ["_table", "a", "b"]
    assert rows_of(both) == [[0, 1, None], [1, None, "x"]]
    check(both)


# CMP-9: what does not widen is said; its cells are of mixed types.
def test_concatenation_reports_conflicts() -> None:
    left = Table(columns=["a", "b"], data=[[1, 1]])
    right = Table(columns=["a", "b"], data=[["x", 0.5]])
    both = compare([left, right], mode="concat")
    assert rows_of(both) == [[0, 1, 1.0], [1, "x", 0.5]]
    (conflict,) = both.conflicts
    assert str(conflict) == 'column "a": int64 in table 0; string in table 1; its cells are of mixed types'
    image = Table(columns=["a", "b"], data=[[wbtable.Image(np.zeros((2, 2), np.uint8)), 1]])
    left_out = compare([left, image], mode="concat")
    assert left_out.columns == ["_table", "b"]
    assert "left out" in str(left_out.conflicts[0])
    with pytest.raises(UsageError, match="_table"):
        compare([Table(columns=["_table"], data=[[1]])] * 2, mode="concat")


def test_sides_without_a_row(tmp_path: Path) -> None:
    keys, numbers = pa.array([], pa.int64()), pa.array([], pa.float64())
    for name, columns in (("a", {"k": keys, "x": numbers}), ("b", {"k": keys, "x": numbers, "y": numbers})):
        Table.from_arrow(pa.table(columns)).write(str(tmp_path / name), name)
    found = compare([str(tmp_path / "a"), str(tmp_path / "b")], key="k")
    assert {name: one.count for name, one in found.view().summaries().items()} == {
        "k": 0, "0.x": 0, "1.x": 0, "1.y": 0, "_change": 0,
    }  # fmt: skip
    assert len(found.view(filter="0.x > 1", sort="1.x")) == 0
    assert len(found.view(group="k")) == 0


def test_side_by_side() -> None:
    sides = compare([Table(columns=["a"], data=[[1]]), Table(columns=["b"], data=[[2]])], mode="side_by_side")
    assert len(sides) == 2
    assert sides[1].columns == ["b"]
    assert "side 1" in repr(sides)


def test_sides_come_from_anywhere(tmp_path: Path) -> None:
    table = pa.table({"id": [1, 2], "v": [1, 2]})
    Table.from_arrow(table).write(str(tmp_path / "t"))
    found = compare([str(tmp_path / "t"), table, Table.from_arrow(table)])
    assert found.sides == 3
    assert found.counts.equal == 2


def test_what_cannot_be_compared_is_refused() -> None:
    table = Table(columns=["k", "v"], data=[[1, 1]])
    cases: list[tuple[Any, dict[str, Any], str]] = [
        ([table], {}, "from 2 to 8 tables"),
        ([table] * 9, {}, "from 2 to 8 tables"),
        (table, {}, "expected"),
        ("table", {}, "list of tables"),
        ([table, 5], {}, "found int"),
        ([table] * 2, {"key": "x"}, "no key column 'x'"),
        ([table] * 2, {"key": 5}, "expected key"),
        ([table] * 2, {"key": []}, "expected key"),
        ([table] * 2, {"key": [("k",)]}, "expected key"),
        ([table] * 2, {"key": ["k", "k"]}, "each"),
        ([table] * 2, {"key": "k", "how": "full"}, "how"),
        ([table] * 2, {"mode": "merge"}, "mode"),
        ([table, Table(columns=["k"], data=[["a"]])], {"key": "k"}, "cannot be equal"),
        ([Table(columns=["k"], data=[[[1]]])] * 2, {"key": "k"}, "cannot be joined"),
    ]
    for tables, options, message in cases:
        with pytest.raises(UsageError, match=message):
            compare(tables, **options)
    with pytest.raises(UsageError, match="expected words of"):
        compare([table] * 2, key="k").only("new")
    clash = Table(columns=["_change", "v"], data=[[1, 1]])
    with pytest.raises(UsageError, match="_change"):
        compare([clash] * 2, key="_change")


def test_views_are_compared_as_tables_are() -> None:
    table = Table(columns=["k", "v"], data=[[1, 1], [2, 2], [3, 3]])
    views = [table.view(filter="k < 3"), table.view(filter="k > 1", derive={"v": "if(k == 2, 9, v)"})]
    found = compare(views, key="k")
    assert rows_of(found) == [[1, 1, None, "removed"], [2, 2, 9, "changed"], [3, None, 3, "added"]]
    assert [len(view) for view in compare(views, mode="side_by_side").view(filter="k == 2")] == [1, 1]
