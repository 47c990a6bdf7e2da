from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wbtable.artifacts.store import create_store
from wbtable.runs import globals as current

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wbtable.artifacts.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return create_store(tmp_path / "store")


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No run is open before or after a test, and what a run keeps locally stays in the test's folder."""
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("WBTABLE_STORE", raising=False)
    monkeypatch.delenv("WBTABLE_MODE", raising=False)
    monkeypatch.setattr("wbtable.runs.console._said", set())
    yield
    while (run := current.current()) is not None:
        run.finish()
