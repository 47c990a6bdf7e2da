"""Who runs: facts about this process and machine, and whether another process still lives (spec: 14-runs, RUN-7)."""

from __future__ import annotations

import contextlib
import getpass
import os
import platform
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wbtable.format.run_record import Process, RunFinish, RunStart, RunSummary
from wbtable.runs.surroundings import is_wanted, surroundings

if TYPE_CHECKING:
    import datetime as dt

SILENCE: Final = 300.0
"""Seconds without a sign of life after which a run on another machine counts as crashed (RUN-7)."""

_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_id() -> str:
    """Return a random run id of eight characters."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


def this_process() -> Process:
    """Return what tells this process from all others."""
    return Process(host=platform.node() or "unknown", pid=os.getpid(), started=_started(os.getpid()))


def _started(pid: int) -> str:
    """Return boot, process namespace and start time of a process; empty where the system does not say."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - no path, but a name
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return f"{boot}/{space}/{fields[19]}"


def environment() -> dict[str, str]:
    """Return facts about where a run runs; never environment variables, and nothing if it is not wanted (RUN-8)."""
    if not is_wanted():
        return {}
    out = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "command": " ".join(sys.argv),
        "directory": _directory(),
    }
    with contextlib.suppress(OSError, KeyError, ImportError):
        out["user"] = getpass.getuser()
    return {**{key: _text(value) for key, value in out.items()}, **surroundings()}


def _directory() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _text(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode("utf-8")[:4096]


def lives(process: Process) -> bool | None:
    """Return whether a process of this machine is alive; None where that cannot be known."""
    if process.host != (platform.node() or "unknown"):
        return None
    mine = _started(os.getpid())
    if mine and process.started and mine.split("/")[:2] != process.started.split("/")[:2]:
        # Started before the last boot, or in another container of the same name.
        return None if mine.split("/")[0] == process.started.split("/")[0] else False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OSError:
        return None
    found = _started(process.pid)
    return not (found and process.started and found != process.started) and not _is_zombie(process.pid)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def state_of(start: RunStart, summary: RunSummary | None, finish: RunFinish | None, at: dt.datetime) -> str:
    """Return the state of an attempt: ``finished``, ``failed``, ``running`` or ``crashed`` (RUN-7)."""
    if finish is not None:
        return finish.state
    alive = lives(start.process)
    if alive is None:
        last = start.created_at if summary is None else max(start.created_at, summary.updated_at)
        alive = (at - last).total_seconds() < SILENCE
    return "running" if alive else "crashed"
