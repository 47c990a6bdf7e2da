"""The viewer's benchmarks run on little data and measure what they say; the peers need not be installed for this."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.case import Case, Scale
from benchmarks.cases import CASES
from benchmarks.run import measure

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prepared")


@pytest.mark.parametrize("name", ["viewer-page", "viewer-large", "viewer-peers"])
def test_our_sides_run_and_give_what_their_bars_need(name: str, prepared: Path) -> None:
    found = next(case for case in CASES if case.name == name)
    sides = tuple(side for side in found.sides if side.name not in {"spotlight", "datasette"})
    ours = Case(name=name, work="", data=found.data, prepare=found.prepare, sides=sides, bars=found.bars)
    outcome = measure(ours, prepared, Scale(quick=True), 1)
    assert not outcome.failed
    medians = outcome.medians()
    assert {bar.ours for bar in found.bars} <= set(medians)
    assert min(medians.values()) > 0
