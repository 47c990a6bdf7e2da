"""The document of a view."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.schemas import validator
from wbtable.errors import FormatError, UnsupportedError
from wbtable.format.documents import canonical, parse
from wbtable.format.view_spec import ColumnSetting, Named, Sort, TablePlace, ViewSource, ViewSpec, Window
from wbtable.query.view_link import view_link, view_of_link

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
EXPRESSIONS = TEXT.filter(lambda text: bool(text.strip()))
NAMED = st.builds(
    Named, name=TEXT, expression=EXPRESSIONS, side=st.sampled_from(["left", "right"]), beside=st.none() | TEXT
)
PLACES = st.builds(TablePlace, url=TEXT) | st.builds(
    TablePlace, project=TEXT, artifact=TEXT, version=TEXT, path=st.just("a/b.table.json")
)
SOURCES = (
    st.builds(ViewSource, kind=st.just("table"), tables=st.tuples(PLACES))
    | st.builds(
        ViewSource,
        kind=st.just("compare"),
        tables=st.lists(PLACES, min_size=2, max_size=8).map(tuple),
        key=st.lists(TEXT).map(tuple),
        mode=st.sampled_from(["join", "concat", "side_by_side"]),
        how=st.sampled_from(["outer", "inner"]),
    )
    | st.builds(ViewSource, kind=st.just("union"), project=TEXT, run_key=TEXT, runs=st.lists(TEXT).map(tuple))
)
COLUMNS = st.builds(
    ColumnSetting,
    name=TEXT,
    visible=st.booleans(),
    width=st.none() | st.integers(1, 4000),
    pin=st.sampled_from([None, "left", "right"]),
    label=st.none() | TEXT,
    display=st.none() | TEXT,
    settings=st.dictionaries(TEXT, st.booleans() | TEXT | st.integers(-100, 100)),
)


def _distinct(items: Any) -> Any:
    return st.lists(items, max_size=4, unique_by=lambda item: item.name).map(tuple)


@st.composite
def specs(draw: Any) -> ViewSpec:
    group = tuple(draw(st.lists(EXPRESSIONS, max_size=3)))
    return ViewSpec(
        source=draw(st.none() | SOURCES),
        derive=draw(_distinct(NAMED)),
        filter=draw(st.none() | EXPRESSIONS),
        group=group,
        cells=draw(_distinct(NAMED)) if group else (),
        having=draw(st.none() | EXPRESSIONS) if group else None,
        sort=tuple(
            draw(
                st.lists(
                    st.builds(
                        Sort,
                        expression=EXPRESSIONS,
                        order=st.sampled_from(["asc", "desc"]),
                        nulls=st.sampled_from(["first", "last"]),
                    ),
                    max_size=3,
                )
            )
        ),
        columns=draw(st.none() | _distinct(COLUMNS)),
        window=draw(st.none() | st.builds(Window, offset=st.integers(0, 10**12), count=st.integers(0, 10**6))),
    )


@given(specs())
def test_documents_and_links_round_trip(spec: ViewSpec) -> None:
    """VIEW-1, VIEW-2, VIEW-7: the same view comes back, and the document is as the schema says."""
    value = spec.to_json()
    validator("view", strict=True).validate(value)
    assert ViewSpec.from_json(parse(canonical(value), "view")) == spec
    assert view_of_link(view_link(spec)) == spec
    assert view_of_link("?" + view_link(spec)) == spec


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"kind": "wbtable.table"}, r"view\.kind"),  # VIEW-1
        ({"source": {"kind": "folder", "tables": []}}, "kind as one of"),  # VIEW-2
        ({"source": {"kind": "table", "tables": []}}, "expected 1 to 1 tables"),
        ({"source": {"kind": "compare", "tables": [{"url": "a"}]}}, "expected 2 to 8 tables"),
        ({"source": {"kind": "table", "tables": [{"url": "a", "path": "b"}]}}, "either url, or project"),
        ({"source": {"kind": "union", "project": "p"}}, "project and run_key"),
        ({"filter": " "}, "an expression of 1 to 10000 characters as filter"),  # VIEW-4
        ({"filter": "x" * 10_001}, "an expression of 1 to 10000"),
        ({"group": ["a"] * 1001}, "at most 1000 items"),
        ({"derive": [{"name": "a", "expression": "1"}] * 2}, "'a' more than once"),
        ({"columns": [{"name": "a"}, {"name": "a"}]}, "'a' more than once"),
        ({"cells": [{"name": "a", "expression": "count()"}]}, "say by what to group"),  # VIEW-3
        ({"having": "count() > 1"}, "say by what to group"),
        ({"sort": [{"expression": "a", "order": "up"}]}, "order as one of asc, desc"),
        ({"window": {"offset": -1, "count": 1}}, r"view\.window\.offset"),
        ({"columns": [{"name": "a", "width": 0}]}, "width of at least 1"),
        ({"group": [1]}, r"view\.group: expected a list of texts"),
    ],
)
def test_impossible_documents_are_refused(change: dict[str, Any], place: str) -> None:
    value = {"kind": "wbtable.view", "format": "0.1", **change}
    with pytest.raises(FormatError, match=place):
        ViewSpec.from_json(value)


def test_newer_documents() -> None:
    value = {"kind": "wbtable.view", "format": "0.1", "sparkle": {"a": 1}, "filter": "a"}
    assert ViewSpec.from_json(value).to_json()["sparkle"] == {"a": 1}
    with pytest.raises(UnsupportedError, match="upgrade"):
        ViewSpec.from_json({**value, "format": "9.0"})


@pytest.mark.parametrize(
    "text",
    [
        urlencode({"window": '1,"kind":"wbtable.table"'}),
        urlencode({"window": "{}"}),
        urlencode({"group": "guess"}),
        urlencode([("filter", "a"), ("filter", "b")]),
        "filter=%ff",
        "a=1&" * 200,
        "filter=" + "a" * 70_000,
        urlencode({"kind": '"wbtable.table"'}),
    ],
)
def test_broken_links_are_refused(text: str) -> None:
    with pytest.raises(FormatError):
        view_of_link(text)


def test_a_link_is_short() -> None:
    spec = ViewSpec(filter="guess != truth", sort=(Sort(expression="score", order="desc"),))
    assert view_link(spec) == (
        "filter=guess+%21%3D+truth&format=0.1&sort=%5B%7B%22expression%22%3A%22score%22%2C%22order%22%3A%22desc%22%7D%5D"
    )
    assert json.loads(canonical(spec.to_json()))["filter"] == "guess != truth"


def test_what_a_page_keeps_goes_along_with_a_link() -> None:
    """VIEW-7, VIEW-10: all but format, filter and having stand as JSON, the height of rows too."""
    kept = {"off": ["x == 1"], "pins": [3], "height": "xl", "beside": {"linked": True}}
    spec = ViewSpec.from_json({**ViewSpec(filter="x > 1").to_json(), **kept})
    assert "height=%22xl%22" in view_link(spec)
    assert view_of_link(view_link(spec)) == spec
