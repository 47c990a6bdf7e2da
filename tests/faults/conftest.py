"""What all tests of faults share: places, no pauses between attempts, and a thread that never sleeps long."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.faults.places import Places
from tests.faults.soak import FACTOR
from tests.remote.places import installed, start
from wbtable.artifacts import commit as commit_module

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.remote.places import RemotePlace


QUICK_ON_S3 = {
    "test_a_crash_at_any_call_leaves_the_old_or_the_new",
    "test_a_state_that_cannot_be_known_is_said",
    "test_threads_make_one_version_each",
}
"""What runs on S3's server each time; in a soak everything does: a request there takes a hundred times as long."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try each kind of place; S3's server has to be installed (`make test-servers`), as it is in CI."""
    if "places" in metafunc.fixturenames:
        on_s3 = FACTOR or metafunc.function.__name__ in QUICK_ON_S3
        kinds = ["local", "memory", *(["s3"] if on_s3 and "moto" in installed() else [])]
        metafunc.parametrize("places", kinds, indirect=True)


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemotePlace]:
    """A server of S3, started at its first use."""
    server = start("moto", tmp_path_factory.mktemp("moto"))
    yield server
    server.stop()


@pytest.fixture
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Places]:
    """What makes empty places of one kind."""
    if request.param == "s3":
        server: RemotePlace = request.getfixturevalue("moto")
        made = Places(kind="s3", root=f"{server.url('faults')}/", options=server.options)
    else:
        made = Places(kind=request.param, root=f"{tmp_path}/" if request.param == "local" else "memory://")
    yield made
    made.empty()


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
