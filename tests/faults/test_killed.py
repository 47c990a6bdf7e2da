"""Real processes, killed while they commit: SIGKILL runs no handler, no `finally`, no `__exit__`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.architecture.repository import ROOT
from tests.faults.committing import append_row, begin_table, commit_file
from tests.faults.soak import sample
from wbtable.artifacts.store import create_store

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store

NAME = "uncategorized/data"
LONGEST = 0.25
"""Seconds after a process began to commit: some ten commits."""


def kill_one(store: Store, writer: int, seconds: float, *options: str) -> dict[int, int]:
    """Start a process that commits for ever, kill it after a time; return turn and version of what it said it made."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.committing", store.url, "data", str(writer), "1000000", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGKILL)
    out, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err
    # The last line may be cut.
    lines = [line.split() for line in out.splitlines(keepends=True) if line.endswith("\n")]
    return {int(turn): int(number) for turn, number in lines}


def check_records(store: Store) -> None:
    """Every version, of those that nobody heard of too, is whole; the versions are in one line."""
    report = store.verify()
    assert report.ok, report.damaged
    versions = store.versions(NAME)
    assert [version.number for version in versions] == list(range(len(versions)))


@pytest.mark.parametrize("run", range(sample(2, 40)))
def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, run: int) -> None:
    """COMMIT-1 to COMMIT-5: five processes one after the other; 200 kills in a soak."""
    store = create_store(tmp_path / "store")
    chance = random.Random(run)
    commit_file(store, "data", 99, 0)
    for writer in range(5):
        said = kill_one(store, writer, chance.uniform(0, LONGEST))
        for turn, number in said.items():
            version = store.artifact(f"{NAME}:v{number}")
            assert (version.metadata["writer"], version.metadata["turn"]) == (writer, turn)
            assert version["content.txt"].read().decode() == f"{writer} {turn}"
        newest = store.artifact(NAME).number
        # One that it made and had no time to speak of, at most.
        assert newest - max(said.values(), default=newest) in {0, 1}
        assert commit_file(store, "data", 99, writer + 1) == newest + 1
    check_records(store)


@pytest.mark.parametrize("run", range(sample(1, 20)))
def test_appended_rows_survive_a_kill(tmp_path: Path, run: int) -> None:
    """COMMIT-3: each row that was acknowledged is in the table once, and so is the next one."""
    store = create_store(tmp_path / "store")
    chance = random.Random(run)
    begin_table(store, "data")
    for writer in range(3):
        said = kill_one(store, writer, chance.uniform(0, LONGEST), "--append")
        append_row(store, "data", 50 + writer, 0)
        rows = [tuple(row) for row in store.artifact(NAME)["rows"].data]
        turns = [turn for one, turn in rows if one == writer]
        assert turns == list(range(len(turns)))
        assert len(turns) - len(said) in {0, 1}
        assert rows[-1] == (50 + writer, 0)
    check_records(store)
