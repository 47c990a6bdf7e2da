from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from wbtable.storage.local_backend import LocalBackend
from wbtable.storage.objects import ObjectStore
from wbtable.storage.open_backend import open_backend

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.storage.backend import Backend

_names = itertools.count()


@pytest.fixture
def local(tmp_path: Path) -> LocalBackend:
    return LocalBackend(tmp_path / "store")


@pytest.fixture(params=["local", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    if request.param == "local":
        return open_backend(tmp_path / "store")
    return open_backend(f"memory://test-{next(_names)}")


@pytest.fixture
def objects(backend: Backend) -> ObjectStore:
    return ObjectStore(backend)


@pytest.fixture
def local_objects(local: LocalBackend) -> ObjectStore:
    return ObjectStore(local)
