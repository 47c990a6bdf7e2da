"""The wheel holds the page: installed where there is no Node, it serves every file that the page names."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

from tests.architecture.repository import PACKAGE, ROOT

if TYPE_CHECKING:
    from pathlib import Path

_SERVE = """
import json, sys, urllib.request
from pathlib import Path
import wbtable
from wbtable.viewer.opening import Opening
from wbtable.viewer.server import Server

assert Path(wbtable.__file__).is_relative_to(sys.argv[1]), wbtable.__file__
with Server(lambda folder: Opening(folder=folder)).start() as server:
    def get(path):
        with urllib.request.urlopen(server.origin + path, timeout=60) as found:
            return found.read()
    shell = get("/").decode()
    found = {path: len(get(path)) for path in json.loads(sys.argv[2])}
print(json.dumps({"shell": len(shell), "files": found}))
"""


def test_the_installed_page_is_whole_without_node(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    [wheel] = tmp_path.glob("*.whl")
    static = PACKAGE / "viewer/static"
    with zipfile.ZipFile(wheel) as found:
        names = set(found.namelist())
        for path in static.rglob("*"):
            if path.is_file():
                name = path.relative_to(ROOT).as_posix()
                assert name in names
                assert hashlib.sha256(found.read(name)).digest() == hashlib.sha256(path.read_bytes()).digest(), name
        found.extractall(tmp_path / "installed")
    shell = (static / "index.html").read_text("utf-8")
    named = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', shell))
    assert len(named) > 5
    scripts = {f"/static/{path.relative_to(static).as_posix()}" for path in static.rglob("*.js")}
    # The dependencies are this environment's: the wheel alone is what is tried, with no program on the PATH.
    environment = {"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(
        [sys.executable, "-c", _SERVE, str(tmp_path / "installed"), json.dumps(sorted(named | scripts))],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["shell"] > 500
    assert all(told["files"].values())
