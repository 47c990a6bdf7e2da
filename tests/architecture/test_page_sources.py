"""The page's scripts have right types, and the vendored bundles are what their lock file gives, byte for byte."""

from __future__ import annotations

import subprocess
import sys

from tests.architecture.repository import ROOT

VENDOR = ROOT / "tools/vendor"


def _run(*command: str) -> str:
    # Another worker's test may run at the same time: both only read.
    done = subprocess.run(command, cwd=VENDOR, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}"


def test_the_scripts_have_right_types() -> None:
    assert _run("node_modules/.bin/tsc", "--noEmit", "-p", "tsconfig.json") == ""


def test_the_bundles_are_built_to_the_same_bytes() -> None:
    assert _run("node", "build.mjs", "--check") == ""


def test_what_is_installed_is_what_the_lock_file_pins() -> None:
    """Else the test above would compare with something else."""
    assert _run("npm", "ls", "--all", "--offline") == ""


def test_the_page_names_the_modules_that_it_begins_with() -> None:
    """What is imported, however deep, is fetched at once; `python tools/page/preload.py` writes it."""
    done = subprocess.run([sys.executable, ROOT / "tools/page/preload.py", "--check"], check=False)
    assert done.returncode == 0
