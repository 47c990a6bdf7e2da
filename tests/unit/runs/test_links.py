"""What a run used: by names of its own store, where they mean what it used (RUN-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.runs.console import RunWarning

if TYPE_CHECKING:
    from pathlib import Path

    from wbtable.artifacts.store import Store


def filled(store: Store, text: str) -> Store:
    draft = Artifact("data")
    with draft.new_file("a.txt") as file:
        file.write(text)
    store.commit(draft, project="p")
    return store


def test_a_version_of_another_store_is_not_taken_for_one_of_this(store: Store, tmp_path: Path) -> None:
    filled(store, "ours")
    theirs = filled(wbtable.create_store(tmp_path / "theirs"), "theirs").artifact("p/data")
    with wbtable.init(project="p", store=store) as run:
        with pytest.warns(RunWarning, match="another store"):
            assert run.use_artifact(theirs) == theirs
        version = run.log_artifact(Artifact("model", type="model"))
    assert version.parents() == []
    assert store.artifact("p/data").used_by() == theirs.used_by() == []
    assert store.runs("p")[0].used() == []


def test_a_link_leads_to_the_runs_own_store(store: Store, tmp_path: Path) -> None:
    filled(store, "ours")
    (tmp_path / "link").symlink_to(store.url)
    with wbtable.init(project="p", id="r", store=store) as run:
        run.use_artifact(wbtable.Store(tmp_path / "link").artifact("p/data"))
    assert store.artifact("p/data").used_by() == ["p/r"]
    assert store.runs("p")[0].used() == ["p/data:v0"]
