"""The page's scripts have right types, and the vendored bundles are what their lock file gives, byte for byte."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.architecture.repository import ROOT
from wbtable.viewer.page_modules import bundle, served
from wbtable.viewer.page_routes import STATIC

if TYPE_CHECKING:
    from pathlib import Path

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


def test_the_page_begins_with_one_file() -> None:
    """All that its first module imports, however deep, is one script; what comes later is not in it."""
    found = bundle(lambda name: (STATIC / name).read_text("utf-8"))
    assert len(found.modules) > 50
    assert found.vendor == ["vendor/preact.js"]
    assert "js/state.js" in found.modules
    assert "js/lightbox.js" not in found.modules


def test_what_browsers_get_is_right_as_a_script(tmp_path: Path) -> None:
    found = bundle(lambda name: (STATIC / name).read_text("utf-8"))
    for path in sorted((STATIC / "js").glob("*.js")):
        name = f"js/{path.name}"
        made = tmp_path / f"{path.stem}.mjs"
        made.write_text(served(name, path.read_text("utf-8"), found), "utf-8")
        assert _run("node", "--check", str(made)) == "", name
