"""Each command as a process of its own runs it: nothing was imported before by another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.architecture.repository import ROOT
from wbtable.runs.init import init
from wbtable.tables.table import Table

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Shell

COMMANDS = [
    "show digits/one",
    "query digits --logged val",
    "runs -w summary.loss<1",
    "history digits/one",
    "lineage digits/run-one-val",
    "report",
    "rm digits/predictions:v0 --aliases --dry-run",
]


@pytest.fixture
def logged(digits: Shell) -> Shell:
    with init(project="digits", id="one", store=digits.store) as run:
        run.log({"loss": 0.5, "val": Table(columns=["id"], data=[[1], [2]])})
    return digits


def test_commands_in_processes_of_their_own(logged: Shell) -> None:
    for line in COMMANDS:
        command = [sys.executable, "-m", "wbtable", "--store", logged.store.url, *line.split(), "--json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stderr)
        json.loads(done.stdout)
