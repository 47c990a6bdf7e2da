from __future__ import annotations

import datetime as dt
import decimal
import math
import time
from typing import Any

import numpy as np
import pytest

from wbtable.cli.output import cut, plain, printable, size_text, sparkline, text_of
from wbtable.integrations.cells import cell_json, cell_text
from wbtable.media.histogram import Histogram
from wbtable.media.html import Html
from wbtable.media.image import Image


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1234, "1.2 kB"),
        (5_000_000_000, "5.0 GB"),
        (10**18, "1000.0 PB"),
    ],
)
def test_sizes(size: int | None, text: str) -> None:
    assert size_text(size) == text


def test_sparkline() -> None:
    assert sparkline([0, 1, 4, 8]) == " ▁▄█"
    assert sparkline([1, 10**9]) == "▁█"
    assert sparkline([]) == sparkline([0, 0]) == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (1.5, 1.5),
        (2**70, 2**70),
        (b"\x01", "01"),
        (decimal.Decimal("1.0"), "1.0"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.timedelta(seconds=1.5), 1.5),
        ({1: (1, None)}, {"1": [1, None]}),
        (np.array([1, 2]), [1, 2]),
        (np.float32(0.5), 0.5),
    ],
)
def test_json_values(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def test_text_for_people() -> None:
    assert text_of(dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)) == "2026-01-02 03:04:05 UTC"
    assert text_of(dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-1)))) == "9999-12-31 23:59:59 UTC"
    assert text_of([1.0, "a"]) == "1, a"
    assert text_of({"a": 1}) == '{"a": 1}'
    assert text_of(None) == ""
    assert cut("abcdef", 4) == "abc…"
    # A terminal must not obey what a table holds.
    assert printable("a\x1b[31m\n\u202e") == "a\\x1b[31m\\n\\u202e"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (1.25, "1.25"),
        (True, "True"),
        ("a\nb", "a\\nb"),
        ("x" * 100, "x" * 59 + "…"),
        (b"abcdefghij", "10 B: 6162636465666768…"),
        (np.zeros((3, 4), np.float32), "ndarray float32 3x4"),
        ([1, [2, None]], "[1, [2, ]]"),
        ({"a": 1}, "{a: 1}"),
    ],
)
def test_cells(value: Any, text: str) -> None:
    assert cell_text(value) == text


def test_media_cells() -> None:
    image = Image(np.zeros((28, 28), np.uint8), caption="a\x1b seven")
    assert cell_text(image).startswith("image 28x28 png ")
    assert "\x1b" not in cell_text(image)
    assert cell_text([image]).startswith("[image 28x28")
    assert cell_text(Html("<p>x</p>")).startswith("html html ")
    assert cell_text(Histogram([1, 2, 3])) == "histogram 64 bins"
    found = cell_json({"a": [image]})["a"][0]
    assert (found["_type"], found["width"], found["content_type"]) == ("image", 28, "image/png")


def test_summaries_of_columns() -> None:
    from wbtable.cli.summaries import column_facts, column_row
    from wbtable.format.types import BinaryType, DateType, NumberType, StringType, TimestampType

    number = {"count": 9000, "nulls": 1, "nan": 2, "min": "0", "max": "3", "distinct": {"count": 1200, "exact": False}}
    number["histogram"] = {"edges": ["0", "1", "2"], "counts": [1, 4]}
    assert column_row(column_facts("n", NumberType(dtype="float64"), number)) == [
        *("n", "float64", "1", "0", "3", "~1,200", "▂█ 2 nan"),
    ]
    # SUM-4: an estimate is above the number of values now and then, which is exact.
    few = number | {"count": 1100, "distinct": {"count": 1110, "exact": False}}
    found = column_facts("n", NumberType(dtype="float64"), few)
    assert (found["summary"]["distinct"], column_row(found)[5]) == ({"count": 1097, "exact": False}, "~1,097")
    top = [{"value": f"v{i}", "count": 9 - i} for i in range(5)]
    text = {"count": 9, "nulls": 0, "min": "v", "min_cut": True, "max": "v4", "top": top}
    assert column_row(column_facts("s", StringType(), text))[2:] == [
        *("0", "v…", "v4", "", "v0 (9), v1 (8), v2 (7), …"),
    ]
    moment = {"count": 1, "nulls": 0, "min": "0", "max": "86400000001"}
    assert column_row(column_facts("t", TimestampType(zone="UTC"), moment))[3:5] == [
        "1970-01-01 00:00:00+00:00",
        "1970-01-02 00:00:00.000001…"[:25] + "…",
    ]
    assert column_row(column_facts("d", DateType(), moment | {"max": "1"}))[3:5] == ["1970-01-01", "1970-01-02"]
    lengths = {"count": 1, "nulls": 0, "shortest": 1, "longest": 2000}
    assert column_row(column_facts("b", BinaryType(), lengths))[3:5] == ["1 long", "2,000 long"]
    assert column_row(column_facts("x", BinaryType(), None))[2:] == [""] * 5


def test_times_without_a_zone_are_shown_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """They were taken for times of this machine's zone, and shown as other times."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert text_of(dt.datetime.fromisoformat("2026-01-02T03:04:05.000060")) == "2026-01-02 03:04:05.000060"
        assert text_of(dt.datetime.fromisoformat("0001-01-01")) == "0001-01-01 00:00:00"
    finally:
        monkeypatch.undo()
        time.tzset()
