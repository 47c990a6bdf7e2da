from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wbtable.artifacts import lease, parallel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what this machine remembers of stores apart, and calls of storage in order."""
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(parallel, "REMOTE_THREADS", 1)
    monkeypatch.setattr(lease, "_sleep", lambda _seconds: None)
    monkeypatch.setattr(lease, "_clock", lease._clock)  # a model sets its store's, and this takes it back
    # Nothing may depend on how long a test takes: the same choices make the same calls.
    monkeypatch.setattr(lease._keeper, "refresh", lambda: None)
    monkeypatch.setattr(lease, "PATIENCE", 1e9)
