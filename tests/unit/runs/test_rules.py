"""The summary holds what ``define_metric`` asks for (RUN-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> wbtable.Store:
    return wbtable.create_store(tmp_path / "store")


def test_least_greatest_mean_first_and_best(store: wbtable.Store) -> None:
    with wbtable.init(project="p", store=store) as run:
        run.define_metric("loss", summary="min,mean,first")
        run.define_metric("val.*", summary="best, max", goal="maximize")
        run.define_metric("hidden", summary="none")
        for loss, score in ((3, 0.5), (1.0, 0.9), (float("nan"), float("nan")), (2, 0.7)):
            run.log({"loss": loss, "val": {"acc": score}, "hidden": 1, "plain": loss})
        assert run.summary["loss"] == 2
        found = run.summary.as_dict()
    assert {key: value for key, value in found.items() if key.startswith("loss")} == {
        "loss": 2,
        "loss.min": 1.0,
        "loss.mean": 2.0,
        "loss.first": 3,
    }
    assert (found["val.acc"], found["val.acc.best"], found["val.acc.max"]) == (0.7, 0.9, 0.9)
    assert "hidden" not in found
    (ended,) = store.runs("p")
    assert ended.summary["loss.min"] == 1.0
    assert ended.history()["hidden"].to_pylist() == [1, 1, 1, 1]


def test_media_and_tables_are_left_out_as_numbers_are(store: wbtable.Store) -> None:
    with wbtable.init(project="p", store=store) as run:
        run.define_metric("hidden.*", summary="none")
        image = wbtable.Image(np.zeros((2, 2), np.uint8))
        run.log({"hidden": {"image": image, "table": wbtable.Table(columns=["a"], data=[[1]])}, "shown": image})
    (ended,) = store.runs("p")
    assert set(ended.summary) == {"shown"}
    assert {"hidden.image", "hidden.table"} < set(ended.history().column_names)


def test_a_resumed_run_goes_on_from_what_it_had(store: wbtable.Store) -> None:
    for values in ((5, 2, 9), (4, 3)):
        with wbtable.init(project="p", id="x", store=store, resume="allow") as run:
            run.define_metric("loss", summary="min,max,first")
            for value in values:
                run.log({"loss": value})
    (ended,) = store.runs("p")
    assert [ended.summary[key] for key in ("loss", "loss.min", "loss.max", "loss.first")] == [3, 2, 9, 5]


def test_the_later_definition_counts(store: wbtable.Store) -> None:
    with wbtable.init(project="p", store=store) as run:
        run.define_metric("*", summary="min")
        run.define_metric("a", summary="max")
        run.log({"a": 1, "b": 1, "text": "x"})
        assert set(run.summary.as_dict()) == {"a", "a.max", "b", "b.min", "text"}


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"name": ""}, "name of a metric"),
        ({"name": "a", "summary": "least"}, "'least'"),
        ({"name": "a", "goal": "up"}, "minimize or maximize"),
    ],
)
def test_wrong_rules_say_what_is_right(store: wbtable.Store, arguments: dict[str, Any], match: str) -> None:
    with wbtable.init(project="p", store=store) as run, pytest.raises(wbtable.UsageError, match=match):
        run.define_metric(**arguments)


def test_what_is_said_of_axes_and_patterns_leaves_what_a_name_is_to_have(store: wbtable.Store) -> None:
    """As trainers do, which say the axis of all metrics once the program has said what it wants of one."""
    with wbtable.init(project="p", store=store) as run:
        run.define_metric("acc", summary="max")
        run.define_metric("loss", summary="min")
        run.define_metric("loss", summary="mean")
        run.define_metric("other", summary="min")
        run.define_metric("other", overwrite=True)
        run.define_metric("*", step_metric="step")
        run.define_metric("acc", step_metric="epoch")
        run.define_metric("a*", summary="mean")
        for value in (1, 3, 2):
            run.log({"acc": value, "loss": value, "other": value, "step": value})
    (ended,) = store.runs("p")
    assert ended.summary == {"acc": 2, "acc.max": 3, "loss": 2, "loss.mean": 2.0, "other": 2, "step": 2}
