from __future__ import annotations

import io
import json
import sys
import types
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from wbtable.errors import FormatError, MissingExtraError, UsageError
from wbtable.format.types_media import ClassesType, FigureType, HistogramType
from wbtable.media import Classes, Histogram, Plotly, limits, media_class, wrap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.media.conftest import Blobs

RNG = np.random.default_rng(2)


# Histograms ---------------------------------------------------------------------------------------------


def test_histograms_come_back(blobs: Blobs) -> None:  # [MEDIA-16] [MEDIA-1]
    values = RNG.normal(size=1000)
    histogram = Histogram(values, num_bins=32)
    counts, bins = np.histogram(values, bins=32)
    assert histogram.to_cell() == {"counts": counts.tolist(), "bins": bins.tolist()}
    stored = blobs.stored(histogram)
    assert stored == histogram == Histogram(np_histogram=(counts, bins)) == Histogram(values.tolist(), num_bins=32)
    assert hash(stored) == hash(histogram)
    assert np.array_equal(stored.to_numpy()[1], bins)
    assert histogram.column_type() == HistogramType()
    assert len(Histogram([[1, 2], [3, 4]]).histogram) == 64
    assert repr(Histogram([0, 1, 1], num_bins=2)) == "Histogram(2 bins, 0..1, total 3)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either"),
        ({"sequence": [1], "np_histogram": ([1], [0, 1])}, "either"),
        ({"sequence": [1], "num_bins": 513}, "1 to 512"),
        ({"sequence": [1], "num_bins": 0}, "1 to 512"),
        ({"sequence": [1], "num_bins": 1.5}, "1 to 512"),
        ({"sequence": [1, float("nan")]}, "NaN"),
        ({"sequence": ["a"]}, "numbers"),
        ({"sequence": [[1], [1, 2]]}, "numbers"),
        ({"sequence": [1j]}, "numbers"),
        ({"np_histogram": ([1], [0])}, "one more bin edge"),
        ({"np_histogram": ([], [0])}, "one more bin edge"),
        ({"np_histogram": ([1, 1], [0, 2, 1])}, "ascending"),
        ({"np_histogram": (np.ones(513), np.arange(514))}, "at most 512"),
        ({"np_histogram": [1, 2, 3]}, "counts, bins"),
        ({"sequence": [1e308, -1e308]}, "bins|finite"),
    ],
)
def test_histograms_that_are_wrong(arguments: dict[str, Any], message: str) -> None:  # [MEDIA-16]
    with pytest.raises(UsageError, match=message):
        Histogram(**arguments)


def test_a_damaged_histogram_gives_a_format_error(blobs: Blobs) -> None:
    for counts, bins in (([1.0], [0.0]), (None, None), ([1.0], [0.0, float("nan")])):
        with pytest.raises(FormatError):
            Histogram.from_cell({"counts": counts, "bins": bins}, blobs, HistogramType())


# Figures ------------------------------------------------------------------------------------------------


class Figure:
    """Quacks like a Plotly figure."""

    def to_plotly_json(self) -> dict[str, Any]:
        return {"data": [{"type": "bar", "y": np.array([1.0, np.nan])}], "layout": {"title": {"text": "é"}}}


Figure.__module__, Figure.__name__ = "plotly.basedatatypes", "BaseFigure"


def test_figures_are_their_json(blobs: Blobs, tmp_path: Path) -> None:  # [MEDIA-17]
    expected = {"data": [{"type": "bar", "y": [1.0, None]}], "layout": {"title": {"text": "é"}}}
    figure = blobs.stored(Plotly(Figure(), caption="c"))
    assert figure.to_dict() == expected
    assert (figure.caption, figure.content_type) == ("c", "application/vnd.plotly.v1+json")
    text = json.dumps(expected, indent=1)
    path = tmp_path / "figure.json"
    path.write_text(text)
    for source in (text, text.encode(), path, io.StringIO(text)):
        assert Plotly(source).bytes == text.encode()
    assert Plotly(expected).column_type() == FigureType()
    assert isinstance(wrap(Figure()), Plotly)
    assert media_class("figure") is Plotly
    assert Plotly.make_plot_media(expected) == Plotly(expected)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "list as data"),
        ({"data": [{"x": object()}]}, "cannot become JSON"),
        ("{", "damaged"),
        ("[" * 100_000, "damaged"),
        ("[1]", "JSON of a figure"),
        (5, "found int"),
    ],
)
def test_figures_that_are_wrong(value: Any, message: str) -> None:  # [MEDIA-17]
    with pytest.raises(UsageError, match=message):
        Plotly(value).to_cell()


def test_plotly_is_asked_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure as Drawing

    for name in ("plotly", "plotly.graph_objects", "plotly.tools"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (Plotly({"data": []}).figure, lambda: Plotly(Drawing())):
        with pytest.raises(MissingExtraError, match="pip install plotly"):
            call()
    package: Any = types.ModuleType("plotly")
    package.tools = types.ModuleType("plotly.tools")
    package.graph_objects = types.ModuleType("plotly.graph_objects")
    package.tools.mpl_to_plotly = lambda _: Figure()
    package.graph_objects.Figure = dict
    for module in (package, package.tools, package.graph_objects):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    assert Plotly(Drawing()).figure()["layout"] == {"title": {"text": "é"}}

    def fail(_: object) -> object:
        raise AttributeError("is_frame_like")

    package.tools.mpl_to_plotly = fail
    with pytest.raises(UsageError, match=r"use Image\(figure\)"):
        Plotly(Drawing())


# Classes ------------------------------------------------------------------------------------------------


def test_classes() -> None:
    classes = Classes([{"id": 1, "name": "cat"}, {"id": np.int64(0), "name": "dog"}])
    assert classes.get_type() == ClassesType(classes=((0, "dog"), (1, "cat")))
    assert classes == Classes({0: "dog", 1: "cat"})
    assert (len(classes), classes.to_dict(), len({classes, Classes({0: "dog", 1: "cat"})})) == (
        2,
        {0: "dog", 1: "cat"},
        1,
    )
    assert repr(classes) == "Classes([{'id': 0, 'name': 'dog'}, {'id': 1, 'name': 'cat'}])"
    for wrong, message in (
        ([{"id": 1}], r"class_set\[0\]"),
        ([{"id": "x", "name": "y"}], "integer as class id"),
        ([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], "twice"),
        ([5], "found 5"),
    ):
        with pytest.raises(UsageError, match=message):
            Classes(wrong)  # type: ignore[arg-type]


def test_json_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:  # [MEDIA-12]
    figure = Plotly({"data": [1, 2, 3]})
    figure.to_cell()
    monkeypatch.setattr(limits, "MAX_BYTES", 5)
    with pytest.raises(FormatError, match="at most 5 bytes"):
        figure.to_dict()
