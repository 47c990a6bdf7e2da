from __future__ import annotations

import itertools
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conformance.schemas import validator
from tests.unit.format.arrow_cases import COLUMNS
from wbtable.errors import FormatError
from wbtable.format.documents import Reader, canonical, parse
from wbtable.format.schema import Schema
from wbtable.format.sketch import SAMPLE, sketch_rows
from wbtable.format.summary import ColumnSummary, Histogram, float_edges, integer_edges, summaries
from wbtable.format.types import BooleanType, ColumnType, DateType, HistogramType, ListType, NumberType, StringType

INT = NumberType(dtype="int64")
FLOAT = NumberType(dtype="float64")


def _summary(kind: ColumnType, values: list[Any]) -> dict[str, Any]:
    schema = Schema.of([("c", kind)])
    (found,) = summaries(sketch_rows(pa.table({"c": pa.array(values, kind.arrow())}), schema, 0))
    return found


def test_floats() -> None:
    # SUM-1, SUM-2, SUM-4, SUM-7, SUM-8
    values = [0.0, 1.0, 20.0, None, float("nan"), float("inf")]
    assert _summary(FLOAT, values) == {
        "count": 6,
        "nulls": 1,
        "nan": 1,
        "positive_infinity": 1,
        "sampled": 6,
        "min": "0",
        "max": "Infinity",
        "finite_min": "0",
        "finite_max": "20",
        "distinct": {"count": 4, "exact": True},
        "histogram": {"edges": [str(i) for i in range(21)], "counts": [1, 1, *[0] * 17, 1]},
    }


def test_few_integers_have_a_bar_each() -> None:
    # SUM-8
    found = _summary(INT, [3, 5, 5, 52])
    assert found["histogram"]["edges"] == [str(i) for i in range(3, 54)]
    assert found["histogram"]["counts"] == [1, 0, 2, *[0] * 46, 1]


def test_many_integers_have_integer_edges() -> None:
    # SUM-8
    found = _summary(INT, [0, 50])
    assert found["histogram"]["edges"] == [str(i) for i in range(0, 52, 3)]
    assert sum(found["histogram"]["counts"]) == 2


def test_the_whole_range_of_int64() -> None:
    found = _summary(INT, [-(2**63), 2**63 - 1, 0])
    assert (found["min"], found["max"]) == (str(-(2**63)), str(2**63 - 1))
    assert sum(found["histogram"]["counts"]) == 3


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1))
def test_integer_edges(one: int, other: int) -> None:
    # SUM-8
    least, greatest = sorted([one, other])
    edges = integer_edges(least, greatest)
    assert edges[0] == least
    assert edges[-2] <= greatest < edges[-1]
    assert len({b - a for a, b in itertools.pairwise(edges)}) == 1
    assert len(edges) - 1 <= (50 if greatest - least < 50 else 20)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
@example(-1.797693134862313e308, -1.7976931348623101e308)
def test_float_edges(one: float, other: float) -> None:
    # SUM-8: also where the difference of the two is infinite
    least, greatest = sorted([one, other])
    edges = float_edges(least, greatest)
    assert (edges[0], edges[-1]) == (least, greatest)
    assert len(edges) == (2 if least == greatest else 21)
    assert edges == sorted(edges)


def test_booleans_and_strings_have_top_values() -> None:
    # SUM-8
    assert _summary(BooleanType(), [True, None, False, True])["top"] == [
        {"value": "true", "count": 2},
        {"value": "false", "count": 1},
    ]
    found = _summary(StringType(), ["b", "a", "b", "x" * 65])
    assert found["top"] == [
        {"value": "b", "count": 2},
        {"value": "a", "count": 1},
        {"value": "x" * 64, "count": 1, "cut": True},
    ]
    assert (found["min"], found["max"], found["max_cut"]) == ("a", "x" * 64, True)


def test_fifty_top_values_and_the_others() -> None:
    # SUM-8
    found = _summary(StringType(), [f"{i:03}" for i in range(60)])
    assert [top["value"] for top in found["top"]] == [f"{i:03}" for i in range(50)]
    assert found["others"] == 10


def test_a_value_that_part_of_the_rows_hold_once_is_no_top_value() -> None:
    # SUM-8
    found = _summary(StringType(), [f"{i}" for i in range(2 * SAMPLE)])
    assert "top" not in found
    assert found["others"] == found["sampled"] == SAMPLE


def test_what_comes_from_a_sample_is_approximate() -> None:
    # SUM-8
    for rows, approximate in ((SAMPLE, False), (SAMPLE + 1, True)):
        found = ColumnSummary.read(Reader(_summary(INT, [i % 7 for i in range(rows)]), "here"))
        assert found.approximate == approximate
        assert found.histogram is not None
        assert sum(found.histogram.counts) == found.sampled == SAMPLE


def test_dates_are_days_and_lists_lengths() -> None:
    # SUM-1, SUM-7
    assert _summary(DateType(), [1, 3])["max"] == "3"
    assert _summary(ListType(item=INT), [[1, 2], None, []]) == {"count": 3, "nulls": 1, "shortest": 0, "longest": 2}
    assert _summary(HistogramType(), [None]) == {"count": 1, "nulls": 1}


@pytest.mark.parametrize("kind", [INT, FLOAT, StringType(), BooleanType()])
@pytest.mark.parametrize("values", [[], [None, None]])
def test_nothing_to_summarise(kind: ColumnType, values: list[Any]) -> None:
    found = _summary(kind, values)
    assert "histogram" not in found
    assert "min" not in found
    assert found["distinct"] == {"count": 0, "exact": True}


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=lambda case: str(case)[:30])
def test_the_json_form_reads_back(kind: ColumnType, values: list[Any]) -> None:
    found = _summary(kind, values)
    read = ColumnSummary.read(Reader(parse(canonical(found), "here"), "here"))
    assert read.to_json() == found
    manifest = validator("table-manifest", strict=True)
    summary = manifest.evolve(schema={"$ref": "table-manifest.json#/properties/summaries/items"})
    assert [error.message for error in summary.iter_errors(json.loads(canonical(found)))] == []


def test_fields_of_newer_writers_are_kept() -> None:
    found = {"count": 1, "nulls": 0, "median": "3"}
    assert ColumnSummary.read(Reader(found, "here")).to_json() == found


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"nulls": 0}, "count"),
        ({"count": 1, "nulls": 2}, "nulls and sampled"),
        ({"count": 1, "nulls": 0, "sampled": 2}, "nulls and sampled"),
        ({"count": 1, "nulls": 0, "min": 3}, "min"),
        ({"count": 1, "nulls": 0, "distinct": {"count": "1"}}, "distinct"),
        ({"count": 1, "nulls": 0, "histogram": {"edges": ["1"], "counts": [1]}}, "one more edge"),
        ({"count": 1, "nulls": 0, "histogram": {"edges": [1, 2], "counts": [1]}}, "edges"),
        ({"count": 1, "nulls": 0, "histogram": {"edges": ["1", "2"], "counts": [-1]}}, "counts"),
        ({"count": 1, "nulls": 0, "top": [{"count": 1}]}, "value"),
    ],
)
def test_other_json_is_refused(value: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        ColumnSummary.read(Reader(value, "here"))


def test_histograms_have_an_edge_on_each_side() -> None:
    with pytest.raises(FormatError, match="one more edge"):
        Histogram(edges=("1",), counts=())
