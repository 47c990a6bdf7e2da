"""One server of each kind for all the tests here.

What is not installed is not collected, and the report says so; `make test-servers` installs it. In CI everything is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.remote.places import STARTERS, RemotePlace, installed, start
from wbtable.storage.open_backend import open_backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wbtable.storage.backend import Backend


def pytest_configure(config: pytest.Config) -> None:
    # aiohttp's opinion of how gcsfs and Azure's client hand it bytes.
    config.addinivalue_line("filterwarnings", "ignore:Sending a large body directly:ResourceWarning")


def pytest_report_header() -> str | None:
    absent = sorted(set(STARTERS) - set(installed()))
    return f"not tested, because not installed (make test-servers): {', '.join(absent)}" if absent else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "place" in metafunc.fixturenames:
        marked = metafunc.definition.get_closest_marker("only")
        names = [name for name in installed() if marked is None or name in marked.args]
        metafunc.parametrize("place", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemotePlace]:
    """A running server; started once for all tests of its kind."""
    found = start(request.param, tmp_path_factory.mktemp(request.param))
    yield found
    found.stop()


@pytest.fixture
def remote(place: RemotePlace) -> Backend:
    """An empty folder on the server."""
    return open_backend(place.url(), **place.options)
