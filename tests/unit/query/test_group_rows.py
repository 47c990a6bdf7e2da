"""Groups: the same as Python finds, wherever the rows are (VIEW-3, VIEW-5, VIEW-6, BARS-1)."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.query.viewing import WAYS, table_of
from tests.unit.tables.cases import png
from tests.unit.tables.reading import stored
from wbtable.errors import UsageError
from wbtable.media import Image
from wbtable.query import group_rows
from wbtable.query.bars import HistogramCells, PageCells, TopCells
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))


def rows_of(count: int = 500) -> pa.Table:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=count)
    scores[::50] = np.nan
    scores[7] = np.inf
    scores[8] = -np.inf
    return pa.table(
        {
            "id": np.arange(count),
            "guess": rng.integers(0, 4, count),
            "truth": pa.array([None if i % 9 == 0 else i % 4 for i in range(count)], pa.int64()),
            "score": pa.array(scores, mask=np.arange(count) % 31 == 0),
            "word": pa.array([None if i % 7 == 3 else f"w{i % 70}" for i in range(count)]),
            "big": pa.array(rng.integers(-(2**62), 2**62, count)),
            "day": pa.array(rng.integers(0, 1000, count).astype("i4")).cast(pa.date32()),
            "when": pa.array(rng.integers(0, 10**15, count)).cast(pa.timestamp("us", "UTC")),
        }
    )


@pytest.mark.parametrize("way", WAYS)
def test_precision_per_class(way: str, tmp_path: Path) -> None:
    rows = rows_of()
    view = table_of(way, rows, tmp_path).view(
        filter="id >= 20",
        group="guess",
        cells={"precision": "avg(guess == truth)", "most": "max(id)"},
        having="count() > 10 and most > 0",
        sort="precision desc",
    )
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.to_pylist()[20:]:
        groups[row["guess"]].append(row)
    expected = []
    for guess, members in groups.items():
        known = [row["truth"] == guess for row in members if row["truth"] is not None]
        expected.append((guess, len(members), sum(known) / len(known), max(row["id"] for row in members)))
    expected.sort(key=lambda found: (-found[2], found[0]))
    assert view.columns == ["guess", "count", "precision", "most"]
    found = view.to_arrow().to_pylist()
    assert [tuple(row.values())[:2] for row in found] == [row[:2] for row in expected]
    assert [row["precision"] for row in found] == pytest.approx([row[2] for row in expected])
    assert view.window(1, 2).equals(view.to_arrow().slice(1, 2))
    assert view.take([-1]).to_pylist() == found[-1:]
    assert [row for _, row in view.iterrows()] == [list(row.values()) for row in found]


@pytest.mark.parametrize("way", WAYS)
def test_groups_by_several_expressions_come_by_key(way: str, tmp_path: Path) -> None:
    """VIEW-5, VIEW-6: a null key is a group of its own, and comes last."""
    rows = rows_of()
    view = table_of(way, rows, tmp_path).view(group=["truth", "guess % 2"])
    counts = Counter((row["truth"], row["guess"] % 2) for row in rows.to_pylist())
    expected = sorted(counts.items(), key=lambda item: (item[0][0] is None, item[0][0] or 0, item[0][1]))
    assert view.columns == ["truth", "guess % 2", "count"]
    assert [tuple(row.values()) for row in view.to_arrow().to_pylist()] == [(*key, n) for key, n in expected]


def test_equal_floats_make_one_group(tmp_path: Path) -> None:
    """VIEW-6: NaN equals NaN, 0.0 equals -0.0."""
    table = stored(Table.from_arrow(pa.table({"x": [0.0, -0.0, math.nan, -math.nan, None, 1.5, None]})), tmp_path / "t")
    found = table.view(group="x").to_arrow()
    assert found["count"].to_pylist() == [2, 1, 2, 2]
    assert [str(x) for x in found["x"].to_pylist()] == ["0.0", "1.5", "nan", "None"]
    assert [len(table.view(group="x").expand(i)) for i in range(4)] == [2, 1, 2, 2]


def test_media_are_grouped_by_digest(tmp_path: Path) -> None:
    """VIEW-6."""
    pictures = [Image(png(i % 3), caption=f"c{i}") for i in range(9)]
    data = [[i, picture, i % 2] for i, picture in enumerate(pictures)] + [[9, None, 0]]
    table = stored(Table(columns=["id", "image", "odd"], data=data), tmp_path / "t")
    view = table.view(group="image", sort="min(id)")
    found = [row for _, row in view.iterrows()]
    assert [count for _, count in found] == [3, 3, 3, 1]
    assert [picture and picture.caption for picture, _ in found] == ["c0", "c1", "c2", None]
    assert view.expand(1).to_arrow()["id"].to_pylist() == [1, 4, 7]
    assert view.expand(3).to_arrow()["id"].to_pylist() == [9]
    cells = table.view(group="odd").group_cells(columns=["image"], page=1, size=2)["image"]
    assert isinstance(cells, PageCells)
    assert cells.counts == (5, 4)
    assert cells.positions == ((4, 6), (5, 7))
    assert [cell["caption"] for cell in cells.table.column(0).to_pylist()] == ["c4", "c6", "c5", "c7"]


@pytest.mark.parametrize("way", WAYS)
def test_histograms_share_their_bins(way: str, tmp_path: Path) -> None:
    """BARS-1: numpy counts the same in the bins of the whole table, filter or not; NaN, infinities, null beside."""
    rows = rows_of()
    table = table_of(way, rows, tmp_path)
    names = ["score", "big", "id", "guess", "day", "when", "more"]
    for text in (None, "id > 100"):
        view = table.view(filter=text, group="truth", derive={"more": "score * 2"})
        cells = view.group_cells(columns=names)
        kept = rows.to_pylist()[0 if text is None else 101 :]
        for at, truth in enumerate(view.to_arrow()["truth"].to_pylist()):
            members = [row for row in kept if row["truth"] == truth]
            for name in names:
                found = cells[name]
                assert isinstance(found, HistogramCells)
                values = [
                    _number(row["score"] * 2 if name == "more" and row["score"] else row.get(name)) for row in members
                ]
                _check(found, at, [value for value in values if value is not None], values.count(None))
        assert cells["guess"].edges == ("0", "1", "2", "3", "4")  # type: ignore[union-attr]
    score = [x for x in rows["score"].to_pylist() if x is not None and math.isfinite(x)]
    edges = cells["score"].edges  # type: ignore[union-attr]
    assert (float(edges[0]), float(edges[-1]), len(edges)) == (min(score), max(score), 21)


def _cell(row: dict[str, Any], name: str) -> Any:
    if name != "more":
        return row[name]
    return None if row["score"] is None else row["score"] * 2


def _number(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    found = pa.scalar(value)
    return found.cast(pa.int64()).as_py() if hasattr(value, "hour") else found.cast(pa.int32()).as_py()


def _check(found: HistogramCells, at: int, values: list[Any], nulls: int) -> None:
    finite = [value for value in values if math.isfinite(value)]
    edges = [float(edge) if isinstance(values[0], float) else int(edge) for edge in found.edges]
    expected = [0] * (len(edges) - 1)
    for value in finite:
        inside = [i for i in range(len(expected)) if edges[i] <= value < edges[i + 1]]
        expected[inside[0] if inside else -1] += 1
    assert found.counts[at].tolist() == expected
    assert found.nulls[at] == nulls
    assert found.nan[at] == sum(isinstance(value, float) and math.isnan(value) for value in values)
    assert found.positive_infinity[at] == values.count(math.inf)
    assert found.negative_infinity[at] == values.count(-math.inf)


@pytest.mark.parametrize("way", ["memory", "fragments"])
def test_top_values_and_their_rest(way: str, tmp_path: Path) -> None:
    rows = rows_of()
    view = table_of(way, rows, tmp_path).view(group="guess % 2")
    cells = view.group_cells(0, 2, ["word"])["word"]
    assert isinstance(cells, TopCells)
    for at in range(2):
        words = [row["word"] for row in rows.to_pylist() if row["guess"] % 2 == at]
        counts = Counter(word for word in words if word is not None)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        assert list(cells.values[at]) == ranked[:50]
        assert cells.others[at] == sum(n for _, n in ranked[50:])
        assert cells.distinct[at] == len(counts)
        assert cells.nulls[at] == words.count(None)


@pytest.mark.parametrize("way", ["memory", "fragments"])
def test_windows_of_many_groups(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_rows, "_AT_ONCE", 10)
    rows = rows_of()
    view = table_of(way, rows, tmp_path).view(group="id % 97", cells={"s": "sum(guess)"}, sort="sum(guess) desc")
    expected = view.to_arrow()
    assert view.window(40, 9).equals(expected.slice(40, 9))
    assert view.take([90, 3, 3, 50]).equals(expected.take([90, 3, 3, 50]))
    cells = view.group_cells(40, 3, ["guess", "word", "id"])
    guess, word = cells["guess"], cells["word"]
    assert isinstance(guess, HistogramCells)
    assert isinstance(word, TopCells)
    for at, row in enumerate(expected.slice(40, 3).to_pylist()):
        members = [found for found in rows.to_pylist() if found["id"] % 97 == row["id % 97"]]
        assert guess.counts[at].tolist() == [sum(found["guess"] == k for found in members) for k in range(4)]
        held = Counter(found["word"] for found in members if found["word"])
        assert dict(word.values[at]) == held


def test_cells_of_what_is_no_group() -> None:
    table = Table.from_arrow(rows_of())
    with pytest.raises(UsageError, match="no groups"):
        table.view().group_cells()
    with pytest.raises(UsageError, match="unknown column 'nope'"):
        table.view(group="guess").group_cells(columns=["nope"])
    with pytest.raises(UsageError, match="expand the group"):
        table.view(group="guess").group_cells(page=500)
    assert table.view(group="guess", filter="id < 0").group_cells()["word"].values == ()  # type: ignore[union-attr]
    assert table.view(group="guess", filter="id < 0").to_arrow().num_rows == 0


@pytest.mark.parametrize("way", ["memory", "fragments"])
def test_summaries_of_filtered_rows(way: str, tmp_path: Path) -> None:
    """BARS-1."""
    rows = rows_of()
    table = table_of(way, rows, tmp_path)
    view = table.view(filter="id >= 250", derive={"double": "guess * 2", "flag": "guess > 1"})
    found = view.summaries()
    kept = rows.slice(250)
    for name in rows.column_names:
        assert (found[name].count, found[name].nulls) == (250, kept[name].null_count)
    scores = [x for x in kept["score"].to_pylist() if x is not None]
    finite = [x for x in scores if math.isfinite(x)]
    score = found["score"]
    assert score.nan == sum(map(math.isnan, scores))
    assert score.histogram is not None
    assert sum(score.histogram.counts) == len(finite)
    assert (float(score.least or 0), float(score.greatest or 0)) == (min(finite), max(finite))
    words = Counter(x for x in kept["word"].to_pylist() if x is not None)
    ranked = sorted(words.items(), key=lambda item: (-item[1], item[0]))
    assert [(top.value, top.count) for top in found["word"].top] == ranked[:50]
    assert found["word"].others == sum(n for _, n in ranked[50:])
    assert (found["word"].least, found["word"].greatest) == (min(words), max(words))
    assert found["double"].histogram is not None
    assert found["double"].histogram.edges == tuple(map(str, range(8)))
    assert {top.value: top.count for top in found["flag"].top} == {
        str(flag).lower(): sum((x > 1) == flag for x in kept["guess"].to_pylist()) for flag in (True, False)
    }
    assert found["day"].least == str(min(kept["day"].cast(pa.int32()).to_pylist()))
    if way == "fragments":
        whole = table.view().summaries(["score"])["score"]
        assert whole.histogram is not None
        assert whole.histogram.edges == score.histogram.edges


@pytest.mark.parametrize("way", ["memory", "stored"])
def test_estimates_are_not_above_the_number_of_values(way: str, tmp_path: Path) -> None:
    """SUM-4: 2,017 and 2,034 different numbers were said to be among 2,000."""
    table = table_of(
        way, pa.table({"n": [*range(2000), None], "x": [*map(float, range(1999)), math.nan, None]}), tmp_path
    )
    for found in (table.view().summaries(), table.view(filter="n >= 0").summaries()):
        for name, values in (("n", 2000), ("x", 1999)):
            distinct = found[name].distinct
            assert distinct is not None
            assert 1800 < distinct <= values


@pytest.mark.parametrize("way", ["memory", "fragments"])
def test_sides_share_the_bins_of_their_groups(way: str, tmp_path: Path) -> None:
    """BARS-1: from the least to the greatest value of all sides, in both orders; equal ones stay as they are."""
    columns = {"k": ["a", "a", "b"], "n": [1, 2, 30], "x": [0.0, 0.5, 1.0], "same": [1, 2, 3], "text": ["a", "b", "c"]}
    moved = columns | {"n": [-5, 2, 3], "x": [0.5, None, 4.0], "text": [1, 2, 3]}
    views = []
    for number, made in enumerate((columns, moved)):
        folder = tmp_path / str(number)
        folder.mkdir()
        views.append(table_of(way, pa.table(made), folder).view(group="k", derive={"twice": "n * 2"}))
    alone = [view.group_cells() for view in views]
    together = [views[0].group_cells(beside=[views[1]]), views[1].group_cells(beside=[views[0]])]
    for name, least, greatest in (("n", -5, 31), ("x", 0.0, 4.0), ("twice", -10, 62)):
        cells = [side[name] for side in together]
        assert all(isinstance(found, HistogramCells) for found in cells)
        edges = [found.edges for found in cells if isinstance(found, HistogramCells)]
        assert edges[0] == edges[1]
        assert (float(edges[0][0]), float(edges[0][-1])) == (least, greatest), name
        for side, found in zip(alone, cells, strict=True):
            before = side[name]
            assert isinstance(found, HistogramCells)
            assert isinstance(before, HistogramCells)
            assert found.counts.sum(axis=1).tolist() == before.counts.sum(axis=1).tolist()
    same, before = together[0]["same"], alone[0]["same"]
    assert isinstance(same, HistogramCells)
    assert isinstance(before, HistogramCells)
    assert same.edges == before.edges
