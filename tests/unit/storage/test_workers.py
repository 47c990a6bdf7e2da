"""Work on threads: results in order, the first error, and what happens where no thread can be had."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from wbtable.storage.pool import Pool, begins
from wbtable.storage.workers import run_all

if TYPE_CHECKING:
    from pathlib import Path

_AT_EXIT = """
import atexit, sys
import wbtable
store = wbtable.create_store(sys.argv[1])
def late():
    draft = wbtable.Artifact("rows")
    draft.add(wbtable.Table(columns=["a"], data=[[1]]), "table")
    print(store.commit(draft).version)
atexit.register(late)
"""


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_results_are_in_order(waits: bool, count: int) -> None:
    assert run_all(lambda i: i * i, range(count), waits=waits) == [i * i for i in range(count)]


@pytest.mark.parametrize("waits", [False, True])
def test_the_first_error_is_raised(waits: bool) -> None:
    def fail(i: int) -> int:
        if i in {3, 7}:
            raise ValueError(str(i))
        return i

    with pytest.raises(ValueError, match="3"):
        run_all(fail, range(20), waits=waits)


def test_what_waits_has_threads_beyond_the_cores() -> None:
    together = threading.Barrier(8)
    assert sorted(run_all(lambda _: together.wait(10), range(8), waits=True)) == list(range(8))


def test_a_program_that_ends_can_still_commit(tmp_path: Path) -> None:
    """COMMIT-1: in a function of atexit no thread begins anything any more."""
    command = [sys.executable, "-c", _AT_EXIT, str(tmp_path / "store")]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (found.stdout.strip(), found.stderr) == ("v0", "")


def test_tasks_are_done_once_where_no_thread_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here by whoever hands them over, and by no thread that finds them queued; errors come with the result."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    done: list[threading.Thread] = []
    release, begun = threading.Event(), threading.Event()

    def busy() -> str:
        begun.set()
        release.wait(10)
        return "busy"

    with Pool(2) as pool:
        first = pool.submit(busy)
        begun.wait(10)
        monkeypatch.setattr(threading.Thread, "start", refuse)
        # The pool has queued it before it finds that no second thread begins.
        assert pool.submit(lambda: done.append(threading.current_thread())).done()
        with pytest.raises(ZeroDivisionError):
            pool.submit(lambda: 1 // 0).result(0)
        release.set()
        assert first.result(10) == "busy"
        assert run_all(lambda i: i + 1, range(5)) == [1, 2, 3, 4, 5]
        assert not begins(threading.Thread(target=print))
    assert done == [threading.main_thread()]
    with pytest.raises(RuntimeError):
        pool.submit(print)
