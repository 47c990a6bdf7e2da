"""What people ask of the masks that two models draw on the same street scenes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable

if TYPE_CHECKING:
    from tests.questions.conftest import Asked

LABELS = {0: "road", 1: "sidewalk", 2: "car"}
SIDEWALK, CAR = 1, 2
SCENES = 12
FALSE_SIDEWALK = (
    'mask_pixels(image, "prediction", "sidewalk")'
    ' - mask_overlap(image, "prediction", "sidewalk", image, "ground_truth", "sidewalk")'
)
MISSED_CAR = (
    'mask_pixels(image, "ground_truth", "car") - mask_overlap(image, "ground_truth", "car", image, "prediction", "car")'
)


def scene(number: int) -> tuple[np.ndarray[Any, Any], dict[str, np.ndarray[Any, Any]]]:
    """Return what is in a scene, and what each model says is: model A errs more in even scenes, B in odd ones."""
    rng = np.random.default_rng(number)
    truth = rng.integers(0, 3, (16, 24), dtype=np.uint8)
    said = {}
    for model, even in (("a", True), ("b", False)):
        share = 0.4 if (number % 2 == 0) == even else 0.1
        wrong = rng.random(truth.shape) < share
        said[model] = np.where(wrong, rng.integers(0, 3, truth.shape, dtype=np.uint8), truth)
    return truth, said


@pytest.fixture(scope="module")
def scenes(asked: Asked) -> Asked:
    for model in ("a", "b"):
        table = wbtable.Table(columns=["scene", "image"])
        for number in range(SCENES):
            truth, said = scene(number)
            masks = {
                "ground_truth": {"mask_data": truth, "class_labels": LABELS},
                "prediction": {"mask_data": said[model], "class_labels": LABELS},
            }
            pixels = np.full((*truth.shape, 3), number, np.uint8)
            table.add_data(f"scene {number:02}", wbtable.Image(pixels, masks=masks))
        asked.put(f"streets/{model}", table)
    return asked


def errors(model: str) -> tuple[list[int], list[int]]:
    """Return the false sidewalk pixels and the missed car pixels of each scene."""
    false, missed = [], []
    for number in range(SCENES):
        truth, said = scene(number)
        false.append(int(((said[model] == SIDEWALK) & (truth != SIDEWALK)).sum()))
        missed.append(int(((said[model] != CAR) & (truth == CAR)).sum()))
    return false, missed


def ranked(counts: list[int]) -> list[str]:
    return [f"scene {number:02}" for number in sorted(range(SCENES), key=lambda n: (-counts[n], n))]


@pytest.mark.parametrize(("what", "expression"), [(0, FALSE_SIDEWALK), (1, MISSED_CAR)])
def test_which_images_have_the_most_wrong_pixels(scenes: Asked, what: int, expression: str) -> None:
    counts = errors("a")[what]
    view = scenes.table("streets/a").view(derive={"wrong": expression}, sort="wrong desc")
    found = view.window(0, SCENES, columns=["scene", "wrong"])
    assert found["scene"].to_pylist() == ranked(counts)
    assert found["wrong"].to_pylist() == sorted(counts, reverse=True)
    options = ("-d", f"wrong={expression}", "-s", "wrong desc", "-c", "scene,wrong", "-n", 3)
    rows = scenes.shell("query", "streets/a", *options)
    assert rows == [
        {"scene": name, "wrong": count} for name, count in zip(ranked(counts)[:3], sorted(counts)[::-1], strict=False)
    ]


def test_on_which_images_does_model_b_beat_model_a(scenes: Asked) -> None:
    (false_a, _), (false_b, _) = errors("a"), errors("b")
    expected = [f"scene {number:02}" for number in range(SCENES) if false_b[number] < false_a[number]]
    assert 0 < len(expected) < SCENES
    sides = [FALSE_SIDEWALK.replace("image", f"{side}.image") for side in (0, 1)]
    merged = wbtable.compare([scenes.table("streets/a"), scenes.table("streets/b")], key="scene")
    view = merged.view(derive={"of_a": sides[0], "of_b": sides[1]}, filter="of_b < of_a", columns=["scene", "of_a"])
    assert view.to_arrow()["scene"].to_pylist() == expected
    options = ("--compare", "streets/b", "--on", "scene", "-w", f"{sides[1]} < {sides[0]}", "-c", "scene", "-n", 50)
    assert [row["scene"] for row in scenes.shell("query", "streets/a", *options)] == expected
