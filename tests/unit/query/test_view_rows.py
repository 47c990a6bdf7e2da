"""Views of rows: the same as numpy and Python find, wherever the rows are (VIEW-3, VIEW-5)."""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.query.viewing import WAYS, table_of
from tests.unit.tables.cases import SAME, check_identical, png
from tests.unit.tables.reading import many_fragments, stored
from wbtable.errors import FormatError, NotFoundError, UsageError
from wbtable.format.view_spec import Named, ViewSpec, Window
from wbtable.media import Image
from wbtable.query.expression_error import ExpressionError
from wbtable.query.orders import ORDERS
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ROWS = 300


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    yield
    ORDERS.stop()  # what goes on in the background would write into the next test's cache


def rows_of(count: int = ROWS, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    scores = rng.random(count).round(1)
    scores[::17] = np.nan
    return pa.table(
        {
            "id": np.arange(count),
            "guess": rng.integers(0, 5, count),
            "truth": pa.array([None if i % 11 == 0 else i % 5 for i in range(count)], pa.int64()),
            "score": pa.array(scores.astype("f4"), mask=np.arange(count) % 13 == 0),
            "word": pa.array([None if i % 7 == 3 else f"w{i % 20}" for i in range(count)]),
        }
    )


@pytest.mark.parametrize("way", WAYS)
def test_filter_derive_sort_and_columns(way: str, tmp_path: Path) -> None:
    rows = rows_of()
    view = table_of(way, rows, tmp_path).view(
        derive={"error": "guess - truth", "far": "error * error"},
        filter="guess != truth and score > 0.3",
        sort=["far desc", "word"],
        columns=["word", "far", "id"],
    )
    kept = [
        (row["word"], (row["guess"] - row["truth"]) ** 2, row["id"])
        for row in rows.to_pylist()
        if row["truth"] is not None and row["guess"] != row["truth"] and (row["score"] or 0) > np.float32(0.3)
    ]
    # VIEW-5: nulls last, then the position.
    kept.sort(key=lambda row: (-row[1], row[0] is None, row[0] or "", row[2]))
    assert view.columns == ["word", "far", "id"]
    assert len(view) == len(kept)
    assert [tuple(row.values()) for row in view.to_arrow().to_pylist()] == kept
    assert [tuple(row.values()) for row in view.window(5, 7).to_pylist()] == kept[5:12]
    assert [tuple(row) for _, row in view.iterrows()] == kept
    assert view.take([0, -1, 3]).column("id").to_pylist() == [kept[0][2], kept[-1][2], kept[3][2]]
    assert view.to_pandas()["id"].tolist() == view.to_polars()["id"].to_list() == [row[2] for row in kept]


@pytest.mark.parametrize("way", WAYS)
def test_without_order_rows_come_by_position(way: str, tmp_path: Path) -> None:
    rows = rows_of()
    table = table_of(way, rows, tmp_path)
    assert table.view()._same_rows(table)
    assert table.view(filter="guess == 2").to_arrow()["id"].to_pylist() == [
        row["id"] for row in rows.to_pylist() if row["guess"] == 2
    ]


_VALUES = {
    "float": st.sampled_from([0.0, -0.0, 1.5, -2.0, math.inf, -math.inf, math.nan, None]),
    "int": st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63), None]),
    "text": st.sampled_from(["", "a", "B", "b", "é", "\U0001f642", "￿", None]),
    "flag": st.sampled_from([True, False, None]),
}


@given(st.data())
def test_orders_are_total(data: st.DataObject) -> None:
    """VIEW-5: nulls where asked, NaN behind all numbers, text by code point, ties by position."""
    count = data.draw(st.integers(1, 12))
    values = {name: data.draw(st.lists(found, min_size=count, max_size=count)) for name, found in _VALUES.items()}
    keys = data.draw(
        st.lists(st.tuples(st.sampled_from(list(_VALUES)), st.booleans(), st.booleans()), min_size=1, max_size=3)
    )
    table = Table.from_arrow(
        pa.table(
            {
                "float": pa.array(values["float"], pa.float64(), from_pandas=False),
                "int": pa.array(values["int"], pa.int64()),
                "text": pa.array(values["text"], pa.string()),
                "flag": pa.array(values["flag"], pa.bool_()),
                "at": np.arange(count),
            }
        )
    )
    sort = [f"{name} {'desc' if down else 'asc'} nulls {'first' if first else 'last'}" for name, down, first in keys]

    def compare(a: int, b: int) -> int:
        for name, down, first in keys:
            x, y = values[name][a], values[name][b]
            if x is None or y is None:
                if (x is None) != (y is None):
                    return (-1 if first else 1) if x is None else (1 if first else -1)
                continue
            low, high = _rank(x), _rank(y)
            if low != high:
                return (1 if low > high else -1) * (-1 if down else 1)
        return a - b

    expected = sorted(range(count), key=functools.cmp_to_key(compare))
    assert table.view(sort=sort).to_arrow()["at"].to_pylist() == expected
    assert table.view(sort=sort).window(0, count)["at"].to_pylist() == expected


def _rank(value: Any) -> Any:
    if isinstance(value, str):
        return [ord(char) for char in value]
    return (1, 0.0) if isinstance(value, float) and math.isnan(value) else (0, value)


NAMES = [
    "",
    "a",
    "A",
    "file_row_number",
    "filename",
    "file_index",
    "pos",
    "c0",
    "t",
    "f0",
    'q"uote',
    "`tick",
    "x.y",
    "é",
    "$1",
]


@pytest.mark.parametrize("way", WAYS)
def test_odd_names(way: str, tmp_path: Path) -> None:
    columns = {name: np.arange(5) * (i + 2) for i, name in enumerate(NAMES)}
    table = table_of(way, pa.table(columns), tmp_path)
    for i, name in enumerate(NAMES):
        written = "`" + name.replace("`", "``") + "`"
        view = table.view(
            filter=f"{written} >= {2 * (i + 2)}", sort=f"{written} desc", derive={"new": f"{written} + 1"}
        )
        found = view.to_arrow()
        assert found.column_names == [*NAMES, "new"]
        assert found.column(i).to_pylist() == [(i + 2) * k for k in (4, 3, 2)]
        assert found.column("new").to_pylist() == [(i + 2) * k + 1 for k in (4, 3, 2)]


@pytest.mark.parametrize("where", ["memory", "stored"])
@pytest.mark.parametrize("kind", sorted(SAME))
def test_all_types_come_back_as_they_are(kind: str, where: str, tmp_path: Path) -> None:
    """ENGINE-3: filtered, sorted and windowed, values are those that were put in."""
    values = SAME[kind]
    table = Table(columns=["at", "value"], data=[[i, value] for i, value in enumerate(values)])
    if where == "stored":
        table = stored(table, tmp_path / "table")
    kept = list(range(len(values)))[::-1]
    view = table.view(filter="at >= 0", sort="at desc")
    expected = table.take(kept)
    assert view.to_arrow().schema.equals(expected.schema)
    check_identical(view.get_column("value"), [values[i] for i in kept])
    check_identical([row[1] for _, row in view.iterrows()], [values[i] for i in kept])
    assert view.window(0, 1)["at"].to_pylist() == kept[:1]
    check_identical(table.view(filter="at >= 0").get_column("value"), values)


def test_media_are_read_through_views(tmp_path: Path) -> None:
    pictures = [Image(png(i), caption=f"c{i}") for i in range(6)]
    table = stored(
        Table(columns=["at", "image"], data=[[i, picture] for i, picture in enumerate(pictures)]), tmp_path / "table"
    )
    view = table.view(filter="at % 2 == 1", sort="at desc")
    found = view.window(0, 2, media="bytes")["image"]
    assert [cell["bytes"] for cell in found.to_pylist()] == [png(5), png(3)]
    assert [row[1] == pictures[at] for (_, row), at in zip(view.iterrows(), (5, 3, 1), strict=True)] == [True] * 3


def test_columns_added_and_widened_by_appends(tmp_path: Path) -> None:
    """ENGINE-3: what a fragment lacks is null, narrower types are the manifest's."""
    parts = [
        pa.table({"a": pa.array([1, 2**53], pa.int64()), "b": pa.array([None, None], pa.null())}),
        pa.table({"a": [0.5, None], "b": ["x", None], "c": [True, False]}),
        pa.table({"a": pa.array([7], pa.int8()), "b": pa.array(["y"]), "c": pa.array([None], pa.bool_())}),
    ]
    table = Table.from_source(many_fragments(tmp_path / "table", parts))
    view = table.view(derive={"more": "a + 1"})
    assert view.to_arrow().to_pydict() == {
        "a": [1.0, 2.0**53, 0.5, None, 7.0],
        "b": [None, None, "x", None, "y"],
        "c": [None, None, True, False, None],
        "more": [2.0, 2.0**53 + 1, 1.5, None, 8.0],
    }
    assert table.view(filter="c is null and a > 3").to_arrow()["a"].to_pylist() == [2.0**53, 7.0]


def test_structs_that_python_widens(tmp_path: Path) -> None:
    parts = [pa.table({"s": [{"p": 1}], "at": [0]}), pa.table({"s": [{"p": 2, "q": "x"}], "at": [1]})]
    table = Table.from_source(many_fragments(tmp_path / "table", parts))
    view = table.view(filter="s.p >= 1", sort="at desc")
    assert [row[0] for _, row in view.iterrows()] == [{"p": 2, "q": "x"}, {"p": 1}]


def test_integers_that_no_float_holds_are_refused(tmp_path: Path) -> None:
    """ENGINE-3."""
    from wbtable.query.fragment_source import FragmentSource
    from wbtable.tables.reader import TableReader

    parts = [pa.table({"a": pa.array([2**53, 1], pa.int64())}), pa.table({"a": [0.5]})]
    reader = many_fragments(tmp_path / "table", parts)
    assert FragmentSource(reader, reader.manifest).relation(["a"]).sql
    old = reader.manifest.tail[0]
    from dataclasses import replace

    wrong = replace(old, columns=(replace(old.columns[0], greatest=str(2**53 + 1)),))
    manifest = replace(reader.manifest, tail=(wrong, *reader.manifest.tail[1:]))
    worse = TableReader(reader.objects, manifest)
    with pytest.raises(FormatError, match=r'fragments\[0\], column "a".*9007199254740993 is beyond 2\^53'):
        FragmentSource(worse, manifest).relation(["a"])


def test_windows_and_places() -> None:
    table = Table.from_arrow(rows_of())
    spec = ViewSpec(
        derive=(
            Named(name="first", expression="id", side="left"),
            Named(name="twice", expression="2 * id", beside="guess"),
            Named(name="before", expression="1", side="left", beside="word"),
            Named(name="score", expression="score + 1"),
        ),
        window=Window(offset=290, count=20),
    )
    view = table.view(spec=spec)
    assert view.columns == ["first", "id", "guess", "twice", "truth", "score", "before", "word"]
    assert len(view) == 10
    assert view.to_arrow()["id"].to_pylist() == list(range(290, 300))
    assert view.window(8, 5)["id"].to_pylist() == [298, 299]
    assert table.view().window(1000, 5).num_rows == 0
    assert table.view(sort="id desc").window(298, 5)["id"].to_pylist() == [1, 0]
    for offset in (-1, 0.5):
        with pytest.raises(UsageError, match="from 0"):
            view.window(offset, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filter": "guesss == 1"}, r'filter, characters 0 to 6.*did you mean "guess"'),
        ({"derive": {"x": "nope + 1"}}, r"derive\[0\] 'x'"),
        ({"filter": "guess"}, "expected true or false, found int64"),
        ({"sort": ["avg(score)"]}, r"sort\[0\]"),
        ({"filter": "avg(score) > 1"}, "filter"),
        ({"group": "guess", "sort": ["score"]}, r"sort\[0\].*many values in a group"),
        ({"group": ["guess", "guess"]}, "twice"),
        ({"group": "guess", "cells": {"guess": "count()"}}, "would be called 'guess'"),
        ({"spec": {"kind": "wbtable.view", "format": "0.1"}, "filter": "a"}, "either spec"),
        ({"spec": "guess"}, "found str"),
        ({"cells": {"n": "count()"}}, "say by what to group"),
        ({"having": "true"}, "say by what to group"),
        ({"filter": ""}, "expected an expression"),
        ({"filter": 1}, "expected an expression"),
        ({"filter": "guess in (1, 2)"}, r"a list stands in brackets: \[1, 2\]"),
        ({"group": ""}, "expected an expression"),
        ({"group": 1}, "expected group as an expression"),
        ({"sort": [("guess", "desc")]}, "expected a sort key as text"),
        ({"derive": [("x", "1")]}, "found list"),
        ({"derive": {"x": 1}}, "expected an expression"),
    ],
)
def test_views_that_do_not_fit_are_refused_when_they_are_made(arguments: dict[str, Any], message: str) -> None:
    """VIEW-3."""
    with pytest.raises(UsageError, match=message):
        Table.from_arrow(rows_of()).view(**arguments)


def test_views_are_refined_by_whole_expressions() -> None:
    view = Table.from_arrow(rows_of()).view(filter="id < 10", columns=["id"])
    assert len(view.where("id > 5 or id == 0")) == 5
    with pytest.raises(ExpressionError, match="closes nothing"):
        view.where("id > 5) or (true")
    with pytest.raises(UsageError, match="expected an expression"):
        view.sort("")
    assert view.derive({"twice": "2 * id"}).columns == ["id", "twice"]


def test_unknown_columns() -> None:
    table = Table.from_arrow(rows_of())
    with pytest.raises(NotFoundError, match="unknown column 'gues'"):
        table.view(columns=["gues"])
    with pytest.raises(ExpressionError) as caught:
        table.view(filter="score > 1 and gues == 1")
    assert caught.value.span == (14, 18)
