"""Many writers of one artifact at once: as many versions as commits, in one line, with everybody's content."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.architecture.repository import ROOT
from tests.faults.backend import FaultyBackend, Plan
from tests.faults.committing import append_row, begin_table, commit_file
from tests.faults.places import new_store
from tests.faults.soak import sample
from wbtable.artifacts.store import Store
from wbtable.storage.open_backend import open_backend

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults.places import Places

NAME = "uncategorized/data"
THREADS = 20
PROCESSES = 8
THREAD_TURNS = {"local": sample(5, 50), "memory": sample(5, 50), "s3": sample(1, 50)}
PROCESS_TURNS = sample(4, 50)


def check_line(store: Store, expected: set[tuple[int, int]]) -> None:
    """Each commit is one version, each version follows the one before it, and holds what its writer put."""
    versions = store.versions(NAME)
    assert [version.number for version in versions] == list(range(len(expected)))
    for before, after in itertools.pairwise(versions):
        assert after.record.parent is not None
        assert after.record.parent.commit_id == before.record.commit_id
    found = set()
    for version in versions:
        pair = version.metadata["writer"], version.metadata["turn"]
        assert version["content.txt"].read().decode() == f"{pair[0]} {pair[1]}"
        found.add(pair)
    assert found == expected


def in_threads(work: Callable[[int, int], object], threads: int, turns: int) -> None:
    """Run `work(writer, turn)` for each turn, each writer in a thread of its own."""
    errors: list[BaseException] = []
    start = threading.Barrier(threads)

    def run(writer: int) -> None:
        try:
            start.wait()
            for turn in range(turns):
                work(writer, turn)
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    group = [threading.Thread(target=run, args=(writer,)) for writer in range(threads)]
    for thread in group:
        thread.start()
    for thread in group:
        thread.join()
    if errors:
        raise errors[0]


def in_processes(store: Store, turns: int, *options: str) -> list[tuple[int, int, int]]:
    """Run `committing` in several processes; return writer, turn and version of each commit."""
    command = [sys.executable, "-m", "tests.faults.committing", store.url, NAME.partition("/")[2]]
    group = [
        subprocess.Popen(
            [*command, str(writer), str(turns), *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for writer in range(PROCESSES)
    ]
    found = []
    for writer, process in enumerate(group):
        out, err = process.communicate()
        assert process.returncode == 0, err
        pairs = [line.split() for line in out.splitlines()[1:]]
        found += [(writer, int(turn), int(number)) for turn, number in pairs]
    return found


def test_threads_make_one_version_each(places: Places) -> None:
    """COMMIT-4, COMMIT-5, BACKEND-1: 20 threads, in a soak 50 commits each."""
    store, turns = new_store(places()), THREAD_TURNS[places.kind]
    numbers: list[int] = []
    in_threads(
        lambda writer, turn: numbers.append(commit_file(Store.on(store.backend), "data", writer, turn)),
        THREADS,
        turns,
    )
    assert sorted(numbers) == list(range(THREADS * turns))
    check_line(store, set(itertools.product(range(THREADS), range(turns))))
    assert list(store.backend.list("leases")) == []


def test_processes_make_one_version_each(tmp_path: Path) -> None:
    """COMMIT-4, COMMIT-5, BACKEND-1, LOCAL-2: 8 processes, in a soak 50 commits each."""
    store = new_store(open_backend(tmp_path / "store"))
    found = in_processes(store, PROCESS_TURNS)
    assert sorted(number for _, _, number in found) == list(range(PROCESSES * PROCESS_TURNS))
    check_line(store, set(itertools.product(range(PROCESSES), range(PROCESS_TURNS))))


def test_appends_of_threads_all_survive(places: Places) -> None:
    """COMMIT-3: each row that was appended is in the table once, whoever came between."""
    store = new_store(places())
    begin_table(store, "data")
    turns = sample(2, 25)
    in_threads(lambda writer, turn: append_row(Store.on(store.backend), "data", writer, turn), 8, turns)
    rows = [tuple(row) for row in store.artifact(NAME)["rows"].data]
    assert sorted(rows) == sorted(itertools.product(range(8), range(turns)))
    assert len(store.versions(NAME)) == 8 * turns + 1
    for writer in range(8):  # each writer's rows are in the order in which it appended them
        assert [turn for one, turn in rows if one == writer] == list(range(turns))


def test_appends_of_processes_all_survive(tmp_path: Path) -> None:
    """COMMIT-3: the same between processes, on local disks."""
    store = new_store(open_backend(tmp_path / "store"))
    begin_table(store, "data")
    turns = sample(1, 25)
    in_processes(store, turns, "--append")
    rows = [tuple(row) for row in store.artifact(NAME)["rows"].data]
    assert sorted(rows) == sorted(itertools.product(range(PROCESSES), range(turns)))


@pytest.mark.parametrize("seed", range(sample(3, 50)))
def test_delays_change_nothing(places: Places, seed: int) -> None:
    """COMMIT-4: a few writers whose calls take random times."""
    store = new_store(places())

    def work(writer: int, turn: int) -> None:
        plan = Plan(delay=0.004, seed=seed * 100 + writer)
        commit_file(Store.on(FaultyBackend(store.backend, plan)), "data", writer, turn)

    in_threads(work, 4, 3)
    check_line(store, set(itertools.product(range(4), range(3))))
