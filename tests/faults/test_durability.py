"""What the operating system is asked to do, in which order, seen from outside the process (spec: LOCAL-n)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.architecture.repository import ROOT
from wbtable.artifacts.store import create_store
from wbtable.format.layout import TEMPORARY

if TYPE_CHECKING:
    from pathlib import Path

_FILE_CALLS = {"write": "write", "writev": "write", "pwrite64": "write", "fsync": "fsync", "fdatasync": "fsync"}
_CALLS = ",".join([*_FILE_CALLS, "link", "linkat", "rename", "renameat", "renameat2"])
_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += \d+")
_UNFINISHED = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_PROGRAM = """
import sys
import wbtable
from tests.faults.jobs import add_rows
store = wbtable.Store(sys.argv[1])
draft = wbtable.Artifact("data")
table = wbtable.Table(columns=["n", "text", "image"])
draft = store.artifact("p/data").new_draft() if sys.argv[2] == "1" else draft
table = draft["t"] if sys.argv[2] == "1" else table
add_rows(table, int(sys.argv[2]), range(3))
draft.add(table, "t", overwrite=True)
store.commit(draft, project="p", aliases=["best"])
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One system call that succeeded, where it ended.

    Attributes:
        name: ``write``, ``fsync``, ``link`` or ``rename``, whatever variant was called.
        path: what was written or synced, or what got a new name.
        target: the new name, of links and renames.

    """

    name: str
    path: str
    target: str = ""


def trace(folder: Path, *arguments: str) -> list[Call]:
    """Run Python under strace; return its calls that wrote, synced, linked or renamed something, in order."""
    tracer = shutil.which("strace")
    assert tracer is not None, "strace is not installed: apt-get install strace"
    log = folder / "strace.txt"
    command = [tracer, "-f", "-y", "-qq", "-s", "4096", "-e", f"trace={_CALLS}", "-o", str(log), sys.executable, "-c"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([*command, *arguments], check=True, cwd=ROOT, env=environment, capture_output=True)
    lines = _joined(log.read_text("utf-8", errors="replace").splitlines())
    return [call for call in map(_parse, lines) if call is not None]


def _joined(lines: list[str]) -> list[str]:
    """Put calls together that another thread's interrupted; a call stands where it ended."""
    begun: dict[tuple[str, str], str] = {}
    out = []
    for line in lines:
        if match := _UNFINISHED.match(line):
            begun[match[1], match[2]] = match[3]
        elif match := _RESUMED.match(line):
            out.append(f"{match[1]} {match[2]}({begun.pop((match[1], match[2]), '')}{match[3]}")
        else:
            out.append(line)
    return out


def _parse(line: str) -> Call | None:
    match = _LINE.match(line)
    if match is None:
        return None
    name, arguments = match[1], match[2]
    if name in _FILE_CALLS:
        file = re.match(r"\d+<([^>]*)>", arguments)
        return None if file is None else Call(_FILE_CALLS[name], file[1])
    names = re.findall(r'"([^"]*)"', arguments)
    return Call("link" if name.startswith("link") else "rename", names[0], names[1])


def check_order(calls: list[Call], root: Path) -> list[str]:
    """Check LOCAL-1 to LOCAL-3 on every call below a store; return the keys that got names, in order."""
    written: set[str] = set()
    unsynced_names: dict[str, str] = {}
    keys: list[str] = []
    for call in calls:
        if not call.path.startswith(f"{root}/") and call.path != str(root):
            continue
        if call.name == "write":
            written.add(call.path)
        elif call.name == "fsync":
            written.discard(call.path)
            unsynced_names = {key: folder for key, folder in unsynced_names.items() if folder != call.path}
        else:
            assert call.path.startswith(f"{root}/tmp/"), call
            key = call.target.removeprefix(f"{root}/")
            may_be_lost = key.endswith("hint") or re.fullmatch(r"leases/[0-9a-f]+\.json", key)
            assert may_be_lost or call.path not in written, f"{key} got its name before its bytes were synced"
            if key.startswith("projects/") and call.name == "link":
                loose = [name for name in unsynced_names if name.startswith("objects/")]
                assert not loose, f"{key} was created before the folders of {loose} were synced"
            unsynced_names[key] = call.target.rpartition("/")[0]
            keys.append(key)
    promised = [key for key in unsynced_names if key.startswith(("objects/", "projects/")) and not key.endswith("hint")]
    assert not promised, f"the folders of {promised} were never synced"
    return keys


@pytest.mark.parametrize("again", [False, True], ids=["first", "append"])
def test_bytes_then_their_sync_then_the_name_then_its_sync(tmp_path: Path, again: bool) -> None:
    """LOCAL-1, LOCAL-2, LOCAL-3, LOCAL-5: seen by strace, for a first commit and for one that adds to it."""
    root = tmp_path / "store"
    create_store(root)
    for turn in range(1 + again):
        calls = trace(tmp_path, _PROGRAM, str(root), str(turn))
    keys = check_order(calls, root)
    suffixes = [key.partition(".")[2] for key in keys if key.startswith("objects/")]
    assert {"pack", "parquet", "json.zst"} <= set(suffixes)
    record = f"projects/p/artifacts/data/versions/{int(again):020d}.json"
    assert record in keys
    # The record comes after all objects, and nothing but hints and facts about the version after it.
    assert all(not key.startswith("objects/") for key in keys[keys.index(record) :])


def test_the_checker_sees_what_it_should(tmp_path: Path) -> None:
    """A test of the test: each wrong order is found."""
    temp, target, folder = f"{tmp_path}/{TEMPORARY}/a.tmp", f"{tmp_path}/objects/ab/c.pack", f"{tmp_path}/objects/ab"
    record = f"{tmp_path}/projects/p/0.json"
    good = [
        Call("write", temp),
        Call("fsync", temp),
        Call("link", temp, target),
        Call("fsync", folder),
        Call("link", temp, record),
        Call("fsync", f"{tmp_path}/projects/p"),
    ]
    assert check_order(good, tmp_path) == ["objects/ab/c.pack", "projects/p/0.json"]
    for missing, message in ((1, "bytes were synced"), (3, "folders of"), (5, "never synced")):
        with pytest.raises(AssertionError, match=message):
            check_order(good[:missing] + good[missing + 1 :], tmp_path)
