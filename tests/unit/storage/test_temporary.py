"""Temporary files: gone with their process, or found by the next one after a crash."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

import wbtable
from wbtable.storage import temporary
from wbtable.storage.fsspec_backend import FsspecBackend
from wbtable.storage.temporary import TemporaryFolder, temporary_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROGRAM = """
import wbtable
from wbtable.query.engine import Engine
from wbtable.query.source import Inputs
from wbtable.storage.fsspec_backend import FsspecBackend
from wbtable.storage.temporary import temporary_folder

(temporary_folder() / "file").touch()
backend = FsspecBackend("memory://x")
backend.temporary()
draft = wbtable.Artifact("a")
file = draft.new_file("f", "w")
file.__enter__().write("text")
engine = Engine(Inputs())
"""
"""A program that has a folder for each reason to have one."""


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "spill"


def started(program: str) -> subprocess.Popen[str]:
    """Return a process that has run a program, and waits."""
    code = f"import sys\n{program}\nprint('ready', flush=True)\nsys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        pytest.fail(process.communicate()[1])
    return process


def test_what_a_killed_process_leaves_the_next_one_removes(root: Path) -> None:
    """And nothing of a process that lives; that one leaves nothing either."""
    killed, alive = started(PROGRAM), started(PROGRAM)
    try:
        left = [path for path in root.rglob("*") if f"-{killed.pid}-" in os.fspath(path)]
        kept = {path for path in root.rglob("*") if f"-{alive.pid}-" in os.fspath(path)}
        os.kill(killed.pid, signal.SIGKILL)
        killed.communicate()
        # The lock, the folder in it, four in that, and a file in each but the engine's.
        assert len(left) == len(kept) == 9
        assert all(path.exists() for path in left)
        mine = temporary_folder()
        assert not any(path.exists() for path in left)
        assert all(path.exists() for path in kept)
        assert mine.is_dir()
    finally:
        _, err = alive.communicate("")
    assert (alive.returncode, err) == (0, "")
    assert not any(path.exists() for path in kept)


def test_what_others_put_there_stays(root: Path) -> None:
    root.mkdir(parents=True)
    notes, folder = root / "notes.lock", root / "wbtable-1-without-a-lock"
    notes.touch()
    folder.mkdir()
    temporary_folder()
    assert notes.exists()
    assert folder.exists()


def test_a_folder_goes_with_whoever_holds_it(root: Path) -> None:
    backend, held = FsspecBackend("memory://x"), TemporaryFolder()
    files = [backend.temporary(), backend.temporary(), held.new_file()]
    assert len({path.parent for path in files}) == 2
    assert all(path.is_relative_to(root) for path in files)
    copy = pickle.loads(pickle.dumps(held))
    assert copy.path() != held.path()
    del backend, held
    gc.collect()
    assert not any(path.parent.exists() for path in files)
    assert copy.path().is_dir()
    copy.remove()
    assert copy.new_file().exists()


def test_a_folder_that_somebody_removed_is_made_again(root: Path) -> None:
    backend = FsspecBackend("memory://x")
    backend.temporary()
    # As somebody does who empties the cache by hand.
    for path in sorted(root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert backend.temporary().exists()
    assert temporary_folder().is_dir()


def _in_child(report: Callable[[str], None], backend: FsspecBackend) -> None:
    report(str(backend.temporary()))


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_its_own(root: Path) -> None:
    backend = FsspecBackend("memory://x")
    mine = backend.temporary()
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_in_child, args=(queue.put, backend))
    child.start()
    theirs = queue.get()
    child.join()
    assert child.exitcode == 0
    assert not theirs.startswith(str(mine.parent.parent))
    assert mine.exists()


def test_another_cache_folder_costs_no_open_file(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process may change where it keeps things; what it uses at the old place stays."""
    used = temporary_folder()
    homes = [other for other in temporary._homes if other != root]
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "empty"))
    temporary_folder().rmdir()
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "third"))
    temporary_folder()
    assert used.is_dir()
    assert root in temporary._homes
    assert tmp_path / "empty" / "spill" not in temporary._homes
    assert list((tmp_path / "empty" / "spill").iterdir()) == []
    assert set(homes) >= set(temporary._homes) - {root, tmp_path / "third" / "spill"}


def test_where_the_cache_cannot_be_the_system_s_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container whose home nobody may write."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = temporary_folder()
    spare = tmp_path / f"wbtable-{os.getuid()}"
    assert folder.is_relative_to(spare)
    assert spare.stat().st_mode & 0o777 == 0o700


def test_a_system_s_folder_that_is_another_s_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("WBTABLE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"wbtable-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    draft = wbtable.Artifact("a")
    with pytest.raises(wbtable.DeniedError, match="WBTABLE_CACHE_DIR"), draft.new_file("f"):
        pass
