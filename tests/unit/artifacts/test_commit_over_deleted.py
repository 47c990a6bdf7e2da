"""Commits whose newest version is deleted and collected while they are made."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from wbtable.artifacts import commit
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store
from wbtable.errors import ConflictError

if TYPE_CHECKING:
    from pathlib import Path

FIRST = {"a": "one", "b": "two"}


def draft_of(files: dict[str, str]) -> Artifact:
    """Return a draft with these files."""
    made = Artifact("x")
    for path, text in files.items():
        with made.new_file(path, "w") as file:
            file.write(text)
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Make a store with one version."""
    made = create_store(tmp_path / "store")
    made.commit(draft_of(FIRST))
    return made


def once(store: Store, monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> list[int]:
    """Let a version be deleted and collected right before a step of the next commit; return what fills when it was."""
    original = getattr(commit._Commit, name)
    done: list[int] = []

    def step(job: Any, *given: Any) -> Any:
        if not done:
            done.append(number)
            store.artifact(f"x:v{number}").delete(delete_aliases=True)
            store.gc(dt.timedelta(0), dry_run=False)
        return original(job, *given)

    monkeypatch.setattr(commit._Commit, name, step)
    return done


def test_the_newest_version_covers_nothing_once_it_is_collected(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """LEASE-6: what it led to is stored anew, and nothing dangles."""
    done = once(store, monkeypatch, "_covering", 0)
    version = store.commit(draft_of({**FIRST, "c": "three"}))
    assert done == [0]
    assert version["a"].read() == b"one"
    assert store.verify().ok


def test_changes_are_replayed_on_the_version_that_is_the_newest_then(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """COMMIT-3: a version that is gone is no base; another one is the newest."""
    draft = store.artifact("x:v0").new_draft()
    with draft.new_file("c", "w") as file:
        file.write("three")
    store.commit(draft_of({**FIRST, "d": "four"}))
    done = once(store, monkeypatch, "_compose", 1)
    version = store.commit(draft)
    assert done == [1]
    assert {entry.path for entry in version.files()} == {"a", "b", "c"}
    assert store.verify().ok


def test_what_only_a_collected_version_held_is_said_to_be_gone(store: Store) -> None:  # LEASE-6
    version = store.artifact("x")
    item = version["a"]
    version.delete()
    assert store.gc(grace=dt.timedelta(0), dry_run=False).deleted_objects
    draft = Artifact("y")
    draft.add_reference(item)
    with pytest.raises(ConflictError, match="taken over from a deleted version is gone"):
        store.commit(draft)
