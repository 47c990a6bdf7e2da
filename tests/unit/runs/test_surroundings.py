"""What a run records of code and packages, and how it knows how its process ends (RUN-2, RUN-8)."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import wbtable
from tests.architecture.repository import ROOT
from wbtable.runs import surroundings
from wbtable.runs.identity import environment
from wbtable.runs.surroundings import packages

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    git(folder, "init", "--initial-branch", "trunk")
    (folder / "train.py").write_text("print(1)")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    git(folder, "remote", "add", "origin", "https://ada:secret@example.org/ada/code.git")
    monkeypatch.chdir(folder)
    return folder


def test_commit_branch_and_remote_without_its_password(repository: Path) -> None:
    facts = environment()
    assert len(facts["git_commit"]) == 40
    assert facts["git_branch"] == "trunk"
    assert facts["git_remote"] == "https://example.org/ada/code.git"
    assert facts["git_dirty"] == "false"
    (repository / "train.py").write_text("print(2)")
    assert environment()["git_dirty"] == "true"


def test_outside_of_a_repository_there_are_no_such_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not [key for key in environment() if key.startswith("git_")]


def test_a_machine_without_git_is_fine(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert not [key for key in environment() if key.startswith("git_")]


def test_a_repository_that_takes_too_long_goes_without(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "PATIENCE", 0.0)
    assert "git_dirty" not in environment()


def test_packages_are_listed_as_pip_would(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = packages().splitlines()
    assert any(line.startswith("pyarrow==") for line in lines)
    assert lines == sorted(lines, key=str.lower)
    monkeypatch.setattr(surroundings, "MAX_PACKAGES", 100)
    packages.cache_clear()
    assert packages().splitlines()[-1].startswith("# and ")
    packages.cache_clear()


def test_nothing_is_recorded_where_that_is_not_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WBTABLE_ENVIRONMENT", "none")
    store = wbtable.create_store(tmp_path / "store")
    with wbtable.init(project="p", store=store):
        pass
    (run,) = store.runs("p")
    assert run.start.environment == {}


START = """
import sys, time, wbtable
run = wbtable.init(project="p", id="x", store=sys.argv[1])
run.log({"a": 1})
print("ready", flush=True)
"""


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("", 0),
        ("sys.exit()", 0),
        ("sys.exit(3)", 3),
        ("sys.exit('no good')", 1),
        ("1 / 0", 1),
        ("exit(3)", 3),
        ("with run: sys.exit(3)", 3),
        ("with run: sys.exit(0)", 0),
        ("with run: raise SystemExit(3)", 3),
        ("try:\n    sys.exit(3)\nexcept SystemExit as error:\n    print(error.code)\nprint()", 0),
        ("try:\n    sys.exit(3)\nexcept SystemExit:\n    sys.exit(4)", 4),
        ("try:\n    sys.exit(3)\nfinally:\n    print()", 3),
        ("import threading\nworker = threading.Thread(target=sys.exit, args=(3,))\nworker.start(); worker.join()", 0),
        ("try:\n    sys.exit(3)\nexcept SystemExit:\n    wbtable.init(project='p', id='y', store=sys.argv[1])", 0),
    ],
)
def test_the_exit_code_is_that_of_the_process(tmp_path: Path, ending: str, code: int) -> None:
    store = wbtable.create_store(tmp_path / "store")
    command = [sys.executable, "-c", START + ending, store.url]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=120)
    assert done.returncode == code
    assert b"in thread" not in done.stderr
    ended = {run.id: run.exit_code for run in store.runs("p")}
    assert ended["y" if "'y'" in ending else "x"] == code


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_signals_finish_the_run_unless_the_program_has_its_own_way(
    tmp_path: Path, sent: signal.Signals, own: bool
) -> None:
    """SIGHUP is what a terminal sends that is closed: it ended a run as crashed, without its last rows."""
    store = wbtable.create_store(tmp_path / "store")
    before = f"import signal, os\nsignal.signal({int(sent)}, lambda *_: os._exit(7))\n" if own else ""
    waits = "while True: time.sleep(0.1)"  # a signal that comes just before a sleep begins is seen behind it
    command = [sys.executable, "-c", before + START + waits, store.url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(sent)
        code = process.wait(60)
    (run,) = store.runs("p")
    assert code == (7 if own else 128 + sent)
    assert (run.state, run.exit_code) == (("crashed", None) if own else ("failed", code))


def test_sigterm_without_a_run_ends_the_process_as_ever(tmp_path: Path) -> None:
    store = wbtable.create_store(tmp_path / "store")
    script = START.replace('print("ready"', 'run.finish()\nprint("ready"')
    script += "while True: time.sleep(0.1)"  # a signal that comes just before a sleep begins is seen behind it
    command = [sys.executable, "-c", script, store.url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
    (run,) = store.runs("p")
    assert run.state == "finished"
