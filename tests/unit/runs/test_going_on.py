"""Going on with a run, ending it, and what it holds when somebody changed it behind its back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import wbtable
from wbtable.errors import UsageError
from wbtable.runs.console import RunWarning
from wbtable.runs.files import RunFiles
from wbtable.runs.init import init

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store


def values(store: Store, key: str) -> list[Any]:
    found: list[Any] = store.runs("p")[0].history()[key].to_pylist()
    return found


def test_a_row_that_was_open_is_not_written_to_again(store: Store) -> None:  # RUN-5
    with init(project="p", id="r", store=store) as run:
        for step in range(3):
            run.log({"loss": step}, step=step)
        assert run.step == 2
    assert store.runs("p")[0].next_step == 3
    with init(project="p", id="r", store=store, resume="must") as run:
        assert run.step == 3
        run.log({"loss": 9})
    assert values(store, "loss") == [0, 1, 2, 9]


def test_going_on_begins_behind_the_rows_of_all_processes(store: Store) -> None:  # RUN-9
    with init(project="p", id="r", store=store, mode="shared") as run:
        run.log({"a": 0}, step=0)
        with init(project="p", id="r", store=store, mode="shared", reinit="create_new") as other:
            other.log({"a": 7}, step=7)
    with init(project="p", id="r", store=store, resume="must") as run:
        assert run.step == 8


def test_what_another_process_sets_is_said_to_be_lost(store: Store) -> None:  # RUN-9
    with init(project="p", id="r", store=store, mode="shared", config={"lr": 1}) as run:
        other = init(project="p", id="r", store=store, mode="shared", reinit="create_new")
        with pytest.warns(RunWarning, match="process that did not start it, which is not recorded"):
            other.config["a"] = other.summary["a"] = 1
        other.finish()
        run.summary["b"] = 2
    (ended,) = store.runs("p")
    assert (ended.config, ended.summary) == ({"lr": 1}, {"b": 2})


def test_what_was_set_inside_a_setting_and_cannot_be_stored_does_not_cost_the_run(store: Store) -> None:
    with init(project="p", id="r", store=store, config={"net": {"lr": 1, "layers": [1]}, "seed": 3}) as run:
        run.config["net"]["lr"] = object()
        run.config["net"]["act"] = len
        run.config["net"]["layers"].append(2)
        run.log({"loss": 1})
        with pytest.warns(RunWarning, match=r"config\.net\.lr"):
            run.finish()
    found = store.runs("p")[0]
    assert (found.state, found.config) == ("finished", {"net": {"layers": [1, 2], "act": "builtins.len"}, "seed": 3})


def test_a_wrong_exit_code_leaves_the_run_open(store: Store) -> None:  # RUN-2
    with init(project="p", id="r", store=store) as run:
        with pytest.raises(UsageError, match="exit code"):
            run.finish(exit_code="abc")  # type: ignore[arg-type]
        run.log({"loss": 1})
        run.finish(2)
    assert (store.runs("p")[0].state, store.runs("p")[0].exit_code) == ("failed", 2)
    assert RunFiles(store.backend, "p", "r").finished(0) is not None


def test_a_disabled_run_lets_wait_for_what_it_dropped() -> None:
    with init(mode="disabled") as run:
        draft = wbtable.Artifact("a")
        assert run.log_artifact(draft).wait() is draft  # type: ignore[comparison-overlap]
        assert run.use_artifact(draft) is draft  # type: ignore[comparison-overlap]
        assert draft.is_draft()
        assert run.inputs == ()


def test_a_version_that_is_used_has_the_type_that_was_asked_for(store: Store) -> None:
    version = store.commit(wbtable.Artifact("a", type="model"))
    with init(project="p", store=store) as run:
        assert run.use_artifact(version, type="model") == version
        with pytest.raises(UsageError, match=r"a:v0: expected an artifact of type 'dataset'"):
            run.use_artifact(version, type="dataset")


@pytest.mark.parametrize("name", ["loss", "lo*"])
def test_a_mean_goes_on_from_what_was_logged_before(store: Store, name: str) -> None:  # RUN-5
    for values_of_attempt in ([0, 10, float("nan")], [True, 20]):
        with init(project="p", id="r", store=store, resume="allow") as run:
            run.define_metric(name, summary="mean")
            for value in values_of_attempt:
                run.log({"loss": value})
    assert store.runs("p")[0].summary["loss.mean"] == 10


def test_one_key_of_a_history_may_be_given_as_text(store: Store) -> None:
    with init(project="p", store=store) as run:
        run.log({"loss": 1})
        assert run.history("loss")["loss"].to_pylist() == [1]
    assert store.runs("p").history("loss").column_names[-1] == "loss"


def test_who_shares_a_run_that_ended_begins_with_the_first_step(store: Store) -> None:  # RUN-9
    for rank in range(2):
        with init(project="p", id="r", store=store, mode="shared") as run:
            for step in range(3 - rank):
                run.log({f"rank{rank}": step}, step=step)
    assert values(store, "rank0") == [0, 1, 2]
    assert values(store, "rank1") == [0, 1, None]
    assert store.runs("p")[0].next_step == 3
