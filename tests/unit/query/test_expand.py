"""The rows of a group: a view of them by a filter (EXPR-15, VIEW-3)."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from wbtable.errors import UsageError
from wbtable.format.view_spec import ViewSpec, Window
from wbtable.query.bars import HistogramCells, TopCells
from wbtable.tables.table import Table


def test_expanding_is_a_filter() -> None:
    """Every group's rows are those of a filter that the document holds."""
    rows = pa.table(
        {
            "n": pa.array([1, None, -(2**63), 2**63 - 1] * 2, pa.int64()),
            "x": [0.1, math.nan, 1e300, -5e-324] * 2,
            "t": ['it\'s "x"', "", None, "\\n"] * 2,
            "f": [True, False, None, True] * 2,
            "at": range(8),
        }
    )
    table = Table.from_arrow(rows)
    for key in ("n", "x", "t", "f"):
        view = table.view(filter="at < 7", group=[key, "at % 2"])
        seen = []
        for i, row in enumerate(view.to_arrow().to_pylist()):
            found = view.expand(i)
            again = table.view(spec=ViewSpec.from_json(found.spec.to_json()))
            assert len(again) == row["count"]
            seen += again.to_arrow()["at"].to_pylist()
        assert sorted(seen) == list(range(7))
    with pytest.raises(UsageError, match="from 0 to"):
        table.view(group="n").expand(99)
    with pytest.raises(UsageError, match="no groups"):
        table.view().expand(0)


def test_groups_of_a_window_are_counted_within_it() -> None:
    rows = pa.table({"n": [1, 2, 3, 4, 2], "at": range(5)})
    groups = Table.from_arrow(rows).view(group="n", cells={"last": "max(at)"}, columns=["n", "last"])
    view = Table.from_arrow(rows).view(spec=groups.spec.with_(window=Window(offset=1, count=2)))
    assert view.to_arrow()["n"].to_pylist() == [2, 3]
    assert view.expand(0).to_arrow().to_pylist() == [{"n": 2}, {"n": 2}]
    with pytest.raises(UsageError, match="from 0 to 1, found 2"):
        view.expand(2)
    for offset, expected in ((0, [2, 1]), (1, [1]), (2, [])):
        (cells,) = view.group_cells(offset, 9, ["at"]).values()
        assert isinstance(cells, HistogramCells)
        assert cells.counts.sum(axis=1).tolist() == expected
    assert groups.select("last").expand(3).to_arrow().to_pylist() == [{"n": 4, "at": 3}]


_KEYS: dict[str, list[Any]] = {
    "durations": [dt.timedelta(microseconds=n) for n in (1, 1, -86_400_000_001)] + [None, dt.timedelta(days=365_000)],
    "bytes": [b"a", b"a", b"", None, b"\x00\xff"],
    "floats": [math.inf, math.inf, -math.inf, None, math.nan],
    "decimals": [Decimal("1.50"), Decimal("1.50"), Decimal("-0.01"), None, Decimal("1e20")],
    "times": [dt.time(3), dt.time(3), dt.time(0, 0, 0, 1), None, dt.time.max],
    "zoned": [dt.datetime(1500, 1, 1, tzinfo=dt.UTC)] * 2 + [dt.datetime.now(dt.UTC), None, dt.datetime.now(dt.UTC)],
    "uuids": [uuid.UUID(int=1)] * 2 + [uuid.UUID(int=2), None, uuid.UUID(int=3)],
    "complex numbers": [1 + 2j, 1 + 2j, complex(math.nan, -math.inf), None, 0j],
    "lists of floats": [[0.5, math.nan], [0.5, math.nan], [], None, [None]],
    "lists of moments": [[dt.datetime(2020, 1, 1)]] * 2 + [[], None, [dt.datetime(2020, 1, 2)]],  # noqa: DTZ001
    "dicts": [{"a": b"x", "b": dt.timedelta(1)}] * 2 + [{"a": None}, None, {}],
    "mixed": [1, 1, "1", None, 1.5, True, "true", math.nan, dt.date(2020, 1, 1), [1, "a"], 1.0],
}


@pytest.mark.parametrize("name", _KEYS)
def test_groups_of_every_type_are_expanded(name: str) -> None:
    """The document of a group's rows says its key exactly, whatever its type is."""
    values = _KEYS[name]
    table = Table(columns=["id", "x"], data=[list(row) for row in enumerate(values)], allow_mixed_types=True)
    assert (str(table.schema["x"]) == "any") == (name == "mixed")
    groups = table.view(group="x")
    rows = [groups.expand(i).to_arrow(["id"])["id"].to_pylist() for i in range(len(groups))]
    assert [len(found) for found in rows] == groups.to_arrow()["count"].to_pylist()
    assert sorted(rows) == [[0, 1], *([i] for i in range(2, len(values)))]


def test_groups_are_numbered_within_the_window() -> None:
    """VIEW-3: the window comes last, and what a group shows and holds is that of the group in it."""
    table = Table.from_arrow(pa.table({"k": [1, 1, 2, 3, 3, 3], "w": list("uvwxyz")}))
    view = table.view(spec=ViewSpec(group=("k",), window=Window(offset=1, count=2)))
    assert view.to_arrow()["k"].to_pylist() == [2, 3]
    cells = view.group_cells()["w"]
    assert isinstance(cells, TopCells)
    assert [[value for value, _ in found] for found in cells.values] == [["w"], ["x", "y", "z"]]
    assert [view.expand(i).to_arrow()["w"].to_pylist() for i in range(2)] == [["w"], ["x", "y", "z"]]
    for outside in (-1, 2):
        with pytest.raises(UsageError, match="expected a group from 0 to 1"):
            view.expand(outside)


def test_columns_of_groups_do_not_hinder_that_they_are_expanded() -> None:
    table = Table.from_arrow(pa.table({"k": [1, 1, 2], "w": list("uvw")}))
    groups = table.view(group="k", cells={"n": "count()"})
    assert groups.select("n", "count", "k").expand(0).to_arrow().to_pydict() == {"k": [1, 1]}
    assert groups.select("n", "count").expand(1).to_arrow().to_pydict() == {"k": [2], "w": ["w"]}


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_durations_of_every_unit_are_expanded(unit: str) -> None:
    most = 2**63 - 1
    table = Table.from_arrow(pa.table({"x": pa.array([most, -most, 1, None, most], pa.duration(unit))}))
    groups = table.view(group="x")
    assert [len(groups.expand(i)) for i in range(4)] == [1, 1, 2, 1]


def test_arrays_are_groups_without_a_filter() -> None:
    table = Table(columns=["x"], data=[[np.arange(3)], [np.arange(3)]])
    with pytest.raises(UsageError, match="cannot be written in an expression"):
        table.view(group="x").expand(0)


@pytest.mark.parametrize(
    "keys",
    [
        pa.array([2**62, 0], pa.timestamp("us")),
        pa.array([2**62, 0], pa.timestamp("us", "Europe/Berlin")),
        pa.array([10**7, 0], pa.date32()),
        pa.array([[10**7], [0]], pa.list_(pa.date32())),
        pa.array([[], [(1, 1)]], pa.map_(pa.int64(), pa.int64())),
    ],
)
def test_groups_of_what_no_expression_says_are_refused(keys: pa.Array) -> None:
    """A year beyond 9999, a map by other keys than text: the error says what to do."""
    groups = Table.from_arrow(pa.table({"k": keys})).view(group="k")
    refused = 0
    for number in range(len(groups)):
        try:
            assert len(groups.expand(number)) == 1
        except UsageError as error:
            assert "cannot be written in an expression: group by a part of it" in str(error)  # noqa: PT017 - the others expand
            refused += 1
    assert refused == (2 if pa.types.is_map(keys.type) else 1)
