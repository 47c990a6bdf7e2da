"""What a run's code came from: its commit in git, and the packages that were installed (spec: 14-runs, RUN-8)."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import shutil
import subprocess
from typing import Final

VARIABLE: Final = "WBTABLE_ENVIRONMENT"
"""``none`` in this environment variable has nothing recorded of where a run runs; ``all`` is the default."""
PATIENCE: Final = 2.0
"""Seconds that git may take; a repository so large goes without the facts that took longer."""
MAX_PACKAGES: Final = 64_000
"""The most characters of the list of packages."""
_LOGIN = re.compile(r"(?<=://)[^/@]*@")


def is_wanted() -> bool:
    """Whether facts about the surroundings are recorded."""
    return os.environ.get(VARIABLE, "all").lower() not in {"none", "0", "off", "false"}


def surroundings() -> dict[str, str]:
    """Return ``git_commit``, ``git_branch``, ``git_remote``, ``git_dirty``, ``packages``, as far as they are known."""
    return {**_git(), "packages": packages()}


def _git() -> dict[str, str]:
    program = shutil.which("git")
    commit = _ask(program, "rev-parse", "HEAD")
    if program is None or not commit:
        return {}
    out = {"git_commit": commit}
    branch = _ask(program, "rev-parse", "--abbrev-ref", "HEAD")
    if branch and branch != "HEAD":
        out["git_branch"] = branch
    remote = _ask(program, "config", "--get", "remote.origin.url")
    if remote:
        out["git_remote"] = _LOGIN.sub("", remote)  # it may hold a password
    changed = _ask(program, "status", "--porcelain", "--untracked-files=no")
    if changed is not None:
        out["git_dirty"] = "true" if changed else "false"
    return out


def _ask(program: str | None, *words: str) -> str | None:
    """Return what git says; None if it says nothing in time, or that there is nothing."""
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a program and words of ours
            [program, "--no-optional-locks", *words],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None


@functools.cache
def packages() -> str:
    """Return the installed packages as lines ``name==version``, sorted; a list that is cut says so."""
    found: set[str] = set()
    for one in importlib.metadata.distributions():
        name, version = one.metadata["Name"], one.metadata["Version"]
        if name and version:
            found.add(f"{name}=={version}")
    lines = sorted(found, key=str.lower)
    kept, size = 0, 0
    for line in lines:
        size += len(line) + 1
        if size > MAX_PACKAGES:
            break
        kept += 1
    return "\n".join([*lines[:kept], *([f"# and {len(lines) - kept} more"] if kept < len(lines) else [])])
