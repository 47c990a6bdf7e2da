"""What people ask of a classifier's predictions; numpy says what the answers are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import wbtable
from tests.questions.conftest import predictions

if TYPE_CHECKING:
    from tests.questions.conftest import Asked

FIRST, FIFTH = "digits/predictions:v0", "digits/predictions:v1"


def test_what_is_the_precision_of_each_guessed_class(asked: Asked) -> None:
    data = predictions(1)
    right = data["guess"] == data["truth"]
    precision = {digit: float(right[data["guess"] == digit].mean()) for digit in range(10)}
    expected = sorted(precision, key=lambda digit: precision[digit])

    view = asked.table(FIRST).view(group="guess", cells={"precision": "avg(guess == truth)"}, sort="precision")
    found = view.to_arrow()
    assert found["guess"].to_pylist() == expected
    assert found["precision"].to_pylist() == pytest.approx(sorted(precision.values()))
    assert found["count"].to_pylist() == [int((data["guess"] == digit).sum()) for digit in expected]

    rows = asked.shell(
        "query", FIRST, "-g", "guess", "--cell", "precision=avg(guess == truth)", "-s", "precision", "-n", 20
    )
    assert [row["guess"] for row in rows] == expected
    assert [row["precision"] for row in rows] == pytest.approx(sorted(precision.values()))


def test_what_is_the_most_frequent_confusion(asked: Asked) -> None:
    data = predictions(1)
    confusion = np.zeros((10, 10), int)
    np.add.at(confusion, (data["truth"], data["guess"]), 1)
    np.fill_diagonal(confusion, 0)
    truth, guess = np.unravel_index(confusion.argmax(), confusion.shape)
    assert (confusion == confusion.max()).sum() == 1

    view = asked.table(FIRST).view(filter="guess != truth", group=["truth", "guess"], sort="count() desc")
    found = view.window(0, 1).to_pylist()[0]
    assert (found["truth"], found["guess"], found["count"]) == (truth, guess, confusion.max())

    options = ("-w", "guess != truth", "-g", "truth", "-g", "guess", "-s", "count() desc", "-n", 1)
    [row] = asked.shell("query", FIRST, *options)
    assert (row["truth"], row["guess"], row["count"]) == (truth, guess, confusion.max())


def test_which_class_improved_most_from_epoch_1_to_5(asked: Asked) -> None:
    one, five = predictions(1), predictions(5)
    gain = [
        float(
            (five["guess"] == digit)[one["truth"] == digit].mean()
            - (one["guess"] == digit)[one["truth"] == digit].mean()
        )
        for digit in range(10)
    ]
    best = int(np.argmax(gain))

    merged = wbtable.compare([asked.store.artifact(FIRST), asked.store.artifact(FIFTH)], key="id")
    cell = "avg(1.guess == 1.truth) - avg(0.guess == 0.truth)"
    found = merged.view(group="0.truth", cells={"gain": cell}, sort="gain desc").window(0, 1).to_pylist()[0]
    assert found["0.truth"] == best
    assert found["gain"] == pytest.approx(gain[best])

    options = ("--compare", FIFTH, "--on", "id", "-g", "0.truth", "--cell", f"gain={cell}", "-s", "gain desc", "-n", 1)
    [row] = asked.shell("query", FIRST, *options)
    assert (row["0.truth"], row["gain"]) == (best, pytest.approx(gain[best]))


def test_what_are_the_ten_most_confident_mistakes(asked: Asked) -> None:
    data = predictions(5)
    confidence = data["scores"].max(axis=1)
    wrong = np.flatnonzero(data["guess"] != data["truth"])
    expected = wrong[np.argsort(-confidence[wrong], kind="stable")][:10]

    scores = ", ".join(f"score_{digit}" for digit in range(10))
    table = asked.table(FIFTH)
    view = table.view(derive={"sure": f"greatest({scores})"}, filter="guess != truth", sort="sure desc")
    found = view.window(0, 10, columns=["id", "sure"])
    assert found["id"].to_pylist() == expected.tolist()
    assert found["sure"].to_pylist() == confidence[expected].tolist()

    options = ("-d", f"sure=greatest({scores})", "-w", "guess != truth", "-s", "sure desc", "-n", 10, "-c", "id")
    assert [row["id"] for row in asked.shell("query", FIFTH, *options)] == expected.tolist()


def test_which_digits_have_the_greatest_closed_loop_score(asked: Asked) -> None:
    data = predictions(1)
    score = data["scores"][:, [0, 6, 8, 9]].astype(np.float64).sum(axis=1)
    expected = np.argsort(-score, kind="stable")[:25]

    expression = "score_0 + score_6 + score_8 + score_9"
    view = asked.table(FIRST).view(derive={"closed_loop_score": expression}, sort="closed_loop_score desc")
    found = view.window(0, 25, columns=["id", "closed_loop_score"])
    assert found["closed_loop_score"].to_pylist() == pytest.approx(score[expected].tolist(), rel=1e-6)
    assert np.allclose(score[found["id"].to_numpy()], score[expected], rtol=1e-6)

    rows = asked.shell(
        "query", FIRST, "-d", f"closed_loop_score={expression}", "-s", "closed_loop_score desc", "-n", 25
    )
    assert [row["id"] for row in rows] == found["id"].to_pylist()


def test_how_many_predictions_changed_and_where_are_they(asked: Asked) -> None:
    one, five = predictions(1), predictions(5)
    merged = asked.store.artifact(FIRST).compare("v1")
    changes = {change.name: change.changed for change in merged.changes}
    assert merged.key == ["id"]
    assert changes["guess"] == int((one["guess"] != five["guess"]).sum())
    assert changes["truth"] == 0
    mended = merged.view(filter="0.guess != 0.truth and 1.guess == 1.truth").to_arrow(["id"])["id"].to_pylist()
    expected = np.flatnonzero((one["guess"] != one["truth"]) & (five["guess"] == five["truth"]))
    assert mended == expected.tolist()
    told = asked.shell("compare", FIRST, FIFTH, "-n", 0)
    assert told["key_was_suggested"]
    assert {c["name"]: c["changed"] for c in told["columns"]} == changes
    some_wrong = merged.view(filter="*.guess != *.truth")
    assert len(some_wrong) == int(((one["guess"] != one["truth"]) | (five["guess"] != five["truth"])).sum())
