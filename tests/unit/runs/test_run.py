from __future__ import annotations

import argparse
import math
import threading
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from wbtable.artifacts.draft import Artifact
from wbtable.errors import NotFoundError, TypeMismatchError, UsageError
from wbtable.format.run_record import RunLink
from wbtable.media.histogram import Histogram
from wbtable.media.image import Image
from wbtable.runs.console import RunWarning
from wbtable.runs.init import init
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store


def values(table: Any, key: str) -> list[Any]:
    found: list[Any] = table[key].to_pylist()
    return found


def test_what_is_logged_can_be_read(store: Store) -> None:
    # RUN-3, RUN-4, RUN-5
    with init(project="p", store=store, config={"lr": 0.1}, tags=["t"], notes="n", group="g", job_type="j") as run:
        for i in range(5):
            run.log({"loss": 1 / (i + 1), "n": {"acc": np.float32(i)}})
    [found] = store.runs("p")
    assert (found.state, found.exit_code, found.next_step) == ("finished", 0, 5)
    assert found.config == {"lr": 0.1}
    assert found.summary == {"loss": 0.2, "n.acc": 4.0}
    assert (found.start.tags, found.start.notes, found.start.group, found.start.job_type) == (("t",), "n", "g", "j")
    history = found.history()
    assert history.column_names == ["_step", "_timestamp", "_runtime", "loss", "n.acc"]
    assert values(history, "n.acc") == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert all(runtime >= 0 for runtime in values(history, "_runtime"))
    assert values(found.history(["loss"]), "loss")[0] == 1.0
    with pytest.raises(NotFoundError, match="did you mean 'loss'"):
        found.history(["los"])


def test_history_while_the_run_is_open(store: Store) -> None:
    with init(project="p", store=store) as run:
        run.log({"a": 1})
        run.log({"a": 2})
        assert values(run.history(), "a") == [1, 2]
        run.log({"b": "x"})
        assert values(run.history(), "b") == [None, None, "x"]


def test_scalars_that_are_not_finite_stay_as_they_are(store: Store) -> None:
    # RUN-3
    with init(store=store) as run:
        for value in (math.inf, -math.inf, math.nan, -0.0, 5e-324):
            run.log({"x": value})
        found = values(run.history(), "x")
    assert found[:2] == [math.inf, -math.inf]
    assert math.isnan(found[2])
    assert math.copysign(1, found[3]) == -1
    assert found[4] == 5e-324
    [read] = store.runs("uncategorized")
    assert read.summary == {"x": 5e-324}


def test_steps(store: Store) -> None:
    # RUN-4
    with init(store=store) as run:
        run.log({"a": 1}, commit=False)
        run.log({"b": 2})
        run.log({"a": 3}, step=10)
        run.log({"b": 4}, step=10)
        run.log({"a": 5}, step=20, commit=True)
        assert run.step == 21
        run.log({"a": 6})
        history = run.history()
    assert values(history, "_step") == [0, 10, 20, 21]
    assert values(history, "a") == [1, 3, 5, 6]
    assert values(history, "b") == [2, 4, None, None]


def test_a_step_that_goes_back_is_warned_of_once_and_left_out(store: Store) -> None:
    with init(store=store) as run:
        run.log({"a": 1}, step=5)
        with pytest.warns(RunWarning, match="steps only go up"):
            run.log({"a": 2}, step=3)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run.log({"a": 2}, step=2)
        assert values(run.history(), "a") == [1]


def test_a_value_that_cannot_be_stored_does_not_stop_training(store: Store) -> None:
    with init(store=store) as run:
        with pytest.warns(RunWarning, match=r"'net\.w' was not logged"):
            run.log({"loss": 1.0, "net": {"w": object()}})
        assert values(run.history(), "loss") == [1.0]


def test_text_without_utf8_loses_nothing_else(store: Store) -> None:
    # RUN-3: a byte that a tokenizer made half a character of costs its own value only; config says so at once
    with init(store=store) as run:
        with pytest.warns(RunWarning, match="'guess' was not logged"):
            run.log({"loss": 0.5, "guess": "\ud800"})
        for wrong in ({"a": "\ud800"}, {"\ud800": 1}):
            with pytest.raises(TypeMismatchError, match="no UTF-8 form"):
                run.config.update(wrong)
    assert values(run.history(), "loss") == [0.5]


def _nested(levels: int) -> Any:
    inner: Any = 1
    for _ in range(levels):
        inner = [inner]
    return inner


def test_a_run_whose_values_nest_as_deep_as_they_may_comes_to_its_end(store: Store) -> None:
    # ANY-2, RUN-2: a value that fitted its row and not the summary kept the run from ever ending
    with init(project="p", store=store, config={"a": _nested(60)}) as run:
        run.config["b"] = run.summary["c"] = _nested(60)
        run.log({"d": _nested(60), "e": 1})
        with pytest.warns(RunWarning, match=r"'f' was not logged: .*at most 60 levels"):
            run.log({"f": _nested(62), "g": 1})
    [found] = store.runs("p")
    assert found.state == "finished"
    assert found.config == {"a": _nested(60), "b": _nested(60)}
    assert found.summary == {"c": _nested(60), "d": _nested(60), "e": 1, "g": 1}


@pytest.mark.parametrize("levels", [61, 3000])
def test_settings_that_nest_too_deep_are_refused(store: Store, levels: int) -> None:
    # ANY-2
    with pytest.raises(TypeMismatchError, match=r"config\.a.*(levels|nests)"):
        init(project="p", store=store, config={"a": _nested(levels)})
    with init(project="p", store=store) as run, pytest.raises(TypeMismatchError, match=r"summary\.a.*(levels|nests)"):
        run.summary["a"] = _nested(levels)


def test_a_key_of_several_types(store: Store) -> None:
    with init(store=store) as run:
        run.log({"x": 1})
        run.history()
        run.log({"x": "text"})
        run.history()
        run.log({"x": [1, 2]})
        assert values(run.history(), "x") == ["1", '"text"', "[1,2]"]


def test_log_wants_a_dict(store: Store) -> None:
    with init(store=store) as run, pytest.raises(UsageError, match="a dict"):
        run.log(3)  # type: ignore[arg-type]


def test_a_finished_run_says_so(store: Store) -> None:
    run = init(store=store)
    run.finish()
    run.finish()
    with pytest.raises(UsageError, match="is finished"):
        run.log({"a": 1})
    with pytest.raises(UsageError, match="is finished"):
        run.log_artifact(Artifact("a"))


def test_media_are_in_the_store_and_checked(store: Store) -> None:
    image = Image(np.arange(12, dtype=np.uint8).reshape(2, 2, 3), caption="c")
    with init(project="p", store=store) as run:
        run.log({"img": image, "loss": 1.0})
        run.log({"imgs": [image, image], "h": Histogram([1, 2, 3]), "loss": 2.0})
    [found] = store.runs("p")
    history = found.history()
    cell = values(history, "img")[0]
    assert (cell["width"], cell["caption"]) == (2, "c")
    assert store.objects.read(cell["file"]) == image.bytes
    assert len(values(history, "imgs")[1]) == 2
    assert sum(values(history, "h")[1]["counts"]) == 3
    assert found.summary["img"]["_type"] == "image"
    assert values(history, "loss") == [1.0, 2.0]


@pytest.mark.parametrize("key", ["preds", "val/preds", "a:b", "odd key %", "a/../b"])
def test_tables_become_artifacts(store: Store, key: str) -> None:
    # RUN-6, RUN-10
    table = Table(columns=["id", "x"], data=[[1, "a"], [2, "b"]])
    with init(project="p", store=store) as run:
        run.log({key: table, "loss": 0.5})
        table.add_data(3, "c")
    [found] = store.runs("p")
    [version] = found.artifacts()
    assert version.type == "run_table"
    assert version.logged_by() == run.path
    reference = found.summary[key]
    assert reference["_type"] == "table"
    assert reference["artifact"] == version.qualified_name
    assert reference["rows"] == 2
    assert len(version[reference["path"]]) == 2
    assert values(found.history(), "loss") == [0.5]


def test_logging_a_table_again(store: Store) -> None:
    table = Table(columns=["id"], data=[[1]])
    with init(project="p", store=store) as run:
        run.log({"t": table})
        table.add_data(2)
        with pytest.warns(RunWarning, match="IMMUTABLE"):
            run.log({"t": table})
        mutable = Table(columns=["id"], data=[[1]], log_mode="MUTABLE")
        run.log({"m": mutable})
        run.log({"m": mutable})
    assert len(store.versions(f"p/run-{run.id}-t")) == 2
    assert len(store.versions(f"p/run-{run.id}-m")) == 1


def test_artifacts_and_lineage(store: Store, tmp_path: Path) -> None:
    # RUN-6
    (tmp_path / "f.txt").write_text("hello")
    with init(project="p", store=store) as run:
        draft = Artifact("data", type="dataset")
        draft.add_file(tmp_path / "f.txt")
        made = run.log_artifact(draft, aliases=["best"], tags=["t"])
        assert made.qualified_name == "p/data:v0"
        assert draft.version == "v0"
    with init(project="p", store=store) as second:
        used = second.use_artifact("data:best")
        assert second.use_artifact("p/data:latest") == used
        with pytest.raises(NotFoundError):
            second.use_artifact("dat:best")
        with pytest.raises(UsageError, match="type"):
            second.use_artifact("data:best", type="model")
        result = second.log_artifact(tmp_path / "f.txt", name="out", type="result")
    assert used.used_by() == [second.path]
    assert result.parents() == ["p/data:v0"]
    assert result.logged_by() == second.path
    infos = {info.id: info for info in store.runs("p")}
    assert infos[second.id].used() == ["p/data:v0"]
    assert infos[second.id].logged() == ["p/out:v0"]
    assert infos[run.id].artifacts() == [made]
    assert infos[second.id].used_artifacts() == [used]


def test_logging_the_same_content_again_gives_the_same_version(store: Store) -> None:
    def draft() -> Artifact:
        made = Artifact("d")
        made.add(Table(columns=["a"], data=[[1]]), "t")
        return made

    with init(project="p", store=store) as run:
        first = run.log_artifact(draft())
        assert run.log_artifact(draft()) == first


def test_log_artifact_wants_an_artifact(store: Store) -> None:
    with init(store=store) as run:
        with pytest.raises(UsageError, match="Artifact"):
            run.log_artifact({"a": 1})
        with pytest.raises(NotFoundError):
            run.log_artifact("there/is/no/file")
        with pytest.raises(UsageError, match="name"):
            run.log_artifact(Artifact("a"), name="b")


def test_config_and_summary(store: Store) -> None:
    # RUN-5
    with init(project="p", store=store, config=argparse.Namespace(lr=0.1, sizes=(1, 2))) as run:
        run.config.batch = 32
        run.config["depth"] = np.int64(3)
        run.config.update({"lr": 0.2}, more=None)
        run.config.setdefaults({"lr": 9, "new": 1})
        run.log({"loss": 1.0})
        run.summary["best"] = 0.5
        run.summary.loss = 0.25
        assert run.config.lr == 0.2
        with pytest.raises(AttributeError, match="no 'missing'"):
            _ = run.config.missing
        with pytest.raises(TypeMismatchError, match=r"config\.f"):
            run.config.f = object()
    [found] = store.runs("p")
    assert found.config == {"lr": 0.2, "sizes": [1, 2], "batch": 32, "depth": 3, "more": None, "new": 1}
    assert found.summary == {"loss": 0.25, "best": 0.5}


def test_the_history_of_a_finished_run_is_one_object(store: Store) -> None:
    # RUN-4
    with init(project="p", store=store) as run:
        for i in range(4):
            run.log({"x": i, "only" + str(i): i}, step=i // 2)
            run.history()
    [found] = store.runs("p")
    finish = found._finish
    assert finish is not None
    assert finish.segments == 4
    assert finish.history in finish.refs
    for number in range(4):
        path = store.backend.local_path(f"projects/p/runs/{run.id}/history/{number:020d}.parquet")
        assert path is not None
        path.unlink()
    history = found.history()
    assert values(history, "x") == [1, 3]
    assert values(history, "only0") == [0, None]
    assert values(history, "only3") == [None, 3]


def test_threads_can_log(store: Store) -> None:
    def work(name: str) -> None:
        for i in range(500):
            run.log({name: i})

    with init(project="p", store=store) as run:
        threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        history = run.history()
    assert history.num_rows == 2000
    assert [value for value in values(history, "t2") if value is not None] == list(range(500))


def test_lineage_logs_are_appended(store: Store) -> None:
    # RUN-6
    with init(project="p", store=store) as run:
        run.log({"a": Table(columns=["x"], data=[[1]]), "b": Table(columns=["x"], data=[[2]])})
    keys = sorted(store.backend.list(f"projects/p/runs/{run.id}/logged"))
    assert [key.rpartition("/")[2] for key in keys] == [f"{i:020d}.json" for i in range(2)]
    [found] = store.runs("p")
    links = list(found._files.links("logged"))
    assert all(isinstance(link, RunLink) for link in links)
    assert [link.key for link in links] == ["a", "b"]


def test_a_run_that_does_not_exist(store: Store) -> None:
    from wbtable.runs.reading import RunInfo

    with pytest.raises(NotFoundError, match="p/none"):
        RunInfo(store, "p", "none")
    assert store.runs("p") == []
