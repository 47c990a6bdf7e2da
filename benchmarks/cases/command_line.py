"""List a store of 1,000 runs and 10,000 versions from the shell, and ask for help: start-up included."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.case import Bar, Case, Scale, Side, median_of_three

if TYPE_CHECKING:
    from collections.abc import Sequence

_RUNS = 1_000
_VERSIONS = 10
_TURNS = 3


def _prepare(data: Path, scale: Scale) -> None:
    """Log one run; the others, and the versions that each made of an artifact of its own, are copies of it."""
    import shutil

    import wbtable
    from wbtable.format import documents, layout
    from wbtable.format.version_record import Parent

    os.environ["WBTABLE_CACHE_DIR"] = str(data / "cache")
    store = wbtable.create_store(data / "store")
    with wbtable.init(project="bench", id="run-0000", store=store) as run:
        run.log({"loss": 0.5, "table": wbtable.Table(columns=["n"], data=[[1]])})
    found = store.artifacts("bench")[0]
    runs = data / "store" / layout.run_prefix("bench", "run-0000")
    for number in range(scale.of(_RUNS, 20)):
        if number:
            shutil.copytree(runs, runs.with_name(f"run-{number:04}"))
        records = store.records("bench", f"predictions-{number:04}")
        parent = None
        for version in range(_VERSIONS):
            record = dataclasses.replace(
                found.record, name=records.name, version=version, commit_id=uuid.uuid4().hex, parent=parent
            )
            path = data / "store" / records.key(version)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(documents.canonical(record.to_json()))
            parent = Parent(version=version, commit_id=record.commit_id)
        records.leave_hint(_VERSIONS - 1)
    shutil.rmtree(data / "cache", ignore_errors=True)


def _seconds(arguments: Sequence[str], store: Path, cache: Path, lines: int) -> float:
    """Return the median seconds of a command, which must print at least so many lines."""
    command = [str(Path(sys.executable).with_name("wbtable")), *arguments]
    environment = {**os.environ, "WBTABLE_STORE": str(store), "WBTABLE_CACHE_DIR": str(cache)}

    def run(_: int) -> None:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        if len(done.stdout.splitlines()) < lines:
            raise AssertionError(done.stdout)

    return median_of_three(run)


def _ours(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    store, cache = data / "store", work / "cache"
    return {
        "ls seconds": _seconds(["ls"], store, cache, scale.of(_RUNS, 20)),
        "help seconds": _seconds(["--help"], store, cache, 10),
    }


def _python(data: Path, work: Path, scale: Scale) -> dict[str, float]:
    command = [sys.executable, "-c", "import click"]
    return {"seconds": median_of_three(lambda _: subprocess.run(command, check=True))}


CASE = Case(
    name="command-line",
    work="the command line, on 1,000 runs and 10,000 versions, start-up included",
    data="versions-runs",
    prepare=_prepare,
    sides=(
        Side("wbtable", _ours, "the installed command, as a process: ls (the newest version of each artifact), --help"),
        Side("python", _python, "a process of Python that imports click, which reads the command line: the floor"),
    ),
    bars=(
        Bar(what="wbtable ls", ours=("wbtable", "ls seconds"), at_most=0.3),
        Bar(what="wbtable --help", ours=("wbtable", "help seconds"), at_most=0.2),
    ),
)
