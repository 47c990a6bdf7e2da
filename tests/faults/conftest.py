"""What all tests of faults share: places, no pauses between attempts, and a thread that never sleeps long."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.faults.places import local_places, memory_places
from wbtable.artifacts import commit as commit_module

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.places import MakePlace


@pytest.fixture(params=["local", "memory"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakePlace]:
    """What makes empty places of one kind."""
    if request.param == "local":
        yield local_places(tmp_path)
    else:
        yield from memory_places()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_module, "PAUSE", 0.0)


@pytest.fixture(scope="session", autouse=True)
def _awake() -> Iterator[None]:
    """Wake a thread several times a second.

    A lost wake-up in glibc before 2.41 (its bug 25847) may leave every thread of an interpreter waiting for the
    interpreter's lock; the next thread that wakes by itself sets them going again.
    """
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.2):
            pass

    thread = threading.Thread(target=run, name="awake", daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()
