"""A store, drafts of small files, and a backend that fails where it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return create_store(tmp_path / "store")


@pytest.fixture
def draft_of(tmp_path: Path) -> Callable[..., Artifact]:
    """Return what makes a draft of files given by path and text; its first argument is the artifact's name."""

    def make(name: str = "data", files: dict[str, str] | None = None, **settings: Any) -> Artifact:
        draft = Artifact(name, **settings)
        for path, text in (files or {"a.txt": "a"}).items():
            with draft.new_file(path) as file:
                file.write(text)
        return draft

    return make
