"""The commands that look around: lineage, doctor, runs --where, rm and what depends, pictures."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import wbtable
from tests.architecture.repository import ROOT
from wbtable.cli.app import NOT_FOUND, USAGE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Shell


@pytest.fixture
def lined(digits: Shell) -> Shell:
    """Add a run that uses predictions:v0 and logs a report."""
    with wbtable.init(project="digits", id="one", config={"lr": 0.1}, store=digits.store) as run:
        run.use_artifact("predictions:v0")
        draft = wbtable.Artifact("report", type="report")
        with draft.new_file("a.txt") as file:
            file.write("a")
        run.log_artifact(draft)
        run.log({"acc": 0.95})
    return digits


def test_lineage(lined: Shell) -> None:
    lines = lined.ok("lineage", "digits/report").splitlines()
    assert lines[0].split() == ["FROM", "HOW", "TO"]
    assert [re.split(r"\s{2,}", line) for line in lines[1:]] == [
        ["digits/one (run)", "logged", "digits/report:v0 (report)"],
        ["digits/predictions:v0 (predictions)", "used", "digits/one (run)"],
    ]
    assert lined.json("lineage", "digits/report", "--up")["root"] == "digits/report:v0"
    assert lined.ok("lineage", "digits/report", "--mermaid").startswith("flowchart LR\n")
    assert "flowchart" in lined.json("lineage", "digits/report", "--mermaid")["mermaid"]
    assert "nothing is recorded" in lined.ok("lineage", "digits/report", "--down")
    assert lined.json("lineage", "digits/report", "--up", "--down") == lined.json("lineage", "digits/report")
    result = lined.run("lineage", "digits/report", "--depth", "1")
    assert "1 of 2 go on beyond --depth 1" in result.stderr
    lined.fails(NOT_FOUND, "lineage", "digits/none")


def test_runs_where(lined: Shell) -> None:
    assert "digits/one" in lined.ok("runs", "digits", "-w", "config.lr > 0.01 and summary.acc > 0.9")
    assert lined.json("runs", "--where", "summary.acc > 0.99") == []
    assert "expected a value" in lined.fails(USAGE, "runs", "digits", "-w", "config.lr >")
    result = lined.run("runs", "digits", "-w", "config.rate > 1")
    assert result.exit_code == 0
    assert "none of 1 runs has config.rate" in result.stderr


def test_rm_shows_what_depends(lined: Shell) -> None:
    result = lined.run("rm", "digits/predictions:v0", "--dry-run")
    assert result.stdout == "would delete digits/predictions:v0\n"
    assert result.stderr.splitlines() == [
        "digits/predictions:v0 is named best",
        "digits/predictions:v0 was used by the run digits/one",
    ]
    assert lined.json("rm", "digits/report:v0", "-n") == {
        "planned": ["digits/report:v0"],
        "dependents": ["digits/report:v0 is named latest"],
    }
    assert len(lined.store.versions("digits/predictions")) == 2
    assert "was used by the run" in lined.run("rm", "digits/predictions:v0", "--aliases", "--yes").stderr
    assert len(lined.store.versions("digits/predictions")) == 1


def test_doctor_finds_nothing_wrong_and_leaves_nothing(lined: Shell) -> None:
    before = sorted(lined.store.backend.list(""))
    found = {one["what"]: one for one in lined.json("doctor")}
    assert {one["level"] for one in found.values()} <= {"ok", "warning"}
    assert {"python", "packages", "extras", "cache", "waiting", "store", "reading", "writing", "runs"} <= set(found)
    assert sorted(lined.store.backend.list("")) == before
    assert lined.ok("doctor").splitlines()[0].split() == ["WHAT", "STATE", "FOUND"]


def test_doctor_says_what_is_wrong(lined: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (record,) = (tmp_path / "store" / "projects" / "digits" / "runs" / "one" / "attempts").iterdir()
    record.write_text("{}")
    result = lined.run("doctor")
    assert result.exit_code == 1
    assert re.search(r"^runs +problem +1 of 1 cannot be read, such as digits/one", result.stdout, re.MULTILINE)
    monkeypatch.setenv("WBTABLE_CACHE_DIR", "/proc/none")
    result = lined.run("--store", tmp_path / "nothing", "doctor")
    assert result.exit_code == 1
    assert re.search(r"^cache +problem .*WBTABLE_CACHE_DIR", result.stdout, re.MULTILINE)
    assert re.search(r"^store +problem +there is none at .*wbtable init", result.stdout, re.MULTILINE)


def test_doctor_says_what_waits(lined: Shell, tmp_path: Path) -> None:
    from wbtable.runs.spool import spool_root, write_note

    write_note(spool_root("digits", "one"), lined.store.url)
    (found,) = [one for one in lined.json("doctor") if one["what"] == "waiting"]
    assert found["level"] == "warning"
    assert "1 runs left something here (digits/one): `wbtable sync` sends it" in found["said"]


def in_terminal(store: str, *args: str, colours: str = "truecolor") -> str:
    """Return what a command prints where stdout is a terminal."""
    leader, follower = pty.openpty()
    env = {**os.environ, "COLORTERM": colours, "TERM": "xterm-256color", "COLUMNS": "200"}
    env.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "wbtable", "--store", store, *args]
    with subprocess.Popen(command, stdout=follower, stdin=subprocess.DEVNULL, env=env) as process:
        os.close(follower)
        out = b""
        while True:
            try:
                data = os.read(leader, 65536)
            except OSError:
                break
            if not data:
                break
            out += data
    os.close(leader)
    assert process.returncode == 0
    return out.decode()


def test_a_terminal_that_can_shows_images(digits: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    text = in_terminal(digits.store.url, "head", "digits/predictions:v0", "test", "-n", "8")
    assert "▀" in text
    assert "38;2;7;7;7;48;2;7;7;7" in text  # row 7 is all of 7
    for shown in (
        in_terminal(digits.store.url, "head", "digits/predictions:v0", "test", "-n", "2", colours=""),
        in_terminal(digits.store.url, "head", "digits/predictions:v0", "test", "-n", "2", "--no-pictures"),
    ):
        assert "▀" not in shown
        assert "image 5x4 png" in shown
    assert "▀" not in digits.ok("head", "digits/predictions:v0", "test")
