"""Many writers of one artifact at once, on real servers: 20 threads, and 8 processes, in a soak 50 commits each."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import pytest

from tests.faults.committing import commit_file
from tests.faults.soak import sample
from tests.faults.test_contention import PROCESSES, THREADS, check_line, in_processes, in_threads
from wbtable.artifacts import commit as commit_module
from wbtable.artifacts.store import Store, create_store

if TYPE_CHECKING:
    from tests.remote.places import RemotePlace


@pytest.mark.only("ceph", "azurite", "gcs")
def test_threads_make_one_version_each(place: RemotePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    """COMMIT-4, COMMIT-5, BACKEND-1: as many versions as commits, in one line, with everybody's content."""
    monkeypatch.setattr(commit_module, "PAUSE", 0.0)
    store, turns = create_store(place.url("threads"), **place.options), sample(1, 50)
    numbers: list[int] = []
    in_threads(
        lambda writer, turn: numbers.append(commit_file(Store(store.url, **place.options), "data", writer, turn)),
        THREADS,
        turns,
    )
    assert sorted(numbers) == list(range(THREADS * turns))
    check_line(Store(store.url, **place.options), set(itertools.product(range(THREADS), range(turns))))
    assert list(store.backend.list("leases")) == []


@pytest.mark.only("ceph")
def test_processes_make_one_version_each(place: RemotePlace) -> None:
    """COMMIT-4, COMMIT-5, BACKEND-1: the same between processes, which share nothing but the server."""
    store, turns = create_store(place.url("processes"), **place.options), sample(2, 50)
    found = in_processes(store, turns, "--options", json.dumps(place.options))
    assert sorted(number for _, _, number in found) == list(range(PROCESSES * turns))
    check_line(Store(store.url, **place.options), set(itertools.product(range(PROCESSES), range(turns))))
