"""What scripts written for W&B give and ask for: settings of any kind, arguments and names without a meaning here."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import enum
import importlib
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import wbtable
from wbtable.errors import NotFoundError, TypeMismatchError, UsageError
from wbtable.runs.console import RunWarning
from wbtable.runs.init import init

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.store import Store


class Device:
    def __str__(self) -> str:
        return "cuda:0"


# As ``class Split(str, Enum)``: `str` of a member is not the member's text, as it is of a StrEnum's.
_make: Any = enum.Enum
Split = _make("Split", {"TRAIN": "train", "TEST": "test", "DEV": "dev"}, type=str)


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Model:
    width: int
    make: Any


def test_settings_that_cannot_be_stored_are_kept_as_text(store: Store) -> None:
    """W&B takes them, and a run must not fail at its start for them."""
    given: dict[str, Any] = {
        "f": len,
        "t": dict,
        "where": Device(),
        "sizes": range(3),
        "model": Model(2, [Device()]),
        "x": {"d": Device()},
    }
    with pytest.warns(RunWarning, match=r"config\.\w+ holds what cannot be stored: it is kept as "):
        run = init(project="p", store=store, config=given)
    assert dict(run.config) == {
        "f": "builtins.len",
        "t": "builtins.dict",
        "where": "cuda:0",
        "sizes": [0, 1, 2],
        "model": {"width": 2, "make": ["cuda:0"]},
        "x": {"d": "cuda:0"},
    }
    for wrong in (object(), wbtable.Image(np.zeros((2, 2), np.uint8)), wbtable.Table(columns=["a"]), {"a": "\ud800"}):
        with pytest.raises(TypeMismatchError):
            run.config["wrong"] = wrong
    for logged in (wbtable.Image(np.zeros((2, 2), np.uint8)), wbtable.Table(columns=["a"]), wbtable.Artifact("a")):
        with pytest.raises(TypeMismatchError, match=r"summary.wrong: .* log it with run.log, or add it to an artifact"):
            run.summary["wrong"] = logged
    run.finish()
    assert store.runs("p")[0].config["where"] == "cuda:0"


def test_keys_that_are_members_of_enums_are_their_text(store: Store) -> None:
    """`str` of a member of ``class Split(str, Enum)`` is ``Split.TRAIN``, which nobody would look for."""
    with init(project="p", store=store, config={Split.TRAIN: 1, Colour.RED: 2}) as run:
        run.config.update({Split.TEST: {Split.TRAIN: 3}})
        run.summary[Split.TRAIN] = 4
        run.log({Split.TEST: 5, "n": {Split.TRAIN: 6, Colour.RED: 7}})
    (ended,) = store.runs("p")
    assert ended.config == {"train": 1, "RED": 2, "test": {"train": 3}}
    assert ended.summary == {"train": 4, "test": 5, "n.train": 6, "n.RED": 7}
    table = wbtable.Table(columns=[Split.TRAIN, Split.TEST], data=[{Split.TEST: 2, Split.TRAIN: {Split.TRAIN: 1}}])
    table.add_data({Split.TRAIN: 4}, 3)
    table.add_computed_columns(lambda _, row: {Split.DEV: row[Split.TEST]})
    assert table.columns == ["train", "test", "dev"]
    assert table.get_column(Split.TRAIN) == [{"train": 1}, {"train": 4}]


def test_keys_of_settings_that_are_not_kept(store: Store) -> None:
    settings = {"lr": 0.1, "token": "secret", "n": 1}
    with init(project="p", id="a", store=store, config=settings, config_exclude_keys=["token"]) as run:
        assert dict(run.config) == {"lr": 0.1, "n": 1}
    with init(
        project="p", id="b", store=store, config=argparse.Namespace(**settings), config_include_keys=["lr"]
    ) as run:
        assert dict(run.config) == {"lr": 0.1}
    with pytest.raises(UsageError, match="expected tags as a list of text, found int"):
        init(project="p", store=store, tags=5)  # type: ignore[arg-type]
    both: dict[str, Any] = {"config_exclude_keys": ["a"], "config_include_keys": []}
    for wrong in (both, {"config_exclude_keys": "token"}):
        with pytest.raises(UsageError, match="expected"):
            init(project="p", store=store, config=settings, **wrong)


def test_what_is_set_after_the_end_is_said_to_be_lost(store: Store) -> None:
    with init(project="p", store=store) as run:
        run.summary["a"] = 1
    with pytest.warns(RunWarning, match="after its end, which is not recorded"):
        run.summary["a"] = 2
    assert store.runs("p")[0].summary == {"a": 1}


def test_names_of_wandb(store: Store) -> None:
    """What means nothing is accepted; what is missing says what to use instead."""
    assert wbtable.login(key="x") is True
    with wbtable.init(project="p", store=store, settings=wbtable.Settings(start_method="thread", silent=True)) as run:
        wbtable.define_metric("loss", summary="min")
        wbtable.watch(object(), log="all")
        wbtable.unwatch(object())
        run.log({"loss": 2})
        run.log({"loss": 3})
        run.log_artifact(wbtable.Artifact("a", type="t"))
        assert run.use_artifact("a:latest", type="t", aliases=["x"], use_as="y").version == "v0"
    assert run.summary["loss.min"] == 2
    for name, hint in (("save", "log_artifact"), ("dir", "no folder"), ("url", r"run\.path"), ("other", "'other'$")):
        with pytest.raises(AttributeError, match=hint):
            getattr(run, name)
    for name, hint in (
        ("Api", r"Store\(url\)"),
        ("sweep", "nothing like it"),
        ("plot", "Plotly"),
        ("other", "'other'$"),
    ):
        with pytest.raises(AttributeError, match=hint):
            getattr(wbtable, name)
    assert wbtable.box3d.__module__ == "wbtable.media.points3d"
    with pytest.raises(UsageError, match=r"init\(\) first"):
        wbtable.define_metric("loss")


def test_an_entity_before_the_project_is_left_out(store: Store) -> None:
    """W&B's pages show names so, and programs have them from there."""
    with wbtable.init(project="p", store=store) as run:
        run.log_artifact(wbtable.Artifact("a", type="t"), aliases=["best"])
        with pytest.warns(RunWarning, match=r"the entity 'me' .* 'p/a:best' is used"):
            assert run.use_artifact("me/p/a:best", type="t").qualified_name == "p/a:v0"
        for wrong in ("x/me/p/a:best", "me/p/"):
            with pytest.raises(UsageError, match="must not"):
                run.use_artifact(wrong)


def test_what_is_set_on_a_run_is_not_lost_silently(store: Store) -> None:
    with wbtable.init(project="p", name="first", store=store) as run:
        with pytest.warns(RunWarning, match=r"init\(name=...\)"):
            run.name = "second"
        assert run.name == "second"
    assert store.runs("p")[0].name == "first"


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_data_frame_is_logged_as_a_table(store: Store, library: str) -> None:
    frame = importlib.import_module(library).DataFrame({"a": [1, 2]})
    with wbtable.init(project="p", id="r", store=store) as run:
        run.log({"frame": frame})
    assert store.artifact("p/run-r-frame").only_table().get_column("a") == [1, 2]


def test_what_matplotlib_draws_is_logged_as_an_image(store: Store) -> None:
    """``log({"chart": plt})`` is how W&B's guides have it."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    with wbtable.init(project="p", store=store) as run:
        _, axes = plt.subplots()
        axes.plot([1, 2])
        run.log({"module": plt, "axes": axes, "list": [plt], "figure": axes.figure})
        with pytest.warns(RunWarning, match="'other' was not logged: .* of type module"):
            run.log({"other": np})
        plt.close("all")
    (ended,) = store.runs("p")
    images = [ended.summary[key]["value"] for key in ("module", "axes", "figure")] + ended.summary["list"]["value"]
    assert {image["file"]["content_type"] for image in images} == {"image/png"}
    assert len({image["file"]["checksum"] for image in images}) == 1


def test_there_may_be_no_run_to_finish(store: Store) -> None:
    """As at the top of a notebook's cell, or after a `with` block."""
    wbtable.finish()
    with wbtable.init(project="p", store=store):
        pass
    wbtable.finish(exit_code=1)
    assert [run.exit_code for run in store.runs("p")] == [0]


def test_a_series_is_a_mapping(store: Store) -> None:
    import pandas as pd

    with wbtable.init(project="p", store=store) as run:
        for value in (1, 2):
            run.log(pd.Series({"a": value, "b": 0}))
    assert store.runs("p")[0].history()["a"].to_pylist() == [1, 2]


def test_resuming_needs_an_id(store: Store) -> None:
    with pytest.raises(NotFoundError, match="give id="):
        wbtable.init(project="p", store=store, resume="must")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda found: pickle.loads(pickle.dumps(found))])
def test_settings_are_copied_for_who_changes_them(store: Store, copied: Callable[[Any], Any]) -> None:
    """As trainers do with the config that they are given, and loaders of data with what they send to others."""
    with init(project="p", store=store, config={"lr": 1, "model": {"layers": [1, 2]}}) as run:
        found = copied(run.config)
        assert (found, found.model["layers"]) == (run.config, [1, 2])
        found.lr = 2
        found.model["layers"].append(3)
        assert dict(run.config) == {"lr": 1, "model": {"layers": [1, 2]}}


def test_config_and_summary_are_not_replaced(store: Store) -> None:
    with init(project="p", store=store, config={"lr": 1}) as run:
        for name in ("config", "summary"):
            with pytest.raises(UsageError, match=rf"run\.{name}\.update"):
                setattr(run, name, {"x": 1})
    (ended,) = store.runs("p")
    assert (ended.state, ended.config, ended.summary) == ("finished", {"lr": 1}, {})
