"""The benchmarks measure what they say; the peers need not be installed for this."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image as PillowImage

from benchmarks import media_data, memory, scalar_data
from benchmarks.case import Bar, Case, Scale, Side, size_of
from benchmarks.cases import CASES
from benchmarks.report import markdown, table
from benchmarks.run import Outcome, keep, measure, put_into
from tests.architecture.repository import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

QUICK = Scale(quick=True)
FASTER = Bar(what="peer", ours=("wbtable", "seconds"), peer=("peer", "seconds"), at_least=2)
SMALLER = Bar(what="bytes", ours=("wbtable", "bytes"), peer=("peer", "bytes"), at_most=0.8)
SHOWN = Bar(what="shown", ours=("wbtable", "seconds"), peer=("peer", "seconds"))
SOON = Bar(what="soon", ours=("wbtable", "seconds"), at_most=0.02)


def _nothing(data: Path, work: Path, scale: Scale) -> Mapping[str, float]:
    return {}


def _case(*bars: Bar) -> Case:
    sides = (Side("wbtable", _nothing, "this"), Side("peer", _nothing, "that"))
    return Case(name="c", work="work", data="d", prepare=lambda _data, _scale: None, sides=sides, bars=bars)


@pytest.mark.parametrize(
    ("bar", "ours", "peer", "value", "good"),
    [
        (FASTER, 1.0, 2.0, 2.0, True),
        (FASTER, 1.0, 1.9, 1.9, False),
        (SMALLER, 80.0, 100.0, 0.8, True),
        (SMALLER, 90.0, 100.0, 0.9, False),
        (SHOWN, 1.0, 0.1, 0.1, True),
        (SOON, 0.02, None, 0.02, True),
        (SOON, 0.03, None, 0.03, False),
    ],
)
def test_a_bar_compares_as_it_says(bar: Bar, ours: float, peer: float | None, value: float, good: bool) -> None:
    figures = {bar.ours: ours}
    if bar.peer is not None and peer is not None:
        figures[bar.peer] = peer
    found = bar.value(figures)
    assert found == pytest.approx(value)
    assert bar.holds(value) is good


def test_the_table_shows_what_holds_what_does_not_and_what_failed() -> None:
    case = _case(FASTER, SMALLER, SOON)
    figures = {("wbtable", "seconds"): 0.01, ("wbtable", "bytes"): 90e6, ("peer", "bytes"): 100e6}
    text, good = table([(case, figures, {"peer": "ImportError: no peer"})])
    assert not good
    lines = text.splitlines()
    assert "FAILED" in lines[2]
    assert "MISS" in lines[3]
    assert "ok" in lines[4]
    assert "c, peer FAILED: ImportError: no peer" in text
    assert "c, wbtable: this" in text
    assert "| work: peer | >= 2 x | - | FAILED | 10.0 ms | - |" in markdown([(case, figures, {})], "versions")


def test_what_was_measured_stays_when_another_case_is_measured(tmp_path: Path) -> None:
    first, second = CASES[0], CASES[1]
    kept = tmp_path / "measured.json"
    for case, seconds in ((first, 1.0), (second, 3.0), (first, 2.0)):
        rows = keep([Outcome(case=case, figures={("wbtable", "seconds"): [seconds]}, failed={})], kept)
    assert [case for case, _, _ in rows] == list(CASES)
    assert rows[0][1] == {("wbtable", "seconds"): 2.0}
    assert rows[1][1] == {("wbtable", "seconds"): 3.0}
    assert f"| {CASES[2].work}: not measured yet |" in markdown(rows, "versions")


def test_all_bars_holding_is_good() -> None:
    assert table([(_case(SOON), {("wbtable", "seconds"): 0.001}, {})])[1]


def test_every_bar_names_figures_of_sides_that_exist() -> None:
    for case in CASES:
        names = {side.name for side in case.sides}
        for bar in case.bars:
            assert bar.ours[0] in names, case.name
            assert bar.peer is None or bar.peer[0] in names, case.name
            assert bar.at_least is None or bar.at_most is None, case.name


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prepared")


@pytest.mark.parametrize("name", ["table-write", "images-write", "images-again", "add-dir", "open-latest"])
def test_our_side_of_a_case_runs_and_gives_what_its_bars_need(name: str, prepared: Path) -> None:
    found = next(case for case in CASES if case.name == name)
    ours = Case(
        name=name,
        work=found.work,
        data=found.data,
        prepare=found.prepare,
        sides=(found.side("wbtable"),),
        bars=found.bars,
    )
    outcome = measure(ours, prepared, QUICK, 1)
    assert not outcome.failed
    medians = outcome.medians()
    for bar in ours.bars:
        assert medians[bar.ours] > 0


def test_a_side_that_fails_is_told_and_the_others_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = next(case for case in CASES if case.name == "open-latest")
    broken = Case(
        name="open-latest", work="", data="empty", prepare=_nothing_prepared, sides=found.sides, bars=found.bars
    )
    outcome = measure(broken, tmp_path, QUICK, 1)
    assert "NotFoundError" in outcome.failed["wbtable"]
    assert "wbtable failed" in capsys.readouterr().err


def _nothing_prepared(data: Path, scale: Scale) -> None:
    (data / "nothing").write_bytes(b"")


def test_seeded_data_is_the_same_each_time() -> None:
    assert scalar_data.predictions(500).equals(scalar_data.predictions(500))
    assert media_data.jpeg(3) == media_data.jpeg(3) != media_data.jpeg(4)
    sizes = [len(image) for image in media_data.jpegs(30)]
    assert 13_500 < sum(sizes) / len(sizes) < 16_500
    with PillowImage.open(io.BytesIO(media_data.jpeg(0))) as image:
        assert image.size == (media_data.SIDE, media_data.SIDE)


def test_predictions_look_like_predictions() -> None:
    made = scalar_data.predictions(2_000)
    assert made.column_names == scalar_data.COLUMNS
    assert len(made.column_names) == 14
    for row in scalar_data.as_rows(made)[:50]:
        scores = row[3:13]
        assert sum(scores) == pytest.approx(1, abs=1e-5)
        assert scores.index(max(scores)) == row[1]


def test_size_counts_a_linked_file_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert size_of(tmp_path) == 5


def test_memory_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.memory", "--inside", "nothing", "--work", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) > 10 << 20
    assert memory.peak() > 10 << 20


def test_the_table_replaces_the_one_before_it_in_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Head\n\n<!-- table -->\n<!-- end -->\n\nTail\n")
    put_into(page, "| first |\n")
    put_into(page, "| second |\n")
    assert page.read_text() == "# Head\n\n<!-- table -->\n\n| second |\n\n<!-- end -->\n\nTail\n"
