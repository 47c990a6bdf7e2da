"""Runs of other processes: killed, forked, read while they go on, ended without finish."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wbtable.runs.init import init

if TYPE_CHECKING:
    from wbtable.artifacts.store import Store

ROOT = Path(__file__).parents[3]


def start(store: Store, code: str) -> subprocess.Popen[str]:
    script = "import sys, time, os\nimport wbtable\n" + textwrap.dedent(code)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WBTABLE_STORE": store.url}
    return subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run_script(store: Store, code: str) -> subprocess.CompletedProcess[str]:
    process = start(store, code)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def test_a_killed_process_loses_at_most_its_last_second(store: Store) -> None:
    # RUN-3, RUN-7
    process = start(
        store,
        """
        run = wbtable.init(project="p", id="r")
        run.log({"t": wbtable.Table(columns=["a"], data=[[1]])})
        run.history()
        while True:
            run.log({"at": time.time()})
            print(time.time(), flush=True)
            time.sleep(0.005)
        """,
    )
    assert process.stdout is not None
    first = float(process.stdout.readline())
    last = first
    while last < first + 2.5:
        last = float(process.stdout.readline())
    assert store.runs("p")[0].state == "running"
    process.send_signal(signal.SIGKILL)
    rest = process.communicate(timeout=60)[0].split()
    last = float(rest[-1]) if rest else last
    [found] = store.runs("p")
    assert found.state == "crashed"
    logged = found.history()["at"].to_pylist()
    # A second of its own; a machine that is starved writes later.
    assert max(value for value in logged if value is not None) > last - 3
    assert len(found.artifacts()) == 1
    assert len(found.artifacts()[0]["t"]) == 1


def test_a_crashed_run_can_be_resumed_where_its_history_ends(store: Store) -> None:
    # RUN-1, RUN-7
    run_script(
        store,
        """
        run = wbtable.init(project="p", id="r", config={"lr": 1})
        for i in range(10):
            run.log({"x": i})
        run.history()
        os._exit(9)
        """,
    )
    assert store.runs("p")[0].state == "crashed"
    with init(project="p", id="r", store=store, resume="must") as run:
        assert run.step == 10
        assert run.config["lr"] == 1
        run.log({"x": 10})
    assert store.runs("p")[0].history()["x"].to_pylist() == list(range(11))


def test_a_second_process_reads_while_the_first_logs(store: Store, tmp_path: Path) -> None:
    # RUN-3, RUN-4
    enough = tmp_path / "enough"
    process = start(
        store,
        f"""
        run = wbtable.init(project="p", id="r")
        i = 0
        while not os.path.exists({str(enough)!r}):
            run.log({{"x": i}})
            i += 1
            time.sleep(0.05)
        run.finish()
        print(i)
        """,
    )
    seen: list[int] = []
    deadline = time.monotonic() + 60
    while len(set(seen)) < 3 and process.poll() is None and time.monotonic() < deadline:
        for found in store.runs("p"):
            history = found.history()
            if "x" in history.column_names:
                values = history["x"].to_pylist()
                assert values == list(range(len(values)))
                seen.append(len(values))
        time.sleep(0.05)
    enough.touch()
    logged, _ = process.communicate(timeout=60)
    assert seen == sorted(seen)
    assert len(set(seen)) == 3
    assert store.runs("p")[0].history().num_rows == int(logged)


@pytest.mark.parametrize(
    ("ending", "state", "code"),
    [("", "finished", 0), ("raise SystemExit(0)", "finished", 0), ("1 / 0", "failed", 1)],
)
def test_a_process_that_ends_without_finish(store: Store, ending: str, state: str, code: int) -> None:
    # RUN-2
    done = run_script(
        store,
        f"""
        run = wbtable.init(project="p", id="r")
        run.log({{"x": 1}})
        run.log({{"t": wbtable.Table(columns=["a"], data=[[1]])}})
        {ending}
        """,
    )
    assert done.returncode == code, done.stderr
    [found] = store.runs("p")
    assert found.state == state
    assert found.history()["x"].to_pylist()[0] == 1
    assert len(found.artifacts()) == 1


def test_forked_children_log_to_the_same_run(store: Store) -> None:
    # RUN-9
    done = run_script(
        store,
        """
        import multiprocessing
        run = wbtable.init(project="p", id="r")
        run.log({"parent": 1}, step=0)

        def work(number):
            for i in range(20):
                run.log({f"child{number}": i}, step=100 * number + i)

        context = multiprocessing.get_context("fork")
        children = [context.Process(target=work, args=(n,)) for n in (1, 2, 3)]
        [child.start() for child in children]
        [child.join() for child in children]
        assert [child.exitcode for child in children] == [0, 0, 0]
        run.log({"parent": 2}, step=1000)
        run.finish()
        """,
    )
    assert done.returncode == 0, done.stderr
    [found] = store.runs("p")
    assert found.state == "finished"
    history = found.history()
    assert [value for value in history["parent"].to_pylist() if value is not None] == [1, 2]
    for number in (1, 2, 3):
        assert [value for value in history[f"child{number}"].to_pylist() if value is not None] == list(range(20))
    assert found.summary == {"parent": 2}


def test_a_child_of_a_plain_fork_does_not_end_its_parents_run(store: Store) -> None:
    # RUN-9
    done = run_script(
        store,
        """
        run = wbtable.init(project="p", id="r")
        run.log({"x": 1}, step=0)
        child = os.fork()
        if child == 0:
            run.log({"y": 2}, step=5)
            sys.exit(0)
        os.waitpid(child, 0)
        from wbtable.runs.reading import RunInfo
        info = RunInfo(run.store, "p", "r")
        print(info.state, info.history(["y"])["y"].to_pylist()[-1])
        run.finish()
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["running", "2"]
    assert store.runs("p")[0].history()["x"].to_pylist() == [1, None]


WORK = """
import sys

def work(run, number):
    for i in range(20):
        run.log({f"child{number}": i}, step=100 * number + i)
"""


def test_spawned_workers_log_to_the_run_that_they_are_given(store: Store, tmp_path: Path) -> None:
    """RUN-9: a run that is given to another process is the same run there."""
    (tmp_path / "work.py").write_text(WORK)
    done = run_script(
        store,
        f"""
        import multiprocessing
        if __name__ == "__main__":
            sys.path.insert(0, {str(tmp_path)!r})
            from work import work
            run = wbtable.init(project="p", id="r", config={{"lr": 1}})
            run.log({{"parent": 1}}, step=0)
            context = multiprocessing.get_context("spawn")
            children = [context.Process(target=work, args=(run, n)) for n in (1, 2)]
            [child.start() for child in children]
            [child.join() for child in children]
            assert [child.exitcode for child in children] == [0, 0]
            run.log({{"parent": 2}}, step=1000)
            run.finish()
        """,
    )
    assert done.returncode == 0, done.stderr
    [found] = store.runs("p")
    assert (found.state, found.summary, found.config) == ("finished", {"parent": 2}, {"lr": 1})
    history = found.history()
    assert [value for value in history["parent"].to_pylist() if value is not None] == [1, 2]
    for number in (1, 2):
        assert [value for value in history[f"child{number}"].to_pylist() if value is not None] == list(range(20))


def test_processes_share_a_run_by_its_id(store: Store) -> None:
    """RUN-9: whoever comes first starts it and ends it, the others join."""
    code = """
        with wbtable.init(project="p", id="r", mode="shared") as run:
            run.log({"rank%d": 1}, step=%d)
        """
    with init(project="p", id="r", store=store, mode="shared") as run:
        run.log({"rank0": 1}, step=0)
        workers = [start(store, code % (rank, rank)) for rank in (1, 2)]
        for worker in workers:
            _, told = worker.communicate(timeout=60)
            assert worker.returncode == 0, told
        assert store.runs("p")[0].state == "running"
    [found] = store.runs("p")
    assert (found.state, found.summary) == ("finished", {"rank0": 1})
    history = found.history()
    for rank in range(3):
        assert [value for value in history[f"rank{rank}"].to_pylist() if value is not None] == [1]


def test_a_disabled_run_goes_to_other_processes_too() -> None:
    with init(project="p", mode="disabled") as run:
        again = pickle.loads(pickle.dumps(run))
        again.log({"x": 1})
        assert again.disabled


def test_who_joins_late_begins_with_the_first_step(store: Store) -> None:  # RUN-9
    with init(project="p", id="r", store=store, mode="shared") as run:
        for step in range(3):
            run.log({"rank0": step}, step=step)
        run.history()
        done = run_script(
            store,
            """
            with wbtable.init(project="p", id="r", mode="shared") as run:
                for step in range(3):
                    run.log({"rank1": step}, step=step)
            """,
        )
        assert done.returncode == 0, done.stderr
        again = pickle.loads(pickle.dumps(run))
        again.log({"child": 0}, step=0)
        again.log({"child": 9})
        again.history()
    history = store.runs("p")[0].history()
    assert history["rank0"].to_pylist() == history["rank1"].to_pylist() == [0, 1, 2]
    assert history["child"].to_pylist() == [9, None, None]
