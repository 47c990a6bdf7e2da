"""The examples beside the demo do what they print: street scenes, completed prompts, filmed walks."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import wbtable
from examples import grid_world, prompts, streets
from examples.ngram import NGram
from examples.street_drawing import CAR, LABELS, SIDEWALK, scene
from tests.architecture.repository import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCENES, SAMPLES, WALKS = 3, 2, 1
NAMES = {"streets": ["--scenes", str(SCENES)], "prompts": ["--samples", str(SAMPLES)], "grid_world": ["--walks", "1"]}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[wbtable.Store, dict[str, str]]:
    """Return a store that each example was run on, as a user runs it, and what each printed."""
    folder = tmp_path_factory.mktemp("examples") / "store"
    environment = {**os.environ, "WBTABLE_CACHE_DIR": str(folder.parent / "cache")}
    printed = {}
    for name, options in NAMES.items():
        command = [sys.executable, "-m", f"examples.{name}", "--store", str(folder), *options]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        printed[name] = done.stdout
    return wbtable.Store(folder), printed


def test_masks_of_both_models_and_the_ground_truth_are_in_one_image(
    made: tuple[wbtable.Store, dict[str, str]],
) -> None:
    for name in streets.MODELS:
        table = made[0].artifact(f"street-scenes/{name}:latest").get("scenes")
        assert table.columns == streets.COLUMNS
        assert len(table) == SCENES
        for number, (_, values) in enumerate(table.iterrows()):
            row = dict(zip(table.columns, values, strict=True))
            drawn = scene(number)
            np.testing.assert_array_equal(row["image"].to_numpy(), drawn.image)
            truth = row["image"].masks["ground_truth"].to_numpy()
            guess = row["image"].masks["prediction"].to_numpy()
            np.testing.assert_array_equal(truth, drawn.truth)
            assert row["image"].masks["prediction"].class_labels == LABELS
            assert row["pixel_accuracy"] == (guess == truth).mean()
            for kind, label in ((SIDEWALK, "sidewalk"), (CAR, "car")):
                assert row[f"false_positive_{label}"] == ((guess == kind) & (truth != kind)).sum()
                assert row[f"false_negative_{label}"] == ((guess != kind) & (truth == kind)).sum()
            wrong = sum(value for column, value in row.items() if column.startswith("false_"))
            assert wrong == 2 * (guess != truth).sum()


def test_more_context_sees_more(made: tuple[wbtable.Store, dict[str, str]]) -> None:
    accuracy = [
        np.mean(made[0].artifact(f"street-scenes/{name}:latest").get("scenes").get_column("pixel_accuracy"))
        for name in streets.MODELS
    ]
    assert accuracy[0] + 0.05 < accuracy[1]
    assert f"of {SCENES} scenes" in made[1]["streets"]


def test_the_same_number_draws_the_same_scene_with_every_class_in_some() -> None:
    drawn = [scene(number) for number in range(6)]
    np.testing.assert_array_equal(drawn[3].image, scene(3).image)
    assert set(np.unique([one.truth for one in drawn])) == set(LABELS)


def test_each_model_completes_each_prompt(made: tuple[wbtable.Store, dict[str, str]]) -> None:
    found = {}
    for name in prompts.MODELS:
        table = made[0].artifact(f"text-models/{name}:latest").get("completions")
        assert table.columns == prompts.COLUMNS
        rows = [values for _, values in table.iterrows()]
        assert [row[0] for row in rows] == [prompt.strip() for prompt in prompts.PROMPTS for _ in range(SAMPLES)]
        assert all(0 < row[3] == len(row[2]) <= 160 for row in rows)
        for prompt in prompts.PROMPTS:
            own = [row[2] for row in rows if row[0] == prompt.strip()]
            found[prompt.strip(), name] = min(own, key=len)
    printed = made[1]["prompts"].splitlines()
    for (prompt, name), shortest in found.items():
        assert f"  {prompt:<13} {name:<8} {shortest}" in printed


def test_the_doubled_text_model_expects_the_held_out_text_better(made: tuple[wbtable.Store, dict[str, str]]) -> None:
    runs = {run.name: run.summary for run in made[0].runs("text-models")}
    small, doubled = (runs[f"train-{name}"] for name in prompts.MODELS)
    assert doubled["bits_per_character"] < small["bits_per_character"] < 4
    assert doubled["parameters"] > 2 * small["parameters"]


def test_what_may_follow_has_a_probability_of_one_in_all() -> None:
    model = NGram(3)
    model.train("abracadabra, alakazam")
    for context in ("", "abr", "xyz", "aka"):
        total = sum(model.probability(context, letter) for letter in set("abracadabra, alakazam"))
        assert total == pytest.approx(1, abs=0.01)


def test_films_show_the_walks_and_later_stages_succeed_more(made: tuple[wbtable.Store, dict[str, str]]) -> None:
    versions = made[0].versions("grid-world/walks")
    assert [version.metadata["trained_on"] for version in versions] == list(grid_world.STAGES)
    succeeded = []
    for version in versions:
        table = version.get("episodes")
        assert table.columns == grid_world.COLUMNS
        rows = [dict(zip(table.columns, values, strict=True)) for _, values in table.iterrows()]
        assert [row["level"] for row in rows] == [1, 2, 3, 4, 5]
        for row in rows:
            # One frame a place, one more at the start, two at the end.
            frames = row["video"].duration * 8
            assert frames == pytest.approx(row["steps"] + 4, abs=0.1)
            assert (row["reward"] > 0) == row["success"]
        succeeded.append(sum(row["success"] for row in rows))
    assert succeeded[0] < succeeded[-1]
    assert "success on levels 1 to 5" in made[1]["grid_world"]


def test_every_maze_has_a_way_and_higher_levels_more_in_it() -> None:
    fields = [int((grid_world.maze(level) > 0).sum()) for level in range(1, grid_world.LEVELS + 1)]
    assert fields[0] < fields[-1]


def test_without_the_video_extra_films_are_gifs_and_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "av" else find(name))
    monkeypatch.setattr(grid_world, "STAGES", (2,))
    grid_world.run(tmp_path / "store", walks=1)
    assert "wbtable[video]" in capsys.readouterr().out
    table = wbtable.Store(tmp_path / "store").artifact("grid-world/walks:latest").get("episodes")
    assert {values[5].content_type for _, values in table.iterrows()} == {"image/gif"}
