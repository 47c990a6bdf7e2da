"""Stores: made once, found by default, never guessed at."""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.artifacts.draft import Artifact
from wbtable.artifacts.store import Store, create_store, default_url, resolve_store, set_runs_reader
from wbtable.errors import (
    AlreadyExistsError,
    NotFoundError,
    StorageError,
    UnsupportedError,
    UsageError,
)
from wbtable.format.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from wbtable.artifacts.version import Version

    Make = Callable[..., Artifact]

# Stores.


def test_stores_are_made_once(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="create_store"):
        Store(tmp_path / "s")
    create_store(tmp_path / "s")
    with pytest.raises(AlreadyExistsError):
        create_store(tmp_path / "s")
    assert Store(tmp_path / "s").artifacts() == []


def test_newer_stores_are_not_guessed_at(store: Store) -> None:
    path = store.backend.local_path("wbtable.json")
    assert path is not None
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": "2.0"}))
    with pytest.raises(UnsupportedError):
        Store(store.url)


def test_the_default_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WBTABLE_STORE", raising=False)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert default_url() == str(inner / ".wbtable")
    with pytest.raises(NotFoundError):
        resolve_store()
    create_store(tmp_path / "a" / ".wbtable")
    assert resolve_store().url == str(tmp_path / "a" / ".wbtable")
    assert "*" in (tmp_path / "a" / ".wbtable" / ".gitignore").read_text().splitlines()
    monkeypatch.setenv("WBTABLE_STORE", str(tmp_path / "named"))
    assert resolve_store(create=True).url == str(tmp_path / "named")
    other = create_store(tmp_path / "other")
    assert resolve_store(other) is other
    assert resolve_store(tmp_path / "other").url == other.url
    with pytest.raises(NotFoundError):
        resolve_store(tmp_path / "none", create=True)


def test_runs_are_read_by_the_room_above(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from wbtable.artifacts import store as module

    monkeypatch.setattr(module, "_runs", [])
    with pytest.raises(UsageError, match=r"wbtable\.runs"):
        store.runs("p")
    with pytest.raises(UsageError, match=r"wbtable\.runs"):
        store.run_tables("p", "val")
    set_runs_reader(lambda *given: given, lambda *given, **options: (given, options))
    assert store.runs("p", filter="true") == (store, "p", "true", None)
    options = {"runs": None, "steps": [3], "last": True}
    assert store.run_tables("p", "val", steps=range(3, 4), last=True) == ((store, "p", "val"), options)


def test_read_only_stores_say_so(store: Store, draft_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = draft_of()
    opened = os.open

    def refuse(path: str, flags: int, *args: int, **kwargs: int) -> int:
        if flags & os.O_CREAT and str(path).startswith(store.url):
            raise OSError(28, "No space left on device", path)
        return opened(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(wbtable.DiskFullError):
        store.commit(draft)
    monkeypatch.undo()
    assert store.commit(draft).verify().ok


def test_digest_of_a_version_is_that_of_its_content(store: Store, draft_of: Make) -> None:  # ART-6
    version = store.commit(draft_of(files={"b": "2", "a": "1"}))
    lines = b"".join(f"{p}\0{Digest.of(t)}\n".encode() for p, t in (("a", b"1"), ("b", b"2")))
    assert version.digest == str(Digest.of(lines))


def test_a_draft_that_was_committed_is_not_taken_for_one_in_another_store(
    store: Store, draft_of: Make, tmp_path: Path
) -> None:
    draft = draft_of()
    version = store.commit(draft, project="p")
    with pytest.raises(UsageError, match="copy_to"):
        create_store(tmp_path / "other").commit(draft, aliases=["best"])
    with pytest.raises(UsageError, match="another project"):
        store.commit(draft, project="q")
    assert store.commit(draft, aliases=["best"]) == version
    assert version.aliases == ["latest", "best"]


def test_a_store_that_vanished_is_not_made_anew(store: Store, draft_of: Callable[..., Artifact]) -> None:
    """A disk that is not mounted any more must not be taken for an empty store."""
    shutil.rmtree(store.url)
    draft = draft_of()
    with pytest.raises(StorageError, match="the store is gone"):
        store.commit(draft)
    assert not Path(store.url).exists()
    assert draft.is_draft()


@pytest.mark.parametrize(
    "change",
    [
        lambda version: version.add_aliases(["best"]),
        lambda version: version.remove_aliases(["best"]),
        lambda version: version.add_tags(["good"]),
        lambda version: version.delete(),
        lambda version: setattr(version, "ttl", dt.timedelta(days=1)),
        lambda version: setattr(version, "description", "text"),
        lambda version: version.record_run("p/run", "used"),
    ],
)
def test_nothing_is_said_in_a_store_that_vanished(
    store: Store, draft_of: Callable[..., Artifact], change: Callable[[Version], None]
) -> None:
    version = store.commit(draft_of())
    shutil.rmtree(store.url)
    with pytest.raises(StorageError, match="the store is gone"):
        change(version)
    assert not Path(store.url).exists()


def test_what_is_no_draft_is_said(store: Store) -> None:
    with pytest.raises(UsageError, match="expected an Artifact, found str"):
        store.commit("data")  # type: ignore[arg-type]


def test_stores_and_versions_go_to_other_processes(store: Store, draft_of: Callable[..., Artifact]) -> None:
    version = store.commit(draft_of(files={"d/a": "a"}))
    again = pickle.loads(pickle.dumps(version))
    assert again == version
    assert again["d/a"].read() == b"a"
    assert pickle.loads(pickle.dumps(store)).artifacts() == [version]


def test_entries_are_named_by_paths_too(store: Store, draft_of: Callable[..., Artifact]) -> None:
    draft = draft_of(files={"d/a": "a"})
    for found in (draft, store.commit(draft)):
        assert Path("d/a") in found
        assert found.get_entry(Path("d/a")).path == found.get(PurePosixPath("d/a")).path == "d/a"
        with pytest.raises(NotFoundError, match="did you mean 'd/a'"):
            found.get_entry(Path("d/b"))
        for wrong in (5, b"d/a"):
            with pytest.raises(UsageError, match="expected a name"):
                found.get(wrong)  # type: ignore[arg-type]


def test_a_tilde_is_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is in `WBTABLE_CACHE_DIR`; a variable that no shell has read would make a folder called ``~``."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WBTABLE_STORE", "~/store")
    assert resolve_store(create=True).url == str(tmp_path / "home" / "store")
    assert Store("~/store").url == Store().url
    assert not (tmp_path / "~").exists()
    monkeypatch.setenv("WBTABLE_STORE", "  ")
    assert default_url() == str(tmp_path / ".wbtable")


def test_a_link_leads_to_the_same_store(tmp_path: Path) -> None:
    store = create_store(tmp_path / "store")
    (tmp_path / "link").symlink_to("store")
    link = Store(tmp_path / "link")
    draft = Artifact("a")
    version = link.commit(draft)
    assert store.commit(draft, aliases=["same"]) == version
    assert store.artifact("a:same").version == "v0"
    later = link.artifact("a").new_draft()
    later.metadata["epoch"] = 1
    assert store.commit(later).version == "v1"
    with pytest.raises(UsageError, match="to itself"):
        store.copy_to(link)
